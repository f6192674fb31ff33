"""The GPUs of the machine beside a run: orfeas with a fake driver's library (tests/gpu/fake_nvml.c) against orfeasd,
which is started without it, so that what the results show is what orfeas read."""
import os
import threading
import time
import unittest

from harness import Case, children, environment, node, wait_until

GIB = 1 << 30
MB = 1 << 20


class Gpu(Case):
    def fake(self, **settings):
        """Environment of an orfeas that finds the fake library."""
        more = {"FAKE_NVML_" + name.upper(): str(value) for name, value in settings.items()}
        return environment(LD_LIBRARY_PATH=os.environ["E2E_NVML_DIR"], **more)

    def check_schema(self):
        path = os.path.join(self.results, "results_get.json")
        code, said = node("validate_results.mjs", path)
        self.assertEqual(code, 0, said)

    def play(self, env, *arguments, seconds="1s", backend=()):
        """Some requests of orfeasd for so long."""
        server = self.backend(*backend)
        process, result = self.run_get(server.url, "-R", "20/s", "-d", seconds, *arguments, path="/health", env=env)
        self.check_schema()
        return process, result["target"], result

    def test_every_figure(self):
        process, target, result = self.play(self.fake(watts=200, reasons=0x24, count=3))
        self.assertIsNone(target["gpu_why"])
        self.assertEqual([gpu["index"] for gpu in target["gpu"]], [0, 1, 2])
        for i, gpu in enumerate(target["gpu"]):
            self.assertEqual([gpu[key] for key in ("name", "uuid", "vendor", "source", "simulated", "lost_at", "mig")],
                             [f"Fake GPU {i}", f"GPU-0000-{i}", "NVIDIA", "nvml", False, None, []])
            self.assertEqual((gpu["memory_total"], gpu["power_limit"]), (24 * GIB, 350))
            for name, value, unit in (("usage", 40 + i, "%"), ("memory_traffic", 7, "%"),
                                      ("memory_used", 5 * GIB, "bytes"), ("temperature", 61, "°C"),
                                      ("power", 200, "W"), ("clock_sm", 1695, "MHz"), ("clock_memory", 9751, "MHz")):
                self.assertEqual([gpu[name][key] for key in ("state", "first", "max", "unit")],
                                 ["present", value, value, unit], name)
            self.assertEqual(gpu["throttled"], {"sw_power_cap": 1, "sw_thermal_slowdown": 1})
            self.assertNotIn("process_memory", gpu)
            self.assertEqual(gpu["energy_method"], "counter")
            self.assertAlmostEqual(gpu["energy_joules"], 200 * gpu["energy_seconds"], delta=200 * 0.5)
            self.assertAlmostEqual(gpu["energy_per_job"], gpu["energy_joules"] / result["completed"], places=4)
        self.assertEqual(sum(name.startswith("gpu.0.") for name in result["timeline"][0]), 7)
        self.assertIn("0 Fake GPU 0: 40 % busy, memory up to 5.4 GB, up to 61 °C, 200 W, 1695 MHz · slowed down: "
                      "sw_power_cap 100 %, sw_thermal_slowdown 100 %", " ".join(process.out.split()))

    def test_power_integrated(self):
        gpu = self.play(self.fake(watts=100, fail="nvmlDeviceGetTotalEnergyConsumption=3"))[1]["gpu"][0]
        self.assertEqual(gpu["energy_method"], "power")
        self.assertAlmostEqual(gpu["energy_joules"], 100 * gpu["energy_seconds"], places=3)

    def test_no_energy(self):
        gpu = self.play(self.fake(fail="nvmlDeviceGetTotalEnergyConsumption=3 nvmlDeviceGetPowerUsage=3"))[1]["gpu"][0]
        self.assertEqual([gpu["energy_" + key] for key in ("method", "joules", "per_job")], [None] * 3)
        self.assertNotIn("power", gpu)

    def test_metrics_come_first(self):
        """What the target says of its own card stands beside what the machine has, and is told apart."""
        workflow = self.write("get.yaml", "workflow: get\nabout: GET\nvars: {path: /}\nhealth: ''\nready: ''\n"
                              "steps: [{name: get, get: '{path}'}]\nmetrics: /metrics\n")
        target = self.play(self.fake(count=1), "--workflow", workflow,
                           backend=("--profile", "hunyuan3d", "--time-scale", 60))[1]
        self.assertEqual([gpu["source"] for gpu in target["gpu"]], ["metrics", "nvml"])
        self.assertEqual([gpu["simulated"] for gpu in target["gpu"]], [True, False])
        self.assertEqual(target["gpu"][0]["memory"]["first"], 4927)

    def test_mig(self):
        gpu = self.play(self.fake(mig=2, count=1))[1]["gpu"][0]
        self.assertEqual(gpu["mig"], [{"uuid": f"MIG-0000-{i}", "memory_total": (3 + i) * GIB, "memory_used_max": GIB}
                                      for i in range(2)])
        self.assertNotIn("usage", gpu)
        self.assertIn("memory_used", gpu)

    def test_none(self):
        """A stated fact, also where the driver is there and does not answer."""
        for env, why in ((environment(), "no GPU on this host: libnvidia-ml.so.1: cannot open shared object file"),
                         (self.fake(count=0), "no GPU on this host can be asked: the driver knows no GPU"),
                         (self.fake(fail="nvmlInit_v2=9"), "Driver Not Loaded (9)")):
            process, target, _ = self.play(env, seconds="300ms")
            self.assertEqual(target["gpu"], [])
            self.assertIn(why, target["gpu_why"])
            self.assertNotIn("GPU", process.out)

    def test_lost_in_the_middle(self):
        settings = self.write("fake", "FAIL=\n")
        fails = threading.Timer(1.5, self.write, ("fake", "FAIL=nvmlDeviceGetUtilizationRates/1=15\n"))
        fails.start()
        self.addCleanup(fails.join)
        process, target, _ = self.play(self.fake(file=settings, watts=100), seconds="3s")
        self.assertEqual([gpu["lost_at"] is None for gpu in target["gpu"]], [True, False])
        lost = target["gpu"][1]
        self.assertTrue(0.5 < lost["lost_at"] < 3.5, lost["lost_at"])
        self.assertLess(lost["readings"], target["gpu"][0]["readings"])
        self.assertEqual(lost["name"], "Fake GPU 1")
        self.assertIsNone(lost["energy_per_job"])
        self.assertIsNotNone(target["gpu"][0]["energy_per_job"])
        self.assertIn("LOST after", " ".join(process.out.split()))

    def test_hangs(self):
        """The run is as long as without, and a second at most at its end."""
        begin = time.monotonic()
        process, target, result = self.play(self.fake(slow="nvmlDeviceGetPowerUsage=20000"), seconds="1s")
        self.assertLess(time.monotonic() - begin, 15)
        self.assertLess(process.seconds, 10)
        self.assertEqual(result["completed"], 20)
        self.assertEqual(target["gpu"], [])
        self.assertIn("the GPUs' driver has not answered", target["gpu_why"])

    def test_memory_of_the_target(self):
        """The process of an orfeasd of our own is known, and what it started counts: its decoders."""
        settings = self.write("fake", "FAIL=\n")
        process = self.start("run", "--results", self.results, "--workflow", "get", "--set", "vars.path=/health",
                             "--target", "embedded", "-R", "20/s", "-d", "3s", env=self.fake(file=settings, count=1))
        server = wait_until(lambda: children(process.popen.pid), "orfeasd is started")[0]
        while process.popen.poll() is None:  # a decoder may be another one a moment later
            held = " ".join(f"{child}={28 * MB}" for child in children(server)[:1])
            os.replace(self.write("next", f"COMPUTE=1={GIB} {server}={100 * MB} {held}\n"), settings)
            time.sleep(0.05)
        process.wait()
        target = self.result("get")["target"]
        gpu = target["gpu"][-1]
        self.assertEqual((gpu["source"], gpu["process_memory"]["max"]), ("nvml", 128 * MB))
        self.check_schema()


if __name__ == "__main__":
    unittest.main()
