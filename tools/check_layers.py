#!/usr/bin/env python3
"""Check what the headers include: only headers further down, the system in one place, no costly std header.

Also what a header must look like: its guard's name, no #pragma once, no using-directive, all names inside NET_ABI,
nothing that only some compilers know, and detail::exchange for std::exchange, which is slow to compile.
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

net/pipeline
net/file
net/detail/file/reading  net/detail/file/writing
net/detail/file/state
net/detail/file/file_handle
net/promise  net/reader  net/task_group  net/worker_pool
net/detail/coro/results
net/detail/coro/task_of
net/task
net/detail/coro/joined_tasks
net/acceptor
net/detail/coro/event_awaiter  net/detail/coro/received_bytes
net/detail/coro/task_promise
net/detail/work/job

net/cluster
net/detail/cluster/own_side  net/detail/cluster/primary
net/detail/cluster/shared_server
net/detail/cluster/worker_state
net/detail/cluster/wire
net/detail/sys/processes
net/detail/sys/posix/processes  net/detail/sys/windows/processes

net/ipc_channel
net/detail/ipc/pull  net/detail/ipc/receive  net/detail/ipc/send
net/detail/ipc/state
net/detail/ipc/events  net/detail/ipc/handover  net/detail/ipc/outgoing
net/detail/ipc/frame_reader
net/detail/ipc/frames

net/detail/coro/wait_place
net/detail/coro/wait_limit
net/detail/coro/braced_options  net/detail/coro/needs_co_await  net/detail/coro/running_task
net/detail/coro/kept_arguments

net/connect
net/server
net/detail/listen/accept  net/detail/listen/connections
net/detail/listen/state
net/detail/listen/events  net/detail/listen/served_elsewhere
net/socket
net/detail/connect/start
net/detail/connect/race
net/detail/connect/connector
net/detail/connect/connected
net/detail/connect/attempts  net/detail/connect/lookup
net/detail/stream/adopt  net/detail/stream/close  net/detail/stream/finish  net/detail/stream/flow
net/detail/stream/leave
net/detail/stream/options  net/detail/stream/read  net/detail/stream/readable  net/detail/stream/reconnect
net/detail/stream/send  net/detail/stream/write
net/detail/stream/payload  net/detail/stream/pipe_socket  net/detail/stream/steps
net/detail/connect/checks
net/detail/stream/state
net/detail/stream/connection  net/detail/stream/events  net/detail/stream/gates  net/detail/stream/pipe
net/detail/stream/pipe_link  net/detail/stream/user_data  net/detail/stream/write_queue
net/detail/stream/positions
net/options
net/abort
net/loop
net/detail/loop/keeps_alive  net/detail/loop/retry  net/detail/loop/signals
net/detail/loop/fork  net/detail/loop/turn
net/detail/loop/core
net/detail/loop/owing
net/detail/loop/handle
net/detail/loop/receive_buffer  net/detail/loop/timer_queue
net/block_list

net/detail/sys/endpoint_text
net/detail/sys/fork
net/detail/sys/machine
net/detail/sys/poller  net/detail/sys/posix/machine  net/detail/sys/windows/machine
net/detail/sys/bsd/kqueue  net/detail/sys/linux/epoll  net/detail/sys/posix/poll  net/detail/sys/windows/port_poller
net/detail/sys/posix/files  net/detail/sys/posix/messages  net/detail/sys/posix/names  net/detail/sys/posix/signals
net/detail/sys/posix/acceptor  net/detail/sys/posix/channel
net/detail/sys/posix/address  net/detail/sys/posix/thread
net/detail/sys/posix/calls  net/detail/sys/posix/system_address
net/detail/sys/bsd/event  net/detail/sys/posix/headers
net/detail/sys/windows/files  net/detail/sys/windows/messages  net/detail/sys/windows/names  net/detail/sys/windows/signals
net/detail/sys/windows/acceptor
net/detail/sys/windows/channel  net/detail/sys/windows/pipe_server
net/detail/sys/windows/afd  net/detail/sys/windows/pipe  net/detail/sys/windows/waker
net/detail/sys/windows/address  net/detail/sys/windows/pipe_name  net/detail/sys/windows/port
net/detail/sys/windows/calls  net/detail/sys/windows/command_line
net/detail/sys/windows/errors  net/detail/sys/windows/thread
net/detail/sys/windows/system
net/detail/io/machine
net/detail/io/acceptor  net/detail/io/files  net/detail/io/messages  net/detail/io/processes
net/detail/io/channel
net/detail/io/poller
net/detail/io/watcher
net/detail/io/native_handle

net/emitter
net/detail/events/own_listeners
net/detail/events/event
net/detail/events/listeners
net/detail/block_list/rule_line
net/detail/block_list/rules
net/detail/block_list/interval_set
net/detail/block_list/key_index
net/socket_address
net/chunk
net/detail/text/decoder
net/encoding
net/detail/text/endpoint  net/detail/text/idna  net/detail/text/json_strings  net/detail/text/url_host
net/detail/text/ip_address
net/error  net/ip  net/duration
net/detail/text/error_names  net/detail/text/ip_grammar
net/detail/base/fixed_string  net/detail/base/function  net/detail/base/lock_guard  net/detail/base/page_buffer
net/detail/base/identity  net/detail/base/position  net/detail/base/queue  net/detail/base/rare  net/detail/base/ref  net/detail/base/shared_lock
net/detail/base/listed_lock  net/detail/base/maybe  net/detail/base/on_throw  net/detail/base/vec
net/detail/base/access  net/detail/base/atomic  net/detail/base/cast  net/detail/base/exchange
net/detail/base/abi
""".split()

ABI = "net/detail/base/abi"
SYSTEM = "net/detail/sys/"  # the only folder that sees an operating system
# A call of the system's, one of its constants, or a way round check_system.py, which sees what a compiler sees: not what
# an #if leaves out. errno values are the errors of every machine.
CALL = re.compile(
    r"""(?:^|[^\w:>"])::(?!operator\b|new\b|net\b)[a-z_]\w*\(|\bextern "C"|\basm\b"""
    r"""|\bos::\w+|\b(?:AF|SO|SOL|SOCK|IPPROTO|TCP|MSG|AI|SIG)_[A-Z_]+\b|\bE?POLL[A-Z]+\b"""
)
# What only some compilers know, unless an #if asks for them.
EXTENSION = re.compile(r"\b__(?:builtin_\w+|attribute__|int128|PRETTY_FUNCTION__|typeof__)")
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
    direct = {below for below in re.findall(r"^\s*#\s*include\s*<(net(?:/[^>]+)?)\.hpp>", text, re.M) if below != name}
    return frozenset(direct).union(*(reached_from(below) for below in direct))


def problems(name, suffix, text):
    guard = re.sub(r"\W", "_", name.upper()) + "_" + suffix.upper()
    first = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.M)
    if not first or first[1] != guard or first[2] != guard:
        yield 1, f"the include guard must be {guard}"
    if name not in LAYERS:
        yield 1, "has no place among the LAYERS of tools/check_layers.py: give it one, there and in docs/ARCHITECTURE.md"

    if suffix == "hpp" and name != ABI and ABI not in reached_from(name):
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
        code = line.split("//")[0]
        if not name.startswith((SYSTEM, ABI)) and (found := CALL.search(code)):
            yield number, f"{found[0].strip()} is the system's: ask the machine"
        if "std::exchange(" in code:
            yield number, "std::exchange costs four traits for each pair of types: detail::exchange"
        if depth == 1 and (found := EXTENSION.search(code)):
            yield number, f"{found[0]} is not known to all compilers: an #if must ask for those that know it"
        include = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not include:
            continue
        quote, target = include[1], include[2]
        if quote == '"':
            yield number, f'"{target}": write <net/…>, so that it is found from everywhere'
        elif re.fullmatch(r"net(/.*)?\.[hi]pp", target):
            below = target[:-4]
            if below == name or target.endswith(".ipp"):
                continue  # the bodies of what is declared here, or the declarations of what has its bodies here
            if {name, below} <= set(LAYERS) and LAYERS.index(below) <= LAYERS.index(name):
                yield number, f"{target} is not further down"
        elif target not in STANDARD | STANDARD_PARTS:
            if not name.startswith(SYSTEM):
                yield number, f"<{target}> is the system's: only what stands in {SYSTEM} includes it"
        elif suffix == "hpp" and target in COSTLY and depth == 1 and target not in COSTLY_BUT_NEEDED.get(name, ()):
            yield number, f"<{target}> costs every user thousands of lines"


def main():
    found = 0
    headers = sorted(INCLUDE.rglob("*.[hi]pp"))
    for path in headers:
        name, _, suffix = path.relative_to(INCLUDE).as_posix().rpartition(".")
        for number, problem in problems(name, suffix, path.read_text("utf-8")):
            print(f"include/{name}.{suffix}:{number}: {problem}", file=sys.stderr)
            found += 1
    if found:
        sys.exit(f"{found} against the rules of the layers")
    print(f"{len(headers)} headers keep to their layers")


if __name__ == "__main__":
    main()
