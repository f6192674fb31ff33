"""Who says what is true: a steady load, and a server that stands still for two seconds of twenty.

A tenth of the requests falls due while nothing is answered. Their waits are spread evenly from 2 s down to 0, and what
has piled up meanwhile takes a moment to clear: so one in twenty waits longer than 1.0 to 1.1 s, one in a hundred longer
than 1.8 s. Who sends only when an answer has come sees fifty slow requests in all.
"""
from dataclasses import asdict

from . import goals
from .peers import Task
from .program import Failed
from .throughput import START_UP

RATE = 10_000
SECONDS = 20
CONNECTIONS = 50
FREEZE_AT, FREEZE_FOR = 13, 2
TRUTH = {"p50": "< 1 ms", "p95": "1.0-1.1 s", "p99": "1.8 s", "max": "2.0 s", "sent": RATE * SECONDS}


def play(session, who, task):
    """The client's run, with the server standing still in its midst."""
    program = session.start(who, task)
    try:
        early = not program.watch(FREEZE_AT)
        session.server.freeze()
        program.watch(FREEZE_FOR)
    finally:
        session.server.thaw()
    program.wait(SECONDS - FREEZE_AT - FREEZE_FOR + START_UP)
    if early:
        raise Failed(f"it ended before the server stood still: {program.complaint()}")
    return program


def judged(name, said, sent):
    """Only ours has goals: all three have to be met."""
    if name != "orfeas":
        return {}
    return {"p95": goals.judge(said.p95, goals.FREEZE_P95[1], goals.FREEZE_P95[0]).plain(),
            "p99": goals.judge(said.p99, goals.FREEZE_P99[1], goals.FREEZE_P99[0]).plain(),
            "sent": goals.sent(sent, RATE * SECONDS).plain()}


def run(session, who):
    with session.own_folder() as folder:
        task = Task(session.server.url, "/", CONNECTIONS, SECONDS, folder, rate=RATE)
        before = session.server.requests()
        program = play(session, who, task)
        sent = session.server.requests() - before - 1
        said = asdict(who.read(task, program))
        return {"name": who.name, **{key: said[key] for key in ("p50", "p95", "p99", "max")}, "sent": sent,
                "note": getattr(who, "note", ""), "goals": judged(who.name, who.read(task, program), sent)}


def measure(session):
    rows = []
    for who in [*session.peers, session.orfeas]:
        if who.name not in (*session.sizes.freeze_peers, "orfeas"):
            continue
        what = f"a server that stands still: {who.name}"
        if who.paces:
            session.skip(what, who.paces)
            continue
        with session.attempt(what):
            rows.append(run(session, who))
    return {"rate": RATE, "seconds": SECONDS, "connections": CONNECTIONS, "truth": TRUTH, "rows": rows}
