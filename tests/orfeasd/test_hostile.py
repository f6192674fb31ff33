"""Hostile uploads by the hundreds (HOSTILE_COUNT, HOSTILE_SEED): each is refused with a 4xx or ends as a failed job with a
reason, unless it is a picture after all; the server lives, answers meanwhile, and is afterwards as large as before.

usage: test_hostile.py ORFEASD
"""
import collections
import concurrent.futures
import http.client
import os
import re
import socket
import sys
import tempfile
import threading
import time
import unittest

import test_api
from hostile import hostile, png_of, zeros
from test_api import PNG, Server, form
from test_safety import children

COUNT = int(os.environ.get("HOSTILE_COUNT", "400"))
SEED = int(os.environ.get("HOSTILE_SEED", "1"))
SENDERS = 4
GROWTH = 24 << 20  # bytes; one large picture in an allocator's hands is more than all that is kept for jobs
SANITIZED = os.environ.get("E2E_SANITIZE", "none") != "none"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Slow(threading.Thread):
    """Clients that send a byte now and then, and one that never does."""

    def __init__(self, s):
        super().__init__()
        self.stop = threading.Event()
        self.sockets = [s.socket() for _ in range(20)]
        self.text = (b"POST /api/upload-image HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
                     b"Content-Type: multipart/form-data; boundary=BB\r\n\r\n" + form(PNG)[0])

    def run(self):
        at = 0
        while not self.stop.wait(0.05):
            for c in self.sockets[1:]:
                try:
                    c.send(self.text[at:at + 1])
                except OSError:
                    pass  # the server has had enough
            at = min(at + 1, len(self.text) - 1)
        for c in self.sockets:
            c.close()


class HostileUploads(unittest.TestCase):
    def send(self, seed):
        h = hostile(seed)
        local = self.local
        if not hasattr(local, "c"):
            local.c = http.client.HTTPConnection("127.0.0.1", self.s.port, timeout=60)
        try:
            status, answer, _ = self.s.request("POST", h.path, h.body, h.headers, local.c)
        except (http.client.HTTPException, ConnectionError) as e:
            local.c.close()
            return h, None, repr(e)  # not judged here: this is another thread
        if h.path == "/api/upload-image" and status == 200:
            status, answer, _ = self.s.generate(answer["job_id"], {"Prefer": "wait=60"})
        return h, status, answer

    def judge(self, seed, h, status, answer):
        what = (seed, h.name, status, answer)
        self.assertIsNotNone(status, what)
        if status == 200:
            self.assertTrue(h.good, what)
            self.assertEqual(answer["status"], "completed", what)
        elif status == 422:
            self.assertEqual(answer["status"], "failed", what)
            self.assertTrue(answer["error"] and answer["error_kind"] in ("bad_image", "no_foreground", "too_large"), what)
        else:
            self.assertTrue(400 <= status < 500 and status != 499, what)
            self.assertTrue(answer["error"], what)
        self.outcomes[h.name, status] += 1

    def play(self, seeds):
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
            for seed, result in zip(seeds, pool.map(self.send, seeds)):
                self.judge(seed, *result)

    def figures(self):
        return {name: self.s.metric(name) for name in ("process_resident_memory_bytes", "decoder_resident_memory_bytes",
                                                       "process_open_fds", "process_threads", "decoder_processes")}

    def settled(self):
        while self.s.metric("http_connections_active") != 1:
            time.sleep(0.01)
        return self.figures()

    def warm_up(self):
        """Everything has been there once; and each thread has had the largest picture, whose scratch memory it keeps."""
        body, headers = form(png_of(4096, 4096, zeros(4096 * (4 * 4096 + 1))))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for status, answer, _ in pool.map(
                    lambda _: self.s.request("POST", "/api/generate-3d", body, headers), range(16)):
                self.assertEqual((status, answer["error_kind"]), (422, "no_foreground"))
        self.play(range(SEED, SEED + 60))
        self.local = threading.local()

    def test_them(self):
        self.outcomes = collections.Counter()
        with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as temporary:
            self.s = Server("--jobs", "2", "--queue", "50", "--data", data, env={"TMPDIR": temporary}).wait_ready()
            self.addCleanup(self.s.process.kill)  # when something fails
            self.local = threading.local()
            self.warm_up()
            before = self.settled()
            slow = Slow(self.s)
            slow.start()
            try:
                self.play(range(SEED + 60, SEED + COUNT))
                self.assertEqual(self.s.request("GET", "/health")[0], 200)
                self.assertEqual(self.s.request("POST", "/api/generate-3d", *form(PNG))[1]["status"], "completed")
            finally:
                slow.stop.set()
                slow.join()
            self.local = threading.local()  # and with it, the connections
            after = self.settled()
            print("outcomes:", sum(self.outcomes.values()), "before:", before, "after:", after)
            for name in ("process_open_fds", "process_threads", "decoder_processes"):
                self.assertEqual(after[name], before[name], name)
            for name in ("process_resident_memory_bytes", "decoder_resident_memory_bytes"):
                self.assertTrue(SANITIZED or after[name] < before[name] + GROWTH, (name, before[name], after[name]))
            for reason in ("crashed", "forbidden", "cpu", "timeout", "killed", "exited", "protocol", "cancelled"):
                self.assertEqual(self.s.metric('decoder_restarts_total{reason="%s"}' % reason), 0, reason)
            for folder, files in ((f, os.listdir(os.path.join(data, f))) for f in os.listdir(data)):
                self.assertTrue(UUID.fullmatch(folder), folder)
                self.assertTrue(set(files) <= {"input", "model.stl", "record"}, files)
            self.assertEqual(os.listdir(temporary), [])
            self.assertEqual(self.s.stop(), 0)


if __name__ == "__main__":
    test_api.ORFEASD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
