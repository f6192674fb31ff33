"""Loads of every model: what was planned arrives at the target, exactly, and what could not be kept is said."""
import os
import signal
import socket
import unittest

import rude_peer as rude
from harness import Case, environment, noise_png, small_png, wait_until
from rude_peer import RudePeer, say

DEAD = "http://127.0.0.1:1"  # nobody listens there


def can_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class LoadCase(Case):
    def peer(self, *arguments, **acts):
        peer = RudePeer(*arguments, **acts)
        self.addCleanup(peer.close)
        return peer

    def play(self, peer, *arguments, **more):
        """Everything succeeds, and arrives. Whether the machine had time for it decides the exit code, no count."""
        process, result = self.run_get(peer.url, *arguments, **more)
        self.check_code(process, result, 0)
        self.assertEqual((result["failures"], result["completed"]), ({}, result["total_requests"]))
        self.assertEqual(peer.count(), result["total_requests"])
        return result

    def starts(self, result):
        return [row["started"] for row in result["timeline"]]


class Open(LoadCase):
    def test_constant_rate(self):
        for workers in (1, 2):
            with self.subTest(workers):
                result = self.play(self.peer(), "-R", "200/s", "-d", "2s", "--workers", workers)
                self.assertEqual((result["total_requests"], result["users_model"]), (400, "open"))
                self.assertEqual(result["generator"]["workers"], workers)
                self.assertTrue(1.9 < result["load_seconds"] < 5, result["load_seconds"])

    def test_number_of_jobs(self):
        for workers in (1, 2):
            self.assertEqual(self.play(self.peer(), "-R", "500/s", "-n", 101,
                                       "--workers", workers)["total_requests"], 101)

    def test_waiting_for_a_turn_counts(self):
        """Two at a time of 50 ms each are 40/s: of 100/s the last ones wait for more than half the load."""
        peer = self.peer(page=rude.slow(say("late"), 0.05))
        result = self.play(peer, "-R", "100/s", "-d", "1s", "-u", 2, "--workers", 1)
        self.assertEqual((result["total_requests"], peer.most_answering), (100, 2))
        step = result["steps"][-1]
        self.assertEqual((step["name"], step["count"]), ("get", 100))
        self.assertGreater(step["min"], 0.049)
        self.assertGreater(result["max_duration"], 1.4)  # the last is due at 0.99 s, and has 98 before it
        self.assertGreater(result["p50_duration"], 0.7)
        self.assertLess(step["p50"], result["p50_duration"] / 2)

    def test_slow_target_meets_the_whole_load(self):
        """Nobody waits for an answer before the next request is sent."""
        peer = self.peer(page=rude.slow(say("late"), 0.5))
        result = self.play(peer, "-R", "100/s", "-d", "1s")
        self.assertEqual(result["total_requests"], 100)
        self.assertGreater(peer.most_answering, 10)
        self.assertLess(peer.times[-1] - peer.times[0], 10)  # one after the other would take 50 s

    def test_rate_ramps(self):
        """The area below the line: 0 to 200/s in a second, and back."""
        peer = self.peer()
        result = self.play(peer, "--stage", "1s:200/s", "--stage", "500ms:200/s", "--stage", "1s:0/s")
        self.assertEqual([p["total_requests"] for p in result["phases"]], [100, 100, 100])
        self.assertEqual([p["name"] for p in result["phases"]], ["stage-1", "stage-2", "stage-3"])
        if result["generator"]["fit"]:
            pages = peer.times[-300:]
            early = sum(t - pages[0] < 0.5 for t in pages)
            self.assertTrue(15 <= early <= 40, early)  # 25 of the first 100, not half of them

    def test_user_ramps(self):
        result = self.play(self.peer(page=rude.slow(say("a page"), 0.01)), "--stage", "500ms:10,500ms:10,500ms:0")
        self.assertEqual(max(row["users"] for row in result["timeline"]), 10)
        self.assertLess(result["timeline"][-1]["users"], 10)
        counts = [p["total_requests"] for p in result["phases"]]
        self.assertLess(counts[0], counts[1])
        self.assertLess(counts[2], counts[1])

    def test_replay(self):
        times = [0.2, 0.2, 0.25] + [0.5 + 0.01 * i for i in range(40)] + [1.2]
        file = self.write("times.txt", "# when\n" + "".join(f"{t:.3f}\n" for t in times) + "\n1300ms\n")
        for workers in (1, 2):
            with self.subTest(workers):
                peer = self.peer()
                result = self.play(peer, "--arrivals", f"replay:{file}", "--workers", workers)
                self.assertEqual(result["total_requests"], len(times) + 1)
                self.assertGreater(peer.times[-1] - peer.times[-len(times) - 1], 0.5)  # from 0.2 s to 1.3 s
        result = self.play(self.peer(), "--arrivals", f"replay:{file}", "-n", 5)
        self.assertEqual(result["total_requests"], 5)

    def test_replay_that_is_none(self):
        peer = self.peer()
        for text, word in (("0\n2\n1\n", ":3:"), ("0\nsoon\n", "soon"), ("", "times.txt"), ("-1\n", "-1")):
            with self.subTest(text):
                file = self.write("times.txt", text)
                process = self.run_orfeas("--workflow", "get", "--target", peer.url, "--arrivals", f"replay:{file}")
                self.assertEqual((process.code, process.out), (2, ""), process.err)
                self.assertIn(word, process.err)
        self.assertEqual(peer.requests, [])

    def test_poisson(self):
        """The same seed gives the same arrivals, however many threads share them; about as many as the rate says."""
        def play(seed, workers):
            result = self.play(self.peer(), "-R", "600/s", "-d", "500ms", "--arrivals", "poisson", "--seed", seed,
                               "--workers", workers)
            return result["total_requests"]
        counts = [play(seed, workers) for seed, workers in ((5, 1), (5, 1), (5, 2))]
        self.assertEqual(len(set(counts)), 1, counts)
        self.assertTrue(200 <= counts[0] <= 400, counts)  # 300 +- 17
        self.assertGreater(len({counts[0], *(play(seed, 1) for seed in (6, 7, 8))}), 1)


class Closed(LoadCase):
    def test_workers_share_the_jobs(self):
        for workers in (1, 2):
            with self.subTest(workers):
                peer = self.peer()
                result = self.play(peer, "-n", 500, "-u", 8, "--workers", workers)
                self.assertEqual((result["total_requests"], result["generator"]["workers"]), (500, workers))
                self.assertLessEqual(peer.most_answering, 8)

    def test_no_more_workers_than_users(self):
        self.assertEqual(self.play(self.peer(), "-n", 3, "-u", 1, "--workers", 4)["generator"]["workers"], 1)

    def test_few_connections(self):
        peer = self.peer(page=rude.slow(say("a page"), 0.01))
        result = self.play(peer, "-n", 60, "-u", 12, "--connections", 3, "--workers", 2)
        self.assertLessEqual(peer.most_answering, 3)
        self.assertLessEqual(peer.connections, 1 + 3)  # one before the run
        self.assertGreater(result["p50_duration"], 0.03)  # the wait for a connection counts

    def test_duration(self):
        result = self.play(self.peer(page=rude.slow(say("a page"), 0.02)), "-u", 3, "-d", "500ms")
        lasted = result["load_seconds"]
        self.assertTrue(0.5 <= lasted < 5, lasted)
        self.assertTrue(15 <= result["total_requests"] <= 3 * (lasted / 0.02 + 2), result["total_requests"])


class Requests(LoadCase):
    def test_headers(self):
        """What is given stands in the place of ours; what frames a request is not to be given."""
        peer = self.peer()
        self.play(peer, "-n", 1, "-H", "Host: a.example", "-H", "user-agent: me", "-H", "X-More: 1")
        lines = peer.heads[-1].split("\r\n")[1:]
        names = [line.split(":")[0].lower() for line in lines]
        self.assertEqual(len(names), len(set(names)), lines)
        self.assertLessEqual({"Host: a.example", "user-agent: me", "X-More: 1", "Accept: */*"}, set(lines))
        before = len(peer.heads)
        for header in ("Content-Length: 5", "transfer-encoding: chunked", "Connection: close"):
            process = self.run_orfeas("--workflow", "get", "--target", peer.url, "-n", 1, "-H", header)
            self.assertEqual(process.code, 2, header)
            self.assertIn("orfeas has to say itself", process.err)
        self.assertEqual(len(peer.heads), before)

    def test_sent_again(self):
        """A kept connection that ends without an answer may have been closed before: the request is sent once more, and
        that is said."""
        def second_dies(talk):
            return say("a page")(talk) if talk.number % 2 == 0 else False

        peer = self.peer(page=second_dies)
        process, result = self.run_get(peer.url, "-n", 40, "-u", 2)
        self.assertEqual(result["completed"], 40)
        resent = result["traffic"]["resent"]
        self.assertGreater(resent, 10)
        self.assertEqual((result["traffic"]["requests"], peer.count()), (40 + resent, 40 + resent))
        self.assertIn("sent again", process.out.replace("\n", " "))

    def test_all_begin_at_once(self):
        """Of as many jobs as users each user gets one, whoever's user it is."""
        peer = self.peer(page=rude.slow(say("late"), 3))
        for workers in (1, 7):
            result = self.play(peer, "-n", 40, "-u", 40, "--workers", workers)
            self.assertLess(result["duration_seconds"], 5.9)  # a second round would take 6 s
            peer.requests.clear()

    def test_abandoned(self):
        """What waits for its turn when the run is interrupted is not forgotten."""
        peer = self.peer(page=rude.slow(say("late"), 0.3))
        process = self.start("run", "--workflow", "get", "--set", "vars.path=/page", "--target", peer.url, "-R", "50/s",
                             "-u", 2, "-d", "60s", "--results", self.path("results"))
        wait_until(lambda: peer.count() > 6, "it is under way")
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130)
        result = self.result("get", self.path("results"))
        self.check_laws(result)
        self.assertGreater(result["generator"]["abandoned"], 10)

    def test_failures_are_not_passed(self):
        """Without criteria nothing passes, and failures are seen at once."""
        peer = self.peer(page=say("", status="500 Broken"))
        process, result = self.run_get(peer.url, "-n", 5)
        self.assertNotIn("PASS", process.out)
        peer = self.peer()
        process, result = self.run_get(peer.url, "-n", 5)
        self.assertIn("MEASURED", process.out)

    def test_bytes_before_the_text(self):
        """Some editors put a mark at the beginning of a file."""
        times = self.write("times.txt", "\ufeff0\n0.1\n")
        self.assertEqual(self.play(self.peer(), "--arrivals", f"replay:{times}")["total_requests"], 2)
        workflow = self.write("marked.yaml", "\ufeffworkflow: marked\nsteps: [{name: get, get: /page}]\nhealth: \"\"\n")
        self.assertEqual(self.orfeas("check", workflow).code, 0)

    def test_no_path(self):
        peer = self.peer()
        process = self.run_orfeas("--workflow", "get", "--set", "vars.path=page", "--target", peer.url, "-n", 1)
        self.assertEqual(process.code, 2, process.err)
        self.assertIn("'path' is 'page'", process.err)
        self.assertEqual(peer.requests, [])


class Limits(LoadCase):
    def test_generator_cannot_keep_its_schedule(self):
        """Ours to blame: what was measured says little of the target, and the verdict is not given."""
        server = self.backend()
        process, result = self.run_get(server.url, "-R", "2000000/s", "-d", "500ms", "--workers", 1, "--connections",
                                       20, "--set", "load.max_in_flight=50000", "--timeout", "10s", path="/health")
        self.assertEqual((process.code, result["verdict"], result["generator"]["fit"]), (3, "invalid", False))
        self.assertGreater(result["generator"]["start_lag_p99"], result["generator"]["start_lag_allowed"])
        self.assertEqual(result["total_requests"] + result["generator"]["skipped"], 1_000_000)
        for word in ("late", "lower rate", "--workers"):
            self.assertIn(word, result["reason"])
            self.assertIn(word, process.out.replace("\n ", ""))
        self.assertLess(process.seconds, 30)

    def test_target_holds_too_many(self):
        """The target's to blame: starts are skipped and counted, the run is valid."""
        peer = self.peer(page=rude.slow(say("late"), 0.3))
        result = self.play(peer, "-R", "100/s", "-d", "1s", "--set", "load.max_in_flight=3", "--workers", 1)
        self.assertEqual(peer.most_answering, 3)
        self.assertEqual(result["total_requests"] + result["generator"]["skipped"], 100)
        self.assertTrue(9 <= result["total_requests"] <= 15, result["total_requests"])


class Network(LoadCase):
    def test_no_proxy(self):
        """What is measured is the target, whatever the environment says."""
        env = environment(http_proxy=DEAD, HTTP_PROXY=DEAD, https_proxy=DEAD, HTTPS_PROXY=DEAD, all_proxy=DEAD,
                          ALL_PROXY=DEAD)
        self.assertEqual(self.play(self.peer(), "-n", 5, env=env)["total_requests"], 5)

    @unittest.skipUnless(can_ipv6(), "this machine has no ::1")
    def test_ipv6(self):
        for resolve in ("once", "connection"):
            with self.subTest(resolve):
                peer = self.peer(host="::1")
                self.assertIn("[::1]", peer.url)
                self.play(peer, "-n", 5, "--resolve", resolve)

    def test_resolves_for_each_connection(self):
        peer = self.peer(page=say("a page", headers=["Connection: close"]))
        process, result = self.run_get(f"http://localhost:{peer.port}", "-n", 20, "-u", 2, "--resolve", "connection")
        self.check_code(process, result, 0)
        self.assertEqual((result["completed"], peer.count()), (20, 20), result["errors"])

    def test_no_such_host(self):
        for resolve in ("once", "connection"):
            process = self.run_orfeas("--workflow", "get", "--target", "http://nonexistent.invalid", "-n", 1,
                                      "--resolve", resolve)
            self.assertEqual(process.code, 4, process.err)
            self.assertIn("nonexistent.invalid", process.err)

    def test_headers(self):
        heads = []

        def first(t):
            data = b""
            while (piece := t.sock.recv(65536)):
                data += piece
                if data.endswith(b"\r\n\r\n"):
                    heads.append(data)
                    data = b""
                    t.send(rude.http("{}"))
        peer = self.peer(first=first)
        self.run_get(peer.url, "-n", 3, "-u", 1, "-H", "X-One: 1", "-H", "Authorization: Bearer two")
        self.assertEqual(len(heads), 1 + 3)
        for head in heads:
            self.assertIn(b"\r\nX-One: 1\r\n", head)
            self.assertIn(b"\r\nAuthorization: Bearer two\r\n", head)
            self.assertIn(f"\r\nHost: 127.0.0.1:{peer.port}\r\n".encode(), head)


class Images(LoadCase):
    SCENARIO = ("scenario: images\nworkflow: orfeas-3d\nload: {users: closed, jobs: 6, unique_images: false}\n"
                'criteria: [{name: all, expect: "completed >= 6"}]\n')

    def setUp(self):
        super().setUp()
        self.images = self.path("images")
        os.mkdir(self.images)
        self.scenario = self.write("images.yaml", self.SCENARIO)
        self.target = self.peer()

    def run_images(self, *more):
        return self.run_orfeas(self.scenario, "--target", self.target.url, "--time-scale", 60, "--image", self.images,
                               *more)

    def fill(self):
        pictures = [noise_png(side=20, seed=seed) for seed in range(3)]
        for i, picture in enumerate(pictures):
            self.write(os.path.join("images", f"{i}.png"), picture)
        self.write(os.path.join("images", "notes.txt"), "no picture")
        self.write(os.path.join("images", ".hidden.png"), "no picture")
        return pictures

    def test_they_rotate(self):
        pictures = self.fill()
        self.check_code(self.run_images(), self.result("images"), 0)
        uploads = [[picture in body for picture in pictures].index(True) for body in self.target.bodies
                   if b"image/png" in body]
        self.assertEqual(uploads, [0, 1, 2, 0, 1, 2])

    def test_unique_ones(self):
        self.fill()
        process = self.run_images("--set", "load.unique_images=true")
        self.check_code(process, self.result("images"), 0)
        self.assertEqual(len({body for body in self.target.bodies if b"image/png" in body}), 6)

    def check_usage(self, *words):
        process = self.run_images()
        self.assertEqual((process.code, process.out), (2, ""), process.err)
        for word in words:
            self.assertIn(word, process.err)
        self.assertEqual(self.target.requests, [])

    def test_empty(self):
        self.check_usage(self.images, "no PNG, JPEG or WebP")
        self.write(os.path.join("images", "notes.txt"), "no picture")
        self.check_usage(self.images, "no PNG, JPEG or WebP")

    def test_one_that_cannot_be_read(self):
        self.fill()
        os.symlink("/nonexistent/picture.png", os.path.join(self.images, "7.png"))
        self.check_usage(os.path.join(self.images, "7.png"), "No such file")

    def test_empty_file(self):
        self.fill()
        self.write(os.path.join("images", "7.png"), "")
        self.check_usage(os.path.join(self.images, "7.png"), "it is empty")

    def test_broken_picture(self):
        """To be made unique it has to be decoded."""
        self.fill()
        self.write(os.path.join("images", "7.png"), small_png()[:60])
        self.scenario = self.write("images.yaml", self.SCENARIO.replace("false", "true"))
        self.check_usage(os.path.join(self.images, "7.png"))


if __name__ == "__main__":
    unittest.main()
