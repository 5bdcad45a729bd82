# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# libsodium: Debian 12's is too old, so a newer suite's source becomes a static, position-independent
# archive in $deps. Packages link that archive even where the system has a new one.

# The newest one that is built already; with its licence, which packages have to hand on.
sodium_prefix() {
    compgen -G "$deps/libsodium-*-$(uname -m)/lib/libsodium.a" | sed 's,/lib/[^/]*$,,' |
        sort -V | tail -n 1
}

have_sodium() {
    if ((want_package)); then
        [ -e "$(sodium_prefix)/share/licenses/libsodium" ]
        return
    fi
    pkg-config --atleast-version="$sodium_min" libsodium 2>/dev/null && return 0
    [ -n "$(sodium_prefix)" ]
}

# It moves to its place in one rename.
build_sodium() {
    local dsc version prefix src=$state/libsodium
    say "fetching the source of libsodium >= $sodium_min"
    dsc=$(source_package libsodium "$sodium_min" forky sid) ||
        fail "no source package of libsodium >= $sodium_min"
    version=$(version_of "$dsc")
    prefix=$deps/libsodium-${version%-*}-$(uname -m)
    say "building libsodium ${version%-*} (about a minute)"
    # Without Debian's patches it is the pristine release, which needs no autotools.
    quiet dpkg-source --skip-patches -x "$dsc" "$src" || fail "the source of libsodium did not unpack"
    (
        export CFLAGS="-O3 -ffile-prefix-map=$src=libsodium"
        cd "$src" &&
            quiet ./configure --prefix="$prefix" --libdir="$prefix/lib" --disable-shared \
                --enable-static --with-pic &&
            quiet make -j"$(nproc)" &&
            quiet make install DESTDIR="$state/stage" &&
            quiet install -Dm644 debian/copyright "$state/stage$prefix/share/licenses/libsodium"
    ) || fail "libsodium did not build"
    rm -rf "$prefix"
    mv -T "$state/stage$prefix" "$prefix"
}
