"""What the target's metrics are expected to say, and what they say: an honest backend, one that lies, one that others use,
one that has none.
"""
import contextlib
import os
import re
import time
import unittest

import rude_peer as rude
from harness import Case, SANITIZED, small_png, wait_until
from rude_peer import RudePeer, say
from test_rude import SCENARIO

SCALE = 60
# Slots of the backend, and how much faster than in real time; an hour takes nine seconds.
FIVE = {"baseline": (1, 120), "normal": (8, 120), "peak": (20, 60), "spike": (64, 60), "sustained": (8, 400)}
# What whoever looks after an ORFEAS backend watches.
GUIDE = {"http_request_duration_seconds", "http_requests_total", "http_request_errors_total", "gpu_usage_percent",
         "gpu_memory_allocated_mb", "gpu_memory_cached_mb", "model_3d_generations_total",
         "model_generation_duration_seconds", "model_generation_failures_total", "websocket_connections_active",
         "websocket_messages_sent_total", "websocket_connection_duration_seconds", "pipeline_stage_duration_seconds",
         "pipeline_stage_errors_total"}
COUNTER = 'model_3d_generations_total{status="completed"}'
PLAIN = "text/plain; version=0.0.4"


def paced(slots, scale=SCALE):
    return "--jobs", slots, "--profile", "hunyuan3d", "--time-scale", scale


def peak_memory(pid):
    """Bytes; 0 once it has ended."""
    with contextlib.suppress(OSError, ProcessLookupError):
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    return 0


class MetricsCase(Case):
    def play(self, scenario, server, *arguments, scale=SCALE, results=None):
        """Process, metrics, checks by name."""
        process = self.run_orfeas(scenario, "--target", server.url, "--time-scale", scale, *arguments, results=results)
        self.assertIn(process.code, (0, 1, 3), process.err)
        result = self.result(os.path.basename(scenario).removesuffix(".yaml"), results)
        metrics = result["target"]["metrics"]
        return process, result, metrics, {check["name"]: check for check in metrics["checks"]}

    def play_small(self, server, *arguments):
        """Some jobs of a small picture."""
        return self.play("baseline", server, "-u", 4, "-n", 20, "--set", "vars.quality=1", "--image",
                         self.write("small.png", small_png()), *arguments)


class Honest(MetricsCase):
    def agree(self, name, slots, scale):
        server = self.backend(*paced(slots, scale))
        patient = f"load.timeout={60 * scale}s"  # a minute: a job that timed out here would go on there
        process, result, metrics, checks = self.play(name, server, "--set", patient, scale=scale, results=self.path(name))
        self.assertGreater(result["completed"], 0)
        self.assertEqual((metrics["wrong"], metrics["mistakes"], metrics["failed_scrapes"]), ([], 0, 0))
        self.assertEqual(metrics["present"], metrics["expected"])
        compared = [check for check in checks.values() if check["grows"]]
        self.assertGreaterEqual(len(compared), 6)
        for check in compared:
            self.assertEqual((check["agrees"], check["grew"]), ("yes", check["ours"]), check)
        self.assertEqual(checks[COUNTER]["ours"], result["completed"])
        self.assertIn(f"{metrics['present']} of {metrics['expected']} expected metrics present, {metrics['moving']} moved, all "
                      "agree ·", " ".join(process.out.split()))
        self.assertGreaterEqual(metrics["expected"], 40)
        seen = [row["metrics"][COUNTER] for row in result["timeline"] if row["metrics"].get(COUNTER) is not None]
        self.assertEqual(seen, sorted(seen))  # it counts, and does not fall
        self.assertGreater(seen[-1], 0)
        self.assertLessEqual(48, metrics["families"])
        self.assertLessEqual(GUIDE, {name.partition("{")[0] for name in checks})
        self.same_histogram(result, checks)

    def same_histogram(self, result, checks):
        """Of generations that end by a profile: the same median, to a bucket's width, which is 2.5 at most."""
        seconds = checks["model_generation_duration_seconds"]
        steps = {step["name"]: step for step in result["steps"]}
        self.assertTrue(0.4 <= seconds["p50"] / steps["processing"]["p50"] <= 2.5, (seconds, steps["processing"]))

    def test_all_five(self):
        """At once, each against its own backend: most of their time is waiting."""
        self.check_all(list(FIVE.items()), self.agree)

    def test_without_a_gpu(self):
        process, result, metrics, checks = self.play_small(self.backend("--jobs", 4))
        self.assertEqual(metrics["wrong"], [])
        gpu = {name: check for name, check in checks.items() if name.startswith("gpu_")}
        self.assertEqual({(check["present"], check["optional"]) for check in gpu.values()}, {(False, True)})
        absent = sum(not check["present"] for check in checks.values())
        self.assertEqual(metrics["expected"] + absent, len(checks))
        self.assertIn(f"{absent} optional absent", " ".join(process.out.split()))

    def test_warmup_counts_too(self):
        process, result, metrics, checks = self.play_small(self.backend("--jobs", 4), "--set", "load.warmup_jobs=3")
        self.assertEqual(result["completed"], 20)
        self.assertEqual((checks[COUNTER]["ours"], checks[COUNTER]["grew"], checks[COUNTER]["agrees"]), (23, 23, "yes"))

    def test_how_often(self):
        """Every 30 s of two minutes in a second, at the beginning and at the end."""
        server = self.backend(*paced(1, 120))
        process, result, metrics, checks = self.play("baseline", server, "-n", 2, "--scrape", "30s", scale=120)
        self.assertTrue(2 <= metrics["scrapes"] <= 4 + result["duration_seconds"] / 0.25, metrics["scrapes"])

    def test_failures(self):
        """Failed jobs are none that completed, and what the target counts of them is not asked."""
        process, result, metrics, checks = self.play_small(self.backend("--jobs", 4, "--fault", "error=40%", "--seed", "5"))
        self.assertGreater(result["failed_requests"], 0)
        self.assertEqual(metrics["wrong"], [])
        self.assertEqual(checks["model_generation_failures_total"]["grew"], result["failed_requests"])


class Wrong(MetricsCase):
    def lie(self, share, sentence):
        server = self.backend("--jobs", 4, "--fault", f"lie={share}", "--seed", "3")
        process, result, metrics, checks = self.play_small(server)
        lied = server.metrics().sum("fault_injected_total", fault="lie")
        self.assertEqual(result["completed"], 20)
        self.assertEqual(metrics["wrong"], [f"{COUNTER}: {sentence.format(20 - int(lied))}"])
        self.assertEqual((checks[COUNTER]["agrees"], checks[COUNTER]["ours"]), ("less", 20))
        self.assertEqual(checks["successful_generations_total"]["agrees"], "yes")
        said = " ".join(process.out.split())
        self.assertEqual(said.count(f"✗ {COUNTER}: {metrics['wrong'][0].partition(': ')[2]}"), 1)
        self.assertIn(checks[COUNTER]["next"], said)
        return lied

    def test_a_counter_that_stands_still(self):
        self.assertEqual(self.lie("100%", "stood still at {} while 20 jobs were completed"), 20)

    def test_a_counter_that_counts_less(self):
        self.assertTrue(0 < self.lie("30%", "grew by {}, but 20 jobs were completed") < 20)

    def test_other_clients(self):
        scale, patient = 2 * SCALE, f"load.timeout={120 * SCALE}s"
        server = self.backend(*paced(20, scale))
        first = self.start("run", "--results", self.results, "peak", "--target", server.url, "--time-scale", scale,
                           "--set", patient)
        wait_until(lambda: server.metrics().sum("jobs_submitted_total") > 0, "the first client is at work")
        self.run_orfeas("baseline", "--target", server.url, "--time-scale", scale, "-u", 5, "--set", patient,
                        results=self.path("other"))
        first.wait()
        result = self.result("peak")
        checks = {check["name"]: check for check in result["target"]["metrics"]["checks"]}
        self.assertEqual(checks[COUNTER]["agrees"], "more")
        self.assertEqual(checks[COUNTER]["grew"], result["completed"] + 5)
        self.assertEqual(result["target"]["metrics"]["wrong"], [])
        self.assertIn("somebody else uses the target", " ".join(first.out.split()))

    def test_not_readable_is_told_once(self):
        huge = "a" * (1 << 20)
        for name, act, why in (
                ("none", say("", status="404 Not Found"), "/metrics answered with status 404"),
                ("page", say("<html>\n"), "/metrics holds no metrics; line 1: a metric's name is expected: '<html>'"),
                ("empty", say(""), "/metrics holds no metrics"),
                ("cut", rude.half("process_resident_memory_bytes 1e8\n" * 100), "/metrics: "),
                ("cut silently", rude.raw(rude.http("process_resident_memory_bytes 1e8\nb", kind=PLAIN)),
                 "/metrics was cut; line 2: the last line has no line feed: the body was cut: 'b'"),
                ("endless", rude.endless(rude.http(length=False), huge.encode()), "/metrics: the answer is larger than is taken"),
                ("closed", rude.close, "/metrics: ")):
            with self.subTest(name), RudePeer(metrics=act) as peer:
                process, result, metrics, checks = self.play(self.write("rude.yaml", SCENARIO), peer)
                self.assertFalse(metrics["readable"])
                self.assertTrue(metrics["why"].startswith(why), metrics["why"])
                self.assertGreater(metrics["failed_scrapes"], 1)
                self.assertEqual((metrics["wrong"], metrics["present"]), ([], 0))
                said = " ".join((process.err + process.out).split())
                self.assertEqual(said.count("metrics could not be read"), 1, said)

    def test_a_broken_line_is_told_once(self):
        body = "a 1\nb{x=\"1} 2\nprocess_resident_memory_bytes 1e8\nc 1 2 3\n"
        with RudePeer(metrics=say(body, kind=PLAIN)) as peer:
            process, result, metrics, checks = self.play(self.write("rude.yaml", SCENARIO), peer)
            self.assertEqual((metrics["readable"], metrics["mistakes"]), (True, 2))
            self.assertEqual(metrics["mistake"], "line 2: a label's value has no closing quote: 'b{x=\"1} 2'")
            self.assertEqual(result["target"]["process"]["memory"]["last"], 1e8)
            self.assertEqual(process.out.count("break the format's rules"), 1)
            self.assertIn("http_requests_total: missing", metrics["wrong"])

    def test_a_gigabyte_of_garbage(self):
        """As much as the target sends: no more of it is taken than has room, each time, and the run goes on beside it."""
        piece, sent = os.urandom(1 << 20), []

        def act(t):
            t.send(rude.http(length=1 << 30, kind=PLAIN))
            with contextlib.suppress(OSError):
                for _ in range(1 << 10):
                    t.send(piece)
                    sent.append(len(piece))
            return False
        with RudePeer(metrics=act) as peer:
            process = self.start("run", "--results", self.results, self.write("rude.yaml", SCENARIO), "--target", peer.url,
                                 "--time-scale", SCALE)
            most = 0
            while process.popen.poll() is None:
                most = max(most, peak_memory(process.popen.pid))
                time.sleep(0.01)
            self.assertIn(process.wait(), (0, 1, 3), process.err)
        result = self.result("rude")
        metrics = result["target"]["metrics"]
        self.assertEqual((metrics["readable"], metrics["why"]), (False, "/metrics: the answer is larger than is taken"))
        self.assertGreater(result["completed"], 0)
        self.assertGreater(sum(sent), metrics["scrapes"] * 32 << 20)
        self.assertEqual(" ".join((process.err + process.out).split()).count("metrics could not be read"), 1)
        if not SANITIZED:
            self.assertTrue(0 < most < 200 << 20, most)

    def test_what_is_asked_for(self):
        """OpenMetrics first, as Prometheus does; who knows better says it himself."""
        for arguments, accept in (((), "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
                                  (("-H", "Accept: text/plain"), "text/plain")):
            with self.subTest(accept), RudePeer() as peer:
                self.play(self.write("rude.yaml", SCENARIO), peer, *arguments)
                heads = [head for head in peer.heads if head.startswith("GET /metrics ")]
                self.assertGreater(len(heads), 1)
                for head in heads:
                    self.assertEqual(re.findall(r"(?im)^accept: (.*?)\r?$", head), [accept])
                others = [head for head in peer.heads if head.startswith("GET /health ")]
                self.assertIn(f"Accept: {'text/plain' if arguments else '*/*'}\r\n", others[0] + "\r\n")

    def test_restarted(self):
        """Counters that begin anew are followed, and compared no more."""
        calls = []

        def act(t):
            calls.append(1)
            young = len(calls) > 1
            return say(f"# TYPE model_3d_generations_total counter\nmodel_3d_generations_total{{status=\"completed\"}} "
                       f"{len(calls) if young else 70 + len(calls)}\nprocess_start_time_seconds {2e9 if young else 1e9}\n",
                       kind=PLAIN)(t)
        with RudePeer(metrics=act) as peer:
            process, result, metrics, checks = self.play(self.write("rude.yaml", SCENARIO), peer)
            self.assertGreater(len(calls), 1)
            self.assertEqual((metrics["restarts"], checks[COUNTER]["resets"]), (1, 1))
            self.assertEqual((checks[COUNTER]["first"], checks[COUNTER]["last"]), (71, len(calls)))
            self.assertEqual(checks[COUNTER]["grew"], len(calls))
            self.assertEqual(checks[COUNTER]["agrees"], "unknown")
            self.assertIn("target_restarted", [f["name"] for f in result["findings"]])

    def test_what_a_criterion_names_is_kept(self):
        heap = iter(range(10**6))
        criteria = 'criteria: [{name: heap_ok, expect: "growth(heap_bytes) < 1%"}]\n'
        self.assertIn("criteria:", SCENARIO)
        scenario = SCENARIO[:SCENARIO.index("criteria:")] + criteria

        def act(t):
            return say(f"heap_bytes {1000 + next(heap)}\n", kind=PLAIN)(t)
        with RudePeer(metrics=act) as peer:
            process, result, metrics, checks = self.play(self.write("rude.yaml", scenario), peer)
            self.assertNotIn("not watched", result["criteria"][0]["why"])


if __name__ == "__main__":
    unittest.main()
