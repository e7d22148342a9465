#!/usr/bin/env python3
"""Check what <net.hpp> costs to compile, in preprocessed lines."""
import preprocessed
from toolchain import SINGLE, Check, name

LIMIT = 63_000


def main():
    check = Check(__doc__)
    file = check.source("cost.cpp", "#include <net.hpp>\n")
    for cxx in check.compilers:
        count = preprocessed.lines(cxx, SINGLE, file)
        print(f"#include <net.hpp> is {count:,} lines for {name(cxx)}, at most {LIMIT:,} are allowed")
        check.expect(count <= LIMIT, f"preprocessed lines, {name(cxx)}")
    check.finish("within the budget")


if __name__ == "__main__":
    main()
