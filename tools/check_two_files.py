#!/usr/bin/env python3
"""Check that two files make one program, one with the single header and the other with the separate ones.

They do so too when both have the declarations alone, and src/net.cpp the bodies. A program that mixes the two ways
is not linked, and the linker says why, also where no file of it has a loop.
"""
import itertools


from toolchain import DEADLINE, HYGIENE, INCLUDE, ROOT, SINGLE, STANDARD, WARNINGS, WAYS, Check, name, run, said

# What two files may share: a type that the name of a function tells, or one that it does not tell.
SHARED = {
    "a parameter": ("bool shared(const net::BlockList&)", '{ return list.check("1.1.1.1"); }', "shared({}) ? 1 : 0"),
    "a result": ("net::Error shared()", "{ return net::Error(net::Errc::ERR_SOCKET_CLOSED); }", "shared().code() == net::Errc::ERR_TIMEOUT ? 1 : 0"),
}


def two_files(check, cxx, what, flags, others):
    """Each of the two files, and those that the program needs besides; it is linked, and runs."""
    stem = what.replace(" ", "-").replace(",", "")
    base = [*cxx, STANDARD, *WARNINGS, *flags, "-pthread", "-c"]
    sources = [(HYGIENE / "two_files_a.cpp", SINGLE), (HYGIENE / "two_files_b.cpp", INCLUDE), *((other, INCLUDE) for other in others)]
    objects = [check.directory / f"{stem}-{source.stem}.o" for source, _ in sources]
    before = len(check.failures)
    check.all_succeed([(f"{what}: {source.name}", [*base, "-I", include, source, "-o", output])
                       for (source, include), output in zip(sources, objects)])
    if len(check.failures) == before:
        program = check.directory / stem
        check.all_succeed([(f"{what}: link", [*cxx, "-pthread", *objects, "-o", program])])
        if len(check.failures) == before:
            result = run([program], timeout=DEADLINE)
            check.expect(result.returncode == 0, f"{what}: run", said(result))


def mixed(check, cxx):
    """Each of two files in either way, with src/net.cpp: only those that are alike make a program."""
    def compiled(stem, source, flags):
        output = check.directory / f"{stem}{len(flags)}.o"
        check.all_succeed([(f"{stem}, {name(cxx)}", [*cxx, STANDARD, *flags, "-I", INCLUDE, "-c", source, "-o", output])])
        return output

    bodies = compiled("bodies", ROOT / "src" / "net.cpp", WAYS["compiled once"])
    for number, (what, (function, body, call)) in enumerate(SHARED.items()):
        has = check.source(f"has{number}.cpp", f"#include <net.hpp>\n{function};\n{function.replace('&)', '& list)')} {body}\n")
        uses = check.source(f"uses{number}.cpp", f"#include <net.hpp>\n{function};\nint main() {{ return {call}; }}\n")
        objects = {(file, way): compiled(file.stem, file, flags) for file in (has, uses) for way, flags in WAYS.items()}
        for ways in itertools.product(WAYS, WAYS):
            parts = [objects[part] for part in zip((has, uses), ways)]
            parts += [bodies] if "compiled once" in ways else []
            for order in (parts, parts[::-1]):
                linked = run([*cxx, "-pthread", *order, "-o", check.directory / "mixed"])
                title = f"{what}, {ways[0]} and {ways[1]}, {name(cxx)}"
                if ways[0] == ways[1]:
                    check.expect(linked.returncode == 0, title, said(linked))
                else:
                    check.expect(linked.returncode != 0 and "compiled_once" in linked.stderr, title, said(linked))


def main():
    check = Check(__doc__.splitlines()[0])
    for cxx in check.compilers:
        two_files(check, cxx, f"two files in one program, {name(cxx)}", [], [])
        two_files(check, cxx, f"two files and the bodies, {name(cxx)}", ["-DNET_SEPARATE"], [ROOT / "src" / "net.cpp"])
        check.all_succeed([(f"both in one file, {name(cxx)}", [*cxx, STANDARD, *WARNINGS, "-fsyntax-only", "-I", INCLUDE,
                                                              f'-DALSO="{SINGLE}/net.hpp"', HYGIENE / "two_files_b.cpp"])])
        mixed(check, cxx)
    check.finish("the single header and the separate ones meet in one program")


if __name__ == "__main__":
    main()
