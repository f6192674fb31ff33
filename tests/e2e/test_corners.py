"""Where a command line frays: secrets, full disks, closed terminals, settings meant for another."""
import os
import signal
import unittest

from harness import Case, ORFEAS, Process, environment

QUICK = ["baseline", "--target", "embedded?profile=", "--time-scale", "60"]


class Corners(Case):
    def test_header_values_are_not_kept(self):
        forms = (["-H", "Authorization: S3CRET"], ["-HAuthorization: S3CRET"], ["--header", "X-Key: S3CRET"],
                 ["--header=X-Key: S3CRET"])
        for form in forms:
            self.run_orfeas(*QUICK, "-n", "1", *form)
            with open(os.path.join(self.results, "results_baseline.json"), encoding="utf-8") as f:
                text = f.read()
            self.assertNotIn("S3CRET", text, form)
            self.assertIn(form[0][:2], self.result("baseline")["command"])

    def test_flags_in_one_word(self):
        process = self.run_orfeas("-vq", "-n2", *QUICK)
        self.assertEqual(process.out, "")
        self.assertEqual(self.result("baseline")["total_requests"], 2)

    def test_numbers_of_users_and_jobs(self):
        for name, option in (("ORFEAS_USERS", "-u"), ("ORFEAS_JOBS", "-n")):
            process = self.run_orfeas(*QUICK, env=environment(**{name: "xyz"}))
            self.assertEqual((process.code, process.err.count("needs a whole number")), (2, 1), process.err)
            process = self.run_orfeas(*QUICK, option, "x")
            self.assertEqual((process.code, process.err.count("needs a whole number")), (2, 1), process.err)

    def test_full_standard_output(self):
        with open("/dev/full", "wb") as full:
            process = self.keep(Process(ORFEAS, "version", stdout=full))
            self.assertEqual(process.wait(), 70)
        self.assertIn("standard output", process.err)

    def test_results_that_cannot_be_replaced(self):
        os.makedirs(os.path.join(self.results, "results_baseline.json"))
        process = self.run_orfeas(*QUICK)
        self.assertEqual(process.code, 2)
        self.assertIn("results_baseline.json", process.err)

    def test_a_terminal_that_closes(self):
        process = self.start("run", "--results", self.results, "normal", "--target", "embedded", "--time-scale", "60")
        process.wait_for("in flight")
        process.signal(signal.SIGHUP)
        self.assertEqual(process.wait(), 128 + signal.SIGHUP)
        result = self.result("normal")
        self.assertEqual(result["verdict"], "inconclusive" if result["generator"]["fit"] else "invalid")

    def test_settings_of_another_backend(self):
        """What stands in the environment for the user's backend is not for the embedded one."""
        other = environment(ENABLE_RATE_LIMITING="true", RATE_LIMIT_PER_MINUTE="1", MAX_UPLOAD_MB="abc",
                            ORFEAS_PORT="1", MAX_CONCURRENT_JOBS="1")
        self.run_orfeas(*QUICK, env=other)
        self.assertEqual(self.result("baseline")["successful_requests"], 5)

    def test_options_of_the_embedded_backend(self):
        for target, code in (("embedded?nonsense=1", 2), ("embedded?x", 2), ("embedded?=3", 2)):
            self.assertEqual(self.run_orfeas("baseline", "--target", target).code, code, target)
        self.run_orfeas("baseline", "-n", "1", "--target", "embedded?jobs=2&profile=", "--time-scale", "60", "-v")
        self.assertEqual(self.result("baseline")["successful_requests"], 1)

    def test_two_scenarios_of_one_name(self):
        process = self.run_orfeas("baseline", *QUICK)
        self.assertEqual(process.code, 2)
        self.assertIn("named 'baseline'", process.err)


if __name__ == "__main__":
    unittest.main()
