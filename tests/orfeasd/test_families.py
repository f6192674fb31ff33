"""The metrics of orfeasd, as those read them who know them best: promtool, a real Prometheus, and a GPU's driver.

usage: test_families.py (see tests/e2e/harness.py for its environment)
"""
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from event_clients import Stream

sys.path.insert(0, os.path.join(os.environ["E2E_SOURCE"], "tests", "e2e"))
from harness import Case, environment, require, small_png, unittest, wait_until  # noqa: E402

FAST = ("--profile", "hunyuan3d", "--time-scale", "60", "--jobs", "3")
GPU = {"gpu_usage_percent", "gpu_memory_allocated_mb", "gpu_memory_cached_mb", "gpu_memory_bytes"}
CARD = {"gpu_temperature_celsius", "gpu_power_watts", "gpu_power_limit_watts", "gpu_energy_joules_total",
        "gpu_clock_hertz", "gpu_info"}
# What whoever looks after an ORFEAS backend watches.
WATCHED = ["http_request_duration_seconds", "http_requests_total", "http_request_errors_total", "gpu_usage_percent",
           "gpu_memory_allocated_mb", "gpu_memory_cached_mb", "model_3d_generations_total",
           "model_generation_duration_seconds", "model_generation_failures_total", "pipeline_stage_duration_seconds",
           "pipeline_stage_errors_total", "websocket_connections_active", "websocket_messages_sent_total",
           "websocket_connection_duration_seconds"]
JSON = {"Content-Type": "application/json"}
FORM = (b'--BB\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n' + small_png() + b"\r\n--BB--\r\n",
        {"Content-Type": "multipart/form-data; boundary=BB"})


def families(text):
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Families(Case):
    def text(self, s):
        return s.request("GET", "/metrics")[1].decode()

    def test_enough(self):
        plain, paced = families(self.text(self.backend())), families(self.text(self.backend(*FAST)))
        self.assertGreaterEqual(len(plain), 48)
        self.assertFalse((GPU | CARD) & set(plain))
        self.assertEqual(set(paced) - set(plain), GPU)

    def test_promtool(self):
        require("promtool", "judges metrics")
        s = self.backend(*FAST, "--fault", "error=50%", "--seed", "1")
        self.run_orfeas("baseline", "--target", s.url, "--time-scale", 60)
        s.request("GET", "/none")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.text(s), capture_output=True, text=True,
                              timeout=30)
        self.assertEqual((done.stdout + done.stderr).splitlines(),
                         ["gpu_memory_allocated_mb metric names should not contain abbreviated units",
                          "gpu_memory_cached_mb metric names should not contain abbreviated units"])

    def test_no_ids(self):
        s = self.backend()
        self.run_orfeas("baseline", "--target", s.url, "--time-scale", 60)
        text = self.text(s)
        self.assertNotRegex(text, r"[0-9a-f]{8}-[0-9a-f]{4}-")
        self.assertIn('endpoint="/api/job-status/<id>"', text)
        self.assertIn('endpoint="/api/download/<id>/<file>"', text)

    def test_buckets_tell_limits_apart(self):
        s = self.backend()
        self.run_orfeas("baseline", "--target", s.url, "--time-scale", 60)
        for name in ("http_request_duration_seconds", "model_generation_duration_seconds", "model_3d_duration_seconds",
                     "job_queue_wait_seconds"):
            bounds = set(re.findall(rf'^{name}_bucket{{.*le="([^"]+)"}}', self.text(s), re.M))
            self.assertLessEqual({"60", "75", "90", "120", "+Inf"}, bounds, name)

    def test_what_moves(self):
        """A picture of a known size, and what the client knows of it."""
        s = self.backend("--jobs", "2", "--queue", "7")
        self.run_orfeas("baseline", "--target", s.url, "--time-scale", 60)
        m = s.metrics()
        for name in ("jobs_submitted_total", "successful_generations_total", "model_3d_generations_total",
                     "model_3d_duration_seconds_count", "model_work_duration_seconds_count", "model_triangles_count",
                     "image_segmentations_total", "quality_score_distribution_count", "image_upload_size_bytes_count",
                     "image_upload_pixels_count", "generated_file_size_bytes_count", "job_queue_wait_seconds_count"):
            self.assertEqual(m.sum(name), 5, name)
        self.assertEqual(m.sum("image_upload_pixels_sum"), 5 * 512 * 512)
        self.assertGreater(m.sum("http_request_size_bytes_sum", endpoint="/api/upload-image"),
                           m.sum("image_upload_size_bytes_sum"))
        self.assertEqual(m.sum("http_response_size_bytes_sum", endpoint="/api/download/<id>/<file>"),
                         m.sum("generated_file_size_bytes_sum"))
        self.assertEqual(m.sum("concurrent_requests"), 1)  # the scrape
        self.assertGreaterEqual(m.sum("http_connections_opened_total"), 1)
        self.assertEqual((m.sum("job_queue_limit"), m.sum("job_slots"), m.sum("app_ready")), (7, 2, 1))
        self.assertEqual(m.sum("model_work_under_way"), 0)
        self.assertEqual(m.sum("memory_usage_bytes", type="used") + m.sum("memory_usage_bytes", type="available"),
                         m.sum("memory_usage_bytes", type="total"))
        s.request("GET", "/api/job-status/none")
        self.assertEqual(s.metrics().sum("errors_total", type="client_error", endpoint="/api/job-status/<id>"), 1)

    def test_rate_limit(self):
        s = self.backend(env=environment(ENABLE_RATE_LIMITING="1", RATE_LIMIT_PER_MINUTE="1"))
        codes = [s.request("POST", "/api/upload-image", b"", {"Content-Type": "text/plain"})[0] for _ in range(3)]
        self.assertEqual(codes[1:], [429, 429])
        self.assertEqual(s.metrics().sum("rate_limit_rejections_total", endpoint="/api/upload-image"), 2)


class Cards(Case):
    """With the driver's library that the tests bring."""

    def start_with(self, *options, **env):
        return self.backend(*options, env=environment(LD_LIBRARY_PATH=os.environ["E2E_NVML_DIR"], **env))

    def test_real(self):
        s = self.start_with()
        m, text = s.metrics(), s.request("GET", "/metrics")[1].decode()
        self.assertEqual((GPU | CARD) & set(families(text)), (GPU | CARD) - {"gpu_memory_cached_mb"})
        for gpu in ("0", "1"):
            own = {"gpu_id": gpu}
            for name, more, value in (
                    ("gpu_usage_percent", {"simulated": "false"}, 40 + int(gpu)),
                    ("gpu_memory_allocated_mb", {"simulated": "false"}, 5 << 10),
                    ("gpu_memory_bytes", {"simulated": "false", "type": "total"}, 24 << 30),
                    ("gpu_memory_bytes", {"simulated": "false", "type": "used"}, 5 << 30),
                    ("gpu_memory_bytes", {"simulated": "false", "type": "free"}, 18 << 30),
                    ("gpu_temperature_celsius", {}, 61), ("gpu_power_watts", {}, 250.5),
                    ("gpu_power_limit_watts", {}, 350), ("gpu_energy_joules_total", {}, 5000000000.12),
                    ("gpu_clock_hertz", {"type": "sm"}, 1695e6), ("gpu_clock_hertz", {"type": "memory"}, 9751e6),
                    ("gpu_info", {"uuid": f"GPU-0000-{gpu}", "driver": "550.01"}, 1)):
                self.assertAlmostEqual(m.sum(name, **own, **more), value, places=1, msg=name)
            self.assertIn(f'name="Fake GPU {gpu}"', text)

    def test_beside_a_simulated_one(self):
        m = self.start_with(*FAST, FAKE_NVML_COUNT="1").metrics()
        self.assertEqual(m.sum("gpu_memory_allocated_mb", simulated="true"), 4927)
        self.assertEqual(m.sum("gpu_memory_allocated_mb", simulated="false"), 5 << 10)

    def test_absent(self):
        """A figure that the card does not give has no sample; a card that is lost has none; no driver, no family."""
        m = self.start_with(FAKE_NVML_FAIL="nvmlDeviceGetPowerUsage/0=3 nvmlDeviceGetClockInfo/1=15").metrics()
        names = {(n, own["gpu_id"]) for n, own, _ in m.samples if n.startswith("gpu_")}
        self.assertNotIn(("gpu_power_watts", "0"), names)
        self.assertIn(("gpu_temperature_celsius", "0"), names)
        self.assertEqual({gpu for _, gpu in names}, {"0"})
        for env in ({"FAKE_NVML_FAIL": "nvmlInit_v2=9"}, {"FAKE_NVML_COUNT": "0"}):
            text = self.start_with(**env).request("GET", "/metrics")[1].decode()
            self.assertFalse((GPU | CARD) & set(families(text)))


class Prometheus(Case):
    def start_prometheus(self, target):
        require("prometheus", "scrapes metrics")
        config = self.write("prometheus.yml", "scrape_configs:\n- job_name: orfeasd\n  scrape_interval: 200ms\n"
                            f"  scrape_timeout: 200ms\n  static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n")
        port = free_port()
        with open(self.path("prometheus.log"), "wb") as log:
            process = subprocess.Popen(["prometheus", "--config.file", config, "--storage.tsdb.path", self.path("tsdb"),
                                        "--web.listen-address", f"127.0.0.1:{port}"], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.url = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, query):
        try:
            with urllib.request.urlopen(self.url + "query?" + urllib.parse.urlencode({"query": query}), timeout=10) as r:
                return json.load(r)["data"]["result"]
        except OSError:
            return []

    def value(self, query):
        result = self.ask(query)
        return float(result[0]["value"][1]) if result else None

    def listen(self, s):
        """All events of one job."""
        job = s.json("POST", "/api/upload-image", *FORM)[1]["job_id"]
        self.assertEqual(s.json("POST", "/api/generate-3d", json.dumps({"job_id": job}), JSON)[0], 200)
        return list(Stream(s.port, f"/api/jobs/{job}/events").events())

    def test_scraped(self):
        s = self.backend("--profile", "hunyuan3d", "--time-scale", "60", "--jobs", "20", "--fault", "error=20%", "--seed", "6")
        self.start_prometheus(s.port)
        wait_until(lambda: self.value('up{job="orfeasd"}') == 1, "Prometheus scrapes")
        self.run_orfeas("peak", "--target", s.url, "--time-scale", 60)
        result = self.result("peak")
        events = self.listen(s)
        now = s.metrics().sum("jobs_submitted_total")
        wait_until(lambda: self.value("jobs_submitted_total") == now, "the end is scraped")
        time.sleep(0.5)  # and what came with it
        for name in WATCHED:
            series = f'{{__name__=~"{name}(_count)?"}}'
            self.assertTrue(self.ask(series), name)
        done, failed = result["successful_requests"], result["failed_requests"]
        self.assertGreater(done, 0)
        self.assertGreater(failed, 0)
        jobs, stages = done + failed, 6
        own = events[-1][0] == "generation_complete"  # the one that was listened to
        done, failed, jobs, downloads = done + own, failed + (not own), jobs + 1, done
        for query, value in (
                ('sum(model_3d_generations_total{status="completed"})', done),
                ('sum(model_3d_generations_total{status="failed"})', failed),
                ("sum(model_generation_duration_seconds_count)", done),
                ("sum(model_generation_failures_total)", failed),
                ("sum(pipeline_stage_duration_seconds_count)", done * stages),
                ("sum(pipeline_stage_errors_total)", failed),
                ('http_requests_total{endpoint="/api/upload-image",status="200"}', jobs),
                ('http_requests_total{endpoint="/api/generate-3d",status="200"}', jobs),
                ('http_requests_total{endpoint="/api/download/<id>/<file>",status="200"}', downloads),
                ('http_request_duration_seconds_count{endpoint="/api/download/<id>/<file>"}', downloads),
                ('max(max_over_time(http_request_errors_total{endpoint="/api/generate-3d"}[1m]))', 0),
                ('http_requests_total{endpoint="/health",status="200"} > bool 0', 1)):
            self.assertEqual(self.value(query), value, query)
        self.assertEqual(self.value("max_over_time(gpu_usage_percent[1m])"),
                         5 * self.value("max_over_time(active_jobs[1m])"))
        self.assertGreater(self.value("max_over_time(active_jobs[1m])"), 0)
        most = self.value("max_over_time(gpu_memory_allocated_mb[1m])")
        self.assertGreater(most, self.value("min_over_time(gpu_memory_allocated_mb[1m])"))
        self.assertGreaterEqual(self.value("gpu_memory_cached_mb"), most)
        self.assertEqual(self.value("min_over_time(up[1m])"), 1)
        self.assertEqual(self.value("sum(websocket_messages_sent_total)"), len(events))
        self.assertEqual(self.value("websocket_connection_duration_seconds_count"), 1)
        self.assertEqual(self.value('max_over_time(websocket_connections_active{client_type="sse"}[1m])'), 1)
        self.assertEqual(self.value("sum(websocket_connections_active)"), 0)


if __name__ == "__main__":
    unittest.main()
