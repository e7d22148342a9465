#!/usr/bin/env python3
"""The examples with tasks and a worker pool, and real clients: serial, fibonacci, line_protocol."""
import select
import unittest

from support import Example, received, reset, run, tool


def line(client):
    """The next line, without what follows it."""
    data = b""
    while not data.endswith(b"\n"):
        piece = client.recv(1)
        if not piece:
            break
        data += piece
    return data.decode()


def ask(client, text):
    client.sendall(text.encode() + b"\n")
    return line(client).rstrip("\n")


class Serial(unittest.TestCase):
    def test_a_slow_handler_keeps_the_order(self):
        with Example("serial") as server, server.connect() as client:
            client.sendall(b"A")
            self.assertEqual(line(client), "A\n")
            client.sendall(b"B")
            self.assertEqual([line(client) for _ in range(3)], ["A done\n", "B\n", "B done\n"])

    def test_one_client_does_not_wait_for_another(self):
        with Example("serial") as server, server.connect() as first, server.connect() as second:
            first.sendall(b"A")
            self.assertEqual(line(first), "A\n")
            second.sendall(b"B")
            self.assertEqual(line(second), "B\n")
            self.assertEqual(line(first), "A done\n")

    def test_who_has_ended_still_gets_its_answers(self):
        with Example("serial") as server:
            self.assertEqual(run(tool(self, "nc"), "-N", server.host, server.port, data=b"A"), b"A\nA done\n")

    def test_a_reset_disturbs_nobody_else(self):
        with Example("serial") as server, server.connect() as stays:
            with server.connect() as goes:
                goes.sendall(b"A")
                reset(goes)
            stays.sendall(b"B")
            self.assertEqual([line(stays), line(stays)], ["B\n", "B done\n"])


class Fibonacci(unittest.TestCase):
    def test_another_client_is_answered_while_it_computes(self):
        with Example("fibonacci") as server, server.connect() as slow, server.connect() as quick:
            slow.sendall(b"50\n")  # a minute, and nobody waits for it
            self.assertEqual(ask(quick, "10"), "fibonacci(10) = 55")
            self.assertEqual(select.select([slow], [], [], 0)[0], [], "it was not computing any more")

    def test_who_has_ended_still_gets_its_answers(self):
        with Example("fibonacci") as server:
            said = run(tool(self, "nc"), "-N", server.host, server.port, data=b"30\n28\n20")
            self.assertEqual(said, b"fibonacci(30) = 832040\nfibonacci(28) = 317811\nfibonacci(20) = 6765\n")

    def test_wrong_numbers_are_refused_and_the_connection_goes_on(self):
        with Example("fibonacci") as server, server.connect() as client:
            self.assertEqual(ask(client, "51"), "a number from 0 to 50, please")
            self.assertEqual(ask(client, "-1"), "a number from 0 to 50, please")
            self.assertEqual(ask(client, "20"), "fibonacci(20) = 6765")
            client.sendall(b"1" * 100)
            self.assertEqual(client.recv(1), b"")

    def test_a_client_that_goes_during_its_computation_disturbs_nobody(self):
        with Example("fibonacci") as server, server.connect() as stays:
            with server.connect() as goes:
                goes.sendall(b"30\n")
                reset(goes)
            self.assertEqual(ask(stays, "30"), "fibonacci(30) = 832040")


class LineProtocol(unittest.TestCase):
    def test_it_remembers(self):
        with Example("line_protocol") as server, server.connect() as client, server.connect() as other:
            self.assertEqual(ask(client, "get color"), "none")
            self.assertEqual(ask(client, "set color light blue\r"), "ok")
            self.assertEqual(ask(other, "get color"), "= light blue")
            self.assertEqual(ask(other, "what"), "error: set NAME VALUE, get NAME or quit")
            other.sendall(b"quit\n")
            self.assertEqual(other.recv(1), b"")

    def test_many_lines_at_once_are_answered_in_order(self):
        with Example("line_protocol") as server, server.connect() as client:
            client.sendall(b"".join(b"set k%d v%d\nget k%d\n" % (i, i, i) for i in range(1000)))
            self.assertEqual([line(client) for _ in range(2000)], [
                text for i in range(1000) for text in ("ok\n", f"= v{i}\n")])

    def test_nc_talks_to_it(self):
        with Example("line_protocol") as server:
            said = run(tool(self, "nc"), "-N", server.host, server.port, data=b"set a b\nget a")
            self.assertEqual(said, b"ok\n= b\n")

    def test_an_endless_line_gets_an_error_and_is_closed(self):
        with Example("line_protocol") as server, server.connect() as client:
            client.sendall(b"x" * 1024 + b"\n")
            self.assertEqual(line(client), "error: set NAME VALUE, get NAME or quit\n")
            client.sendall(b"x" * 1025)
            self.assertEqual(received(client, 1000), b"error: A line is longer than 1024 bytes\n")
            with self.assertRaises(OSError):
                for _ in range(1000):
                    client.sendall(b"x" * 65536)


if __name__ == "__main__":
    import support

    support.main()
