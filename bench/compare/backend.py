"""orfeasd as a server: what /health costs it, beside nginx's smallest page, and how many jobs a core makes a second.

wrk asks both, one after the other, in pairs; CPU is the server's. The jobs are pictures of 512x512 at the default
quality, posted by orfeas, each answered when its model is there; nothing paces them.
"""
import glob
import os
import re

from . import cores, parsers
from .pairs import median, ratio
from .peers import Task, WRK
from .program import Failed, Program
from .throughput import START_UP

CONNECTIONS, USERS = 64, 8
PAIRS = 3
UP_WITHIN = 10
TICK = os.sysconf("SC_CLK_TCK")


class Orfeasd:
    """A process of its own on a free port, with its files in `folder`."""

    def __init__(self, path, folder, options):
        self.program = Program([path, "--listen", "127.0.0.1:0", *options], cores.SERVER, folder, {"TMPDIR": folder})
        for _ in range(UP_WITHIN * 20):
            found = re.search(r"listening on (http://\S+)", self.program.text())
            if found or not self.program.watch(0.05):
                break
        if not found:
            raise Failed(f"orfeasd does not start: {self.program.complaint()}")
        self.url = found[1]

    def stop(self):
        self.program.stop()


def cpu(program):
    """Seconds so far: its own, and of its children, which decode pictures and live as long as it does."""
    pids, ticks = [program.pid], 0
    for path in glob.glob(f"/proc/{program.pid}/task/*/children"):
        with open(path, encoding="ascii") as f:
            pids += f.read().split()
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            ticks += sum(int(word) for word in f.read().rpartition(")")[2].split()[11:13])
    return ticks / TICK


def ask(session, server, url, path):
    """(CPU microseconds a request, requests a second)."""
    with session.own_folder() as folder:
        task = Task(url, path, CONNECTIONS, session.sizes.seconds, folder)
        before = cpu(server)
        program = session.start(WRK, task)
        program.wait(task.seconds + START_UP)
        said = WRK.read(task, program)
        if said.good < said.requests:
            raise Failed(f"{said.requests - said.good} of {said.requests} requests failed")
        return (cpu(server) - before) * 1e6 / said.requests, said.requests / said.seconds


def health(session, backend):
    pairs = []
    for _ in range(PAIRS):
        pairs.append((ask(session, session.server.program, session.server.url, "/"),
                      ask(session, backend.program, backend.url, "/health")))
    rows = [{"name": name, "cpu_us": median([pair[i][0] for pair in pairs]), "rate": median([pair[i][1] for pair in pairs])}
            for i, name in enumerate(("nginx", "orfeasd"))]
    return {"connections": CONNECTIONS, "rows": rows, "ratio": ratio([(theirs[0], ours[0]) for theirs, ours in pairs])}


def jobs(session, backend):
    with session.own_folder() as folder:
        task = Task(backend.url, "", USERS, 2 * session.sizes.seconds, folder)
        before = cpu(backend.program)
        program = session.start_command(session.orfeas.whole_jobs_command(task), task)
        program.wait(task.seconds + START_UP)
        said = parsers.orfeas(session.orfeas.results(task))
        if said.good <= 0 or said.good < said.requests:
            raise Failed(f"{said.requests - said.good} of {said.requests} jobs failed")
        used = cpu(backend.program) - before
        return {"users": USERS, "jobs": said.good, "rate": said.good / said.seconds, "cpu_ms": used * 1e3 / said.good,
                "per_core": said.good / used}


def measure(session):
    measured = {"health": None, "jobs": None}
    with session.own_folder() as folder, session.attempt("orfeasd, beside nginx"):
        backend = Orfeasd(os.path.join(os.path.dirname(session.orfeas.path), "orfeasd"), folder, ["--jobs", 4])
        try:
            with session.attempt("orfeasd: /health, by wrk"):
                measured["health"] = health(session, backend)
            with session.attempt("orfeasd: jobs"):
                measured["jobs"] = jobs(session, backend)
        finally:
            backend.stop()
    return measured
