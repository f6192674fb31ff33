"""What many users cost in memory, while they do next to nothing: one request every ten seconds each."""
import signal

from . import goals, parsers
from .peers import Task
from .program import Failed

FEW = 100
THINK = 10 # seconds between requests, of peers; our users poll as often
SETTLE = 4 # seconds after the last has come
MOST_OF_THEM = 0.95 # of the connections; fewer are no crowd
START_EVERY = {10_000: 500e-6, 100_000: 100e-6} # seconds from one of our users to the next
PEER_SECONDS = 45 # within these most of a peer's connections have to have had their turn


def our_task(session, users, folder):
    return Task(session.server.url, "/", users, 0, folder, picture=session.small.picture)


def end(program):
    """Twice, as a person would who doesn't want to wait for jobs. The second has to be meant."""
    for _ in range(2):
        program.send(signal.SIGINT)
        program.watch(1)
    if program.watch(20):
        raise Failed("two SIGINT did not end it")


def measure_us(session, users):
    """Bytes resident once all users wait, and have polled."""
    every = START_EVERY.get(users, 500e-6)
    with session.own_folder() as folder:
        task = our_task(session, users, folder)
        command = session.orfeas.crowd_command(task, f"{every * 1e6:.0f}us")
        program = session.start_command(command, task)
        try:
            if not program.watch(users * every + SETTLE + (THINK if users > FEW else 0)):
                raise Failed(f"it ended with {program.code}: {program.complaint()}")
            memory = program.memory()
            end(program)
        finally:
            program.stop(signal.SIGKILL)
        check_crowd(parsers.orfeas(session.orfeas.results(task)), users)
        return memory


def check_crowd(said, users):
    if said.requests != users:
        raise Failed(f"{said.requests} of {users} users have started")


def wait_for_crowd(session, program, users):
    """Until the server has seen most of them."""
    before = session.server.requests()
    for looks in range(1, PEER_SECONDS + 1):
        if not program.watch(1):
            raise Failed(f"it ended with {program.code}: {program.complaint()}")
        asked = session.server.requests() - before - looks
        if asked >= users * MOST_OF_THEM:
            return
    raise Failed(f"only {asked} requests of {users} connections within {PEER_SECONDS} s")


def measure_peer(session, peer, users):
    """The same of one connection a user, with a GET in place of a poll."""
    with session.own_folder() as folder:
        task = Task(session.server.url, "/", users, 2 * PEER_SECONDS, folder, think=THINK)
        program = session.start(peer, task)
        try:
            wait_for_crowd(session, program, users)
            program.watch(SETTLE)
            return program.memory()
        finally:
            program.stop(signal.SIGKILL)


def peer_rows(session, users):
    for peer in session.peers:
        what = f"{users} waiting users: {peer.name}"
        if peer.crowds:
            session.skip(what, peer.crowds)
            continue
        with session.attempt(what):
            memory = measure_peer(session, peer, users)
            yield {"name": peer.name, "users": users, "rss": memory, "per_user": memory / users, "goal": None}


def our_row(session, users, few):
    with session.attempt(f"{users} waiting users: orfeas"):
        memory = measure_us(session, users)
        goal = goals.crowd(users, memory)
        yield {"name": "orfeas", "users": users, "rss": memory, "per_user": (memory - few) / (users - FEW),
               "goal": goal.plain() if goal else None}


def measure(session):
    """Ours a user is the slope from FEW users on; the peers' all of their memory divided by the users."""
    rows = []
    with session.attempt(f"{FEW} waiting users: orfeas"):
        few = measure_us(session, FEW)
        for users in session.sizes.crowds:
            rows += our_row(session, users, few)
    for users in sorted(set(START_EVERY) - set(session.sizes.crowds)):
        session.skip(f"{users} waiting users", "only with --full")
    if session.sizes.crowd_peers:
        rows += peer_rows(session, min(session.sizes.crowds))
    return rows
