#!/usr/bin/env python3
"""Check that wrong uses do not compile, and that the message says what would be right.

Each tests/misuse/*.cpp is right without MISUSE and wrong with it. Its lines `// expect: TEXT` name what
every compiler must say in its error; `// first: TEXT`, what stands on the first screen of it.
"""
import re

from toolchain import INCLUDE, ROOT, STANDARD, Check, name, run, run_all, said


def without_inline_namespaces(message):
    """net::Chunk, which g++ calls net::throwing::Chunk and clang++ does not."""
    return re.sub(r"\bnet::(?:throwing|aborting)(?:_compiled_once)?::", "net::", message)


def main():
    check = Check(__doc__)
    cases = sorted((ROOT / "tests" / "misuse").glob("*.cpp"))
    # All right uses in one file, for the sake of time: the library is there already when a case includes it.
    right = "".join(f'namespace {case.stem} {{\n#include "{case}"\n}}\n' for case in cases)
    right = check.source("right.cpp", f"#include <net.hpp>\n#include <net/cluster.hpp>\n{right}")
    for cxx in check.compilers:
        syntax, include = [*cxx, STANDARD, "-fsyntax-only"], ["-I", INCLUDE]
        check.all_succeed([(f"the right uses, {name(cxx)}", [*syntax, *include, right])])
        base = [*syntax, *precompiled(check, cxx), *include]
        for case, result in run_all([(case, [*base, "-DMISUSE", case]) for case in cases]):
            what = f"{case.stem}, {name(cxx)}"
            check.expect(result.returncode != 0, f"{what}: it compiles")
            expected = re.findall(r"^// expect: (.+)$", case.read_text("utf-8"), re.M)
            message = without_inline_namespaces(without_source(result.stderr))
            silent = [text for text in expected if text not in message]
            screen = without_inline_namespaces(first_screen(result.stderr))
            first = re.findall(r"^// first: (.+)$", case.read_text("utf-8"), re.M)
            check.expect(first, f"{what}: no line '// first: …'")
            silent += [f"on the first screen {text}" for text in first if text not in screen]
            check.expect(not silent, f"{what}: the message lacks: {', '.join(silent)}", said(result))
    check.finish("what is wrong does not compile, and the compiler says why")


def precompiled(check, cxx):
    """Options that have <net.hpp> read once, and not by every case."""
    place = check.directory / name(cxx)
    place.mkdir()
    is_clang = "clang" in run([*cxx, "--version"]).stdout
    made = place / ("net.hpp.pch" if is_clang else "net.hpp.gch")
    made_of = [*cxx, STANDARD, "-x", "c++-header", "-I", INCLUDE, INCLUDE / "net.hpp", "-o", made]
    check.all_succeed([(f"<net.hpp>, {name(cxx)}", made_of)])
    return ["-include-pch", made] if is_clang else ["-I", place]


def first_screen(message):
    """What is read without scrolling: ten lines of 200 columns, whatever the length of this checkout's own path."""
    return "\n".join(line.replace(f"{INCLUDE}/", "")[:200] for line in message.splitlines()[:10])


def without_source(message):
    """The message without the lines of code that compilers quote: g++ marks them, clang indents the caret below."""
    lines = message.splitlines()
    quoted = {i for i, line in enumerate(lines) if re.match(r"\s*\d* \| ", line)}
    quoted |= {i - 1 for i, line in enumerate(lines) if re.match(r"[\s~]*\^[\s~]*$", line)}
    return "\n".join(line for i, line in enumerate(lines) if i not in quoted)


if __name__ == "__main__":
    main()
