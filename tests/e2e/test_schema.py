"""Results files of real runs against the schema that is shipped, by ajv: passed, failed, interrupted, and of targets
that misbehave."""
import json
import os
import signal
import time
import unittest

import rude_peer as rude
from harness import Case, SECOND_WISH, node, wait_until
from rude_peer import RudePeer, say
from test_rude import NASTY, SCENARIO


class Schema(Case):
    def keep_result(self, scenario, name):
        """Under a name of its own."""
        path = self.path(name + ".json")
        os.rename(os.path.join(self.results, f"results_{scenario}.json"), path)
        self.files.append(path)

    def setUp(self):
        super().setUp()
        self.files = []

    def test_files_of_all_kinds(self):
        self.passed_and_failed()
        self.interrupted()
        self.rude()
        self.plain()
        verdicts = {}
        for path in self.files:
            with open(path, encoding="utf-8") as f:
                verdicts[os.path.basename(path)] = json.load(f)["verdict"]
        self.assertLessEqual({"pass", "fail", "inconclusive"}, set(verdicts.values()), verdicts)
        code, said = node("validate_results.mjs", *self.files)
        self.assertEqual(code, 0, said)
        self.assertEqual(said.count(": valid"), len(self.files), said)
        self.refuses_others()

    def passed_and_failed(self):
        server = self.backend("--jobs", 64)
        self.run_orfeas("--target", server.url, "--time-scale", 60, "baseline")
        self.keep_result("baseline", "failed")
        self.run_orfeas("--target", server.url, "--time-scale", 600, "peak", "spike", "sustained", "normal")
        for name in ("peak", "spike", "sustained", "normal"):
            self.keep_result(name, name)
        path = self.write("fits.yaml", SCENARIO)
        self.run_orfeas("--target", server.url, "--time-scale", 60, path)
        self.keep_result("rude", "passed")

    def interrupted(self):
        fast = self.backend("--jobs", 8, "--profile", "hunyuan3d", "--time-scale", 60)
        slow = self.backend("--jobs", 8, "--profile", "hunyuan3d")
        for name, server, signals, more in (("drained", fast, 1, ["--time-scale", 60]), ("stopped", slow, 2, []),
                                            ("stopped_in_warmup", slow, 2, ["--set", "load.warmup_jobs=1"])):
            before = server.metrics().sum("active_jobs")
            process = self.start("run", "normal", "--target", server.url, "--results", self.results, *more)
            wait_until(lambda: server.metrics().sum("active_jobs") > before, "a job is running")
            for pause in (0, SECOND_WISH)[:signals]:
                time.sleep(pause)
                process.signal(signal.SIGINT)
            self.assertEqual(process.wait(), 130, process.err)
            self.keep_result("normal", name)

    def rude(self):
        for name, acts in (("refuses", {"submit": say({"error": NASTY}, status="503 X")}),
                           ("fails", {"status": say({"status": "failed", "error": NASTY})}),
                           ("closes", {"upload": rude.close, "metrics": rude.close}),
                           ("hangs", {"status": rude.silent, "metrics": say("", status="500 X")}),
                           ("lies", {"download": say(b"solid lie")}),
                           ("odd", {"metrics": say("process_resident_memory_bytes NaN\ngpu_usage_percent 7\n")})):
            with RudePeer(**acts) as peer:
                self.run_orfeas(self.write("rude.yaml", SCENARIO), "--target", peer.url, "--time-scale", 60)
                self.keep_result("rude", name)

    def plain(self):
        """Requests that are tallied, of every model of a load."""
        for name, act, load in (("closed", say("a page"), ["-n", 50, "-u", 4]),
                                ("open", say("a page"), ["-R", "200/s", "-d", "500ms", "-u", 2]),
                                ("ramps", say("a page"), ["--stage", "300ms:100/s,300ms:0/s", "--arrivals", "poisson"]),
                                ("skips", rude.slow(say("a page"), 0.2),
                                 ["-R", "100/s", "-d", "300ms", "--set", "load.max_in_flight=2"]),
                                ("refused", say({"error": NASTY}, status="503 X"), ["-n", 20]),
                                ("silent", rude.silent, ["-n", 2, "--timeout", "200ms"])):
            with RudePeer(page=act) as peer:
                self.run_get(peer.url, *load)
                self.keep_result("get", "plain_" + name)

    def refuses_others(self):
        """The oracle itself: a file that is not right is refused."""
        with open(self.files[0], encoding="utf-8") as f:
            good = json.load(f)
        for key, value in (("verdict", "perhaps"), ("total_requests", -1), ("avg_duration", "fast"),
                           ("failures", {"ghosts": 1})):
            path = self.write("bad.json", json.dumps({**good, key: value}))
            code, said = node("validate_results.mjs", path)
            self.assertEqual(code, 1, (key, said))
        code, said = node("validate_results.mjs", self.write(
            "bad.json", json.dumps({k: v for k, v in good.items() if k != "success_rate"})))
        self.assertEqual(code, 1, said)


if __name__ == "__main__":
    unittest.main()
