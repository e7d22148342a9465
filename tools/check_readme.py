#!/usr/bin/env python3
"""Check that what README.md and the other pages say is true: their code, their commands, their names and links.

C++ with a main() is built as it stands, against the single header, and talked to; the rest is compiled as the body
of a function. Of the table "What is there", names on its left side must
exist, and names on its right side must not.
"""
import contextlib
import re
import shlex
import socket
import subprocess
import time

import check_layers
import check_lines
from toolchain import DEADLINE, INCLUDE, ROOT, SINGLE, STANDARD, WARNINGS, Check, name, run, said

LONGEST_EXAMPLE = 79  # lines
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

FRAGMENTS = """
#include <net.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
using namespace std::chrono_literals;
"""
FRAGMENT = """
void fragment%d(const net::Socket& socket, const net::Socket& client, const net::Server& server, net::Loop& loop) {
  (void)socket, (void)client, (void)server, (void)loop;
#line 1 "README.md, fragment %d"
%s
}
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)


def code(check):
    """Everything compiles; the programs do what they are there for."""
    programs = [block for block in blocks("cpp") if "int main(" in block]
    fragments = [block for block in blocks("cpp") if "int main(" not in block]
    check.expect(len(programs) == 3 and len(fragments) >= 5, "README.md has a server, a client, coroutines and fragments")
    functions = [FRAGMENT % (i, i, text) for i, text in enumerate(fragments, 1)]
    file = check.source("fragments.cpp", FRAGMENTS + "".join(functions))
    for cxx in check.compilers:
        flags = [*cxx, STANDARD, *WARNINGS, "-Wno-unused-variable", "-I", SINGLE]
        check.all_succeed([(f"the fragments of README.md, {name(cxx)}", [*flags, "-fsyntax-only", file])])
    talk(check, programs)


def talk(check, programs):
    cxx = check.compilers[0]
    flags = [*cxx, STANDARD, *WARNINGS, "-I", SINGLE]
    with socket.socket() as reserved:  # nobody else is given it meanwhile, and the programs may have it
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        talk_on(check, programs, flags, str(reserved.getsockname()[1]))


def talk_on(check, programs, flags, port):
    built = []
    for i, text in enumerate(programs):
        check.expect("8000" in text, "the programs of README.md use port 8000")
        source = check.source(f"program{i}.cpp", text.replace("8000", port))
        built.append(check.directory / f"program{i}")
        done = run([*flags, source, "-o", built[i]])
        check.expect(done.returncode == 0, f"program {i + 1} of README.md", said(done))
    if any(not program.exists() for program in built):
        return
    echo, client, coroutines = built
    with running(echo) as server:
        connected(server, port).close()
        done = run([client], timeout=DEADLINE)
        check.expect(done.stdout == "connected\nHello, net!\n", "what the client of README.md prints", said(done))
        check.expect(server.poll() is None, "the server of README.md goes on")
    with running(coroutines) as server, connected(server, port) as client, client.makefile("rw") as stream:
        for line in ("one", "two"):
            stream.write(f"{line}\n")
            stream.flush()
            check.expect(stream.readline() == f"you said {line}\n", "the coroutine of README.md answers")


@contextlib.contextmanager
def running(program):
    server = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def connected(server, port):
    """A connection to a server that may not listen yet."""
    until = time.monotonic() + DEADLINE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", int(port)), timeout=DEADLINE)
        except ConnectionRefusedError:
            if time.monotonic() > until or server.poll() is not None:
                raise
            time.sleep(0.02)


def commands(check):
    """The line for newcomers builds what it says, and the test command is there."""
    lines = re.findall(r"^    (.+)$", README.read_text("utf-8"), re.M)
    line = next((line for line in lines if line.startswith("g++ ")), "")
    build, _, start = line.partition(" && ")
    check.expect(start == "./echo_server", "the line for newcomers ends by running what it built", line)
    for path in ("examples", "single_include"):
        (check.directory / path).symlink_to(ROOT / path)
    result = run([*check.compilers[0], *shlex.split(build)[1:]], cwd=check.directory)
    check.expect(result.returncode == 0 and not result.stderr, build, said(result))
    check.expect(starts(check.directory / "echo_server"), "it listens")
    check.expect("tests/run" in lines and (ROOT / "tests/run").stat().st_mode & 0o100, "tests/run can be run")


def starts(program):
    server = subprocess.Popen([program, "0"], stdout=subprocess.PIPE, text=True)
    try:
        return re.fullmatch(r"listening on 127\.0\.0\.1:\d+\n", server.stdout.readline())
    finally:
        server.kill()
        server.communicate()


def table(check):
    """Names that are there are there, and those that are not are not."""
    text = README.read_text("utf-8").split("## What is there")[1].split("\n## ")[0]
    header = "".join(path.read_text("utf-8") for path in sorted(SINGLE.glob("*.hpp")))
    public = header_without_details(header)
    rows = [row.strip("|").split("|") for row in re.findall(r"^\|.+\|$", text, re.M)][2:]
    check.expect(len(rows) >= 8, "the table of README.md")
    for _, there, missing in rows:
        for word in re.findall(r"`([A-Za-z]\w+)`|'(\w+)'", there):
            wanted = rf'"{word[1]}"' if word[1] else rf"\b{word[0]}\b"
            check.expect(re.search(wanted, header if word[1] else public), f"README.md says that there is {''.join(word)}")
        for word in re.findall(r"`([A-Za-z]\w+)`", missing):
            check.expect(not re.search(rf"\b(class|struct) {word}\b|\b{word}\(", public), f"README.md says that there is no {word}")


def header_without_details(text):
    """Without texts and comments, and without the namespace detail as far as it has a block of its own."""
    text = re.sub(r'"[^"\n]*"|//.*', "", text)
    return re.sub(r"^namespace net::inline NET_ABI::detail\b.*?^\}", "", text, flags=re.M | re.S)


def facts(check):
    text = README.read_text("utf-8")
    check.expect(f"at most {check_lines.LIMIT:,} preprocessed lines" in text, "README.md says what tools/check_lines.py checks")
    programs = sorted((ROOT / "examples").glob("*.cpp"))
    for program in programs:
        check.expect(f"(examples/{program.name})" in text, f"README.md shows {program.name}")
        check.expect(len(program.read_text("utf-8").splitlines()) <= LONGEST_EXAMPLE, f"{program.name} is short")


def links(check):
    for page in PAGES:
        check.expect(page.exists(), f"{page.name} is there")
        text = page.read_text("utf-8") if page.exists() else ""
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            check.expect("://" in target or (page.parent / target).exists(), f"{page.name} links to {target}")


def architecture(check):
    """The picture of the layers is the one that is checked, and the files that are named exist."""
    page = ROOT / "docs" / "ARCHITECTURE.md"
    text = page.read_text("utf-8") if page.exists() else ""
    picture = re.search(r"^```layers\n(.*?)^```$", text, re.M | re.S)
    shown = re.findall(r"\bnet(?:/\w+)*\b(?!\.)", picture[1]) if picture else []
    wanted = [layer for layer in check_layers.LAYERS if list(INCLUDE.glob(f"{layer}.[hi]pp"))]
    for layer in wanted:
        check.expect(layer in shown, f"docs/ARCHITECTURE.md shows {layer}")
    order = [wanted.index(layer) for layer in shown if layer in wanted]
    check.expect(order == sorted(order), "docs/ARCHITECTURE.md shows the layers in the order that is checked")
    for layer in shown:
        check.expect(layer in wanted, f"docs/ARCHITECTURE.md shows {layer}, which is no header")
    for path in re.findall(r"`((?:tools|tests|include|examples|single_include)/[\w./]+)`", text):
        check.expect((ROOT / path).exists(), f"docs/ARCHITECTURE.md names {path}")


def main():
    check = Check(__doc__.splitlines()[0])
    for part in (links, facts, table, architecture, commands, code):
        part(check)
    check.finish("the pages say what is true")


if __name__ == "__main__":
    main()
