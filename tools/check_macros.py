#!/usr/bin/env python3
"""Check that <net.hpp> leaves no macro behind but NET_…, and stands the macros that others define."""
import preprocessed
from toolchain import FLAVOURS, STANDARD, Check, name, run, said

# Qt, <windows.h>, X11, old compilers and <complex.h>. min and max as <windows.h> has them; `(std::min)` survives.
HOSTILE = """min(a,b) max(a,b) emit signals slots foreach ERROR IN OUT near far interface unix linux None Bool
    DELETE small I Status major minor""".split()


def left_behind(check, cxx, flavour, directory, ours, others):
    after = preprocessed.macros(cxx, directory, ours)
    before = preprocessed.macros(cxx, directory, others)
    foreign = {macro for macro in after if not macro.startswith("NET_")}
    new = sorted(foreign - set(before))
    changed = sorted(macro for macro in before if after.get(macro) != before[macro])
    what = f"macros that the {flavour} leaves behind, {name(cxx)}"
    check.expect(any(macro == "NET_HPP" for macro in after), f"{what}: was it included at all?")
    check.expect(not new, what, f"defined and left: {' '.join(new)}")
    check.expect(not changed, what, f"defined by others, changed by us: {' '.join(changed)}")


def hostile(check, cxx, flavour, directory, others):
    text = f'#include "{others}"\n'
    for macro in HOSTILE:
        text += f"#undef {macro.split('(')[0]}\n#define {macro} @{macro.split('(')[0]}_is_a_macro_elsewhere@\n"
    file = check.source("hostile.cpp", text + "#include <net.hpp>\n")
    result = run([*cxx, STANDARD, "-fsyntax-only", "-I", directory, file])
    check.expect(result.returncode == 0, f"hostile macros before the {flavour}, {name(cxx)}", said(result))


def main():
    check = Check(__doc__)
    ours = check.source("ours.cpp", "#include <net.hpp>\n")
    for cxx in check.compilers:
        for flavour, directory in FLAVOURS.items():
            paths = preprocessed.outside_headers(cxx, directory, ours)
            others = check.source("others.cpp", "".join(f'#include "{path}"\n' for path in paths))
            check.expect(paths, f"the headers of others that the {flavour} includes, {name(cxx)}")
            left_behind(check, cxx, flavour, directory, ours, others)
            hostile(check, cxx, flavour, directory, others)
    check.finish("no macro but NET_… comes out, and none of others gets in")


if __name__ == "__main__":
    main()
