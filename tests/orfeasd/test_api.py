"""End-to-end tests of orfeasd over HTTP: the built program on a free loopback port.

usage: test_api.py ORFEASD [unittest arguments]
"""
import atexit
import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

ORFEASD = None
PATIENCE = 120  # seconds, after which a test has failed
JSON = {"Content-Type": "application/json"}


def png(side=64, pixel=None):
    """A red disk on a transparent ground."""
    def disk(x, y):
        return b"\xc0\x20\x20\xff" if (x - side / 2) ** 2 + (y - side / 2) ** 2 < (side / 3) ** 2 else b"\0\0\0\0"

    rows = bytearray()
    for y in range(side):
        rows.append(0)
        for x in range(side):
            rows += (pixel or disk)(x, y)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b""))


def flat_png(side=64):
    """Nothing but red."""
    return png(side, lambda x, y: b"\xc0\x20\x20\xff")


def form(image=None, name="image", filename=b"x.png", files=(), **fields):
    parts = []
    for key, data, file in [(name, image, filename)] * (image is not None) + list(files):
        parts.append(b'--BB\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n'
                     b"Content-Type: image/png\r\n\r\n%s\r\n" % (key.encode(), file, data))
    for key, value in fields.items():
        parts.append(b'--BB\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
                     % (key.encode(), str(value).encode()))
    return b"".join(parts) + b"--BB--\r\n", {"Content-Type": "multipart/form-data; boundary=BB"}


class Server:
    def __init__(self, *options, env=None, stderr=None, limit=""):
        """`limit`: arguments of the shell's ulimit."""
        before = ["sh", "-c", f'ulimit {limit} && exec "$@"', "sh"] if limit else []
        self.process = subprocess.Popen([*before, ORFEASD, "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE,
                                        stderr=stderr, text=True, env={**os.environ, **(env or {})})
        atexit.register(self.process.kill)  # of a test that fails: who reads our output waits for its end, too
        line = self.process.stdout.readline()
        self.port = int(re.fullmatch(r"orfeasd listening on http://127\.0\.0\.1:(\d+)\n", line)[1])

    def request(self, method, path, body=None, headers=None, connection=None, **more_headers):
        c = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        c.request(method, path, body, {**(headers or {}), **more_headers})
        r = c.getresponse()
        data = r.read()
        if connection is None:
            c.close()
        is_json = (r.getheader("Content-Type") or "").startswith("application/json") and method != "HEAD"
        return r.status, json.loads(data) if is_json else data, r

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def wait_ready(self):
        while self.request("GET", "/ready")[0] != 200:
            pass
        return self

    def upload(self):
        return self.request("POST", "/api/upload-image", *form(PNG))[1]["job_id"]

    def generate(self, job, headers=None, **params):
        return self.request("POST", "/api/generate-3d", json.dumps({"job_id": job, **params}),
                            {**JSON, **(headers or {})})

    def wait_state(self, job, *states):
        while True:
            status = self.request("GET", "/api/job-status/" + job)[1]
            if status["status"] in states:
                return status

    def metric(self, line):
        text = self.request("GET", "/metrics")[1].decode()
        found = re.search("^" + re.escape(line) + r" (\S+)$", text, re.M)
        return float(found[1]) if found else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


PNG = png()


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = tempfile.TemporaryDirectory()
        cls.s = Server("--data", cls.data.name).wait_ready()

    @classmethod
    def tearDownClass(cls):
        assert cls.s.stop() == 0
        cls.data.cleanup()

    def test_health(self):
        status, body, r = self.s.request("GET", "/health")
        self.assertEqual(status, 200)
        self.assertEqual((body["status"], body["service"]), ("healthy", "orfeas-backend"))
        self.assertEqual(r.getheader("Access-Control-Allow-Origin"), "*")
        self.assertEqual(r.getheader("X-Content-Type-Options"), "nosniff")
        details = self.s.request("GET", "/api/health")[1]
        self.assertEqual(details["models_status"], "ready")
        names = ("allocated", "reserved", "total", "free")
        self.assertEqual(details["gpu_info"], {**{n: 0 for n in names}, **{n + "_mb": 0 for n in names}, "simulated": False})
        self.assertEqual(self.s.request("GET", "/ready")[1],
                         {"status": "ready", "checks": {"application": True, "models": True, "gpu": False}})

    def test_methods(self):
        status, _, r = self.s.request("GET", "/api/generate-3d")
        self.assertEqual((status, r.getheader("Allow")), (405, "POST, OPTIONS"))
        status, _, r = self.s.request("DELETE", "/health")
        self.assertEqual((status, r.getheader("Allow")), (405, "GET, HEAD, OPTIONS"))
        self.assertEqual(self.s.request("OPTIONS", "/api/upload-image")[0], 204)
        status, body, r = self.s.request("HEAD", "/health")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(r.getheader("Content-Length")), 10)
        for path in ("/", "/nothing", "/api/job-status/", "/api/job-status/a/b", "/health/"):
            self.assertEqual(self.s.request("GET", path)[0], 404, path)

    def test_whole_way(self):
        job = self.s.upload()
        self.assertEqual(self.s.request("GET", "/api/job-status/" + job)[1]["status"], "uploaded")
        for number, (name, mime) in enumerate((("stl", "model/stl"), ("glb", "model/gltf-binary"))):
            job = self.s.upload()
            status, body, _ = self.s.generate(job, format=name, quality=3)
            self.assertEqual((status, body["status"]), (200, "generating_3d"))
            self.assertEqual(body["dimensions"], {"width": 100, "height": 100, "depth": 20})
            done = self.s.wait_state(job, "completed", "failed")
            self.assertEqual((done["status"], done["progress"], done["job_id"]), ("completed", 100, job))
            self.assertLessEqual(done["created_at"], done["started_at"])
            self.assertLessEqual(done["started_at"], done["finished_at"])
            self.assertEqual([s["name"] for s in done["stages"]],
                             ["image_loading", "image_preprocessing", "shape_generation", "texture_synthesis",
                              "mesh_export"])
            status, model, r = self.s.request("GET", done["download_url"])
            self.assertEqual((status, r.getheader("Content-Type")), (200, mime))
            self.assertIn("attachment", r.getheader("Content-Disposition"))
            self.assertEqual(len(model), done["model"]["bytes"])
            if number == 0:
                self.assertEqual(len(model), 84 + 50 * done["model"]["triangles"])
            self.assertEqual(self.s.request("GET", f"/api/download/{job}/model.ply")[0], 404)
            self.assertEqual(self.s.request("GET", f"/api/download/{job}/input")[0], 404)

    def test_another_format(self):
        job = self.s.upload()
        before = self.s.metric("job_files_bytes"), self.s.metric("jobs_kept")
        for name in ("stl", "glb", "glb", "stl"):
            done = self.s.generate(job, {"Prefer": "wait=20"}, format=name, quality=2)[1]
            self.assertEqual((done["status"], done["format"]), ("completed", name))
            self.assertEqual(done["download_url"], f"/api/download/{job}/model.{name}")
            self.assertLessEqual(done["created_at"], done["queued_at"])
            self.assertLessEqual(done["queued_at"], done["started_at"])
            self.assertLessEqual(done["started_at"], done["finished_at"])
            self.assertEqual(sorted(os.listdir(os.path.join(self.data.name, job))), ["input", "model." + name, "record"])
            self.assertEqual(len(self.s.request("GET", done["download_url"])[1]), done["model"]["bytes"])
            other = f"/api/download/{job}/model." + {"stl": "glb", "glb": "stl"}[name]
            self.assertEqual(self.s.request("GET", other)[0], 404)
            self.assertEqual((self.s.metric("job_files_bytes"), self.s.metric("jobs_kept")),
                             (before[0] + done["model"]["bytes"], before[1]))

    def test_again_after_a_failure(self):
        job = self.s.upload()
        path = os.path.join(self.data.name, job, "input")
        os.rename(path, path + "-away")
        status, failed, _ = self.s.generate(job, {"Prefer": "wait=20"})
        self.assertEqual((status, failed["status"], failed["error_kind"]), (500, "failed", "input_unreadable"))
        os.rename(path + "-away", path)
        status, done, _ = self.s.generate(job, {"Prefer": "wait=20"})
        self.assertEqual((status, done["status"]), (200, "completed"))
        self.assertFalse({"error", "error_kind"} & set(done))

    def test_preview(self):
        body = self.s.request("POST", "/api/upload-image", *form(PNG))[1]
        status, data, r = self.s.request("GET", body["preview_url"])
        self.assertEqual((status, data, r.getheader("Content-Type")), (200, PNG, "image/png"))
        self.assertEqual(body["image_info"], {"size": [64, 64], "format": "png", "mode": "RGBA",
                                              "has_transparency": True, "file_size": len(PNG)})
        self.assertEqual(self.s.request("GET", body["preview_url"].replace(".png", ".webp"))[0], 404)
        self.assertEqual(self.s.request("GET", body["preview_url"][:-4])[0], 404)

    def test_bad_uploads(self):
        rows = [
            (form(b"no picture at all"), 400),
            (form(PNG[:20]), 400),
            (form(b""), 400),
            (form(PNG, name="picture"), 400),
            ((form(PNG)[0][:-8], form(PNG)[1]), 400),
            ((b"", form()[1]), 400),
            ((b"x" * 1000, form()[1]), 400),
            ((PNG, {"Content-Type": "image/png"}), 415),
            ((PNG, {}), 415),
            ((form(PNG)[0], {"Content-Type": "multipart/form-data"}), 415),
        ]
        before = os.listdir(self.data.name)
        c = http.client.HTTPConnection("127.0.0.1", self.s.port, timeout=30)
        for (body, headers), expected in rows:  # on one connection: a refusal does not end it
            status, answer, _ = self.s.request("POST", "/api/upload-image", body, headers, c)
            self.assertEqual(status, expected, answer)
            self.assertTrue(answer["error"])
        c.close()
        self.assertEqual(os.listdir(self.data.name), before)

    def test_foreign_parts(self):
        big = bytes(3 << 20)
        for path in ("/api/upload-image", "/api/generate-3d"):
            for body, headers in (form(big, name="file"), form(file="x" * 100000), form(**{"n" * 200: 1})):
                status, answer, _ = self.s.request("POST", path, body, headers)
                self.assertEqual((status, answer), (400, {"error": "No image file provided"}))
            for fields in ({"files": [("mask", PNG, b"m.png")]}, {"files": [("mask", big, b"")]},
                           {"note": "x" * 100000, "quality": 1}, {"n" * 200: 1}):
                status, answer, _ = self.s.request("POST", path, *form(PNG, **fields))
                self.assertEqual(status, 200, answer)
            status, answer, _ = self.s.request("POST", path, *form(PNG, quality="7" * 1000))
            self.assertEqual(status, 400, answer)

    def test_no_file_chosen(self):
        unnamed = b'--BB\r\nContent-Disposition: form-data; name="image"\r\n\r\n%s\r\n--BB--\r\n'
        headers = form()[1]
        for path in ("/api/upload-image", "/api/generate-3d"):
            for body, expected in ((form(b"", filename=b"")[0], "No file selected"),
                                   (form(PNG, filename=b"")[0], "No file selected"),
                                   (unnamed % b"", "No file selected"),
                                   (form(b"")[0], "The image is empty")):
                status, answer, _ = self.s.request("POST", path, body, headers)
                self.assertEqual((status, answer), (400, {"error": expected}))
        status, answer, _ = self.s.request("POST", "/api/upload-image", unnamed % PNG, headers)
        self.assertEqual((status, "original_filename" in answer), (200, False))

    def test_original_filename(self):
        for sent, shown in ((b"cat.png", "cat.png"), ("Кот/é.png".encode(), "Кот/é.png"),
                            (b"a\xff\x01.png", "a\ufffd\ufffd.png"), (b"x" * 1000, "x" * 255)):
            status, answer, _ = self.s.request("POST", "/api/upload-image", *form(PNG, filename=sent))
            self.assertEqual((status, answer["original_filename"]), (200, shown))
            self.assertEqual(answer["filename"], answer["job_id"] + ".png")
            self.assertNotIn("original_filename", self.s.request("GET", "/api/job-status/" + answer["job_id"])[1])

    def test_parameters(self):
        job = self.s.upload()
        status, body, _ = self.s.generate(job, format="fbx", quality=11, dimensions={"width": 0, "height": 5})
        self.assertEqual((status, body["error"]), (400, "Invalid request parameters"))
        self.assertEqual([d["loc"] for d in body["details"]],
                         [["format"], ["quality"], ["dimensions", "width"], ["dimensions", "depth"]])
        for text in ("", "{", "[]", "7", '{"job_id": 7}', '{"job_id": "%s"}' % job.upper(), '{"job_id": "../../etc"}',
                     '{"job_id":"%s","quality":"7"}' % job, '{"job_id":"%s","quality":1e400}' % job):
            status, body, _ = self.s.request("POST", "/api/generate-3d", text, JSON)
            self.assertEqual((status, bool(body["details"])), (400, True), text)
        self.assertEqual(self.s.generate("00000000-0000-4000-8000-000000000000")[0], 404)
        self.assertEqual(self.s.request("POST", "/api/generate-3d", "x", {"Content-Type": "text/plain"})[0], 415)
        self.assertEqual(self.s.generate(job)[0], 200)

    def test_held(self):
        status, body, _ = self.s.request("POST", "/api/generate-3d", *form(PNG, format="obj", quality=2))
        self.assertEqual((status, body["status"], body["format"], body["quality"]), (200, "completed", "obj", 2))
        self.assertTrue(self.s.request("GET", body["download_url"])[1].count(b"\nf ") == body["model"]["triangles"])
        status, body, _ = self.s.request("POST", "/api/generate-3d", *form(PNG, quality=99))
        self.assertEqual((status, body["details"][0]["loc"]), (400, ["quality"]))

    def test_prefer(self):
        body, headers = form(PNG)
        status, answer, r = self.s.request("POST", "/api/generate-3d", body, {**headers, "Prefer": "respond-async"})
        self.assertEqual((status, r.getheader("Preference-Applied")), (202, "respond-async"))
        self.assertEqual(r.getheader("Location"), answer["status_url"])
        self.s.wait_state(answer["job_id"], "completed")
        for lines, status, applied in ((["wait=20"], 200, "wait=20"), (["respond-async"], 202, "respond-async"),
                                       (["wait=0"], 202, "wait=0"), (["respond-async", "wait=20"], 200, "wait=20"),
                                       (["x", "wait=0", "wait=9"], 202, "wait=0"),
                                       (["respond-async, wait=0"], 202, "respond-async, wait=0"), (["x=y"], 200, None)):
            c = http.client.HTTPConnection("127.0.0.1", self.s.port, timeout=30)
            body = json.dumps({"job_id": self.s.upload()}).encode()
            c.putrequest("POST", "/api/generate-3d")
            for key, value in [*JSON.items(), ("Content-Length", len(body)), *(("Prefer", line) for line in lines)]:
                c.putheader(key, value)
            c.endheaders(body)
            r = c.getresponse()
            self.assertEqual((r.status, r.getheader("Preference-Applied")), (status, applied), lines)
            expected = {200: ("completed", "generating_3d"), 202: ("processing", "queued")}[status]
            self.assertIn(json.loads(r.read())["status"], expected)
            c.close()

    def test_failed_job(self):
        count = 'model_3d_generations_total{format="stl",quality="7",status="failed"}'
        before = self.s.metric(count) or 0
        broken = bytearray(png(48))
        broken[60:80] = bytes(20)  # the header is fine, the pixels are not
        status, body, _ = self.s.request("POST", "/api/generate-3d", *form(bytes(broken)))
        self.assertEqual((status, body["status"], body["error_kind"]), (422, "failed", "bad_image"))
        self.assertEqual(body["error"], body["message"])
        status, body, r = self.s.request("POST", "/api/generate-3d", *form(bytes(broken)), Prefer="wait=20")
        self.assertEqual((status, body["error_kind"], r.getheader("Preference-Applied")), (422, "bad_image", "wait=20"))
        job = self.s.request("POST", "/api/upload-image", *form(bytes(broken)))[1]["job_id"]
        status, body, _ = self.s.generate(job, {"Prefer": "wait=20"})
        self.assertEqual((status, body["error_kind"]), (422, "bad_image"))
        status, body, _ = self.s.request("POST", "/api/generate-3d", *form(flat_png()))
        self.assertEqual((status, body["error_kind"]), (422, "no_foreground"))
        job = self.s.upload()
        os.unlink(os.path.join(self.data.name, job, "input"))  # not the picture's fault
        status, body, _ = self.s.generate(job, {"Prefer": "wait=20"})
        self.assertEqual((status, body["error_kind"]), (500, "input_unreadable"))
        self.assertEqual(self.s.metric(count), before + 5)
        self.assertEqual(self.s.metric('model_generation_failures_total{reason="bad_image"}'), 3)

    def test_framing(self):
        head = b"POST /api/generate-3d HTTP/1.1\r\nHost: x\r\n"
        for rest, expected in ((b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
                               (b"Content-Length: -4\r\n\r\n", b"400"),
                               (b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                                b"400"),
                               (b"Content-Length : 9\r\n\r\nGET / HT", b"400"), (b"Host: y\r\nContent-Length: 0\r\n\r\n", b"400"),
                               (b"X: a\rb\r\nContent-Length: 0\r\n\r\n", b"400"),
                               (b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", b"400"),
                               (b"Transfer-Encoding: identity\r\n\r\n", b"501"),
                               (b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501")):
            with self.subTest(rest), self.s.socket() as c:
                c.sendall(head + rest)
                self.assertEqual(c.recv(4096).split()[1], expected)
        with self.s.socket() as c:  # two requests at once: both are answered, in order
            c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := c.recv(4096):
                answer += piece
            self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"200", b"404"])

    def test_two_lengths(self):
        hidden = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
        for first, second in ((0, len(hidden)), (len(hidden), 0)):
            with self.s.socket() as c:
                c.sendall(b"POST /api/generate-3d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n%s"
                          % (first, second, hidden))
                answer = b""
                while piece := c.recv(4096):  # it ends: the connection is closed
                    answer += piece
                self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"400"])
        with self.s.socket() as c:
            c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}")
            self.assertEqual(c.recv(4096).split()[1], b"200")

    def test_large_bodies(self):
        text = {"error": "Request body too large (max 64KB)"}
        body = json.dumps({"job_id": self.s.upload(), "note": "x" * 60000})
        self.assertEqual(self.s.request("POST", "/api/generate-3d", body, JSON)[0], 200)
        for size in (70 << 10, 5 << 20):
            body = json.dumps({"job_id": self.s.upload(), "note": "x" * size})
            self.assertEqual(self.s.request("POST", "/api/generate-3d", body, JSON)[:2], (413, text))
            pieces = (body[i:i + 10000].encode() for i in range(0, len(body), 10000))  # chunked: no length is declared
            self.assertEqual(self.s.request("POST", "/api/generate-3d", pieces, JSON)[:2], (413, text))
            self.assertEqual(self.s.request("GET", "/health", body)[:2], (413, text))
            self.assertEqual(self.s.request("POST", "/health", body)[0], 405)
            self.assertEqual(self.s.request("GET", "/nothing", body)[0], 404)
        self.assertEqual(self.s.request("GET", "/health", "x" * 60000)[0], 200)

    def test_nul_in_the_path(self):
        uploaded = self.s.request("POST", "/api/upload-image", *form(PNG))[1]
        done = self.s.generate(uploaded["job_id"], {"Prefer": "wait=20"})[1]
        paths = "/health", "/api/job-status/" + done["job_id"], done["download_url"], uploaded["preview_url"]
        for path in paths:
            self.assertEqual(self.s.request("GET", path)[0], 200)
            self.assertEqual(self.s.request("GET", path + "?a=%00")[0], 200)
            for bad in (path + "%00", path + "%00.png", path + "%2500", path[:-3] + "%00" + path[-3:]):
                self.assertEqual(self.s.request("GET", bad)[0], 404, bad)

    def test_expect_too_large(self):
        with self.s.socket() as c:
            c.sendall(b"POST /api/upload-image HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=B\r\n"
                      b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
            self.assertEqual(c.recv(4096).split()[1], b"413")

    def test_metrics(self):
        before = self.s.metric("job_queue_wait_seconds_count")
        self.s.request("POST", "/api/generate-3d", *form(PNG))
        self.assertEqual(self.s.metric("job_queue_wait_seconds_count"), before + 1)
        text = self.s.request("GET", "/metrics")[1].decode()
        for name in ("http_requests_total", "pipeline_stage_duration_seconds", "active_jobs", "job_slots",
                     "process_resident_memory_bytes", "app_info"):
            self.assertIn(f"# TYPE {name} ", text)
        self.assertNotIn("gpu_", text)


class Limits(unittest.TestCase):
    def test_upload_limit(self):
        s = Server(env={"MAX_UPLOAD_MB": "1"}).wait_ready()
        for size in (2 << 20, 1 << 20):  # beyond the declared length, beyond the part's
            status, body, _ = s.request("POST", "/api/upload-image", *form(PNG + bytes(size)))
            self.assertEqual((status, body["error"]), (413, "File too large (max 1MB)"))
        self.assertEqual(s.stop(), 0)

    def test_queue_and_slots(self):
        s = Server("--jobs", "1", "--queue", "1", "--profile", "hunyuan3d", "--time-scale", "100").wait_ready()
        first, second, third = s.upload(), s.upload(), s.upload()
        self.assertEqual(s.generate(first)[0], 200)
        self.assertEqual(s.generate(second)[0], 200)
        status, body, r = s.generate(third)
        self.assertEqual((status, r.getheader("Retry-After")), (429, str(body["retry_after"])))
        status = s.request("GET", "/api/job-status/" + second)[1]
        self.assertEqual((status["status"], status["queue_position"]), ("queued", 1))
        self.assertEqual((s.metric("active_jobs"), s.metric("job_queue_size")), (1, 1))
        self.assertEqual(s.generate(second)[0], 409)
        one, two = (s.wait_state(j, "completed") for j in (first, second))
        self.assertLessEqual(one["finished_at"], two["started_at"])
        self.assertEqual([x["name"] for x in one["stages"]],
                         ["image_loading", "image_preprocessing", "shape_diffusion", "volume_decoding",
                          "surface_extraction", "mesh_export"])
        self.assertGreater(sum(x["seconds"] for x in one["stages"]), 0.7)
        self.assertEqual(s.stop(), 0)

    def test_again_shows_no_half_state(self):
        s = Server("--jobs", "1", "--queue", "1", "--profile", "hunyuan3d", "--time-scale", "60").wait_ready()
        first, second, third = s.upload(), s.upload(), s.upload()
        done = s.generate(first, {"Prefer": "wait=20"})[1]
        kept = s.metric("job_files_bytes")
        s.generate(second)
        s.generate(third)
        self.assertEqual(s.generate(first, format="obj")[0], 429)  # refused: nothing has changed
        self.assertEqual(s.request("GET", "/api/job-status/" + first)[1], done)
        self.assertEqual(s.request("GET", done["download_url"])[0], 200)
        s.wait_state(second, "completed")
        self.assertEqual(s.generate(first, format="obj")[0], 200)
        queued = s.request("GET", "/api/job-status/" + first)[1]
        self.assertEqual((queued["status"], queued["progress"], queued["queue_position"], queued["format"]),
                         ("queued", 0, 1, "obj"))
        self.assertEqual(set(queued), {"job_id", "status", "progress", "step", "message", "created_at", "queued_at",
                                       "queue_position", "eta_seconds", "format", "quality"})
        for name in ("stl", "obj"):
            self.assertEqual(s.request("GET", f"/api/download/{first}/model.{name}")[0], 404)
        status, body, _ = s.generate(first)
        self.assertEqual((status, body["error"]), (409, "Generation already in progress"))
        running = s.wait_state(first, "processing")
        self.assertFalse({"finished_at", "download_url", "model", "output_file"} & set(running))
        self.assertEqual(s.generate(first)[0], 409)
        again = s.wait_state(first, "completed")
        self.assertEqual((again["output_file"], again["created_at"]), ("model.obj", done["created_at"]))
        self.assertGreater(again["started_at"], done["finished_at"])
        self.assertEqual(s.metric('model_3d_generations_total{format="stl",quality="7",status="completed"}'), 3)
        self.assertEqual(s.metric('model_3d_generations_total{format="obj",quality="7",status="completed"}'), 1)
        self.assertGreater(s.metric("job_files_bytes"), kept)
        self.assertEqual(s.stop(), 0)

    def test_profile_gpu(self):
        s = Server("--jobs", "4", "--profile", "hunyuan3d", "--time-scale", "20").wait_ready()
        gpu = '{gpu_id="0",simulated="true"}'
        self.assertEqual(s.metric("gpu_memory_allocated_mb" + gpu), 4927)
        info = s.request("GET", "/api/health")[1]["gpu_info"]
        for name, megabytes in (("allocated", 4927), ("reserved", 4927), ("total", 24576), ("free", 24576 - 4927)):
            self.assertEqual((info[name], info[name + "_mb"]), (megabytes << 20, megabytes))
        self.assertEqual(s.request("GET", "/ready")[1]["checks"],
                         {"application": True, "models": True, "gpu": True, "gpu_name": "NVIDIA GeForce RTX 3090",
                          "gpu_memory_total": "25.77 GB", "simulated": True})
        job = s.upload()
        s.generate(job)
        self.assertAlmostEqual(s.metric("gpu_memory_allocated_mb" + gpu), 4927 + (0.8 * 24576 - 4927) / 4, places=3)
        self.assertEqual(s.metric("gpu_usage_percent" + gpu), 25)
        self.assertEqual(s.stop(), 0)

    @unittest.skipIf(os.environ.get("E2E_SANITIZE") == "thread", "the real work takes longer than the profile's")
    def test_same_seed_same_times(self):
        def stages(seed):
            s = Server("--profile", "hunyuan3d", "--time-scale", "40", "--seed", seed).wait_ready()
            job = s.upload()
            s.generate(job)
            done = s.wait_state(job, "completed")
            s.stop()
            return [sum(x["seconds"] for x in done["stages"][:end]) for end in (3, 4, 5)]  # deadlines, from the start

        seven, again, eight = stages("7"), stages("7"), stages("8")
        for i in range(3):
            self.assertAlmostEqual(seven[i], again[i], places=5)
            self.assertNotAlmostEqual(seven[i], eight[i], places=5)

    def test_loading(self):
        s = Server("--load-time", "1h")
        status, body, _ = s.request("GET", "/ready")
        self.assertEqual((status, body["status"]), (503, "not_ready"))
        job = s.upload()
        status, body, r = s.generate(job)
        self.assertEqual((status, body["status"], body["retry_after"]), (503, "models_loading", 5))
        self.assertEqual(r.getheader("Retry-After"), "5")
        self.assertEqual(s.request("POST", "/api/generate-3d", *form(PNG))[0], 503)
        self.assertEqual(s.stop(), 0)

    def test_rate_limit(self):
        s = Server(env={"ENABLE_RATE_LIMITING": "true", "RATE_LIMIT_PER_MINUTE": "2"}).wait_ready()
        statuses = [s.request("POST", "/api/upload-image", *form(PNG))[0] for _ in range(4)]
        self.assertEqual(statuses, [200, 200, 429, 429])
        self.assertEqual(s.request("GET", "/health")[0], 200)
        self.assertEqual(s.stop(), 0)


class Clients(unittest.TestCase):
    def test_many_held(self):
        s = Server("--jobs", "8", "--queue", "200", "--profile", "hunyuan3d", "--time-scale", "400").wait_ready()
        body, headers = form(PNG)
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(lambda _: s.request("POST", "/api/generate-3d", body, headers), range(100)))
        self.assertEqual({(status, a["status"]) for status, a, _ in answers}, {(200, "completed")})
        self.assertEqual(len({a["job_id"] for _, a, _ in answers}), 100)
        self.assertEqual(s.metric("http_requests_held"), 0)
        self.assertEqual(s.metric('http_requests_total{method="POST",endpoint="/api/generate-3d",status="200"}'), 100)
        self.assertEqual(s.stop(), 0)

    def test_vanishing_clients(self):
        s = Server("--jobs", "100", "--profile", "hunyuan3d").wait_ready()
        body, headers = form(PNG)
        head = (f"POST /api/generate-3d HTTP/1.1\r\nHost: x\r\nContent-Type: {headers['Content-Type']}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        sockets = [s.socket() for _ in range(100)]
        for c in sockets:
            c.sendall(head + body)
        while s.metric("http_requests_held") != 100:
            pass
        for c in sockets:
            c.close()
        while s.metric("http_requests_held") != 0:
            pass
        while s.metric("http_connections_active") != 1:
            pass
        self.assertEqual(s.metric('http_requests_total{method="POST",endpoint="/api/generate-3d",status="499"}'), 100)
        self.assertEqual(s.metric("active_jobs"), 100)
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(s.stop(), 0)  # the second signal: not the 82 s, and not the time to drain either

    def test_wait_is_over(self):
        s = Server("--profile", "hunyuan3d").wait_ready()
        status, body, r = s.generate(s.upload(), {"Prefer": "wait=1"})
        self.assertEqual((status, body["status"]), (202, "processing"))
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(s.stop(), 0)

    def test_half_a_body(self):
        data = tempfile.TemporaryDirectory()
        s = Server("--data", data.name).wait_ready()
        with s.socket() as c:
            c.sendall(b"POST /api/upload-image HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=BB\r\n"
                      b"Content-Length: 100000\r\n\r\n" + form(PNG)[0][:300])
            while not os.listdir(data.name):
                pass
            self.assertEqual(len(os.listdir(data.name)), 1)
        while s.metric("http_connections_active") != 1:
            pass
        self.assertEqual(os.listdir(data.name), [])
        self.assertEqual(s.stop(), 0)
        data.cleanup()

    def test_slow_header(self):
        s = Server().wait_ready()
        with s.socket() as c:
            c.sendall(b"GET /health HT")
            self.assertEqual(c.recv(100), b"")  # the server ends it, after 10 s
        self.assertEqual(s.stop(), 0)


class Command(unittest.TestCase):
    def run_it(self, *arguments, **env):
        return subprocess.run([ORFEASD, *arguments], capture_output=True, text=True, env={**os.environ, **env},
                              timeout=30)

    def test_refusals(self):
        for arguments, env, expected in (
                (("--nonsense",), {}, "unknown option --nonsense"),
                (("extra",), {}, "unknown argument extra"),
                (("--jobs",), {}, "--jobs needs a value"),
                (("--jobs", "0"), {}, "--jobs 0"),
                (("--listen", "0.0.0.0:0"), {}, "no loopback address"),
                (("--listen", "127.0.0.1"), {}, "ADDRESS:PORT"),
                (("--time-scale", "nan"), {}, "--time-scale nan"),
                (("--load-time", "5"), {}, "--load-time 5"),
                (("--profile", "none-such"), {}, "no profile"),
                (("--listen", "127.0.0.1:0", "--data", "/dev/null/x"), {}, "/dev/null/x"),
                ((), {"ORFEAS_HOST": "0.0.0.0"}, "no loopback address"),
                ((), {"MAX_UPLOAD_MB": "x"}, "MAX_UPLOAD_MB=x")):
            r = self.run_it(*arguments, **env)
            self.assertEqual((r.returncode, r.stdout), (2, ""), arguments)
            self.assertIn(expected, r.stderr)

    def test_help_and_version(self):
        r = self.run_it("--help")
        self.assertEqual(r.returncode, 0)
        self.assertIn("--time-scale", r.stdout)
        self.assertRegex(self.run_it("--version").stdout, r"^orfeasd \d")

    def test_own_data_is_removed(self):
        with tempfile.TemporaryDirectory() as temporary:
            s = Server(env={"TMPDIR": temporary}).wait_ready()
            s.request("POST", "/api/generate-3d", *form(PNG))
            self.assertEqual(len(os.listdir(temporary)), 1)
            self.assertEqual(s.stop(), 0)
            self.assertEqual(os.listdir(temporary), [])

    def test_given_data_is_kept(self):
        with tempfile.TemporaryDirectory() as data:
            s = Server("--data", data).wait_ready()
            body = s.request("POST", "/api/generate-3d", *form(PNG))[1]
            self.assertEqual(s.stop(), 0)
            self.assertEqual(sorted(os.listdir(os.path.join(data, body["job_id"]))), ["input", "model.stl", "record"])

    def test_what_else_lies_there(self):
        def make(*path, content="x"):
            path = os.path.join(data, *path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(content)

        def left():
            return sorted(os.path.relpath(os.path.join(at, name), data) for at, folders, files in os.walk(data)
                          for name in files + [f for f in folders if os.path.islink(os.path.join(at, f))])

        ids = [f"0000000{i}-0000-4000-8000-000000000000" for i in range(8)]
        with tempfile.TemporaryDirectory() as temporary:
            data, elsewhere = os.path.join(temporary, "data"), os.path.join(temporary, "elsewhere")
            make(ids[0], "input.part")
            os.mkdir(os.path.join(data, ids[1]))
            make(ids[2], "input")            # no picture
            make(ids[2], "notes")            # foreign: stays, and so does its folder
            make(elsewhere, "input")
            os.symlink(elsewhere, os.path.join(data, ids[3]))
            os.mkdir(os.path.join(data, ids[4]))
            os.symlink(os.path.join(elsewhere, "input"), os.path.join(data, ids[4], "input"))
            make(ids[5])
            make("notes", "input")
            make(ids[6].upper().replace("4000", "400A"), "input")
            make("input")
            kept = sorted([f"{ids[2]}/notes", ids[3], f"{ids[4]}/input", ids[5], "notes/input",
                           f"{ids[6].replace('4000', '400A')}/input", "input"])
            for expected in ("orfeasd: removed what was left of 3 jobs of an earlier run\n", ""):
                with tempfile.TemporaryFile("w+") as stderr:
                    s = Server("--data", data, stderr=stderr)
                    self.assertEqual(left(), kept)
                    self.assertEqual(s.request("GET", "/api/jobs")[1]["jobs"], [])
                    r = self.run_it("--listen", "127.0.0.1:0", "--data", data)
                    self.assertEqual((r.returncode, r.stderr.splitlines()[0]),
                                     (2, f"orfeasd: --data {data}: another orfeasd keeps its jobs there"))
                    self.assertEqual(s.stop(), 0)
                    stderr.seek(0)
                    self.assertEqual(stderr.read(), expected)
            self.assertEqual(os.listdir(elsewhere), ["input"])

    def test_drain(self):
        s = Server("--profile", "hunyuan3d", "--time-scale", "60").wait_ready()
        body, headers = form(PNG)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(s.request, "POST", "/api/generate-3d", body, headers)
            while s.metric("http_requests_held") != 1:
                pass
            self.assertEqual(s.stop(), 0)
            self.assertEqual(answer.result()[1]["status"], "completed")

    def test_stopping_answers_the_held(self):
        body, headers = form(PNG)
        for signals in (1, 2):
            s = Server("--jobs", "1", "--profile", "hunyuan3d", "--drain", "3s").wait_ready()
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                answers = [pool.submit(s.request, "POST", "/api/generate-3d", body, headers) for _ in range(3)]
                while s.metric("http_requests_held") != 3:
                    pass
                s.process.send_signal(signal.SIGTERM)
                concurrent.futures.wait(answers, return_when=concurrent.futures.FIRST_COMPLETED)
                if signals == 1:  # those whose job waits are told before the other's time is over
                    while sum(a.done() for a in answers) < 2:
                        pass
                    self.assertIsNone(s.process.poll())
                else:
                    s.process.send_signal(signal.SIGTERM)
                for status, answer, r in (a.result() for a in answers):
                    self.assertEqual((status, answer, r.getheader("Retry-After")),
                                     (503, {"error": "The server is stopping", "status": "stopping", "retry_after": 5},
                                      "5"))
                self.assertEqual(s.process.wait(30), 0)
                s.process.stdout.close()


if __name__ == "__main__":
    ORFEASD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
