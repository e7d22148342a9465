#!/bin/sh
# Builds one fuzzer and runs it from its corpus; new finds stay in BUILD_DIR.
# Usage: run.sh BUILD_DIR is_ip|parse|from_json [SECONDS]; needs clang++ with libFuzzer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR TARGET [SECONDS]}
target=${2:?usage: run.sh BUILD_DIR TARGET [SECONDS]}
mkdir -p "$build/corpus/$target"
${CLANGXX:-clang++} -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -I "$here/../../include" "$here/$target.cpp" -o "$build/fuzz_$target"
exec "$build/fuzz_$target" -max_total_time="${3:-60}" -print_final_stats=1 -dict="$here/addresses.dict" \
  -artifact_prefix="$build/" "$build/corpus/$target" "$here/corpus/$target"
