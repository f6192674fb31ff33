"""What scripts rely on: exit codes, what is said where, and what a signal does."""
import http.client
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import time
import unittest

from harness import Case, SECOND_WISH, ORFEAS, SETTLED, SOURCE, TIMEOUT, alive, children, environment, wait_until
from rude_peer import RudePeer, say

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ESCAPE = "\x1b"

BROKEN = """scenario: broken
workflow: orfeas-3d
load:
  users: closd
  jobs: many
  timeout: 5 parsecs
  speed: 9
criteria:
  - {name: a, expect: "avgg(generation) < 5s"}
  - {name: b, expect: "p95(generation) < 5 elephants"}
"""


class Usage(Case):
    """Exit code 2: nothing was sent, and the message names what is wrong."""

    def setUp(self):
        super().setUp()
        self.peer = RudePeer()
        self.addCleanup(self.peer.close)

    def check_usage(self, arguments, *words, command="run"):
        target = ["--target", self.peer.url, "--results", self.results] if command == "run" else []
        process = self.orfeas(command, *target, *arguments)
        self.assertEqual((process.code, process.out), (2, ""), (arguments, process.err))
        for word in words:
            self.assertIn(word, process.err)
        self.assertEqual(self.peer.requests, [])
        self.assertFalse(os.path.exists(os.path.join(self.results, "results_baseline.json")))

    def test_options(self):
        for arguments, words in (
                (["--nonsense"], ["--nonsense"]),
                (["--time-scal", "60"], ["--time-scal", "--time-scale"]),
                (["-Z"], ["-Z"]),
                (["--quiet=1"], ["--quiet"]),
                (["--time-scale", "abc"], ["--time-scale", "abc"]),
                (["--time-scale", "0"], ["--time-scale", "0"]),
                (["--time-scale", "nan"], ["--time-scale", "nan"]),
                (["--time-scale", "-5"], ["--time-scale", "-5"]),
                (["--wait", "soon"], ["--wait", "soon"]),
                (["--scrape", "1ms"], ["--scrape", "100ms to 1h"]),
                (["--seed", "x"], ["--seed", "x"]),
                (["--seed", "99999999999999999999999"], ["--seed"]),
                (["-H", "no colon"], ["-H", "no colon"]),
                (["-H", "A: b\r\nEvil: 1"], ["-H"]),
                (["-u", "many"], ["-u", "many"]),
                (["-u", "0"], ["-u", "0"]),
                (["-n", "0"], ["-n", "0"]),
                (["-n", "1e3"], ["-n", "1e3"]),
                (["-d", "later"], ["-d", "later"]),
                (["-R", "fast"], ["-R", "fast", "100/s"]),
                (["-R", "0"], ["-R", "0"]),
                (["--arrivals", "poisson"], ["--arrivals", "open"]),
                (["--arrivals", "replay:nosuch.txt"], ["--arrivals", "nosuch.txt"]),
                (["--stage", "30s"], ["--stage", "30s:20"]),
                (["--stage", "30s:x"], ["--stage", "'users'"]),
                (["--workers", "0"], ["--workers", "256"]),
                (["--connections", "0"], ["--connections", "0"]),
                (["--resolve", "never"], ["--resolve", "connection"]),
                (["--connect-timeout", "5"], ["--connect-timeout", "5s"]),
                (["--set", "load.jbos=3"], ["load.jbos", "did you mean 'jobs'"]),
                (["--set", "nonsense"], ["KEY=VALUE"]),
                (["--set", "=3"], ["KEY=VALUE"]),
                (["--set", "vars.nonsense=3"], ["nonsense"]),
                (["--target", "http://a:b"], ["http://a:b", "port"]),
                (["--target", "ftp://a"], ["ftp://a"]),
                (["--target", "http://u:p@a"], ["--target"]),
                (["--workflow", "nosuch"], ["nosuch", "orfeas-3d"]),
                (["--env-file", "/nonexistent"], ["/nonexistent"]),
                (["--image", os.path.join(SOURCE, "meson.build")], ["meson.build"]),
                (["--image", os.path.join(SOURCE)], [SOURCE]),
                (["nosuch"], ["nosuch", "baseline", "sustained"]),
                (["nosuch.yaml"], ["nosuch.yaml"])):
            with self.subTest(arguments):
                self.check_usage(["baseline", *arguments], *words)
        self.check_usage(["baseline", "--jobs"], "--jobs")

    def test_every_wrong_option_is_told(self):
        self.check_usage(["baseline", "--nonsense", "--time-scale", "abc", "--seed", "x"], "--nonsense", "abc",
                         "--seed")

    def test_commands(self):
        for arguments, code in (([], 2), (["runn"], 2), (["check"], 2), (["image"], 2), (["image", "a", "b"], 2),
                                (["check", "nosuch.yaml"], 2), (["help"], 0), (["--help"], 0)):
            with self.subTest(arguments):
                process = self.orfeas(*arguments)
                self.assertEqual(process.code, code, process.err)
                self.assertEqual(process.out == "", code == 2)
        self.assertIn("runn", self.orfeas("runn").err)

    def test_broken_scenario(self):
        """All mistakes at once, each with its place."""
        path = self.write("broken.yaml", BROKEN)
        expected = [(4, 10, "closd"), (5, 9, "many"), (6, 12, "parsecs"), (7, 3, "speed"), (9, 24, "avgg"),
                    (10, None, "elephants")]
        for command in ("run", "check"):
            self.check_usage([path], *[f"{path}:{line}:{column or ''}" for line, column, _ in expected],
                             *[word for _, _, word in expected], command=command)

    def test_no_yaml(self):
        for name, text in (("syntax", "scenario: x\n  load: [\n"), ("empty", ""), ("list", "- 1\n"),
                           ("binary", bytes(range(256))), ("anchor", "a: &a [*a]\n"), ("deep", "[" * 10000),
                           ("bomb", "a: &a [x,x,x,x,x,x,x,x,x]\n"
                            + "".join(f"{c}: &{c} [{','.join(['*' + chr(ord(c) - 1)] * 9)}]\n" for c in "bcdefghij"))):
            with self.subTest(name):
                path = self.write(name + ".yaml", text)
                self.check_usage([path], path)

    def test_unwritable_results(self):
        """Before the load, not after it. (Below a file: also root cannot write there.)"""
        file = self.write("file", "")
        process = self.orfeas("run", "baseline", "--target", self.peer.url, "--results", os.path.join(file, "x"))
        self.assertEqual(process.code, 2, process.err)
        self.assertIn(file, process.err)
        self.assertIn("--results", process.err)
        self.assertEqual(self.peer.requests, [])


class Target(Case):
    """Exit code 4, and what to do."""

    def test_dead(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        process = self.run_orfeas("baseline", "--target", f"http://127.0.0.1:{port}")
        self.assertEqual(process.code, 4, process.err)
        self.assertLess(process.seconds, 5)
        for word in (str(port), "refused", "Start the backend", "--target embedded"):
            self.assertIn(word, process.err)
        self.assertFalse(os.path.exists(os.path.join(self.results, "results_baseline.json")))

    def test_no_such_host(self):
        process = self.run_orfeas("baseline", "--target", "http://nonexistent.invalid")
        self.assertEqual(process.code, 4, process.err)
        self.assertIn("nonexistent.invalid", process.err)

    def test_not_healthy(self):
        with RudePeer(health=say({"status": "degraded"})) as peer:
            process = self.run_orfeas("baseline", "--target", peer.url)
        self.assertEqual(process.code, 4, process.err)
        self.assertIn("degraded", process.err)
        self.assertNotIn("POST", [method for method, _ in peer.requests])

    def test_loading_for_ever(self):
        server = self.backend("--load-time", "1h", ready=False)
        process = self.run_orfeas("baseline", "--target", server.url, "--wait", "1s")
        self.assertEqual(process.code, 4, process.err)
        for word in ("still loading", "1 s", "--wait"):
            self.assertIn(word, process.err)

    def test_loading_for_a_while(self):
        server = self.backend("--load-time", "120s", "--profile", "hunyuan3d", "--time-scale", 60, ready=False)
        process = self.run_fit("--target", server.url, "--time-scale", 60, scenarios=["baseline"])
        self.assertEqual(process.code, 0, process.out + process.err)
        m = server.metrics()
        self.assertGreater(m.sum("http_requests_total", endpoint="/ready", status="503"), 0)
        self.assertEqual(m.sum("jobs_refused_total"), 0)


class Verdict(Case):
    def test_too_fast_fails(self):
        server = self.backend()
        process = self.run_fit("--target", server.url, "--time-scale", 60, scenarios=["baseline"])
        self.assertEqual(process.code, 1, process.out + process.err)
        result = self.result("baseline")
        self.assertEqual(result["verdict"], "fail")
        self.assertEqual(result["validation"], {"avg_time_ok": False, "zero_errors": True, "full_success": True,
                                                "all_completed": True, "overall": False})
        self.assertIn("avg_time_ok", process.out)

    def test_quiet_and_plain(self):
        server = self.backend()
        common = ["baseline", "-n", 2, "--target", server.url, "--time-scale", 60]
        quiet = self.run_orfeas(*common, "--quiet")
        self.assertEqual((quiet.code, quiet.out, quiet.err), (1, "", ""))
        plain = self.run_orfeas(*common)
        self.assertNotIn(ESCAPE, plain.out + plain.err)

    def on_terminal(self, *arguments, **env):
        """What a run writes on a terminal."""
        main, other = pty.openpty()
        process = subprocess.Popen([ORFEAS, "run", "--results", self.results, *map(str, arguments)], stdin=other,
                                   stdout=other, stderr=other, env=environment(TERM="xterm", **env))
        os.close(other)
        written = bytearray()
        try:
            while piece := os.read(main, 65536):
                written += piece
        except OSError:  # its end
            pass
        os.close(main)
        self.assertEqual(process.wait(TIMEOUT), 1, written.decode())
        return written.decode()

    def test_colours(self):
        server = self.backend()
        common = ["baseline", "-n", 2, "--target", server.url, "--time-scale", 60]
        self.assertRegex(self.on_terminal(*common), COLOUR)
        self.assertNotRegex(self.on_terminal(*common, NO_COLOR="1"), COLOUR)
        self.assertNotRegex(self.on_terminal(*common, "--no-color"), COLOUR)


class Signals(Case):
    def run_against(self, server, *arguments):
        """A run with at least one job under way."""
        process = self.start("run", "normal", "--target", server.url, "--results", self.results, *arguments)
        wait_until(lambda: server.metrics().sum("active_jobs") >= 1, "a job is running")
        return process

    def check_interrupted(self, result):
        self.check_laws(result)
        self.assertEqual((result["verdict"], result["interrupted"]), ("inconclusive", True))
        self.assertFalse(result["validation"]["overall"])

    def test_first_drains(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(code):
                server = self.backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", 60)
                process = self.run_against(server, "--time-scale", 60)
                process.signal(number)
                self.assertEqual(process.wait(), code, process.err)
                result = self.result("normal")
                self.check_interrupted(result)
                self.assertNotIn("unfinished", result)
                self.assertGreaterEqual(result["successful_requests"], 1)
                self.assertEqual(result["errors"], {})
                m = server.metrics()
                self.assertEqual(m.sum("active_jobs") + m.sum("job_queue_size"), 0)
                self.assertEqual(m.sum("model_3d_generations_total", status="completed"), result["total_requests"])
                self.assertIn("INCONCLUSIVE", process.out)

    def test_second_stops(self):
        server = self.backend("--jobs", 8, "--profile", "hunyuan3d")  # 82 s
        process = self.run_against(server)
        process.signal(signal.SIGINT)
        time.sleep(SECOND_WISH)
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(SETTLED), 130, process.err)
        result = self.result("normal")
        self.check_interrupted(result)
        self.assertEqual(result["unfinished"], result["total_requests"])
        self.assertEqual((result["completed"], result["avg_duration"]), (0, None))

    def test_the_same_signal_twice_at_once_is_one(self):
        """As timeout(1) sends it: to the process, and to its group."""
        server = self.backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", 60)
        process = self.run_against(server, "--time-scale", 60)
        process.popen.send_signal(signal.SIGTERM)
        process.popen.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 143, process.err)
        self.assertNotIn("unfinished", self.result("normal"))

    def test_in_the_warmup(self):
        server = self.backend("--profile", "hunyuan3d", "--time-scale", 60)
        process = self.run_against(server, "--time-scale", 60, "--set", "load.warmup_jobs=3")
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130, process.err)
        result = self.result("normal")
        self.check_interrupted(result)
        self.assertEqual(result["total_requests"], 0)

    def test_while_loading(self):
        server = self.backend("--load-time", "1h", ready=False)
        process = self.start("run", "baseline", "--target", server.url, "--results", self.results)
        process.wait_for("loading")
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(SETTLED), 130, process.err)

    def test_no_further_scenario(self):
        server = self.backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", 60)
        process = self.run_against(server, "spike", "--time-scale", 60)
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130, process.err)
        self.assertEqual(os.listdir(self.results), ["results_normal.json"])

    def start_embedded(self):
        """A run with an orfeasd of its own, under load: the process and that orfeasd's id."""
        process = self.start("run", "normal", "--target", "embedded", "--time-scale", 60, "--results", self.results)
        url = wait_until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)", process.err), "the embedded target's address")

        def busy():
            c = http.client.HTTPConnection("127.0.0.1", int(url[1]), timeout=TIMEOUT)
            c.request("GET", "/metrics")
            found = re.search(r"^active_jobs ([1-9]\d*)", c.getresponse().read().decode(), re.M)
            c.close()
            return found
        wait_until(busy, "a job is running")
        backends = children(process.popen.pid)
        self.assertEqual(len(backends), 1)
        return process, backends[0]

    def test_embedded_goes_too(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(code):
                process, backend = self.start_embedded()
                process.signal(number)
                self.assertEqual(process.wait(), code, process.err)
                if number == signal.SIGKILL:  # nobody is left to wait for it
                    wait_until(lambda: not alive(backend), "the embedded orfeasd is gone", 2 * SETTLED)
                self.assertFalse(alive(backend))


class OtherCommands(Case):
    def test_help(self):
        for command in ("run", "check", "image", "version"):
            process = self.orfeas(command, "--help")
            self.assertEqual((process.code, process.err), (0, ""))
            self.assertIn(f"orfeas {command}", process.out)
        for option in ("--target", "--time-scale", "--wait", "--scrape", "--workflow", "--set", "--users", "--duration", "--jobs",
                       "--image", "--results", "--seed", "--quiet", "--verbose", "--no-color", "--header"):
            self.assertIn(option, self.orfeas("run", "--help").out)

    def test_version(self):
        process = self.orfeas("version")
        self.assertEqual((process.code, process.err), (0, ""))
        for word in ("orfeas ", "tls", "h2", "nvml", "mpi"):
            self.assertIn(word, process.out)
        self.assertEqual(self.orfeas("--version").out, process.out)

    def test_image(self):
        made = []
        for name, seed in (("a.png", 7), ("b.png", 7), ("c.png", 8)):
            self.assertEqual(self.orfeas("image", self.path(name), "--seed", seed).code, 0)
            with open(self.path(name), "rb") as f:
                made.append(f.read())
        self.assertEqual(struct.unpack(">II", made[0][16:24]), (512, 512))
        self.assertEqual(made[0], made[1])
        self.assertNotEqual(made[0], made[2])
        process = self.orfeas("image", self.path("no", "such", "folder.png"))
        self.assertEqual(process.code, 2)
        self.assertIn("folder.png", process.err)

    def test_check_of_what_is_shipped(self):
        files = [os.path.join(SOURCE, folder, name) for folder in ("scenarios", "workflows")
                 for name in sorted(os.listdir(os.path.join(SOURCE, folder)))]
        self.assertGreaterEqual(len(files), 6)
        process = self.orfeas("check", *files)
        self.assertEqual((process.code, process.err), (0, ""))


if __name__ == "__main__":
    unittest.main()
