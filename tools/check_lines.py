#!/usr/bin/env python3
"""Check lines: how many a file has, and how many <net.hpp> costs to compile when it is preprocessed."""
import preprocessed
from toolchain import ROOT, SINGLE, Check, name

LONGEST_FILE = 350  # one idea; what is longer has two
LIMIT = 69_500
SOURCES = {".hpp", ".ipp", ".cpp", ".mjs", ".py"}


def main():
    check = Check(__doc__)
    for folder in ("include", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SOURCES:
                count = len(path.read_text("utf-8").splitlines())
                check.expect(count <= LONGEST_FILE, f"{path.relative_to(ROOT)} has {count} lines, at most {LONGEST_FILE} are allowed")
    file = check.source("cost.cpp", "#include <net.hpp>\n")
    for cxx in check.compilers:
        count = preprocessed.lines(cxx, SINGLE, file)
        print(f"#include <net.hpp> is {count:,} lines for {name(cxx)}, at most {LIMIT:,} are allowed")
        check.expect(count <= LIMIT, f"preprocessed lines, {name(cxx)}")
    check.finish("within the budget")


if __name__ == "__main__":
    main()
