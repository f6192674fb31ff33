"""What it costs us to watch jobs until they have ended: asked each second, or told, in each of the ways.

All runs have the same jobs, paced by orfeasd as 82 s on a GPU and sped up by SCALE, the polls too: each job is polled
about 82 times whatever the scale. orfeasd looks four times a second what there is to tell, whatever the scale: at 6 a
job has about 110 messages, in real time 210. CPU is orfeas' own, all of it, with the uploads.
"""
import json
import os

from . import goals, payload
from .backend import Orfeasd
from .peers import Task
from .program import Failed

JOBS, SCALE, SECONDS = 1000, 6, 82
WITHIN = 3 * SECONDS / SCALE


def run(session, backend, way):
    with session.own_folder() as folder:
        task = Task(backend.url, "", JOBS, 0, folder, picture=os.path.join(folder, "disk.png"))
        with open(task.picture, "wb") as f:
            f.write(payload.disk_png())
        program = session.start_command(session.orfeas.watch_command(task, way, SCALE), task)
        program.wait(WITHIN)
        said = json.loads(session.orfeas.results(task))
        if said["completed"] != JOBS:
            raise Failed(f"{said['completed']} of {JOBS} jobs were completed: {said['errors']}")
        traffic = {key: said["traffic"][key] / JOBS for key in ("requests", "polls", "messages", "connects")}
        return {"name": way, "cpu": program.cpu, "cpu_ms": program.cpu * 1e3 / JOBS, **traffic}


def judged(row, poll):
    row["ratio"] = row["cpu"] / poll["cpu"]
    goal = goals.judge(row["ratio"], goals.WATCH_SHARE.get(row["name"]), below=True)
    return {**row, "goal": goal.plain() if goal else None}


def measure(session):
    rows = []
    path = os.path.join(os.path.dirname(session.orfeas.path), "orfeasd")
    slots = ["--jobs", JOBS, "--queue", JOBS, "--profile", "hunyuan3d", "--time-scale", SCALE, "--load-time", "1ms"]
    with session.own_folder() as folder, session.attempt(f"{JOBS} jobs that are watched"):
        backend = Orfeasd(path, folder, slots)
        try:
            for way in session.sizes.watch_ways:
                with session.attempt(f"{JOBS} jobs that are watched: {way}"):
                    rows.append(run(session, backend, way))
        finally:
            backend.stop()
    if not rows or rows[0]["name"] != "poll":
        rows = []
    return {"jobs": JOBS, "scale": SCALE, "rows": [judged(row, rows[0]) for row in rows]}
