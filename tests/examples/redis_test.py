#!/usr/bin/env python3
"""redis, with redis-cli, redis-benchmark, and commands in odd pieces."""
import socket
import unittest

import support
from support import Example, received, reset, run, send_until_stuck, tool

PROTOCOL_ERROR = b"-ERR Protocol error\r\n"


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Tools(unittest.TestCase):
    def test_redis_cli_gets_its_answers(self):
        with Example("redis") as server:
            cli = tool(self, "redis-cli")
            for words, answer in (
                    ("ping", "PONG"), ("get name", ""), ("set name Ada", "OK"), ("get name", "Ada"), ("del name", "1"),
                    ("del name", "0"), ("incr n", "1"), ("incr n", "2"), ("get n", "2"), ("set n many", "OK"),
                    ("incr n", "ERR value is not an integer or out of range\n"), ("flushall", "ERR unknown command\n"),
                    ("set n 9223372036854775807", "OK"), ("incr n", "ERR value is not an integer or out of range\n")):
                said = run(cli, "-h", server.host, "-p", server.port, *words.split())
                self.assertEqual(said.decode(), answer + "\n", words)

    def test_redis_cli_sends_a_mass_of_commands_at_once(self):
        with Example("redis") as server:
            data = b"".join(command(b"SET", b"k%d" % i, b"v%d" % i) for i in range(20_000))
            said = run(tool(self, "redis-cli"), "-h", server.host, "-p", server.port, "--pipe", data=data)
            self.assertIn(b"errors: 0, replies: 20000\n", said)

    def test_redis_benchmark_runs(self):
        with Example("redis") as server:
            benchmark = tool(self, "redis-benchmark")
            for pipelined in (1, 16):
                said = run(benchmark, "-h", server.host, "-p", server.port, "-t", "ping,set,get,incr", "-n", support.scaled(10_000), "-r", 100,
                           "-c", 20, "-P", pipelined, "--csv").decode()
                tests = [line.split(",")[0] for line in said.splitlines() if not line.startswith(('"test"', "WARNING"))]
                self.assertEqual(tests, ['"PING_INLINE"', '"PING_MBULK"', '"SET"', '"GET"', '"INCR"'])


class Pieces(unittest.TestCase):
    def test_commands_may_come_byte_by_byte_and_many_at_once(self):
        value = bytes(range(256)) * 20
        row = command(b"set", b"k", value) + command(b"GET", b"k") + b"PING\r\n" + command(b"GET", b"")
        answers = b"+OK\r\n$%d\r\n%s\r\n+PONG\r\n$-1\r\n" % (len(value), value)
        with Example("redis") as server, server.connect() as client:
            for at in range(len(row)):
                client.sendall(row[at:at + 1])
            client.sendall(row * 100)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(received(client, 1 << 30), answers * 101)

    def test_what_is_no_protocol_is_answered_once_and_closed(self):
        wrong = [b"*1\r\n$4\r\nPINGxx", b"*1\r\nPING\r\n", b"*1\r\n\r\n", b"*-1\r\n", b"*x\r\n", b"*1001\r\n", b"*1\r\n$-1\r\n",
                 b"*1\r\n$99999999999999999999\r\n", b"*1\r\n$1048577\r\n", b"*2\r\n$1\r\nx\r\n$1048576\r\n", b"x" * 101,
                 b"*" + b"1" * 200, b"*1\r\n$" + b"1" * 1000, b"*1\r\n$\r\n", bytes(200)]
        with Example("redis") as server:
            for data in wrong:
                with self.subTest(data=data[:30]), server.connect() as client:
                    client.sendall(b"PING\r\n" + data)
                    self.assertEqual(received(client, 1000), b"+PONG\r\n" + PROTOCOL_ERROR)

    def test_a_client_that_ends_in_the_middle_changes_nothing(self):
        whole = command(b"SET", b"key", b"value")
        with Example("redis") as server:
            for at in range(1, len(whole) - 2):
                with server.connect() as client:
                    client.sendall(whole[:at])
                    client.shutdown(socket.SHUT_WR)
                    self.assertIn(received(client, 1000), (PROTOCOL_ERROR, b"-ERR unknown command\r\n"), whole[:at])
                with server.connect() as client:
                    client.sendall(whole[:at])
                    reset(client)
            with server.connect() as client:
                client.sendall(command(b"GET", b"key"))
                self.assertEqual(received(client, 5), b"$-1\r\n")

    def test_who_has_ended_gets_all_its_answers_however_slowly_it_reads(self):
        value = b"x" * 100_000
        with Example("redis") as server, server.connect() as client:
            client.sendall(command(b"SET", b"k", value) + command(b"GET", b"k") * 500)
            client.shutdown(socket.SHUT_WR)
            first = received(client, 5)
            with server.connect() as other:  # meanwhile the first one's answers wait for it
                other.sendall(b"PING\r\n" * 1000)
                self.assertEqual(len(received(other, 7000)), 7000)
            self.assertEqual(first + received(client, 1 << 30), b"+OK\r\n" + b"$100000\r\n%s\r\n" % value * 500)

    def test_who_asks_and_does_not_read_is_not_read_either(self):
        value = b"x" * 100_000
        with Example("redis") as server, server.connect() as client:
            client.sendall(command(b"SET", b"k", value))
            self.assertEqual(received(client, 5), b"+OK\r\n")
            before = server.memory()
            ask = command(b"GET", b"k")
            sent = send_until_stuck(client, ask, 256 << 20)
            self.assertLess(sent, 256 << 20)
            if before is not None:
                self.assertLess(server.memory() - before, 16 << 20)
            with server.connect() as other:
                other.sendall(b"PING\r\n")
                self.assertEqual(received(other, 7), b"+PONG\r\n")
            answer = b"$100000\r\n%s\r\n" % value
            self.assertTrue(received(client, 100 * len(answer)).startswith(100 * answer))  # and then it goes on


if __name__ == "__main__":
    support.main()
