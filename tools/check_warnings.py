#!/usr/bin/env python3
"""Check that the single header, on an ordinary include path, makes no warning, whichever standard is asked for."""
import os

from toolchain import HYGIENE, ROOT, SINGLE, STANDARD, WARNINGS, Check, name, run

STANDARDS = [STANDARD, "-std=gnu++20", "-std=c++2b"]
FOREIGN = {"embedded.cpp": "uv.h", "tls_echo.cpp": "openssl/ssl.h"}  # headers of examples that may not be there


def main():
    check = Check(__doc__)
    header = check.source("only.cpp", "#include <net.hpp>\n")
    users = sorted(HYGIENE.glob("*.cpp")) + sorted((ROOT / "examples").glob("*.cpp"))
    commands = []
    bodies = check.source("bodies.cpp", "#define NET_IMPLEMENTATION\n#include <net.hpp>\n")
    for cxx in check.compilers:
        base = [*cxx, *WARNINGS, "-fsyntax-only", "-I", SINGLE]
        for standard in STANDARDS:
            commands.append((f"warnings, {name(cxx)} {standard}", [*base, standard, header]))
        for what, file in {"declarations": header, "bodies": bodies}.items():
            commands.append((f"warnings in the {what} alone, {name(cxx)}", [*base, STANDARD, "-DNET_SEPARATE", file]))
        for user in users:
            foreign = FOREIGN.get(user.name)
            if foreign and run([*cxx, "-fsyntax-only", "-x", "c++", "-include", foreign, os.devnull]).returncode:
                print(f"{name(cxx)} finds no <{foreign}>: {user.name} is not checked")
                continue
            commands.append((f"warnings in {user.name}, {name(cxx)}", [*base, STANDARD, user]))
    # what is seen only when it is optimised, or asked for by few
    cxx = check.compilers[0]
    for level in ("-O1", "-O2", "-O3"):
        more = [level, "-Wuseless-cast", "-Wlogical-op", "-Wnull-dereference"] if "clang" not in name(cxx) else [level]
        commands.append((f"warnings in callbacks.cpp, {name(cxx)} {level}",
                         [*cxx, *WARNINGS, *more, STANDARD, "-I", SINGLE, "-S", "-o", os.devnull, HYGIENE / "callbacks.cpp"]))
    check.all_succeed(commands)
    check.finish("no warnings")


if __name__ == "__main__":
    main()
