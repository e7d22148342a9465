"""Timed rows: all peers' servers stand ready at once, and each round measures every one of them in turn."""

import contextlib
import random
import statistics
from dataclasses import dataclass

from .process import Crowd, Server, load


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    job: str
    load: str
    options: tuple = ()
    unit: str = "messages"  # or connections, or MB
    idle: int = 0  # connections beside the busy ones


ROWS = [
    Row("pp_1", "ping-pong 64 B, 1 connection", "echo", "ping-pong"),
    Row("pp_50", "ping-pong 64 B, 50 connections", "echo", "ping-pong", (("connections", 50),)),
    Row("pp_1000", "ping-pong 64 B, 1,000 connections", "echo", "ping-pong", (("connections", 1000),)),
    Row("pp_50x16", "64 B, 16 in flight, 50 connections", "echo", "ping-pong", (("connections", 50), ("in_flight", 16))),
    Row("pp_1k", "ping-pong 1 KiB, 50 connections", "echo", "ping-pong", (("connections", 50), ("size", 1024))),
    Row("pp_16k", "ping-pong 16 KiB, 50 connections", "echo", "ping-pong", (("connections", 50), ("size", 16384))),
    Row("idle", "50 busy beside 10,000 idle", "echo", "ping-pong", (("connections", 50),), idle=10_000),
    Row("burst", "burst: 16 answers of 64 B to each request, 50 connections", "burst", "ping-pong", (("connections", 50), ("answers", 16))),
    Row("stream", "stream echo, 64 KiB writes", "echo", "stream", (("size", 65536),), "MB"),
    Row("sink", "stream to a sink, 64 KiB writes", "sink", "sink", (("size", 65536),), "MB"),
    Row("pipe", "stream echo through pipe, 64 KiB writes", "pipe", "stream", (("size", 65536),), "MB"),
    Row("connect", "connect, the server closes at once", "close", "connect", (("connections", 4),), "connections"),
    Row("visit", "connect, echo 64 B, close", "echo", "visit", (("connections", 4),), "connections"),
]


def takes_part(peer, row):
    return row.job in peer.jobs and (not peer.rows or row.key in peer.rows)


def measure_row(row, peers, rounds, seconds, note):
    """Per peer the rates and the server's CPU seconds for each thing done, one of each a round."""
    taking_part = [peer for peer in peers if takes_part(peer, row)]
    samples = {peer.key: {"rate": [], "cpu": []} for peer in taking_part}
    with contextlib.ExitStack() as stack:
        servers = {}
        for peer in taking_part:
            servers[peer.key] = stack.enter_context(Server(peer, row.job))
            if row.idle:
                stack.enter_context(Crowd(servers[peer.key], row.idle))
        for number in range(-1, rounds):  # round -1 warms up
            order = list(taking_part)
            random.Random(number).shuffle(order)
            for peer in order:
                result = load(servers[peer.key], row.load, seconds=seconds, warm_up=seconds / 5, **dict(row.options))
                if number >= 0:
                    done = result["bytes"] / 1e6 if row.unit == "MB" else result["done"]
                    samples[peer.key]["rate"].append(done / result["seconds"])
                    samples[peer.key]["cpu"].append(result["server_cpu"] / max(done, 1e-9))
            note(f"{row.key} round {number + 1}/{rounds}")
    return samples


def summary(samples, floor="bare"):
    """Medians, and medians of the ratios to the floor of the same round, with their quartiles."""
    out = {}
    for key, own in samples.items():
        out[key] = {}
        for what in ("rate", "cpu"):
            ratios = [mine / bare for mine, bare in zip(own[what], samples[floor][what]) if bare > 0]
            quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
            out[key][what] = statistics.median(own[what])
            out[key][what + "_ratio"] = statistics.median(ratios)
            out[key][what + "_spread"] = [quartiles[0], quartiles[2]]
    return out
