#!/usr/bin/env python3
"""socks5, with curl, and with requests in odd pieces."""
import socket
import struct
import unittest

import support
from support import Example, received, reset, run, send_until_stuck, tool

HELLO = b"\5\1\0"
CHOSEN = b"\5\0"


def reply(code):
    return b"\5" + bytes([code]) + b"\0\1" + bytes(6)


def request(kind, address, port, command=1):
    return b"\5" + bytes([command, 0, kind]) + address + struct.pack(">H", port)


def to_ipv4(host, port, **options):
    return request(1, socket.inet_aton(host), port, **options)


def to_name(name, port):
    return request(3, bytes([len(name)]) + name, port)


class Curl(unittest.TestCase):
    def ask(self, how, target, host):
        with Example("socks5") as proxy:
            return run(tool(self, "curl"), "-sS", how, f"{proxy.host}:{proxy.port}", f"http://{host}:{target.port}/")

    def test_it_goes_through_with_a_name(self):
        with Example("http_hello") as target:
            self.assertEqual(self.ask("--socks5-hostname", target, "localhost"), b"Hello, HTTP!\n")

    def test_it_goes_through_with_an_ipv4_address(self):
        with Example("http_hello") as target:
            self.assertEqual(self.ask("--socks5", target, target.host), b"Hello, HTTP!\n")

    def test_it_goes_through_with_an_ipv6_address(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("there is no IPv6")
        with Example("http_hello", 0, "::1") as target:
            self.assertEqual(self.ask("--socks5-hostname", target, "[::1]"), b"Hello, HTTP!\n")

    def test_it_is_told_that_nobody_is_there(self):
        with socket.socket() as taken, Example("socks5") as proxy:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            url = "http://127.0.0.1:%d/" % taken.getsockname()[1]
            run(tool(self, "curl"), "-sS", "--socks5", f"{proxy.host}:{proxy.port}", url, expect=97)


class Pieces(unittest.TestCase):
    def test_requests_may_come_byte_by_byte_or_with_what_follows_them(self):
        with Example("echo_server") as target, Example("socks5") as proxy:
            for ask in (to_ipv4(target.host, target.port), to_name(b"localhost", target.port), to_name(b"127.0.0.1", target.port)):
                row = b"\5\3\1\0\2" + ask + b"there and back"
                for step in (1, 7, len(row)):
                    with proxy.connect() as client:
                        for at in range(0, len(row), step):
                            client.sendall(row[at:at + step])
                        client.shutdown(socket.SHUT_WR)
                        self.assertEqual(received(client, 1000), CHOSEN + reply(0) + b"there and back")

    def test_what_cannot_be_done_is_said(self):
        with Example("socks5") as proxy, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            for data, answer in (
                    (b"\4\1" + b"\0" * 7, b"\5\xff"), (b"\5\0", b"\5\xff"), (b"\5\1\2", b"\5\xff"),
                    (HELLO + to_ipv4("127.0.0.1", port), CHOSEN + reply(5)),
                    (HELLO + to_ipv4("127.0.0.1", port, command=2), CHOSEN + reply(7)),
                    (HELLO + to_ipv4("127.0.0.1", port, command=3), CHOSEN + reply(7)),
                    (HELLO + request(2, b"127.0.0.1", port), CHOSEN + reply(8)),
                    (HELLO + to_name(b"", port), CHOSEN + reply(8)),
                    (HELLO + to_name(b"a\0b", port), CHOSEN + reply(1)),
                    (HELLO + to_name(b"nowhere.invalid", port), CHOSEN + reply(1))):
                with self.subTest(data=data), proxy.connect() as client:
                    client.sendall(data)
                    self.assertEqual(received(client, 1000), answer)

    def test_a_client_that_breaks_off_disturbs_nobody(self):
        with Example("echo_server") as target, Example("socks5") as proxy:
            row = HELLO + to_name(b"localhost", target.port) + b"x"
            for at in range(len(row) + 1):
                with proxy.connect() as client:
                    client.sendall(row[:at])
                    reset(client)
                with proxy.connect() as client:
                    client.sendall(row[:at])
                    client.shutdown(socket.SHUT_WR)
                    received(client, 1000)  # it ends
            with proxy.connect() as client:
                client.sendall(row)
                self.assertEqual(received(client, 13), CHOSEN + reply(0) + b"x")

    def test_a_target_that_breaks_off_takes_its_client_with_it(self):
        with socket.create_server(("127.0.0.1", 0)) as target, Example("socks5") as proxy, proxy.connect() as client:
            client.sendall(HELLO + to_ipv4(*target.getsockname()))
            connection = target.accept()[0]
            self.assertEqual(received(client, 12), CHOSEN + reply(0))
            client.sendall(b"x")
            self.assertEqual(connection.recv(1), b"x")
            reset(connection)
            try:
                self.assertEqual(client.recv(1), b"")
            except ConnectionResetError:
                pass

    def test_what_the_target_does_not_read_is_not_read_either(self):
        with socket.create_server(("127.0.0.1", 0)) as target, Example("socks5") as proxy, proxy.connect() as client:
            client.sendall(HELLO + to_ipv4(*target.getsockname()))
            with target.accept()[0] as connection:
                self.assertEqual(received(client, 12), CHOSEN + reply(0))
                before = proxy.memory()
                sent = send_until_stuck(client, bytes(1 << 16), 256 << 20)
                self.assertLess(sent, 256 << 20)
                if before is not None:
                    self.assertLess(proxy.memory() - before, 16 << 20)
                client.shutdown(socket.SHUT_WR)
                connection.settimeout(support.DEADLINE)
                self.assertEqual(len(received(connection, 1 << 30)), sent)


if __name__ == "__main__":
    support.main()
