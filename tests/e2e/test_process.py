"""The target's process and machine: found in every way there is, missed when it ends, and what is said where it cannot
be watched. What is told of it is what /proc says."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import unittest

from harness import Backend, Case, ORFEASD, Process, children, environment, node, wait_until
from rude_peer import RudePeer, say

SCALE = 60  # a reading each 100 ms
SERIES = {"process": ("rss", "pss", "cpu", "threads", "fds", "children"),
          "machine": ("memory_used", "cpu", "load", "disk_free"), "target": ("memory", "cpu", "fds")}
SCENARIO = """
scenario: watched
workflow: orfeas-3d
load: {users: closed, concurrent: 2, duration: %ds, think: 3s, timeout: 120s}
criteria:
""" + "".join(f'  - {{name: {kind}_{name}, expect: "growth({kind}.{name}) < 100000%%"}}\n'
              for kind, names in SERIES.items() for name in names)

# Hands on to the port it is given, under the name of a program that does nothing else.
RELAY = """
import socket, sys, threading
with open("/proc/self/comm", "w") as f:
    f.write("ssh")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
while True:
    a = listener.accept()[0]
    b = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for pair in ((a, b), (b, a)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


def status(pid, name):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{name}:\s+(\d+)", f.read(), re.M)[1])


class TargetsProcess(Case):
    def play(self, url, *more, seconds=1.5, **how):
        path = self.write("watched.yaml", SCENARIO % (seconds * SCALE))
        process = self.run_orfeas("--target", url, "--time-scale", SCALE, *more, path, **how)
        result = self.result("watched")
        self.check_laws(result)
        return process, result

    def begin(self, url):
        """For longer than anything takes; to be ended by finish()."""
        path = self.write("watched.yaml", SCENARIO % (100 * SCALE))
        return self.start("run", "--results", self.results, "--target", url, "--time-scale", SCALE, path)

    def finish(self, process):
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(), 130, process.err)
        result = self.result("watched")
        self.check_laws(result)
        return result["target"]["process"]

    def check_found(self, result, pid, how):
        p = result["target"]["process"]
        self.assertEqual((p["pid"], p["found"], p["why"], p["gone"], p["restarts"]), (pid, how, None, None, 0))
        for name in ("rss", "cpu", "threads", "children"):
            self.assertEqual(p["tree"][name]["state"], "present", name)
        return p

    @staticmethod
    def wait_for_jobs(server):
        """Until there are some more, even where nobody listens for a while."""
        def done():
            with contextlib.suppress(OSError):
                return server.metrics().sum("model_3d_generations_total")
            return -1
        wait_until(lambda: done() >= 0, "it answers")
        before = done()
        wait_until(lambda: done() > before, "jobs are done")

    def check_schema(self):
        code, said = node("validate_results.mjs", os.path.join(self.results, "results_watched.json"))
        self.assertEqual(code, 0, said)

    def test_found_by_its_socket(self):
        """Everything is there, in the results, in criteria and for people, and agrees with /proc."""
        server = self.backend("--jobs", 4)
        process, result = self.play(server.url)
        p = self.check_found(result, server.popen.pid, "listening socket")
        pids = [server.popen.pid, *children(server.popen.pid)]
        tree = p["tree"]
        self.assertEqual(set(tree), set(SERIES["process"]))
        self.assertEqual(tree["children"]["last"], len(pids) - 1)
        self.assertEqual(tree["threads"]["last"], sum(status(pid, "Threads") for pid in pids))
        resident = sum(status(pid, "VmRSS") for pid in pids) * 1024
        self.assertLess(abs(tree["rss"]["last"] - resident), 0.3 * resident)
        self.assertGreaterEqual(tree["cpu"]["last"], tree["cpu"]["first"])
        if tree["pss"]["state"] == "present":  # of sandboxed decoders only root may see it
            self.assertLessEqual(tree["pss"]["last"], tree["rss"]["max"])
        if os.geteuid() == 0:
            fds = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
            self.assertLess(abs(tree["fds"]["last"] - fds), 12)
        self.assertEqual(p["memory"]["why"], None)  # as its own metrics tell
        machine = result["target"]["machine"]
        self.assertTrue(machine["here"])
        self.assertEqual(machine["cores"], len([n for n in os.listdir("/sys/devices/system/cpu") if
                                                re.fullmatch(r"cpu\d+", n)]))
        self.assertEqual(machine["memory_total"], os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        for name in SERIES["machine"]:
            self.assertEqual(machine[name]["state"], "present", name)
        self.assertLessEqual(machine["memory_used"]["max"], machine["memory_total"])
        self.assertLessEqual(machine["disk_free"]["max"], machine["disk_total"])
        self.assertLessEqual(0, machine["cpu"]["min"])
        self.assertLessEqual(machine["cpu"]["max"], 100)
        named = {trend["subject"] for trend in result["trends"]}
        self.assertLessEqual({"process.rss", "machine.load", "target.memory"}, named)
        self.assertTrue(any("process.rss" in row for row in result["timeline"]))
        self.assertNotIn("was not watched", process.out)
        self.assertRegex(process.out, rf"process {server.popen.pid}, memory [\d.]+ → [\d.]+ MB, .* cores")

    def test_named(self):
        server = self.backend("--jobs", 4)
        for how in ({"more": ("--pid", server.popen.pid)},
                    {"more": (), "env": environment(ORFEAS_PID=str(server.popen.pid))}):
            _, result = self.play(server.url, *how.pop("more"), seconds=0.5, **how)
            self.check_found(result, server.popen.pid, "pid")
        _, result = self.play(server.url, "--pid", os.getpid(), seconds=0.5)  # whoever the user says
        self.check_found(result, os.getpid(), "pid")

    def test_named_wrongly(self):
        """Nothing is sent."""
        ended = subprocess.Popen(["true"])  # nobody waits for it yet
        wait_until(lambda: not os.path.exists(f"/proc/{ended.pid}/exe") or self.is_zombie(ended.pid), "it has ended")
        with RudePeer() as peer:
            for pid, said in ((2**22 + 5, "there is none"), (ended.pid, "has ended"), (0, "needs a process' number"),
                              ("me", "needs a process' number"), (2**70, "needs a process' number")):
                process = self.run_orfeas("--target", peer.url, "--pid", pid, "normal")
                self.assertEqual(process.code, 2, (pid, process.err))
                self.assertIn(said, process.err)
            self.assertEqual(peer.requests, [])
        ended.wait()

    @staticmethod
    def is_zombie(pid):
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "Z"

    def test_embedded(self):
        _, result = self.play("embedded?jobs=4&profile=")
        p = result["target"]["process"]
        self.assertEqual((p["found"], p["gone"], p["restarts"]), ("embedded", None, 0))
        self.assertGreater(p["tree"]["children"]["last"], 0)

    def test_without_metrics(self):
        """A target that tells nothing of itself is watched all the same."""
        with RudePeer(metrics=say("", status="404 X")) as peer:
            _, result = self.play(peer.url, seconds=2)
        p = self.check_found(result, os.getpid(), "listening socket")
        for name, of in (("memory", "rss"), ("cpu", "cpu"), ("fds", "fds")):
            self.assertEqual(p[name]["state"], "present", name)
            self.assertEqual(p[name]["last"], p["tree"][of]["last"])
            self.assertIn("read from its process", p[name]["why"])
        growth = next(c for c in result["criteria"] if c["name"] == "target_memory")
        self.assertTrue(growth["observed"] is not None or "a trend needs" in growth["why"], growth)

    def test_dies(self):
        server = self.keep(Backend("--jobs", 4))
        run = self.begin(server.url)
        self.wait_for_jobs(server)
        server.popen.kill()
        os.waitid(os.P_PID, server.popen.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie: nobody has waited for it
        p = self.finish(run)
        self.assertEqual((p["pid"], p["restarts"]), (server.popen.pid, 0))
        self.assertGreater(p["gone"], 0)
        self.assertRegex(run.out, r"process \d+, .*gone at")
        self.check_schema()

    def test_is_restarted(self):
        server = self.keep(Backend("--jobs", 4))
        run = self.begin(server.url)
        self.wait_for_jobs(server)
        server.popen.kill()
        server.popen.wait()
        again = self.keep(Process(ORFEASD, "--listen", f"127.0.0.1:{server.port}", "--jobs", 4))
        self.wait_for_jobs(server)
        p = self.finish(run)
        again.popen.send_signal(signal.SIGTERM)
        self.assertEqual(again.wait(), 0, again.err)
        self.assertEqual((p["pid"], p["found"], p["restarts"]), (again.popen.pid, "listening socket", 1))
        self.assertGreater(p["gone"], 0)

    def test_loses_a_child(self):
        server = self.backend("--jobs", 4)
        decoders = children(server.popen.pid)
        self.assertTrue(decoders)
        run = self.begin(server.url)
        self.wait_for_jobs(server)
        os.kill(decoders[0], signal.SIGKILL)
        wait_until(lambda: decoders[0] not in children(server.popen.pid), "it was waited for")
        self.wait_for_jobs(server)
        p = self.finish(run)
        self.assertEqual((p["pid"], p["gone"], p["restarts"]), (server.popen.pid, None, 0))

    def test_behind_a_tunnel(self):
        server = self.backend("--jobs", 4)
        with subprocess.Popen([sys.executable, "-c", RELAY, str(server.port)], stdout=subprocess.PIPE) as relay:
            try:
                _, result = self.play(f"http://127.0.0.1:{int(relay.stdout.readline())}", seconds=0.5)
            finally:
                relay.kill()
        p, machine = result["target"]["process"], result["target"]["machine"]
        self.assertEqual((p["pid"], p["found"], machine["here"]), (None, None, False))
        self.assertIn("only leads to another machine; name the target's process with --pid", p["why"])
        self.assertEqual(p["why"], machine["why"])
        self.assertEqual(p["tree"]["rss"]["state"], "unreadable")
        self.assertEqual(p["memory"]["state"], "present")  # its metrics tell
        verdicts = {c["name"]: c["verdict"] for c in result["criteria"]}
        self.assertEqual(verdicts["process_rss"], "inconclusive")
        self.check_schema()


if __name__ == "__main__":
    unittest.main()
