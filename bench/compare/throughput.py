"""What one request costs: CPU time of the client, requests a second, the peak of its memory; peer and us in pairs."""
from dataclasses import dataclass

from . import goals
from .pairs import median, ratio
from .payload import FORM_TYPE
from .peers import Task
from .program import Failed

PATHS = {"GET": "/", "upload": "/upload", "download": "/100k.bin"}
START_UP = 30    # seconds that a run may take beyond its own
TOLERATED = 0.01 # of the requests may be counted differently by client and server, or fail


@dataclass
class Run:
    """Of a client: what the server has counted, and what the kernel has."""
    requests: int
    cpu: float # microseconds a request, which is seconds a million
    rate: float
    memory: int

    @property
    def plain(self):
        return {"requests": self.requests, "cpu_us": self.cpu, "rate": self.rate, "peak_rss": self.memory}


def make_task(session, workload, folder):
    posts = workload.kind == "upload"
    return Task(session.server.url, PATHS[workload.kind], workload.connections, session.sizes.seconds, folder,
                body=session.payload.form if posts else None, body_type=FORM_TYPE if posts else "",
                picture=session.payload.picture)


def check(said, counted, task, program):
    """The cross-check: client and server have to agree, but for what was under way at the end."""
    if counted <= 0 or said.requests <= 0:
        raise Failed(f"no request was answered; {program.complaint()}")
    if said.good < said.requests * (1 - TOLERATED):
        raise Failed(f"{said.requests - said.good} of {said.requests} requests failed")
    if abs(said.requests - counted) > counted * TOLERATED + task.connections:
        raise Failed(f"it says {said.requests} requests, the server has seen {counted}")


def run(session, who, workload):
    with session.own_folder() as folder:
        task = make_task(session, workload, folder)
        before = session.server.requests()
        program = session.start(who, task)
        program.wait(task.seconds + START_UP)
        counted = session.server.requests() - before - 1
        try:
            said = who.read(task, program)
        except (ValueError, OSError, Failed):
            raise Failed(f"it ended with {program.code}: {program.complaint()}") from None
        check(said, counted, task, program)
        return Run(counted, program.cpu * 1e6 / counted, counted / (said.seconds or task.seconds), program.peak)


def medians(runs):
    return {key: median([r.plain[key] for r in runs]) for key in ("cpu_us", "rate", "peak_rss")}


def row(workload, peer, pairs):
    share = ratio([(theirs.cpu, ours.cpu) for theirs, ours in pairs])
    goal = goals.share(peer.name, workload.kind, workload.connections, share["median"])
    return {"name": peer.name, **medians([theirs for theirs, _ in pairs]), "ratio": share,
            "goal": goal.plain() if goal else None,
            "runs": [{"peer": theirs.plain, "orfeas": ours.plain} for theirs, ours in pairs]}


def pair_count(session, peer, workload):
    if peer.name == "wrk":
        return session.sizes.wrk_pairs
    return session.sizes.pairs.get(workload.connections, 0)


def is_close(pairs):
    return 0.85 < ratio([(theirs.cpu, ours.cpu) for theirs, ours in pairs])["median"] < 1.15


def measure_peer(session, workload, peer):
    """Who comes close to us is measured as often as wrk."""
    pairs = []
    least, most = pair_count(session, peer, workload), session.sizes.wrk_pairs
    while len(pairs) < least or (len(pairs) < most and is_close(pairs)):
        pairs.append((run(session, peer, workload), run(session, session.orfeas, workload)))
    return pairs


def measure_workload(session, workload):
    rows, ours = [], []
    for peer in session.peers:
        if not pair_count(session, peer, workload):
            continue
        with session.attempt(f"{workload.name}: {peer.name} and orfeas"):
            pairs = measure_peer(session, workload, peer)
            rows.append(row(workload, peer, pairs))
            ours += [second for _, second in pairs]
    return {"kind": workload.kind, "connections": workload.connections, "orfeas": medians(ours), "peers": rows}


def measure(session):
    return [measure_workload(session, workload) for workload in session.sizes.workloads]
