#!/usr/bin/env python3
"""Check that every header compiles with nothing before it, and when it is included twice."""
from toolchain import INCLUDE, STANDARD, Check, headers, name


def main():
    check = Check(__doc__)
    commands = []
    for header in headers():
        file = check.source(header.replace("/", "_") + ".cpp", f"#include <{header}>\n" * 2)
        for cxx in check.compilers:
            commands.append((f"{header} alone and twice, {name(cxx)}", [*cxx, STANDARD, "-fsyntax-only", "-I", INCLUDE, file]))
    check.all_succeed(commands)
    check.finish("every header stands alone")


if __name__ == "__main__":
    main()
