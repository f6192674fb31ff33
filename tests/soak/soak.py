#!/usr/bin/env python3
"""orfeasd at a full queue for an hour (SOAK_SECONDS), one request in twenty a hostile one, some jobs cancelled, some
listened to by clients that vanish: memory, threads, descriptors and disk have to stay where they are. Says every minute how
it stands, at the end what it saw in one line each; exit status 1 when something grew.

usage: soak.py ORFEASD
"""
import concurrent.futures
import os
import random
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "orfeasd"))
import test_api
from hostile import hostile, png_of, zeros
from test_api import PNG, Server, form

SECONDS = float(os.environ.get("SOAK_SECONDS", "3600"))
SENDERS, QUEUE, HOSTILE_SHARE, CANCEL_SHARE, LISTEN_SHARE = 3, 50, 0.05, 0.05, 0.05
DISK_MAX = 1200 << 20  # 1 GiB of jobs that lie there, and those that run
# Memory is flat once all jobs that are kept are there, two thousand, which takes minutes: a short run only sees gross leaks.
FORGIVEN = (4 if SECONDS >= 600 else 16) << 20
GROWTH = {             # from the first third to the last: a share, and what is always forgiven
    "process_resident_memory_bytes": (0.05, FORGIVEN),
    "decoder_resident_memory_bytes": (0.05, FORGIVEN),
    "process_threads": (0, 0),
    "process_open_fds": (0, 4),
}


class Load:
    def __init__(self, s):
        self.s = s
        self.over = threading.Event()
        self.counts = {"submitted": 0, "full": 0, "hostile": 0, "cancelled": 0, "listened": 0, "wrong": 0}
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(SENDERS)]

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def cancel(self, job):
        """It may have ended before, or be gone."""
        self.count("cancelled" if self.s.request("DELETE", "/api/jobs/" + job)[0] in (200, 404, 409) else "wrong")

    def listen(self, job):
        """And leave in the middle of it."""
        with self.s.socket() as c:
            c.sendall(f"GET /api/jobs/{job}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.count("listened" if c.recv(4096).startswith(b"HTTP/1.1 ") else "wrong")

    def one(self, r):
        if r.random() < HOSTILE_SHARE:
            h = hostile(r.randrange(1 << 30))
            status, _, _ = self.s.request("POST", h.path, h.body, h.headers)
            self.count("hostile" if status in (200, 422) or 400 <= status < 500 else "wrong")
            return
        body, headers = form(PNG, format=r.choice(("stl", "obj", "glb", "ply")), quality=r.choice((1, 3)))
        status, answer, _ = self.s.request("POST", "/api/generate-3d", body, headers, Prefer="respond-async")
        if status == 429:
            self.count("full")
            time.sleep(0.02)
            return
        self.count("submitted" if status == 202 else "wrong")
        luck = r.random() if status == 202 else 1
        if luck < CANCEL_SHARE:
            self.cancel(answer["job_id"])
        elif luck < CANCEL_SHARE + LISTEN_SHARE:
            self.listen(answer["job_id"])

    def run(self, number):
        r = random.Random(number)
        while not self.over.is_set():
            self.one(r)


def warm_up(s):
    """Each worker thread has had the largest picture, whose scratch memory it keeps."""
    body, headers = form(png_of(4096, 4096, zeros(4096 * (4 * 4096 + 1))))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: s.request("POST", "/api/generate-3d", body, headers), range(16)))


def size_of(path):
    try:
        return os.path.getsize(path)
    except FileNotFoundError:  # jobs come and go meanwhile
        return 0


def disk_bytes(folder):
    return sum(size_of(os.path.join(at, name)) for at, _, files in os.walk(folder) for name in files)


def watch(s, data, seconds):
    """A quarter of the time is for warming up; what came then is not returned."""
    rows = {name: [] for name in (*GROWTH, "disk", "job_queue_size")}
    start = said = time.monotonic()
    while time.monotonic() < start + seconds:
        if time.monotonic() >= said + 60:
            said = time.monotonic()
            print("%4.0f of %.0f min" % ((said - start) / 60, seconds / 60),
                  {name: values[-1] for name, values in rows.items()}, flush=True)
        for name in (*GROWTH, "job_queue_size"):
            rows[name].append(s.metric(name))
        rows["disk"].append(disk_bytes(data))
        time.sleep(min(1, seconds / 40))
    return {name: values[len(values) // 4:] for name, values in rows.items()}


def judge(rows):
    grown = []
    for name, values in rows.items():
        third = max(1, len(values) // 3)
        first, last = statistics.median(values[:third]), statistics.median(values[-third:])
        print("%-32s %14.0f -> %14.0f" % (name, first, last))
        if name == "disk":
            grown += [name] * (max(values) > DISK_MAX)
        elif name in GROWTH:
            share, forgiven = GROWTH[name]
            grown += [name] * (last > first * (1 + share) + forgiven)
    return grown


def main():
    test_api.ORFEASD = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as data:
        s = Server("--data", data, "--queue", str(QUEUE)).wait_ready()
        warm_up(s)
        load = Load(s)
        for thread in load.threads:
            thread.start()
        try:
            grown = judge(watch(s, data, SECONDS))
        finally:
            load.over.set()
            for thread in load.threads:
                thread.join()
            code = s.stop()
    print(load.counts, "exit status", code)
    if grown:
        print("grew:", ", ".join(grown))
    sys.exit(bool(grown or code or load.counts["wrong"] or not load.counts["full"]))


if __name__ == "__main__":
    main()
