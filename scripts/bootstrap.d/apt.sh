# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# Packages of Debian: which are missing, and how they come from the machine's own sources.

read_installed() {
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
        sed -n 's/^installed //p')
}

missing_packages() {
    local p
    for p in "$@"; do
        grep -qx "$p" <<<"$installed" || printf '%s\n' "$p"
    done
}

have_ngtcp2() { pkg-config --atleast-version="$ngtcp2_min" libngtcp2 libngtcp2_crypto_gnutls 2>/dev/null; }

check_machine() {
    local id='' version=''
    # shellcheck disable=SC1091
    [ -r /etc/os-release ] && id=$(. /etc/os-release && echo "${ID:-}") &&
        version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    if [ "$id $version" != 'debian 12' ]; then
        refuse "this script knows Debian 12 only, and this is ${id:-unknown} ${version:-}." \
            "Install what docs/DEPENDENCIES.md lists by hand, then set ZKS_BOOTSTRAP=skip."
    fi
    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; } ||
            refuse "packages are missing (${need[*]-}) and this user may not install them." \
                "Run scripts/bootstrap once as root, or install sudo."
        sudo=(sudo)
    fi
}

apt_get() {
    quiet "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

# The package lists have a lock of their own that apt does not wait for.
apt_update() {
    local try
    for try in 1 2 3 4 5 6; do
        apt_get update "$@" && return 0
        tail -n 5 "$log" | grep -q 'lock' || break
        sleep $((try * 2))
    done
    return 1
}

# machine_uris [LABEL CODENAME]: from where this machine has an archive, Debian's by default
machine_uris() {
    LC_ALL=C apt-get indextargets --format '$(LABEL)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^${1:-Debian}|${2:-$suite}|//p" | sort -u
}

# archive_list TYPE SUITE: lines for a sources file, taken from the machine's own sources. Debian 12
# comes with its security updates.
archive_list() {
    local option='' uri
    [ -r "$keyring" ] && option="[signed-by=$keyring] "
    for uri in $(machine_uris); do
        printf '%s %s%s %s main\n' "$1" "$option" "$uri" "$2"
    done
    [ "$2" = "$suite" ] || return 0
    for uri in $(machine_uris Debian-Security "$suite-security"); do
        printf '%s %s%s %s main\n' "$1" "$option" "$uri" "$suite-security"
    done
}

install_packages() {
    say "installing ${#need[@]} packages: ${need[*]}"
    apt_get install --no-install-recommends "${need[@]}" || fail "apt could not install ${need[*]}"
}

# ngtcp2 of Debian 12 itself is too old; without -t apt would silently take that one.
install_ngtcp2() {
    local sources=$state/backports.list
    say "installing ngtcp2 >= $ngtcp2_min from $suite-backports"
    archive_list deb "$suite-backports" >"$sources"
    [ -s "$sources" ] || fail "no Debian archive among this machine's apt sources"
    apt_update -o Dir::Etc::sourcelist="$sources" -o Dir::Etc::sourceparts=- \
        -o APT::Get::List-Cleanup=0 || fail "the package list of $suite-backports did not load"
    # Where the machine has that suite itself, naming it twice is only a warning.
    [ ! -r /etc/apt/sources.list ] || cat /etc/apt/sources.list >>"$sources"
    apt_get install --no-install-recommends -o Dir::Etc::sourcelist="$sources" \
        -t "$suite-backports" "${packages_backports[@]}" || fail "apt could not install ngtcp2"
    have_ngtcp2 || fail "ngtcp2 is still older than $ngtcp2_min"
}
