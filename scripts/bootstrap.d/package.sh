# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# What the packages for other languages link (docs/PACKAGING.md): static, position-independent
# archives with hidden symbols, and a libgnutls.so.30 without the parts that nothing here uses.
#
# All of it lies in one folder of $deps, which names the recipe: include/, lib/, licenses/ (of each
# part) and VERSIONS (part, Debian's source package, its version, seconds that it took). A raised minimum or a changed option
# gives another folder, so builds that run meanwhile keep theirs.

# part, source package, at least, suites in the order of preference. GnuTLS is Debian 12's, with its
# security updates: it stands on Debian 12's nettle. tcl writes SQLite's one big file.
package_sources="
uv libuv1 1.44.2-1+deb12u1 bookworm trixie
sqlite3 sqlite3 3.40.1-2+deb12u2 bookworm trixie
qrencode qrencode 4.1.1-1 bookworm trixie forky
inih libinih 55-1 bookworm trixie forky
gnutls gnutls28 3.7.9-2+deb12u7 bookworm
ngtcp2 ngtcp2 1.11.0-1~ bookworm-backports trixie forky
"

# No unwind tables: a tenth of the size, for backtraces through code that has no symbols anyway.
part_flags="-O2 -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-asynchronous-unwind-tables"

# What the stores do not use is left out: smaller, and no way in. Durability is set by the pragmas of
# the stores, never by a default.
sqlite_options=(-DSQLITE_THREADSAFE=1 -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0
    -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE
    -DSQLITE_OMIT_JSON -DSQLITE_USE_ALLOCA)

gnutls_options=(--disable-static --enable-shared --disable-rpath --disable-dependency-tracking
    --with-included-libtasn1 --with-included-unistring --without-p11-kit --without-idn
    --without-tpm --without-tpm2 --without-zlib --without-brotli --without-zstd
    --disable-libdane --disable-doc --disable-tests --disable-tools --disable-cxx --disable-guile
    --disable-nls --disable-valgrind-tests --disable-full-test-suite
    --disable-openssl-compatibility --disable-srp-authentication --disable-anon-authentication
    --disable-dtls-srtp-support --disable-heartbeat-support --disable-ssl2-support
    --disable-gost --disable-padlock --disable-ocsp)

# The folder; comments are no part of the recipe.
package_prefix() {
    local key
    key=$({
        declare -p package_sources part_flags sqlite_options gnutls_options sodium_min
        declare -f build_uv build_sqlite3 build_qrencode build_inih build_gnutls build_ngtcp2
    } | sha256sum)
    echo "$deps/package-$(uname -m)-${key:0:12}"
}

have_package() { [ -e "$(package_prefix)/VERSIONS" ]; }

# --- the parts: each is called in its unpacked source, with $stage to install into -------------

part_cmake() {
    quiet cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="$CFLAGS" \
        -DCMAKE_PREFIX_PATH="$stage" -DBUILD_TESTING=OFF "$@"
}

part_headers() { # FOLDER HEADER...
    mkdir -p "$stage/include/$1" && cp -r "${@:2}" "$stage/include/$1"
}

# Without libuv's destructor: engine threads may still be running when a process exits.
build_uv() {
    part_cmake -DLIBUV_BUILD_TESTS=OFF -DLIBUV_BUILD_BENCH=OFF &&
        quiet cmake --build build --target uv_a &&
        quiet objcopy -R .fini_array -R .rela.fini_array build/libuv_a.a &&
        cp build/libuv_a.a "$stage/lib/libuv.a" && part_headers . include/uv.h include/uv
}

# shellcheck disable=SC2086 # CFLAGS are words
build_sqlite3() {
    quiet ./configure --disable-shared --disable-tcl --disable-readline "${no_autotools[@]}" &&
        quiet make sqlite3.c OPTS="${sqlite_options[*]}" "${no_autotools[@]}" &&
        quiet gcc $CFLAGS -fno-strict-aliasing "${sqlite_options[@]}" -c sqlite3.c -o sqlite3.o &&
        quiet ar rcs "$stage/lib/libsqlite3.a" sqlite3.o && part_headers . sqlite3.h
}

build_qrencode() {
    part_cmake -DWITH_TOOLS=NO -DWITH_TESTS=NO -DWITHOUT_PNG=YES -DBUILD_SHARED_LIBS=NO &&
        quiet cmake --build build --target qrencode &&
        cp build/libqrencode.a "$stage/lib" && part_headers . qrencode.h
}

# shellcheck disable=SC2086 # CFLAGS are words
build_inih() {
    quiet gcc $CFLAGS -c ini.c -o ini.o &&
        quiet ar rcs "$stage/lib/libinih.a" ini.o && part_headers . ini.h
}

# A patch of Debian's adds a file to gl/, which only its Makefile.in has to learn.
build_gnutls() {
    quiet automake gl/Makefile && quiet ./configure --prefix=/usr --libdir=/usr/lib --sysconfdir=/etc "${gnutls_options[@]}" \
        "${no_autotools[@]}" CFLAGS="${CFLAGS/-fvisibility=hidden /}" \
        LDFLAGS='-Wl,--gc-sections -Wl,-z,defs -Wl,-z,relro -Wl,-z,now -Wl,--as-needed' &&
        quiet make -j"$(nproc)" "${no_autotools[@]}" &&
        quiet make install DESTDIR="$PWD/installed" "${no_autotools[@]}" &&
        cp installed/usr/lib/libgnutls.so.30.*.* "$stage/lib/libgnutls.so.30" &&
        ln -s libgnutls.so.30 "$stage/lib/libgnutls.so" &&
        part_headers . installed/usr/include/gnutls
}

build_ngtcp2() {
    part_cmake -DENABLE_LIB_ONLY=ON -DENABLE_SHARED_LIB=OFF -DENABLE_STATIC_LIB=ON \
        -DENABLE_GNUTLS=ON -DENABLE_OPENSSL=OFF -DENABLE_BORINGSSL=OFF \
        -DGNUTLS_INCLUDE_DIR="$stage/include" -DGNUTLS_LIBRARY="$stage/lib/libgnutls.so" \
        -DCMAKE_INSTALL_PREFIX="$PWD/installed" -DCMAKE_INSTALL_LIBDIR=lib &&
        quiet cmake --build build && quiet cmake --install build &&
        cp installed/lib/libngtcp2*.a "$stage/lib" && part_headers . installed/include/ngtcp2
}

# --- all together ------------------------------------------------------------------------------

fetch_parts() {
    local part source minimum suites dsc
    say "fetching the sources of what packages link"
    while read -r part source minimum suites; do
        [ -n "$part" ] || continue
        # shellcheck disable=SC2086
        dsc=$(source_package "$source" "$minimum" $suites) ||
            fail "no source package of $source >= $minimum in $suites"
        quiet dpkg-source -x "$dsc" "$state/src-$part" || fail "the source of $source did not unpack"
        echo "$part $source $(version_of "$dsc")" >"$state/version-$part"
    done <<<"$package_sources"
}

# build_part PART: builds it with a log of its own, for two may run at once
build_part() {
    local part=$1 start=$SECONDS main_log=$log src=$state/src-$1 done=0
    log=$state/$part.log
    (
        # Patches touch the inputs of configure, in places that do not matter to it.
        no_autotools=(AUTOCONF=: AUTOMAKE=: ACLOCAL=: AUTOHEADER=: MAKEINFO=:)
        export CFLAGS="$part_flags -ffile-prefix-map=$src=$part"
        cd "$src" && "build_$part" && cp debian/copyright "$stage/licenses/$part"
    ) || done=$?
    cat "$log" >>"$main_log"
    log=$main_log
    ((done == 0)) || fail "$part did not build"
    echo "$(cat "$state/version-$part") $((SECONDS - start))" >>"$stage/VERSIONS"
}

# GnuTLS takes half of the time, much of it in a configure that uses one core: it runs beside the
# others. Only ngtcp2 needs it.
build_package() {
    local sodium prefix part start=$SECONDS stage=$state/package
    mkdir -p "$stage"/{include,lib,licenses}
    fetch_parts
    say "building them (two to three minutes)"
    build_part gnutls &
    for part in uv sqlite3 qrencode inih; do
        build_part "$part"
    done
    wait $! || exit 1
    build_part ngtcp2
    sodium=$(sodium_prefix)
    cp -r "$sodium"/include/* "$stage/include"
    cp "$sodium/lib/libsodium.a" "$stage/lib"
    cp "$sodium/share/licenses/libsodium" "$stage/licenses/sodium"
    basename "$sodium" | sed 's/^libsodium-\(.*\)-.*/sodium libsodium \1 -/' >>"$stage/VERSIONS"
    prefix=$(package_prefix)
    rm -rf "$prefix"
    mv -T "$stage" "$prefix"
    say "what packages link is built, in $((SECONDS - start)) s"
}
