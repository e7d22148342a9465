#!/usr/bin/env python3
"""The proxy, the server at a path and the activated one, with real clients."""
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

import support
from support import Example, received, run, tool

MUCH = 1 << 30


class Proxy(unittest.TestCase):
    def test_it_passes_both_directions_on(self):
        with Example("echo_server") as target, Example("proxy", 0, target.host, target.port) as proxy:
            with proxy.connect() as client:
                client.sendall(b"there and back")
                self.assertEqual(received(client, 14), b"there and back")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(1), b"")

    def test_nc_goes_through_it(self):
        nc = tool(self, "nc")
        with Example("echo_server") as target, Example("proxy", 0, target.host, target.port) as proxy:
            self.assertEqual(run(nc, "-N", proxy.host, proxy.port, data=b"through"), b"through")

    def test_a_client_of_nobody_is_closed(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            with Example("proxy", 0, "127.0.0.1", taken.getsockname()[1]) as proxy, proxy.connect() as client:
                client.sendall(b"x")
                try:
                    self.assertEqual(client.recv(1), b"")
                except ConnectionResetError:
                    pass  # what it had sent was never read

    def test_a_gigabyte_goes_through_without_growing_it(self):
        with socket.create_server(("127.0.0.1", 0)) as sink, Example("proxy", 0, *sink.getsockname()) as proxy:
            got = []

            def take():
                with sink.accept()[0] as connection:
                    buffer, count = bytearray(1 << 20), 0
                    while size := connection.recv_into(buffer):
                        count += size
                    got.append(count)

            taker = threading.Thread(target=take)
            taker.start()
            size = MUCH if proxy.memory() is not None else MUCH >> 5
            with proxy.connect() as client:
                block = bytes(1 << 20)
                for _ in range(8):
                    client.sendall(block)
                before = proxy.memory()
                for _ in range((size >> 20) - 8):
                    client.sendall(block)
                after = proxy.memory()
                client.shutdown(socket.SHUT_WR)
                taker.join(support.DEADLINE)
            self.assertEqual(got, [size])
            if before is not None:
                print(f"  {size >> 20} MiB through the proxy: {before >> 10} KiB before, {after >> 10} KiB after")
                self.assertLess(after - before, 4 << 20)


class UnixEcho(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="net-")
        self.addCleanup(directory.cleanup)
        self.path = support.path(directory.name, "echo")
        self.server = subprocess.Popen(support.program("unix_echo", self.path), stdout=subprocess.PIPE)
        self.addCleanup(self.server.communicate)
        self.addCleanup(self.server.kill)
        self.assertEqual(support.lines_of(self.server.stdout.readline()).decode(), f"listening on {self.path}\n")

    def test_nc_talks_to_it(self):
        support.not_on_windows(self, support.PIPES_ARE_INSIDE)
        self.assertEqual(run(tool(self, "nc"), "-N", "-U", self.path, data=b"local"), b"local")

    def test_many_bytes_come_back_whole(self):
        support.not_on_windows(self, support.PIPES_ARE_INSIDE)
        data = os.urandom(3 << 20)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(support.DEADLINE)
            client.connect(self.path)

            def send():
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)

            sender = threading.Thread(target=send)
            sender.start()
            self.assertEqual(received(client, len(data) + 1), data)
            sender.join()

    def test_a_second_server_says_that_the_path_is_taken(self):
        said = run("sh", "-c", '"$@" 2>&1', "sh", *support.program("unix_echo", self.path), expect=1)
        self.assertEqual(said.decode(), f"listen EADDRINUSE: address already in use {self.path}\n")
        self.assertTrue(support.on_windows() or pathlib.Path(self.path).exists())


class Activated(unittest.TestCase):
    def test_it_serves_a_socket_that_was_listening_before(self):
        support.not_on_windows(self, "descriptors are not inherited there")
        with socket.create_server(("127.0.0.1", 0)) as listening:
            client = socket.create_connection(listening.getsockname(), timeout=support.DEADLINE)  # waits in the queue
            command = 'exec 3<&"$1"; LISTEN_FDS=1 exec "$2"'
            server = subprocess.Popen(
                ["sh", "-c", command, "sh", str(listening.fileno()), support.DIRECTORY / "activated"],
                pass_fds=[listening.fileno()], stdout=subprocess.PIPE)
            self.addCleanup(server.communicate)
            self.addCleanup(server.kill)
            self.assertEqual(server.stdout.readline().decode(), "listening on 127.0.0.1:%d\n" % listening.getsockname()[1])
            with client:
                client.sendall(b"woken")
                self.assertEqual(received(client, 5), b"woken")

    def test_without_activation_it_says_so(self):
        run(*support.program("activated"), expect=2)


if __name__ == "__main__":
    support.main()
