"""orfeas doctor: each check, healthy and ill; that it always ends; that --quick sends nothing but questions."""
import os
import pty
import re
import signal
import socket
import ssl
import subprocess
import time
import unittest

import rude_peer as rude
from harness import Case, ORFEAS, SOURCE, TIMEOUT, environment, small_png, wait_until
from rude_peer import RudePeer, say
from tls_server import TlsServer, certificates

MARKS = {"✓": "ok", "✗": "failed", "!": "warning", "–": "none"}
NAMES = ("name", "port", "tls", "health", "models", "metrics", "clock", "gpu", "picture", "one job", "counts",
         "descriptors", "local ports", "machine", "results")
LINE = re.compile(rf"^  ([✓✗!–]) ({'|'.join(NAMES)}) +(.*)$")
SCENARIO = """scenario: small
workflow: polite.yaml
load: {users: closed, concurrent: 2, jobs: 4, timeout: 20s}
"""
WORKFLOW = """workflow: polite
steps:
  - {name: upload, post: /api/upload-image, multipart: {image: "@{image}"}, capture: {job: /job_id}}
  - {name: submit, post: /api/generate-3d, json: {job_id: "{job}"}}
  - {name: wait, poll: "/api/job-status/{job}", every: 50ms, until: {/status: completed}, fail: {/status: failed}}
  - {name: download, get: "{wait:/download_url}", model: valid}
healthy: {/status: healthy}
expect_metrics: [{name: process_resident_memory_bytes, type: gauge}]
"""
TYPED = "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 1e8\n"
PLAIN = "text/plain; version=0.0.4"


def metrics(text, **how):
    return say(text, **{"kind": PLAIN, **how})


def checks_of(text):
    """Name → (state, text with what to do)."""
    found, name = {}, None
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            name = match[2]
            found[name] = (MARKS[match[1]], match[3])
        elif line.startswith("   ") and name:
            found[name] = (found[name][0], f"{found[name][1]} {line.strip()}")
    return found


class DoctorCase(Case):
    def setUp(self):
        super().setUp()
        self.write("polite.yaml", WORKFLOW)
        self.scenario = self.write("small.yaml", SCENARIO)
        self.image = self.write("small.png", small_png())

    def doctor(self, target, *arguments, scenario=None, **more):
        process = self.orfeas("doctor", "--target", target, "--results", self.results, *arguments,
                              scenario or self.scenario, **more)
        self.assertEqual(re.findall("\x1b|\r", process.out), [])
        self.assertFalse(os.path.exists(self.results))
        return process, checks_of(process.out)

    def expect(self, target, name, state, words, *arguments, code=None, **more):
        process, checks = self.doctor(target, *arguments, **more)
        self.assertEqual(checks[name][0], state, process.out)
        for word in words if isinstance(words, tuple) else (words,):
            self.assertIn(word, checks[name][1])
        if state == "failed":
            self.assertIn("→", checks[name][1])
            self.assertIn("not as", process.out.splitlines()[-1])
        if code is not None:
            self.assertEqual(process.code, code, process.out)
        return process, checks

    def peer(self, **acts):
        peer = RudePeer(**{"metrics": metrics(TYPED), **acts})
        self.addCleanup(peer.close)
        return peer


class Healthy(DoctorCase):
    def test_orfeasd(self):
        server = self.backend("--profile", "hunyuan3d", "--time-scale", 60)
        process, checks = self.doctor(server.url, "--time-scale", 60, scenario="baseline")
        self.assertEqual(process.code, 0, process.out)
        self.assertEqual(tuple(checks), NAMES)
        wrong = {name for name, (state, _) in checks.items() if state == "failed"}
        self.assertEqual(wrong, set(), process.out)
        self.assertRegex(process.out.splitlines()[-1], "^ready(, [0-9]+ warnings?)?$")
        for name, word in (("metrics", "40 of 40"), ("one job", "watertight"), ("one job", "meant to take 82 s"),
                           ("counts", "6 of 6"), ("gpu", "simulated"), ("picture", "512×512"), ("health", "healthy"),
                           ("models", "loaded"), ("clock", "from ours")):
            self.assertIn(word, checks[name][1])
        self.assertEqual(server.metrics().sum("model_3d_generations_total", status="completed"), 1)

    def test_embedded(self):
        process, checks = self.doctor("embedded?profile=", scenario="baseline")
        self.assertEqual((process.code, checks["one job"][0]), (0, "ok"), process.out)

    def test_quick_sends_no_job(self):
        peer = self.peer()
        process, checks = self.doctor(peer.url, "--quick")
        self.assertEqual(process.code, 0, process.out)
        self.assertEqual({method for method, _ in peer.requests}, {"GET"})
        self.assertEqual({path for _, path in peer.requests}, {"/health", "/ready", "/metrics"})
        for name in ("one job", "counts"):
            self.assertEqual(checks[name][0], "none")
            self.assertIn("--quick", checks[name][1])

    def test_one_job_and_no_more(self):
        peer = self.peer()
        process, checks = self.doctor(peer.url, "--image", self.image)
        self.assertEqual(process.code, 0, process.out)
        posts = [path for method, path in peer.requests if method == "POST"]
        self.assertEqual(posts, ["/api/upload-image", "/api/generate-3d"])
        self.assertIn("4 triangles", checks["one job"][1])

    def test_plain_requests(self):
        peer = self.peer()
        process = self.orfeas("doctor", "--target", peer.url, "--workflow", "get", "--set", "vars.path=/page", "-R",
                              "5/s", "-d", "2s")
        checks = checks_of(process.out)
        self.assertEqual(process.code, 0, process.out)
        self.assertIn("answered in", checks["one job"][1])
        self.assertEqual(checks["picture"][0], "none")
        self.assertEqual(peer.count("/page"), 1)


class Network(DoctorCase):
    def test_no_such_name(self):
        self.expect("http://no-such-host.invalid:5000", "name", "failed", "no-such-host.invalid", code=4)

    def test_refused(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            process, checks = self.expect(f"http://127.0.0.1:{s.getsockname()[1]}", "port", "failed",
                                          ("refuses", "Start the backend"), code=4)
        for name in ("health", "models", "metrics", "clock", "one job"):
            self.assertEqual(checks[name][0], "none")

    def test_one_family_refuses(self):
        """localhost may have two addresses; where it has, one of them refuses."""
        peer = self.peer()
        process, checks = self.doctor(f"http://localhost:{peer.port}", "--quick")
        addresses = {a[4][0] for a in socket.getaddrinfo("localhost", peer.port, type=socket.SOCK_STREAM)}
        self.assertEqual(checks["port"][0], "ok", process.out)
        self.assertEqual("[::1]" in checks["port"][1] and "refuses" in checks["port"][1], "::1" in addresses)

    def test_full_queue(self):
        peer = self.peer(accepts=0)
        wait_until(lambda: not self.connects(peer.port), "the queue is full")
        process, _ = self.expect(peer.url, "port", "failed", ("does not answer", "firewall"), code=4)
        self.assertLess(process.seconds, 30)

    @staticmethod
    def connects(port):
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except TimeoutError:
            return False
        return True

    def test_strangers(self):
        def check(_, first, words):
            with RudePeer(first=first) as peer:
                self.expect(peer.url, "port", "failed", words, code=4)

        self.check_all([(name, (first, words)) for name, first, words in (
                ("ssh", rude.raw(b"SSH-2.0-OpenSSH_9.2\r\n"), ("SSH server", "SSH-2.0-OpenSSH_9.2")),
                ("mail", rude.raw(b"220 mail\x07 ESMTP\r\n"), ("speaks no HTTP", "220 mail? ESMTP")),
                ("hangs up", rude.close, "hangs up"), ("reset", rude.reset, "hangs up"),
                ("silent", rude.silent, "says nothing"),
                ("polite proxy", rude.raw(b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS "
                                          b"port"), "wants TLS"))], check)

    def test_tls_asked_in_plain(self):
        with TlsServer() as server:
            self.expect(f"http://localhost:{server.port}", "port", "failed", ("wants TLS", "https://localhost:"),
                        code=4)

    def test_plain_asked_in_tls(self):
        def check(_, first):
            with RudePeer(first=first) as peer:
                self.expect(f"https://127.0.0.1:{peer.port}", "tls", "failed", "http://", code=4)

        self.check_all([("an answer", [rude.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")]), ("silence", [rude.silent])],
                       check)


class Tls(DoctorCase):
    def test_certificates(self):
        pem = certificates()
        trusted = ("--cacert", pem["ca.pem"])

        def check(_, name, how, arguments, state, words):
            with TlsServer(name, metrics=metrics(TYPED), **how) as server:
                self.expect(server.url, "tls", state, words, "--quick", *arguments,
                            code=4 if state == "failed" else 0)

        self.check_all([(words, row) for row in (
                ("server", {}, trusted, "warning", ("TLSv1.3", "localhost, 127.0.0.1", "Test authority", "1 day left",
                                                    "Renew it")),
                ("server", {"version": ssl.TLSVersion.TLSv1_2}, trusted, "warning", "TLSv1.2"),
                ("other", {}, trusted, "failed", "certificate is for other.example, not localhost"),
                ("alone", {}, (), "failed", "self-signed"), ("server", {}, (), "failed", "unknown here"),
                ("alone", {}, ("--insecure",), "warning", ("not checked", "--cacert"))) for words in row[-1:]], check)

    def test_expired(self):
        pem = certificates()
        key, request, cert = (self.path(f"old.{end}") for end in ("key", "csr", "pem"))
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-keyout", key, "-out", request], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", pem["ca.pem"], "-CAkey", pem["ca.key"],
                        "-CAcreateserial", "-CAserial", self.path("serial"), "-days", "-1", "-out", cert], check=True,
                       capture_output=True)
        with TlsServer() as server:
            server.context.load_cert_chain(cert, key)
            self.expect(server.url, "tls", "failed", ("expired", "renew"), "--cacert", pem["ca.pem"], code=4)


class Backend(DoctorCase):
    def test_health_and_models(self):
        loading = say({}, status="503 Service Unavailable")
        def check(_, acts, name, state, words, code):
            self.expect(self.peer(**acts).url, name, state, words, "--quick", "--wait", "300ms", code=code)

        self.check_all([(name, row) for name, *row in (
                ("sick", {"health": say({"status": "sick"})}, "health", "failed", "'sick'", 4),
                ("error", {"health": say({}, status="500 Oops")}, "health", "failed", "status 500", 4),
                ("loading", {"ready": loading}, "models", "failed", ("still loading", "--wait"), 4),
                ("not told", {"ready": say({}, status="404 Not Found")}, "models", "none", "does not say", 0))], check)

    def test_metrics(self):
        def check(_, act, words):
            self.expect(self.peer(metrics=act).url, "metrics", "failed", words, "--quick", code=1)

        self.check_all([(name, row) for name, *row in (
                ("absent", say({}, status="404 Not Found"), "status 404"), ("none", metrics(""), "holds no metrics"),
                ("garbage", metrics("<html>\n<body>\n"), ("holds no metrics", "line 1")),
                ("missing", metrics("other 1\n"), ("0 of 1", "process_resident_memory_bytes missing")),
                ("wrong type", metrics(TYPED.replace("gauge", "counter")), "it is a counter, not a gauge"),
                ("a bad line", metrics(TYPED + "what is this\n"), "line 3"))], check)

    def test_few_families(self):
        peer = self.peer()
        process, checks = self.doctor(peer.url, "--quick", scenario="baseline")
        self.assertEqual((process.code, checks["metrics"][0]), (1, "failed"))
        for words in ("1 families, fewer than the 48", "http_requests_total missing", "more"):
            self.assertIn(words, checks["metrics"][1])

    def test_counts(self):
        """A backend whose counter does not move is told after the job."""
        server = self.backend("--fault", "lie=100%")
        self.expect(server.url, "counts", "failed", "stood still at 0 while 1 job was completed", scenario="baseline",
                    code=1)

    def test_clock(self):
        def check(_, headers, state, words):
            peer = self.peer(health=say({"status": "healthy"}, headers=headers))
            self.expect(peer.url, "clock", state, words, "--quick", code=0)

        def date(seconds):
            return time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds))

        self.check_all([(words, row) for row in (
                ([date(-3600)], "warning", "from ours by -36"), ([date(100)], "warning", "NTP"),
                ([], "none", "no Date"), (["Date: yesterday"], "none", "no Date")) for words in row[-1:]], check)


class Job(DoctorCase):
    def test_faults(self):
        def check(fault, words):
            server = self.backend("--fault", fault)
            self.expect(server.url, "one job", "failed", words, scenario="baseline", code=1)

        self.check_all([(fault, [words]) for fault, words in (
            ("error=100%", "failed (job_failed)"), ("corrupt=100%", "failed (model)"),
            ("reset=100%", "failed (reset)"))], check)

    def test_stuck(self):
        peer = self.peer(status=say({"status": "processing"}))
        self.expect(peer.url, "one job", "failed", ("failed (timeout)", "before: upload"), "--timeout", "500ms", code=1)

    def test_refusals(self):
        def check(_, acts, words):
            self.expect(self.peer(**acts).url, "one job", "failed", words, code=1)

        self.check_all([(name, row) for name, *row in (
                ("status", {"submit": say({}, status="503 Busy")}, ("failed (status)", "503")),
                ("shape", {"upload": say({"other": 1})}, "failed (body)"),
                ("no model", {"download": say("no model", kind="model/stl")}, "failed (model)"))], check)

    def test_interrupt(self):
        peer = self.peer(status=say({"status": "processing"}))
        process = self.start("doctor", "--target", peer.url, self.scenario)
        wait_until(lambda: peer.count("/api/job-status/job-1"), "the job is waited for")
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 130)
        self.assertTrue(process.out.endswith("interrupted\n"), process.out)

    def test_interrupt_while_nobody_answers(self):
        peer = RudePeer(first=rude.silent)
        self.addCleanup(peer.close)
        process = self.start("doctor", "--target", peer.url, self.scenario)
        wait_until(lambda: peer.connections, "it is asked")
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 143)


class Picture(DoctorCase):
    def test_pictures(self):
        folder = self.path("pictures")
        os.mkdir(folder)
        for name, data in (("a.png", small_png()), ("b.png", small_png()[:100]), ("c.png", small_png()[:-30]),
                           ("readme.txt", b"no picture")):
            self.write(os.path.join("pictures", name), data)
        whole = self.peer().url

        def check(image, state, words, code):
            self.expect(whole, "picture", state, words, "--quick", "--image", image, code=code)

        self.check_all([(image, row) for image, *row in (
                (self.image, "warning", ("64×64", "512×512", "differs"), 0),
                (os.path.join(SOURCE, "meson.build"), "failed", "meson.build", 1),
                (folder, "failed", ("2 of 3", "b.png: ", "c.png: "), 1),
                (self.path("new.png"), "ok", ("a run makes it", "512×512"), 0),
                (self.path("nowhere", "new.png"), "failed", "No such file", 1))], check)
        self.assertFalse(os.path.exists(self.path("new.png")))

    def test_without_one_no_job(self):
        peer = self.peer()
        process, checks = self.doctor(peer.url, "--image", os.path.join(SOURCE, "meson.build"))
        self.assertEqual((process.code, checks["one job"][0]), (1, "none"), process.out)
        self.assertNotIn("POST", {method for method, _ in peer.requests})


class Machine(DoctorCase):
    def limited(self, limit, *arguments):
        command = ["prlimit", f"--nofile={limit}:{limit}", ORFEAS, "doctor", "--quick", "--target", self.peer().url,
                   *map(str, arguments), self.scenario]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=TIMEOUT)
        return done.returncode, checks_of(done.stdout)["descriptors"]

    def test_descriptors(self):
        for limit, users, state, code in ((1024, 20, "ok", 0), (210, 20, "failed", 1)):
            with self.subTest(limit):
                got, (found, text) = self.limited(limit, "-u", users, "--set", f"load.jobs={users}")
                self.assertEqual((got, found), (code, state), text)
                self.assertIn(f"small needs {users}", text)
        paced = ("--set", "load.users=paced", "--set", "load.think=1s", "-d", "10s", "-u", "20")
        self.write("small.yaml", SCENARIO.replace("jobs: 4, ", "").replace("closed", "paced"))
        code, (state, text) = self.limited(300, *paced)
        self.assertEqual((code, state), (0, "warning"), text)
        self.assertIn("up to 420", text)  # twenty users, a job a second each, each until its 20 s are up

    def test_results(self):
        file = self.write("file", "x")
        process = self.orfeas("doctor", "--quick", "--target", self.peer().url, "--results", file, self.scenario)
        self.assertEqual((process.code, checks_of(process.out)["results"][0]), (1, "failed"), process.out)

    def test_closing_target(self):
        polite = {name: rude.closing(act) for name, act in RudePeer.polite(headers=["Connection: close"]).items()}
        process, checks = self.doctor(self.peer(**polite).url, "--quick")
        self.assertIn("closes after each answer", checks["local ports"][1])


class Rude(DoctorCase):
    """Whatever answers: it ends in time, and says something."""

    def test_rude(self):
        rows = {"half": rude.half('{"status": "healthy"}'), "no end": rude.begin_and_hang(b"HTTP/1.1 200 OK\r\nA: b"),
                "endless": rude.endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
                "endless head": rude.endless(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 1000), "deep": say("[" * 100000),
                "escape": say(b'{"status": "\x00\x1b[31m"}'), "silent": rude.silent, "reset": rude.reset,
                "drip": rude.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999)}

        def check(_, route, act):
            with RudePeer(**{"metrics": metrics(TYPED), route: act}) as peer:
                quick = [] if route == "status" else ["--quick"]
                process, checks = self.doctor(peer.url, "--wait", "200ms", "--timeout", "1s", *quick)
                self.assertLess(process.seconds, 60)
                self.assertIn(process.code, (0, 1, 4))
                self.assertEqual(tuple(checks), NAMES, process.out)

        self.check_all([(f"{route}, {name}", (route, rows[name])) for route, names in (
            ("health", ("endless", "endless head", "deep", "escape", "reset", "silent")),
            ("metrics", ("half", "no end", "endless", "deep")),
            ("status", ("half", "drip", "endless", "deep", "escape", "reset"))) for name in names], check)


class Usage(DoctorCase):
    def test_usage(self):
        peer = self.peer()
        for arguments in (["--nonsense"], ["--scrape", "5s"], ["nosuch"], ["--set", "load.jbos=3"],
                          ["--target", "ftp://a"], ["--cacert", "/nonexistent", "--target", "https://localhost"]):
            process = self.orfeas("doctor", "--target", peer.url, *arguments)
            self.assertEqual((process.code, process.out), (2, ""), (arguments, process.err))
        self.assertEqual(peer.requests, [])

    def test_help(self):
        process = self.orfeas("doctor", "--help")
        self.assertEqual(process.code, 0)
        for word in ("--quick", "--target", "Exit codes"):
            self.assertIn(word, process.out)

    def test_terminal(self):
        """In colour on a terminal; without it with NO_COLOR, and nothing is taken back then."""
        peer = self.peer()
        for more, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
            text = self.on_terminal(peer, environment(**more))
            self.assertEqual("\x1b[32m✓" in text, coloured, text)
            self.assertEqual("… health" in text, coloured, text)
            self.assertIn("ready", text)

    def on_terminal(self, peer, env):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([ORFEAS, "doctor", "--quick", "--target", peer.url, self.scenario], env=env,
                                   stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 4096):
                text += piece
        except OSError:  # how Linux says that the other side has gone
            pass
        os.close(ours)
        self.assertEqual(process.wait(TIMEOUT), 0)
        return text.decode()


if __name__ == "__main__":
    unittest.main()
