#!/usr/bin/env python3
"""Check that two files make one program, one with the single header and the other with the separate ones.

They do so too when both have the declarations alone, and src/net.cpp the bodies.
"""
from toolchain import DEADLINE, HYGIENE, INCLUDE, ROOT, SINGLE, STANDARD, WARNINGS, Check, name, run, said


def two_files(check, cxx, what, flags, others):
    """Each of the two files, and those that the program needs besides; it is linked, and runs."""
    stem = what.replace(" ", "-").replace(",", "")
    base = [*cxx, STANDARD, *WARNINGS, *flags, "-pthread", "-c"]
    sources = [(HYGIENE / "two_files_a.cpp", SINGLE), (HYGIENE / "two_files_b.cpp", INCLUDE), *((other, INCLUDE) for other in others)]
    objects = [check.directory / f"{stem}-{source.stem}.o" for source, _ in sources]
    before = len(check.failures)
    check.all_succeed([(f"{what}: {source.name}", [*base, "-I", include, source, "-o", output])
                       for (source, include), output in zip(sources, objects)])
    if len(check.failures) == before:
        program = check.directory / stem
        check.all_succeed([(f"{what}: link", [*cxx, "-pthread", *objects, "-o", program])])
        if len(check.failures) == before:
            result = run([program], timeout=DEADLINE)
            check.expect(result.returncode == 0, f"{what}: run", said(result))


def main():
    check = Check(__doc__.splitlines()[0])
    for cxx in check.compilers:
        two_files(check, cxx, f"two files in one program, {name(cxx)}", [], [])
        two_files(check, cxx, f"two files and the bodies, {name(cxx)}", ["-DNET_SEPARATE"], [ROOT / "src" / "net.cpp"])
        check.all_succeed([(f"both in one file, {name(cxx)}", [*cxx, STANDARD, *WARNINGS, "-fsyntax-only", "-I", INCLUDE,
                                                              f'-DALSO="{SINGLE}/net.hpp"', HYGIENE / "two_files_b.cpp"])])
    check.finish("the single header and the separate ones meet in one program")


if __name__ == "__main__":
    main()
