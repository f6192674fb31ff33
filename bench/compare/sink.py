"""A server that swallows bodies of any size and answers each with 200 when all of it has come: sink.py.

Prints its port, serves 127.0.0.1 until it gets SIGTERM, then prints what it has seen as JSON: how many bodies, their
bytes, and how many were under way at the same time. One thread; every connection gets its turn, a piece at a time.
"""
import json
import selectors
import signal
import socket
import sys

PIECE = 256 * 1024
MOST_HEAD = 64 * 1024
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Sink:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.piece = memoryview(bytearray(PIECE))
        self.seen = {"bodies": 0, "bytes": 0, "most_at_once": 0}
        self.under_way = 0

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    key.data.readable()

    def accept(self):
        try:
            peer, _ = self.listener.accept()
        except OSError:
            return
        peer.setblocking(False)
        self.selector.register(peer, selectors.EVENT_READ, Connection(self, peer))


class Connection:
    def __init__(self, sink, peer):
        self.sink, self.peer = sink, peer
        self.head = b""
        self.missing = 0  # bytes of the body; 0: the head is being read

    def readable(self):
        try:
            count = self.peer.recv_into(self.sink.piece)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if count == 0:
            self.close()
        elif self.missing:
            self.take_body(count)
        else:
            self.take_head(bytes(self.sink.piece[:count]))

    def take_head(self, data):
        head, end, rest = (self.head + data).partition(b"\r\n\r\n")
        if not end:
            self.head = head
            return self.close() if len(head) > MOST_HEAD else None
        self.head = b""
        self.missing = content_length(head)
        if self.missing <= 0: # asks whether anybody is there
            self.peer.send(ANSWER)
            return None
        self.sink.under_way += 1
        self.sink.seen["most_at_once"] = max(self.sink.seen["most_at_once"], self.sink.under_way)
        return self.take_body(len(rest))

    def take_body(self, count):
        self.missing -= count
        self.sink.seen["bytes"] += count
        if self.missing <= 0:
            self.missing = 0
            self.sink.under_way -= 1
            self.sink.seen["bodies"] += 1
            self.peer.send(ANSWER)

    def close(self):
        if self.missing:
            self.sink.under_way -= 1
        self.sink.selector.unregister(self.peer)
        self.peer.close()


def content_length(head):
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def main():
    sink = Sink()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(sink.listener.getsockname()[1], flush=True)
    try:
        sink.serve()
    finally:
        print(json.dumps(sink.seen), flush=True)


if __name__ == "__main__":
    main()
