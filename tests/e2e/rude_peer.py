"""A target that misbehaves on purpose: an HTTP server on raw sockets, each of whose routes can be replaced.

An act is a function of a Talk (one request and the socket it came on). It answers as it likes and returns whether the
connection goes on. Acts that come with arguments are made by the functions below.
"""
import contextlib
import json
import re
import socket
import struct
import threading
import time

ROUTES = [("health", "GET", r"/health"), ("ready", "GET", r"/ready"), ("metrics", "GET", r"/metrics"),
          ("upload", "POST", r"/api/upload-image"), ("submit", "POST", r"/api/generate-3d"),
          ("status", "GET", r"/api/job-status/.*"), ("download", "GET", r"/model.*"), ("page", "GET", r"/page.*")]
PATIENCE = 30  # seconds; nobody here waits longer for anything


def tetrahedron():
    a, b, c, d = (0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)
    faces = [(a, c, b), (a, b, d), (a, d, c), (b, c, d)]
    return bytes(80) + struct.pack("<I", len(faces)) + b"".join(
        struct.pack("<12fH", 0, 0, 0, *p, *q, *r, 0) for p, q, r in faces)


MODEL = tetrahedron()


def http(body=b"", status="200 OK", length=None, headers=(), kind="application/json"):
    """The bytes of an answer; `length` is what it claims to have, False for no such header."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers]
    if length is not False:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Talk:
    """One request, read in full (but for those of `early`); `number` counts those of its connection, from 0."""

    def __init__(self, peer, sock, method="", path="", body=b"", number=0):
        self.peer, self.sock, self.method, self.path, self.body = peer, sock, method, path, body
        self.number = number

    def send(self, data):
        self.sock.sendall(data)

    def hang(self):
        """Says nothing more until the client leaves or the peer is closed."""
        self.sock.settimeout(0.1)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not self.peer.closing.is_set():
            try:
                if not self.sock.recv(4096):
                    break
            except TimeoutError:
                continue
        return False


# ---- acts ----

def say(body=b"", **how):
    """A whole answer, and the connection goes on."""
    data = http(body if isinstance(body, (bytes, str)) else json.dumps(body), **how)
    return lambda t: (t.send(data), True)[1]


def raw(data, then=False):
    """These bytes, then the connection's end (or, with `then`, the next request)."""
    return lambda t: (t.send(data), then)[1]


def close(_):
    return False


def reset(t):
    t.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silent(t):
    return t.hang()


def half(body, **how):
    data = http(body, **how)
    return raw(data[:len(data) - len(body) // 2 - 1])


def begin_and_hang(data):
    return lambda t: (t.send(data), t.hang())[1]


def drip(data, pause=0.05):
    def act(t):
        for i in range(len(data)):
            t.send(data[i:i + 1])
            if t.peer.closing.wait(pause):
                return False
        return True
    return act


def endless(head, piece):
    """After the head the piece over and over, until the client leaves."""
    def act(t):
        t.send(head)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not t.peer.closing.is_set():
            t.send(piece)
        return False
    return act


def chunked(body, size=7, end=b"0\r\n\r\n"):
    body = body.encode() if isinstance(body, str) else body
    data = http(length=False, headers=["Transfer-Encoding: chunked"])
    for i in range(0, len(body), size):
        piece = body[i:i + size]
        data += b"%x\r\n%s\r\n" % (len(piece), piece)
    return raw(data + end, then=True)


def slow(act, seconds):
    return lambda t: not t.peer.closing.wait(seconds) and act(t)


def closing(act):
    """The act, then the connection's end without a word about it."""
    return lambda t: (act(t), False)[1]


class RudePeer:
    """Polite but for the routes that are given as acts. Also a context manager.

    first: instead of everything, called with the bare socket of each connection. early: acts by route that do not wait
    for the request's body, which is read afterwards where the connection goes on; None: the usual act answers.
    accepts: so many connections are taken; the others find the queue full. host: where it listens.
    """

    @staticmethod
    def polite(**how):
        return {"health": say({"status": "healthy"}, **how), "ready": say({"status": "ready"}, **how),
                "metrics": say("process_resident_memory_bytes 1e8\n", kind="text/plain; version=0.0.4", **how),
                "upload": say({"job_id": "job-1"}, **how), "submit": say({"status": "generating_3d"}, **how),
                "status": say({"status": "completed", "download_url": "/model.stl"}, **how),
                "download": say(MODEL, kind="model/stl", **how), "page": say("a page", kind="text/plain", **how)}

    def __init__(self, first=None, early=None, accepts=None, host="127.0.0.1", **acts):
        self.first, self.early, self.accepts = first, early or {}, accepts
        self.acts = {**self.polite(), **acts}
        self.lock = threading.Lock()
        self.requests = []    # (method, path)
        self.times = []       # time.monotonic() of each of them
        self.heads = []       # of each of them
        self.bodies = []      # of those that have one
        self.connections = 0  # that were taken
        self.answering = self.most_answering = 0  # requests at the same time
        self.closing = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family, backlog=128 if accepts is None else 0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        self.stop_listening()
        self.thread.join()
        self.listener.close()

    def stop_listening(self):
        with contextlib.suppress(OSError):  # it does not any more
            self.listener.shutdown(socket.SHUT_RDWR)

    def accept(self):
        while self.accepts is None or self.connections < self.accepts:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()
        self.fill()

    def fill(self):
        """Takes no more; the queue of those that wait to be taken becomes full."""
        waiting = [socket.socket() for _ in range(4)]
        for s in waiting:
            s.setblocking(False)
            s.connect_ex(self.listener.getsockname())
        self.closing.wait()
        for s in waiting:
            s.close()

    def serve(self, sock):
        with sock:
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self.first:
                    self.first(Talk(self, sock))
                else:
                    number = 0
                    while self.one(sock, number):
                        number += 1
            except OSError:
                pass

    def one(self, sock, number):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
        route = next((name for name, own, pattern in ROUTES if own == method and re.fullmatch(pattern, path)), None)
        talk = Talk(self, sock, method, path, number=number)
        with self.lock:
            self.requests.append((method, path))
            self.times.append(time.monotonic())
            self.heads.append(head.decode("latin-1"))
        early = self.early[route](talk) if route in self.early else None
        if early is False:
            return False
        length = int((re.search(rb"(?im)^content-length: (\d+)", head) or [0, 0])[1])
        if length:
            talk.body = self.rest(sock, body, length)
            if len(talk.body) < length:
                return False
            with self.lock:
                self.bodies.append(talk.body)
        return early or self.answer(talk, self.acts[route] if route else say({}, status="404 Not Found"))

    @staticmethod
    def rest(sock, body, length):
        pieces, got = [body], len(body)
        while got < length and (piece := sock.recv(min(1 << 20, length - got))):
            pieces.append(piece)
            got += len(piece)
        return b"".join(pieces)

    def answer(self, talk, act):
        with self.lock:
            self.answering += 1
            self.most_answering = max(self.most_answering, self.answering)
        try:
            return act(talk)
        finally:
            with self.lock:
                self.answering -= 1

    def count(self, path="/page"):
        """Requests of that path so far."""
        with self.lock:
            return sum(own == path for _, own in self.requests)
