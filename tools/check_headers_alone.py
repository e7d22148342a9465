#!/usr/bin/env python3
"""Check that every header may be included twice, and that a file of bodies comes with the header of its name.

That each header compiles with nothing before it, its test shows: check_first_includes.py says so. Here every guard bears
the name of its file, every file of bodies begins with its header, and one file includes all of them twice.
"""
import re

from toolchain import INCLUDE, STANDARD, Check, headers, name


def guarded(file):
    """The guard in front of the file's first line that is no comment, or what stands there instead."""
    code = re.sub(r"^//.*\n|^\n", "", (INCLUDE / file).read_text("utf-8"), flags=re.M)
    return re.match(r"#ifndef (\w+)\n#define \1\n", code)


def main():
    check = Check(__doc__)
    for file in [*headers(), *headers(".ipp")]:
        guard = guarded(file)
        expected = re.sub(r"\W", "_", file).upper()
        check.expect(guard and guard[1] == expected, f"{file}: does not begin with the guard {expected}")
    for bodies in headers(".ipp"):
        own = bodies.replace(".ipp", ".hpp")
        if not (INCLUDE / own).exists():
            continue
        first = re.search(r"^#include <([^>]+)>", (INCLUDE / bodies).read_text("utf-8"), re.M)
        check.expect(first and first[1] == own, f"{bodies}: its first include must be <{own}>")
    everything = "".join(f"#include <{file}>\n" for file in [*headers(".ipp"), *headers()])
    file = check.source("everything.cpp", everything * 2)
    for cxx in check.compilers:
        check.all_succeed([(f"all of it twice, {name(cxx)}", [*cxx, STANDARD, "-fsyntax-only", "-I", INCLUDE, file])])
    check.finish("every header may be included twice, and bodies come with theirs")


if __name__ == "__main__":
    main()
