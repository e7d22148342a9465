#!/usr/bin/env python3
"""prefork: children that share their parent's port, are replaced when they die, and end with it."""
import os
import signal
import socket
import subprocess
import unittest

import support
from support import DEADLINE, received


class Prefork(unittest.TestCase):
    def setUp(self):
        support.not_on_windows(self, "no fork() on Windows")
        self.program = subprocess.Popen(support.program("prefork", 0, 2), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        for clean in (self.program.stdout.close, self.program.wait, self.program.terminate):
            self.addCleanup(clean)
        self.port = int(self.program.stdout.readline().rpartition(":")[2])

    def ask(self, text=b"x"):
        """A new connection, and which child answers."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        self.addCleanup(client.close)
        return client, self.again(client, text)

    def again(self, client, text):
        client.sendall(text)
        data = b""
        while not data.endswith(b" " + text):
            piece = received(client, 1)
            self.assertTrue(piece, data)
            data += piece
        return int(data.split()[0])

    def two_children(self, without=0):
        """Whoever is quicker accepts: clients come until two have, and stay, so that the other one is asked too."""
        found = set()
        while len(found) < 2:
            found |= {self.ask()[1]} - {without}
        return found

    def test_the_parent_accepts_nobody_and_a_child_that_dies_is_replaced(self):
        children = self.two_children()
        self.assertNotIn(self.program.pid, children)
        client, who = self.ask()
        os.kill(who, signal.SIGKILL)
        self.assertEqual(client.recv(1), b"")
        self.assertEqual(len(self.two_children(without=who) - children), 1)

    def test_all_end_when_their_clients_have_gone(self):
        client, who = self.ask()
        self.program.send_signal(signal.SIGTERM)
        self.assertEqual(client.recv(1), b"")  # it is idle, so it is ended
        client.close()
        self.assertEqual(self.program.wait(DEADLINE), 0)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)


if __name__ == "__main__":
    support.main()
