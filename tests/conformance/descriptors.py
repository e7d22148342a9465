"""The open descriptors that runners inherit: one for each line `descriptor NAME KIND` of their scenarios."""
import os
import re
import socket

LINE = re.compile(r"^descriptor \w+ (\w+)", re.M)


def detached(*ends):
    return [end.detach() for end in ends]


def connected():
    """Both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        return detached(client, server.accept()[0])


def bound(listening, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    end = socket.socket(family, kind)
    end.bind(("127.0.0.1", 0))
    if listening:
        end.listen()
    return detached(end)


KINDS = {
    "tcp": connected,
    "pair": lambda: detached(*socket.socketpair()),
    "pipe": lambda: list(os.pipe()),
    "local": lambda: detached(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
    "bound": lambda: bound(False),
    "listening": lambda: bound(True),
    "datagram": lambda: bound(False, kind=socket.SOCK_DGRAM),
    "file": lambda: [os.open(__file__, os.O_RDONLY)],
    "terminal": lambda: list(os.openpty()),
}


class Given:
    """What NET_DESCRIPTORS says to a runner: the ends of each line's descriptor, lines parted by blanks."""

    def __init__(self, texts):
        self.ends = [KINDS[kind]() for text in texts for kind in LINE.findall(text)]
        self.numbers = [number for ends in self.ends for number in ends]
        self.text = " ".join(",".join(map(str, ends)) for ends in self.ends)

    def __enter__(self):
        return self

    def close(self):
        while self.numbers:
            os.close(self.numbers.pop())

    def __exit__(self, *failure):
        self.close()
