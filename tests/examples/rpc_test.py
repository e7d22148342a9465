#!/usr/bin/env python3
"""rpc, with its own client, and with messages in odd pieces."""
import contextlib
import pathlib
import socket
import struct
import subprocess
import tempfile
import unittest

import support
from support import received, run, send_until_stuck


def message(number, text):
    return struct.pack(">II", number, len(text)) + text


class Rpc(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="net-")
        self.addCleanup(directory.cleanup)
        self.path = support.path(directory.name, "rpc")
        self.server = subprocess.Popen(support.program("rpc", self.path), stdout=subprocess.PIPE)
        self.addCleanup(self.server.communicate)
        self.addCleanup(self.server.kill)
        self.assertEqual(support.lines_of(self.server.stdout.readline()), b"listening\n")

    def connect(self):
        support.not_on_windows(self, support.PIPES_ARE_INSIDE)
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(support.DEADLINE)
        client.connect(self.path)
        return client

    def answers(self, client, count):
        """So many answers, by their numbers."""
        found, data = {}, b""
        while len(found) < count:
            data += client.recv(1 << 16)
            while len(data) >= 8 and len(data) >= 8 + struct.unpack(">I", data[4:8])[0]:
                number, size = struct.unpack(">II", data[:8])
                self.assertNotIn(number, found)
                found[number], data = data[8:8 + size], data[8 + size:]
        self.assertEqual(data, b"")
        return found

    def test_its_client_gets_all_answers_in_its_order(self):
        words = ["stressed", "live", "", "x", *(str(1000 + i) * (i % 7) for i in range(500))]
        said = run(*support.program("rpc", self.path, *words)).decode()
        self.assertEqual(said.split("\n"), [*(word[::-1] for word in words), ""])

    def test_many_clients_of_its_own_do_not_mix(self):
        words = [[f"{client}-{i}" for i in range(50)] for client in range(8)]
        clients = [subprocess.Popen(support.program("rpc", self.path, *row), stdout=subprocess.PIPE) for row in words]
        for client, row in zip(clients, words):
            self.assertEqual(support.lines_of(client.communicate()[0]).decode(), "".join(word[::-1] + "\n" for word in row))
            self.assertEqual(client.returncode, 0)

    def test_an_answer_does_not_wait_for_a_slower_one(self):
        client = self.connect()
        client.sendall(message(1, b"123456789") + message(2, b""))
        self.assertEqual(received(client, 8)[:8], message(2, b""))  # a slow machine makes both wait, in this order too

    def test_messages_may_come_byte_by_byte_and_who_has_ended_is_answered(self):
        client = self.connect()
        row = b"".join(message(7 * i, b"%d" % (10**i)) for i in range(30))
        for byte in row:
            client.sendall(bytes([byte]))
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.answers(client, 30), {7 * i: (b"%d" % 10**i)[::-1] for i in range(30)})
        self.assertEqual(client.recv(1), b"")

    def test_more_calls_than_it_takes_at_once_are_all_answered(self):
        client = self.connect()
        client.sendall(b"".join(message(i, b"%d" % i) for i in range(1000)))
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.answers(client, 1000), {i: (b"%d" % i)[::-1] for i in range(1000)})

    def test_who_sends_too_much_or_breaks_off_is_closed_and_disturbs_nobody(self):
        for data in (message(1, b"x" * 65537), b"GET / HTTP/1.1\r\n\r\n", b"\0", b"\0\0\0\1", message(1, b"abc")[:-1]):
            client = self.connect()
            with contextlib.suppress(ConnectionError):  # it is closed as soon as the beginning is wrong
                client.sendall(message(2, b"123456789") + data)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(received(client, 1000), b"")
            gone = self.connect()
            with contextlib.suppress(ConnectionError):
                gone.sendall(message(2, b"123456789") + data)
            gone.close()
        client = self.connect()
        client.sendall(message(1, b"x" * 65536))
        self.assertEqual(received(client, 8 + 65536), message(1, b"x" * 65536))

    def test_who_does_not_read_is_not_read_either(self):
        client = self.connect()
        sent = send_until_stuck(client, message(1, b"x" * 60_000), 128 << 20)
        self.assertLess(sent, 128 << 20)
        self.assertIsNone(self.server.poll())
        self.assertEqual(run(*support.program("rpc", self.path, "live")), b"evil\n")

    def test_its_client_says_that_nobody_is_there(self):
        self.server.kill()
        self.server.wait()
        path = pathlib.Path(self.path)
        for reason in ("ENOENT",) if support.on_windows() else ("ECONNREFUSED", "ENOENT"):  # a pipe goes with its server
            said = run("sh", "-c", '"$@" 2>&1', "sh", *support.program("rpc", path, "live"), expect=1)
            self.assertEqual(said.decode(), f"connect {reason} {path}\n")
            path.unlink(missing_ok=True)

    def test_its_client_says_that_the_server_has_gone(self):
        support.not_on_windows(self, support.PIPES_ARE_INSIDE)
        path = self.path + "2"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            client = subprocess.Popen(support.program("rpc", path, "live"), stderr=subprocess.PIPE)
            connection = server.accept()[0]
            self.assertEqual(received(connection, 12), message(0, b"live"))
            connection.sendall(message(5, b"nobody asked") + message(0, b"evil")[:-1])
            connection.close()
            self.assertEqual(client.communicate()[1], b"Premature close\n")
            self.assertEqual(client.returncode, 1)


if __name__ == "__main__":
    support.main()
