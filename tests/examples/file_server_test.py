#!/usr/bin/env python3
"""file_server, with curl, and with requests that no browser makes."""
import os
import pathlib
import socket
import tempfile
import unittest

import support
from support import Example, received, reset, run, tool

MISSING = b"HTTP/1.0 404 Not Found\r\n\r\nNot found\n"
MUCH = 64 << 20


class FileServer(unittest.TestCase):
    OTHERWISE_ON_WINDOWS = {b"/out": "Wine follows links unseen", b"/up/secret": "Wine follows links unseen",
                            b"/sub/file/": "there a slash behind the name of a file is nothing"}

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="net-")
        self.addCleanup(directory.cleanup)
        outside = pathlib.Path(directory.name).resolve()
        self.root = outside / "root"
        (self.root / "sub").mkdir(parents=True)
        (outside / "secret").write_bytes(b"secret")
        (outside / "root2").mkdir()
        (outside / "root2" / "secret").write_bytes(b"secret")
        (self.root / "empty").write_bytes(b"")
        (self.root / "a b%.txt").write_bytes(b"with a space\n")
        (self.root / "sub" / "file").write_bytes(b"in a directory\n")
        (self.root / "out").symlink_to(outside / "secret")
        (self.root / "up").symlink_to(outside)
        (self.root / "in").symlink_to("sub/file")
        os.mkfifo(self.root / "fifo")

    def start(self):
        return Example("file_server", self.root, 0)

    def ask(self, server, target, ends=False):
        with server.connect() as client:
            client.sendall(b"GET " + target + b" HTTP/1.0\r\n\r\n")
            if ends:
                client.shutdown(socket.SHUT_WR)
            return received(client, 1 << 30)

    def test_curl_gets_files(self):
        data = os.urandom(5_000_000)
        (self.root / "data").write_bytes(data)
        with self.start() as server:
            for name, content in (("data", data), ("empty", b""), ("a%20b%25.txt", b"with a space\n"),
                                  ("sub/file?x=/../y", b"in a directory\n"), ("sub/../in", b"in a directory\n")):
                said = run(tool(self, "curl"), "-sS", "--path-as-is", "--fail", f"http://{server.host}:{server.port}/{name}")
                self.assertEqual(said, content, name)
            run(tool(self, "curl"), "-sS", "--fail", f"http://{server.host}:{server.port}/nothing", expect=22)

    def test_nothing_outside_is_served_and_nothing_that_is_no_file(self):
        with self.start() as server:
            for target in (b"/../secret", b"/sub/../../secret", b"/%2e%2e/secret", b"/..%2fsecret", b"//../secret", b"../secret",
                           b"/../root2/secret", b"/out", b"/up/secret", b"/%2e%2e%2froot2%2fsecret", b"/sub/%00/../../secret",
                           b"/..\\secret", b"/sub\\..\\..\\secret", b"/..%5csecret", b"/\\secret", b"/c:/secret", b"/%2e%2e%5croot2%5csecret",
                           str(self.root.parent / "secret").encode(), b"/" + str(self.root.parent / "secret").encode(),
                           b"/etc/passwd", b"/", b"", b"/sub", b"/fifo", b"/nothing", b"/sub/file/", b"/%", b"/%zz", b"/" + b"x" * 5000):
                if support.on_windows() and target in self.OTHERWISE_ON_WINDOWS:
                    print(f"  not checked: {target.decode()}: {self.OTHERWISE_ON_WINDOWS[target]}")
                    continue
                self.assertEqual(self.ask(server, target), MISSING, target)
            self.assertEqual(self.ask(server, b"/in"), b"HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\nin a directory\n")

    def test_other_requests_are_refused(self):
        with self.start() as server:
            for head in (b"POST /in HTTP/1.1", b"GET", b"", b"\0\xff" * 100):
                with server.connect() as client:
                    client.sendall(head + b"\r\n\r\n" + b"x" * 100_000)
                    self.assertEqual(received(client, 1000), MISSING)
            with server.connect() as client, self.assertRaises(OSError):  # a head without end
                for _ in range(1000):
                    client.sendall(b"x" * 10_000)
                received(client, 1)

    def test_who_has_ended_still_gets_the_whole_file(self):
        data = os.urandom(1_000_000)
        (self.root / "data").write_bytes(data)
        with self.start() as server:
            self.assertEqual(self.ask(server, b"/data", ends=True), b"HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n" + data)

    def test_a_slow_client_costs_a_piece_and_holds_nobody_up(self):
        with open(self.root / "much", "wb") as file:
            file.truncate(support.scaled(MUCH))
        with self.start() as server, server.connect() as slow:
            before, much = server.memory(), support.scaled(MUCH)
            slow.sendall(b"GET /much HTTP/1.0\r\n\r\n")
            self.assertTrue(slow.recv(1))
            for _ in range(20):
                self.assertIn(b"200 OK", self.ask(server, b"/in"))
            if before is not None:
                self.assertLess(server.memory() - before, 16 << 20)
            self.assertEqual(len(received(slow, 1 << 30)), len(b"TTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % much) + much)

    def test_a_file_that_shrinks_is_not_passed_off_as_whole(self):
        with open(self.root / "much", "wb") as file:
            file.truncate(support.scaled(MUCH))
        with self.start() as server, server.connect() as client:
            client.sendall(b"GET /much HTTP/1.0\r\n\r\n")
            self.assertTrue(client.recv(1))
            os.truncate(self.root / "much", 1000)
            try:
                self.assertLess(len(received(client, 1 << 30)), support.scaled(MUCH))
            except ConnectionResetError:
                pass
            self.assertIn(b"200 OK", self.ask(server, b"/in"))

    def test_clients_that_break_off_disturb_nobody(self):
        with open(self.root / "much", "wb") as file:
            file.truncate(support.scaled(MUCH))
        with self.start() as server:
            request = b"GET /much HTTP/1.0\r\n\r\n"
            for at in (0, 1, 10, len(request) - 1, len(request)):
                with server.connect() as client:
                    client.sendall(request[:at])
                    reset(client)
                with server.connect() as client:
                    client.sendall(request[:at])
            self.assertIn(b"200 OK", self.ask(server, b"/in"))


if __name__ == "__main__":
    support.main()
