"""The server under all measurements: one nginx process on a free loopback port, with nothing but its answers to do.

It counts requests itself (stub_status). An upload is really read before it is answered: the mirror module reads the
body, for a mirror that goes nowhere; a body shorter than the picture gets 400.
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from . import cores
from .program import Failed, Program, open_files_limit

UPLOAD_SIZE = 300_000
DOWNLOAD_SIZE = 100_000
MOST_CONNECTIONS = 19_000

CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections {connections}; use epoll; multi_accept on; }}
http {{
    access_log off; default_type application/octet-stream; sendfile on; tcp_nopush on; reset_timedout_connection on;
    keepalive_requests 1000000000; keepalive_timeout 300s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    map $content_length $short {{ default 1; "~^[0-9]{{7,}}$" 0; "~^[3-9][0-9]{{5}}$" 0; }}
    server {{
        listen 127.0.0.1:{port} backlog=16384;
        root {folder}/files;
        location = / {{ return 200 "ok"; }}
        location = /upload {{
            if ($short) {{ return 400; }}
            client_max_body_size 1m; client_body_buffer_size 1m; client_body_in_single_buffer on;
            mirror /nowhere;
            empty_gif;                # takes no POST: the answer is that of the next line, once the body is read
            error_page 405 =200 /ok;
        }}
        location = /nowhere {{ internal; return 204; }}
        location = /ok {{ internal; return 200 "ok"; }}
        location = /api/upload-image {{ client_max_body_size 1m; return 200 '{{"job_id":"1"}}'; }}
        location = /api/generate-3d {{ return 200 '{{}}'; }}
        location = /api/job-status/1 {{ return 200 '{{"status":"processing"}}'; }}
        location = /requests {{ stub_status; }}
    }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def find():
    path = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not path:
        raise Failed("nginx is missing; run tools/setup bench")
    built = subprocess.run([path, "-V"], capture_output=True, text=True, check=False).stderr
    if "http_stub_status_module" not in built:
        raise Failed("this nginx lacks stub_status, which counts the requests")
    return path, built.split("nginx/", 1)[-1].split()[0]


class Nginx:
    def __init__(self, folder):
        path, self.version = find()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.makedirs(os.path.join(folder, "files"), exist_ok=True)
        with open(os.path.join(folder, "files", "100k.bin"), "wb") as f:
            f.write(os.urandom(DOWNLOAD_SIZE))
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(folder=folder, port=self.port,
                                  connections=min(MOST_CONNECTIONS, open_files_limit() - 100)))
        self.program = Program([path, "-c", config, "-p", folder], cores.SERVER, folder)
        self.wait_until_up()
        self.check_upload()

    def wait_until_up(self):
        deadline = time.monotonic() + 5
        while self.program.running() and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.requests()
                return
            time.sleep(0.02)
        raise Failed(f"nginx does not answer: {self.program.complaint()}")

    def requests(self):
        """How many requests it has seen, this one included."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.url + "/requests", timeout=10) as r:
            return int(r.read().decode().splitlines()[2].split()[2])

    def check_upload(self):
        """An answer before the body is there would make uploads look free."""
        half = b"x" * (UPLOAD_SIZE // 2)
        head = f"POST /upload HTTP/1.1\r\nHost: bench\r\nContent-Length: {UPLOAD_SIZE}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
            for _ in range(2):
                s.sendall(head + half)
                s.settimeout(0.1)
                with contextlib.suppress(TimeoutError):
                    s.recv(1)
                    raise Failed("nginx answers an upload before it has read it")
                s.settimeout(5)
                s.sendall(half)
                if not s.recv(4096).startswith(b"HTTP/1.1 200 "):
                    raise Failed("nginx does not take the upload")

    def freeze(self):
        self.program.send(signal.SIGSTOP)

    def thaw(self):
        self.program.send(signal.SIGCONT)

    def stop(self):
        self.program.stop()
