#!/usr/bin/env python3
"""Write single_include/ from the headers under include/. With --check, compare instead.

net.hpp has all that it includes. What is included by itself, so that nobody else pays for it, is a header beside it, which
includes that and has only the rest.

Each header takes the place of the first #include that names it, guards and all, so the single header
and the separate ones can meet in one program, even in one file. The files of bodies (.ipp) come last, where
NET_SEPARATE leaves them out together with what only they include. The result depends on the sources alone: no date,
no commit, no formatter.
"""
import argparse
import pathlib
import re
import sys

from version import version

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
TARGETS = ROOT / "single_include"
BESIDE = {"net_ipc_channel.hpp": "net/ipc_channel.hpp", "net_cluster.hpp": "net/cluster.hpp"}
OTHERS = re.compile(r"#include <[^>]+>$")
OURS = re.compile(r'\s*#\s*include\s*[<"](net(?:/[^>"]+)?\.[hi]pp)[>"]')
CONDITION = re.compile(r"\s*#\s*(if|endif)")


def splice(name, reached, out, bodies):
    """Append the lines of a file, with the headers that it is the first to name in their places; note what has bodies."""
    reached.add(name)
    top = 2 if name.endswith(".ipp") else 1  # the include guard; and #if NET_BODIES
    depth = 0
    gone = False
    for number, line in enumerate((INCLUDE / name).read_text("utf-8").splitlines(), 1):
        if condition := CONDITION.match(line):
            depth += 1 if condition[1] == "if" else -1
        if not (ours := OURS.match(line)):
            if depth == top and OTHERS.match(line):  # once is enough, where no #if is between
                if (line, 1) in reached or (line, top) in reached:
                    gone = True
                    continue
                reached.add((line, top))
            if line or out[-1] or not gone:
                out.append(line)
            gone = gone and not line  # blank lines around an #include that is gone become one
            continue
        if not 1 <= depth <= top:  # an include in one branch would be missing in the other
            sys.exit(f"include/{name}:{number}: {ours[1]} is included inside an #if; guard its content instead")
        if not (INCLUDE / ours[1]).is_file():
            sys.exit(f"include/{name}:{number}: there is no include/{ours[1]}")
        if ours[1].endswith(".ipp"):
            bodies.append(ours[1])
        elif ours[1] not in reached:
            if out[-1]:
                out.append("")
            splice(ours[1], reached, out, bodies)
            out.append("")
        gone = True


def opening(title):
    copyright_line = next(line for line in (ROOT / "LICENSE").read_text("utf-8").splitlines() if "(c)" in line)
    return [
        f"// {title}. {copyright_line}.",
        "// SPDX-License-Identifier: MIT",
        "// Made by tools/amalgamate.py from the headers under include/: change those, not this.",
        "",
    ]


def spliced(name, reached, out):
    bodies = []
    splice(name, reached, out, bodies)
    for body in bodies:  # it grows meanwhile
        if body not in reached:
            out.append("")
            splice(body, reached, out, bodies)
    return "".join(f"{line}\n" for line in out).encode("utf-8")


def amalgamated():
    """Each header and its text."""
    reached = set()
    texts = {"net.hpp": spliced("net.hpp", reached, opening(f"net.hpp {version()}, all of it in one header"))}
    before = "net.hpp"
    for target, name in BESIDE.items():  # each may need those before it
        out = opening(f"<{name}> of net.hpp {version()}, beside the single header")
        texts[target] = spliced(name, reached, [*out, f'#include "{before}"', ""])
        before = target
    orphans = {path.relative_to(INCLUDE).as_posix() for path in INCLUDE.rglob("*.[hi]pp")} - reached
    if orphans:
        sys.exit(f"not reached from include/net.hpp or a header beside it: {', '.join(sorted(orphans))}")
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there, and write nothing")
    options = parser.parse_args()
    TARGETS.mkdir(exist_ok=True)
    for name, text in amalgamated().items():
        target = TARGETS / name
        if not options.check:
            target.write_bytes(text)
        elif not target.is_file() or target.read_bytes() != text:
            sys.exit(f"single_include/{name} is not what the headers make: run tools/amalgamate.py and commit it")
        else:
            print(f"single_include/{name} is up to date: {text.count(10)} lines")


if __name__ == "__main__":
    main()
