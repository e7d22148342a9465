#!/bin/sh
# Builds one fuzzer and runs it from its corpus; new finds stay in BUILD_DIR.
# Usage: run.sh BUILD_DIR is_ip|parse|from_json|ipc_frames|all [SECONDS]; needs clang++ with libFuzzer. `all` runs them side by
# side, and its last line counts them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIR TARGET [SECONDS]}
target=${2:?usage: run.sh BUILD_DIR TARGET [SECONDS]}

if [ "$target" = all ]; then
  passed=0 failed=0 running=
  mkdir -p "$build"
  for source in "$here"/*.cpp; do
    name=$(basename "$source" .cpp)
    "$0" "$build" "$name" "${3:-60}" >"$build/$name.log" 2>&1 &
    running="$running $!:$name"
  done
  for one in $running; do
    if wait "${one%%:*}"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      tail -n 40 "$build/${one##*:}.log"
    fi
  done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
  exit
fi

mkdir -p "$build/corpus/$target"
${CLANGXX:-clang++} -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -I "$here/../../include" "$here/$target.cpp" -o "$build/fuzz_$target"
exec "$build/fuzz_$target" -max_total_time="${3:-60}" -print_final_stats=1 -dict="$here/addresses.dict" \
  -artifact_prefix="$build/" "$build/corpus/$target" "$here/corpus/$target"
