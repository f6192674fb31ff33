"""Where the time goes: jobs taken apart, when they were done, and what a target does with many of them, against
backends of which all that is known.
"""
import os
import statistics
import unittest

from harness import Case, SOURCE, small_png

SCALE = 100 if os.environ.get("E2E_SANITIZE", "none") != "none" else 180
SLOTS = {"baseline": 1, "normal": 8, "peak": 20, "spike": 64, "sustained": 8}
ROUNDED = 2e-5  # seconds: some numbers of six decimals, added up
POLL = 1.0      # seconds, so long that a machine that is busy adds little

# Closed users, in the backend's time: first as many as there are at the end, or ever more.
CROWD = """
scenario: crowd
workflow: orfeas-3d
load: {users: closed, concurrent: 12, jobs: 42, timeout: 1h}
"""
MORE_AND_MORE = """
scenario: more
workflow: orfeas-3d
load:
  users: closed
  timeout: 1h
  phases:
    - {name: one, users: 1, duration: 6m}
    - {name: two, users: 2, duration: 6m}
    - {name: four, users: 4, duration: 6m}
    - {name: eight, users: 8, duration: 8m}
"""


class TimeCase(Case):
    def setUp(self):
        super().setUp()
        self.image = self.write("small.png", small_png())  # others may need this machine

    def paced(self, slots, profile="hunyuan3d", scale=SCALE):
        return self.backend("--jobs", slots, "--profile", profile, "--time-scale", scale, "--seed", 5)

    def play(self, scenario, server, *arguments, scale=SCALE, results=None):
        process = self.run_orfeas(scenario, "--target", server.url, "--time-scale", scale, "--image", self.image,
                                  "--set", "vars.quality=1", *arguments, results=results)
        self.assertIn(process.code, (0, 1, 3), process.err)
        result = self.result(os.path.basename(scenario).removesuffix(".yaml"), results)
        self.check_laws(result)
        return process, result

    def check_parts(self, result):
        """The sum of a job's parts is its whole."""
        rows = result["jobs"]["rows"]
        self.assertEqual(len(rows) + result["jobs"]["left_out"], result["attempted"])
        for job in rows:
            self.assertAlmostEqual(job["lag"] + sum(job["steps"].values()) + job["between"], job["whole"],
                                   delta=ROUNDED, msg=job)
            self.assertGreaterEqual(min([job["lag"], job["between"], *job["steps"].values()]), 0, job)
            if job["queue"] is not None:
                self.assertAlmostEqual(job["queue"] + job["processing"] + job["notice"], job["steps"]["wait"],
                                       delta=ROUNDED, msg=job)
                self.assertGreaterEqual(min(job["queue"], job["processing"], job["notice"]), 0, job)
                self.assertLessEqual(sum(end - start for _, start, end in job["stages"]), job["processing"] + ROUNDED)
                self.assertEqual([start for _, start, end in job["stages"]],
                                 [0.0] + [end for _, start, end in job["stages"]][:-1], job)


class FiveScenarios(TimeCase):
    def add_up(self, name, slots):
        scale = 2 * SCALE  # one of them lasts an hour
        server = self.paced(slots, scale=scale)
        process, result = self.play(name, server, "--set", "load.timeout=10h", scale=scale, results=self.path(name))
        self.assertGreater(result["completed"], 0)
        self.assertEqual((result["completed"], result["completion"]["told"]), (result["attempted"],) * 2)
        self.check_parts(result)
        self.check_stages(result)
        self.check_counts(result, server.metrics())

    def check_counts(self, result, m):
        """What we have counted is what the server has."""
        jobs = result["completed"]
        for metric, labels, ours in (
                ("image_uploads_total", {"status": "success"}, jobs),
                ("jobs_submitted_total", {}, result["accepted"]),
                ("model_3d_generations_total", {"status": "completed"}, jobs),
                ("model_3d_generations_total", {}, jobs),
                ("model_generation_duration_seconds_count", {}, jobs),
                ("http_requests_total", {"endpoint": "/api/upload-image"}, jobs),
                ("http_requests_total", {"endpoint": "/api/generate-3d"}, jobs),
                ("http_requests_total", {"endpoint": "/api/job-status/<id>"}, result["polls"]),
                ("http_requests_total", {"endpoint": "/api/download/<id>/<file>"}, jobs)):
            self.assertEqual(m.sum(metric, **labels), ours, (result["scenario"], metric, labels))
        self.assertEqual(result["traffic"]["requests"], 3 * jobs + result["polls"])

    def check_stages(self, result):
        """All that the profile has, in its order, and together all of the processing but its settling."""
        stages = result["stages"]
        self.assertEqual([s["name"] for s in stages], ["image_loading", "image_preprocessing", "shape_diffusion",
                                                       "volume_decoding", "surface_extraction", "mesh_export"])
        self.assertEqual({s["count"] for s in stages}, {result["completed"]})
        self.assertTrue(20 < sum(s["share"] for s in stages) < 100.01, stages)

    def test_all_five(self):
        """At once, each against its own backend: most of their time is waiting."""
        self.check_all([(name, [slots]) for name, slots in SLOTS.items()], self.add_up)


class Completion(TimeCase):
    """One user, and jobs of which the seed says how long they take."""

    def play_workflow(self, name, shipped, *changes):
        with open(os.path.join(SOURCE, "workflows", shipped + ".yaml"), encoding="utf-8") as f:
            text = f.read()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.write(name + "-flow.yaml", text)
        scenario = self.write(name + ".yaml", f"scenario: {name}\nworkflow: {name}-flow.yaml\n"
                                              "load: {users: closed, jobs: 4}\n")
        server = self.paced(1)
        result = self.play(scenario, server)[1]
        self.assertEqual(result["completed"], 4)
        self.check_parts(result)
        return result

    def generations(self, result):
        return [job["steps"]["submit"] + job["steps"]["wait"] for job in result["jobs"]["rows"]]

    def check_inside(self, result):
        """What the server's times say lies within what was seen."""
        for key in ("p50", "p95", "p99"):
            low, high = result["completion"]["generation"][key]
            self.assertLessEqual(low, high)
            self.assertLessEqual(high, result[f"{key}_duration"] + ROUNDED)

    def test_polled_and_pushed_agree(self):
        slow = ("every: 1s\n", f"every: {POLL * SCALE:g}s\n    jitter: 0%\n")
        untimed = ("    times: {created: /queued_at, started: /started_at, finished: /finished_at, stages: /stages}\n",
                   "")
        done = {}

        def play(name, *arguments):
            done[name] = self.play_workflow(name, *arguments)
        self.check_all([("polled", ("orfeas-3d", slow)), ("untimed", ("orfeas-3d", slow, untimed)),
                        ("pushed", ("orfeas-3d-events",))], lambda name, *a: play(name, *a))
        polled, untimed, pushed = done["polled"], done["untimed"], done["pushed"]
        slack = 0.25
        for result in (polled, pushed):
            self.assertEqual(max(result["stages"], key=lambda s: s["p50"])["name"], "volume_decoding")
        for late, soon in zip(self.generations(polled), self.generations(pushed)):
            self.assertTrue(-slack < late - soon < POLL + slack, (late, soon))
        for result, method in ((polled, "server"), (untimed, "polled"), (pushed, "server")):
            self.assertEqual((result["completion"]["method"], result["completion"]["contradicted"],
                              result["completion"]["implausible"]), (method, 0, 0), result["completion"])
            self.check_inside(result)
        self.assertLess(polled["completion"]["bound_most"], slack)
        self.assertAlmostEqual(untimed["completion"]["bound"], POLL, delta=slack)
        self.check_clock(polled["completion"]["clock"], slack)
        # Polls alone leave open what the server's own times decide.
        low, high = untimed["completion"]["generation"]["p50"]
        said = statistics.mean(polled["completion"]["generation"]["p50"])
        self.assertTrue(low - slack < said < high + slack, (low, said, high))

    def check_clock(self, clock, slack):
        """Both programs have the same one."""
        self.assertEqual(clock["steps"], 0)
        self.assertTrue(-slack < clock["offset"][0] <= 0.005 and -0.005 <= clock["offset"][1] < slack, clock)


class Queueing(TimeCase):
    def crowd(self, text, slots, profile, check):
        scenario = self.write(profile + str(slots) + ".yaml", text.replace("scenario: ", f"scenario: {profile}{slots}"
                                                                           "\nabout: "))
        process, result = self.play(scenario, self.paced(slots, profile=profile),
                                    results=self.path(profile + str(slots)))
        self.check_parts(result)
        q = result["queueing"]
        self.assertEqual((q["jobs"], q["unknown"], q["seen"]), (result["completed"], 0, False))
        self.assertAlmostEqual(q["in_system"], q["waiting"] + q["running"], delta=1e-4)
        check(q, " ".join(process.out.split()))

    def overloaded(self, q, said):
        self.assertTrue(2.6 < q["parallelism"]["mean"] < 3.1, q["parallelism"])
        self.assertEqual((q["parallelism"]["most"], q["order"]["kind"]), (3, "fifo"))
        self.assertGreater(q["parallelism"]["utilisation"], 85)
        self.assertTrue(50 < q["queue_share"] < 85, q)
        self.assertTrue(7 < q["in_system"] < 12.5, q)
        self.assertEqual({g["metric"]: g["agrees"] for g in q["gauges"]},
                         {"active_jobs": "yes", "job_queue_size": "yes"}, q["gauges"])
        self.assertRegex(said, r"\d\d % of a generation is waiting in the target's queue; [23]\.\d jobs run at once, "
                               "first come first served")

    def shared(self, q, said):
        self.assertEqual(q["service"]["kind"], "sharing", q["service"])
        self.assertTrue(0.7 < q["service"]["elasticity"] < 1.3, q["service"])
        self.assertLess(q["queue_share"], 20)
        self.assertIn("they slow each other down: twice as many at once take", said)

    def independent(self, q, said):
        self.assertEqual(q["service"]["kind"], "independent", q["service"])
        self.assertIsNone(q["parallelism"]["mean"])
        self.assertIn("they do not slow each other down", said)

    def test_what_the_target_does(self):
        self.check_all([("overload", (CROWD, 3, "hunyuan3d", self.overloaded)),
                        ("sharing", (MORE_AND_MORE, 8, "hunyuan3d-shared", self.shared)),
                        ("independent", (MORE_AND_MORE, 8, "hunyuan3d", self.independent))],
                       lambda name, *row: self.crowd(*row))

    def test_plain_requests_have_no_queue(self):
        process, result = self.run_get(self.backend().url, "-n", 50, path="/health")
        self.assertIsNotNone(result["queueing"]["why"])
        self.assertEqual((result["completion"]["method"], result["stages"], result["jobs"]["rows"]),
                         ("unknown", [], []))
        self.assertNotIn("queue", process.out)


if __name__ == "__main__":
    unittest.main()
