"""Many users who upload the same large file at once: does the file lie in memory once, or once a user?"""
import json
import os
import sys

from . import cores, goals, parsers
from .payload import Payload
from .peers import Task
from .program import Failed, Program

SIZE = 26 * 1024 * 1024
UP_WITHIN = 5 # seconds until the sink says where it is
WITHIN = 120  # seconds for all uploads
SINK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sink.py")


class Sink:
    """sink.py as a process beside us."""

    def __init__(self, folder):
        self.program = Program([sys.executable, SINK], cores.SERVER, folder)
        for _ in range(UP_WITHIN * 20):
            if "\n" in self.program.text() or not self.program.watch(0.05):
                break
        if "\n" not in self.program.text():
            raise Failed(f"the sink does not start: {self.program.complaint()}")
        self.url = f"http://127.0.0.1:{int(self.program.text())}"

    def stop(self):
        """What it has seen."""
        self.program.stop()
        return json.loads(self.program.text().splitlines()[-1])


def run(session, payload, users):
    """The peak of our memory, and what the sink has seen of so many uploads."""
    with session.own_folder() as ours, session.own_folder() as theirs:
        sink = Sink(theirs)
        task = Task(sink.url, "/upload", users, 0, ours, picture=payload.picture)
        try:
            program = session.start_command(session.orfeas.jobs_command(task), task)
            program.wait(WITHIN)
        finally:
            seen = sink.stop()
        said = parsers.orfeas(session.orfeas.results(task))
        if said.good != users or seen["bodies"] != users:
            raise Failed(f"{said.good} of {users} uploads succeeded, {seen['bodies']} came")
        return program.peak, seen


def measure(session):
    users = session.sizes.large_uploads
    if not users:
        return session.skip("large uploads at once", "not with --quick")
    with session.attempt(f"{users} uploads of {SIZE >> 20} MiB at once: orfeas"):
        payload = Payload(session.folder, "large", SIZE)
        one, _ = run(session, payload, 1)
        many, seen = run(session, payload, users)
        return {"name": "orfeas", "users": users, "size": SIZE, "at_once": seen["most_at_once"], "peak_rss_one": one,
                "peak_rss": many, "growth": many - one,
                "goal": goals.judge(many - one, goals.LARGE_UPLOADS_GROWTH, below=True).plain()}
    return None
