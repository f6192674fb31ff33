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


ALL = tuple(Workload(*w) for w in (("GET", 1), ("GET", 64), ("GET", 1000), ("upload", 64), ("upload", 1000),
                                   ("download", 64)))
FEW = tuple(w for w in ALL if w != Workload("upload", 1000))
FREEZE = ("wrk", "hey", "h2load", "autocannon", "locust")

MODES = {
    "quick": Sizes(240, 1, 5, {}, FEW, (10_000,), False, 0, ("wrk",)),
    "default": Sizes(850, 2, 7, {1: 1, 64: 2, 1000: 1}, ALL, (10_000,), True, 500, FREEZE),
    "full": Sizes(900, 2, 7, {1: 1, 64: 2, 1000: 1}, ALL, (10_000, 100_000), True, 500, FREEZE),
}
