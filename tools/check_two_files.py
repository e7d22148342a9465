#!/usr/bin/env python3
"""Check that two files make one program, one with the single header and the other with the separate ones."""
from toolchain import DEADLINE, HYGIENE, INCLUDE, SINGLE, STANDARD, WARNINGS, Check, name, run, said


def main():
    check = Check(__doc__)
    for cxx in check.compilers:
        what = f"two files in one program, {name(cxx)}"
        objects = [check.directory / f"{name(cxx)}-{part}.o" for part in "ab"]
        program = check.directory / name(cxx)
        base = [*cxx, STANDARD, *WARNINGS, "-pthread", "-c"]
        check.all_succeed(
            [
                (f"{what}: a, single header", [*base, "-I", SINGLE, HYGIENE / "two_files_a.cpp", "-o", objects[0]]),
                (f"{what}: b, separate headers", [*base, "-I", INCLUDE, HYGIENE / "two_files_b.cpp", "-o", objects[1]]),
                (f"{what}: both in one file", [*base, "-I", INCLUDE, f'-DALSO="{SINGLE}/net.hpp"',
                                               HYGIENE / "two_files_b.cpp", "-o", check.directory / "both.o"]),
            ]
        )
        if not check.failures:
            check.all_succeed([(f"{what}: link", [*cxx, "-pthread", *objects, "-o", program])])
        if not check.failures:
            result = run([program], timeout=DEADLINE)
            check.expect(result.returncode == 0, f"{what}: run", said(result))
    check.finish("the single header and the separate ones meet in one program")


if __name__ == "__main__":
    main()
