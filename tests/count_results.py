#!/usr/bin/env python3
"""Print how many tests a command passed, failed and skipped: count_results.py STATUS LOG [JUNIT].

What it counts, the first that is there: the tests in ctest's JUnit file, a doctest summary, a last line
'N passed, N failed' or meson's summary; else the command is one test. A doctest program that ctest ran counts as its test cases.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

DOCTEST = re.compile(r"\[doctest\] test cases: +\d+ \| +(\d+) passed \| +(\d+) failed")
SKIPPED_CASES = re.compile(r"\[doctest\] skipped here: (\d+)")  # they are among those that passed
PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
MESON = re.compile(r"^Ok: +(\d+)\s+Expected Fail: +\d+\s+Fail: +(\d+)\s+Unexpected Pass: +\d+\s+Skipped: +(\d+)\s+Timeout: +(\d+)", re.M)


SKIPPED = 77  # the exit status that CMake's and Meson's tests agree on


def in_text(text, good):
    """(passed, failed, skipped) of one command; a bad status is at least one failure."""
    if cases := DOCTEST.findall(text):
        skipped = sum(int(count) for count in SKIPPED_CASES.findall(text))
        passed, failed = sum(int(row[0]) for row in cases) - skipped, sum(int(row[1]) for row in cases)
    elif lines := PLAIN.findall(text):
        passed, failed, skipped = (int(number or 0) for number in lines[-1])
    elif found := MESON.search(text):
        passed, failed, skipped, late = map(int, found.groups())
        failed += late
    else:
        passed, failed, skipped = int(good), 0, 0
    return passed, failed or int(not good), skipped


def in_junit(path):
    totals = [0, 0, 0]
    for test in ElementTree.parse(path).getroot().iter("testcase"):
        if test.get("status") in ("notrun", "disabled"):
            counts = 0, 0, 1
        else:
            # A test that passes for what it printed, not for its status, is one test whatever it printed.
            good = test.get("status") == "run"
            text = test.findtext("system-out") or ""
            counts = in_text(text, good)
            if good and counts[1]:
                counts = 1, 0, 0
        totals = [total + count for total, count in zip(totals, counts)]
    return totals


def main():
    if int(sys.argv[1]) == SKIPPED:
        print(0, 0, 1)
        return
    good = sys.argv[1] == "0"
    try:
        counts = in_junit(sys.argv[3]) if len(sys.argv) > 3 else None
    except (OSError, ElementTree.ParseError):
        counts = None
    if counts is None:
        with open(sys.argv[2], encoding="utf-8", errors="replace") as log:
            counts = in_text(log.read(), good)
    passed, failed, skipped = counts
    print(passed, failed or int(not good), skipped)


if __name__ == "__main__":
    main()
