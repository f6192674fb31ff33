"""How much is measured: a table, one row a mode. Times are seconds; wrk, and who comes as close, has more pairs."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    kind: str  # what is asked for: a key of throughput.KINDS
    connections: int

    @property
    def name(self):
        return f"{self.kind}, {self.connections} connection{'s' if self.connections > 1 else ''}"


@dataclass(frozen=True)
class Sizes:
    limit: int         # of all together, beyond it what is left is not measured
    seconds: int       # of one run
    wrk_pairs: int     # of each workload
    pairs: dict        # connections -> pairs of each other peer
    workloads: tuple
    crowds: tuple      # users
    crowd_peers: bool
    large_uploads: int # users with 26 MB each; 0: not measured
    freeze_peers: tuple
    watch_ways: tuple  # of watching jobs; polls come first, as the others are compared with them


ALL = tuple(Workload(*w) for w in (("GET", 1), ("GET", 64), ("GET", 1000), ("upload", 64), ("upload", 1000),
                                   ("download", 64)))
FEW = tuple(w for w in ALL if w != Workload("upload", 1000))
WATCH = ("poll", "socketio", "websocket", "events")
FREEZE = ("wrk", "hey", "h2load", "autocannon", "locust")

MODES = {
    "quick": Sizes(280, 1, 5, {}, FEW, (10_000,), False, 0, ("wrk",), WATCH[:2]),
    "default": Sizes(890, 2, 7, {1: 1, 64: 2, 1000: 1}, ALL, (10_000,), True, 500, FREEZE, WATCH),
    "full": Sizes(900, 2, 7, {1: 1, 64: 2, 1000: 1}, ALL, (10_000, 100_000), True, 500, FREEZE, WATCH),
}
