"""compare_with_nvidia_smi, with the fake driver's library and an nvidia-smi that is as fake."""
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT, BUILD, LIBRARY = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)

SHOWN = {"name": "Fake GPU 0", "uuid": "GPU-0000-0", "memory.total": 24576, "memory.used": 5120, "memory.free": 18432,
         "utilization.gpu": 40, "utilization.memory": 7, "temperature.gpu": 61, "power.draw": 250.5,
         "enforced.power.limit": 350, "clocks.sm": 1695, "clocks.mem": 9751}
FAKE = """#!{python}
import sys
what, fields = sys.argv[1].removeprefix("--query-").split("=")
if what == "compute-apps":
    print("{pid}, GPU-0000-0, 100")
elif "{reasons}" not in fields:
    sys.exit("Field is not a valid field to query.")
else:
    shown = {shown}
    print(", ".join(str(shown.get(field, "0x0000000000000004")) for field in fields.split(",")))
"""


class Compare(unittest.TestCase):
    def compare(self, shown=None, fail="", reasons="clocks_event_reasons.active"):
        with tempfile.TemporaryDirectory() as folder:
            if shown is not None:
                path = os.path.join(folder, "nvidia-smi")
                with open(path, "w") as f:
                    f.write(FAKE.format(python=sys.executable, shown=shown, reasons=reasons, pid=os.getpid()))
                os.chmod(path, 0o700)
            env = dict(os.environ, PATH=folder, LD_LIBRARY_PATH=LIBRARY, FAKE_NVML_COUNT="1", FAKE_NVML_REASONS="4",
                       FAKE_NVML_FAIL=fail, FAKE_NVML_COMPUTE=f"1=7 {os.getpid()}={100 << 20}")
            done = subprocess.run([sys.executable, SCRIPT, BUILD], env=env, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.stderr, "")
            return done.returncode, done.stdout

    def test_agrees(self):
        for reasons in ("clocks_event_reasons.active", "clocks_throttle_reasons.active"):
            code, said = self.compare(SHOWN, reasons=reasons)
            self.assertEqual(code, 0, said)
            self.assertIn("15 of 15 agree", said)

    def test_differs(self):
        wrong = {"memory.total": 24000, "power.draw": 300, "utilization.gpu": 60, "clocks.sm": 1600,
                 "temperature.gpu": "[N/A]", "name": "Other"}
        code, said = self.compare(dict(SHOWN, **wrong))
        self.assertEqual(code, 1, said)
        for name in wrong:
            self.assertIn(f"differs  GPU-0000-0  {name}", said)
        self.assertIn("9 of 15 agree", said)

    def test_absent_in_both(self):
        code, said = self.compare(dict(SHOWN, **{"power.draw": "[N/A]"}), fail="nvmlDeviceGetPowerUsage=3")
        self.assertEqual(code, 0, said)

    def test_no_gpu(self):
        for arguments in ({}, {"shown": SHOWN, "fail": "nvmlInit_v2=9"}):
            code, said = self.compare(**arguments)
            self.assertEqual(code, 77)
            self.assertIn("no NVIDIA GPU here: ", said)


if __name__ == "__main__":
    unittest.main()
