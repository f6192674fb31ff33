"""Clients of live events, as small as they can be: Engine.IO over long polling, WebSockets, Server-Sent Events."""
import base64
import hashlib
import http.client
import json
import os
import socket
import struct

SEPARATOR = "\x1e"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Polling:
    """An Engine.IO session; each request on a connection of its own."""

    def __init__(self, port, open=True):
        self.port = port
        if open:
            status, body = self.request("GET", "EIO=4&transport=polling")
            assert status == 200, (status, body)
            assert body[0] == "0", body
            self.handshake = json.loads(body[1:])
            self.sid = self.handshake["sid"]

    @property
    def query(self):
        return f"EIO=4&transport=polling&sid={self.sid}"

    def send_request(self, method, query, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request(method, "/socket.io/?" + query, body, headers or {})
        return c

    def request(self, *arguments):
        return self.answer(self.send_request(*arguments))

    @staticmethod
    def answer(connection):
        r = connection.getresponse()
        body = r.read().decode()
        connection.close()
        return r.status, json.loads(body) if r.getheader("Content-Type") == "application/json" else body

    def start_poll(self):
        return self.send_request("GET", self.query)

    def poll(self):
        """The packets of one GET; None when it is refused."""
        status, body = self.request("GET", self.query)
        return body.split(SEPARATOR) if status == 200 else None

    def post(self, *packets):
        return self.request("POST", self.query, SEPARATOR.join(packets), {"Content-Type": "text/plain;charset=UTF-8"})

    def connect(self):
        answer = self.post("40")
        assert answer[0] == 200, answer
        return self.until("connected")

    def events(self):
        """All that come, as (name, payload); pings are answered."""
        while (packets := self.poll()) is not None:
            for packet in packets:
                if packet == "2":
                    self.post("3")
                elif packet.startswith("42"):
                    yield json.loads(packet[2:])
                elif packet == "1":
                    return

    def until(self, *names):
        return until(self.events(), *names)

    def emit(self, name, *arguments, ack=""):
        return self.post(f"42{ack}" + json.dumps([name, *arguments]))


def until(events, *names):
    """The events up to the first of that name."""
    seen = []
    for event in events:
        seen.append(event)
        if event[0] in names:
            return seen
    raise AssertionError(f"none of {names} after {[name for name, _ in seen]}")


class Refused(Exception):
    def __init__(self, status, body, headers):
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers


class WebSocket:
    """A client's side of one."""

    def __init__(self, port, path, receive_buffer=None, **headers):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        self.bytes = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
                 "Sec-WebSocket-Version": "13", "Sec-WebSocket-Extensions": "permessage-deflate"}
        lines.update({name.replace("_", "-"): value for name, value in headers.items()})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.read_answer(key)

    def read_answer(self, key):
        while b"\r\n\r\n" not in self.bytes:
            self.bytes += self.some()
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        if " 101 " not in first:
            length = int(headers.get("content-length", 0))
            while len(self.bytes) < length:
                self.bytes += self.some()
            self.socket.close()
            raise Refused(int(first.split()[1]), self.bytes.decode(), headers)
        accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        assert headers["sec-websocket-accept"] == accept.decode()
        assert headers["upgrade"].lower() == "websocket"
        assert "sec-websocket-extensions" not in headers

    def some(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        return data

    def take(self, count):
        while len(self.bytes) < count:
            self.bytes += self.some()
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def frame(self):
        """(operation, payload); ("end", b"") when the stream is over."""
        try:
            first, length = self.take(2)
            assert first & 0x70 == 0 and length & 0x80 == 0, "a server's frame has no extension and no mask"
            if length == 126:
                length, = struct.unpack(">H", self.take(2))
            elif length == 127:
                length, = struct.unpack(">Q", self.take(8))
            return first & 15, self.take(length)
        except (EOFError, ConnectionResetError):
            return "end", b""

    def send(self, operation, payload, final=True, masked=True):
        mask = os.urandom(4) if masked else b""
        n = len(payload)
        head = bytes([(0x80 if final else 0) | operation])
        bit = 0x80 if masked else 0
        head += bytes([bit | n]) if n < 126 else struct.pack(">BH", bit | 126, n) if n < 65536 else \
            struct.pack(">BQ", bit | 127, n)
        if masked:
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if n < 5000 else \
                (int.from_bytes(payload, "big") ^ int.from_bytes((mask * (n // 4 + 1))[:n], "big")).to_bytes(n, "big")
        self.socket.sendall(head + mask + payload)

    def send_many(self, operation, payload, count):
        """Pieces of one message, each below 126 bytes, masked with nothing."""
        self.socket.sendall((bytes([operation, 0x80 | len(payload)]) + bytes(4) + payload) * count)

    def send_text(self, text):
        self.send(TEXT, text.encode())

    def text(self):
        """The next text; pings of the protocol are answered. None: it was closed."""
        while True:
            operation, payload = self.frame()
            if operation == PING:
                self.send(PONG, payload)
            elif operation == TEXT:
                return payload.decode()
            elif operation in (CLOSE, "end"):
                self.code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                return None

    def closed(self):
        """It is closed, whatever comes before."""
        while self.text() is not None:
            pass
        return True

    def close(self):
        self.socket.close()

    # Socket.IO

    def events(self):
        while (text := self.text()) is not None:
            if text == "2":
                self.send_text("3")
            elif text.startswith("42"):
                yield json.loads(text[2:])

    def until(self, *names):
        return until(self.events(), *names)

    def connect(self):
        self.send_text("40")
        return self.until("connected")

    def emit(self, name, *arguments, ack=""):
        self.send_text(f"42{ack}" + json.dumps([name, *arguments]))


def socketio_socket(port, sid=None, **more):
    return WebSocket(port, "/socket.io/?EIO=4&transport=websocket" + (f"&sid={sid}" if sid else ""), **more)


class Stream:
    """Server-Sent Events."""

    def __init__(self, port, path, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", path, headers=headers or {})
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.comments, self.retry, self.last_id = 0, None, None

    def events(self):
        name, data = None, []
        while line := self.response.readline().decode():
            line = line.rstrip("\n")
            field, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments += 1
            elif field == "retry":
                self.retry = int(value)
            elif field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif not line and name:
                yield name, json.loads("\n".join(data))
                name, data = None, []

    def close(self):
        self.response.close()
        self.connection.close()
