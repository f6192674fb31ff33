"""Targets that misbehave: orfeas ends in time, counts each failure by its kind, and writes results that can be read."""
import concurrent.futures
import json
import unittest

import rude_peer as rude
from harness import Case, SANITIZED, small_png
from rude_peer import MODEL, RudePeer, chunked, closing, drip, endless, half, http, raw, say

SCENARIO = """
scenario: rude
workflow: orfeas-3d
load: {users: closed, concurrent: 1, jobs: 2, timeout: 60s}
criteria:
  - {name: zero_errors, expect: "error_rate <= 0%"}
  - {name: all_completed, expect: "completed >= 2"}
"""
SCALE = 30 if SANITIZED else 60  # a poll every 17 ms, a job's timeout of 1 s; twice that with a sanitizer
IN_TIME = 40                     # seconds, where some three are expected
DONE = {"status": "completed", "download_url": "/model.stl"}
JOB = json.dumps({"job_id": "job-1"})
NASTY = "<script>alert(1)</script>\x1b[31m\x07\r\n\x00\x9b31m\u202e end"


def table(**rows):
    return list(rows.items())


def once_then(first, then):
    """One act for the first request, another for all others."""
    acts = iter([first])
    return lambda t: next(acts, then)(t)


# What each route may do wrong, and the kind of failure that it is: route, act, kind.
AT_THE_WIRE = table(
    closes_at_once=("upload", rude.close, "reset"),
    resets=("submit", rude.reset, "reset"),
    half_a_head=("upload", raw(http(JOB)[:30]), "reset"),
    half_a_body=("upload", half(JOB), "reset"),
    half_a_status=("status", half(json.dumps(DONE)), "reset"),
    drips=("upload", drip(http(JOB)), "timeout"),
    length_too_long=("submit", raw(http("{}", length=1000)), "reset"),
    length_too_long_and_open=("submit", rude.begin_and_hang(http("{}", length=1000)), "timeout"),
    length_is_no_number=("submit", raw(http("{}", length="many"), then=True), "protocol"),
    length_is_negative=("submit", raw(http("{}", length=-5), then=True), "protocol"),
    length_overflows=("submit", raw(http("{}", length=10**30), then=True), "protocol"),
    two_lengths=("submit", raw(http("{}", headers=["Content-Length: 7"]), then=True), "protocol"),
    two_framings=("submit", raw(http("{}", headers=["Transfer-Encoding: chunked"]), then=True), "protocol"),
    two_hundred_headers=("status", say(DONE, headers=[f"X-{i}: {i}" for i in range(200)]), "protocol"),
    long_header=("status", say(DONE, headers=["X: " + "a" * 100_000]), "protocol"),
    endless_header=("status", endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536), "protocol"),
    header_with_escape=("status", say(DONE, headers=["Server: \x1b[31m"]), "protocol"),
    garbage=("submit", raw(bytes(range(256)) * 40), "protocol"),
    other_protocol=("submit", raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "protocol"),
    switching_protocols=("submit", raw(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "protocol"),
    endless_interim=("submit", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "timeout"),
    bare_line_feeds=("submit", raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"), "protocol"),
    chunk_of_nonsense=("submit", chunked("{}", end=b"zz\r\n"), "protocol"),
    chunk_too_large=("submit", chunked("{}", end=b"f" * 30 + b"\r\n"), "protocol"),
    chunks_cut=("submit", closing(chunked("{}", end=b"")), "reset"),
    never_answers=("upload", rude.silent, "timeout"),
    never_tells=("status", rude.silent, "timeout"),
    never_ends=("download", rude.begin_and_hang(http(MODEL, length=1 << 30)), "timeout"),
)
AT_THE_MEANING = table(
    error_500=("submit", say({"error": "kaputt"}, status="500 Oops"), "status"),
    redirect=("upload", say("", status="302 Found", headers=["Location: http://127.0.0.1:9/elsewhere"]), "status"),
    too_many=("submit", say({"error": "full"}, status="429 Too Many", headers=["Retry-After: 1"]), "status"),
    odd_status=("submit", say("{}", status="999 What"), "status"),
    no_content=("upload", raw(b"HTTP/1.1 204 No Content\r\n\r\n", then=True), "status"),
    no_job_id=("upload", say({"job": 1}), "body"),
    job_id_null=("upload", say({"job_id": None}), "body"),
    job_id_object=("upload", say({"job_id": {"a": 1}}), "body"),
    job_id_long=("upload", say({"job_id": "j" * 100_000}), "body"),
    job_id_with_nul=("upload", say('{"job_id": "a\\u0000b"}'), "body"),
    array=("upload", say("[1, 2, 3]"), "body"),
    number=("upload", say("7"), "body"),
    html=("upload", say("<html>", kind="text/html"), "body"),
    empty=("upload", say(""), "body"),
    not_a_number=("status", say('{"status": NaN}'), "body"),
    invalid_utf8=("status", say(b'{"status": "\xff\xfe"}'), "body"),
    deep=("status", say("[" * 100_000), "body"),
    deep_objects=("status", say('{"a":' * 100_000), "body"),
    huge_number=("status", say('{"status": 1' + "0" * 5000 + "}"), "body"),
    status_is_number=("status", say({"status": 5}), "timeout"),
    status_is_true=("status", say({"status": True}), "timeout"),
    status_is_list=("status", say({"status": ["completed"]}), "timeout"),
    status_unknown=("status", say({"status": "thinking"}), "timeout"),
    huge=("status", say("[" + "[]," * 4_000_000 + "[]]"), "too_large"),
    huge_error=("download", say("[" + "[]," * 20_000_000 + "[]]", status="500 X"), "status"),
    failed=("status", say({"status": "failed", "error": NASTY}), "job_failed"),
    failed_long=("status", say({"status": "failed", "error": "ä" * 100_000}), "job_failed"),
    failed_cut=("status", say({"status": "failed", "error": "x" + "ä" * 1000}), "job_failed"),
    failed_number=("status", say({"status": "failed", "error": 1e308}), "job_failed"),
    failed_invalid=("status", say(b'{"status": "failed", "error": "\xff\xfe\x80"}'), "body"),
    failed_500=("submit", say({"error": NASTY}, status="500 No"), "status"),
    no_url=("status", say({"status": "completed"}), "body"),
    url_elsewhere=("status", say({**DONE, "download_url": "http://127.0.0.1:9/model.stl"}), "body"),
    url_with_host_in_front=("status", say({**DONE, "download_url": "http://127.0.0.1:9@127.0.0.1/model"}), "body"),
    url_splits=("status", say({**DONE, "download_url": "/model.stl HTTP/1.1\r\nEvil: 1\r\n\r\n"}), "body"),
    url_relative=("status", say({**DONE, "download_url": "model.stl"}), "body"),
    url_long=("status", say({**DONE, "download_url": "/model" + "l" * 100_000}), "body"),
    url_gone=("status", say({**DONE, "download_url": "/nothing"}), "status"),
    model_empty=("download", say(b""), "model"),
    model_half=("download", say(MODEL[:len(MODEL) // 2]), "model"),
    model_open=("download", say(MODEL[:80] + b"\3\0\0\0" + MODEL[84:-50]), "model"),
    model_boasts=("download", say(MODEL[:80] + b"\xff\xff\xff\xff" + MODEL[84:]), "model"),
    model_html=("download", say("<html>not found</html>"), "model"),
    model_nonsense=("download", say(bytes(range(256)) * 100), "model"),
    model_glb_head=("download", say(b"glTF\2\0\0\0\xff\xff\xff\xff"), "model"),
    model_ply_boasts=("download", say(b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
                                      b"property float x\nproperty float y\nproperty float z\nend_header\n"), "model"),
)
# Told by the status, noticed when it is to be downloaded.
AT_THE_DOWNLOAD = ["url_elsewhere", "url_with_host_in_front", "url_splits", "url_relative", "url_gone", "url_other"]
# Odd, but allowed: everything succeeds.
ALLOWED = table(
    closes_every_time={name: closing(act) for name, act in RudePeer.polite(headers=["Connection: close"]).items()},
    closes_unsaid={name: closing(RudePeer.polite()[name]) for name in ("health", "metrics", "status")},
    chunked={"upload": chunked(JOB), "status": chunked(json.dumps(DONE), size=1), "submit": chunked("{}")},
    chunk_extensions={"submit": raw(http(length=False, headers=["Transfer-Encoding: chunked"])
                                    + b"2;a=b\r\n{}\r\n0\r\nTrailer: x\r\n\r\n", then=True)},
    until_close={"upload": raw(http(JOB, length=False)), "download": raw(http(MODEL, length=False))},
    old_http={"submit": raw(b"HTTP/1.0 200 OK\r\n\r\n{}")},
    interim={"submit": raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + http("{}"),
                           then=True)},
    shorter_than_said={"submit": raw(http("{}" + "x" * 50, length=2), then=True)},
    answers_without_json={"submit": say("thank you", kind="text/plain")},
    own_url={"status": lambda t: say({**DONE, "download_url": t.peer.url + "/model.stl"})(t)},
    odd_job_id={"upload": say({"job_id": "../../x y\r\nEvil: 1?&#%"})},
    number_as_job_id={"upload": say({"job_id": 12345678901})},
    slow_to_finish={"status": once_then(say({"status": "processing"}), say(DONE))},
)


class RudeCase(Case):
    def setUp(self):
        super().setUp()
        self.image = self.write("small.png", small_png())


class Rude(RudeCase):
    def play(self, name, acts):
        """One run against such a peer: process, results, peer."""
        with RudePeer(**acts) as peer:
            results = self.path(name)
            scenario = self.write(name + ".yaml", SCENARIO)
            process = self.orfeas("run", scenario, "--target", peer.url, "--time-scale", SCALE, "--results", results,
                                  "--image", self.image)
            return process, self.result("rude", results), peer

    def check_run(self, process, result):
        self.assertLess(process.seconds, IN_TIME)
        self.check_laws(result)
        self.assertEqual(result["total_requests"], 2)
        for text in [process.out, process.err, *result["errors"], result["target"]["server"]]:
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def check_failure(self, name, route, act, kind):
        process, result, peer = self.play(name, {route: act})
        self.check_run(process, result)
        self.check_code(process, result, 1)
        self.assertEqual(result["failures"], {kind: 2}, result["errors"])
        step = "download" if name in AT_THE_DOWNLOAD else {"status": "wait"}.get(route, route)
        for message in result["errors"]:
            self.assertTrue(message.startswith(step + ": "), message)
            self.assertLess(len(message), 350)
        return result, peer

    def check_success(self, name, acts):
        process, result, peer = self.play(name, acts)
        self.check_run(process, result)
        self.check_code(process, result, 0)
        self.assertEqual((result["errors"], result["valid_models"]), ({}, 2), process.err)
        return result, peer

    def test_at_the_wire(self):
        self.check_all(AT_THE_WIRE, self.check_failure)

    def test_at_the_meaning(self):
        self.check_all(AT_THE_MEANING, self.check_failure)

    def test_allowed(self):
        self.check_all([(name, (acts,)) for name, acts in ALLOWED], self.check_success)

    def test_what_was_said_is_told(self):
        result, _ = self.check_failure("told", "status", say({"status": "failed", "error": "out of memory"}),
                                       "job_failed")
        self.assertIn("out of memory", next(iter(result["errors"])))
        result, _ = self.check_failure("why", "submit", say({"error": "queue is full"}, status="429 X"), "status")
        self.assertIn("status 429, queue is full", next(iter(result["errors"])))

    def test_ids_stay_in_the_path(self):
        _, peer = self.check_success("odd", {"upload": say({"job_id": "../../x\r\nEvil: 1"})})
        paths = {path for method, path in peer.requests if path.startswith("/api/job-status/")}
        self.assertEqual(paths, {"/api/job-status/..%2F..%2Fx%0D%0AEvil%3A%201"})

    def test_nobody_else_is_asked(self):
        with RudePeer() as other:
            self.check_failure("url_other", "status", say({**DONE, "download_url": other.url + "/model.stl"}), "body")
            self.check_failure("moved", "upload", say("", status="307 X", headers=[f"Location: {other.url}/x"]),
                               "status")
            self.assertEqual(other.requests, [])


class RudeWatch(RudeCase):
    """The jobs are well, health and metrics are not: that spoils no run, and is told."""

    def test_metrics(self):
        for name, act in table(closes=rude.close, garbage=raw(bytes(range(256))), empty=say(""),
                               error=say("", status="500 X"), nonsense=say("\0{{{\n} 1 2 3\n" * 1000),
                               odd_numbers=say("process_resident_memory_bytes NaN\nprocess_open_fds 1e999\n"
                                               "process_cpu_seconds_total -Inf\n"),
                               long_line=say("process_resident_memory_bytes{a=\"" + "x" * 1_000_000)):
            with self.subTest(name), RudePeer(metrics=act) as peer:
                scenario = self.write("rude.yaml", SCENARIO)
                process = self.run_orfeas(scenario, "--target", peer.url, "--time-scale", SCALE,
                                          "--image", self.image)
                result = self.result("rude")
                self.check_code(process, result, 0)
                memory = result["target"]["process"]["memory"]
                self.assertEqual(memory["state"], "present")  # we are the process
                self.assertRegex(memory["why"], "^(/metrics|the target's metrics have no process_resident)")
                self.assertIn("read from its process", memory["why"])

    def test_hanging(self):
        """Neither health nor metrics answer any more: the run ends all the same."""
        scenario = self.write("rude.yaml", SCENARIO + '  - {name: uptime_ok, expect: "uptime >= 100%"}\n')
        with RudePeer(metrics=rude.silent, health=once_then(say({"status": "healthy"}), rude.silent)) as peer:
            process = self.run_orfeas(scenario, "--target", peer.url, "--time-scale", SCALE, "-n", 20,
                                      "--image", self.image)
        self.assertNotEqual(process.code, 0, process.err)
        self.assertLess(process.seconds, IN_TIME)
        self.assertFalse(self.result("rude")["validation"]["uptime_ok"])

    def test_sick_health(self):
        scenario = self.write("rude.yaml", SCENARIO + '  - {name: uptime_ok, expect: "uptime >= 100%"}\n')
        act = once_then(say({"status": "healthy"}), say("{}", status="503 Sick"))
        with RudePeer(health=act) as peer:
            process = self.run_orfeas(scenario, "--target", peer.url, "--time-scale", SCALE, "-n", 20,
                                      "--image", self.image)
        result = self.result("rude")
        self.check_code(process, result, 1)
        self.assertEqual(result["validation"],
                         {"zero_errors": True, "all_completed": True, "uptime_ok": False, "overall": False})


class Unfit(RudeCase):
    """Whatever listens there is no backend: said before anything is sent, exit code 4."""

    def check_refused(self, peer, *words):
        with peer:
            process = self.run_orfeas("baseline", "--target", peer.url, "--wait", "1s", "--image", self.image)
        self.assertEqual(process.code, 4, process.err)
        self.assertNotRegex(process.err, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        for word in words:
            self.assertIn(word, process.err)
        self.assertNotIn("/api/upload-image", [path for _, path in peer.requests])

    def test_no_http(self):
        rows = table(ssh=raw(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), closes=rude.close, resets=rude.reset,
                     silent=rude.silent, garbage=raw(bytes(range(256)) * 100),
                     drips=drip(http(json.dumps({"status": "healthy"}))),
                     endless=endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536))
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            futures = [(name, pool.submit(self.check_refused, RudePeer(first=act), "cannot be reached"))
                       for name, act in rows]
        for name, future in futures:
            with self.subTest(name):
                future.result()

    def test_no_backend(self):
        for name, health, words in (
                ("not found", say("nothing here", status="404 Not Found"), ["404", "/health"]),
                ("degraded", say({"status": "degraded"}), ["'degraded'"]),
                ("nasty", say({"status": NASTY}), ["does not say that it is healthy"]),
                ("error", say({"status": "healthy"}, status="500 X"), ["500"]),
                ("moved", say("", status="301 X", headers=["Location: /healthz"]), ["301"])):
            with self.subTest(name):
                self.check_refused(RudePeer(health=health), *words)


if __name__ == "__main__":
    unittest.main()
