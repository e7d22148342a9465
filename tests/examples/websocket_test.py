#!/usr/bin/env python3
"""websocket, with npm's ws, with a browser, and with frames as no library would send them."""
import base64
import hashlib
import http.server
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

import support
from support import DEADLINE, Example, node, npm_package, received, reset, run, send_until_stuck

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAX_MESSAGE = 1 << 20
REQUEST = b"GET /chat HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"


def frame(opcode, payload=b"", last=True, mask=b"\1\2\3\4", reserved=0):
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 1 << 16 else b"\x7f" + struct.pack(">Q", size)
    head = bytes([last << 7 | reserved << 4 | opcode, length[0] | (0x80 if mask else 0)]) + length[1:]
    masked = bytes(a ^ b for a, b in zip(payload, (mask or bytes(4)) * (size // 4 + 1)))
    return head + (mask or b"") + masked


class Peer:
    """A client that has shaken hands."""

    def __init__(self, server, name=b"Sec-WebSocket-Key: "):
        self.socket = server.connect()
        self.unread = b""
        key = base64.b64encode(os.urandom(16))
        self.socket.sendall(REQUEST + name + key + b"\r\n\r\n")
        head = self.take_until(b"\r\n\r\n")
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        if not head.startswith(b"HTTP/1.1 101 ") or b"\r\nSec-WebSocket-Accept: " + accept not in head:
            raise AssertionError(head)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def more(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise AssertionError(f"the end comes after {self.unread[:200]!r}")
        self.unread += piece

    def take_until(self, end):
        while end not in self.unread:
            self.more()
        taken, self.unread = self.unread.split(end, 1)
        return taken

    def take(self, size):
        while len(self.unread) < size:
            self.more()
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    def send(self, *arguments, **options):
        self.socket.sendall(frame(*arguments, **options))

    def next(self):
        """Opcode and payload of the next frame, which is a whole message."""
        head, size = self.take(2)
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        if head & 0xF0 != 0x80 or size > MAX_MESSAGE:
            raise AssertionError(f"{head:x} {size}")
        return head & 0xF, self.take(size)


class Pages(http.server.ThreadingHTTPServer):
    """A page for a browser, which has not loaded it before the page's script has said that it is done."""

    def __init__(self, script):
        page = f"<!DOCTYPE html><body><img src='/loaded'><pre></pre><script type=module>{script}</script>".encode()
        done = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/loaded":
                    done.wait(DEADLINE)
                self.answer(page if self.path == "/" else b"")

            def do_POST(self):
                done.set()
                self.answer(b"")

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.serve_forever).start()
        return self

    def __exit__(self, *exception):
        self.shutdown()
        self.server_close()


def chromium(test):
    """A browser that starts, or the test is skipped."""
    found = shutil.which("chromium")
    if not found or subprocess.run([found, "--version"], capture_output=True, timeout=DEADLINE).returncode:
        test.skipTest("there is no chromium; tests/run does not install it, for its size: apt-get install chromium")
    return found


class Libraries(unittest.TestCase):
    def test_ws_of_npm_gets_back_what_it_sends(self):
        script = """
            const WebSocket = require(process.argv[1]);
            const sizes = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20];
            const messages = sizes.flatMap((size) => ['x'.repeat(size), Buffer.alloc(size, 7)]).concat('\\u{1f600}');
            let left = messages.length;
            const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/path`);
            const send = () => left ? socket.send(messages.at(-left)) : socket.ping('still there?');
            socket.on('open', send);
            socket.on('message', (data, binary) => {
              const sent = messages.at(-left--);
              if (binary !== (typeof sent !== 'string') || !data.equals(Buffer.from(sent))) throw new Error(`${sent.length}`);
              send();
            });
            socket.on('pong', (data) => { console.log(`${data}`); socket.close(4321, 'enough'); });
            socket.on('close', (code) => console.log(code));"""
        package = npm_package(self, "ws", "8.18.0")
        with Example("websocket") as server:
            self.assertEqual(run(node(self), "-e", script, package, server.port), b"still there?\n4321\n")

    def test_a_page_in_a_browser_gets_back_what_it_sends(self):
        script = """
            const say = (text) => document.querySelector('pre').append(text + '\\n');
            const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => i * i);
            const messages = ['Hello! \\u{1f600}', '', 'x'.repeat(1 << 20), large];
            let at = 0;
            const socket = new WebSocket('ws://127.0.0.1:%d/path');
            socket.binaryType = 'arraybuffer';
            socket.onopen = () => socket.send(messages[0]);
            socket.onmessage = ({ data }) => {
              const sent = messages[at++];
              const same = typeof sent === 'string' ? data === sent : new Uint8Array(data).every((byte, i) => byte === sent[i]);
              say(`${same} ${data.length ?? data.byteLength}`);
              if (at < messages.length) socket.send(messages[at]); else socket.close(4321, 'enough');
            };
            socket.onerror = () => say('error');
            socket.onclose = ({ code, wasClean }) => { say(`${code} ${wasClean}`); fetch('/done', { method: 'POST' }); };"""
        browser = chromium(self)
        with Example("websocket") as server, Pages(script % server.port) as pages, tempfile.TemporaryDirectory(
                prefix="net-browser-", ignore_cleanup_errors=True) as home:
            page = run("env", f"HOME={home}", browser, f"--user-data-dir={home}/profile", "--headless", "--no-sandbox",
                       "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
                       "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                       "--dump-dom", f"http://127.0.0.1:{pages.server_port}/").decode()
        said = page.split("<pre>")[1].split("</pre>")[0]
        self.assertEqual(said, "true 9\ntrue 0\ntrue 1048576\ntrue 1048576\n4321 true\n")


class Frames(unittest.TestCase):
    def test_messages_come_back(self):
        with Example("websocket") as server, Peer(server) as peer:
            for size in (0, 1, 125, 126, 65535, 65536, MAX_MESSAGE):
                payload = os.urandom(size)
                peer.send(BINARY, payload, mask=os.urandom(4))
                self.assertEqual(peer.next(), (BINARY, payload))
            peer.send(TEXT, "Grüße, \U0001f600 \ufffd".encode())
            self.assertEqual(peer.next(), (TEXT, "Grüße, \U0001f600 \ufffd".encode()))

    def test_a_field_may_be_written_in_other_ways(self):
        with Example("websocket") as server:
            for name in (b"sec-websocket-key:", b"SEC-WEBSOCKET-KEY:   "):
                with Peer(server, name) as peer:
                    peer.send(TEXT, b"hello")
                    self.assertEqual(peer.next(), (TEXT, b"hello"))

    def test_fragments_are_joined_with_pings_between_them(self):
        with Example("websocket") as server, Peer(server) as peer:
            row = (frame(TEXT, b"a\xc3", last=False) + frame(PING, b"1") + frame(CONTINUED, last=False) +
                   frame(CONTINUED, b"\xa4b", last=False) + frame(PONG, b"nobody asked") + frame(PING) + frame(CONTINUED, b"c"))
            for at in range(len(row)):
                peer.socket.sendall(row[at:at + 1])
            peer.socket.sendall(row * 100)
            for _ in range(101):
                self.assertEqual([peer.next() for _ in range(3)], [(PONG, b"1"), (PONG, b""), (TEXT, "aäbc".encode())])

    def test_a_close_is_answered(self):
        code = struct.Struct(">H").pack
        answers = {b"": 1000, code(1000): 1000, code(1001) + b"going": 1001, code(4999): 4999, b"x": 1002, code(999): 1002,
                   code(1005): 1002, code(1015): 1002, code(2999): 1002, code(5000): 1002, code(0xFFFF): 1002}
        with Example("websocket") as server:
            for payload, answer in answers.items():
                with self.subTest(payload=payload), Peer(server) as peer:
                    peer.socket.sendall(frame(CLOSE, payload) + frame(TEXT, b"not any more"))
                    self.assertEqual(peer.next(), (CLOSE, code(answer)))
                    self.assertEqual(peer.socket.recv(1), b"")

    def test_wrong_frames_get_the_reason(self):
        wrong = {
            1002: [frame(TEXT, b"x", mask=None), frame(TEXT, reserved=4), frame(3), frame(7), frame(11), frame(15),
                   frame(CONTINUED, b"x"), frame(TEXT, b"x", last=False) + frame(BINARY, b"y"), frame(PING, last=False),
                   frame(PING, b"x" * 126), frame(CLOSE, b"x" * 126), b"\xff" * 100, b"GET / HTTP/1.1\r\n\r\n"],
            1007: [frame(TEXT, b"\xff"), frame(TEXT, b"a\xc3", last=False) + frame(CONTINUED, b"b"),
                   frame(TEXT, b"\xed\xa0\x80")],
            1009: [frame(BINARY, b"x" * (MAX_MESSAGE + 1)), b"\x82\xff" + b"\xff" * 8,
                   frame(BINARY, b"x" * MAX_MESSAGE, last=False) + frame(CONTINUED, b"x")]}
        with Example("websocket") as server:
            for code, rows in wrong.items():
                for row in rows:
                    with self.subTest(row=row[:20], code=code), Peer(server) as peer:
                        peer.socket.sendall(row)
                        self.assertEqual(peer.next(), (CLOSE, struct.pack(">H", code)))
                        self.assertEqual(peer.socket.recv(1), b"")


class Breaks(unittest.TestCase):
    def test_what_is_no_handshake_is_refused(self):
        with Example("websocket") as server:
            for head in (REQUEST + b"\r\n", b"POST / HTTP/1.1\r\nSec-WebSocket-Key: x\r\n\r\n", b"\0\r\n\r\n"):
                with server.connect() as client:
                    client.sendall(head)
                    self.assertEqual(received(client, 1000), b"HTTP/1.1 400 Bad Request\r\n\r\n")
            with server.connect() as client, self.assertRaises(OSError):  # a head without end
                for _ in range(1000):
                    client.sendall(b"x" * 10_000)
                received(client, 1)

    def test_clients_that_break_off_disturb_nobody(self):
        row = frame(TEXT, b"x" * 70_000, last=False)
        with Example("websocket") as server, Peer(server) as stays:
            for at in (1, 2, 5, 10, 13, 14, 1000, len(row)):
                with Peer(server) as goes:
                    goes.socket.sendall(row[:at])
                with Peer(server) as goes:
                    goes.socket.sendall(row[:at])
                    reset(goes.socket)
                with Peer(server) as goes:
                    goes.socket.sendall(row[:at])
                    goes.socket.shutdown(socket.SHUT_WR)
                    self.assertEqual(goes.socket.recv(1), b"")
            with server.connect() as client:
                client.sendall(REQUEST)
            stays.send(TEXT, b"still here")
            self.assertEqual(stays.next(), (TEXT, b"still here"))

    def test_who_does_not_read_is_not_read_either(self):
        with Example("websocket") as server:
            for opcode, payload in ((BINARY, b"x" * 100_000), (PING, b"x" * 100)):
                with Peer(server) as peer:
                    before = server.memory()
                    sent = send_until_stuck(peer.socket, frame(opcode, payload), 256 << 20)
                    self.assertLess(sent, 256 << 20)
                    if before is not None:
                        self.assertLess(server.memory() - before, 16 << 20)


if __name__ == "__main__":
    support.main()
