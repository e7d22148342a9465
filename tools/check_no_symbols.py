#!/usr/bin/env python3
"""Check that a file which includes <net.hpp> and uses nothing has no symbol of it, compiled once or in every file."""
import itertools

from toolchain import FLAVOURS, STANDARD, WAYS, Check, name, run, said


def main():
    check = Check(__doc__)
    file = check.source("unused.cpp", "#include <net.hpp>\n")
    for cxx in check.compilers:
        for (flavour, directory), (way, flags) in itertools.product(FLAVOURS.items(), WAYS.items()):
            what = f"{flavour} included and not used, {way}, {name(cxx)}"
            output = check.directory / "unused.o"
            compiled = run([*cxx, STANDARD, *flags, "-c", "-I", directory, file, "-o", output])
            check.expect(compiled.returncode == 0, what, said(compiled))
            if compiled.returncode == 0:
                listing = run(["nm", "-C", output])
                ours = [line for line in listing.stdout.splitlines() if "net::" in line or "net_hpp" in line]
                check.expect(listing.returncode == 0 and not ours, f"{what}: symbols", "\n".join(ours) + listing.stderr)
    check.finish("a header that is not used costs nothing")


if __name__ == "__main__":
    main()
