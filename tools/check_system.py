#!/usr/bin/env python3
"""Check that nothing asks the system but what stands in net/detail/sys/: the rest is compiled where there is no system.

All other headers are compiled on the least machine of the tests, with no header to be found but the C++ library's.
What that library brings along of the system's is taken away: macros are gone, and a function must not be named. That
this finds what it should, a table of planted uses shows. What an #if leaves out here, check_layers.py reads.
"""
import re
import shutil

from check_layers import STANDARD as STANDARD_HEADERS
from check_layers import STANDARD_PARTS
from preprocessed import MARKER
from toolchain import INCLUDE, ROOT, STANDARD, Check, headers, name, run, said

SYSTEM = "net/detail/sys/"
KEPT = ["endpoint_text.hpp", "endpoint_text.ipp"]  # what stands there and asks the machine, as everybody does
# What these need of the system is here: a machine that was chosen before, and a fork() that never is.
INSTEAD = {
    "machine.hpp": "#include <net/detail/io/machine.hpp>\n",
    "processes.hpp": """#pragma once
#include <net/detail/io/processes.hpp>
#include <net/detail/sys/machine.hpp>
namespace net::inline NET_ABI::detail::inline NET_MACHINE {
struct Processes {
  static int own_program(Program&) { return -1; }
  static int start_program(const Program&, NativeHandle, std::int64_t&) { return -1; }
  static NativeHandle given_channel() { return no_handle; }
  static int ended(std::int64_t, ProcessEnd&) { return -1; }
  static int send_signal(std::int64_t, int) { return -1; }
  static bool take_variable(const char*, std::string&) { return false; }
  static std::int64_t process_id() { return 1; }
  static int child_signal() { return 0; }
  static void end_process(int) {}
  static bool hands_over_in_turn() { return true; }
};
static_assert(MachineProcesses<Processes>);
}
""",
    "fork.hpp": "#pragma once\nnamespace net::inline NET_ABI::detail { inline void take_shared_locks_at_fork() noexcept {} }\n",
}

# C++'s own, which the library may name: numbers of errors, limits of numbers, what works in memory alone.
MACROS = re.compile(
    r"E(?!OF$|XIT_)[A-Z0-9]+|U?INT\w*_(?:MAX|MIN)|(?:SIZE|PTRDIFF)_MAX|__U?INT64_C|NULL|offsetof|stderr"
    r"|__cpp_lib_\w+|__GLIBCXX__|_GLIBCXX_INLINE_VERSION|_LIBCPP_\w+"
)
FUNCTIONS = set("__acrt_iob_func abort atexit fprintf memchr memcmp memcpy memmove memset strlen".split())
TAKEN_AWAY = '[[deprecated("asks the system")]]'

# Each stands in a function, and in a template that nobody instantiates: the compiler must refuse both.
PLANTS = """
::recv(0, nullptr, 0, 0)
::getpid()
getpid()
::close(0)
::time(nullptr)
time(nullptr)
::clock()
::getenv("HOME")
std::getenv("HOME")
std::fopen("/dev/null", "r")
::syscall(1)
AF_INET
SIGTERM
O_NONBLOCK
CLOCK_MONOTONIC
SOL_SOCKET
EPOLLIN
errno
sizeof(sockaddr_in)
sizeof(pollfd)
""".strip().split("\n")
PLANTED_HEADERS = ["sys/socket.h", "unistd.h", "errno.h", "pthread.h", "windows.h"]


class World:
    """A directory without a system, and what one compiler finds in it."""

    def __init__(self, check, cxx):
        self.cxx = cxx
        self.directory = check.directory / re.sub(r"\W", "_", name(cxx))
        self.include = self.directory / "include"
        self.standard = self.directory / "standard"
        shutil.copytree(INCLUDE, self.include, ignore=lambda path, names: names if path.endswith("/detail/sys") else [])
        for file in KEPT:
            shutil.copy(INCLUDE / SYSTEM / file, self.include / SYSTEM)
        for file, text in INSTEAD.items():
            (self.include / SYSTEM / file).write_text(text, "utf-8")
        self.before = self.standard_library()
        self.taken_away = self.functions_to_take_away()
        self.before += self.taken_away

    def compile(self, what, text, paths):
        source = self.directory / f"{what}.cpp"
        source.write_text(text, "utf-8")
        all_errors = "-ferror-limit=0" if any("clang" in part for part in self.cxx) else "-fmax-errors=0"
        options = ["-fsyntax-only", "-nostdinc", "-nostdinc++", "-Werror=deprecated-declarations", "-Wno-attributes", all_errors]
        where = (part for path in (self.standard, *paths) for part in ("-I", path))
        return run([*self.cxx, STANDARD, *options, *where, source])

    def standard_library(self):
        """The C++ library as one text, and its own macros alone; its headers are empty files from now on."""
        texts = (path.read_text("utf-8") for path in self.include.rglob("*.[hi]pp"))
        wanted = {each for text in texts for each in re.findall(r"^\s*#\s*include\s*<([^>]+)>", text, re.M)}
        wanted &= STANDARD_HEADERS | STANDARD_PARTS
        everything = self.directory / "everything.cpp"
        everything.write_text("".join(f"#if __has_include(<{each}>)\n#include <{each}>\n#endif\n" for each in sorted(wanted)))
        text = run([*self.cxx, STANDARD, "-E", everything], check=True).stdout
        for each in (each for each in wanted if f'/{each}"' in text):
            stub = self.standard / each
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.touch()
        macros = run([*self.cxx, STANDARD, "-E", "-dM", everything], check=True).stdout
        kept = [line for line in macros.splitlines() if MACROS.fullmatch(re.match(r"#define (\w+)", line)[1])]
        return "\n".join([text, *kept, ""])

    def functions_to_take_away(self):
        """Each function of the system's is declared again, as one that must not be named."""
        names = sorted(set(re.findall(r"\b([a-z_]\w*) ?\(", of_the_system(self.before))) - FUNCTIONS)
        lines = [f'extern "C" {TAKEN_AWAY} decltype(::{each}) {each}; namespace std {{ using ::{each}; }}\n' for each in names]
        while True:
            result = self.compile("functions", f'{self.before}#line 1 "functions"\n{"".join(lines)}', [])
            refused = errors(result, "functions")  # no function, or one of several
            if not refused:
                return "".join(lines)
            lines = [line for number, line in enumerate(lines, 1) if number not in refused]

    def library(self):
        own = "".join(f"#include <{header}>\n" for header in headers() if not header.startswith(SYSTEM))
        return self.compile("library", f'{self.before}#include "tests/support/least_machine.hpp"\n{own}', [ROOT, self.include])

    def noticed(self):
        """The plants that the compiler refuses: (number, 0 in a function or 1 in a template)."""
        lines = [f"inline void in_function() {{ (void)({each}); }}\ntemplate <class T> void in_template() {{ (void)({each}); }}\n"
                 for each in PLANTS]
        text = "".join(f"namespace net::plant_{number} {{\n{each}}}\n" for number, each in enumerate(lines))
        result = self.compile("plants", f'{self.before}#line 1 "plants"\n{text}', [])
        return {divmod(number - 2, 4) for number in errors(result, "plants")}


def of_the_system(text):
    """What a preprocessed text has of headers that are not the C++ library's."""
    kept, is_the_systems = [], False
    for line in text.splitlines():
        if marker := MARKER.match(line):
            is_the_systems = "/c++/" not in marker[1]
        elif is_the_systems:
            kept.append(line)
    return "\n".join(kept)


def errors(result, file):
    return {int(number) for number in re.findall(rf"^{file}:(\d+):\d+: (?:fatal )?error", result.stderr, re.M)}


def main():
    check = Check(__doc__.splitlines()[0])
    for cxx in check.compilers:
        world = World(check, cxx)
        check.expect(world.taken_away.count("\n") > 100, f"functions of the system's that are taken away, {name(cxx)}")
        result = world.library()
        result.stderr = "\n".join(line for line in result.stderr.splitlines() if "error" in line)
        check.expect(result.returncode == 0, f"the library without a system, {name(cxx)}", said(result, 40))
        noticed = world.noticed()
        for number, plant in enumerate(PLANTS):
            for line, where in enumerate(("a function", "a template")):
                check.expect((number, line) in noticed, f"{plant} in {where} is not noticed, {name(cxx)}")
        for header in PLANTED_HEADERS:
            result = world.compile("header", f"#include <{header}>\n", [world.include])
            check.expect(result.returncode != 0, f"<{header}> can be included, {name(cxx)}")
    check.finish("nothing outside of net/detail/sys/ asks the system")


if __name__ == "__main__":
    main()
