#!/usr/bin/env python3
"""Check that every header has a test: a tests/*_test.cpp that includes it before anything else.

So each header has a place where what it promises is held, and compiles with nothing before it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"

# Those without one, with the reason.
EXCUSED = {}


def first_include(path):
    found = re.search(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text("utf-8"), re.M)
    return found and found[1]


def main():
    headers = {path.relative_to(INCLUDE).as_posix() for path in INCLUDE.rglob("*.hpp")}
    tested = {first_include(path) for path in (ROOT / "tests").glob("*_test.cpp")}
    problems = [f"include/{header}: no tests/*_test.cpp has it as its first include" for header in sorted(headers - tested - EXCUSED.keys())]
    problems += [f"{header} is excused from having a test: there is no such header" for header in sorted(EXCUSED.keys() - headers)]
    problems += [f"{header} is excused from having a test, and has one" for header in sorted(EXCUSED.keys() & tested)]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    if problems:
        sys.exit(f"{len(problems)} against the rule that each header has its test")
    print(f"{len(headers)} headers have a test that includes them first")


if __name__ == "__main__":
    main()
