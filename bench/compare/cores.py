"""Who runs where: the server on the first core that we may use, clients on the last, this program with the server."""
import os

ALLOWED = sorted(os.sched_getaffinity(0))
SEPARATED = len(ALLOWED) > 1
SERVER = {ALLOWED[0]}
CLIENT = {ALLOWED[-1]}


def keep_to_server():
    os.sched_setaffinity(0, SERVER)


def described():
    if SEPARATED:
        return f"server on core {min(SERVER)}, one client at a time on core {min(CLIENT)}"
    return "one core for server and clients: pairs are not separated"
