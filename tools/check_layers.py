#!/usr/bin/env python3
"""Check what the headers include: only headers further down, the system in one place, no costly std header.

Also what a header must look like: its guard's name, no #pragma once, no using-directive, all names inside NET_ABI.
"""
import functools
import pathlib
import re
import sys

INCLUDE = pathlib.Path(__file__).resolve().parent.parent / "include"

# Top to bottom; a header includes only headers that stand further down or further right.
# docs/ARCHITECTURE.md shows the same table and says why.
LAYERS = """
net

net/reader  net/task  net/worker_pool
net/detail/event_awaiter  net/detail/task_promise  net/detail/job_state

net/connect
net/server
net/detail/server_state
net/socket
net/detail/connector
net/detail/connect_plan  net/detail/resolver
net/detail/socket_connecting  net/detail/socket_closing  net/detail/socket_reading  net/detail/socket_flowing  net/detail/socket_writing  net/detail/socket_options
net/detail/connect_checks
net/detail/socket_state
net/detail/pipe
net/detail/payload
net/options
net/abort

net/loop
net/detail/signals
net/detail/retry
net/detail/loop_core
net/detail/handle
net/emitter

net/detail/platform
net/detail/channel  net/detail/acceptor
net/detail/poller_epoll  net/detail/poller_poll  net/detail/poller_kqueue  net/detail/poller_iocp
net/detail/poller
net/detail/watcher
net/detail/os_address  net/detail/os_thread
net/detail/os

net/detail/write_queue
net/detail/decoder
net/block_list  net/socket_address  net/chunk  net/encoding
net/detail/timer_queue  net/detail/listeners
net/detail/endpoint
net/detail/rule_line  net/detail/block_rules  net/detail/json_strings  net/detail/url_host  net/detail/idna
net/detail/interval_set  net/detail/ip_address  net/detail/shared_lock
net/detail/key_index  net/detail/queue  net/detail/ref
net/detail/function  net/detail/fixed_string  net/detail/list  net/detail/room  net/detail/socket_gates
net/error  net/ip  net/duration
net/detail/ip_grammar  net/detail/error_names  net/detail/atomic
net/detail/abi
""".split()

ABI = "net/detail/abi"
SYSTEM_DOOR = "net/detail/os"
# Parts of a standard library, used where __has_include finds them.
STANDARD_PARTS = {"bits/chrono.h"}

STANDARD = set(
    """algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
    condition_variable coroutine deque exception execution filesystem format forward_list fstream functional future
    initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
    memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
    semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view
    strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility
    valarray variant vector version
    cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath csetjmp csignal cstdarg cstddef cstdint cstdio
    cstdlib cstring ctime cuchar cwchar cwctype""".split()
)

# Thousands of lines each. Inside an #if they are for those who have no other way.
COSTLY = set(
    """algorithm atomic charconv chrono condition_variable filesystem functional future iostream istream memory
    mutex ostream ranges regex sstream stop_token thread unordered_map unordered_set""".split()
)
# What a header cannot do without, with the reason beside it.
COSTLY_BUT_NEEDED = {}


@functools.cache
def reached_from(name):
    """The headers that it includes, and those that they include."""
    path = INCLUDE / f"{name}.hpp"
    text = path.read_text("utf-8") if path.is_file() else ""
    direct = re.findall(r"^\s*#\s*include\s*<(net(?:/[^>]+)?)\.hpp>", text, re.M)
    return frozenset(direct).union(*(reached_from(below) for below in direct))


def problems(name, text):
    guard = re.sub(r"\W", "_", name.upper()) + "_HPP"
    first = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.M)
    if not first or first[1] != guard or first[2] != guard:
        yield 1, f"the include guard must be {guard}"
    if name not in LAYERS:
        yield 1, "has no place among the LAYERS of tools/check_layers.py: give it one, there and in docs/ARCHITECTURE.md"

    if name != ABI and ABI not in reached_from(name):
        yield 1, f"does not reach {ABI}.hpp, which defines the namespace of all names"

    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#\s*if", line):
            depth += 1
        elif re.match(r"\s*#\s*endif", line):
            depth -= 1
        elif re.match(r"\s*#\s*pragma\s+once", line):
            yield number, "#pragma once: the include guard does it"
        if re.search(r"\busing\s+namespace\b", line.split("//")[0]):
            yield number, "a using-directive in a header is the user's too"
        if re.match(r"\s*namespace net\b(?!::inline NET_ABI\b)", line):
            yield number, "what stands in net is something else without exceptions: namespace net::inline NET_ABI…"
        include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not include:
            continue
        quote, target = include[1], include[2]
        if quote == '"':
            yield number, f'"{target}": write <net/…>, so that it is found from everywhere'
        elif re.fullmatch(r"net(/.*)?\.hpp", target):
            below = target.removesuffix(".hpp")
            if {name, below} <= set(LAYERS) and LAYERS.index(below) <= LAYERS.index(name):
                yield number, f"{target} is not further down"
        elif target not in STANDARD | STANDARD_PARTS:
            if name != SYSTEM_DOOR:
                yield number, f"<{target}> is the system's: only {SYSTEM_DOOR}.hpp includes it"
        elif target in COSTLY and depth == 1 and target not in COSTLY_BUT_NEEDED.get(name, ()):
            yield number, f"<{target}> costs every user thousands of lines"


def main():
    found = 0
    headers = sorted(INCLUDE.rglob("*.hpp"))
    for path in headers:
        name = path.relative_to(INCLUDE).as_posix().removesuffix(".hpp")
        for number, problem in problems(name, path.read_text("utf-8")):
            print(f"include/{name}.hpp:{number}: {problem}", file=sys.stderr)
            found += 1
    if found:
        sys.exit(f"{found} against the rules of the layers")
    print(f"{len(headers)} headers keep to their layers")


if __name__ == "__main__":
    main()
