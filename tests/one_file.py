#!/usr/bin/env python3
"""Print one source file that has others in it, each in a namespace of its own: one_file.py SOURCE…

What they all include is parsed once, so the whole is compiled in a fraction of the time. The main() of an example has
another name there. Sources that define a machine of their own, or look at what the includes bring, cannot share a
file: they are left out, and named on stderr.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])', re.M)
APART = re.compile(r'NET_MACHINE\b|"tests/support/\w*_machine\.hpp"|^(?:struct|class) std::|^namespace std\b|^#error\b', re.M)


def main():
    sources, apart = [], []
    for argument in sys.argv[1:]:
        path = pathlib.Path(argument).resolve()
        text = path.read_text("utf-8")
        (apart if APART.search(text) else sources).append((path, text))
    included = dict.fromkeys(name for path, text in sources for name in INCLUDE.findall(text))
    first = [name for name in included if name.startswith("<net")]
    system = [name for name in included if name not in first and name.startswith("<")]
    own = [name for name in included if name.startswith('"')]
    for name in first:
        print(f"#include {name}")
    for name in system:  # some are included for one system alone
        print(f"#if __has_include({name})\n#include {name}\n#endif")
    for name in own:
        path = ROOT / name.strip('"')
        line = f'#include "{path if path.exists() else ROOT / "examples" / name.strip(chr(34))}"'
        print(f"#if defined(_WIN32)\n{line}\n#endif" if "/windows/" in name else line)
    if any("int main(" in text for _, text in sources):
        print('#pragma GCC diagnostic ignored "-Wreturn-type"')  # only main() itself may leave the return out
    for number, (path, text) in enumerate(sources):
        print(f'#define main main_of_{number}\nnamespace source_{number} {{\n#include "{path}"\n}}\n#undef main')
    for path, _ in apart:
        print(f"apart: {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
