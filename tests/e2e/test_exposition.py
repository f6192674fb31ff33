"""Whether Prometheus reads the same out of a body as we do: its own metrics, the node exporter's, orfeasd's, and OpenMetrics; of each body what it stores is what promtext_emit writes, and of that, read again, too.
"""
import contextlib
import http.server
import json
import os
import re
import socket
import subprocess
import threading
import unittest
import urllib.parse
import urllib.request

from harness import Case, TIMEOUT, require, wait_until

SCALE = 60
EMIT = os.environ.get("E2E_PROMTEXT_EMIT", "")
PLAIN, OPENMETRICS = "text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0; charset=utf-8"
ADDED = re.compile(r"up|scrape_.*")  # by Prometheus to what it scrapes
LABEL = r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"'

OPENMETRICS_BODY = r"""# TYPE jobs counter
# HELP jobs Jobs, with a \" and a \\ and a \n
jobs_total{state="done",user="a \"b\" \\ c\nd"} 17.5 # {trace_id="KOO5S4vxi0o"} 0.67
jobs_created{state="done"} 1520430000.123
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="0.01"} 0
wait_seconds_bucket{le="1.0"} 8 # {} 0.054
wait_seconds_bucket{le="+Inf"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789
wait_seconds_count 17
wait_seconds_sum 324789.3
# TYPE temperature_celsius gauge
temperature_celsius{place="é"} -1e-05
temperature_celsius{place="none"} NaN
temperature_celsius{place="sun"} +Inf
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.5"} 4773
rpc_seconds_sum 1.7560473e+07
rpc_seconds_count 2693
# TYPE build info
build_info{version="1.2.3"} 1
# TYPE light stateset
light{light="on"} 1
light{light="off"} 0
# TYPE odd unknown
odd 7
# EOF
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def unescaped(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


def normal(labels, value):
    """A sample as something that can be compared; le="1.0" and le="1" are one."""
    labels = {k: str(float(v)) if k in ("le", "quantile") else v for k, v in labels.items() if v}
    return tuple(sorted(labels.items())), repr(float(value))


def samples(text):
    found = set()
    for name, labels, value in re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", text, re.M):
        own = {k: unescaped(v) for k, v in re.findall(LABEL, labels)}
        found.add(normal({"__name__": name, **own}, value))
    return found


class Pages(http.server.ThreadingHTTPServer):
    """Bodies under paths."""

    def __init__(self, pages):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                kind, body = pages[self.path]
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Prometheus(Case):
    def start_prometheus(self, jobs):
        """jobs: (name, port, path)"""
        require("prometheus", "scrapes metrics")
        config = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n" + "".join(
            f"- {{job_name: {name}, metrics_path: {path}, honor_labels: true, honor_timestamps: false, "
            f"static_configs: [{{targets: ['127.0.0.1:{port}'], labels: {{judged: {name}}}}}]}}\n" for name, port, path in jobs)
        port = free_port()
        with open(self.path(f"prometheus-{port}.log"), "wb") as log:
            process = subprocess.Popen(["prometheus", "--config.file", self.write("prometheus.yml", config),
                                        "--storage.tsdb.path", self.path(f"tsdb-{port}"), "--web.listen-address",
                                        f"127.0.0.1:{port}"], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.url = f"http://127.0.0.1:{port}"
        wait_until(lambda: self.ask('{judged!=""}') or None, "Prometheus scrapes")

    def ask(self, query):
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": query}), timeout=10) as r:
                return json.load(r)["data"]["result"]
        except OSError:
            return []

    def stored(self, name):
        """What Prometheus has read of a page."""
        wait_until(lambda: any(float(r["value"][1]) for r in self.ask(f'up{{judged="{name}"}}')), f"{name} is scraped")
        found = set()
        for row in self.ask(f'{{judged="{name}"}}'):
            labels = {k: v for k, v in row["metric"].items() if k not in ("judged", "instance", "job")}
            if not ADDED.fullmatch(labels["__name__"]):
                found.add(normal(labels, row["value"][1]))
        return found

    def emitted(self, kind, body):
        done = subprocess.run([EMIT, kind], input=body, capture_output=True, timeout=TIMEOUT)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return done.stdout

    def node_exporter(self):
        require("prometheus-node-exporter", "has metrics that everybody knows")
        port = free_port()
        process = subprocess.Popen(["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def ask():
            with contextlib.suppress(OSError):
                return self.metrics_of(f"http://127.0.0.1:{port}")
        return wait_until(ask, "the node exporter answers")

    def metrics_of(self, url):
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as r:
            return r.headers["Content-Type"], r.read()

    def test_reads_the_same(self):
        server = self.backend("--jobs", 4, "--profile", "hunyuan3d", "--time-scale", SCALE)
        self.run_orfeas("baseline", "--target", server.url, "--time-scale", SCALE)
        self.start_prometheus([("first", server.port, "/metrics")])
        bodies = {"prometheus": self.metrics_of(self.url), "node": self.node_exporter(),
                  "orfeasd": (PLAIN, server.request("GET", "/metrics")[1]),
                  "openmetrics": (OPENMETRICS, OPENMETRICS_BODY.encode())}
        pages = {}
        for name, (kind, body) in bodies.items():
            pages[f"/{name}"] = kind, body
            pages[f"/{name}_again"] = kind, self.emitted(kind, body)
        with Pages(pages) as served:
            self.start_prometheus([(path[1:], served.server_address[1], path) for path in pages])
            for name in bodies:
                with self.subTest(name):
                    ours = samples(pages[f"/{name}_again"][1].decode())
                    self.assertGreater(len(ours), 15)
                    self.assertEqual(self.stored(name), ours)
                    self.assertEqual(self.stored(f"{name}_again"), ours)
            served.shutdown()
        require("promtool", "judges metrics")
        for name in ("prometheus", "node", "orfeasd"):  # it has something to say of missing help, and of names, but reads all
            done = subprocess.run(["promtool", "check", "metrics"], input=pages[f"/{name}_again"][1], capture_output=True,
                                  timeout=TIMEOUT)
            self.assertNotIn(b"error while linting", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
