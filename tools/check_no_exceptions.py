#!/usr/bin/env python3
"""Check that the library does without exceptions and without RTTI: every header, a program that runs, and one of
which one file has exceptions and the other has not."""
import re

from toolchain import DEADLINE, HYGIENE, SINGLE, STANDARD, WARNINGS, Check, name, run, said

WITHOUT = {"no exceptions": ["-fno-exceptions"], "no RTTI": ["-fno-rtti"], "neither": ["-fno-exceptions", "-fno-rtti"]}


def mixed(check, base, what):
    """Each half keeps its own way, so the order in which they are linked must not matter."""
    halves = {"throwing": [], "aborting": WITHOUT["no exceptions"]}
    objects = {half: check.directory / f"{half}.o" for half in halves}
    for half, flags in halves.items():
        built = run([*base, *flags, "-c", "-I", SINGLE, HYGIENE / f"mixed_{half}.cpp", "-o", objects[half]])
        check.expect(built.returncode == 0, f"{what}: {half} half", said(built))
        if built.returncode != 0:
            return
        names = re.findall(r" net::(?!%s::).*" % half, run(["nm", "-C", objects[half]]).stdout)
        check.expect(not names, f"{what}: names outside of net::{half}", "\n".join(names))
    for first, second in (halves, reversed(halves)):
        program = check.directory / f"{first}-first"
        built = run([*base, objects[first], objects[second], "-o", program])
        check.expect(built.returncode == 0, f"{what}: link, {first} first", said(built))
        if built.returncode == 0:
            result = run([program], timeout=DEADLINE)
            check.expect(result.returncode == 0, f"{what}: run, {first} first", f"{result.returncode} {said(result)}")


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
            result = run([program], timeout=DEADLINE)
            check.expect(result.returncode == 0, f"{what}: run", said(result))
            raised = run([program, "throw"], timeout=DEADLINE)
            printed = re.match(r"net: .+\n", raised.stderr)
            check.expect(raised.returncode < 0 and printed, f"{what}: a wrong call prints its message and aborts", said(raised))
        mixed(check, base, f"a program with and without exceptions, {name(cxx)}")
    check.finish("neither exceptions nor RTTI are needed")


if __name__ == "__main__":
    main()
