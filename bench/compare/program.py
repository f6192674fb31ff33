"""One child process, on cores of its own and bounded in time, and what it has cost.

CPU is what the kernel says when the process is reaped (wait4): user and system time of all its threads, start-up
included. The peak of its memory is VmHWM, read while it runs: the kernel's ru_maxrss would count what this interpreter
used before the exec.
"""
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import time

SAMPLE_EVERY = 0.05  # seconds between looks at a running process
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
RUNNING = set()

CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith("ORFEAS_") and not name.lower().endswith("_proxy")}


class Failed(Exception):
    """Something could not be measured; says what and why."""


def open_files_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def _prepare(cores):
    """Between fork and exec: the cores, all the descriptors we may have, and an end with ours."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if cores:
        os.sched_setaffinity(0, cores)
    hard = open_files_limit()
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Program:
    """Started at once. wait() or stop() end it; whatever happens, close_all() does."""

    def __init__(self, argv, cores, folder, env=None):
        self.argv = [str(word) for word in argv]
        self.name = os.path.basename(self.argv[0])
        self.out, self.err = os.path.join(folder, "out"), os.path.join(folder, "err")
        self.started = time.monotonic()
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            try:
                self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                                              env={**CLEAN, **(env or {})}, preexec_fn=lambda: _prepare(cores))
            except OSError as error:
                raise Failed(f"{self.name} does not start: {error.strerror}") from None
        self.pid = self.popen.pid
        self.code = self.cpu = None
        self.peak = 0
        RUNNING.add(self)

    def memory(self, field="VmRSS"):
        """Bytes; 0 once it has ended."""
        with contextlib.suppress(OSError):
            with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as f:
                for line in f:
                    if line.startswith(field + ":"):
                        return int(line.split()[1]) * 1024
        return 0

    def running(self):
        """Looks once: takes the peak of its memory, and reaps it when it has ended."""
        if self.code is not None:
            return False
        self.peak = max(self.peak, self.memory("VmHWM"))
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return True
        self.code = self.popen.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        RUNNING.discard(self)
        return False

    def watch(self, seconds):
        """Until it has ended, or so long. True if it still runs."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() >= deadline:
                return True
            time.sleep(SAMPLE_EVERY)
        return False

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            if self.code is None:
                os.kill(self.pid, number)

    def wait(self, within):
        """Its exit code. One that takes longer is ended, and an error."""
        if self.watch(within):
            self.stop(signal.SIGKILL)
            raise Failed(f"{self.name} still ran after {within:.0f} s")
        return self.code

    def stop(self, number=signal.SIGTERM, within=5):
        self.send(signal.SIGCONT)
        self.send(number)
        if self.watch(within):
            self.send(signal.SIGKILL)
            self.watch(within)

    def text(self):
        return _read(self.out)

    def complaint(self):
        """The last thing it said, for a message."""
        lines = (_read(self.err) + "\n" + _read(self.out)).strip().splitlines()
        return lines[-1].strip()[:200] if lines else "it said nothing"


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def close_all():
    for program in list(RUNNING):
        program.stop(signal.SIGKILL)
