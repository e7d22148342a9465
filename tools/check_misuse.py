#!/usr/bin/env python3
"""Check that wrong uses do not compile, and that the message says what would be right.

Each tests/misuse/*.cpp is right without MISUSE and wrong with it. Its lines `// expect: TEXT` name what
every compiler must say in its error.
"""
import re

from toolchain import INCLUDE, ROOT, STANDARD, Check, name, run_all, said


def without_inline_namespaces(message):
    """net::Chunk, which g++ calls net::throwing::Chunk and clang++ does not."""
    return re.sub(r"\bnet::(?:throwing|aborting)::", "net::", message)


def main():
    check = Check(__doc__)
    cases = sorted((ROOT / "tests" / "misuse").glob("*.cpp"))
    # All right uses in one file, for the sake of time: <net.hpp> is there already when a case includes it.
    right = "".join(f'namespace {case.stem} {{\n#include "{case}"\n}}\n' for case in cases)
    right = check.source("right.cpp", f"#include <net.hpp>\n{right}")
    for cxx in check.compilers:
        base = [*cxx, STANDARD, "-fsyntax-only", "-I", INCLUDE]
        check.all_succeed([(f"the right uses, {name(cxx)}", [*base, right])])
        for case, result in run_all([(case, [*base, "-DMISUSE", case]) for case in cases]):
            what = f"{case.stem}, {name(cxx)}"
            check.expect(result.returncode != 0, f"{what}: it compiles")
            expected = re.findall(r"^// expect: (.+)$", case.read_text("utf-8"), re.M)
            check.expect(expected, f"{what}: no line '// expect: …'")
            message = without_inline_namespaces(without_source(result.stderr))
            silent = [text for text in expected if text not in message]
            check.expect(not silent, f"{what}: the message lacks: {', '.join(silent)}", said(result))
    check.finish("what is wrong does not compile, and the compiler says why")


def without_source(message):
    """The message without the lines of code that compilers quote: g++ marks them, clang indents the caret below."""
    lines = message.splitlines()
    quoted = {i for i, line in enumerate(lines) if re.match(r"\s*\d* \| ", line)}
    quoted |= {i - 1 for i, line in enumerate(lines) if re.match(r"[\s~]*\^[\s~]*$", line)}
    return "\n".join(line for i, line in enumerate(lines) if i not in quoted)


if __name__ == "__main__":
    main()
