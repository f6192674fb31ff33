"""Live events of orfeasd, over each of their ways: the built program, and clients of our own.

usage: test_events.py ORFEASD [unittest arguments]
"""
import concurrent.futures
import datetime
import json
import os
import signal
import sys
import tempfile
import time
import unittest

import test_api
from event_clients import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Polling, Refused, Stream, WebSocket,
                           socketio_socket, until)
from test_api import Server, flat_png, form

FAST = ("--ping-interval", "300ms", "--ping-timeout", "200ms")
PACED = ("--profile", "hunyuan3d", "--time-scale", "60", "--load-time", "1ms")
KINDS = ("socketio_polling", "socketio_websocket", "websocket", "sse")


def wait_for(true, what):
    deadline = time.monotonic() + 30
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.01)


def active(server):
    return {kind: server.metric(f'websocket_connections_active{{client_type="{kind}"}}') or 0 for kind in KINDS}


def errors(server, kind):
    return server.metric(f'websocket_errors_total{{error_type="{kind}"}}') or 0


def names(events):
    return [name for name, _ in events]


class Case(unittest.TestCase):
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.s = Server(*cls.OPTIONS).wait_ready()
        cls.port = cls.s.port

    @classmethod
    def tearDownClass(cls):
        assert cls.s.stop() == 0

    def job_done(self):
        job = self.s.upload()
        self.s.generate(job)
        self.s.wait_state(job, "completed")
        return job


class EngineIo(Case):
    OPTIONS = FAST

    def test_handshake(self):
        self.assertEqual({**Polling(self.port).handshake, "sid": 0},
                         {"sid": 0, "upgrades": ["websocket"], "pingInterval": 300, "pingTimeout": 200,
                          "maxPayload": 1000000})
        sids = {Polling(self.port).sid for _ in range(50)}
        self.assertEqual((len(sids), {len(sid) for sid in sids}), (50, {20}))
        ws = socketio_socket(self.port)
        self.assertEqual(json.loads(ws.text()[1:])["upgrades"], [])

    def test_refused_handshakes(self):
        rows = (("GET", "", 0), ("GET", "EIO=4", 0), ("GET", "EIO=4&transport=pigeon", 0),
                ("GET", "EIO=4&transport=polling&sid=nobody", 1), ("POST", "EIO=4&transport=polling&sid=nobody", 1),
                ("POST", "EIO=4&transport=polling", 2), ("PUT", "EIO=4&transport=polling", 2),
                ("HEAD", "EIO=4&transport=polling", 2), ("GET", "EIO=4&transport=websocket", 3),
                ("GET", "EIO=3&transport=polling", 5), ("GET", "transport=polling", 5))
        client = Polling(self.port, open=False)
        for method, query, code in rows:
            status, body = client.request(method, query) if method != "HEAD" else \
                (self.s.request("HEAD", "/socket.io/?" + query)[0], {"code": code})
            self.assertEqual((status, body["code"]), (400, code), (method, query))
        for path, code in (("/socket.io/?EIO=3&transport=websocket", 5), ("/socket.io/?EIO=4&transport=polling", 3),
                           ("/socket.io/?EIO=4&transport=websocket&sid=nobody", 1)):
            with self.assertRaises(Refused) as refused:
                WebSocket(self.port, path)
            self.assertEqual((refused.exception.status, json.loads(refused.exception.body)["code"]), (400, code))

    def test_preflight(self):
        status, _, r = self.s.request("OPTIONS", "/socket.io/")
        self.assertEqual((status, r.getheader("Access-Control-Allow-Methods")), (204, "GET, HEAD, POST, OPTIONS"))

    def test_heartbeat(self):
        client = Polling(self.port)
        client.connect()
        for _ in range(3):
            self.assertEqual(client.poll(), ["2"])
            self.assertEqual(client.post("3"), (200, "ok"))
        before = errors(self.s, "ping_timeout")
        self.assertEqual(client.poll(), ["2"])
        self.assertEqual(client.poll(), ["1"])  # nobody answered the ping
        self.assertIsNone(client.poll())
        self.assertGreater(errors(self.s, "ping_timeout"), before)
        ws = socketio_socket(self.port)
        ws.send_text("40")
        for _ in range(3):
            ws.text()
        for _ in range(2):
            self.assertEqual(ws.text(), "2")
            ws.send_text("3")
        self.assertEqual(ws.text(), "2")
        self.assertIsNone(ws.text())

    def test_never_connects(self):
        client = Polling(self.port)
        for packet in iter(lambda: client.poll(), ["1"]):
            self.assertEqual(packet, ["2"])
            client.post("3")
        self.assertIsNone(client.poll())
        self.assertGreater(errors(self.s, "connect_timeout"), 0)

    def test_two_polls(self):
        client = Polling(self.port)
        first = client.start_poll()
        wait_for(lambda: self.s.metric("http_requests_held") >= 1, "the GET is held")
        self.assertEqual(client.request("GET", client.query)[0], 400)
        self.assertEqual(client.answer(first), (200, "1"))
        self.assertIsNone(client.poll())

    def test_two_posts(self):
        client = Polling(self.port)
        first = self.s.socket()
        first.sendall(f"POST /socket.io/?{client.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n4".encode())
        wait_for(lambda: client.post("3")[0] == 400, "the first one has begun")
        self.assertIsNone(client.poll())
        first.sendall(b"0" * 8)
        self.assertIn(b" 400 ", first.recv(1000))
        first.close()

    def test_bad_packets(self):
        for payload in ("abc", "", "4", "2", "0{}", "5", "7", "40\x1e", "\x1e40", "40\x1ex", "bAAA=", "42", "42{}", "42[]",
                        '42["a"]', "4x", "40[]", "44", '451-["a"]'):
            client = Polling(self.port)
            self.assertEqual(client.post(payload)[0], 400, payload)
            self.assertIsNone(client.poll(), payload)
            if "\x1e" in payload:
                continue
            ws = socketio_socket(self.port)
            ws.send_text(payload)
            self.assertTrue(ws.closed(), payload)
        client = Polling(self.port)
        self.assertEqual(client.request("POST", client.query, "40", {"Content-Type": "application/octet-stream"})[0], 400)
        self.assertIsNone(client.poll())

    def test_client_closes(self):
        client = Polling(self.port)
        pending = client.start_poll()
        wait_for(lambda: self.s.metric("http_requests_held") >= 1, "the GET is held")
        self.assertEqual(client.post("1"), (200, "ok"))
        self.assertEqual(client.answer(pending), (200, "6"))
        self.assertIsNone(client.poll())
        ws = socketio_socket(self.port)
        ws.send_text("1")
        self.assertTrue(ws.closed())

    def test_payload_limits(self):
        client = Polling(self.port)
        noise = 'x' * 999990
        self.assertEqual(client.post("40")[0], 200)
        self.assertEqual(client.post('42["a","' + noise[:-2] + '"]'), (200, "ok"))
        self.assertEqual(client.post('42["a","' + noise + 'xxxx"]')[0], 413)
        self.assertTrue(client.poll())  # it lives on
        ws = socketio_socket(self.port)
        ws.connect()
        ws.send_text('42["a","' + noise[:-2] + '"]')
        ws.emit("ping")
        ws.until("pong")
        ws.send_text('42["a","' + noise + 'xxxx"]')
        self.assertTrue(ws.closed())
        self.assertEqual(ws.code, 1009)

    def test_frames(self):
        ws = socketio_socket(self.port)
        ws.text()
        ws.send(TEXT, b"4", final=False)
        ws.send(PING, b"here")
        ws.send(CONTINUATION, b"0")
        self.assertEqual(ws.frame(), (PONG, b"here"))
        self.assertEqual(ws.text()[:2], "40")
        ws.send(CLOSE, b"\x03\xe8")
        self.assertTrue(ws.closed())
        for send in (lambda w: w.send(TEXT, b"40", masked=False), lambda w: w.send(3, b""), lambda w: w.send(TEXT, b"\xff"),
                     lambda w: w.send(BINARY, b"x"), lambda w: w.send(CONTINUATION, b"x")):
            ws = socketio_socket(self.port)
            send(ws)
            self.assertTrue(ws.closed())


class Upgrade(Case):
    def probe(self, client):
        ws = socketio_socket(self.port, client.sid)
        ws.send_text("2probe")
        self.assertEqual(ws.text(), "3probe")
        return ws

    def test_order(self):
        """What comes before, during and after the upgrade arrives once and in its order."""
        client = Polling(self.port)
        client.connect()
        pending = client.start_poll()
        ws = self.probe(client)
        self.assertEqual(client.answer(pending), (200, "6"))
        for i in range(5):
            client.post(f'42{i}["ping"]')
        ws.send_text("5")
        for i in range(5, 10):
            ws.send_text(f'42{i}["ping"]')
        acks = []
        while len(acks) < 10:
            text = ws.text()
            if text.startswith("43"):
                acks.append(int(text[2:].partition("[")[0]))
        self.assertEqual(acks, list(range(10)))
        self.assertEqual(client.request("GET", client.query)[1]["code"], 3)
        self.assertEqual(client.post("3")[1]["code"], 3)
        ws.emit("ping")
        ws.until("pong")
        ws.close()

    def test_polling_goes_on(self):
        """A probe that comes to nothing leaves the session as it was."""
        for spoil in (lambda ws: ws.close(), lambda ws: ws.send_text("x"), lambda ws: ws.send_text("5"),
                      lambda ws: ws.send_text("2"), lambda ws: ws.send(BINARY, b"x")):
            client = Polling(self.port)
            client.connect()
            ws = socketio_socket(self.port, client.sid)
            spoil(ws)
            client.emit("ping")
            self.assertEqual(names(client.until("pong")), ["pong"])
            if ws.socket.fileno() >= 0:
                self.assertTrue(ws.closed())
            wait_for(lambda: self.upgraded(client), "another try works")
            client.post("1")

    def upgraded(self, client):
        ws = socketio_socket(self.port, client.sid)
        ws.send_text("2probe")
        if ws.text() != "3probe":
            return False
        ws.send_text("5")
        ws.emit("ping")
        return ws.until("pong")

    def test_second_socket(self):
        client = Polling(self.port)
        client.connect()
        ws = self.probe(client)
        self.assertTrue(socketio_socket(self.port, client.sid).closed())
        ws.send_text("5")
        ws.emit("ping")
        ws.until("pong")
        self.assertTrue(socketio_socket(self.port, client.sid).closed())
        ws.emit("ping")
        ws.until("pong")
        ws.close()

    def test_poll_during_probe(self):
        """A GET that comes while the client probes is not held until the next ping."""
        client = Polling(self.port)
        client.connect()
        ws = self.probe(client)
        self.assertEqual(client.poll(), ["6"])
        ws.close()


class SocketIo(Case):
    def test_connect(self):
        for client in (Polling(self.port), socketio_socket(self.port)):
            (name, data), = client.connect()
            self.assertEqual(name, "connected")
            self.assertEqual(data["status"], "Connected to orfeasd")
            datetime.datetime.fromisoformat(data["timestamp"].replace("Z", "+00:00"))
            client.emit("ping")
            self.assertEqual(names(client.until("pong")), ["pong"])

    def test_own_sid(self):
        client = Polling(self.port)
        client.post('40{"token":"t"}')
        connect, connected = client.poll()
        self.assertEqual(connect[:2], "40")
        self.assertNotEqual(json.loads(connect[2:])["sid"], client.sid)
        self.assertEqual(connected[:14], '42["connected"')

    def test_namespaces(self):
        for packet in ("40/random", "40/random,", '40/random,{"a":1}'):
            client = Polling(self.port)
            client.post(packet)
            self.assertEqual(client.poll(), ['44/random,{"message":"Invalid namespace"}'])
        client.connect()
        self.assertEqual(client.post('42/random,["a"]')[0], 400)

    def test_disconnect(self):
        client = socketio_socket(self.port)
        client.connect()
        client.send_text("41")
        client.connect()
        client.send_text("41")
        client.emit("ping")
        self.assertTrue(client.closed())

    def test_reserved(self):
        for name in ("connect", "disconnect", "newListener"):
            client = socketio_socket(self.port)
            client.connect()
            client.emit(name)
            self.assertTrue(client.closed())

    def test_binary(self):
        client = socketio_socket(self.port)
        client.connect()
        client.send_text('452-["ping",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        client.send(BINARY, b"1")
        client.send(BINARY, b"2")
        client.emit("ping")
        self.assertEqual(len(client.until("pong") + client.until("pong")), 2)
        client.send(BINARY, b"3")
        self.assertTrue(client.closed())

    def test_errors_and_acks(self):
        client = socketio_socket(self.port)
        client.connect()
        nobody = "01234567-89ab-4def-8123-456789abcdef"
        rows = (("subscribe", [], "job_id is required"), ("subscribe", [{}], "job_id is required"),
                ("subscribe", [{"job_id": 7}], "job_id is required"), ("subscribe", ["x"], "job_id is required"),
                ("subscribe_job", [{"job_id": nobody}], "Job not found"),
                ("subscribe", [{"job_id": "../../etc"}], "Job not found"), ("unsubscribe", [{}], "job_id is required"),
                ("unsubscribe", [{"job_id": nobody}], "Not subscribed"), ("nonsense", [1], "Unknown event"))
        for i, (name, arguments, message) in enumerate(rows):
            client.emit(name, *arguments, ack=i)
            (event, data), = client.until("error")
            self.assertEqual((event, data["message"]), ("error", message))
            text = client.text()
            self.assertTrue(text.startswith(f"43{i}["), text)
            self.assertEqual(json.loads(text[3 + len(str(i)) - 1:])[0]["message"], message)
        client.emit("nonsense")
        client.emit("ping")
        self.assertEqual(names(client.until("pong")), ["pong"])

    def test_too_many(self):
        client = socketio_socket(self.port)
        client.connect()
        for _ in range(64):
            client.emit("subscribe", {"job_id": self.s.upload()})
            client.until("job_update")
        job = self.s.upload()
        client.emit("subscribe", {"job_id": job})
        self.assertEqual(client.until("error", "subscribed")[-1][1]["message"], "Too many subscriptions")

    def test_late(self):
        good, bad = self.job_done(), self.s.request("POST", "/api/upload-image", *form(flat_png()))[1]["job_id"]
        self.s.generate(bad)
        self.s.wait_state(bad, "failed")
        for client in (Polling(self.port), socketio_socket(self.port)):
            client.connect()
            client.emit("subscribe_job", {"job_id": good})
            events = client.until("generation_complete", "generation_error")
            self.assertEqual(names(events), ["subscribed", "job_update", "generation_complete"])
            self.assertEqual((events[1][1]["status"], events[1][1]["progress"]), ("completed", 100))
            self.assertEqual(events[1][1]["download_url"], events[2][1]["download_url"])
            self.assertEqual(len(events[2][1]["result"]["stages"]), 5)
            client.emit("subscribe", {"job_id": bad})
            events = client.until("generation_complete", "generation_error")
            self.assertEqual(names(events), ["subscribed", "job_update", "generation_error"])
            self.assertEqual((events[2][1]["success"], events[2][1]["recoverable"]), (False, False))
            self.assertTrue(events[2][1]["error"])

    def test_again(self):
        """Another generation of the same picture is told of from its beginning."""
        job = self.job_done()
        client = socketio_socket(self.port)
        client.connect()
        client.emit("subscribe", {"job_id": job})
        client.until("generation_complete")
        for _ in range(2):
            self.s.generate(job)
            events = client.until("generation_complete")
            self.assertEqual([data["stage"] for name, data in events if name == "stage_change"],
                             ["image_loading", "image_preprocessing", "shape_generation", "texture_synthesis",
                              "mesh_export"])


class Progress(Case):
    OPTIONS = PACED + ("--jobs", "1")

    def test_only_to_subscribers(self):
        mine, theirs = self.s.upload(), self.s.upload()
        clients = [Polling(self.port), socketio_socket(self.port)]
        stranger = socketio_socket(self.port)
        for client, job in ((clients[0], mine), (clients[1], mine), (stranger, theirs)):
            client.connect()
            client.emit("subscribe", {"job_id": job})
            client.until("job_update")
        began = time.monotonic()
        self.s.generate(mine)
        self.s.generate(theirs)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            seen = [pool.submit(client.until, "generation_complete") for client in (*clients, stranger)]
        lasted = time.monotonic() - began
        for answer, job in zip(seen, (mine, mine, theirs)):
            events = answer.result()
            self.assertEqual({data["job_id"] for _, data in events}, {job})
            self.check_progress(events, lasted)
        self.assertEqual(names(seen[0].result()), names(seen[1].result()))
        places = [data["queue_position"] for name, data in seen[2].result() if name == "job_update"
                  and "queue_position" in data]
        self.assertEqual(places[0], 1)
        stranger.emit("unsubscribe", {"job_id": theirs})
        stranger.until("unsubscribed")
        self.s.generate(theirs)
        self.s.wait_state(theirs, "completed")
        stranger.emit("ping")
        self.assertEqual(names(stranger.until("pong")), ["pong"])

    def check_progress(self, events, lasted):
        progress = [data for name, data in events if name == "generation_progress"]
        percent = [data["progress"] for data in progress]
        self.assertGreaterEqual(len(progress), 2)
        self.assertLessEqual(len(progress), 4 * lasted + 2)
        self.assertEqual(percent, sorted(set(percent)))
        left = [data["eta_seconds"] for data in progress]
        self.assertEqual(left, sorted(left, reverse=True))
        for data in progress:
            self.assertTrue(0 <= data["stage_progress"] <= 100 and data["stage"])
        self.assertEqual(names(events)[-2:], ["job_update", "generation_complete"])

    def test_stream_and_socket(self):
        job = self.s.upload()
        stream, ws = Stream(self.port, f"/api/jobs/{job}/events"), WebSocket(self.port, f"/ws/jobs/{job}")
        self.assertEqual((stream.status, stream.response.getheader("Content-Type")), (200, "text/event-stream"))
        incoming = stream.events()
        self.assertEqual(next(incoming)[1]["status"], "uploaded")
        self.assertEqual(json.loads(ws.text())["status"], "uploaded")
        self.s.generate(job)
        by_stream = list(incoming)
        by_socket = [json.loads(text) for text in iter(ws.text, None)]
        self.assertEqual([(e.pop("event"), e) for e in by_socket], by_stream)
        self.assertEqual(names(by_stream)[-1], "generation_complete")
        self.assertRegex(stream.last_id, r"^end-\d+$")
        self.assertEqual((stream.retry, ws.code), (2000, 1000))
        again = Stream(self.port, f"/api/jobs/{job}/events", {"Last-Event-ID": "3"})
        self.assertEqual(names(again.events()), ["job_update", "generation_complete"])
        self.assertEqual(Stream(self.port, f"/api/jobs/{job}/events", {"Last-Event-ID": stream.last_id}).status, 204)
        self.s.generate(job)  # another end, which nobody has seen
        self.assertEqual(Stream(self.port, f"/api/jobs/{job}/events", {"Last-Event-ID": stream.last_id}).status, 200)
        self.s.wait_state(job, "completed")
        wait_for(lambda: active(self.s)["sse"] + active(self.s)["websocket"] == 0, "nobody listens")


class JobSocket(Case):
    OPTIONS = FAST

    def test_refused(self):
        job = self.s.upload()
        nobody = "01234567-89ab-4def-8123-456789abcdef"
        self.assertEqual(self.s.request("GET", f"/api/jobs/{nobody}/events")[0], 404)
        self.assertEqual(self.s.request("POST", f"/api/jobs/{job}/events")[0], 405)
        self.assertEqual(self.s.request("HEAD", f"/api/jobs/{job}/events")[0], 200)
        status, _, r = self.s.request("GET", f"/ws/jobs/{job}")
        self.assertEqual((status, r.getheader("Upgrade")), (426, "websocket"))
        for path, headers, code in ((f"/ws/jobs/{nobody}", {}, 404), (f"/ws/jobs/{job}", {"Upgrade": None}, 426),
                                    (f"/ws/jobs/{job}", {"Sec_WebSocket_Version": "8"}, 426),
                                    (f"/ws/jobs/{job}", {"Sec_WebSocket_Key": "x"}, 400),
                                    (f"/ws/jobs/{job}", {"Sec_WebSocket_Key": None}, 400)):
            with self.assertRaises(Refused) as refused:
                WebSocket(self.port, path, **headers)
            self.assertEqual(refused.exception.status, code, (path, headers))

    def test_heartbeat(self):
        job = self.s.upload()
        stream, quiet = Stream(self.port, f"/api/jobs/{job}/events"), WebSocket(self.port, f"/ws/jobs/{job}")
        loud = WebSocket(self.port, f"/ws/jobs/{job}")
        for _ in range(3):
            loud_frame = loud.frame()
            while loud_frame[0] == TEXT:
                loud_frame = loud.frame()
            self.assertEqual(loud_frame, (PING, b""))
            loud.send(PONG, b"")
        while (frame := quiet.frame())[0] in (TEXT, PING):
            pass
        self.assertEqual(frame[0], CLOSE)
        self.s.generate(job)
        self.assertEqual(names(stream.events())[-1], "generation_complete")
        self.assertGreaterEqual(stream.comments, 2)
        self.assertGreater(errors(self.s, "ping_timeout"), 0)

    def test_empty_close(self):
        """A close without a code is an ordinary one."""
        job = self.s.upload()
        before = errors(self.s, "protocol_error")
        ws = WebSocket(self.port, f"/ws/jobs/{job}")
        ws.text()
        ws.send(CLOSE, b"")
        self.assertTrue(ws.closed())
        wait_for(lambda: active(self.s)["websocket"] == 0, "it is gone")
        self.assertEqual(errors(self.s, "protocol_error"), before)

    def test_too_big(self):
        ws = WebSocket(self.port, f"/ws/jobs/{self.s.upload()}")
        ws.send_text("ignored")
        ws.send(TEXT, b"x" * 5000)
        self.assertTrue(ws.closed())
        self.assertEqual(ws.code, 1009)

    def test_origin(self):
        s = Server(env={"CORS_ORIGINS": "https://a.example, https://b.example"}).wait_ready()
        job = s.upload()
        for path in (f"/ws/jobs/{job}", "/socket.io/?EIO=4&transport=websocket"):
            for origin, good in (("https://a.example", True), ("https://B.example", True), (None, True),
                                 ("https://c.example", False), ("null", False), ("https://a.exampl", False)):
                try:
                    WebSocket(s.port, path, Origin=origin).close()
                    self.assertTrue(good, origin)
                except Refused as refused:
                    self.assertEqual((refused.status, good), (403, False), origin)
        for origin, shown in (("https://a.example", "https://a.example"), ("https://c.example", None), (None, None)):
            _, _, r = s.request("GET", "/health", headers={"Origin": origin} if origin else {})
            self.assertEqual((r.getheader("Access-Control-Allow-Origin"), r.getheader("Vary")), (shown, "Origin"))
        WebSocket(s.port, f"/ws/jobs/{job}", Host=f"here.example:{s.port}", Origin=f"https://here.example:{s.port}").close()
        self.assertEqual(s.stop(), 0)


class Vanishing(Case):
    OPTIONS = PACED[:2] + PACED[4:]  # a job of 82 s

    def test_nothing_is_left(self):
        """Clients that are cut off, of each kind, while their job runs: descriptors and gauges come back."""
        job = self.s.upload()
        self.s.generate(job)
        rounds = []
        for _ in range(4):
            self.vanish(job)
            rounds.append(self.settled())
        self.assertEqual(len(set(rounds)), 1, rounds)
        self.assertEqual(self.s.request("GET", "/api/job-status/" + job)[1]["status"], "processing")

    def vanish(self, job):
        clients = []
        for _ in range(10):
            polling, ws = Polling(self.port), socketio_socket(self.port)
            polling.connect()
            ws.connect()
            for client in (polling, ws):
                client.emit("subscribe", {"job_id": job})
            polling.until("job_update")
            clients += [polling.start_poll().sock, ws.socket, WebSocket(self.port, f"/ws/jobs/{job}").socket,
                        Stream(self.port, f"/api/jobs/{job}/events").connection.sock,
                        socketio_socket(self.port, Polling(self.port).sid).socket]
        wait_for(lambda: active(self.s)["sse"] == 10, "all are there")
        for sock in clients:
            if sock:
                sock.close()

    def settled(self):
        # A session whose client only probed goes with its ping, in 45 s: it is not one of these.
        gone = ("socketio_websocket", "websocket", "sse")
        wait_for(lambda: not any(active(self.s)[kind] for kind in gone), "all are gone")
        wait_for(lambda: self.s.metric("http_requests_held") == 0, "no GET is held")
        wait_for(lambda: self.s.metric("http_connections_active") == 1, "no connection is left")
        return self.s.metric("process_open_fds")

    def test_slow_reader(self):
        """Who asks and does not read is cut off, and nobody else is kept waiting."""
        ws = socketio_socket(self.port, receive_buffer=4096)
        ws.connect()
        before = errors(self.s, "overflow")
        ws.socket.settimeout(10)
        try:
            while errors(self.s, "overflow") == before:
                for _ in range(1000):
                    ws.emit("ping")
        except OSError:
            pass
        wait_for(lambda: errors(self.s, "overflow") == before + 1, "it is cut off")
        ws.close()
        polling = Polling(self.port)
        polling.connect()
        for _ in range(20):
            if polling.post(*['42["ping"]'] * 500)[0] != 200:
                break
        wait_for(lambda: errors(self.s, "overflow") == before + 2, "a session that nobody polls, too")
        self.assertIsNone(polling.poll())

    def test_many_small_frames(self):
        """A frame costs memory, however little is in it."""
        ws = socketio_socket(self.port)
        before = errors(self.s, "message_too_big")
        try:
            ws.send(TEXT, b"4", final=False)
            for _ in range(400):
                ws.send_many(CONTINUATION, b"x", 1000)
        except OSError:
            pass
        wait_for(lambda: errors(self.s, "message_too_big") > before, "it is cut off")

    def test_inbound(self):
        """What clients begin to send and do not end is bounded for all of them together."""
        sockets = [socketio_socket(self.port) for _ in range(50)]
        for ws in sockets:
            try:
                ws.send(TEXT, b"4" + b"x" * 900000, final=False)
            except OSError:
                pass
        closed = errors(self.s, "message_too_big")
        wait_for(lambda: errors(self.s, "message_too_big") >= 1, "some are refused")
        for ws in sockets:
            ws.close()
        wait_for(lambda: active(self.s)["socketio_websocket"] == 0, f"all are gone, {closed} refused")
        ws = socketio_socket(self.port)
        ws.connect()
        ws.send_text('42["a","' + "x" * 900000 + '"]')
        ws.emit("ping")
        ws.until("pong")
        ws.close()


class Stopping(unittest.TestCase):
    def test_all_are_told(self):
        s = Server(*PACED).wait_ready()
        job = s.upload()
        polling, ws, stream, plain = (Polling(s.port), socketio_socket(s.port),
                                      Stream(s.port, f"/api/jobs/{job}/events"), WebSocket(s.port, f"/ws/jobs/{job}"))
        polling.connect()
        ws.connect()
        pending = polling.start_poll()
        half = s.socket()
        half.sendall(b"GET /ws/jobs/x HTTP/1.1\r\n")
        wait_for(lambda: s.metric("http_requests_held") == 1, "the GET is held")
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(polling.answer(pending), (200, "1"))
        self.assertTrue(ws.closed() and plain.closed())
        self.assertEqual(plain.code, 1001)
        self.assertEqual(names(stream.events()), ["job_update"])
        self.assertEqual(s.process.wait(30), 0)
        s.process.stdout.close()
        half.close()

    def test_job_ends_first(self):
        s = Server(*PACED).wait_ready()
        job = s.upload()
        stream = Stream(s.port, f"/api/jobs/{job}/events")
        s.generate(job)
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(names(stream.events())[-1], "generation_complete")
        self.assertEqual(s.process.wait(30), 0)
        s.process.stdout.close()


class Ends(unittest.TestCase):
    """Whatever ends a job, those who listen are told."""

    def test_cancelled(self):
        s = Server(*PACED, "--jobs", "1").wait_ready()
        running, waiting = s.upload(), s.upload()
        streams = []
        for job in (running, waiting):
            s.generate(job)
            streams.append(Stream(s.port, f"/api/jobs/{job}/events").events())
        for job, events in ((waiting, streams[1]), (running, streams[0])):
            self.assertEqual(s.request("DELETE", "/api/jobs/" + job)[1]["status"], "cancelled")
            update, last = list(events)[-2:]
            self.assertEqual((update[0], update[1]["status"]), ("job_update", "cancelled"))
            self.assertEqual((last[0], last[1]["job_id"], last[1]["status"], last[1]["error_kind"]),
                             ("generation_error", job, "cancelled", "cancelled"))
            self.assertFalse(last[1]["success"] or last[1]["recoverable"])
        self.assertEqual(s.stop(), 0)

    def test_interrupted(self):
        s = Server("--profile", "hunyuan3d", "--load-time", "1ms", "--jobs", "1", "--drain", "200ms").wait_ready()
        running, waiting = s.upload(), s.upload()
        streams = []
        for job in (running, waiting):
            s.generate(job)
            streams.append(Stream(s.port, f"/api/jobs/{job}/events").events())
        clients = [Polling(s.port), socketio_socket(s.port)]
        for client in clients:
            client.connect()
            client.emit("subscribe", {"job_id": running})
            client.until("job_update")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(client.until, "generation_error") for client in clients]
            wait_for(lambda: s.metric("http_requests_held") == 1, "the GET is held")
            s.process.send_signal(signal.SIGTERM)
            last = [list(events)[-1] for events in streams] + [answer.result()[-1] for answer in waiting]
        for name, data in last:
            self.assertEqual((name, data["error_kind"], data["recoverable"]), ("generation_error", "interrupted", True))
        self.assertEqual(s.process.wait(30), 0)
        s.process.stdout.close()

    def test_in_an_earlier_process(self):
        with tempfile.TemporaryDirectory() as folder:
            s = Server(*PACED, "--data", folder).wait_ready()
            job = s.upload()
            s.generate(job)
            first = list(Stream(s.port, f"/api/jobs/{job}/events").events())[-1][1]["result"]
            self.assertEqual(s.stop(), 0)
            s = Server(*PACED, "--data", folder).wait_ready()
            name, data = list(Stream(s.port, f"/api/jobs/{job}/events").events())[-1]
            self.assertEqual(name, "generation_complete")
            self.assertAlmostEqual(data["result"]["duration"], first["duration"], delta=0.01)
            self.assertEqual(data["result"]["stages"].keys(), first["stages"].keys())
            self.assertEqual(s.stop(), 0)


class Token(unittest.TestCase):
    def test_in_the_query(self):
        """What a browser opens can send no header."""
        s = Server(env={"ORFEAS_TOKEN": "secret"}).wait_ready()
        body, headers = form(flat_png())
        job = s.request("POST", "/api/upload-image", body, {**headers, "Authorization": "Bearer secret"})[1]["job_id"]
        for wrong in ("", "?access_token=", "?access_token=secreT", "?access_token=secretx", "?token=secret"):
            self.assertEqual(Stream(s.port, f"/api/jobs/{job}/events{wrong}").status, 401)
            with self.assertRaises(Refused) as refused:
                WebSocket(s.port, f"/ws/jobs/{job}{wrong}")
            self.assertEqual(refused.exception.status, 401)
            self.assertEqual(s.request("GET", "/socket.io/" + (wrong or "?") + "&EIO=4&transport=polling")[0], 401)
        stream = Stream(s.port, f"/api/jobs/{job}/events?access_token=secret")
        self.assertEqual(next(stream.events())[1]["job_id"], job)
        ws = WebSocket(s.port, f"/ws/jobs/{job}?access_token=secret")
        self.assertEqual(json.loads(ws.text())["job_id"], job)
        self.assertEqual(s.request("GET", "/socket.io/?EIO=4&transport=polling&access_token=secret")[0], 200)
        self.assertEqual(s.request("GET", f"/api/job-status/{job}?access_token=secret")[0], 401)
        ws.close()
        self.assertEqual(s.stop(), 0)


class Removed(Case):
    def test_removed(self):
        """Who listens to a job that is forgotten is told, or its stream ends."""
        job = self.s.upload()
        client, stream = socketio_socket(self.port), Stream(self.port, f"/api/jobs/{job}/events")
        client.connect()
        client.emit("subscribe", {"job_id": job})
        client.until("job_update")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: self.s.upload(), range(2000)))  # as many as lie there at most
        self.assertEqual(self.s.request("GET", "/api/job-status/" + job)[0], 404)
        self.assertEqual(client.until("unsubscribed")[-1][1]["status"], "removed")
        self.assertEqual(names(stream.events()), ["job_update"])


if __name__ == "__main__":
    test_api.ORFEASD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
