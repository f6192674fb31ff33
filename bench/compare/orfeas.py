"""Our own program: what it knows, how it is asked, what its results say."""
import glob
import os
import re
import subprocess

from . import parsers
from .program import CLEAN, Failed

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GET = os.path.join(SOURCE, "workflows", "get.yaml")
UPLOAD = os.path.join(SOURCE, "bench", "workflows", "upload.yaml")
WAIT = os.path.join(SOURCE, "bench", "workflows", "wait.yaml")
JOB = os.path.join(SOURCE, "bench", "workflows", "job.yaml")
CROWD = os.path.join(SOURCE, "bench", "workflows", "crowd.yaml")


class Orfeas:
    """Asked like a peer: name, command, environment, read."""
    name = "orfeas"
    paces = crowds = ""

    def __init__(self, build):
        self.path = os.path.join(os.path.abspath(build), "orfeas")
        if not os.access(self.path, os.X_OK):
            raise Failed(f"{self.path} is missing; build it first")
        self.help = self._output("run", "--help")
        self.options = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", self.help))
        if "-R" not in self.options:
            self.paces = "this orfeas has no -R yet"

    def _output(self, *words):
        return subprocess.run([self.path, *words], capture_output=True, text=True, env=CLEAN, check=False).stdout

    def version(self):
        return self._output("--version").splitlines()[0].removeprefix("orfeas ")

    def environment(self, task):
        return {}

    def command(self, task):
        """A workflow of one request, closed, or at a rate."""
        what = (["--workflow", UPLOAD, "--image", task.picture, "--set", "load.unique_images=false"] if task.body
                else ["--workflow", GET, "--set", f"vars.path={task.path}"])
        rate = ["-R", task.rate] if task.rate else []
        users = ["-u", task.connections] if task.connections else []
        return [self.path, "run", *what, "--target", task.base, *users, *rate, "-d", f"{task.seconds}s", "--quiet",
                "--results", task.file("results")]

    def crowd_command(self, task, start_every):
        """So many users, one after the other, whose jobs never end."""
        return [self.path, "run", CROWD, "--workflow", WAIT, "--target", task.base, "-u", task.connections,
                "--set", f"load.start_every={start_every}", "--set", "load.unique_images=false",
                "--image", task.picture, "--quiet", "--results", task.file("results")]

    def jobs_command(self, task):
        """As many users as connections, each uploads once, all at the same time."""
        return [self.path, "run", "--workflow", UPLOAD, "--image", task.picture, "--target", task.base,
                "--set", "load.unique_images=false", "-u", task.connections, "-n", task.connections, "--quiet",
                "--results", task.file("results")]

    def whole_jobs_command(self, task):
        """Each user posts a picture and waits for its model, again and again."""
        return [self.path, "run", "--workflow", JOB, "--target", task.base, "--set", "load.unique_images=false",
                "-u", task.connections, "-d", f"{task.seconds}s", "--quiet", "--results", task.file("results")]

    def watch_command(self, task, way, scale):
        """As many jobs as connections, all at once, each watched to its end."""
        workflow = os.path.join(SOURCE, "bench", "workflows", f"watch-{way}.yaml")
        return [self.path, "run", "--workflow", workflow, "--target", task.base, "--time-scale", scale, "--image",
                task.picture, "--set", "load.unique_images=false", "-u", task.connections, "-n", task.connections,
                "--quiet", "--results", task.file("results")]

    def results(self, task):
        found = glob.glob(task.file("results/results_*.json"))
        if len(found) != 1:
            raise Failed("orfeas has written no results")
        with open(found[0], encoding="utf-8") as f:
            return f.read()

    def read(self, task, program):
        return parsers.orfeas(self.results(task))
