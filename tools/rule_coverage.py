#!/usr/bin/env python3
"""Lists the rules of tests/rules.txt that no test cites.

A test cites a rule by its id in its name: `TEST_CASE("S9.13: …")`, `SUBCASE("…")`, the line `scenario S28.18: …`,
or a line `# S26.2: …` of a script. A range cites all rules from its first to its last: `S14.1-S14.3`. Rules with a
mark (`[JS]`, `[PLATFORM]`, …) need no test.
"""
import argparse
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
RULE = re.compile(r"^(S\d+\.\d+) (?:\[([A-Z]+)\] )?(.+)$")
CITED = re.compile(r"\bS(\d+)\.(\d+)(?:\s?[-–]\s?S(\d+)\.(\d+))?")
NAMES = {
    ".cpp": re.compile(r'\b(?:TEST_CASE|SUBCASE)\w*\(\s*(?:\w+,\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)'),
    ".txt": re.compile(r"^scenario (.*)$", re.M),
    ".sh": re.compile(r"^# (S\d.*)$", re.M),
    ".py": re.compile(r"^# (S\d.*)$", re.M),
}


def read_rules(file):
    """A dict from the id of a rule to its mark, '' for none, and its title."""
    rules = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        found = RULE.match(line)
        if not found:
            sys.exit(f"{file}:{number}: not a rule: {line}")
        if found[1] in rules:
            sys.exit(f"{file}:{number}: {found[1]} stands there twice")
        rules[found[1]] = (found[2] or "", found[3])
    return rules


def citations(names, order, known):
    """The ids that the names of tests cite, with both ends and the inside of a range."""
    for found in CITED.finditer(names):
        first = f"S{found[1]}.{found[2]}"
        last = f"S{found[3]}.{found[4]}" if found[3] else first
        if first in order and last in order and order[first] <= order[last]:
            yield from known[order[first]:order[last] + 1]
        else:
            yield from (first, last)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=pathlib.Path, default=root / "tests" / "rules.txt")
    parser.add_argument("--tests", type=pathlib.Path, default=root / "tests")
    parser.add_argument("--fail", action="store_true", help="exit code 1 if a rule is not cited, or a citation is of no rule")
    parser.add_argument("--where", metavar="RULE", help="only list the files that cite this rule")
    options = parser.parse_args()

    rules = read_rules(options.rules)
    known = list(rules)
    order = {rule: place for place, rule in enumerate(known)}
    cited = {}
    for file in sorted(options.tests.rglob("*")):
        if not file.is_file() or file.suffix not in NAMES:
            continue
        names = "\n".join(NAMES[file.suffix].findall(file.read_text(errors="replace")))
        for rule in citations(names, order, known):
            cited.setdefault(rule, set()).add(str(file.relative_to(options.tests)))
    if options.where:
        print("\n".join(sorted(cited.get(options.where, ()))))
        return

    unknown = sorted(rule for rule in cited if rule not in rules)
    missing = [rule for rule, (mark, _) in rules.items() if not mark and rule not in cited]
    for rule in unknown:
        print(f"{rule} is no rule, cited in {', '.join(sorted(cited[rule]))}")
    for rule in missing:
        print(f"{rule} {rules[rule][1]}")
    marked = sum(1 for mark, _ in rules.values() if mark)
    print(f"{len(rules)} rules: {sum(1 for rule in rules if rule in cited)} cited, {marked} marked, {len(missing)} not cited")
    sys.exit(1 if options.fail and (missing or unknown) else 0)


if __name__ == "__main__":
    main()
