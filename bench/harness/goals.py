"""What this library wants to reach, and whether it does: a table made from the results, with a reason for each miss."""

from .timing import ROWS

PING_PONG = ("pp_1", "pp_50", "pp_1000", "pp_50x16", "pp_1k", "pp_16k")
TITLES = {row.key: row.title for row in ROWS}

# Why a goal is missed, where it is: said only if the figures say so.
REASONS = {
    "stream": "The share that a larger buffer gains depends on the cache. Where the goal was set, 256 KiB gave the"
              " floor 1.3; here it gives what stands behind the slash above, with wide quartiles. net.hpp reads into"
              " 128 KiB and emits at most 64 KiB at a time, as Node does, so a listener's echo takes two sends for"
              " one receive.",
    "compile": "A header-only program compiles what it can reach, and a server can listen by name, be paused, timed,"
               " handed over and abandoned: 360 functions at -O2, none of which takes 2 % of the time. At -O0 half of"
               " the time is the header itself, in which all that a program does not use is read too. Whoever minds"
               " that compiles the library once.",
    "lines": "Waits, files, sockets that are handed over, and what a cluster asks of a server stand in the header since"
             " that goal was set, and are 12,000 lines.",
    "instructions": "A handle that a listener is given by reference stands in its object, so that the reference may be"
                    " kept; and a descriptor may have been forked, adopted or handed over. Each is looked at.",
    "calls": "A descriptor leaves the poller before it is closed: a copy of it, in a child process or by dup(2), would"
             " be reported for ever.",
    "bytes": "A connection has a place among those of its server, one for the data of its user, and one for the handle"
             " that its listeners are given.",
    "lone": "At one connection the server sleeps between messages, and a wake-up costs more than all the rest. The"
            " ratio moves by several percent from run to run.",
    "spread": "Where a peer is ahead by a few percent, that is within the spread of the rounds (see the quartiles"
              " above). Servers that make the same system calls change places from run to run.",
    "cpu": "The floor only moves bytes. What is above it is ticks, listeners and the write batch.",
    "coroutine": "A chunk that is awaited is a suspended frame, a paused socket and a resumed one: 300 instructions"
                 " more.",
    "idle": "This goal compares the medians of two rows that lie minutes apart, on a machine that drifts. The"
            " floor's own figure, in brackets, says by how much. The first table shows the ratio to the floor within"
            " the rounds of the row itself.",
}


def of_timed(rows):
    def ratio(row, peer, what="rate_ratio"):
        return rows.get(row, {}).get(peer, {}).get(what)

    for row in PING_PONG:
        if ratio(row, "net") is None:
            continue
        peers = {key: own["rate_ratio"] for key, own in rows[row].items() if not key.startswith(("net", "bare"))}
        best = max(peers.values(), default=0)
        why = "lone" if row == "pp_1" else "spread"
        yield (f"{TITLES[row]}: throughput, of the floor", "≥ 0.95", f"{ratio(row, 'net'):.2f}", ratio(row, "net") >= 0.945, why)
        yield ("… and no peer ahead", f"> {best:.2f}", f"{ratio(row, 'net'):.2f}", ratio(row, "net") >= best - 0.005, why)
        yield ("… server CPU", "≤ 1.05", f"{ratio(row, 'net', 'cpu_ratio'):.2f}", ratio(row, "net", "cpu_ratio") < 1.055, "cpu")
        if ratio(row, "net-coroutines") is not None:
            share = ratio(row, "net-coroutines") / ratio(row, "net")
            yield ("… with coroutines, of callbacks", "≥ 0.95", f"{share:.2f}", share >= 0.945, "coroutine")
    if ratio("stream", "net") is not None:
        yield ("stream echo, of the floor", "≥ 1.2", f"{ratio('stream', 'net'):.2f}", ratio("stream", "net") >= 1.195, "stream")
    if ratio("burst", "net") is not None:
        yield ("burst, of the floor's 16 sends", "≥ 8", f"{ratio('burst', 'net'):.1f}", ratio("burst", "net") >= 8, "")
    if ratio("idle", "net") is not None and ratio("pp_50", "net") is not None:
        kept = rows["idle"]["net"]["rate"] / rows["pp_50"]["net"]["rate"]
        floor = rows["idle"]["bare"]["rate"] / rows["pp_50"]["bare"]["rate"]
        yield (f"50 busy beside 10,000 idle, of 50 alone (floor: {floor:.2f})", "≥ 0.95", f"{kept:.2f}", kept >= 0.945, "idle")


def of_counted(section):
    def instructions(figure):
        return section.get(figure, {}).get("net", {}).get("instructions")

    def calls(figure):
        return sum(section.get(figure, {}).get("net", {}).get("system_calls", {}).values())

    for figure, title, most in (("echo_1", "instructions for each echo, 1 connection", 300), ("echo_50", "… 50 connections", 240),
                                ("burst", "… for each burst", 2000), ("close", "… for each connection accepted and closed", 1500)):
        if instructions(figure) is not None:
            yield (title, f"≤ {most:,}", f"{instructions(figure):,.0f}", instructions(figure) <= most, "instructions")
    for figure, title, most in (("echo_1", "system calls for each lone echo", 3), ("burst", "… for each burst", 3),
                                ("visit", "… for each connection (accept, echo, close)", 8)):
        if calls(figure):
            yield (title, f"≤ {most}", f"{calls(figure):.1f}".removesuffix(".0"), calls(figure) < most + 0.05, "calls")
    for figure, title, most in (("echo_1", "allocations for each message", 0), ("visit", "… for each connection", 2)):
        own = section.get(figure, {}).get("net", {}).get("allocations")
        if own:
            shown = f"{own['allocations']:.1f}".removesuffix(".0") + (f" ({own['bytes']:.0f} B)" if own["bytes"] >= 1 else "")
            limit = f"≤ {most}" + (" of ≤ 500 B" if most else "")
            yield (title, limit, shown, own["allocations"] < most + 0.05 and own["bytes"] <= 500, "")


def of_compiled(section):
    asio = section.get("asio")
    for key, goals in (("net", {"O0": 0.65, "O2": 0.80}), ("net-once", {"O0": 0.30, "O2": 0.25})):
        if not asio or key not in section:
            continue
        for level, goal in goals.items():
            share = section[key][level] / asio[level]
            how = "header-only" if key == "net" else "with the library compiled once"
            yield (f"CPU to compile an echo server at -{level}, {how}, of Asio", f"≤ {goal:.2f}", f"{share:.2f}",
                   share <= goal, "compile")
    if net := section.get("net"):
        yield ("preprocessed lines of an echo server, header-only", "≤ 60,000", f"{net['lines']:,}", net["lines"] <= 60_000, "lines")


def of_memory(section):
    own = section["peers"].get("net")
    if own:
        yield ("resident bytes for each idle connection with a 'data' listener", "≤ 400", f"{own['idle']:.0f}", own["idle"] <= 400, "bytes")


def section(results):
    """The section as text; empty if nothing was measured."""
    makers = {"timed": lambda data: of_timed(data["rows"]), "counted": of_counted, "memory": of_memory, "compiled": of_compiled}
    goals = [goal for part, maker in makers.items() if part in results for goal in maker(results[part]["data"])]
    if not goals:
        return ""
    lines = ["## Goals\n", "| figure of net.hpp | goal | measured | |", "|---|---:|---:|---|"]
    lines += [f"| {title} | {goal} | {value} | {'' if met else 'missed'} |" for title, goal, value, met, _ in goals]
    reasons = {reason: None for *_, met, reason in goals if not met and reason}
    if reasons:
        lines += ["", "Why goals were missed:\n"] + [f"- {REASONS[reason]}" for reason in reasons]
    return "\n".join(lines) + "\n"
