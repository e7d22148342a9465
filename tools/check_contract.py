#!/usr/bin/env python3
"""Check that the library uses each member of the contract of a machine, so that no machine is asked for more.

tests/support/least_machine.hpp has one member a line. Each is declared deprecated here, all of the library is compiled
on that machine, and what the compiler does not warn of is used by nobody.
"""
import re

from toolchain import INCLUDE, ROOT, STANDARD, Check, name, run, said

MACHINE = ROOT / "tests" / "support" / "least_machine.hpp"
# what is declared on a line of its own, save names for types: their members say whether those are of use
MEMBER = re.compile(r"  (template <class \w+> )?(?!using )(\w.*(?:\{.*\}|;))$")


def main():
    check = Check(__doc__)
    lines = MACHINE.read_text("utf-8").splitlines()
    members = {number: MEMBER.match(line) for number, line in enumerate(lines, 1) if MEMBER.match(line)}
    marked = [f'  {found[1] or ""}[[deprecated("member {number}")]] {found[2]}' if (found := members.get(number)) else line
              for number, line in enumerate(lines, 1)]
    source = check.source("least.cpp", "\n".join(marked) + "\n")
    check.expect(len(members) > 60, f"{MACHINE}: the members are not where they were")
    for cxx in check.compilers:
        result = run([*cxx, STANDARD, "-fsyntax-only", "-Wdeprecated-declarations", "-I", ROOT, "-I", INCLUDE, source])
        check.expect(result.returncode == 0, f"the library on the least machine, {name(cxx)}", said(result))
        used = {int(number) for number in re.findall(r"member (\d+)", result.stderr)}
        for number in members:
            check.expect(number in used, f"{MACHINE}:{number}: nobody uses {lines[number - 1].strip()}, {name(cxx)}")
    check.finish("the library uses each member of the contract of a machine")


if __name__ == "__main__":
    main()
