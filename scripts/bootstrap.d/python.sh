# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# What builds and tests the Python package: a venv of the system's Python in $deps/tools/python.

packages_test+=(python3-venv python3-dev)

python_requirements=${BASH_SOURCE[0]%.sh}-requirements.txt

have_tools_python() {
    cmp -s "$python_requirements" "$deps/tools/python/requirements.txt" &&
        "$deps/tools/python/bin/python" -c '' 2>/dev/null
}

# The list is copied last: a run that was cut short begins again.
install_tools_python() {
    local venv=$deps/tools/python
    say "installing the tools of the Python package"
    "$venv/bin/python" -c 'import pip' 2>/dev/null ||
        quiet /usr/bin/python3 -m venv --clear "$venv" || fail "no venv in $venv"
    quiet "$venv/bin/pip" install --disable-pip-version-check -r "$python_requirements" ||
        fail "pip could not install $python_requirements"
    cp "$python_requirements" "$venv/requirements.txt"
}
