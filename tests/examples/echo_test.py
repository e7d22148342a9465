#!/usr/bin/env python3
"""echo_server and echo_client, with nc, curl and Node."""
import contextlib
import socket
import subprocess
import unittest

import support
from support import Example, node, received, reset, run, send_until_stuck, tool

PATTERN = bytes(range(256)) * 4096


class EchoServer(unittest.TestCase):
    def test_nc_gets_back_what_it_sent(self):
        with Example("echo_server") as server:
            nc = tool(self, "nc")
            self.assertEqual(run(nc, "-N", server.host, server.port, data=b"hello\nfrom nc\n"), b"hello\nfrom nc\n")
            self.assertEqual(run(nc, "-N", server.host, server.port, data=PATTERN), PATTERN)

    def test_curl_gets_back_what_it_sent(self):
        with Example("echo_server") as server:
            url = f"telnet://{server.host}:{server.port}"
            with subprocess.Popen([tool(self, "curl"), "-sN", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as curl:
                curl.stdin.write(b"hello from curl\n")
                curl.stdin.flush()
                self.assertEqual(curl.stdout.readline(), b"hello from curl\n")
                curl.kill()  # it would stay for ever

    def test_many_clients_of_node_get_back_a_mebibyte_each(self):
        with Example("echo_server") as server:
            said = run(node(self), support.HERE / "echo_clients.mjs", server.port, 20, 1 << 20)
            self.assertEqual(said, b"20 clients, 20971520 bytes\n")

    def test_a_reset_disturbs_nobody_else(self):
        with Example("echo_server") as server, server.connect() as stays:
            for _ in range(20):
                with server.connect() as goes:
                    goes.sendall(PATTERN[:1000])
                    reset(goes)
            stays.sendall(b"still here")
            self.assertEqual(received(stays, 10), b"still here")

    def test_a_client_that_does_not_read_is_not_read_either(self):
        with Example("echo_server") as server, server.connect() as client:
            before = server.memory()
            sent = send_until_stuck(client, PATTERN, 256 << 20)
            self.assertLess(sent, 256 << 20)
            if before is not None:
                self.assertLess(server.memory() - before, 16 << 20)
            client.shutdown(socket.SHUT_WR)
            back = received(client, sent + 1)
            self.assertEqual(len(back), sent)
            self.assertEqual(back, (PATTERN * (sent // len(PATTERN) + 1))[:sent])

    def test_a_port_in_use_is_said_in_nodes_words(self):
        with Example("echo_server") as server:
            said = run("sh", "-c", '"$@" 2>&1', "sh", *support.program("echo_server", server.port), expect=1)
            self.assertEqual(said.decode(), f"listen EADDRINUSE: address already in use 127.0.0.1:{server.port}\n")

    def test_it_listens_where_it_is_told(self):
        try:
            with contextlib.closing(socket.create_server(("::1", 0), family=socket.AF_INET6)):
                pass
        except OSError as error:
            self.skipTest(f"no IPv6: {error}")
        with Example("echo_server", 0, "::1") as server, server.connect() as client:
            client.sendall(b"six")
            self.assertEqual(received(client, 3), b"six")


class EchoClient(unittest.TestCase):
    def client(self, *arguments, **options):
        return run(*support.program("echo_client", *arguments), **options)

    def test_it_prints_what_the_server_sends_back(self):
        with Example("echo_server") as server:
            self.assertEqual(self.client(server.port), b"Hello, net!\n")
            self.assertEqual(self.client(server.port, server.host, "something else"), b"something else")
            self.assertEqual(self.client(server.port, "localhost", "by name"), b"by name")

    def test_it_talks_to_a_server_of_node(self):
        script = support.HERE / "echo_server.mjs"
        said = run(node(self), script, *support.program("echo_client"))
        self.assertEqual(support.lines_of(said), b"Hello, net!\n")

    def test_it_says_that_nobody_is_there(self):
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            port = taken.getsockname()[1]
            said = run("sh", "-c", '"$@" 2>&1', "sh", *support.program("echo_client", port), expect=1)
        self.assertEqual(said.decode(), f"connect ECONNREFUSED 127.0.0.1:{port}\n")


if __name__ == "__main__":
    support.main()
