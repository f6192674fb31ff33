"""How punctual we are: starts at a fixed rate against a server that keeps up, and how late each was."""
from . import goals, parsers
from .peers import Task
from .program import Failed
from .throughput import START_UP

RATE = 10_000
SECONDS = 5


def run(session):
    with session.own_folder() as folder:
        task = Task(session.server.url, "/", 0, SECONDS, folder, rate=RATE)
        before = session.server.requests()
        program = session.start(session.orfeas, task)
        program.wait(SECONDS + START_UP)
        sent = session.server.requests() - before - 1
        p50, p99 = parsers.orfeas_lateness(session.orfeas.results(task))
        if p99 is None:
            raise Failed("its results do not tell how late it was")
        return {"name": "orfeas", "rate": RATE, "seconds": SECONDS, "due": RATE * SECONDS, "sent": sent, "p50": p50,
                "p99": p99,
                "goals": {"p99": goals.judge(p99, goals.LATENESS_P99).plain(),
                          "sent": goals.sent(sent, RATE * SECONDS).plain()}}


def measure(session):
    what = f"{RATE} starts a second: orfeas"
    if session.orfeas.paces:
        return session.skip(what, session.orfeas.paces)
    with session.attempt(what):
        return run(session)
    return None
