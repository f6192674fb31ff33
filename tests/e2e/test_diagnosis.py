"""A backend that is ill in a known way: who is found to be to blame. Names and culprits count, not the wording."""
import unittest

from harness import ORFEASD, SANITIZED, Backend, Case, Process, environment, small_png, wait_until

SCALE = 120  # a generation takes 0.7 s
# What a healthy target may show when it, or this machine, is busy.
HARMLESS = {"slow_gpu_busy", "generator_late", "time_stolen"}
if SANITIZED:
    HARMLESS |= {"memory_grows"}  # freed memory is kept for a while

# fault, further options of orfeas, name and culprit of what has to be found and nothing else
FAULTS = {
    "none": ((), (), None),
    "busy": ((), ("-u", 24, "-n", 48), None),  # three times as many users as slots
    "lie": (("--fault", "lie=100%"), (), ("metrics_wrong", "target")),
    "stuck": (("--fault", "stuck=10%"), ("--set", "load.timeout=400s"), ("jobs_stuck", "target")),
    "freeze": (("--fault", "freeze=360s@120s"), (), ("target_frozen", "target")),
    "crash": (("--fault", "crash@200s"), (), ("target_crashed", "target")),
    "slow": (("--fault", "slow=+15%/min"), (), ("target_slowing", "target")),
    "reset": (("--fault", "reset=20%"), (), ("connections_reset", "target")),
    # Every job has a connection of its own here, and meets the closed listener.
    "refuse": (("--fault", "refuse@200s"), ("--workflow", "orfeas-3d-events"), ("connections_refused", "target")),
    "error": (("--fault", "error=20%"), (), ("jobs_failed", "target")),
    "corrupt": (("--fault", "corrupt=30%"), (), ("models_invalid", "target")),
    "leak": (("--fault", "leak=8MiB/job"), ("-u", 8, "-n", 64), ("memory_grows", "target")),
    "gpu full": (("--gpu-full", "refuse", "--gpu-limit", 16), ("-u", 8), ("gpu_out_of_memory", "target")),
    "queue full": (("--jobs", 1, "--queue", 1), ("-u", 8, "-n", 8), ("queue_full", "workload")),
}


class Diagnosis(Case):
    def baseline(self, url, name, *options):
        results = self.path(name)
        process = self.run_orfeas("baseline", "--target", url, "--time-scale", SCALE, "-u", 4, "-n", 28,
                                  "--set", "vars.quality=1", "--set", "load.timeout=3600s", "--image",
                                  self.write(f"{name}.png", small_png()), *options, results=results)
        self.assertIn(process.code, (0, 1, 3), process.err)
        result = self.result("baseline", results)
        self.check_laws(result)
        return result

    def found(self, result):
        return {(f["name"], f["culprit"]) for f in result["findings"]
                if f["severity"] != "note" and f["name"] not in HARMLESS}

    def check_fault(self, name, fault, options, expected):
        server = self.keep(Backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", SCALE, *fault))
        result = self.baseline(server.url, name, *options)
        harmful = {expected} if expected and expected[0] not in HARMLESS else set()
        self.assertEqual(self.found(result), harmful, result["findings"])
        for finding in result["findings"]:
            self.assertTrue(finding["says"] and finding["evidence"])
        if expected:
            self.assertTrue(next(f for f in result["findings"] if f["name"] == expected[0])["next"])

    def check_restart(self, name):
        """Killed in the middle; its supervisor starts another one on the same port."""
        options = ("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", SCALE)
        first = self.keep(Backend(*options))
        process = self.start("run", "baseline", "--results", self.path(name), "--target", first.url, "--time-scale",
                             SCALE, "-u", 4, "-n", 32, "--set", "vars.quality=1", "--image",
                             self.write(f"{name}.png", small_png()), "--set", "load.think=60s")
        wait_until(lambda: first.metrics().sum("model_3d_generations_total") > 4, "jobs are done")
        first.popen.kill()
        first.popen.wait()
        second = self.keep(Process(ORFEASD, "--listen", f"127.0.0.1:{first.port}", *options))
        self.assertIn(process.wait(), (0, 1, 3), process.err)
        result = self.result("baseline", self.path(name))
        self.assertIsNone(second.popen.poll())
        self.assertEqual(self.found(result), {("target_restarted", "target")}, result["findings"])

    def check_rate_limit(self, name):
        server = self.keep(Backend("--jobs", 8, env=environment(ENABLE_RATE_LIMITING="true",
                                                                RATE_LIMIT_PER_MINUTE="5")))
        result = self.baseline(server.url, name, "-n", 8)
        self.assertIn(("rate_limited", "target"), self.found(result), result["findings"])

    def test_each_fault(self):
        self.check_all(FAULTS.items(), self.check_fault)

    def test_others(self):
        self.check_all([("restart", ())], self.check_restart)
        self.check_all([("rate limit", ())], self.check_rate_limit)


if __name__ == "__main__":
    unittest.main()
