"""What each program says of its own run, read from its output. Pure functions: text in, Said out.

Latencies are seconds, None where a program does not tell. A text that is not such a report is a ValueError.
"""
import json
import re
from dataclasses import dataclass
from typing import Optional

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass
class Said:
    requests: int  # answered, well or not
    good: int      # answered with success
    seconds: Optional[float] = None
    p50: Optional[float] = None
    p95: Optional[float] = None
    p99: Optional[float] = None
    max: Optional[float] = None


def _find(pattern, text):
    found = re.search(pattern, text, re.M)
    if not found:
        raise ValueError(f"no /{pattern}/ in what it printed")
    return found


def _number(pattern, text, default=None):
    found = re.search(pattern, text, re.M)
    if not found and default is not None:
        return default
    return float((found or _find(pattern, text))[1])


def duration(text):
    """'1.23ms' -> 0.00123"""
    number, unit = _find(r"^([0-9.]+)(us|ms|s|m)$", text).groups()
    return float(number) * UNITS[unit]


def wrk(text):
    """With what peers/wrk.lua adds."""
    requests, seconds = _find(r"^\s*(\d+) requests in ([0-9.]+(?:us|ms|s|m)),", text).groups()
    bad = _number(r"Non-2xx or 3xx responses: (\d+)", text, 0)
    p50, p95, p99 = (_number(rf"^percentile {p}: (\d+) us", text) / 1e6 for p in (50, 95, 99))
    return Said(int(requests), int(requests) - int(bad), duration(seconds), p50, p95, p99,
                _number(r"^longest: (\d+) us", text) / 1e6)


def hey(text):
    statuses = {int(code): int(count) for code, count in re.findall(r"^\s*\[(\d{3})\]\s+(\d+) responses", text, re.M)}
    at = {int(p): float(s) for p, s in re.findall(r"^\s*(\d+)% in ([0-9.]+) secs", text, re.M)}
    good = sum(count for code, count in statuses.items() if 200 <= code < 300)
    return Said(sum(statuses.values()), good, _number(r"^\s*Total:\s+([0-9.]+) secs", text), at.get(50), at.get(95),
                at.get(99), _number(r"^\s*Slowest:\s+([0-9.]+) secs", text))


def h2load(text):
    done, good = _find(r"^requests: .* (\d+) done, (\d+) succeeded", text).groups()
    longest = _find(r"^time for request:\s+\S+\s+(\S+)", text)[1]
    return Said(int(done), int(good), duration(_find(r"^finished in ([0-9.]+(?:us|ms|s|m)),", text)[1]),
                max=duration(longest))


def h2load_log(text):
    """(p50, p95, p99) of what --log-file has written: start, status and microseconds of each request."""
    times = sorted(int(line.split("\t")[2]) / 1e6 for line in text.splitlines() if line.count("\t") >= 2)
    if not times:
        raise ValueError("the log of requests is empty")
    return tuple(times[min(len(times) - 1, len(times) * p // 100)] for p in (50, 95, 99))


def ab(text):
    at = {int(p): int(ms) / 1e3 for p, ms in re.findall(r"^\s+(\d+)%\s+(\d+)", text, re.M)}
    requests = int(_number(r"^Complete requests:\s+(\d+)", text))
    bad = _number(r"^Failed requests:\s+(\d+)", text) + _number(r"^Non-2xx responses:\s+(\d+)", text, 0)
    return Said(requests, requests - int(bad), _number(r"^Time taken for tests:\s+([0-9.]+) seconds", text), at.get(50),
                at.get(95), at.get(99), at.get(100))


def siege(text):
    report = json.loads(text[text.index("{"):text.rindex("}") + 1])
    good, bad = int(report["successful_transactions"]), int(report["failed_transactions"])
    return Said(max(int(report["transactions"]), good + bad), good, float(report["elapsed_time"]),
                max=float(report["longest_transaction"]))


def autocannon(text):
    report = json.loads(text.strip().splitlines()[-1])
    latency = {name: report["latency"][name] / 1e3 for name in ("p50", "p99", "max")}
    return Said(report["2xx"] + report["non2xx"], report["2xx"], report["duration"], **latency)


def locust(text):
    """What peers/locustfile.py prints."""
    report = json.loads(_find(r"^(\{.*\})\s*$", text)[1])
    latency = {name: report[name] / 1e3 for name in ("p50", "p95", "p99", "max") if report[name] is not None}
    return Said(report["requests"], report["requests"] - report["failures"], **latency)


def orfeas(text):
    """Of a results file. What it counts are jobs, here of one request each."""
    report = json.loads(text)
    latency = {name: report[f"{name}_duration"] for name in ("p50", "p95", "p99", "max")}
    return Said(report["total_requests"], report["successful_requests"], report["load_seconds"], **latency)


def orfeas_lateness(text):
    """(p50, p99) of how late jobs were started, None where it does not tell."""
    generator = json.loads(text)["generator"]
    return generator.get("start_lag_p50"), generator.get("start_lag_p99")
