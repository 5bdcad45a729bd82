# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# Source packages of Debian, through an apt state of our own for each suite: apt checks signature
# and hash, and nothing in /etc/apt changes.

# apt_of SUITE: leaves in apt_state the options that make apt read the sources of that suite only;
# the first call for a suite loads its list.
apt_of() {
    local dir=$state/apt-$1
    apt_state=(-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=-
        -o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache"
        -o APT::Sandbox::User= -o Acquire::Retries=3)
    [ ! -e "$dir/loaded" ] || return 0
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    archive_list deb-src "$1" >"$dir/sources.list"
    quiet apt-get "${apt_state[@]}" update && touch "$dir/loaded"
}

# newest_source NAME: its newest version in the suite of apt_state
newest_source() {
    local version newest=
    for version in $(apt-cache "${apt_state[@]}" showsrc "$1" 2>/dev/null | sed -n 's/^Version: //p'); do
        dpkg --compare-versions "$version" le "$newest" || newest=$version
    done
    echo "$newest"
}

# source_package NAME MINIMUM SUITE...: downloads the source of the first suite that has MINIMUM and
# hands it out (a mirror may lack files that its lists name); prints the .dsc file.
source_package() {
    local name=$1 minimum=$2 from version get
    for from in "${@:3}"; do
        apt_of "$from" || continue
        version=$(newest_source "$name")
        dpkg --compare-versions "${version:-0}" ge "$minimum" || continue
        get=$state/get/$name-$from
        mkdir -p "$get"
        (cd "$get" && quiet apt-get "${apt_state[@]}" source --download-only "$name=$version") || continue
        echo "$get"/*.dsc
        return 0
    done
    return 1
}

# version_of DSC: the version that a source package names itself
version_of() { sed -n 's/^Version: //p' "$1" | head -n 1; }
