"""What we want of ourselves: a table, and who meets it. A goal stands beside its figure, met or missed."""
from dataclasses import asdict, dataclass
from typing import Optional

MIB = 1024 * 1024

# Our CPU time per request, as a share of the peer's: (kind, connections) -> at most.
WRK_SHARE = {("GET", 64): 0.95, ("GET", 1000): 0.95, ("upload", 64): 1.0, ("upload", 1000): 1.0, ("download", 64): 0.60}
PEER_SHARE = 1.0
CROWD_MEMORY = {10_000: 40 * MIB, 100_000: 320 * MIB}
# Our CPU for a job that is watched, as a share of what it costs to poll it each second.
WATCH_SHARE = {"events": 1.0, "websocket": 1.0, "socketio": 1.0}
LARGE_UPLOADS_GROWTH = 64 * MIB
LATENESS_P99 = 150e-6
# While a tenth of the requests meets a server that stands for 2 s, the longest wait is 2 s and they end evenly.
FREEZE_P95 = (0.95, 1.2)
FREEZE_P99 = (1.7, 1.95)
SENT = (0.999, 1.001) # of what was due at a rate: who sends less is late, who sends more counts wrongly


@dataclass
class Goal:
    least: Optional[float]
    most: Optional[float]
    met: Optional[bool] # None: there is no figure

    def plain(self):
        return asdict(self)


def judge(value, most=None, least=None, below=False):
    if most is None and least is None:
        return None
    if value is None:
        return Goal(least, most, None)
    met = (most is None or (value < most if below else value <= most)) and (least is None or value >= least)
    return Goal(least, most, met)


def share(peer, kind, connections, value):
    if peer == "wrk":
        return judge(value, WRK_SHARE.get((kind, connections)))
    return judge(value, PEER_SHARE, below=True)


def crowd(users, memory):
    return judge(memory, CROWD_MEMORY.get(users), below=True)


def sent(value, due):
    return judge(value, due * SENT[1], due * SENT[0])


def count(goals):
    """(met, missed, without a figure)"""
    states = [goal["met"] for goal in goals if goal]
    return states.count(True), states.count(False), states.count(None)
