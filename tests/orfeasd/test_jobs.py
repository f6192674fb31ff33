"""Jobs that are managed: cancelled, listed, made in batches, kept for a time, found again after a restart.

usage: test_jobs.py ORFEASD [unittest arguments]
"""
import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import struct
import sys
import tempfile
import time
import unittest

import test_api
from test_api import JSON, PNG, form, png

PATIENCE = 60  # seconds, after which a test has failed
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SLOW = ("--profile", "hunyuan3d")  # 82 s a job


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {what}")


def whole_stl(data):
    return len(data) > 84 and len(data) == 84 + 50 * struct.unpack_from("<I", data, 80)[0]


class Case(unittest.TestCase):
    def server(self, *options, **more):
        s = test_api.Server(*options, **more)
        self.addCleanup(s.process.stdout.close)
        self.addCleanup(s.process.wait)
        self.addCleanup(s.process.kill)
        return s.wait_ready()

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def stop(self, s):
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(s.process.wait(PATIENCE), 0)

    def kill(self, s):
        s.process.kill()
        s.process.wait(PATIENCE)

    def cancel(self, s, job):
        return s.request("DELETE", "/api/jobs/" + job)[:2]

    def status(self, s, job):
        code, body, _ = s.request("GET", "/api/job-status/" + job)
        return body["status"] if code == 200 else code

    def submit(self, s, **params):
        job = s.upload()
        self.assertEqual(s.generate(job, **params)[0], 200)
        return job


class Cancel(Case):
    def test_every_state(self):
        data = self.folder()
        s = self.server("--data", data, "--jobs", "1", *SLOW, "--time-scale", "20")
        done, running, queued, behind, uploaded = self.submit(s), self.submit(s), self.submit(s), self.submit(s), s.upload()
        s.wait_state(running, "processing")
        s.wait_state(done, "completed")
        self.assertEqual(s.request("GET", "/api/job-status/" + behind)[1]["queue_position"], 2)
        code, body = self.cancel(s, queued)
        self.assertEqual((code, body["status"], self.status(s, queued)), (200, "cancelled", "cancelled"))
        self.assertEqual(s.request("GET", "/api/job-status/" + behind)[1]["queue_position"], 1)
        code, body = self.cancel(s, running)
        self.assertEqual((code, body["status"], self.status(s, running)), (200, "cancelled", "cancelled"))
        self.assertEqual(self.status(s, behind), "processing")  # the slot was free at once
        stages = s.request("GET", "/api/job-status/" + running)[1]["stages"]
        self.assertEqual(stages[-1]["status"], "cancelled")
        for job in done, uploaded:
            self.assertEqual(self.cancel(s, job)[1]["status"], "deleted")
            self.assertEqual((self.cancel(s, job)[0], self.status(s, job)), (404, 404))
            self.assertFalse(os.path.exists(os.path.join(data, job)))
        for job in queued, running:
            self.assertEqual(self.cancel(s, job)[0], 409)
            self.assertEqual(os.listdir(os.path.join(data, job)), ["record"])
            status, body, _ = s.generate(job)
            self.assertEqual((status, body["error"]), (409, "The job was cancelled"))
            self.assertEqual(s.request("GET", f"/api/preview/{job}.png")[0], 404)
        for job in UNKNOWN, "x", "..":
            self.assertEqual(self.cancel(s, job)[0], 404)
        self.assertEqual(s.metric('model_3d_generations_total{format="stl",quality="7",status="cancelled"}'), 2)
        self.assertEqual((s.metric("active_jobs"), s.metric("job_queue_size")), (1, 0))
        self.kill(s)
        s = self.server("--data", data)
        self.assertEqual([self.status(s, job) for job in (queued, running, behind)], ["cancelled", "cancelled", "failed"])
        self.stop(s)

    def test_failed(self):
        s = self.server()
        job = s.request("POST", "/api/upload-image", *form(test_api.flat_png()))[1]["job_id"]
        self.assertEqual(s.generate(job, {"Prefer": "wait=20"})[0], 422)
        self.assertEqual(self.cancel(s, job)[1]["status"], "deleted")
        self.assertEqual(self.status(s, job), 404)

    def test_held_requests_are_answered(self):
        s = self.server("--jobs", "1", *SLOW)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(s.request, "POST", "/api/generate-3d", *form(PNG)) for _ in range(3)]
            wait_until(lambda: s.metric("http_requests_held") == 3, "all are held")
            jobs = s.request("GET", "/api/jobs")[1]["jobs"]
            for job in jobs:
                self.assertEqual(self.cancel(s, job["job_id"])[0], 200)
            for status, body, _ in (a.result() for a in answers):
                self.assertEqual((status, body["status"]), (409, "cancelled"))
        self.assertEqual((s.metric("active_jobs"), s.metric("job_queue_size"), s.metric("http_requests_held")), (0, 0, 0))

    def test_real_work(self):
        """Nothing paces it: the work itself is stopped, wherever it is."""
        s = self.server("--jobs", "8")
        big = png(700)
        jobs = [s.request("POST", "/api/upload-image", *form(big))[1]["job_id"] for _ in range(12)]
        for job in jobs:
            self.assertEqual(s.generate(job, quality=10, format="glb")[0], 200)
        answers = [self.cancel(s, job) for job in jobs]
        self.assertEqual({code for code, _ in answers}, {200})
        for job, (_, body) in zip(jobs, answers):
            self.assertEqual(self.status(s, job), {"cancelled": "cancelled", "deleted": 404}[body["status"]])
        self.assertIn("cancelled", [body["status"] for _, body in answers])
        self.assertEqual((s.metric("active_jobs"), s.metric("job_files_bytes")), (0, 0))

    def test_hundred_at_once(self):
        s = self.server("--jobs", "20", "--queue", "100", *SLOW, "--data", self.folder())
        jobs = [self.submit(s) for _ in range(100)]
        with concurrent.futures.ThreadPoolExecutor(25) as pool:
            answers = list(pool.map(lambda job: self.cancel(s, job), jobs))
        self.assertEqual({(code, body["status"]) for code, body in answers}, {(200, "cancelled")})
        self.assertEqual((s.metric("active_jobs"), s.metric("job_queue_size"), s.metric("jobs_kept")), (0, 0, 100))
        self.assertEqual({self.status(s, job) for job in jobs}, {"cancelled"})
        self.assertEqual(s.generate(s.upload(), quality=1)[0], 200)
        self.stop_twice(s)

    def stop_twice(self, s):
        s.process.send_signal(signal.SIGTERM)
        wait_until(lambda: s.process.poll() is not None or s.request("GET", "/ready")[0] == 503, "it stops")
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(s.process.wait(PATIENCE), 0)

    def test_while_downloading(self):
        s = self.server("--data", self.folder())
        job = s.request("POST", "/api/upload-image", *form(png(400)))[1]["job_id"]
        done = s.generate(job, {"Prefer": "wait=20"}, quality=10, format="obj")[1]
        with s.socket() as c:
            c.sendall(f"GET {done['download_url']} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            data = c.recv(1000)
            self.assertEqual(self.cancel(s, job)[1]["status"], "deleted")
            while piece := c.recv(1 << 16):
                data += piece
        self.assertEqual(len(data.partition(b"\r\n\r\n")[2]), done["model"]["bytes"])
        self.assertEqual(s.request("GET", done["download_url"])[0], 404)


class Status(Case):
    def test_stages(self):
        s = self.server("--jobs", "1", *SLOW, "--time-scale", "40")
        job, waiting = self.submit(s), self.submit(s)
        names = ["image_loading", "image_preprocessing", "shape_diffusion", "volume_decoding", "surface_extraction",
                 "mesh_export"]
        running = s.wait_state(job, "processing")
        while running.get("stage") != "volume_decoding":
            running = s.request("GET", "/api/job-status/" + job)[1]
        self.assertEqual([x["name"] for x in running["stages"]], names)
        self.assertEqual([x["status"] for x in running["stages"]],
                         ["completed"] * 3 + ["running"] + ["pending"] * 2)
        self.assertNotIn("finished_at", running["stages"][3])
        self.assertTrue(0 < running["eta_seconds"] < 2)
        self.assertTrue(2 < s.request("GET", "/api/job-status/" + waiting)[1]["eta_seconds"] < 4.2)
        done = s.wait_state(job, "completed")
        self.assertEqual([(x["name"], x["status"]) for x in done["stages"]], [(n, "completed") for n in names])
        self.assertEqual(done["stages"][0]["started_at"], done["started_at"])
        for one, next_one in zip(done["stages"], done["stages"][1:]):
            self.assertEqual(one["finished_at"], next_one["started_at"])
        self.assertLessEqual(done["stages"][-1]["finished_at"], done["finished_at"])
        self.assertNotIn("eta_seconds", done)
        self.assertEqual(s.request("GET", "/api/jobs/" + job)[1], done)

    def test_preview_output(self):
        s = self.server()
        done = s.generate(s.upload(), {"Prefer": "wait=20"}, format="ply")[1]
        status, data, r = s.request("GET", done["preview_url"])
        self.assertEqual((status, len(data), r.getheader("Content-Type"), r.getheader("Content-Disposition")),
                         (200, done["model"]["bytes"], "application/ply", "inline"))
        self.assertEqual(s.request("GET", done["preview_url"][:-3] + "stl")[0], 404)
        self.assertEqual(s.request("GET", f"/api/preview-output/{UNKNOWN}/model.stl")[0], 404)

    def test_gpu(self):
        paths = "/api/v1/gpu/stats", "/api/gpu/status"
        s = self.server()
        for path in paths:
            status, body, _ = s.request("GET", path)
            self.assertEqual((status, body["status"]), (503, "unavailable"))
        s = self.server(*SLOW)
        stats, status = (s.request("GET", path)[1] for path in paths)
        self.assertEqual((stats["gpu"]["total_vram_gb"], stats["gpu"]["simulated"], stats["queue_depth"]), (24, True, 0))
        self.assertEqual((status["memory"]["used_mb"], status["memory"]["simulated"]), (4927, True))

    def test_list(self):
        s = self.server(*SLOW, "--jobs", "1")
        jobs = [s.upload() for _ in range(7)]
        for job in jobs[:3]:
            s.generate(job)
        seen, after = [], ""
        while after is not None:
            page = s.request("GET", f"/api/jobs?limit=2{after and '&after=' + after}")[1]
            self.assertLessEqual(page["count"], 2)
            seen += page["jobs"]
            after = page["next"]
        self.assertEqual([j["job_id"] for j in seen], jobs[::-1])
        self.assertEqual([j["status"] for j in seen], ["uploaded"] * 4 + ["queued"] * 2 + ["processing"])
        page = s.request("GET", "/api/jobs?status=queued")[1]
        self.assertEqual(([j["job_id"] for j in page["jobs"]], page["total"], page["next"]), (jobs[2:0:-1], 7, None))
        for query, expected in (("limit=0", 400), ("limit=501", 400), ("limit=x", 400), ("status=lost", 400),
                                (f"after={UNKNOWN}", 404), ("after=", 404), ("other=1", 200)):
            self.assertEqual(s.request("GET", "/api/jobs?" + query)[0], expected, query)
        self.assertEqual(s.request("GET", "/api/jobs/" + UNKNOWN)[0], 404)
        self.assertEqual(s.request("POST", "/api/jobs/" + jobs[0])[2].getheader("Allow"), "GET, HEAD, DELETE, OPTIONS")


class Batch(Case):
    def batch(self, s, *files, **fields):
        return s.request("POST", "/api/batch-generate", *form(files=[("files", data, name) for data, name in files], **fields))

    def test_good_and_bad(self):
        data = self.folder()
        s = self.server("--data", data)
        before = s.metric('image_uploads_total{format="png",status="success"}') or 0
        status, body, _ = self.batch(s, (PNG, b"a.png"), (b"no picture", b"b.png"), (png(48), b"c.png"), (b"", b"d.png"),
                                     format_type="glb", quality="low", batch_size=2)
        self.assertEqual((status, body["success"], body["total_jobs"], len(body["job_ids"])), (200, True, 2, 2))
        self.assertEqual([(r["index"], r["filename"]) for r in body["rejected"]], [(1, "b.png"), (3, "d.png")])
        self.assertIn("Security validation failed", body["rejected"][0]["error"])
        self.assertEqual(body["message"], "2 of 4 files accepted")
        self.assertGreaterEqual(body["estimated_time_seconds"], 0)
        for job in body["job_ids"]:
            done = s.wait_state(job, "completed", "failed")
            self.assertEqual((done["status"], done["format"], done["quality"], done["batch_id"]),
                             ("completed", "glb", 4, body["batch_id"]))
            self.assertEqual(len(s.request("GET", done["download_url"])[1]), done["model"]["bytes"])
        self.assertEqual(s.metric('image_uploads_total{format="png",status="success"}'), before + 2)
        self.assertEqual(sorted(os.listdir(data)), sorted(body["job_ids"]))

    def test_refusals(self):
        data = self.folder()
        s = self.server("--data", data)
        for files, fields, expected in (([], {}, "No files provided"),
                                        ([(PNG, b"a.png")] * 51, {}, "Too many files"),
                                        ([(PNG, b"a.png")], {"quality": "best"}, "Invalid request parameters"),
                                        ([(PNG, b"a.png")], {"quality": 11}, "Invalid request parameters"),
                                        ([(PNG, b"a.png")], {"format_type": "fbx"}, "Invalid request parameters"),
                                        ([(PNG, b"a.png")], {"batch_size": 0}, "Invalid request parameters"),
                                        ([(b"x", b"a.png")] * 3, {}, "No file was accepted")):
            status, body, _ = self.batch(s, *files, **fields)
            self.assertEqual((status, body["error"]), (400, expected))
        body, headers = form(files=[("files", PNG, b"a.png"), ("files", PNG, b"b.png")])
        self.assertEqual(s.request("POST", "/api/batch-generate", body[:-10], headers)[0], 400)
        self.assertEqual(s.request("POST", "/api/batch-generate", "x", {"Content-Type": "text/plain"})[0], 415)
        self.assertEqual(os.listdir(data), [])
        for quality, number in (("medium", 7), ("high", 10), ("3", 3)):
            job, = self.batch(s, (PNG, b"a.png"), quality=quality)[1]["job_ids"]
            self.assertEqual(s.request("GET", "/api/job-status/" + job)[1]["quality"], number)

    def test_more_than_fit(self):
        data = self.folder()
        s = self.server("--jobs", "1", "--queue", "2", *SLOW, "--data", data, "--keep-jobs", "1")
        status, body, _ = self.batch(s, *[(PNG, b"a.png")] * 5)
        self.assertEqual((status, body["total_jobs"], len(body["rejected"])), (200, 3, 2))
        self.assertEqual({r["error"] for r in body["rejected"]}, {"The queue is full, please try again later"})
        self.assertTrue(3 * 82 - 10 < body["estimated_time_seconds"] < 3 * 82 + 10)
        status, body, r = self.batch(s, (PNG, b"a.png"))
        self.assertEqual((status, body["status"]), (429, "queue_full"))
        self.assertEqual(r.getheader("Retry-After"), str(body["retry_after"]))
        self.assertEqual(len(os.listdir(data)), 3)

    def test_json(self):
        s = self.server("--jobs", "1", *SLOW)
        jobs = [s.upload() for _ in range(3)]

        def send(ids, **more):
            return s.request("POST", "/api/batch-generate", json.dumps({"job_ids": ids, **more}), JSON)[:2]

        status, body = send(jobs + [jobs[0], UNKNOWN], format="obj", quality=2)
        self.assertEqual((status, body["job_count"], body["status"], body["job_ids"]), (202, 3, "queued", jobs))
        self.assertEqual(body["rejected"], [{"job_id": UNKNOWN, "error": "Job not found"}])
        for job in jobs:
            found = s.request("GET", "/api/job-status/" + job)[1]
            self.assertEqual((found["batch_id"], found["format"], found["quality"]), (body["batch_id"], "obj", 2))
        self.assertEqual(send(jobs)[0], 409)
        self.assertEqual(send([UNKNOWN])[0], 404)
        for ids in ([], None, "x", [7], ["x"], [UNKNOWN] * 51):
            self.assertEqual(send(ids)[0], 400, ids)
        self.assertEqual(send([UNKNOWN], quality=99)[0], 400)


class Room(Case):
    def test_retry_after_says_when(self):
        s = self.server("--jobs", "1", "--queue", "0", *SLOW)
        job = self.submit(s)
        status, body, r = s.generate(s.upload())
        self.assertEqual((status, body["status"]), (429, "queue_full"))
        self.assertTrue(75 <= int(r.getheader("Retry-After")) <= 83, r.getheader("Retry-After"))
        self.cancel(s, job)
        self.assertEqual(s.generate(s.upload())[0], 200)

    def test_gpu_memory(self):
        s = self.server("--jobs", "8", *SLOW, "--gpu-full", "refuse")
        for _ in range(3):
            self.submit(s)
        gpu = '{gpu_id="0",simulated="true"}'
        self.assertEqual(s.metric("gpu_memory_allocated_mb" + gpu), 4927 + 3 * 4096)
        last = s.upload()
        status, body, r = s.generate(last)
        self.assertEqual((status, body["status"], body["error"]),
                         (507, "gpu_memory_full", "GPU memory exceeded, please try again later"))
        self.assertTrue(75 <= int(r.getheader("Retry-After")) <= 83)
        self.assertEqual(s.metric('jobs_refused_total{reason="gpu_memory"}'), 1)
        self.cancel(s, s.request("GET", "/api/jobs?status=processing")[1]["jobs"][0]["job_id"])
        self.assertEqual(s.generate(last)[0], 200)

    def test_gpu_limit(self):
        s = self.server("--jobs", "8", *SLOW, env={"GPU_MEMORY_LIMIT_GB": "10", "ORFEAS_GPU_FULL": "refuse"})
        self.submit(s)
        self.assertEqual(s.generate(s.upload())[0], 507)
        r = test_api.Command.run_it(self, "--listen", "127.0.0.1:0", *SLOW, "--gpu-limit", "5", "--gpu-full", "refuse")
        self.assertEqual(r.returncode, 2)
        self.assertIn("no job fits into 5120 MB", r.stderr)
        for arguments in (("--keep", "1"), ("--quota", "1"), ("--quota", "GiB"), ("--quota", "-1MB"), ("--keep-jobs", "0"),
                          ("--drain", "x"), ("--gpu-full", "x"), ("--gpu-limit", "0")):
            r = test_api.Command.run_it(self, *arguments)
            self.assertEqual((r.returncode, f"{arguments[0]} {arguments[1]}: expected" in r.stderr), (2, True), r.stderr)

    def test_kept_for_a_time(self):
        data = self.folder()
        s = self.server("--data", data, "--keep", "1s", "--jobs", "1", *SLOW, "--time-scale", "40")
        first, second = self.submit(s), self.submit(s)  # the second waits and runs for longer than the time
        s.wait_state(second, "processing")
        self.assertEqual(self.status(s, first), "completed")
        wait_until(lambda: self.status(s, first) == 404, "the first is forgotten")
        self.assertNotIn(first, os.listdir(data))
        s.wait_state(second, "completed")
        wait_until(lambda: self.status(s, second) == 404, "the second is forgotten")
        self.assertEqual((s.metric("jobs_expired_total"), s.metric("jobs_kept"), s.metric("job_files_bytes")), (2, 0, 0))
        self.assertEqual(os.listdir(data), [])

    def test_quota(self):
        data = self.folder()
        s = self.server("--data", data, "--quota", "1MiB")

        def make():
            return s.generate(s.upload(), {"Prefer": "wait=20"}, quality=1)[1]

        done = [make() for _ in range(3)]
        size = done[0]["model"]["bytes"] + len(PNG)
        fit = (1 << 20) // size
        self.assertGreater(fit, 1)
        done += [make() for _ in range(fit)]
        jobs = [d["job_id"] for d in done]
        self.assertEqual([self.status(s, j) for j in jobs], [404] * (len(jobs) - fit) + ["completed"] * fit)
        self.assertEqual(sorted(os.listdir(data)), sorted(jobs[-fit:]))
        self.assertEqual((s.metric("job_files_bytes"), s.metric("job_files_quota_bytes")), (fit * size, 1 << 20))
        self.assertEqual(s.metric("jobs_evicted_total"), len(jobs) - fit)

    def test_keep_jobs(self):
        s = self.server(env={"ORFEAS_KEEP_JOBS": "2"})
        jobs = [s.upload() for _ in range(4)]
        self.assertEqual([self.status(s, j) for j in jobs], [404, 404, "uploaded", "uploaded"])


class Restart(Case):
    def test_everything_is_found_again(self):
        data = self.folder()
        s = self.server("--data", data)
        done = s.generate(s.upload(), {"Prefer": "wait=20"}, format="glb", quality=3)[1]
        paused = s.upload()
        failed = s.request("POST", "/api/generate-3d", *form(test_api.flat_png()))[1]
        model = s.request("GET", done["download_url"])[1]
        files = s.metric("job_files_bytes")
        for end in self.kill, self.stop, self.kill:
            end(s)
            with tempfile.TemporaryFile("w+") as stderr:
                s = self.server("--data", data, stderr=stderr)
                stderr.seek(0)
                self.assertEqual(stderr.read(), "orfeasd: 3 jobs of an earlier run, 0 of them interrupted\n")
            self.assertEqual(s.request("GET", "/api/job-status/" + done["job_id"])[1], done)
            self.assertEqual(s.request("GET", "/api/job-status/" + failed["job_id"])[1], failed)
            self.assertEqual(s.request("GET", done["download_url"])[1], model)
            self.assertEqual(self.status(s, paused), "uploaded")
            self.assertEqual(s.metric("job_files_bytes"), files)
        again = s.generate(done["job_id"], {"Prefer": "wait=20"}, format="stl")[1]
        self.assertEqual((again["status"], again["created_at"]), ("completed", done["created_at"]))
        self.assertEqual(s.generate(paused, {"Prefer": "wait=20"})[1]["status"], "completed")

    def test_killed_in_the_middle(self):
        data = self.folder()
        s = self.server("--data", data, "--jobs", "4", "--queue", "100")
        jobs = [s.upload() for _ in range(100)]
        seen = {}

        def submit(job):
            return s.generate(job, quality=6)[0]

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(set(pool.map(submit, jobs)), {200})
        wait_until(lambda: (s.metric("model_generation_cpu_seconds_total") or 0) and
                   s.metric('model_3d_generations_total{format="stl",quality="6",status="completed"}'), "some are done")
        for job in jobs[:40]:
            seen[job] = s.request("GET", "/api/job-status/" + job)[1]
        self.kill(s)
        told = [job for job, status in seen.items() if status["status"] == "completed"]
        self.assertTrue(told)
        s = self.server("--data", data)
        states = {job: s.request("GET", "/api/job-status/" + job)[1] for job in jobs}
        for job in told:
            self.assertEqual(states[job], seen[job])
        for job, found in states.items():
            if found["status"] == "completed":
                status, model, _ = s.request("GET", found["download_url"])
                self.assertEqual((status, len(model), whole_stl(model)), (200, found["model"]["bytes"], True))
            else:
                self.assertEqual((found["status"], found["error_kind"]), ("failed", "interrupted"))
                self.assertIn("Interrupted: the server stopped", found["error"])
                self.assertEqual(s.request("GET", f"/api/download/{job}/model.stl")[0], 404)
        left = {name for _, _, names in os.walk(data) for name in names}
        self.assertLessEqual(left, {"input", "record", "model.stl"})
        interrupted = [job for job, found in states.items() if found["status"] == "failed"]
        for job in interrupted[:3]:  # the picture is there: once more
            self.assertEqual(s.generate(job, {"Prefer": "wait=20"})[1]["status"], "completed")

    def test_record_that_cannot_be_written(self):
        """What the next process would not find is not told."""
        data = self.folder()
        s = self.server("--data", data)
        job = s.upload()
        in_the_way = os.path.join(data, job, f"record.{s.process.pid}.tmp")
        os.mkdir(in_the_way)
        failed = s.generate(job, {"Prefer": "wait=20"})[1]
        self.assertEqual((failed["status"], failed["error_kind"]), ("failed", "storage_failed"))
        self.assertIn("record cannot be written", failed["error"])
        self.assertFalse(os.path.exists(os.path.join(data, job, "model.stl")))
        self.assertGreaterEqual(s.metric("job_record_errors_total"), 1)
        self.assertEqual(s.metric('model_generation_failures_total{reason="storage_failed"}'), 1)
        os.rmdir(in_the_way)
        self.assertEqual(s.generate(job, {"Prefer": "wait=20"})[1]["status"], "completed")
        self.kill(s)
        self.assertEqual(self.status(self.server("--data", data), job), "completed")

    def test_order_and_blame(self):
        """The list is in the order of coming, whatever ended last; a picture's fault is still the picture's."""
        data = self.folder()
        s = self.server("--data", data)
        flat = s.request("POST", "/api/upload-image", *form(test_api.flat_png()))[1]["job_id"]
        jobs = [flat, s.upload(), s.upload()]
        for job in reversed(jobs):
            s.generate(job, {"Prefer": "wait=20"}, quality=1)
        for _ in range(2):
            listed = [j["job_id"] for j in s.request("GET", "/api/jobs")[1]["jobs"]]
            self.assertEqual(listed, jobs[::-1])
            events = s.request("GET", f"/api/jobs/{flat}/events")[1].decode()
            self.assertIn('"recoverable":false', events.replace(" ", ""))
            self.stop(s)
            s = self.server("--data", data)

    def test_half_written_files_go(self):
        data = self.folder()
        s = self.server("--data", data)
        done = s.generate(s.upload(), {"Prefer": "wait=20"})[1]
        self.stop(s)
        at = os.path.join(data, done["job_id"])
        for name in ("model.glb.77.tmp", "record.77.tmp", "input.part", "model.obj"):
            with open(os.path.join(at, name), "w") as f:
                f.write("half")
        s = self.server("--data", data)
        self.assertEqual(sorted(os.listdir(at)), ["input", "model.stl", "record"])
        self.stop(s)
        os.truncate(os.path.join(at, "model.stl"), 100)
        for _ in range(2):
            s = self.server("--data", data)
            found = s.request("GET", "/api/job-status/" + done["job_id"])[1]
            self.assertEqual((found["status"], found["error_kind"]), ("failed", "model_missing"))
            self.assertEqual(s.request("GET", done["download_url"])[0], 404)
            self.assertEqual(sorted(os.listdir(at)), ["input", "record"])
            self.kill(s)

    def test_records_that_are_not_ours(self):
        data = self.folder()
        s = self.server("--data", data)
        jobs = [s.generate(s.upload(), {"Prefer": "wait=20"}, quality=1)[1]["job_id"] for _ in range(9)]
        self.stop(s)
        with open(os.path.join(data, jobs[0], "record"), "rb") as f:
            good = f.read()
        bad = [b"", b"{", b"\0" * 3000, good[:-20], good, b"[" * 10000, b'{"orfeasd_job":2}', b"x" * (1 << 20)]
        for job, text in zip(jobs[1:], bad):
            with open(os.path.join(data, job, "record"), "wb") as f:
                f.write(text)
        with tempfile.TemporaryFile("w+") as stderr:
            s = self.server("--data", data, stderr=stderr)
            stderr.seek(0)
            told = stderr.read()
        self.assertEqual(len(re.findall("left alone", told)), 8, told)
        self.assertEqual([self.status(s, job) for job in jobs], ["completed"] + [404] * 8)
        for job in jobs:
            self.assertEqual(sorted(os.listdir(os.path.join(data, job))), ["input", "model.stl", "record"])

    def test_age_counts_across_a_restart(self):
        data = self.folder()
        s = self.server("--data", data)
        job = s.generate(s.upload(), {"Prefer": "wait=20"})[1]["job_id"]
        self.stop(s)
        time.sleep(0.3)  # not waited for: it only has to pass
        s = self.server("--data", data, "--keep", "200ms")
        wait_until(lambda: self.status(s, job) == 404, "it is forgotten")
        self.assertEqual(os.listdir(data), [])


class Drain(Case):
    def test_no_new_jobs(self):
        data = self.folder()
        s = self.server("--data", data, "--jobs", "1", *SLOW, "--time-scale", "40")
        running, queued, idle = self.submit(s), self.submit(s), s.upload()
        s.wait_state(running, "processing")
        s.process.send_signal(signal.SIGTERM)
        wait_until(lambda: s.request("GET", "/ready")[0] == 503, "it stops")
        c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
        for path, body, headers in (("/api/generate-3d", *form(PNG)), ("/api/upload-image", *form(PNG)),
                                    ("/api/generate-3d", json.dumps({"job_id": idle}), JSON),
                                    ("/api/batch-generate", json.dumps({"job_ids": [idle]}), JSON)):
            status, answer, r = s.request("POST", path, body, headers, c)
            self.assertEqual((status, answer["status"], r.getheader("Connection")), (503, "stopping", "close"))
            self.assertGreaterEqual(int(r.getheader("Retry-After")), 1)
        c.close()
        waiting = s.request("GET", "/api/job-status/" + queued)[1]
        self.assertEqual((waiting["status"], waiting["error_kind"]), ("failed", "interrupted"))
        self.assertEqual(self.status(s, running), "processing")
        self.assertEqual(s.process.wait(PATIENCE), 0)
        s = self.server("--data", data)
        self.assertEqual(self.status(s, running), "completed")
        found = s.request("GET", "/api/job-status/" + queued)[1]
        self.assertEqual((found["error_kind"], found["finished_at"]), ("interrupted", waiting["finished_at"]))
        self.assertEqual(self.status(s, idle), "uploaded")

    def test_delete_when_time_is_over(self):
        """What ran is interrupted and still in a thread's hands while the last answers go out."""
        s = self.server("--profile", "hunyuan3d", "--time-scale", "40", "--jobs", "1")
        done = s.generate(s.upload(), {"Prefer": "wait=20"}, format="glb", quality=10)[1]
        running = self.submit(s)
        slow, c = socket.socket(), http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
        self.addCleanup(slow.close)
        self.addCleanup(c.close)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", s.port))
        slow.sendall(f"GET {done['download_url']} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        slow.recv(100)
        self.assertEqual(s.request("GET", "/health", connection=c)[0], 200)
        for _ in range(2):
            s.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        try:
            self.assertEqual(s.request("DELETE", "/api/jobs/" + running, connection=c)[0], 503)
        except (http.client.HTTPException, ConnectionError):
            pass  # it was faster than we
        self.assertEqual(s.process.wait(PATIENCE), 0)

    def test_time_is_over(self):
        data = self.folder()
        s = self.server("--data", data, *SLOW, "--drain", "200ms")
        job = self.submit(s)
        self.stop(s)
        s = self.server("--data", data)
        found = s.request("GET", "/api/job-status/" + job)[1]
        self.assertEqual((found["status"], found["error_kind"]), ("failed", "interrupted"))
        self.assertIn("while the job ran", found["error"])


if __name__ == "__main__":
    test_api.ORFEASD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
