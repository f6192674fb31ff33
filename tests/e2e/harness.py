"""What the end-to-end tests share: the built programs as processes, and their results read back.

Meson says where the programs are (E2E_ORFEAS, E2E_ORFEASD), where the source is (E2E_SOURCE) and which sanitizers they
were built with (E2E_SANITIZE). Whatever a program of ours writes to standard error is searched for sanitizer reports.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

ORFEAS = os.environ.get("E2E_ORFEAS", "")
ORFEASD = os.environ.get("E2E_ORFEASD", "")
SOURCE = os.environ.get("E2E_SOURCE", "")
SANITIZED = os.environ.get("E2E_SANITIZE", "none") != "none"
ORACLES = os.path.join(SOURCE, "tests", "oracles")

REPORT = re.compile(r"(ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error: |SUMMARY: \w+Sanitizer).*")
TIMEOUT = 120  # seconds in which everything ends, or hangs
SETTLED = 10   # ... in which a process that was told to end is gone


SECOND_WISH = 0.5  # seconds; a signal that comes sooner after the first is taken for the same wish


def environment(**more):
    """Ours without what would configure the programs."""
    own = {name: value for name, value in os.environ.items()
           if not name.startswith("ORFEAS_") and name not in ("MAX_CONCURRENT_JOBS", "NO_COLOR", "TERM")}
    own.update(ASAN_OPTIONS="halt_on_error=1:detect_leaks=1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
               TSAN_OPTIONS="halt_on_error=0")
    own.update(more)
    return own


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def children(pid):
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/stat") as f:
                if int(f.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry))
    return found


def wait_until(true, what, within=TIMEOUT):
    deadline = time.monotonic() + within
    while not (value := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(0.01)
    return value


class Process:
    """A program of ours, with its output in files, so that one which outlives it cannot hold the test."""

    def __init__(self, program, *arguments, env=None, cwd=None, stdout=None):
        self.folder = tempfile.mkdtemp(prefix="e2e-")
        self.started = time.monotonic()
        with open(self.file("out"), "wb") as out, open(self.file("err"), "wb") as err:
            self.popen = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                          stdout=stdout or out, stderr=err, env=env or environment(), cwd=cwd)
        self.arguments = arguments
        self.code = self.seconds = None

    def file(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        with open(self.file(name), "rb") as f:
            return f.read().decode(errors="backslashreplace")

    @property
    def out(self):
        return self.text("out")

    @property
    def err(self):
        return self.text("err")

    def wait(self, timeout=TIMEOUT):
        """Its exit code. A crash, a hang and a sanitizer's report are errors of the test."""
        try:
            self.code = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.close()
            raise AssertionError(f"still running after {timeout} s: {self.arguments}\n{self.err}") from None
        self.seconds = time.monotonic() - self.started
        self.check_report()
        if self.code < 0 and self.code != -signal.SIGKILL:
            raise AssertionError(f"ended by signal {-self.code}: {self.arguments}\n{self.err}")
        return self.code

    def check_report(self):
        found = REPORT.search(self.err)
        if found:
            raise AssertionError(f"{found[0]}: {self.arguments}\n{self.err}")

    def signal(self, number):
        """Sends it and waits until it was taken: one that comes while the same one is pending is lost."""
        self.popen.send_signal(number)
        wait_until(lambda: self.popen.poll() is not None or not self.signal_pending(), "the signal is taken")

    def signal_pending(self):
        try:
            with open(f"/proc/{self.popen.pid}/status") as f:
                return any(int(line.split()[1], 16) for line in f if line.startswith(("SigPnd", "ShdPnd")))
        except (FileNotFoundError, ProcessLookupError):
            return False

    def wait_for(self, text, within=TIMEOUT):
        wait_until(lambda: text in self.err or self.popen.poll() is not None, f"{text!r} on standard error", within)
        if text not in self.err:
            raise AssertionError(f"ended without saying {text!r}:\n{self.err}")

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


class Backend(Process):
    """An orfeasd on a free loopback port."""

    def __init__(self, *options, env=None, ready=True):
        announcement, writer = os.pipe()
        super().__init__(ORFEASD, "--listen", "127.0.0.1:0", *options, env=env, stdout=writer)
        os.close(writer)
        self.port = self.read_port(announcement)
        os.close(announcement)
        self.url = f"http://127.0.0.1:{self.port}"
        if ready:
            wait_until(lambda: self.request("GET", "/ready")[0] == 200, "orfeasd is ready")

    def read_port(self, announcement):
        if not select.select([announcement], [], [], TIMEOUT)[0]:
            raise AssertionError("orfeasd does not say where it listens")
        found = re.search(rb"listening on http://127\.0\.0\.1:(\d+)", os.read(announcement, 4096))
        if not found:
            raise AssertionError(f"orfeasd did not start:\n{self.err}")
        return int(found[1])

    def request(self, method, path, body=None, headers=None):
        """Status, body, headers."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r.read(), r.headers
        finally:
            c.close()

    def json(self, *arguments):
        status, body, headers = self.request(*arguments)
        return status, json.loads(body), headers

    def metrics(self):
        return Metrics(self.request("GET", "/metrics")[1].decode())

    def stop(self):
        """Twice: without waiting for running jobs. It has to free everything all the same."""
        for _ in range(2):
            if self.popen.poll() is None:
                self.signal(signal.SIGTERM)
        if self.wait(TIMEOUT) != 0:
            raise AssertionError(f"orfeasd ended with {self.code}:\n{self.err}")


class Metrics:
    def __init__(self, text):
        self.samples = []
        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
            self.samples.append((name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)))

    def sum(self, name, **labels):
        return sum(value for n, own, value in self.samples
                   if n == name and all(own.get(k) == v for k, v in labels.items()))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(side, colour, rows):
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, colour, 0, 0, 0))
            + png_chunk(b"IDAT", zlib.compress(bytes(rows))) + png_chunk(b"IEND", b""))


def noise_png(side=280, seed=1):
    """Nothing that could be compressed: 4 bytes a pixel, 300 KB as it is."""
    pixels = random.Random(seed)
    return png(side, 6, b"".join(b"\0" + pixels.randbytes(4 * side) for _ in range(side)))


def small_png(side=64):
    """A grey disk on a transparent ground: sooner made and decoded than the picture that orfeas makes."""
    rows = bytearray()
    for y in range(side):
        rows.append(0)  # no filter
        for x in range(side):
            inside = (2 * x - side) ** 2 + (2 * y - side) ** 2 < side ** 2 / 2
            rows += b"\x80\xff" if inside else b"\0\0"
    return png(side, 4, rows)


class Case(unittest.TestCase):
    """With a folder of its own, and every process that it starts ended with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.results = self.path("results")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        path = self.path(name)
        with open(path, "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)
        return path

    def keep(self, process):
        self.addCleanup(shutil.rmtree, process.folder, ignore_errors=True)
        self.addCleanup(process.check_report)
        self.addCleanup(process.close)
        return process

    def start(self, *arguments, **more):
        return self.keep(Process(ORFEAS, *arguments, **more))

    def orfeas(self, *arguments, timeout=TIMEOUT, **more):
        process = self.start(*arguments, **more)
        process.wait(timeout)
        return process

    def run_orfeas(self, *arguments, results=None, **more):
        return self.orfeas("run", "--results", results or self.results, *arguments, **more)

    def backend(self, *options, **more):
        server = self.keep(Backend(*options, **more))
        self.addCleanup(server.stop)
        return server

    def result(self, scenario, results=None):
        with open(os.path.join(results or self.results, f"results_{scenario}.json"), encoding="utf-8") as f:
            return json.load(f, parse_constant=lambda name: self.fail(f"{name} is no JSON"))

    def run_fit(self, *arguments, scenarios, results=None, **more):
        """A run whose times are judged: repeated when orfeas itself says that the machine was too busy for it."""
        names = [os.path.basename(s).removesuffix(".yaml") for s in scenarios]
        for attempt in range(3):
            process = self.run_orfeas(*arguments, *scenarios, results=results, **more)
            if all(self.result(name, results)["generator"]["fit"] for name in names):
                break
        return process

    def run_get(self, url, *arguments, path="/page", **more):
        """GET requests of one path, without criteria: process, results, which may be repeated."""
        process = self.run_orfeas("--workflow", "get", "--set", f"vars.path={path}", "--target", url, *arguments,
                                  **more)
        self.assertIn(process.code, (0, 1, 3), process.err)
        result = self.result("get", more.get("results"))
        self.check_laws(result)
        return process, result

    def check_all(self, rows, check):
        """check(name, *row) of every (name, row), several at once: most of their time is waiting."""
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            futures = [(name, pool.submit(check, name, *row)) for name, row in rows]
        for name, future in futures:
            with self.subTest(name):
                future.result()

    def check_code(self, process, result, code):
        """The run ends as its criteria ask for, or as invalid where this machine was too busy for it."""
        code = code if result["generator"]["fit"] else 3
        self.assertEqual((process.code, result["verdict"]), (code, ("pass", "fail", None, "invalid")[code]),
                         (result["reason"], result["errors"], process.err))

    def check_laws(self, result):
        """What holds of every results file, whatever happened in the run."""
        ended = result["successful_requests"] + result["failed_requests"]
        self.assertEqual(result["total_requests"], ended + result.get("unfinished", 0))
        self.assertEqual(result["attempted"], result["total_requests"])
        self.assertEqual(result["completed"], result["successful_requests"])
        self.assertLessEqual(result["completed"], result["accepted"])
        self.assertLessEqual(result["accepted"], result["attempted"])
        self.assertEqual(sum(result["failures"].values()), result["failed_requests"])
        self.assertEqual(sum(result["errors"].values()), result["failed_requests"])
        self.assertEqual(result["failures"].get("timeout", 0), result["censored"])
        self.assertEqual(sum(p["total_requests"] for p in result["phases"]), result["total_requests"])
        self.assertEqual(sum(row["started"] for row in result["timeline"]), result["total_requests"])
        if ended:
            self.assertAlmostEqual(result["success_rate"], 100 * result["successful_requests"] / ended, places=4)
            self.assertAlmostEqual(result["error_rate"], 100 * result["failed_requests"] / ended, places=4)
        if result["successful_requests"]:
            durations = [result[f"{name}_duration"] for name in ("min", "p50", "p95", "p99", "max")]
            self.assertEqual(durations, sorted(durations))
            self.assertTrue(durations[0] <= result["avg_duration"] <= durations[-1])
        self.assertEqual(result["validation"]["overall"], result["verdict"] == "pass")


def require(path, why):
    """tools/setup installs it: without it a test fails, it is not skipped."""
    if not (os.path.exists(path) if os.path.isabs(path) else shutil.which(path)):
        raise AssertionError(f"{path} is missing ({why}); run tools/setup build test")


def node(script, *files):
    require("node", "runs the oracles from npm")
    require(os.path.join(ORACLES, "node_modules", ".package-lock.json"), "the oracles' packages")
    done = subprocess.run(["node", os.path.join(ORACLES, script), *files], capture_output=True, text=True,
                          timeout=TIMEOUT)
    return done.returncode, done.stdout + done.stderr
