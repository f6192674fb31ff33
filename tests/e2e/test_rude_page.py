"""Plain requests to targets that misbehave: each failure has its kind, counts are exact, and the run ends in time."""
import time
import unittest

import rude_peer as rude
from harness import Case, noise_png
from rude_peer import MODEL, RudePeer, chunked, closing, drip, endless, half, http, raw, say

JOBS = 4
IN_TIME = 20  # seconds, where some two are expected
PAGE = "a page " * 100
SOON = ["--timeout", "600ms"]
FIRST_BYTE = ["--set", "load.first_byte_timeout=200ms"]
IDLE = ["--set", "load.idle_timeout=200ms"]


def table(**rows):
    return list(rows.items())


def on_first(act, then=say(PAGE)):
    """The act for the first request of each connection, another for those after it."""
    return lambda t: (then if t.number else act)(t)


def after_first(act):
    return on_first(say(PAGE), act)


def endless_chunks(t):
    return endless(http(length=False, headers=["Transfer-Encoding: chunked"]), b"1000\r\n" + b"x" * 4096 + b"\r\n")(t)


# What the page does, the kind of failure, and options.
FAILS = table(
    closes_early=(rude.close, "reset", []),
    resets=(rude.reset, "reset", []),
    half_a_head=(raw(http(PAGE)[:30]), "reset", []),
    half_a_body=(half(PAGE), "reset", []),
    half_and_reset=(lambda t: (t.send(http("x", length=100)), rude.reset(t))[1], "reset", []),
    never_answers=(rude.silent, "timeout", SOON),
    never_answers_but_for_the_first=(rude.silent, "first_byte_timeout", FIRST_BYTE),
    first_byte_before_timeout=(rude.silent, "first_byte_timeout", FIRST_BYTE + IDLE + SOON),
    stands_still=(rude.begin_and_hang(http(PAGE, length=5000)), "idle_timeout", IDLE),
    stands_still_in_the_head=(rude.begin_and_hang(http(PAGE)[:30]), "idle_timeout", IDLE + FIRST_BYTE),
    stands_still_without_limit=(rude.begin_and_hang(http(PAGE, length=5000)), "timeout", SOON),
    drips_slowly=(drip(http(PAGE), pause=1), "idle_timeout", IDLE + FIRST_BYTE),
    drips_steadily=(drip(http(PAGE), pause=0.02), "timeout", IDLE + FIRST_BYTE + SOON),
    length_too_long=(raw(http(PAGE, length=5000)), "reset", []),
    three_gigabytes_cut=(raw(http(PAGE, length=3 << 30)), "reset", []),
    three_gigabytes_and_still=(rude.begin_and_hang(http(PAGE, length=3 << 30)), "idle_timeout", IDLE),
    three_gigabytes_at_work=(endless(http(length=3 << 40), b"x" * 65536), "timeout", IDLE + SOON),
    endless_chunks=(endless_chunks, "timeout", IDLE + SOON),
    two_hundred_headers=(say(PAGE, headers=[f"X-{i}: {i}" for i in range(200)]), "protocol", []),
    long_header=(say(PAGE, headers=["X: " + "a" * 65536]), "protocol", []),
    chunk_of_nonsense=(chunked(PAGE, end=b"zz\r\n"), "protocol", []),
    chunk_negative=(chunked(PAGE, end=b"-5\r\n"), "protocol", []),
    chunk_too_large=(chunked(PAGE, end=b"f" * 17 + b"\r\n"), "protocol", []),
    chunk_without_its_end=(raw(http(length=False, headers=["Transfer-Encoding: chunked"]) + b"2\r\nabXX0\r\n\r\n"),
                           "protocol", []),
    chunks_cut=(closing(chunked(PAGE, end=b"")), "reset", []),
    storm_of_interims=(endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100), "timeout", SOON + IDLE),
    interims_and_no_more=(rude.begin_and_hang(b"HTTP/1.1 100 Continue\r\n\r\n" * 3), "idle_timeout", IDLE),
    garbage=(raw(b"\0\1\2 no HTTP \r\n\r\n"), "protocol", []),
    redirect=(say("", status="302 Found", headers=["Location: /page/elsewhere"]), "status", []),
    redirect_for_ever=(say("", status="308 X", headers=["Location: /page"]), "status", []),
    not_found=(say(PAGE, status="404 Not Found"), "status", []),
    unavailable=(say("", status="503 X", headers=["Retry-After: 86400"]), "status", []),
    error_of_a_gigabyte=(raw(http(PAGE, status="500 X", length=1 << 30)), "reset", []),
)
# Odd, but allowed: everything succeeds. With the number of connections that it takes, one before the run among them.
ALLOWED = table(
    kept=(say(PAGE), 2, []),
    kept_chunked=(chunked(PAGE), 2, []),
    two_at_once=(say(PAGE), 3, ["-u", 2]),
    closes_each=(say(PAGE, headers=["Connection: close"]), 1 + JOBS, []),
    closes_unsaid=(raw(http(PAGE)), 1 + JOBS, []),
    old_http=(raw(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE.encode()), 1 + JOBS, []),
    old_http_with_length=(raw(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab"), 1 + JOBS, []),
    old_http_kept=(raw(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab", then=True), 2, []),
    until_the_end=(raw(http(PAGE, length=False)), 1 + JOBS, []),
    garbage_behind=(raw(http(PAGE) + b"garbage", then=True), 1 + JOBS, []),
    length_too_short=(raw(http(PAGE, length=3), then=True), 1 + JOBS, []),
    # A connection that was kept may be closed whenever the target likes: the request goes to another one.
    closes_kept_ones=(after_first(rude.close), 1 + JOBS, []),
    resets_kept_ones=(after_first(rude.reset), 1 + JOBS, []),
    few_interims=(raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5 + http(PAGE), then=True), 2, []),
    ninety_headers=(say(PAGE, headers=[f"X-{i}: {i}" for i in range(90)]), 2, []),
    drips=(drip(http("ab"), pause=0.001), 2, IDLE + FIRST_BYTE),
    slow=(rude.slow(say(PAGE), 0.1), 2, ["--set", "load.first_byte_timeout=2s"]),
)


class Page(Case):
    def play(self, name, peer, *arguments, jobs=JOBS):
        results = self.path(name)
        process, result = self.run_get(peer.url, "-n", jobs, "-u", 1, "--workers", 1, *arguments, results=results)
        self.assertLess(process.seconds, IN_TIME)
        self.assertEqual(result["total_requests"], jobs)
        self.assertNotIn("unfinished", result)
        return process, result

    def check_failure(self, name, act, kind, options):
        with RudePeer(page=act) as peer:
            process, result = self.play(name, peer, *options)
        self.check_code(process, result, 1)
        self.assertEqual(result["failures"], {kind: JOBS}, result["errors"])
        for message in result["errors"]:
            self.assertTrue(message.startswith("get: "), message)
        self.assertEqual(peer.count(), JOBS)
        self.assertEqual(peer.count("/page/elsewhere"), 0)

    def check_success(self, name, act, connections, options):
        with RudePeer(page=act) as peer:
            process, result = self.play(name, peer, *options)
        self.check_code(process, result, 0)
        self.assertEqual((result["completed"], result["failures"]), (JOBS, {}), result["errors"])
        self.assertLessEqual(peer.connections, connections) if "-u" in options else \
            self.assertEqual(peer.connections, connections)

    def test_fails(self):
        self.check_all(FAILS, self.check_failure)

    def test_allowed(self):
        self.check_all(ALLOWED, self.check_success)

    def test_nobody_takes_connections(self):
        """The queue of connections is full: each request waits for one as long as it may."""
        with RudePeer(accepts=1) as peer:
            process, result = self.play("full", peer, "--connect-timeout", "300ms")
        self.check_code(process, result, 1)
        self.assertEqual(result["failures"], {"connect_timeout": JOBS}, result["errors"])
        self.assertGreater(result["duration_seconds"], JOBS * 0.3)

    def test_goes_away(self):
        """After one answer nobody listens any more."""
        def last(t):
            t.peer.stop_listening()
            return say(PAGE, headers=["Connection: close"])(t) and False
        with RudePeer(page=last) as peer:
            process, result = self.play("away", peer)
        self.check_code(process, result, 0)
        self.assertEqual((result["completed"], result["failures"]), (1, {"refused": JOBS - 1}))

    def test_criteria_decide(self):
        """A failure is data: what it means is the scenario's to say."""
        for expect, code in (("error_rate <= 100%", 0), ("error_rate <= 0%", 1), ("completed >= 1", 1)):
            scenario = self.write("endured.yaml", "scenario: endured\nworkflow: get\nvars: {path: /page}\n"
                                                  "load: {users: closed, concurrent: 2, jobs: 10}\n"
                                                  f'criteria: [{{name: it, expect: "{expect}"}}]\n')
            with self.subTest(expect), RudePeer(page=rude.reset) as peer:
                process = self.run_orfeas(scenario, "--target", peer.url)
                result = self.result("endured")
                self.check_code(process, result, code)
                self.assertEqual(result["failures"], {"reset": 10})


class Upload(Case):
    """A picture of some megabytes, of which the target does not want all."""

    def setUp(self):
        super().setUp()
        self.picture = self.write("large.png", noise_png(side=1200))
        self.scenario = self.write("large.yaml", "scenario: large\nworkflow: orfeas-3d\n"
                                                 "load: {users: closed, jobs: 4, unique_images: false, timeout: 20s}\n"
                                                 'criteria: [{name: all, expect: "completed >= 4"}]\n')

    def play(self, **acts):
        with RudePeer(**acts) as peer:
            process = self.run_orfeas(self.scenario, "--target", peer.url, "--time-scale", 20, "--image", self.picture)
        self.assertLess(process.seconds, IN_TIME)
        result = self.result("large")
        self.check_laws(result)
        return process, result

    def check_failure(self, kind, **acts):
        process, result = self.play(**acts)
        self.check_code(process, result, 1)
        self.assertEqual(result["failures"], {kind: 4}, result["errors"])
        return result

    def test_answers_before_it_is_read(self):
        answer = http('{"error": "too large"}', status="413 X", headers=["Connection: close"])

        def politely(t):
            t.send(answer)
            t.sock.shutdown(rude.socket.SHUT_WR)
            return t.hang()
        for name, act in (("politely", politely), ("rudely", raw(answer))):
            with self.subTest(name):
                result = self.check_failure("status", early={"upload": act})
                self.assertIn("413, too large", next(iter(result["errors"])))

    def test_answers_before_it_is_read_and_reads_it(self):
        self.check_failure("status", early={"upload": say("", status="413 X")})

    def test_resets_in_the_middle(self):
        def some(t):
            t.sock.recv(65536)
            return rude.reset(t)
        self.check_failure("reset", early={"upload": some})

    def test_closes_in_the_middle(self):
        self.check_failure("reset", early={"upload": rude.close})

    def test_stops_to_read(self):
        def still(t):
            t.peer.closing.wait(rude.PATIENCE)
            return False
        self.check_failure("timeout", early={"upload": still})

    def test_reads_late(self):
        """More than fits on the way: it arrives whole."""
        with open(self.picture, "rb") as f:
            picture = f.read()
        got = []

        def upload(t):
            got.append(t.body.count(picture))
            return say({"job_id": "job-1"})(t)
        process, result = self.play(upload=upload, early={"upload": lambda _: time.sleep(0.1)})
        self.check_code(process, result, 0)
        self.assertEqual((result["valid_models"], got), (4, [1] * 4), result["errors"])


if __name__ == "__main__":
    unittest.main()
