#!/usr/bin/env python3
"""The parsers of what peers print, on what they have printed: samples/NAME.txt of a run in which all went well, and
samples/NAME_404.txt of one in which nothing did."""
import json
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from compare import parsers
from compare.parsers import Said

#        parser        requests  good     seconds  p50       p95       p99       max
ROWS = {
    "wrk":        Said(79899,    79899,   2.01,    0.000083, 0.004958, 0.007752, 0.01218),
    "h2load":     Said(800,      800,     2.0,     None,     None,     None,     0.00374),
    "ab":         Said(53893,    53893,   2.0,     0.0,      0.002,    0.004,    0.015),
    "hey":        Said(800,      800,     2.0046,  0.0002,   0.0006,   0.0042,   0.0067),
    "siege":      Said(17503,    17503,   2.12,    None,     None,     None,     0.01),
    "autocannon": Said(805,      805,     2.01,    0.0,      None,     0.015,    0.016),
    "locust":     Said(6057,     6057,    None,    0.0,      0.007,    0.009,    0.017),
}
BAD = {"wrk": 15928, "h2load": 16894, "ab": 21867, "hey": 15214, "siege": 8071, "autocannon": 11510, "locust": 3640}


def sample(name):
    with open(os.path.join(HERE, "samples", name), encoding="utf-8") as f:
        return f.read()


class Parsers(unittest.TestCase):
    def check(self, said, expected):
        for key, value in vars(expected).items():
            got = getattr(said, key)
            if value is None:
                self.assertIsNone(got, key)
            else:
                self.assertAlmostEqual(got, value, places=9, msg=key)

    def test_good_runs(self):
        for name, expected in ROWS.items():
            with self.subTest(name):
                self.check(getattr(parsers, name)(sample(f"{name}.txt")), expected)

    def test_runs_in_which_all_failed(self):
        for name, requests in BAD.items():
            with self.subTest(name):
                said = getattr(parsers, name)(sample(f"{name}_404.txt"))
                self.assertEqual((said.requests, said.good), (requests, 0))

    def test_what_is_no_report(self):
        for name in ROWS:
            for text in ("", "connection refused\n", sample(f"{name}.txt")[:40]):
                with self.subTest(name, text=text), self.assertRaises((ValueError, KeyError, IndexError)):
                    getattr(parsers, name)(text)

    def test_siege_that_lost_connections(self):
        report = sample("siege.txt").replace('"failed_transactions":\t\t           0', '"failed_transactions":\t\t 7')
        said = parsers.siege(report)
        self.assertEqual((said.requests, said.good), (17510, 17503))

    def test_h2load_log(self):
        self.assertEqual(parsers.h2load_log(sample("h2load_log.txt")), (0.000259, 0.003737, 0.00374))
        self.assertEqual(parsers.h2load_log("".join(f"{i}\t200\t{i}\n" for i in range(100, 0, -1))),
                         (51e-6, 96e-6, 100e-6))
        with self.assertRaises(ValueError):
            parsers.h2load_log("\n")

    def test_orfeas(self):
        text = sample("orfeas.json")
        self.check(parsers.orfeas(text), Said(47677, 47677, 2.000131, 0.000048, 0.000313, 0.00811, 0.024169))
        self.assertEqual(parsers.orfeas_lateness(text), (None, 0.000081))
        report = json.loads(text)
        report["generator"]["start_lag_p50"] = 0.00002
        self.assertEqual(parsers.orfeas_lateness(json.dumps(report)), (0.00002, 0.000081))

    def test_durations(self):
        for text, seconds in (("90us", 90e-6), ("1.5ms", 0.0015), ("2.00s", 2.0), ("1.5m", 90.0)):
            self.assertAlmostEqual(parsers.duration(text), seconds, places=12)
        with self.assertRaises(ValueError):
            parsers.duration("12")


unittest.main()
