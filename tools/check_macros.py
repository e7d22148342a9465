#!/usr/bin/env python3
"""Check that <net.hpp> leaves no macro behind but NET_…, and stands the macros that others define."""
import foreign_macros
import preprocessed
from toolchain import FLAVOURS, INCLUDE, STANDARD, Check, is_cross, name, run, said

OURS = "#include <net.hpp>\n"
# What a program says when all of them are there.
USE = """
net::Task<> serve(net::Socket client) {
  try {
    net::Reader reader(client);
    while (const auto line = co_await reader.readLine(100, {.timeout = 1000})) co_await net::write(client, *line);
    client.end();
  } catch (const net::Error& error) {
    if (error.code() == net::Errc::ERR_TIMEOUT) client.destroy();
  }
}
int main() {
  const auto server = net::createServer({.allowHalfOpen = true}, serve);
  server.on<"error">([](const net::Error&) {});
  server.listen({.port = 0, .host = "127.0.0.1"}, [](const net::Server& self) { net::stopGracefully(self); });
  const auto socket = net::connect(server.address()->port, [] {});
  socket.once<"data">([](const net::Socket& self, net::Chunk chunk) { self.end(chunk.toString(net::Encoding::hex)); });
  if (net::BlockList list; !(list.check)("127.0.0.1")) net::run();
}
"""


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


def hostile_macros(check, libraries):
    """Name → (parameters, who defines it, whether the system may too): all that others define, wherever it is found."""
    found = {}

    def add(macro, whose, may_be_the_systems):
        name, call, _ = macro.partition("()")
        found[name] = ("(...)" if call else "", whose, may_be_the_systems)

    for whose, (library, arguments) in libraries.items():
        for macro in foreign_macros.of_library(check, whose, library, arguments, check.compilers[0]):
            add(macro, whose, True)
    for whose, listed in foreign_macros.KNOWN.items():
        for macro in listed.split():
            add(macro, whose, False)
    return found


def hostile(check, cxx, flavour, directory, others, macros):
    """Each of them is defined as what no compiler accepts, when the system's headers are there already."""
    systems = preprocessed.macros(cxx, directory, others)
    lines = [f'#include "{others}"\n']
    for macro, (parameters, whose, may_be_the_systems) in macros.items():
        if not may_be_the_systems or macro not in systems:
            nonsense = f"@{macro}_is_a_macro_of_{whose.replace(' ', '_')}@"
            lines.append(f"#undef {macro}\n#define {macro}{parameters} {nonsense}\n")
    file = check.source("hostile.cpp", "".join(lines) + OURS + USE)
    result = run([*cxx, STANDARD, "-fsyntax-only", "-I", directory, file])
    check.expect(result.returncode == 0, f"hostile macros before the {flavour}, {name(cxx)}", said(result))


def together(check, cxx, libraries):
    """The headers themselves: those of all libraries before ours, and after."""
    here = {whose: use for whose, use in libraries.items() if not use[0].compiler}
    theirs = "".join(library.text() for library, _ in here.values())
    arguments = list(dict.fromkeys(argument for _, each in here.values() for argument in each))
    commands = []
    for way, text in (("before", theirs + OURS), ("after", OURS + theirs)):
        file = check.source(f"{way}.cpp", text + USE)
        commands.append((f"the headers of {', '.join(here)} {way} <net.hpp>, {name(cxx)}",
                         [*cxx, STANDARD, *arguments, "-fsyntax-only", "-I", INCLUDE, file]))
    if here:
        check.all_succeed(commands)


def main():
    check = Check(__doc__)
    ours = check.source("ours.cpp", OURS)
    libraries = {} if is_cross(check.compilers[0]) else foreign_macros.installed()
    macros = hostile_macros(check, libraries)
    for cxx in check.compilers:
        for flavour, directory in FLAVOURS.items():
            paths = preprocessed.outside_headers(cxx, directory, ours)
            others = check.source("others.cpp", "".join(f'#include "{path}"\n' for path in paths))
            check.expect(paths, f"the headers of others that the {flavour} includes, {name(cxx)}")
            left_behind(check, cxx, flavour, directory, ours, others)
            hostile(check, cxx, flavour, directory, others, macros)
        together(check, cxx, libraries)
    check.finish(f"no macro but NET_… comes out, and none of others gets in: {len(macros)} names")


if __name__ == "__main__":
    main()
