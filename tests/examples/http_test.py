#!/usr/bin/env python3
"""http_hello, with curl, Node's http client, and requests in odd pieces."""
import socket
import unittest

import support
from support import Example, node, received, reset, run, send_until_stuck, tool

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: "
KEPT, LAST = (HEAD + connection + b"\r\n\r\nHello, HTTP!\n" for connection in (b"keep-alive", b"close"))
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Curl(unittest.TestCase):
    def curl(self, *arguments, **options):
        return run(tool(self, "curl"), "-s", *arguments, **options)

    def test_curl_prints_the_answer(self):
        with Example("http_hello") as server:
            self.assertEqual(self.curl(f"http://{server.host}:{server.port}"), b"Hello, HTTP!\n")

    def test_curl_uses_a_connection_again(self):
        with Example("http_hello") as server:
            url = f"http://{server.host}:{server.port}/"
            said = self.curl("-w", "%{num_connects}\n", url, url, url)
            self.assertEqual(said, b"Hello, HTTP!\n1\n" + b"Hello, HTTP!\n0\n" * 2)

    def test_http_1_0_closes_after_the_answer(self):
        with Example("http_hello") as server:
            url = f"http://{server.host}:{server.port}/"
            said = self.curl("-0", "-w", "%{num_connects}\n", url, url)
            self.assertEqual(said, b"Hello, HTTP!\n1\n" * 2)

    def test_http_1_0_stays_if_it_is_asked_to(self):
        with Example("http_hello") as server:
            url = f"http://{server.host}:{server.port}/"
            said = self.curl("-0", "-H", "Connection: Keep-Alive", "-w", "%{num_connects}\n", url, url)
            self.assertEqual(said, b"Hello, HTTP!\n1\nHello, HTTP!\n0\n")

    def test_a_head_has_no_body(self):
        with Example("http_hello") as server:
            said = self.curl("-I", f"http://{server.host}:{server.port}/")
            self.assertEqual(said, HEAD + b"keep-alive\r\n\r\n")

    def test_a_request_with_a_body_is_the_last_one(self):
        with Example("http_hello") as server:
            url = f"http://{server.host}:{server.port}/"
            for body in (b"", b"a=b", b"GET / HTTP/1.1\r\n\r\n" * 100_000):
                said = self.curl("--data-binary", "@-", "-w", "%{num_connects}\n", url, url, data=body)
                self.assertEqual(said, b"Hello, HTTP!\n1\n" * 2)


class Node(unittest.TestCase):
    def test_an_agent_of_node_keeps_its_connection(self):
        script = """
            const http = require('node:http');
            const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
            const ports = new Set();
            const ask = (left) => http.get({ port: process.argv[1], host: '127.0.0.1', agent }, async (answer) => {
              let text = '';
              for await (const chunk of answer) text += chunk;
              ports.add(answer.socket?.localPort ?? answer.req.socket.localPort);
              if (answer.statusCode !== 200 || text !== 'Hello, HTTP!\\n') throw new Error(text);
              if (left > 1) return ask(left - 1);
              agent.destroy();
              console.log(`${ports.size} connection`);
            });
            ask(20);"""
        with Example("http_hello") as server:
            self.assertEqual(run(node(self), "-e", script, server.port), b"1 connection\n")


class Pieces(unittest.TestCase):
    def test_a_request_may_come_byte_by_byte(self):
        with Example("http_hello") as server, server.connect() as client:
            for byte in REQUEST + REQUEST:
                client.sendall(bytes([byte]))
            self.assertEqual(received(client, 2 * len(KEPT)), KEPT + KEPT)

    def test_many_requests_may_come_at_once(self):
        with Example("http_hello") as server, server.connect() as client:
            client.sendall(REQUEST * 2000 + b"GET / HTTP/1.1\r\nCONNECTION:close\r\n\r\n" + REQUEST)
            back = received(client, 1 << 30)
            self.assertEqual(back.count(KEPT), 2000)
            self.assertEqual(back, KEPT * 2000 + LAST)  # nothing after the last one that was asked for

    def test_a_head_in_a_row_of_requests_has_no_body(self):
        with Example("http_hello") as server, server.connect() as client:
            expected = KEPT.removesuffix(b"Hello, HTTP!\n") + LAST
            client.sendall(b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n")
            self.assertEqual(received(client, len(expected) + 1), expected)

    def test_a_head_without_end_is_refused(self):
        with Example("http_hello") as server, server.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000)
            self.assertEqual(received(client, 1 << 20), b"HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n")

    def test_who_asks_and_does_not_read_is_not_read_either(self):
        with Example("http_hello") as server, server.connect() as client:
            before = server.memory()
            sent = send_until_stuck(client, REQUEST, 256 << 20)
            self.assertLess(sent, 256 << 20)
            if before is not None:
                self.assertLess(server.memory() - before, 16 << 20)
            client.shutdown(socket.SHUT_WR)
            answers = sent // len(REQUEST) * len(KEPT)
            self.assertEqual(received(client, answers + 1), KEPT * (sent // len(REQUEST)))

    def test_a_client_that_breaks_off_disturbs_nobody(self):
        with Example("http_hello") as server:
            for _ in range(20):
                with server.connect() as client:
                    client.sendall(REQUEST * 100)
                    reset(client)
            with server.connect() as client:
                client.sendall(REQUEST)
                self.assertEqual(received(client, len(KEPT)), KEPT)


if __name__ == "__main__":
    support.main()
