#!/usr/bin/env python3
"""chat: everyone hears everyone, and nobody holds up the rest."""
import selectors
import subprocess
import unittest

import support
from support import Example, reset, tool


class Guest:
    """A client that reads line by line."""

    def __init__(self, server):
        self.socket = server.connect()
        self.heard = b""
        self.expect(b"* guest%d is here" % self.socket.getsockname()[1])

    def say(self, line):
        self.socket.sendall(line + b"\n")

    def expect(self, line):
        """Reads until this line comes; what comes before it is passed over."""
        while line + b"\n" not in self.heard:
            piece = self.socket.recv(1 << 16)
            if not piece:
                raise AssertionError(f"the end comes instead of {line!r} after {self.heard[-200:]!r}")
            self.heard += piece
        self.heard = self.heard.split(line + b"\n", 1)[1]

    def name(self):
        return b"guest%d" % self.socket.getsockname()[1]


class Chat(unittest.TestCase):
    def enter(self, server):
        guest = Guest(server)
        self.addCleanup(guest.socket.close)
        return guest

    def test_everyone_hears_everyone(self):
        with Example("chat") as server:
            guests = [self.enter(server) for _ in range(5)]
            for speaker in guests:
                speaker.say(b"hello from " + speaker.name())
                for guest in guests:
                    guest.expect(speaker.name() + b": hello from " + speaker.name())

    def test_nc_takes_part(self):
        with Example("chat") as server:
            guest = self.enter(server)
            command = [tool(self, "nc"), server.host, str(server.port)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as nc:
                self.addCleanup(nc.kill)
                self.assertRegex(nc.stdout.readline(), rb"^\* guest\d+ is here\n$")
                guest.say(b"hello nc")
                self.assertEqual(nc.stdout.readline(), guest.name() + b": hello nc\n")
                nc.stdin.write(b"/name Netcat\nhello all\n")
                nc.stdin.flush()
                guest.expect(b"Netcat: hello all")
                nc.kill()
            guest.expect(b"* Netcat has left")

    def test_a_name_can_be_changed(self):
        with Example("chat") as server:
            one, two = self.enter(server), self.enter(server)
            one.say(b"/name Ada")
            two.expect(b"* " + one.name() + b" is now Ada")
            one.say(b"hello")
            two.expect(b"Ada: hello")

    def test_a_line_may_come_in_pieces_and_many_at_once(self):
        with Example("chat") as server:
            one, two = self.enter(server), self.enter(server)
            for piece in b"in pieces":
                one.socket.sendall(bytes([piece]))
            one.socket.sendall(b"\nsecond\nthird\n")
            for line in (b"in pieces", b"second", b"third"):
                two.expect(one.name() + b": " + line)

    def test_a_reset_is_a_way_to_leave(self):
        with Example("chat") as server:
            stays = self.enter(server)
            for _ in range(20):
                goes = self.enter(server)
                goes.say(b"unread")
                reset(goes.socket)
            for _ in range(20):
                stays.expect(b"has left")
            stays.say(b"alone")
            stays.expect(stays.name() + b": alone")

    def test_a_line_without_end_is_not_kept(self):
        with Example("chat") as server:
            stays, babbles = self.enter(server), self.enter(server)
            name = babbles.name()
            babbles.socket.sendall(b"x" * 5000)
            stays.expect(b"* " + name + b" has left")

    def test_who_does_not_read_has_to_go(self):
        with Example("chat") as server:
            before = server.memory()
            sleeps, talks = self.enter(server), self.enter(server)
            gone = b"* " + sleeps.name() + b" has left\n"
            line = b"x" * 900 + b"\n"
            sent, heard, tail = 0, 0, b""
            talks.socket.setblocking(False)
            with selectors.DefaultSelector() as selector:
                selector.register(talks.socket, selectors.EVENT_READ)
                while gone not in tail:
                    self.assertLess(sent, 128 << 20, "it was never disconnected")
                    may_send = sent - heard < 1 << 16  # leaves no more unread than the server allows
                    selector.modify(talks.socket, selectors.EVENT_READ | (selectors.EVENT_WRITE if may_send else 0))
                    ready = selector.select(support.DEADLINE)
                    self.assertTrue(ready, "it hangs")
                    if ready[0][1] & selectors.EVENT_READ:
                        piece = talks.socket.recv(1 << 20)
                        self.assertTrue(piece, "the one who reads was disconnected")
                        heard += len(piece)
                        tail = tail[-100:] + piece
                    else:
                        sent += talks.socket.send((line * 80)[sent % len(line):])
            after = server.memory()
            if after is not None:
                self.assertLess(after - before, 8 << 20)
            talks.socket.setblocking(True)
            talks.say(b"")
            talks.expect(talks.name() + b": ")


if __name__ == "__main__":
    support.main()
