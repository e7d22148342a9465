#!/usr/bin/env python3
"""Check that the single header, on an ordinary include path, makes no warning, whichever standard is asked for."""
import os
import shutil

from foreign_macros import FOR_WINDOWS
from amalgamate import BESIDE
from toolchain import HYGIENE, ROOT, SINGLE, STANDARD, WARNINGS, Check, name, run

STANDARDS = [STANDARD, "-std=gnu++20", "-std=c++2b"]
# Where clang 19 is there with its own library: what its newest standards say, and every warning that it has, save these.
NEWEST = "clang++-19"
LATEST = ["-std=c++20", "-std=c++23", "-std=c++2c"]
EXCEPT = {
    "c++98-compat": "it is C++20", "c++98-compat-pedantic": "it is C++20",
    "c++98-compat-local-type-template-args": "it is C++20", "pre-c++14-compat": "it is C++20",
    "pre-c++17-compat": "it is C++20", "pre-c++20-compat": "it is C++20", "pre-c++20-compat-pedantic": "it is C++20",
    "c++20-compat": "it is C++20",
    "padded": "padding is chosen where it counts, by the order of members",
    "unsafe-buffer-usage": "buffers of the system and of the user are pointers and sizes",
    "unsafe-buffer-usage-in-container": "the same: spans are made of them",
    "switch-default": "a switch over all values of an enumeration has none, so that -Wswitch sees a new value",
    "switch-enum": "the others have a default",
    "float-equal": "NaN, infinity and integers among doubles are recognised by exact comparison, as in Node",
    "comma": "two short steps in one statement are meant",
    "weak-vtables": "a header-only library has no other file for them",
    "exit-time-destructors": "objects of functions alone, which end before the process does",
    "shadow-uncaptured-local": "what a lambda takes over keeps its name",
    "disabled-macro-expansion": "a struct and a macro of the system's <signal.h> have one name",
}
FOREIGN = {"embedded.cpp": "uv.h", "tls_echo.cpp": "openssl/ssl.h"}  # headers of examples that may not be there


def main():
    check = Check(__doc__)
    header = check.source("only.cpp", "#include <net.hpp>\n")
    beside = check.directory / "beside"  # the headers beside the single one, by the names that they have under include/
    for target, name_of_it in BESIDE.items():
        (beside / name_of_it).parent.mkdir(parents=True, exist_ok=True)
        (beside / name_of_it).write_text(f'#include "{SINGLE / target}"\n', "utf-8")
    users = sorted(HYGIENE.glob("*.cpp")) + sorted((ROOT / "examples").glob("*.cpp"))
    commands = []
    bodies = check.source("bodies.cpp", "#define NET_IMPLEMENTATION\n#include <net.hpp>\n")
    for cxx in check.compilers:
        base = [*cxx, *WARNINGS, "-fsyntax-only", "-I", SINGLE, "-I", beside]
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
    base = [NEWEST, "-stdlib=libc++", *WARNINGS, "-fsyntax-only", "-I", SINGLE]
    if run([*base, STANDARD, check.source("libcxx.cpp", "#include <__config>\n")]).returncode if shutil.which(NEWEST) else True:
        print(f"skipped: {NEWEST} with its libc++ is not here, so nobody says what -Weverything sees")
    else:
        everything = ["-Weverything", *(f"-Wno-{warning}" for warning in EXCEPT)]
        for standard in LATEST:
            more = everything if standard == LATEST[-1] else []
            commands.append((f"warnings, {NEWEST} and libc++ {standard}", [*base, *more, standard, header]))
    after = check.source("windows.cpp", "#include <windows.h>\n#include <net.hpp>\n")  # it has names as short as `byte`
    theirs = check.source("only_windows.cpp", "#include <windows.h>\n#include <coroutine>\n")
    for cxx in [FOR_WINDOWS], [NEWEST, "--target=x86_64-w64-mingw32"]:
        base = [*cxx, *WARNINGS, STANDARD, "-fsyntax-only", "-I", SINGLE]
        if not shutil.which(cxx[0]) or run([*base, theirs]).returncode:
            print(f"skipped: {' '.join(cxx)} is not here, so nobody says what it thinks of <windows.h> before ours")
        else:
            commands.append((f"warnings after <windows.h>, {' '.join(cxx)}", [*base, after]))
    check.all_succeed(commands)
    check.finish("no warnings")


if __name__ == "__main__":
    main()
