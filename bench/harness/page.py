"""docs/BENCHMARKS.md, made from the results and nothing else."""

from . import clusters, goals
from .counting import FIGURES
from .costs import ECHO_FILES
from .loops import WAYS, WORK
from .peers import PEERS
from .timing import ROWS

TITLES = {peer.key: peer.title for peer in PEERS}
COLUMNS = [peer.key for peer in PEERS if peer.key not in ("bare-gather", "bare-large", "node-cork")]
# Peers that exist for one row stand in the column of their kin, after a slash.
BESIDE = {"bare": ("bare-gather", "bare-large"), "node": ("node-cork",)}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def number(value):
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}".rstrip("0").rstrip(".")
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def _present(columns, section):
    return [key for key in columns if any(key in row for row in section.values())]


def timed(section):
    rows = section["rows"]
    columns = _present(COLUMNS, rows)

    def cell(row, key, what):
        values = [rows[row.key].get(one, {}).get(what) for one in (key, *BESIDE.get(key, ()))]
        if values[0] is None:
            return "–"
        return " / ".join(f"{value:.2f}" for value in values if value is not None)

    shown = [row for row in ROWS if row.key in rows]

    def ratios(what):
        return table(["", *(TITLES[key] for key in columns)],
                     [[row.title, *(cell(row, key, what) for key in columns)] for row in shown])

    def absolute(key):
        out = []
        for row in shown:
            if key not in rows[row.key]:
                continue
            own = rows[row.key][key]
            low, high = own["rate_spread"]
            out.append([row.title, f"{number(own['rate'])} {row.unit}/s", f"{own['cpu'] * 1e6:.2f}",
                        f"{own['rate_ratio']:.2f} ({low:.2f}–{high:.2f})"])
        return out

    head = ["", "median", "server CPU, µs each", "ratio of rates (quartiles)"]
    parts = [
        "### Throughput, as a multiple of the floor\n",
        "More is better. After a slash stand variants: the floor with one gathering send in the burst row and with a"
        " 256 KiB buffer in the stream rows, Node with `cork()` in the burst row.\n",
        ratios("rate_ratio"),
        "\n### Server CPU for each message, connection or byte, as a multiple of the floor\n",
        "Less is better.\n",
        ratios("cpu_ratio"),
        "\n### The figures behind the ratios\n",
        "The floor:\n", table(head, absolute("bare")),
        "\nnet.hpp with callbacks over epoll:\n", table(head, absolute("net")) if "net" in columns else "",
    ]
    return "\n".join(parts)


def counted(section):
    columns = _present(COLUMNS, section)

    def line(what, each):
        out = []
        for figure in FIGURES:
            row = section.get(figure.key, {})
            if not any(what in row.get(key, {}) for key in columns):
                continue
            out.append([figure.title, *(each(row.get(key, {}).get(what)) for key in columns)])
        return table(["", *(TITLES[key] for key in columns)], out)

    def calls(value):
        return "–" if value is None else number(sum(value.values()))

    def memory(value):
        return "–" if value is None else number(value["allocations"]) + (
            f" ({number(value['bytes'])} B)" if value["allocations"] > 0.005 else "")

    own = section.get("visit", {}).get("net", {}).get("system_calls", {})
    return "\n".join([
        "### User-space instructions\n", line("instructions", number),
        "\n### System calls\n", line("system_calls", calls),
        "\nA connection (accept, echo, close) of net.hpp: "
        + ", ".join(f"{name} {number(count)}" for name, count in sorted(own.items())) + ".\n" if own else "",
        "\n### Allocations, and their bytes\n", line("allocations", memory),
    ])


def compiled(section):
    asio = section.get("asio", {})
    rows = []
    for key, file in ECHO_FILES.items():
        if key not in section:
            continue
        own = section[key]
        ratio = f"{own['O0'] / asio['O0']:.2f} / {own['O2'] / asio['O2']:.2f}" if asio else "–"
        rows.append([file.title, f"{own['O0']:.2f}", f"{own['O2']:.2f}", ratio, f"{own['lines']:,}", f"{own['bytes']:,}"])
    return table(["echo server in one file", "CPU s at -O0", "at -O2", "times Asio", "preprocessed lines", "stripped bytes"], rows)


def memory(section):
    rows = [[TITLES[key], number(own["idle"]), number(own["greeted"])] for key, own in section["peers"].items()]
    return table(["resident bytes for each connection", "never sent anything", "after one message"], rows)


def many_loops(section):
    rows = [[title, *(f"{number(own['rate'])} ({own['ratio']:.2f})" for own in section[str(work)].values())]
            for work, title in WORK.items()]
    return table(["messages/s, and as a multiple of one loop", *WAYS.values()], rows)


def in_workers(section):
    served = section["served"]
    peers = [peer for peer in (clusters.OURS, clusters.NODES) if peer.key in served]
    rows = [[title, *(f"{number(served[peer.key][way]['rate'])} ({served[peer.key][way]['ratio']:.2f})" for peer in peers)]
            for way, title in clusters.WAYS.items()]
    if len(peers) == 2:
        for row, way in zip(rows, clusters.WAYS):
            row.append(f"{served[clusters.OURS.key][way]['of_node']:.2f}")
    calls = section["system_calls"]
    return "\n".join([
        table(["connections/s, and as a multiple of one process", *(peer.title for peer in peers), *["net.hpp, of Node"][:len(peers) - 1]],
              rows),
        f"\nA socket is handed over to another process {number(section['handovers'])} times a second, as fast as both can, with"
        f" {number(sum(calls.values()))} system calls in both of them: "
        + ", ".join(f"{name} {number(count)}" for name, count in sorted(calls.items())) + "."])


def page(results):
    parts = [TOP]
    for name, heading, intro, render in SECTIONS:
        section = results.get(name)
        if section is None:
            continue
        parts.append(f"## {heading}\n\n{intro.format(**section['how'])}\n\n{render(section['data'])}\n")
    parts.append(goals.section(results))
    parts.append("## The machine\n\n" + "\n".join(f"- {line}" for line in results["machine"]) + "\n")
    left_out = results.get("left_out", {})
    if left_out:
        parts.append("Left out: " + "; ".join(f"{TITLES.get(key, key)} ({why})" for key, why in left_out.items()) + ".\n")
    parts.append(BOTTOM)
    return "\n".join(parts)


SECTIONS = [
    ("timed", "Timed", "Figures are medians of {rounds} rounds of {seconds} s each. A round measures every server once, in an"
     " order that changes, and a ratio is one of its round. The floor is the least code over level-triggered epoll, with a"
     " 64 KiB buffer, that does the job. The server ran on core {server_core}, the load on core {load_core}, {date}.", timed),
    ("loops", "Many loops", "net.hpp ran on one loop and on two; figures are medians of {rounds} rounds of {seconds} s each. Server"
     " and load share the two cores, unpinned, so two loops cannot be twice as fast unless the server computes. {date}.",
     many_loops),
    ("clusters", "Workers of a cluster", "Each connection is one message of 64 B, {work} µs of work, the echo and the end; 50 are"
     " open at a time. Figures are medians of {rounds} rounds of {seconds} s each. Workers and load share the two cores, unpinned."
     " Two workers cannot be twice as fast beside a load that keeps a core busy. {date}.", in_workers),
    ("counted", "Counted", "Each figure is the difference of two counts: a run with few messages or connections, and one with"
     " many. So what a server does at its start drops out. callgrind counts instructions, strace system calls, a preloaded"
     " library allocations. They repeat within about 1 %. Tests hold net.hpp to the recorded ones. {date}.",
     counted),
    ("memory", "Memory", "The server gets {connections:,} connections more; the table says how much its resident memory grows for"
     " each. The kernel's own memory for a socket is not in it. {date}.", memory),
    ("compiled", "Compiling", "CPU seconds of one compilation, the median of {repeats}. {date}.", compiled),
]

TOP = """# Benchmarks

These are the same small servers over this library, bare epoll, standalone Asio, libuv and Node, under the same load.
`bench/run` measures every figure and writes this page.
"""

BOTTOM = """## How to repeat it

```sh
apt-get install g++ libasio-dev libuv1-dev valgrind strace npm
bench/run                      # everything, about an hour; --rounds 5 or --quick for a first look
bench/run --only counted       # one part: timed, loops, clusters, counted, memory, compiled; the others stay as they were
bench/check_counted            # what the tests hold the library to; --record after a change that is meant
```

The timed part needs two cores that nothing else uses. 10,000 connections need a descriptor limit above 10,200
(`ulimit -n`) in both processes.

## What it does not show

- All traffic is on loopback: no network card, no loss, no latency. The kernel's part of a message is smaller here than
  anywhere else, so libraries differ more than they do in real use.
- The server has one thread, and so has the load. The load generator is raw epoll in C++, but it does as much kernel work
  as the server. Where both are busy, throughput says less than the server's CPU.
- A virtual machine drifts by a factor of two within minutes. Trust the ratios within a round, not the absolute figures.
  With 25 rounds a ratio is good to about 6 %, with 8 to about 15 %.
- Node's instructions and allocations are left out: most are a garbage collector's and a compiler's.
- Instructions are not time. A cache miss counts as one instruction, and so does a system call; system calls are listed
  apart.
- TLS, names, more than two cores, and Windows are not measured.
"""
