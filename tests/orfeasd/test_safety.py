"""What keeps orfeasd safe in front of people, from outside: token, limits, log, decoders.

usage: test_safety.py ORFEASD [unittest arguments]
"""
import contextlib
import glob
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import test_api
from test_api import JSON, PNG, Server, form

TOKEN = "correct-horse-battery-staple"
BEARER = {"Authorization": "Bearer " + TOKEN}


def children(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path) as f:
            found += [int(child) for child in f.read().split()]
    return found


def read(path):
    with open(path, "rb") as f:
        return f.read()


def answer_to(s, data):
    """All that comes until the server closes; what is sent asks for that."""
    with s.socket() as c:
        c.sendall(data)
        answer = b""
        try:
            while piece := c.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return answer


def own_address():
    """An address of this machine that is not loopback, or None. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
        try:
            c.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = c.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address


class Token(unittest.TestCase):
    def check(self, s):
        for path, expected in (("/health", 200), ("/ready", 200), ("/metrics", 200), ("/api/health", 401),
                               ("/api/models-info", 401), ("/nothing", 401), ("/api/job-status/x", 401),
                               ("/api/upload-image", 401)):
            status, body, r = s.request("GET", path)
            self.assertEqual(status, expected, path)
            if expected == 401:
                self.assertEqual(r.getheader("WWW-Authenticate"), 'Bearer realm="orfeasd"')
                self.assertEqual(r.getheader("X-Content-Type-Options"), "nosniff")
                self.assertTrue(body["error"])
        for wrong in (TOKEN[:-1], TOKEN + "x", "", TOKEN.upper()):
            self.assertEqual(s.request("GET", "/api/health", Authorization="Bearer " + wrong)[0], 401)
        self.assertEqual(s.request("GET", "/api/health?token=" + TOKEN)[0], 401)
        self.assertEqual(s.request("GET", "/api/health", headers=BEARER)[0], 200)
        self.assertEqual(s.request("GET", "/nothing", headers=BEARER)[0], 404)
        body, headers = form(PNG)
        self.assertEqual(s.request("POST", "/api/generate-3d", body, headers)[0], 401)
        self.assertEqual(s.request("POST", "/api/generate-3d", body, {**headers, **BEARER})[1]["status"], "completed")
        status, _, r = s.request("OPTIONS", "/api/generate-3d")
        self.assertEqual(status, 204)
        self.assertIn("Authorization", r.getheader("Access-Control-Allow-Headers"))
        self.assertGreaterEqual(s.metric("auth_rejections_total"), 11)

    def test_from_everywhere(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(TOKEN + "\n")
            file.flush()
            for options, env in ((["--token", TOKEN], {}), (["--token-file", file.name], {}),
                                 ([], {"ORFEAS_TOKEN": TOKEN}), ([], {"ORFEAS_TOKEN_FILE": file.name})):
                s = Server(*options, env=env)
                while s.request("GET", "/ready")[0] != 200:
                    pass
                self.check(s)
                self.assertEqual(s.stop(), 0)

    def test_the_command_line_counts(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("another")
            file.flush()
            s = Server("--token", TOKEN, env={"ORFEAS_TOKEN_FILE": file.name}).wait_ready()
            self.assertEqual(s.request("GET", "/api/health", headers=BEARER)[0], 200)
            self.assertEqual(s.stop(), 0)

    def test_stranger_is_not_read(self):
        s = Server(env={"ORFEAS_TOKEN": TOKEN}).wait_ready()
        answer = answer_to(s, b"POST /api/upload-image HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        self.assertEqual(answer.split()[1], b"401")  # though nothing of the body was sent
        self.assertEqual(s.stop(), 0)

    def test_is_nowhere_to_be_seen(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as stderr:
            log = os.path.join(folder, "log")
            s = Server("--log", log, env={"ORFEAS_TOKEN": TOKEN}, stderr=stderr).wait_ready()
            s.request("GET", "/api/health", headers=BEARER)
            s.request("GET", "/api/health?token=" + TOKEN)
            shown = [read(f"/proc/{s.process.pid}/cmdline"), s.request("GET", "/metrics")[2].msg.as_bytes()]
            for child in children(s.process.pid):
                shown += [read(f"/proc/{child}/{name}") for name in ("cmdline", "environ")]
            self.assertEqual(s.stop(), 0)
            stderr.seek(0)
            shown += [read(log), stderr.read()]
            self.assertEqual(shown[-2].count(b"/api/health"), 2)
            for text in shown:
                self.assertNotIn(TOKEN.encode(), text)

    def test_other_addresses_need_one(self):
        def run(*options, **env):
            return subprocess.run([test_api.ORFEASD, "--listen", "0.0.0.0:0", "--data", "/dev/null/x", *options],
                                  capture_output=True, text=True, env={**os.environ, **env}, timeout=30)

        r = run()
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertIn("0.0.0.0 is no loopback address; without a token anybody could use it", r.stderr)
        for r in (run("--token", TOKEN), run(ORFEAS_TOKEN=TOKEN)):  # what stops it then is the directory
            self.assertEqual(r.returncode, 2)
            self.assertNotIn("loopback", r.stderr)
            self.assertIn("/dev/null/x", r.stderr)
        for options, expected in ((("--token", "a b"), "visible ASCII"), (("--token-file", "/none"), "No such file"),
                                  (("--token-file", "/dev/null"), "visible ASCII")):
            r = run(*options)
            self.assertEqual(r.returncode, 2)
            self.assertIn(expected, r.stderr)
            self.assertNotIn("a b", r.stderr)

    @unittest.skipUnless(own_address(), "this machine has no address but loopback")
    def test_one_address(self):
        address = own_address()
        process = subprocess.Popen([test_api.ORFEASD, "--listen", address + ":0", "--connections-per-address", "3"],
                                   stdout=subprocess.PIPE, text=True, env={**os.environ, "ORFEAS_TOKEN": TOKEN})
        port = int(process.stdout.readline().rsplit(":", 1)[1])

        def ask(c, path, expected):
            c.request("GET", path, headers=BEARER if path == "/metrics" else {})
            r = c.getresponse()
            text = r.read()
            self.assertEqual(r.status, expected)
            return text

        few = [http.client.HTTPConnection(address, port, timeout=30) for _ in range(3)]
        for c in few:
            ask(c, "/health", 200)
        c = http.client.HTTPConnection(address, port, timeout=30)
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError)):
            ask(c, "/health", 200)
        few.pop().close()
        text = ask(few[0], "/metrics", 200)  # from this address only with the token
        self.assertRegex(text, rb"\nhttp_connections_refused_total 1\n")
        few[1].request("GET", "/metrics")
        self.assertEqual(few[1].getresponse().status, 401)
        for c in few:
            c.close()
        process.terminate()
        self.assertEqual(process.wait(30), 0)
        process.stdout.close()


class Heads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = Server().wait_ready()

    @classmethod
    def tearDownClass(cls):
        assert cls.s.stop() == 0

    def check(self, data, status, text):
        answer = answer_to(self.s, data)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertEqual(head.split()[1], b"%d" % status, data[:60])
        if text is not None:
            self.assertIn(b"Content-Type: application/json", head)
            self.assertEqual(json.loads(body), {"error": text})
        return body

    def test_sizes(self):
        line, end = b"GET /health?%s HTTP/1.1\r\n", b"Host: x\r\nConnection: close\r\n\r\n"
        self.check(line % (b"a" * 8000) + end, 200, None)
        for size in (8200, 20000, 40000):
            self.check(line % (b"a" * size) + end, 414, "Request line too long (max 8KB)")
        for count, status in ((98, 200), (99, 431), (300, 431)):  # and the two that are there anyway
            lines = b"".join(b"A%d: b\r\n" % i for i in range(count))
            self.check(line % b"" + lines + end, status, None if status == 200 else "Too many header lines (max 100)")
        for size, status in ((32000, 200), (33000, 431), (45000, 431)):
            self.check(line % b"" + b"A: " + b"b" * size + b"\r\n" + end, status,
                       None if status == 200 else "Header too large (max 32KB)")

    def test_endless_chunk_line(self):
        """It fits nowhere: it is cut off, and costs no CPU that is worth speaking of."""
        for more in (b"a" * 100000, b"a" * 58000):
            with self.s.socket() as c:
                c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;" + more)
                c.settimeout(10)
                with contextlib.suppress(ConnectionResetError):
                    self.assertEqual(c.recv(100), b"")

    def test_slow_chunks(self):
        """Who is slow is not taken for that."""
        with self.s.socket() as c:
            c.sendall(b"POST /api/generate-3d HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                      b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n{\r\n")
            time.sleep(2)
            c.sendall(b"1\r\n}\r\n0\r\n\r\n")
            self.assertEqual(c.recv(4096).split()[1], b"400")

    def test_beyond_the_connections_memory(self):
        """The HTTP library's own pages: short, of no type, with nothing of the request in them."""
        end = b"Host: x\r\nConnection: close\r\n\r\n"
        for data, status in ((b"GET /%s HTTP/1.1\r\n" % (b"a" * 200000) + end, 414),
                             (b"GET /health HTTP/1.1\r\nA: " + b"a" * 200000 + b"\r\n" + end, 431),
                             (b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
                             (b"POST /api/generate-3d HTTP/1.1\r\nContent-Type: application/json\r\n"
                              b"Transfer-Encoding: chunked\r\n" + end + b"zz\r\n", 400),
                             (b"GET /health HTTP/7.0\r\n" + end, 505)):
            body = self.check(data, status, None)
            self.assertLess(len(body), 400)
            self.assertNotIn(b"aaaa", body)

    def test_expect(self):
        """Leave to send comes for what is taken; what is too large is refused before it is sent."""
        body, headers = form(PNG)
        for path, length, expected in (("/api/generate-3d", len(body), b"100"), ("/api/generate-3d", 60 << 20, b"413"),
                                       ("/health", 65537, b"405"), ("/api/nothing", 10, b"404")):
            with self.s.socket() as c:
                c.sendall((f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {headers['Content-Type']}\r\n"
                           f"Content-Length: {length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n").encode())
                self.assertEqual(c.recv(65536).split()[1], expected, path)
                if expected == b"100":
                    c.sendall(body)
                    self.assertEqual(c.recv(65536).split()[1], b"200")

    def test_downloads(self):
        done = self.s.request("POST", "/api/generate-3d", *form(PNG, format="ply"))[1]
        _, _, r = self.s.request("GET", done["download_url"])
        self.assertEqual(r.getheader("Content-Disposition"), f'attachment; filename="{done["job_id"]}.ply"')
        for name, value in (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
                            ("X-XSS-Protection", "1; mode=block"), ("Cache-Control", "no-store"),
                            ("Referrer-Policy", "strict-origin-when-cross-origin"),
                            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")):
            self.assertEqual(r.getheader(name), value)


class Decoders(unittest.TestCase):
    def restarts(self, s, reason="killed"):
        return s.metric('decoder_restarts_total{reason="%s"}' % reason)

    def kill_busy_one(self, s, job, pids):
        """And those that have nothing to do and come before it; the others go on."""
        for i, pid in enumerate(pids):
            os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 2
            while time.monotonic() < deadline:
                if s.request("GET", "/api/job-status/" + job)[1]["status"] == "failed":
                    for other in pids[i + 1:]:
                        os.kill(other, signal.SIGCONT)
                    return pids[:i + 1]
        raise AssertionError("none of them was at the job")

    def test_killed_in_the_middle(self):
        """All are stopped, so that one is in the middle of the first job; that one is killed, and the job alone fails."""
        s = Server("--jobs", "1").wait_ready()
        pids = children(s.process.pid)
        self.assertEqual(len(pids), s.metric("decoder_processes"))
        self.assertEqual(len(pids), s.metric("worker_threads"))
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        jobs = [s.upload() for _ in range(4)]
        for job in jobs:
            self.assertEqual(s.generate(job)[0], 200)
        s.wait_state(jobs[0], "processing")
        time.sleep(0.3)  # long enough to be handed over; if it is not, none fails and the test does
        killed = self.kill_busy_one(s, jobs[0], pids)
        ended = [s.wait_state(job, "completed", "failed") for job in jobs]
        self.assertEqual([e["status"] for e in ended], ["failed"] + ["completed"] * 3)
        self.assertEqual((ended[0]["error_kind"], ended[0]["error"]),
                         ("decoder", "The process that decodes the picture ended: killed"))
        self.assertEqual(s.metric('model_generation_failures_total{reason="decoder"}'), 1)
        self.assertEqual(s.generate(jobs[0], {"Prefer": "wait=20"})[1]["status"], "completed")
        for _ in range(50):  # until every thread has had a job, and noticed
            s.request("POST", "/api/generate-3d", *form(PNG, quality=1))
            if self.restarts(s) == len(killed):
                break
        self.assertEqual(self.restarts(s), len(killed))
        self.assertEqual(s.metric("decoder_processes"), len(pids))
        self.assertFalse(set(killed) & set(children(s.process.pid)))
        self.assertEqual(s.stop(), 0)

    def test_they_end_with_the_server(self):
        s = Server().wait_ready()
        pids = children(s.process.pid)
        self.assertTrue(pids)
        s.process.kill()
        s.process.wait(30)
        s.process.stdout.close()
        for pid in pids:
            while os.path.exists(f"/proc/{pid}") and read(f"/proc/{pid}/stat").split()[2] != b"Z":
                time.sleep(0.01)

    def test_what_they_have(self):
        """Their socket and nothing else; no names, no variables of the server's."""
        s = Server().wait_ready()
        s.request("POST", "/api/generate-3d", *form(PNG))
        for pid in children(s.process.pid):
            links = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
            self.assertEqual(set(links), {"0", "1", "2", "3"})
            self.assertTrue(links["3"].startswith("socket:"))
            status = read(f"/proc/{pid}/status").decode()
            self.assertIn("NoNewPrivs:\t1", status)
            self.assertIn("Seccomp:\t2", status)
            self.assertNotIn(b"PATH=", read(f"/proc/{pid}/environ"))
        self.assertRegex(read(f"/proc/{s.process.pid}/limits"), rb"Max core file size +0 ")
        self.assertEqual(s.stop(), 0)

    def test_layers_are_told(self):
        for mode, processes in (("auto", True), ("off", False)):
            s = Server("--sandbox", mode).wait_ready()
            told = s.process.stdout.readline()
            sandbox = s.request("GET", "/api/health")[1]["sandbox"]
            self.assertEqual(len(children(s.process.pid)), sandbox["processes"])
            self.assertEqual(bool(sandbox["processes"]), processes)
            self.assertEqual(bool(sandbox["layers"]), processes)
            for layer in ("no_new_privs", "rlimits", "landlock", "seccomp"):
                active = layer in sandbox["layers"]
                self.assertEqual(layer in told, active)
                self.assertEqual(s.metric('decoder_sandbox_layer{layer="%s"}' % layer), active)
            self.assertEqual(s.request("POST", "/api/generate-3d", *form(PNG))[1]["status"], "completed")
            self.assertEqual(s.stop(), 0)

    def test_require(self):
        layers = subprocess.run([test_api.ORFEASD, "--sandbox", "require", "--data", "/tmp", "--listen", "127.0.0.1:x"],
                                capture_output=True, text=True, timeout=30)
        self.assertEqual(layers.returncode, 2)
        s = Server("--sandbox", "require")
        self.assertEqual(len(s.wait_ready().request("GET", "/api/health")[1]["sandbox"]["layers"]), 4)
        self.assertEqual(s.stop(), 0)


class Log(unittest.TestCase):
    def test_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "requests.log")
            s = Server("--log", log).wait_ready()
            answer_to(s, b"GET /nothing\x1b[31m?secret=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            job = s.upload()
            s.request("GET", "/api/job-status/" + job)
            self.assertEqual(s.stop(), 0)
            self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)
            lines = read(log).decode().splitlines()
            stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
            for level, rest in (("WARNING", r'127\.0\.0\.1 "GET /nothing\\x1b\[31m" 404 \d+ \d+\.\d{3}ms -'),
                                ("INFO", r'127\.0\.0\.1 "POST /api/upload-image" 200 \d+ \d+\.\d{3}ms ' + job),
                                ("INFO", rf'127\.0\.0\.1 "GET /api/job-status/{job}" 200 \d+ \d+\.\d{{3}}ms {job}')):
                pattern = re.compile(rf"{stamp} \| {level} \| request \| {rest}")
                self.assertEqual(sum(bool(pattern.fullmatch(line)) for line in lines), 1, rest)
            self.assertNotIn("secret", "".join(lines))

    def test_full_disk(self):
        with tempfile.TemporaryFile("w+") as stderr:
            s = Server("--log", "/dev/full", stderr=stderr).wait_ready()
            while not s.metric("request_log_lost_lines_total"):
                pass
            self.assertEqual(s.request("GET", "/health")[0], 200)
            while s.metric("request_log_lost_lines_total") < 20:
                pass
            self.assertEqual(s.stop(), 0)
            stderr.seek(0)
            self.assertEqual(stderr.read(), "orfeasd: the request log /dev/full loses lines: No space left on device "
                                            "(said once; /metrics counts them)\n")

    def test_refused(self):
        r = subprocess.run([test_api.ORFEASD, "--listen", "127.0.0.1:0", "--log", "/none/log"], capture_output=True,
                           text=True, timeout=30)
        self.assertEqual((r.returncode, r.stderr), (2, "orfeasd: --log /none/log: No such file or directory\n"))


class Shortages(unittest.TestCase):
    def test_descriptors(self):
        """When all have left it listens again."""
        for _ in range(3):
            s = Server(limit="-n 64").wait_ready()
            for _ in range(3):
                crowd = [s.socket() for _ in range(100)]
                for c in crowd:
                    c.close()
                self.assertEqual(s.request("GET", "/health")[0], 200)
            self.assertEqual(s.stop(), 0)

    def test_file_size(self):
        with tempfile.TemporaryDirectory() as data:
            s = Server("--data", data, "--sandbox", "off", limit="-f 500").wait_ready()
            answer = s.request("POST", "/api/generate-3d", *form(PNG, format="ply", quality=10))[1]
            self.assertEqual((answer["status"], answer["error_kind"]), ("failed", "storage_failed"))
            self.assertEqual(s.request("POST", "/api/generate-3d", *form(PNG, quality=1))[1]["status"], "completed")
            self.assertEqual(s.stop(), 0)


class Rate(unittest.TestCase):
    def test_is_counted_by_endpoint(self):
        s = Server(env={"ENABLE_RATE_LIMITING": "true", "RATE_LIMIT_PER_MINUTE": "2"}).wait_ready()
        for expected in (200, 200, 429, 429):
            status, body, r = s.request("POST", "/api/upload-image", *form(PNG))
            self.assertEqual(status, expected)
            if expected == 429:
                self.assertEqual(r.getheader("Retry-After"), str(body["retry_after"]))
                self.assertTrue(1 <= body["retry_after"] <= 61)
        self.assertEqual(s.request("POST", "/api/generate-3d", "{}", JSON)[0], 429)
        for path, count in (("/api/upload-image", 2), ("/api/generate-3d", 1)):
            self.assertEqual(s.metric('rate_limit_rejections_total{endpoint="%s"}' % path), count)
        self.assertEqual(s.stop(), 0)


if __name__ == "__main__":
    test_api.ORFEASD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
