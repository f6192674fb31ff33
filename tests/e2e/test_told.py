"""Jobs that are told how they stand: by orfeasd in each of its ways, and by the official Socket.IO server."""
import http.client
import json
import os
import ssl
import subprocess
import unittest

from harness import Backend, Case, ORACLES, SOURCE, require, small_png, wait_until
from tls_server import certificates

SCALE = 120
PATIENT = "load.timeout=3600s"  # 30 s: how soon a busy machine comes to its jobs is not judged
PACED = ("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", SCALE, "--load-time", "1ms")


class Orfeasd(Case):
    """What was asked and what was told is on both sides the same, count by count."""

    def workflow(self, name, transport=None):
        with open(os.path.join(SOURCE, "workflows", f"orfeas-3d-{name}.yaml"), encoding="utf-8") as f:
            text = f.read()
        if not transport:
            return f"orfeas-3d-{name}", f"orfeas-3d-{name}"
        self.assertIn("transport: upgrade", text)
        text = text.replace("transport: upgrade", f"transport: {transport}").replace(f"orfeas-3d-{name}", transport)
        return transport, self.write(f"{transport}.yaml", text)

    def setUp(self):
        super().setUp()
        self.write("small.png", small_png())

    def picture(self):
        return self.path("small.png")

    def run_jobs(self, name, transport, jobs=20, users=6):
        server = self.backend(*PACED)
        scenario, workflow = self.workflow(name, transport)
        process = self.run_orfeas("--workflow", workflow, "--target", server.url, "--time-scale", SCALE, "-u", users,
                                  "-n", jobs, "--set", PATIENT, "--image", self.picture(), results=self.path(scenario))
        self.assertIn(process.code, (0, 3), process.err)
        result = self.result(scenario, self.path(scenario))
        self.check_laws(result)
        self.assertEqual(result["completed"], jobs, result["errors"])
        wait_until(lambda: server.metrics().sum("websocket_connections_active") == 0, "nobody listens any more")
        return server.metrics(), result

    def check(self, name, transport, address, way):
        metrics, result = self.run_jobs(name, transport)
        jobs, traffic = result["completed"], result["traffic"]
        self.assertEqual(metrics.sum("model_3d_generations_total", status="completed"), jobs)
        self.assertEqual(metrics.sum("websocket_connection_duration_seconds_count"), jobs)
        self.assertEqual(metrics.sum("websocket_errors_total"), 0)
        told = metrics.sum("websocket_messages_sent_total")
        last = metrics.sum("websocket_messages_sent_total", event_type="generation_complete")
        self.assertEqual(traffic["messages"], told - last)  # the update before it has ended the wait
        self.assertEqual(traffic["reconnects"], 0)
        routes = ("/api/upload-image", "/api/generate-3d", "/api/download/<id>/<file>", address)
        self.assertEqual(traffic["requests"], sum(metrics.sum("http_requests_total", endpoint=r) for r in routes))
        self.assertEqual(result["polls"], traffic["polls"])
        polls = metrics.sum("http_requests_total", endpoint=address, method="GET", status="200") if way == "poll" else 0
        self.assertEqual(traffic["polls"], polls)
        notice = next(s for s in result["steps"] if s["name"] == "notice")
        self.assertEqual(notice["count"], jobs)

    def test_each_way(self):
        rows = {"events": ("events", None, "/api/jobs/<id>/events", "event"),
                "websocket": ("websocket", None, "/ws/jobs/<id>", "event"),
                "socketio, upgrade": ("socketio", None, "/socket.io/", "poll"),
                "socketio, polling": ("socketio", "polling", "/socket.io/", "poll"),
                "socketio, websocket": ("socketio", "websocket", "/socket.io/", "event")}
        self.check_all(list(rows.items()), lambda _, *row: self.check(*row))

    def test_a_poll_beside(self):
        """Both ways see the same."""
        def check(name):
            server = self.backend(*PACED)
            with open(os.path.join(SOURCE, "workflows", f"orfeas-3d-{name}.yaml"), encoding="utf-8") as f:
                text = f.read().replace("    error: /error\n", "    error: /error\n    progress: /progress\n"
                                        "    check: {poll: \"/api/job-status/{job}\", every: 10s}\n")
            checked = self.write(f"checked-{name}.yaml", text)
            self.run_orfeas("--workflow", checked, "--target", server.url, "--time-scale", SCALE,
                            "-u", 4, "-n", 8, "--set", PATIENT, "--image", self.picture(), results=self.path(name))
            result = self.result(f"checked-{name}", self.path(name))
            traffic = result["traffic"]
            self.assertEqual(result["completed"], 8, result["errors"])
            self.assertEqual([traffic[k] for k in ("missed", "late", "late_max", "backwards")], [0, 0, None, 0])
            self.assertEqual((traffic["out_of_order"], traffic["contradicted"]), (0, 0))
            polls = server.metrics().sum("http_requests_total", endpoint="/api/job-status/<id>")
            self.assertGreater(polls, 8)
            if name != "socketio":
                self.assertLessEqual(abs(traffic["polls"] - polls), 8)  # one may be under way at the end

        for name in ("events", "websocket", "socketio"):  # one by one: who is late is judged
            with self.subTest(name):
                check(name)

    def test_jobs_that_fail(self):
        def check(name):
            server = self.backend(*PACED, "--fault", "error=100%")
            scenario, workflow = self.workflow(name)
            self.run_orfeas("--workflow", workflow, "--target", server.url, "--time-scale", SCALE, "-u", 2, "-n", 4,
                            "--set", PATIENT, "--image", self.picture(), results=self.path(name))
            result = self.result(scenario, self.path(name))
            self.assertEqual(result["failures"], {"job_failed": 4})

        self.check_all([(name, []) for name in ("events", "websocket", "socketio")], check)

    def listeners(self, metrics, name):
        if name == "socketio":
            return metrics.sum("websocket_messages_sent_total", event_type="subscribed")
        return metrics.sum("websocket_connections_active")

    def test_jobs_that_are_cancelled(self):
        """By somebody else, in each way, polls too: a kind of their own."""
        def check(name):
            server = self.keep(Backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", 10, "--load-time", "1ms"))
            process = self.start("run", "--results", self.path(name), "--workflow", name, "--target", server.url,
                                 "--time-scale", 10, "-u", 2, "-n", 2)

            def at_work():
                jobs = [job["job_id"] for job in server.json("GET", "/api/jobs")[1]["jobs"]
                        if job["status"] == "processing"]
                return len(jobs) == 2 and jobs
            for job in wait_until(at_work, "both are at work"):
                self.assertLess(server.request("DELETE", f"/api/jobs/{job}")[0], 300)
            process.wait()
            result = self.result(name, self.path(name))
            self.check_laws(result)
            self.assertEqual(result["failures"], {"cancelled": 2}, result["errors"])
            self.assertEqual(result["traffic"]["unknown_states"], {})

        self.check_all([(f"orfeas-3d{way}", []) for way in ("", "-events", "-websocket", "-socketio")], check)

    def test_states_that_are_not_known(self):
        """They are waited through and named, and nothing comes out of order."""
        def check(name, key):
            server = self.backend(*PACED)
            with open(os.path.join(SOURCE, "workflows", f"{name}.yaml"), encoding="utf-8") as f:
                text = f.read()
            self.assertIn("initializing, processing,", text)
            text = text.replace("initializing, processing,", "initializing,")
            odd = self.write(f"odd-{name}.yaml", text)
            self.run_orfeas("--workflow", odd, "--target", server.url, "--time-scale", SCALE, "-u", 2, "-n", 4,
                            "--set", PATIENT, "--image", self.picture(), results=self.path(name))
            result = self.result(f"odd-{name}", self.path(name))
            self.assertEqual(result["completed"], 4, result["errors"])
            traffic = result["traffic"]
            self.assertEqual(list(traffic["unknown_states"]), ["processing"])
            self.assertTrue(4 <= traffic["unknown_states"]["processing"] <= traffic[key], traffic)
            self.assertEqual((traffic["out_of_order"], traffic["contradicted"]), (0, 0))
            self.assertEqual([f["name"] for f in result["findings"]].count("states_unknown"), 1)

        self.check_all([("orfeas-3d", ["polls"]), ("orfeas-3d-events", ["messages"])], check)

    def test_a_backend_that_dies(self):
        """Who listens hears of it; the second try is refused."""
        def check(name):
            server = self.keep(Backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", 10, "--load-time",
                                       "1ms"))
            scenario, workflow = self.workflow(name)
            process = self.start("run", "--results", self.path(name), "--workflow", workflow, "--target", server.url,
                                 "--time-scale", 10, "-u", 2, "-n", 2)
            wait_until(lambda: self.listeners(server.metrics(), name) == 2, "both listen")
            server.popen.kill()
            process.wait()
            result = self.result(scenario, self.path(name))
            self.check_laws(result)
            self.assertEqual(result["failures"], {"refused": 2})
            self.assertEqual(result["traffic"]["reconnects"], 2)

        self.check_all([(name, []) for name in ("events", "websocket", "socketio")], check)

class OfficialServer(Case):
    context = None  # of TLS

    def setUp(self):
        super().setUp()
        require("node", "runs the oracles from npm")
        require(os.path.join(ORACLES, "node_modules", "socket.io"), "the official server")
        self.server = subprocess.Popen(["node", os.path.join(ORACLES, "socketio_server.mjs"), *self.files()],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.port = int(self.server.stdout.readline())
        self.target = ["--target", f"http://127.0.0.1:{self.port}"]

    def files(self):
        return []

    def end(self):
        self.server.stdin.close()
        self.server.wait(20)
        self.server.stdout.close()

    def counts(self):
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.context) if self.context else \
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        c.request("GET", "/counts")
        counts = json.loads(c.getresponse().read())
        c.close()
        return counts

    def run_jobs(self, *keys, jobs=20):
        text = "\n".join(["workflow: told", "steps:", "  - {name: submit, post: /jobs, json: {}, capture: {id: /id}}",
                          "  - name: wait", "    socketio: /socket.io/", "    emit: {event: watch, data: {id: \"{id}\"}}",
                          "    on: update", "    until: {/job/state: done}", "    fail: {/job/state: failed}",
                          "    error: /job/why", *("    " + key for key in keys),
                          "  - {name: result, get: \"{wait:/job/url}\"}", "health: \"\"", "ready: \"\"", "metrics: \"\"",
                          ""])
        before = self.counts()
        process = self.run_orfeas("--workflow", self.write("told.yaml", text), *self.target, "-u", 5, "-n", jobs)
        self.assertIn(process.code, (0, 1, 3), process.err)
        result = self.result("told")
        self.check_laws(result)
        wait_until(lambda: self.counts()["open"] == 0, "all sockets are closed")
        after = self.counts()
        return result, {key: after[key] - before[key] for key in after if key != "reasons"}, after["reasons"]

    def test_transports(self):
        for transport in ("websocket", "polling", "upgrade"):
            with self.subTest(transport):
                result, counts, reasons = self.run_jobs(f"transport: {transport}")
                self.assertEqual((result["total_requests"], counts["jobs"]), (20, 20))
                self.assertEqual((result["completed"], counts["results"]), (counts["done"], counts["done"]))
                self.assertEqual(result["errors"],
                                 {"wait: the target says the job failed: no clay left": counts["failed"]})
                self.assertEqual(counts["connections"], 20)
                self.assertEqual(result["traffic"]["reconnects"], 0)
                self.assertGreaterEqual(result["traffic"]["messages"], 20 * 3)
                self.assertEqual(counts["upgrades"], 20 if transport == "upgrade" else 0)
                self.assertNotIn("parse error", reasons)
                self.assertNotIn("ping timeout", reasons)

    def test_a_namespace_for_members(self):
        result, counts, _ = self.run_jobs("namespace: /members", "auth: {token: secret}")
        self.assertEqual((result["completed"], counts["refused"]), (counts["done"], 0))
        result, counts, _ = self.run_jobs("namespace: /members", "auth: {token: guessed}", jobs=3)
        self.assertEqual(result["errors"], {"wait: the namespace /members is refused: who are you": 3})
        self.assertEqual(result["failures"], {"status": 3})
        result, counts, _ = self.run_jobs("namespace: /nowhere", jobs=3)
        self.assertEqual(result["errors"], {"wait: the namespace /nowhere is refused: Invalid namespace": 3})

    def test_everybody_is_told_everything(self):
        """Of its own job's messages a job takes those that name it."""
        result, counts, _ = self.run_jobs("namespace: /all", "match: {/job/id: \"{id}\"}")
        self.assertEqual(result["completed"], counts["done"])
        self.assertEqual(result["failures"], {"job_failed": counts["failed"]})


class OfficialServerBehindTls(OfficialServer):
    def files(self):
        pem = certificates()
        self.context = ssl.create_default_context(cafile=pem["ca.pem"])
        return [pem["server.key"], pem["server.pem"]]

    def setUp(self):
        super().setUp()
        self.target = ["--target", f"https://127.0.0.1:{self.port}", "--cacert", certificates()["ca.pem"]]

    test_a_namespace_for_members = test_everybody_is_told_everything = None  # as without


if __name__ == "__main__":
    unittest.main()
