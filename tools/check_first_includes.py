#!/usr/bin/env python3
"""Check that every header has a test of its own, where it is looked for, which includes it before anything else.

That of <net/detail/x/y.hpp> is tests/unit/x/y_test.cpp, that of <net/x.hpp> is tests/unit/x_test.cpp. So what a header
promises has a place, and it compiles with nothing before it. One that would be too long has others beside it, whose
names begin with its own: y_again_test.cpp includes the same header first. A file of bodies (.ipp) is part of the header
of its name; one that has none has a test of its own, or is named by a test of its folder.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
UNIT = ROOT / "tests" / "unit"

# Those without one, with the reason.
EXCUSED = {}


def first_include(path):
    found = re.search(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text("utf-8"), re.M)
    return found and found[1]


def test_of(header):
    name = header.rpartition(".")[0].removeprefix("net/").removeprefix("detail/")
    return UNIT / f"{name}_test.cpp"


def beside(test, tests):
    """The test of a header that this one goes on from: the one with the longest name that this one's begins with."""
    begins = (other for other in tests if other.parent == test.parent and test.name.startswith(other.name.removesuffix("test.cpp")))
    return max(begins, key=lambda other: len(other.name), default=None)


def main():
    files = {path.relative_to(INCLUDE).as_posix() for path in INCLUDE.rglob("*.[hi]pp")}
    headers = sorted(name for name in files if name.endswith(".hpp") or name.removesuffix(".ipp") + ".hpp" not in files)
    problems = []
    for header in headers:
        test = test_of(header)
        if header.endswith(".ipp") and not test.exists():
            if not any(f"<{header}>" in other.read_text("utf-8") for other in test.parent.glob("*_test.cpp")):
                problems.append(f"include/{header}: no test in {test.parent.relative_to(ROOT)} includes it")
        elif (header in EXCUSED) == test.exists():
            problems.append(f"include/{header}: {'is excused from' if header in EXCUSED else 'has no'} test {test.relative_to(ROOT)}")
        elif test.exists() and first_include(test) != header:
            problems.append(f"{test.relative_to(ROOT)}: its first include must be <{header}>")
    tests = {test_of(header): header for header in headers}
    for test in UNIT.rglob("*.cpp"):
        if test in tests:
            continue
        header = tests.get(beside(test, tests))
        if not header:
            problems.append(f"{test.relative_to(ROOT)}: there is no such header")
        elif first_include(test) != header:
            problems.append(f"{test.relative_to(ROOT)}: its first include must be <{header}>")
    problems += [f"{header} is excused from having a test: there is no such header" for header in EXCUSED.keys() - set(headers)]
    if problems:
        print("\n".join(sorted(problems)), file=sys.stderr)
        sys.exit(f"{len(problems)} against the rule that each header has its test")
    print(f"{len(headers)} headers have a test that includes them first")


if __name__ == "__main__":
    main()
