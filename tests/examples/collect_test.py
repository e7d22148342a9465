#!/usr/bin/env python3
"""collect, with nc and Node."""
import re
import unittest

import support
from support import Example, node, received, reset, run, tool


class Collect(unittest.TestCase):
    def test_what_nc_sends_is_printed(self):
        with Example("collect") as server:
            self.assertEqual(run(tool(self, "nc"), "-N", server.host, server.port, data=b"hello\nfrom nc\n"), b"")
            self.assertTrue(server.output_until(rb"\d\nhello\nfrom nc\n$"))

    def test_chunks_of_node_are_joined(self):
        script = """
            const socket = require('node:net').connect(process.argv[1], '127.0.0.1');
            const pieces = Array.from({ length: 3000 }, (_, i) => `${i} `);
            const next = () => pieces.length ? socket.write(pieces.shift(), () => setImmediate(next)) : socket.end('over\\n');
            next();"""
        with Example("collect") as server:
            run(node(self), "-e", script, server.port)
            said = server.output_until(rb"over\n")
            self.assertEqual(said.split(b"\n", 1)[1], b"".join(b"%d " % i for i in range(3000)) + b"over\n")

    def test_clients_do_not_mix(self):
        with Example("collect") as server, server.connect() as one, server.connect() as two:
            for _ in range(100):
                one.sendall(b"1" * 1000)
                two.sendall(b"2" * 1000)
            one.close()
            server.output_until(rb"1{100000}$")
            two.close()
            self.assertTrue(re.search(rb"\d\n1{100000}2{100000}$", server.output_until(rb"2{100000}$")))

    def test_what_was_not_ended_is_not_printed(self):
        with Example("collect") as server:
            with server.connect() as client:
                client.sendall(b"never printed")
                reset(client)
            with server.connect() as client:
                client.sendall(b"printed\n")
            self.assertTrue(re.fullmatch(rb"listening on \S+\nprinted\n", server.output_until(rb"printed\n$")))
        self.assertEqual(server.errors, "read ECONNRESET\n")

    def test_who_sends_too_much_is_cut_off(self):
        with Example("collect") as server:
            with server.connect() as client, self.assertRaises(ConnectionError):
                for _ in range(100):
                    client.sendall(b"x" * (1 << 20))
                received(client, 1)
            run(tool(self, "nc"), "-N", server.host, server.port, data=b"next\n")
            self.assertTrue(server.output_until(rb"\d\nnext\n$"))
        self.assertEqual(server.errors, "more than 64 MiB from 127.0.0.1\n")


if __name__ == "__main__":
    support.main()
