#!/bin/sh
# Builds the whole suite as one program of few files, in the time of a few, and runs it: one_program.sh NAME COMMAND…
# The command compiles: a compiler with its options. Files that the program needs besides are in $MORE, libraries in
# $LIBRARIES, what runs it in $RUNNER, its options in $OPTIONS, the end of its name in $EXE. With
# BODIES=everywhere it is header-only; otherwise the library is compiled once.
set -eu
cd "$(dirname "$0")/.."
build=$PWD/build/one_program/$1
shift
mkdir -p "$build"
flags="-O0 -g0 -I. -Iinclude -Wall -Wextra"
bodies=
if [ "${BODIES:-once}" = once ]; then
  flags="$flags -DNET_SEPARATE"
  bodies=src/net.cpp
fi
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
all=$(ls tests/unit/*_test.cpp tests/unit/*/*_test.cpp tests/unit/*/*/*_test.cpp tests/behaviour/*_test.cpp \
  tests/system/*_test.cpp tests/support/*_test.cpp)
# Two halves, for two cores; then what has a machine of its own, and so shares no file.
# shellcheck disable=SC2086
{
  tests/one_file.py $(printf '%s\n' $all | awk 'NR % 2') 2>"$build/apart" >"$build/first.cpp"
  tests/one_file.py $(printf '%s\n' $all | awk 'NR % 2 == 0') 2>>"$build/apart" >"$build/second.cpp"
}
apart=$(sed -n 's/^apart: //p' "$build/apart")
rm -f "$build"/*.o
for file in "$build/first.cpp" "$build/second.cpp" $bodies tests/support/main.cpp tests/support/count_allocations.cpp \
  ${MORE:-} $apart; do
  own=
  case " $apart " in *"$file"*) own=-UNET_SEPARATE ;; esac
  name=$(printf '%s' "${file#"$build"/}" | tr '/' '_')
  echo "-c $file -o $build/$name.o${own:+ $own}"
done >"$build/jobs"
xargs -P "$jobs" -L 1 "$@" $flags <"$build/jobs"
# What has its own bodies may not meet those of src/net.cpp in one program.
own=
for file in $apart; do own="$own $build/$(printf '%s' "$file" | tr '/' '_').o"; done
shared=$(ls "$build"/*.o | grep -v -F "$(printf '%s\n' $own)" || true)
support=$(printf '%s\n' $shared | grep -v -e /first.cpp -e /second.cpp -e src_net.cpp)
# shellcheck disable=SC2086
{
  "$@" $shared -pthread ${LIBRARIES:-} -o "$build/net_tests${EXE:-}"
  "$@" $own $support -pthread ${LIBRARIES:-} -o "$build/net_tests_apart${EXE:-}"
  status=0
  ${RUNNER:-} "$build/net_tests${EXE:-}" ${OPTIONS:-} || status=1
  ${RUNNER:-} "$build/net_tests_apart${EXE:-}" ${OPTIONS:-} || status=1
}
exit "$status"
