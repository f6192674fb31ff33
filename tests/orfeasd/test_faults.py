"""Each fault that --fault can ask for, one at a time: it has its effect, on whom it should, and on nothing else.

usage: test_faults.py (see tests/e2e/harness.py for its environment)
"""
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["E2E_SOURCE"], "tests", "e2e"))
from harness import ORFEASD, SANITIZED, Backend, Case, environment, small_png, unittest, wait_until  # noqa: E402

PICTURE = small_png()
BODY = (b'--BB\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n' + PICTURE
        + b'\r\n--BB\r\nContent-Disposition: form-data; name="format"\r\n\r\n%s\r\n--BB--\r\n')
HEADERS = {"Content-Type": "multipart/form-data; boundary=BB"}
JSON = {"Content-Type": "application/json"}
ASYNC = {**HEADERS, "Prefer": "respond-async"}
FAST = ("--profile", "turbo", "--time-scale", "600", "--seed", "4")  # 10 ms a job


class Faults(Case):
    def submit(self, s, format="stl", headers=None):
        """Status and answer; None when the connection was reset."""
        try:
            status, body, _ = s.request("POST", "/api/generate-3d", BODY % format.encode(), headers or HEADERS)
        except ConnectionResetError:
            return None
        return status, json.loads(body)

    def state(self, s, job):
        return s.json("GET", "/api/job-status/" + job)[1]

    def wait_ended(self, s):
        wait_until(lambda: s.metrics().sum("active_jobs") + s.metrics().sum("job_queue_size") == 0, "all ended")

    def statuses(self, s, count=40):
        """What became of that many jobs, one after the other, so that each has the number of its place."""
        return [answer[1]["status"] if (answer := self.submit(s)) else None for _ in range(count)]

    def check_rest(self, s, *faults):
        """Nobody is told lies about the server itself, and no other fault is at work."""
        for path in ("/health", "/ready", "/metrics", "/api/health"):
            self.assertEqual(s.request("GET", path)[0], 200)
        self.assertEqual(s.json("GET", "/api/health")[1]["injected"], list(faults))
        injected = {own["fault"] for name, own, _ in s.metrics().samples if name == "fault_injected_total"}
        self.assertEqual(injected, {f.replace("@", "=").partition("=")[0] for f in faults})

    def download(self, s, status):
        code, model, _ = s.request("GET", status["download_url"])
        self.assertEqual(code, 200)
        return model

    def judged(self, s, format):
        """What orfeas says of the models: failures by kind."""
        self.run_orfeas("baseline", "--target", s.url, "--time-scale", 60, "--set", f"vars.format={format}")
        result = self.result("baseline")
        self.assertEqual(result["total_requests"], 5)
        return result["failures"]

    def counts(self, s):
        m = s.metrics()
        errors = m.sum("http_request_errors_total", endpoint="/api/generate-3d")
        return {"errors": errors} | {n: m.sum(n) for n in ("model_3d_generations_total", "successful_generations_total",
                                      "model_generation_failures_total", "jobs_submitted_total",
                                      "model_generation_duration_seconds_count", "pipeline_stage_errors_total",
                                      "image_uploads_total", "model_triangles_count")}

    def test_none(self):
        s = self.backend(*FAST)
        self.assertEqual(self.statuses(s, 10), ["completed"] * 10)
        self.assertEqual(s.json("GET", "/api/health")[1]["injected"], [])
        self.assertNotIn(b"fault_injected", s.request("GET", "/metrics")[1])

    def test_error(self):
        runs = []
        for fault in ("error=20%", "error=20%", "error=20%,leak=1KiB/job"):
            s = self.backend(*FAST, "--fault", fault)
            runs.append(self.statuses(s))
            failed = runs[-1].count("failed")
            self.assertTrue(2 <= failed <= 16, runs)
            self.assertEqual(failed + runs[-1].count("completed"), 40)
            self.assertEqual(self.counts(s), {
                "model_3d_generations_total": 40, "successful_generations_total": 40 - failed,
                "model_generation_failures_total": failed, "jobs_submitted_total": 40,
                "model_generation_duration_seconds_count": 40 - failed, "pipeline_stage_errors_total": failed,
                "image_uploads_total": 40, "model_triangles_count": 40, "errors": failed})
            self.assertEqual(s.metrics().sum("fault_injected_total", fault="error"), failed)
            self.check_rest(s, *fault.split(","))
        self.assertEqual(runs[0], runs[1])  # the same seed hits the same jobs
        self.assertEqual(runs[0], runs[2])  # whatever else is asked for
        s = self.backend(*FAST, "--fault", "error=20%", "--seed", "5")
        self.assertNotEqual(self.statuses(s), runs[0])
        s = self.backend(*FAST, "--fault", "error=100%")
        status, job = self.submit(s)
        self.assertEqual((status, job["status"], job["error_kind"], job["error"]),
                         (500, "failed", "injected", "Injected fault: error=100%"))
        self.assertEqual(s.request("GET", f"/api/download/{job['job_id']}/model.stl")[0], 404)

    def test_corrupt(self):
        for format in ("stl", "obj", "glb", "ply"):
            models, kinds = [], []
            for options in ((), ("--fault", "corrupt=100%")):
                s = self.backend(*options)
                status, job = self.submit(s, format)
                self.assertEqual((status, job["status"]), (200, "completed"))
                models.append(self.download(s, job))
                self.assertEqual(job["model"]["bytes"], len(models[-1]))
                kinds.append(self.judged(s, format))
            self.assertEqual(len(models[0]), len(models[1]))
            self.assertNotEqual(models[0], models[1])
            self.assertEqual(kinds, [{}, {"model": 5}], format)
            self.check_rest(s, "corrupt=100%")
            self.assertEqual(self.counts(s)["successful_generations_total"], 6)

    def test_stuck(self):
        for options in ((), FAST):
            s = self.backend("--jobs", "2", "--queue", "5", *options, "--fault", "stuck=100%")
            jobs = [self.submit(s, headers=ASYNC)[1]["job_id"] for _ in range(3)]
            wait_until(lambda: s.metrics().sum("model_work_duration_seconds_count") == 2, "the work is done")
            time.sleep(0.2)  # no event says that nothing comes
            states = [self.state(s, job) for job in jobs]
            self.assertEqual([j["status"] for j in states], ["processing", "processing", "queued"])
            self.assertLess(states[0]["progress"], 100)
            self.assertEqual(s.metrics().sum("active_jobs"), 2)
            self.assertEqual(s.metrics().sum("fault_injected_total"), 2)
            self.assertEqual(self.counts(s)["model_3d_generations_total"], 0)
            self.check_rest(s, "stuck=100%")

    def test_lie(self):
        s = self.backend(*FAST, "--fault", "lie=30%")
        self.assertEqual(self.statuses(s), ["completed"] * 40)
        lies = s.metrics().sum("fault_injected_total", fault="lie")
        self.assertTrue(4 <= lies <= 20, lies)
        counts = self.counts(s)
        self.assertEqual(counts.pop("model_3d_generations_total"), 40 - lies)
        self.assertEqual(set(counts.values()), {0, 40})
        self.check_rest(s, "lie=30%")

    def test_reset(self):
        for headers in (HEADERS, ASYNC):
            s = self.backend(*FAST, "--fault", "reset=30%")
            answers = [self.submit(s, headers=headers) for _ in range(40)]
            resets = answers.count(None)
            self.assertTrue(4 <= resets <= 20, resets)
            self.assertEqual(s.metrics().sum("fault_injected_total", fault="reset"), resets)
            self.wait_ended(s)
            # The jobs were accepted and run on.
            self.assertEqual(self.counts(s)["successful_generations_total"], 40)
            wait_until(lambda: s.metrics().sum("http_requests_total", endpoint="/api/generate-3d", status="499")
                       == resets, "the requests are counted")
            self.check_rest(s, "reset=30%")

    def test_reset_of_a_batch(self):
        s = self.backend(*FAST, "--fault", "reset=30%")
        resets = 0
        for _ in range(20):
            ids = [s.json("POST", "/api/upload-image", BODY % b"stl", HEADERS)[1]["job_id"] for _ in range(2)]
            try:
                self.assertEqual(s.json("POST", "/api/batch-generate", json.dumps({"job_ids": ids}), JSON)[0], 202)
            except ConnectionResetError:
                resets += 1
        self.assertTrue(4 <= resets <= 16, resets)  # of two jobs, one is hit in half of the cases
        self.assertEqual(s.metrics().sum("fault_injected_total", fault="reset"), resets)
        self.wait_ended(s)
        self.assertEqual(self.counts(s)["successful_generations_total"], 40)

    def test_leak(self):
        resident = []
        for options in ((), ("--fault", "leak=4MiB/job")):
            s = self.backend(*FAST, *options)
            self.statuses(s, 5)
            before = s.metrics().sum("process_resident_memory_bytes")
            self.assertEqual(self.statuses(s, 20), ["completed"] * 20)
            resident.append(s.metrics().sum("process_resident_memory_bytes") - before)
        # Within 16 MiB, which is what the rest of the process may move by; a sanitizer keeps books beside it.
        leaked, room = resident[1] - resident[0], 16 << 20
        self.assertGreater(leaked, 20 * (4 << 20) - room)
        if not SANITIZED:
            self.assertLess(leaked, 20 * (4 << 20) + room)
        self.assertEqual(s.metrics().sum("fault_injected_total", fault="leak"), 25)
        self.check_rest(s, "leak=4MiB/job")

    def test_slow(self):
        """A minute is a second at this scale: service times grow by themselves in it."""
        def durations(*options):
            s = self.backend("--profile", "turbo", "--time-scale", "60", "--seed", "4", *options)
            for _ in range(8):
                self.assertEqual(self.submit(s)[0], 200)
            m = s.metrics()
            return s, m.sum("model_generation_duration_seconds_sum") / 8

        _, plain = durations()
        s, slow = durations("--fault", "slow=+100%/min")
        # Each of the eight starts when the one before it is over: 0.1 s, then 0.1 (1 + t) each with t in minutes, which
        # are seconds here. A busy machine makes both runs longer, never shorter.
        expected, t = [], 0
        for _ in range(8):
            expected.append(0.102 * (1 + t))
            t += expected[-1]
        expected = sum(expected) / 8
        self.assertGreater(slow, 0.9 * expected)
        self.assertLess(slow, 2 * expected * plain / 0.102)
        self.assertEqual(s.metrics().sum("fault_injected_total", fault="slow"), 7)
        self.check_rest(s, "slow=+100%/min")

    def test_slow_without_profile(self):
        s = self.backend("--time-scale", "60000", "--fault", "slow=+100%/min")
        self.submit(s)
        time.sleep(0.05)  # 50 minutes
        self.assertEqual(self.submit(s)[1]["status"], "completed")
        m = s.metrics()
        work, whole = (m.sum(n + "_seconds_sum") for n in ("model_work_duration", "model_generation_duration"))
        self.assertGreater(whole, 10 * work)
        self.check_rest(s, "slow=+100%/min")

    def test_freeze(self):
        s = self.backend(*FAST, "--fault", "freeze=480s@600s")  # 0.8 s, 1 s after the first job
        time.sleep(1.2)
        self.assertEqual(s.metrics().sum("fault_injected_total"), 0)  # the clock starts with the first job
        self.assertEqual(self.submit(s)[0], 200)
        longest, until = 0, time.monotonic() + 2.5
        while time.monotonic() < until:
            began = time.monotonic()
            self.assertEqual(s.request("GET", "/health")[0], 200)
            longest = max(longest, time.monotonic() - began)
        self.assertTrue(0.6 < longest < 5, longest)
        self.assertEqual(s.metrics().sum("fault_injected_total", fault="freeze"), 1)
        self.assertEqual(self.statuses(s, 5), ["completed"] * 5)
        self.check_rest(s, "freeze=480s@600s")

    def test_crash(self):
        s = self.keep(Backend(*FAST, "--data", self.path("data"), "--fault", "crash@1200s"))
        job = self.submit(s)[1]
        self.assertEqual(job["status"], "completed")
        self.assertEqual(s.wait(), -signal.SIGKILL)
        self.assertEqual(sorted(os.listdir(self.path("data", job["job_id"]))), ["input", "model.stl", "record"])
        with self.assertRaises(ConnectionRefusedError):
            s.request("GET", "/health")

    def test_refuse(self):
        s = self.backend(*FAST, "--fault", "refuse@60s")
        open_one = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
        self.addCleanup(open_one.close)
        open_one.request("POST", "/api/generate-3d", BODY % b"stl", HEADERS)
        self.assertEqual(json.loads(open_one.getresponse().read())["status"], "completed")

        def refused():
            with contextlib.closing(socket.socket()) as c:
                return c.connect_ex(("127.0.0.1", s.port)) != 0

        wait_until(refused, "connections are refused")
        for path in ("/health", "/ready", "/metrics", "/api/health"):
            open_one.request("GET", path)
            answer = open_one.getresponse()
            self.assertEqual(answer.status, 200)
            body = answer.read()
        self.assertEqual(json.loads(body)["injected"], ["refuse@60s"])
        open_one.request("POST", "/api/generate-3d", BODY % b"stl", HEADERS)
        self.assertEqual(json.loads(open_one.getresponse().read())["status"], "completed")

    def test_usage(self):
        def told(*arguments, **env):
            done = subprocess.run([ORFEASD, *arguments], capture_output=True, text=True, timeout=30,
                                  env=environment(**env))
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            return done.stderr

        said = told("--fault", "error=2,slow=x", "--fault", "eror=2%", "--jobs", "0", ORFEAS_FAULT="crash@90s")
        for text in ("--fault error=2: a share", "--fault slow=x: growth", "--fault eror=2%: no such fault",
                     "did you mean 'error'?", "--jobs 0"):
            self.assertIn(text, said)
        self.assertIn("ORFEAS_FAULT crash: nothing stands behind the name", told(ORFEAS_FAULT="crash,error=1%"))
        self.assertIn("stands there twice", told("--fault", "lie=1%", "--fault", "lie=2%"))
        # The command line stands in place of the environment.
        s = self.backend("--fault", "lie=1%", env=environment(ORFEAS_FAULT="error=1%,lie=3%"))
        self.check_rest(s, "lie=1%")
        s = self.backend(env=environment(ORFEAS_FAULT="error=1%,lie=3%"))
        self.check_rest(s, "error=1%", "lie=3%")


class Profiles(Case):
    def durations(self, s, count):
        jobs = [s.json("POST", "/api/generate-3d", BODY % b"stl", ASYNC)[1]["job_id"] for _ in range(count)]
        wait_until(lambda: s.metrics().sum("model_generation_duration_seconds_count") == count, "all ended")
        stages = [s.json("GET", "/api/job-status/" + job)[1]["stages"] for job in jobs]
        return [sum(stage["seconds"] for stage in job) for job in stages]

    def test_cold(self):
        s = self.backend("--jobs", "3", "--profile", "hunyuan3d-cold", "--time-scale", "100")
        first, *others = self.durations(s, 3)
        self.assertAlmostEqual(first, 1.67, delta=0.3)
        for other in others:
            self.assertAlmostEqual(other, 0.82, delta=0.3)

    def test_shared(self):
        s = self.backend("--jobs", "2", "--profile", "hunyuan3d-shared", "--time-scale", "100")
        self.assertEqual([round(seconds / 0.82) for seconds in self.durations(s, 2)], [2, 2])


if __name__ == "__main__":
    unittest.main()
