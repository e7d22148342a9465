#!/usr/bin/env python3
"""Check that every header compiles with nothing before it, and when it is included twice.

A file of bodies comes with the header of its name, whichever of the two is named first. That the headers stand alone
without the bodies too, the unit tests show when they are built with NET_SEPARATE.
"""
from toolchain import INCLUDE, STANDARD, Check, headers, name


def main():
    check = Check(__doc__)
    cxx = check.compilers[0]  # the suite compiles each of them first with the others too
    commands = []
    for header in headers():
        file = check.source(header.replace("/", "_") + ".cpp", f"#include <{header}>\n" * 2)
        commands.append((f"{header} alone and twice, {name(cxx)}", [*cxx, STANDARD, "-fsyntax-only", "-I", INCLUDE, file]))
    for bodies in headers(".ipp"):
        file = check.source(bodies.replace("/", "_") + ".cpp", f"#include <{bodies}>\n" * 2)
        commands.append((f"{bodies} first, {name(cxx)}", [*cxx, STANDARD, "-fsyntax-only", "-I", INCLUDE, file]))
    check.all_succeed(commands)
    check.finish("every header stands alone")


if __name__ == "__main__":
    main()
