"""Whole runs against real backends: results, laws, repeatability, options, and the server's own counts."""
import base64
import concurrent.futures
import os
import struct
import unittest

from harness import Case, SANITIZED, environment

GUIDE_KEYS = """scenario duration_seconds total_requests successful_requests failed_requests success_rate error_rate
    avg_duration min_duration max_duration p50_duration p95_duration p99_duration throughput_per_minute errors
    validation""".split()
MORE_KEYS = """schema verdict criteria phases steps timeline target generator censored attempted accepted completed
    valid_models time_scale seed started_at ended_at version command environment load_seconds""".split()
VALIDATION = {
    "baseline": ["avg_time_ok", "zero_errors", "full_success", "all_completed", "overall"],
    "normal": ["uptime_ok", "error_rate_ok", "success_rate_ok", "avg_time_ok", "p95_ok", "p99_ok", "overall"],
    "spike": ["survived", "spike_error_rate_ok", "recovery_error_rate_ok", "performance_recovered", "overall"],
}
STEPS = ["upload", "submit", "wait", "queue", "processing", "notice", "unseen", "download", "validate"]
SCALE = 20 if SANITIZED else 60  # a slower program gets more time for the same scenario
JPEG = base64.b64decode("""
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdB
RkxOUlNSMj5aYVpQYEpRUk//wAALCABAAEABAREA/8QAGgABAAMBAQEAAAAAAAAAAAAAAAQGBwMFAv/EAC0QAAEDAwIFAgUF
AAAAAAAAAAEAAgMEBRESIQcxQXGRUWEGI0KBoRMyosHw/9oACAEBAAA/ANIREREREXOeeGmhdNUyxwxN/c+Rwa0dNyVWJ+IN
kimcyNlXO0cpI4wGntqIP4XzHxDsr5GtdDWxhxAL3Rtw33OHE+ArLRV1LcKcVFFURzxH6mHODjOD6HcbHdSERc6ieOmp5aid
2mKJhe92CcADJOyxz4iv9Ve66R75ZBSB/wAmHk1oGcEjONWDuff0XkIp1pu1baKps9DM5hyC5mTokxnZw68z2zthbNbK+C6W
+GtpS4xTDI1DBGDgg9iCFKRVTiRPJF8NNZG7DZqhjHjA3GHOx5aPCyxERaHwunkdT3GnLvlMfG9rcDYuDgT/ABHhXtFUuJUb
3/DkTmMc4MqWucQM6RpcMn03IH3WXIiLQeFsbxHc5CxwY4xNDsbEjVkZ9sjyFfUUevo4bhQzUdS3MUzC12wyPcZ6jmPcLF7z
bJ7RcpaKoa7LCdDyMfqMzs4d/wAcuigou1JSz1tVHS0kTpZpDhrG9f8Aeq2ix2qGy2uKhgOvTkvkLQC9x5k48dgAvQRFFuNu
o7pSmmr4GzREh2CSMEdQRuPsqdPw2hdM4010kji+lskIe4dyCM+F8x8NWCRpluznMBGoNp8Ejrg6jjwVbbPZqCy05hoIdGrG
t7jlzyBjJP8AQ23OAvQREREREX//2Q==""")  # 64x64, a dark disk on a light ground


class Shipped(Case):
    """The scenarios that are shipped, against the backend that comes with orfeas."""

    def check_result(self, name):
        result = self.result(name)
        for key in GUIDE_KEYS + MORE_KEYS:
            self.assertIn(key, result)
        self.check_laws(result)
        self.assertEqual((result["scenario"], result["verdict"], result["errors"]), (name, "pass", {}))
        self.assertEqual(sorted(result["validation"]), sorted(VALIDATION[name]))
        self.assertEqual(set(result["validation"].values()), {True})
        self.assertEqual([c["name"] for c in result["criteria"]], VALIDATION[name][:-1])
        self.assertEqual((result["time_scale"], result["interrupted"]), (SCALE, False))
        self.assertEqual([s["name"] for s in result["steps"]], STEPS)
        for step in result["steps"]:
            self.assertEqual((step["count"], step["failed"]), (result["completed"], 0), step)
        self.assertEqual(result["valid_models"], result["total_requests"])
        self.assertGreater(result["avg_duration"] * SCALE, 70)
        self.assertEqual(result["target"]["health"], "healthy")
        self.assertGreater(result["target"]["process"]["memory"]["median"], 1e6)
        return result

    def play_twice(self, scenarios, again):
        """The second time without the baseline, beside the first."""
        common = ["--target", "embedded", "--time-scale", SCALE, "--seed", "4711"]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(self.run_fit, *common, scenarios=scenarios),
                    pool.submit(self.run_fit, *common, scenarios=scenarios[1:], results=again)]
        for process in (run.result() for run in runs):
            self.assertEqual(process.code, 0, process.out + process.err)
        for name in scenarios:
            self.assertIn(f"results_{name}.json", runs[0].result().out)

    def test_same_seed_same_run(self):
        """Every key is there; from the same seed follow the same starts, phases and users."""
        scenarios = ["baseline", "spike"] if SANITIZED else ["baseline", "normal", "spike"]
        again = self.path("again")
        self.play_twice(scenarios, again)
        results = [self.check_result(name) for name in scenarios]
        baseline, spike = results[0], results[-1]
        self.assertEqual(baseline["total_requests"], 5)
        self.assertEqual([(p["name"], p["users"]) for p in spike["phases"]],
                         [("baseline", 2), ("spike", 20), ("recovery", 2)])
        self.assertEqual(max(row["users"] for row in spike["timeline"]), 20)
        self.assertEqual(spike["timeline"][-1]["users"], 0)
        for phase, seconds in zip(spike["phases"], (120, 60, 120)):
            self.assertAlmostEqual(phase["duration_seconds"], seconds / SCALE, places=3)
        for result in results[1:]:
            other = self.result(result["scenario"], again)
            self.assertEqual(other["seed"], 4711)
            self.assertEqual([p["total_requests"] for p in result["phases"]],
                             [p["total_requests"] for p in other["phases"]])

    def test_other_seed_other_run(self):
        starts = []
        for seed in (1, 2):
            self.run_orfeas("--target", "embedded?jobs=64", "--time-scale", 600, "--seed", seed, "spike")
            starts.append([row["started"] for row in self.result("spike")["timeline"]])
        self.assertNotEqual(starts[0], starts[1])


class Options(Case):
    """Against an orfeasd of our own, whose counts must be the client's."""

    def setUp(self):
        super().setUp()
        self.server = self.backend("--jobs", "64")
        self.ready = self.server.metrics()

    def run_here(self, *arguments):
        """One baseline. Its time criterion fails, since without a profile a generation takes milliseconds."""
        process = self.run_orfeas("--target", self.server.url, "--time-scale", 60, "baseline", *arguments)
        self.assertEqual(process.code, 1, process.out + process.err)
        result = self.result("baseline")
        self.check_laws(result)
        self.assertEqual(result["errors"], {})
        return result

    def check_counts(self, result, warmups=0, **labels):
        """Client's counts = server's counts, exactly."""
        m, jobs = self.server.metrics(), result["total_requests"] + warmups
        self.assertEqual(m.sum("image_uploads_total", status="success"), jobs)
        self.assertEqual(m.sum("image_uploads_total"), jobs)
        self.assertEqual(m.sum("model_3d_generations_total"), jobs)
        self.assertEqual(m.sum("model_3d_generations_total", status="completed", **labels), jobs)
        self.assertEqual(m.sum("model_generation_duration_seconds_count"), jobs)
        self.assertEqual(m.sum("http_requests_total", endpoint="/api/upload-image", status="200"), jobs)
        self.assertEqual(m.sum("http_requests_total", endpoint="/api/generate-3d", status="200"), jobs)
        self.assertEqual(m.sum("http_requests_total", endpoint="/api/download/<id>/<file>", status="200"), jobs)
        self.assertEqual(m.sum("http_request_errors_total"), self.ready.sum("http_request_errors_total"))
        if not warmups:
            self.assertEqual(m.sum("http_requests_total", endpoint="/api/job-status/<id>", status="200"),
                             result["polls"])
            self.assertEqual(result["valid_models"], jobs)

    def test_set(self):
        result = self.run_here("--set", "load.jobs=3", "--set", "vars.format=glb", "--set", "vars.quality=3")
        self.assertEqual(result["total_requests"], 3)
        self.check_counts(result, format="glb", quality="3")

    def test_jobs_and_users(self):
        result = self.run_here("-n", "40", "-u", "8", "--set", "vars.quality=1", "--set", "vars.format=ply")
        self.assertEqual((result["total_requests"], result["phases"][0]["users"]), (40, 8))
        self.assertEqual(max(row["users"] for row in result["timeline"]), 8)
        self.check_counts(result, format="ply", quality="1")

    def test_one_request_fewer(self):
        self.assertEqual(self.run_here("-n2")["total_requests"], 2)
        self.assertEqual(self.run_here("--jobs=3")["total_requests"], 3)

    def test_warmup_is_kept_out(self):
        result = self.run_here("--set", "load.warmup_jobs=2", "-n", "3")
        self.assertEqual((result["total_requests"], result["steps"][0]["count"]), (3, 3))
        self.check_counts(result, warmups=2)

    def test_image_is_made(self):
        image = self.path("made.png")
        self.run_here("--image", image, "-n", "1")
        with open(image, "rb") as f:
            head = f.read(24)
        self.assertEqual(head[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", head[16:]), (512, 512))
        before = os.stat(image)
        self.run_here("--image", image, "-n", "1")
        self.assertEqual(os.stat(image).st_mtime_ns, before.st_mtime_ns)

    def test_jpeg_as_it_is(self):
        image = self.write("disk.jpg", JPEG)
        result = self.run_here("--image", image, "--set", "load.unique_images=false", "-n", "2")
        self.check_counts(result)
        m = self.server.metrics()
        self.assertEqual(m.sum("image_uploads_total", format="jpeg", status="success"), 2)
        self.run_here("--image", image, "-n", "2")  # made unique, a JPEG becomes a PNG
        m = self.server.metrics()
        self.assertEqual(m.sum("image_uploads_total", format="jpeg", status="success"), 2)
        self.assertEqual(m.sum("image_uploads_total", format="png", status="success"), 2)

    def test_workflow_without_a_scenario(self):
        """Closed users for a time, no criteria, no preflight: passed when anything was."""
        def requests():
            return self.server.metrics().sum("http_requests_total", endpoint="/health", status="200")
        before = requests()
        process = self.run_orfeas("--workflow", "get", "--set", "vars.path=/health", "--target", self.server.url,
                                  "-u", 4, "-d", "1s")
        self.assertEqual(process.code, 0, process.out + process.err)
        result = self.result("get")
        self.assertGreater(result["total_requests"], 20)
        self.assertEqual(result["successful_requests"], result["total_requests"])
        self.assertEqual(requests() - before, result["total_requests"])

    def test_environment(self):
        env = environment(ORFEAS_TARGET=self.server.url, ORFEAS_JOBS="2", ORFEAS_TIME_SCALE="60")
        process = self.run_orfeas("baseline", env=env)
        self.assertEqual(process.code, 1, process.err)
        self.assertEqual(self.result("baseline")["total_requests"], 2)

    def test_overview_of_many(self):
        """The worst of them gives the exit code; a table closes the run."""
        other = self.write("other.yaml", "scenario: other\nworkflow: orfeas-3d\nload: {users: closed, jobs: 3}\n"
                                         'criteria: [{name: done, expect: "completed >= 3"}]\n')
        process = self.run_fit("--target", self.server.url, "--time-scale", 60, scenarios=["baseline", other])
        self.assertEqual(process.code, 1, process.err)
        self.assertEqual([self.result(name)["verdict"] for name in ("baseline", "other")], ["fail", "pass"])
        self.assertRegex(process.out.splitlines()[-1] + process.out, r"(?s)baseline.*other.*baseline.*other")


if __name__ == "__main__":
    unittest.main()
