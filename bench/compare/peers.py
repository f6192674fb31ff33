"""The peers: how each is asked for the same thing, where it is found, what it can't do."""
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Callable, Optional

from . import parsers

FILES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")
AUTOCANNON = os.path.join(FILES, "node_modules", "autocannon")


@dataclass
class Task:
    """What a program is to do: a URL, over so many connections, for so many seconds."""
    base: str  # http://host:port
    path: str
    connections: int
    seconds: int
    folder: str                    # its own, for this run
    body: Optional[str] = None     # the file to be posted; None: GET
    body_type: str = ""
    picture: Optional[str] = None  # the picture in it, for who makes the form himself
    rate: int = 0                  # requests a second, all connections together; 0: as fast as it goes
    think: int = 0                 # seconds between requests of each connection

    @property
    def url(self):
        return self.base + self.path

    def file(self, name):
        return os.path.join(self.folder, name)


@dataclass
class Peer:
    name: str
    package: str  # of Debian; its version is what is reported
    command: Callable[[Task], list]
    parse: Callable[[str], parsers.Said]
    environment: Callable[[Task], dict] = lambda task: {}
    paces: str = ""  # why it does not send at a given rate; "": it does
    crowds: str = ""  # why it can't hold thousands of mostly idle connections; "": it can
    program: str = ""
    note: str = ""
    finish: Callable = field(default=lambda task, said: said)

    def find(self):
        if self.name == "autocannon":
            return shutil.which("node") if os.path.exists(AUTOCANNON) else None
        return shutil.which(self.program or self.name)

    def version(self):
        if self.name == "autocannon":
            with open(os.path.join(AUTOCANNON, "package.json"), encoding="utf-8") as f:
                return json.load(f)["version"]
        if not shutil.which("dpkg-query"):
            return "?"
        return subprocess.run(["dpkg-query", "-W", "-f=${Version}", self.package], capture_output=True, text=True,
                              check=False).stdout or "?"

    def read(self, task, program):
        return self.finish(task, self.parse(program.text()))


def _wrk(t):
    return ["wrk", "-t1", "-c", t.connections, "-d", f"{t.seconds}s", "--timeout", "30s",
            "-s", os.path.join(FILES, "wrk.lua"), t.url]


def _in_environment(t):
    return {"BENCH_PATH": t.path, "BENCH_BODY": t.body or "", "BENCH_BODY_TYPE": t.body_type,
            "BENCH_THINK": str(t.think)}


def _each(t):
    """The rate of one connection; 0: none."""
    return t.rate / t.connections if t.rate else 1 / t.think if t.think else 0


def _hey(t):
    return ["hey", "-c", t.connections, "-z", f"{t.seconds}s", "-t", 30,
            *(["-q", f"{_each(t):g}"] if _each(t) else []),
            *(["-m", "POST", "-D", t.body, "-T", t.body_type] if t.body else []), t.url]


def _h2load(t):
    return ["h2load", "--h1", "-t1", "-c", t.connections, "-D", t.seconds,
            *([f"--rps={_each(t):g}"] if _each(t) else []), *([f"--log-file={t.file('requests')}"] if t.rate else []),
            *(["-d", t.body, "-H", f"content-type: {t.body_type}"] if t.body else []), t.url]


def _h2load_finish(t, said):
    if t.rate:
        with open(t.file("requests"), encoding="ascii") as f:
            said.p50, said.p95, said.p99 = parsers.h2load_log(f.read())
    return said


def _ab(t):
    return ["ab", "-q", "-k", "-s", 30, "-c", t.connections, "-t", t.seconds, "-n", 100_000_000,
            *(["-p", t.body, "-T", t.body_type] if t.body else []), t.url]


def _siege(t):
    """Its pause is drawn from 0 to what -d says; its time is up to a second less than what -t says."""
    pace = ["-d", 2 * t.think] if t.think else ["-b"]
    return ["siege", "-R", os.path.join(FILES, "siegerc"), *pace, "-c", t.connections, "-t", f"{t.seconds + 1}S",
            *(["--content-type", t.body_type, f"{t.url} POST <{t.body}"] if t.body else [t.url])]


def _autocannon(t):
    rate = t.rate or (t.connections // t.think if t.think else 0)
    return ["node", os.path.join(AUTOCANNON, "autocannon.js"), "-j", "-n", "-t", 30, "-c", t.connections,
            "-d", t.seconds, *(["-R", rate] if rate else []),
            *(["-m", "POST", "-i", t.body, "-H", f"content-type={t.body_type}"] if t.body else []), t.url]


def _locust(t):
    return ["locust", "-f", os.path.join(FILES, "locustfile.py"), "--headless", "--loglevel", "ERROR",
            "-u", t.connections, "-r", t.connections, "-t", f"{t.seconds}s", "--host", t.base]


WRK = Peer("wrk", "wrk", _wrk, parsers.wrk, _in_environment, crowds="it can't pause between requests",
           note="closed: as fast as 50 connections go; it corrects its latencies afterwards")
PEERS = [
    WRK,
    Peer("h2load", "nghttp2-client", _h2load, parsers.h2load, finish=_h2load_finish,
         note="percentiles from its log of requests, its summary has none"),
    Peer("ab", "apache2-utils", _ab, parsers.ab, paces="it has no rate", crowds="it can't pause between requests"),
    Peer("hey", "hey", _hey, parsers.hey),
    Peer("siege", "siege", _siege, parsers.siege, lambda t: {"HOME": t.folder}, paces="it has no rate"),
    Peer("autocannon", "", _autocannon, parsers.autocannon, note="it tells no p95"),
    Peer("locust", "python3-locust", _locust, parsers.locust, _in_environment,
         paces="one process does not reach 10,000 requests a second"),
]
