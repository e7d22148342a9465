#!/usr/bin/env python3
"""Check that src/net.cppm exports the public names, all of them and no others.

Public is what stands at the beginning of a line in a namespace net of include/, outside of detail.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
OPENED = re.compile(r"(?:inline )?namespace ([\w: ]+) {$")
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|//.*')
DECLARED = [
    re.compile(r"(?:class|struct|enum class) (?:\[\[\w+(?:\([^)]*\))?\]\] )?(\w+)(?: final)?(?: :.*)?(?:;| {|$)"),
    re.compile(r"(?:using|concept) (\w+) ="),
    re.compile(r"inline constexpr \w+ (\w+)[ {]"),
    re.compile(r"[A-Za-z][\w:<>,& ]*[ &](\w+)\("),  # a function
]


def public_names(text):
    depth = 0
    public = {}  # of each namespace that is open, by the depth inside of it
    for line in text.splitlines():
        line = LITERAL.sub("", line).rstrip()
        opened = OPENED.match(line)
        if opened:
            outside = public.get(depth, depth == 0)
            public[depth + 1] = outside and (depth > 0 or opened[1].startswith("net")) and "detail" not in opened[1]
        elif public.get(depth):
            yield from (found[1] for found in (declared.match(line) for declared in DECLARED) if found)
        depth += line.count("{") - line.count("}")
        public = {at: inside for at, inside in public.items() if at <= depth}


def exported():
    return set(re.findall(r"^using net::(?:cluster::)?(\w+);$", (ROOT / "src" / "net.cppm").read_text("utf-8"), re.M))


def main():
    declared = {name for path in INCLUDE.rglob("*.hpp") for name in public_names(path.read_text("utf-8"))}
    in_module = exported()
    problems = [f"src/net.cppm does not export net::{name}" for name in sorted(declared - in_module)]
    problems += [f"src/net.cppm exports net::{name}, which no header declares" for name in sorted(in_module - declared)]
    if problems or not declared:
        print("\n".join(problems), file=sys.stderr)
        sys.exit(f"{len(problems)} against the rule that the module has every public name")
    print(f"{len(declared)} public names are exported by the module")


if __name__ == "__main__":
    main()
