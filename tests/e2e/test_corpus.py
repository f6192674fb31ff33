"""Pictures that nobody here drew, through the real generator, judged by others: admesh and Khronos' glTF validator.

The pictures are every so-many-th of @lobehub/fluent-emoji-3d (WebP with soft alpha) and those of Debian's
tango-icon-theme (PNGs of 32x32 pixels). corpus_check makes all four formats of each and judges closedness and outline;
then admesh must find nothing to fix in any STL, and the validator nothing to say of any GLB. Some go over HTTP.
"""
import glob
import os
import re
import shutil
import subprocess
import unittest

from harness import Case, ORACLES, TIMEOUT, node, require

CORPUS_CHECK = os.environ.get("E2E_CORPUS_CHECK", "")
EMOJI = os.path.join(ORACLES, "node_modules", "@lobehub", "fluent-emoji-3d", "assets")
TANGO = "/usr/share/icons/Tango/32x32"
EVERY_EMOJI, EVERY_ICON = 30, 2
BATCH = 42  # pictures whose models are kept at a time: some 5 MB each
NOTHING = ["Degenerate facets", "Edges fixed", "Facets removed", "Facets added", "Facets reversed", "Backwards edges",
           "Normals fixed"]
FORMATS = ["stl", "obj", "glb", "ply"]


def pictures(emoji_step, icon_step):
    require(EMOJI, "pictures with soft alpha")
    require(TANGO, "small icons with alpha")
    emoji = sorted(glob.glob(os.path.join(EMOJI, "*.webp")))
    icons = sorted(f for f in glob.glob(os.path.join(TANGO, "*", "*.png")) if not os.path.islink(f))
    return emoji[::emoji_step] + icons[::icon_step]


def admesh_complaints(path):
    said = subprocess.run(["admesh", path], capture_output=True, text=True, timeout=TIMEOUT).stdout
    numbers = {name: re.search(rf"^{name}\s*:\s*(\d+)", said, re.M) for name in NOTHING}
    numbers["Total disconnected facets"] = re.search(r"^Total disconnected facets\s*:\s*(\d+)", said, re.M)
    return {name: found and found[1] for name, found in numbers.items() if not found or found[1] != "0"}


def triangles(path):
    """As the file itself says or lists them."""
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".stl"):
        return int.from_bytes(data[80:84], "little")
    if path.endswith(".obj"):
        return data.count(b"\nf ")
    return int(re.search(rb"element face (\d+)", data)[1])


class Corpus(Case):
    def setUp(self):
        super().setUp()
        require("admesh", "judges STL files")

    def check_glb(self, files):
        """Their triangles by name."""
        code, said = node("validate_glb.mjs", *files)
        self.assertEqual(code, 0, said)
        found = re.findall(r"^(.*): 0 errors, 0 warnings, .* (\d+) triangles$", said, re.M)
        self.assertEqual([path for path, _ in found], files, said)
        return {path: int(count) for path, count in found}

    def check_batch(self, batch):
        out = self.path("models")
        done = subprocess.run([CORPUS_CHECK, "--out", out, *batch], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(batch)} pictures, 0 failed; outline's IoU of", done.stdout)
        paths = [os.path.join(out, os.path.basename(picture)) for picture in batch]
        glb = self.check_glb([path + ".glb" for path in paths])
        for path in paths:
            with self.subTest(os.path.basename(path)):
                self.assertEqual(admesh_complaints(path + ".stl"), {})
                self.assertEqual({triangles(f"{path}.{f}") for f in ("stl", "obj", "ply")}, {glb[path + ".glb"]})
        shutil.rmtree(out)
        return int(re.search(r"IoU of (\d+)", done.stdout)[1])

    def test_generator(self):
        chosen = pictures(EVERY_EMOJI, EVERY_ICON)
        self.assertGreaterEqual(len(chosen), 150)
        self.assertEqual(len({os.path.basename(path) for path in chosen}), len(chosen))
        measured = sum(self.check_batch(chosen[i:i + BATCH]) for i in range(0, len(chosen), BATCH))
        self.assertGreater(measured, 0.9 * len(chosen))

    def test_admesh_notices(self):
        """The oracle itself: a hole, and a triangle that is turned around, are something to complain of."""
        picture = pictures(4000, 4000)[0]
        out = self.path("models")
        subprocess.run([CORPUS_CHECK, "--out", out, picture], check=True, capture_output=True, timeout=TIMEOUT)
        with open(os.path.join(out, os.path.basename(picture) + ".stl"), "rb") as f:
            model = f.read()
        count = int.from_bytes(model[80:84], "little") - 1
        hole = self.write("hole.stl", model[:80] + count.to_bytes(4, "little") + model[84:-50])
        self.assertIn("Total disconnected facets", admesh_complaints(hole))
        turned = model[:84 + 24] + model[84 + 36:84 + 48] + model[84 + 24:84 + 36] + model[84 + 48:]
        self.assertIn("Facets reversed", admesh_complaints(self.write("turned.stl", turned)))

    def test_over_http(self):
        """Each format of some, and orfeas itself as the client whose check each download has to pass."""
        server = self.backend("--jobs", 4)
        chosen = pictures(600, 30)
        self.assertGreaterEqual(len(chosen), 12)
        glb = []
        for i, picture in enumerate(chosen):
            made = FORMATS[i % len(FORMATS)]
            path = self.path(f"{i}.{made}")
            with open(path, "wb") as f:
                f.write(self.generate(server, picture, made))
            if made == "glb":
                glb.append(path)
            elif made == "stl":
                self.assertEqual(admesh_complaints(path), {}, picture)
            with self.subTest(os.path.basename(picture)):
                self.play(server, picture, made)
        self.check_glb(glb)

    def generate(self, server, picture, made):
        with open(picture, "rb") as f:
            image = f.read()
        body = (f'--B\r\nContent-Disposition: form-data; name="format"\r\n\r\n{made}\r\n--B\r\nContent-Disposition: '
                'form-data; name="image"; filename="x"\r\n\r\n').encode() + image + b"\r\n--B--\r\n"
        status, job, _ = server.json("POST", "/api/generate-3d", body, {"Content-Type": "multipart/form-data; boundary=B"})
        self.assertEqual((status, job["status"]), (200, "completed"), picture)
        return server.request("GET", job["download_url"])[1]

    def play(self, server, picture, made):
        process = self.run_orfeas("baseline", "--target", server.url, "--time-scale", 100, "-n", 1, "--image", picture,
                                  "--set", "load.unique_images=false", "--set", f"vars.format={made}", "--quiet")
        result = self.result("baseline")
        self.assertEqual((process.err, result["errors"], result["valid_models"]), ("", {}, 1))


if __name__ == "__main__":
    unittest.main()
