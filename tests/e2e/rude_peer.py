"""A target that misbehaves on purpose: an HTTP server on raw sockets, each of whose routes can be replaced.

An act is a function of a Talk (one request and the socket it came on). It answers as it likes and returns whether the
connection goes on. Acts that come with arguments are made by the functions below.
"""
import json
import re
import socket
import struct
import threading
import time

ROUTES = [("health", "GET", r"/health"), ("ready", "GET", r"/ready"), ("metrics", "GET", r"/metrics"),
          ("upload", "POST", r"/api/upload-image"), ("submit", "POST", r"/api/generate-3d"),
          ("status", "GET", r"/api/job-status/.*"), ("download", "GET", r"/model.*")]
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
    """One request, read in full."""

    def __init__(self, peer, sock, method, path, body):
        self.peer, self.sock, self.method, self.path, self.body = peer, sock, method, path, body

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


def closing(act):
    """The act, then the connection's end without a word about it."""
    return lambda t: (act(t), False)[1]


class RudePeer:
    """Polite but for the routes that are given as acts. Also a context manager."""

    @staticmethod
    def polite(**how):
        return {"health": say({"status": "healthy"}, **how), "ready": say({"status": "ready"}, **how),
                "metrics": say("process_resident_memory_bytes 1e8\n", kind="text/plain; version=0.0.4", **how),
                "upload": say({"job_id": "job-1"}, **how), "submit": say({"status": "generating_3d"}, **how),
                "status": say({"status": "completed", "download_url": "/model.stl"}, **how),
                "download": say(MODEL, kind="model/stl", **how)}

    def __init__(self, first=None, **acts):
        self.first = first  # instead of everything: called with the bare socket of each connection
        self.acts = {**self.polite(), **acts}
        self.requests = []  # (method, path)
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self.first:
                    self.first(Talk(self, sock, "", "", b""))
                else:
                    while self.one(sock):
                        pass
            except OSError:
                pass

    def one(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = int((re.search(rb"(?im)^content-length: (\d+)", head) or [0, 0])[1])
        while len(body) < length:
            piece = sock.recv(65536)
            if not piece:
                return False
            body += piece
        method, path, _ = head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)
        self.requests.append((method, path))
        for name, own, pattern in ROUTES:
            if own == method and re.fullmatch(pattern, path):
                return self.acts[name](Talk(self, sock, method, path, body))
        sock.sendall(http("{}", status="404 Not Found"))
        return True
