"""What all measurements share: the server, the folder, the time that is left, and what could not be measured."""
import contextlib
import itertools
import os
import shutil
import sys
import time

from .payload import Payload
from .nginx import UPLOAD_SIZE, Nginx
from .program import Failed, Program
from . import cores


class Session:
    def __init__(self, folder, orfeas, peers, sizes):
        self.folder, self.orfeas, self.peers, self.sizes = folder, orfeas, peers, sizes
        self.started = time.monotonic()
        self.numbers = itertools.count()
        self.failures = [] # could have been measured and was not
        self.skipped = []  # cannot be measured here, and why
        self.server = Nginx(self.new_folder())
        self.payload = Payload(folder, "upload", UPLOAD_SIZE)
        self.small = Payload(folder, "small", 2_000)

    def new_folder(self):
        path = os.path.join(self.folder, str(next(self.numbers)))
        os.mkdir(path)
        return path

    @contextlib.contextmanager
    def own_folder(self):
        path = self.new_folder()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def start(self, who, task):
        return self.start_command(who.command(task), task, who.environment(task))

    def start_command(self, argv, task, environment=None):
        return Program(argv, cores.CLIENT, task.folder, environment)

    def say(self, text):
        print(f"{time.monotonic() - self.started:5.0f} s  {text}", file=sys.stderr, flush=True)

    def skip(self, what, why):
        """Returns None, in place of a figure."""
        self.say(f"{what}: skipped, {why}")
        self.skipped.append({"what": what, "why": why})

    @contextlib.contextmanager
    def attempt(self, what):
        """What fails in here is noted, and the rest goes on."""
        try:
            if time.monotonic() - self.started > self.sizes.limit:
                raise Failed(f"the {self.sizes.limit} s for all were over")
            self.say(what)
            yield
        except (Failed, ValueError, KeyError, OSError) as error:
            self.say(f"{what}: NOT MEASURED, {error}")
            self.failures.append({"what": what, "why": str(error)})
