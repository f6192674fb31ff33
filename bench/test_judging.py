#!/usr/bin/env python3
"""Ratios of pairs, goals, the table, and what is uploaded: all that is computed from figures, on figures made up."""
import os
import struct
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from compare import goals, pairs, payload, table
from compare.throughput import Run, check, row
from compare.parsers import Said
from compare.peers import PEERS, WRK, Task
from compare.program import Failed
from compare.sizes import MODES, Workload


class FakeProgram:
    def complaint(self):
        return "it said nothing"


def runs(cpu):
    return Run(1000, cpu, 500.0, 1048576)


class Pairs(unittest.TestCase):
    def test_quantiles(self):
        self.assertIsNone(pairs.median([]))
        self.assertEqual(pairs.median([3.0]), 3.0)
        self.assertEqual(pairs.median([4, 1, 3, 2]), 2.5)
        self.assertEqual([pairs.quantile([1, 2, 3, 4, 5], q) for q in (0, 0.25, 0.75, 1)], [1, 2, 4, 5])

    def test_a_drift_falls_out(self):
        """Each pair costs more than the one before, ours is always nine tenths."""
        drifting = [(10.0 * k, 9.0 * k) for k in (1, 2, 3, 4, 5)]
        share = pairs.ratio(drifting)
        for key in ("median", "q1", "q3"):
            self.assertAlmostEqual(share[key], 0.9)
        self.assertEqual(share["pairs"], 5)


class Goals(unittest.TestCase):
    def test_shares(self):
        rows = [("wrk", "GET", 64, 0.95, True), ("wrk", "GET", 1000, 0.951, False), ("wrk", "upload", 64, 1.0, True),
                ("wrk", "download", 64, 0.61, False), ("ab", "GET", 64, 0.999, True), ("ab", "GET", 64, 1.0, False)]
        for peer, kind, connections, value, met in rows:
            with self.subTest((peer, kind, value)):
                self.assertEqual(goals.share(peer, kind, connections, value).met, met)
        self.assertIsNone(goals.share("wrk", "GET", 1, 2.0))

    def test_a_range_and_no_figure(self):
        self.assertEqual([goals.judge(v, 1.2, 0.95).met for v in (0.9, 1.0, 1.3)], [False, True, False])
        self.assertIsNone(goals.judge(None, 1.0).met)
        counted = [goals.judge(v, 1.0) for v in (None, 0.5, 2.0, 1.0)]
        self.assertEqual(goals.count([g.plain() for g in counted] + [None]), (2, 1, 1))

    def test_sent(self):
        self.assertEqual([goals.sent(v, 50_000).met for v in (25_021, 49_990, 50_000, 50_100)],
                         [False, True, True, False])

    def test_crowd(self):
        self.assertEqual(goals.crowd(10_000, 40 * goals.MIB).met, False)
        self.assertEqual(goals.crowd(10_000, 40 * goals.MIB - 1).met, True)
        self.assertIsNone(goals.crowd(7, 1))


class Measured(unittest.TestCase):
    def check(self, said, counted, connections=1):
        check(said, counted, Task("", "/", connections, 1, ""), FakeProgram())

    def test_client_and_server_have_to_agree(self):
        self.check(Said(1000, 1000), 1005)
        self.check(Said(1000, 1000), 1064, 64)
        for said, counted in ((Said(1000, 1000), 1100), (Said(1000, 980), 1000), (Said(0, 0), 5), (Said(5, 5), 0)):
            with self.subTest((said, counted)), self.assertRaises(Failed):
                self.check(said, counted)

    def test_a_row_and_its_line(self):
        figures = ((10.0, 9.0), (20.0, 20.0), (30.0, 27.0))
        made = row(Workload("GET", 64), WRK, [(runs(theirs), runs(ours)) for theirs, ours in figures])
        self.assertEqual((made["cpu_us"], made["ratio"]["median"], made["goal"]["met"]), (20.0, 0.9, True))
        work = {"kind": "GET", "connections": 64, "orfeas": made, "peers": [made]}
        self.assertRegex("\n".join(table.throughput(work)),
                         r"wrk +20\.00 +500 +1\.0 +0\.900  0\.900\.\.0\.950, 3 +at most 0\.95: met")
        missed = row(Workload("GET", 64), WRK, [(runs(10.0), runs(10.0))])
        self.assertIn("MISSED", "\n".join(table.throughput({**work, "peers": [missed]})))

    def test_latencies(self):
        shown = [table.latency(v) for v in (None, 0.0, 150e-6, 0.0015, 1.05)]
        self.assertEqual(shown, ["-", "0", "150 us", "1.5 ms", "1.05 s"])


class Asked(unittest.TestCase):
    def test_all_peers_are_asked_for_the_same(self):
        """Every command names the connections, the seconds and, but for locust, the URL."""
        for peer in PEERS:
            with self.subTest(peer.name):
                words = [str(word) for word in peer.command(Task("http://127.0.0.1:1", "/", 77, 5, "/tmp"))]
                self.assertIn("77", words)
                self.assertTrue({"5", "5s", "6S"} & set(words))
                self.assertIn("http://127.0.0.1:1" if peer.name == "locust" else "http://127.0.0.1:1/", words)

    def test_modes(self):
        self.assertEqual(set(MODES), {"quick", "default", "full"})
        for sizes in MODES.values():
            self.assertLessEqual(sizes.limit, 900)


class Uploads(unittest.TestCase):
    def test_the_picture_has_its_size_and_is_one(self):
        for size in (2_000, 300_000):
            picture = payload.noise_png(size)
            self.assertEqual(len(picture), size)
            at, kinds = 8, []
            while at < size:
                length, kind = struct.unpack(">I4s", picture[at:at + 8])
                self.assertEqual(struct.unpack(">I", picture[at + 8 + length:at + 12 + length])[0],
                                 zlib.crc32(picture[at + 4:at + 8 + length]))
                kinds.append(kind)
                at += 12 + length
            self.assertEqual(kinds, [b"IHDR", b"IDAT", b"paDd", b"IEND"])

    def test_the_form_holds_it(self):
        with tempfile.TemporaryDirectory() as folder:
            made = payload.Payload(folder, "x", 2_000)
            with open(made.picture, "rb") as picture, open(made.form, "rb") as form:
                self.assertIn(picture.read(), form.read())


unittest.main()
