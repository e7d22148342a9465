#!/usr/bin/env python3
"""Check that the library does without exceptions and without RTTI: every header, and a program that runs."""
import re

from toolchain import HYGIENE, SINGLE, STANDARD, WARNINGS, Check, name, run, said

WITHOUT = {"no exceptions": ["-fno-exceptions"], "no RTTI": ["-fno-rtti"], "neither": ["-fno-exceptions", "-fno-rtti"]}


def main():
    check = Check(__doc__)
    header = check.source("only.cpp", "#include <net.hpp>\n")
    echo = HYGIENE / "echo_no_exceptions.cpp"
    for cxx in check.compilers:
        base = [*cxx, STANDARD, *WARNINGS, "-pthread"]
        check.all_succeed(
            (f"{what}, {name(cxx)}", [*base, *flags, "-fsyntax-only", "-I", SINGLE, header]) for what, flags in WITHOUT.items()
        )
        program = check.directory / f"echo-{name(cxx)}"
        what = f"an echo with neither, {name(cxx)}"
        built = run([*base, *WITHOUT["neither"], "-I", SINGLE, echo, "-o", program])
        check.expect(built.returncode == 0, what, said(built))
        if built.returncode == 0:
            result = run([program], timeout=60)
            check.expect(result.returncode == 0, f"{what}: run", said(result))
            raised = run([program, "raise"], timeout=60)
            told = re.match(r"net: .+\n", raised.stderr)
            check.expect(raised.returncode < 0 and told, f"{what}: a wrong call prints its message and aborts", said(raised))
    check.finish("neither exceptions nor RTTI are needed")


if __name__ == "__main__":
    main()
