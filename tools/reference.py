#!/usr/bin/env python3
"""Write docs/reference.md from the comments at the public declarations. With --check, compare instead.

The page begins with tools/reference_opening.md. Wrong is a public declaration without a `///` of its own or of the group
it stands in, a name that src/net.cppm exports and the page lacks, and a macro that nobody has described.
"""
import argparse
import re
import sys

import check_module
import rule_coverage
import signatures
from declarations import Header
from toolchain import INCLUDE, ROOT

TARGET = ROOT / "docs" / "reference.md"
OPENING = ROOT / "tools" / "reference_opening.md"
HEADERS = """ip socket_address block_list error duration encoding chunk emitter loop abort options socket server connect
    task task_group promise reader acceptor worker_pool file pipeline ipc_channel cluster""".split()
# public names that stand in a header of detail: where users get them
ELSEWHERE = {
    "error": ["detail/text/error_names"],
    "ipc_channel": ["detail/ipc/events"],
    "cluster": ["detail/cluster/primary"],
    "emitter": ["detail/base/fixed_string"],
    "options": ["detail/base/function"],
    "socket": ["detail/io/native_handle", "detail/stream/pipe_link"],
}
HIDDEN = {"SocketAddress::ip"}  # public, for other classes of the library
MACHINERY = re.compile(
    r"NET_(?:ABI|API|BODIES|GNU|RARE|HAS_\w*|JOIN|JOIN_NOW|MACHINE|PROCESSES|POLLER_IS_\w*|(?:\w+_)?[HI]PP)$")
MACROS = re.compile(r"^((?:///.*\n)+)((?:#define NET_.*\n)*)", re.M)
MACRO_NAMES = re.compile(r"/// ((?:NET_\w+(?:, )?)+): ")
CITED = re.compile(r"\bS(\d+)\.(\d+)(?:(?:-| to )S\1\.(\d+))?")


class Page:
    def __init__(self):
        self.lines, self.problems, self.shown, self.anchors, self.contents = [], [], set(), {}, []

    def add(self, *lines):
        self.lines += lines

    def heading(self, level, text):
        """A heading, and where a link to it goes: as GitHub makes it."""
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = self.anchors[anchor] = self.anchors.get(anchor, -1) + 1
        self.add("#" * level + f" {escaped(text)}", "")
        return f"#{anchor}" + (f"-{count}" if count else "")

    def text(self, comment):
        if comment:
            self.add(*map(escaped, comment), "")

    def code(self, lines):
        self.add("```cpp", *lines, "```", "")


def escaped(line):
    """Outside of code, < and * are no markup."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;").replace("*", "\\*") for part in parts)


def groups(declarations):
    """Those that one comment is about: up to the next comment or blank line."""
    found = []
    for declaration in declarations:
        last = found[-1][-1] if found else None
        if not last or declaration.begins or last.heading != declaration.heading or bool(last.after) != bool(declaration.after):
            found.append([])
        found[-1].append(declaration)
    return found


def hidden(declaration, owner):
    if owner and signatures.is_special(declaration, owner.name):
        return not declaration.comment
    if declaration.name.startswith("std::"):
        return not declaration.comment
    return signatures.is_internal(declaration)


def refused(comment):
    """Only there to say what is right."""
    return comment and comment[0].startswith("Refused: ")


def group(page, path, declarations, owner=None):
    """The signatures of a group and its comment. What only some of them do stands behind these."""
    comment = declarations[0].comment
    if refused(comment):
        return
    shown = [declaration for declaration in declarations if not hidden(declaration, owner)]
    lines = []
    for declaration in shown:
        name = f"{owner.name}::{declaration.name}" if owner else declaration.name
        page.shown.add(name)
        if not comment and not declaration.after:
            page.problems.append(f"{path}:{declaration.line}: {name} has no /// comment, and stands below none")
        lines += signatures.commented(signatures.signature(declaration), declaration.after)
    if shown:
        page.code(signatures.aligned(lines))
        page.text(comment)


def copies(declaration):
    texts = [member.text for member in declaration.members if signatures.is_special(member, declaration.name)]
    if not any(text.endswith("= delete") for text in texts) and not any("&&" in text for text in texts):
        return []
    return ["It can be moved, not copied." if any("&&" in text for text in texts) else "It can be neither copied nor moved."]


def describe_class(page, path, declaration):
    page.code(signatures.signature(declaration))
    page.text(declaration.comment)
    if not declaration.comment:
        page.problems.append(f"{path}:{declaration.line}: {declaration.name} has no /// comment")
    page.text(copies(declaration))
    if inherited := re.search(r"public (Emitter)<", declaration.bases):
        page.add(f"It has what [{inherited[1]}](#{inherited[1].lower()}) has.", "")
    heading = ""
    for members in groups(declaration.members):
        if members[0].heading != heading:
            heading = members[0].heading
            page.add(f"#### {declaration.name}: {heading}", "")
        group(page, path, members, declaration)
    for member in declaration.members:
        name = f"{declaration.name}::{member.name}"
        if member.kind == "function" and member.name.isidentifier() and member.name != declaration.name:
            if name not in page.shown | HIDDEN and not refused(member.comment):
                page.problems.append(f"{path}:{member.line}: {name} is public, and takes or gives what is in detail")


def section(page, name):
    main, *others = [Header(f"include/net/{one}.hpp", (INCLUDE / "net" / f"{one}.hpp").read_text("utf-8"))
                     for one in (name, *ELSEWHERE.get(name, []))]
    link = page.heading(2, f"net/{name}.hpp")
    page.text([main.about])
    links, heading = [], ""
    for header in (main, *others):
        for declared in groups(header.declarations):
            declared = [one for one in declared if not hidden(one, None)]
            if declared and refused(declared[0].comment):
                continue
            names = ", ".join(dict.fromkeys(one.name for one in declared))
            if names and names != heading:
                anchor = page.heading(3, names)
                links += [f"[{escaped(one)}]({anchor})" for one in names.split(", ")]
            heading = names or heading
            for one in [one for one in declared if one.kind == "class"]:
                page.shown.add(one.name)
                describe_class(page, header.path, one)
            if rest := [one for one in declared if one.kind != "class"]:
                group(page, header.path, rest)
    page.contents.append(f"- [net/{name}.hpp]({link}): {', '.join(links)}")


def macros(page):
    """Those that a program may set or test: `/// NET_X: …` anywhere, or /// before the #define."""
    link = page.heading(2, "Macros")
    found = set()
    used = set()
    for path in sorted(INCLUDE.rglob("*.[hi]pp")):
        text = path.read_text("utf-8")
        used |= set(re.findall(r"\bNET_\w+", "\n".join(re.findall(r"^\s*#.*", text, re.M))))
        for comment, defined in MACROS.findall(text):
            named = MACRO_NAMES.match(comment)
            names = named[1].split(", ") if named else re.findall(r"NET_\w+", defined)
            if names:
                found |= set(names)
                page.code(defined.splitlines() if defined else [", ".join(names)])
                text = comment.removeprefix(named[0]) if named else comment
                text = text[0].upper() + text[1:]
                page.text([line.removeprefix("///").strip() for line in text.splitlines()])
    page.contents.append(f"- [Macros]({link}): {', '.join(sorted(found))}")
    page.problems += [f"the macro {name} has no comment `/// {name}: …`"
                      for name in sorted(used - found) if not MACHINERY.match(name)]


def rules(page):
    """The titles of the rules that the page cites."""
    titles = rule_coverage.read_rules(ROOT / "tests" / "rules.txt")
    link = page.heading(2, "Rules")
    cited = set()
    for chapter, first, last in CITED.findall("\n".join(page.lines)):
        cited |= {(int(chapter), number) for number in range(int(first), int(last or first) + 1)}
    page.add("What this page cites, with the titles of [tests/rules.txt](../tests/rules.txt):", "")
    for chapter, number in sorted(cited):
        rule = f"S{chapter}.{number}"
        if rule in titles:
            page.add(f"- {rule}: {escaped(titles[rule][1])}")
    page.contents.append(f"- [Rules]({link})")


def made():
    page = Page()
    for name in HEADERS:
        section(page, name)
    macros(page)
    rules(page)
    there = {path.stem for path in (INCLUDE / "net").glob("*.hpp")}
    page.problems += [f"include/net/{name}.hpp has no place in tools/reference.py" for name in sorted(there - {*HEADERS})]
    declared = {name for path in INCLUDE.rglob("*.hpp") for name in check_module.public_names(path.read_text("utf-8"))}
    wanted = declared | check_module.exported()
    page.problems += [f"the page lacks net::{name}" for name in sorted(wanted - page.shown)]
    opening = OPENING.read_text("utf-8").rstrip().splitlines()
    lines = [*opening, "", "## Contents", "", *page.contents, "", *page.lines]
    return page, "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there, and write nothing")
    options = parser.parse_args()
    page, text = made()
    if options.check and (not TARGET.is_file() or TARGET.read_text("utf-8") != text):
        page.problems.append("docs/reference.md is not what the headers make: run tools/reference.py and commit it")
    if not options.check:
        TARGET.write_text(text, "utf-8")
    if page.problems:
        print("\n".join(page.problems), file=sys.stderr)
        sys.exit(f"{len(page.problems)} against the rule that the reference has everything")
    print(f"docs/reference.md has {len(page.shown)} names")


if __name__ == "__main__":
    main()
