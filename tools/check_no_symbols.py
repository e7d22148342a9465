#!/usr/bin/env python3
"""Check that a file which includes <net.hpp> and uses nothing has no symbol of it, compiled once or in every file; and
that a header-only program has the code of what it asks for, but not of what it could have asked for."""
import itertools

from toolchain import FLAVOURS, INCLUDE, STANDARD, WAYS, Check, name, run, run_all, said

ECHO = """#include <net.hpp>

int main() {
  net::Server server = net::createServer([](net::Socket socket) {
    socket.on<"data">([socket](net::Chunk chunk) { socket.write(chunk); });
  });
  server.listen(7000, "127.0.0.1");
  USES
  net::run();
}
"""

# What an echo server does not ask for: what in a symbol says that it is there, and who asks for it.
NOT_ASKED_FOR = {
    "listening on a path": ("ServerState::listen_path", 'server.listen("path");'),
    "listening on a descriptor": ("ServerState::listen_descriptor", "server.listen({.fd = 3});"),
    "signals": ("AbortState::attach_hook", "net::AbortController controller;"),
    "pipes": ("Pipes::", "net::Socket from, to; from.pipe(to);"),
    "memory of the user's to read into": ("::read_onread", "net::Socket reading{net::SocketOptions{}};"),
    "connections of its own": ("Connector::", "net::connect(1);"),
    "decoding": ("Decoder::", 'net::Socket socket; socket.setEncoding("utf8");'),
    "block lists": ("BlockRules::look", 'net::BlockList list; list.addAddress("1.2.3.4");'),
    "files": ("FileReading::", 'net::FileReader file("file");'),
}


def symbols(check, output):
    listing = run(["nm", "-C", output])
    check.expect(listing.returncode == 0, f"nm {output}", listing.stderr)
    return listing.stdout


def check_unused(check, cxx):
    file = check.source("unused.cpp", "#include <net.hpp>\n")
    for (flavour, directory), (way, flags) in itertools.product(FLAVOURS.items(), WAYS.items()):
        what = f"{flavour} included and not used, {way}, {name(cxx)}"
        output = check.directory / "unused.o"
        compiled = run([*cxx, STANDARD, *flags, "-c", "-I", directory, file, "-o", output])
        check.expect(compiled.returncode == 0, what, said(compiled))
        if compiled.returncode == 0:
            ours = [line for line in symbols(check, output).splitlines() if "net::" in line or "net_hpp" in line]
            check.expect(not ours, f"{what}: symbols", "\n".join(ours))


def check_echo(check, cxx):
    uses = {"": "", **{feature: use for feature, (_, use) in NOT_ASKED_FOR.items()}}
    commands = []
    for at, (feature, use) in enumerate(uses.items()):
        file = check.source(f"echo_{at}.cpp", ECHO.replace("USES", use))
        commands.append((feature, [*cxx, STANDARD, "-c", "-I", INCLUDE, file, "-o", file.with_suffix(".o")]))
    there = {}
    for at, (feature, compiled) in enumerate(run_all(commands)):
        check.expect(compiled.returncode == 0, f"an echo server with {feature or 'nothing else'}, {name(cxx)}", said(compiled))
        there[feature] = symbols(check, check.directory / f"echo_{at}.o") if compiled.returncode == 0 else ""
    for feature, (symbol, _) in NOT_ASKED_FOR.items():
        check.expect(symbol not in there[""], f"an echo server has no code of {feature}, {name(cxx)}")
        check.expect(symbol in there[feature], f"who asks for {feature} has the code of it, {name(cxx)}")


def main():
    check = Check(__doc__)
    for cxx in check.compilers:
        check_unused(check, cxx)
        check_echo(check, cxx)
    check.finish("a header that is not used costs nothing, and a program has the code of what it asks for")


if __name__ == "__main__":
    main()
