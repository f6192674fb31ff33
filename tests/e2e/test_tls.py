"""Targets behind TLS: who is trusted, who we are, what is resumed, and what is a failure."""
import json
import ssl
import unittest

import rude_peer as rude
from harness import Case, environment, noise_png
from rude_peer import RudePeer, half, http, raw, say
from tls_server import TlsServer, certificates

JOBS = """
scenario: secure
workflow: orfeas-3d
load: {users: closed, concurrent: 2, jobs: 4, timeout: 10s, unique_images: UNIQUE}
criteria: [{name: all, expect: "completed >= 4"}]
"""


class TlsCase(Case):
    def setUp(self):
        super().setUp()
        self.pem = certificates()
        self.trust = ["--cacert", self.pem["ca.pem"]]

    def serve(self, *arguments, **how):
        server = TlsServer(*arguments, **how)
        self.addCleanup(server.close)
        return server

    def check_page(self, server, *arguments, count=10):
        """So many requests, all of which succeed and arrive."""
        process, result = self.run_get(server.url, "-n", count, "-u", 2, *arguments)
        self.assertEqual((result["completed"], result["failures"]), (count, {}), process.err)
        self.assertEqual(server.count(), count)
        return result

    def check_refused(self, server, *arguments, words=(), url=None):
        """Nothing is sent, and the user is told what to do."""
        process = self.run_orfeas("--workflow", "get", "--target", url or server.url, "-n", 1, *arguments)
        self.assertEqual((process.code, process.out), (4, ""), process.err)
        for word in words:
            self.assertIn(word, process.err)
        self.assertEqual(server.requests, [])
        return process

    def check_failed(self, server, kind, *arguments, count=4):
        """Every request fails, by that kind."""
        process, result = self.run_get(server.url, "-n", count, "-u", 1, *self.trust, *arguments)
        self.assertEqual((process.code, result["failures"]), (1, {kind: count}), (result["errors"], process.err))
        return result


class Trust(TlsCase):
    def test_authority_is_given(self):
        server = self.serve()
        self.check_page(server, *self.trust)
        self.assertEqual(server.refusals, [])
        self.assertEqual({version for version, _, _ in server.handshakes}, {"TLSv1.3"})
        self.assertLessEqual(len(server.handshakes), 3)  # one before the run, one for each user

    def test_nobody_is_trusted_unless_told(self):
        self.check_refused(self.serve(), words=["not trusted", "Test authority", "--cacert", "--insecure"])
        self.check_refused(self.serve(name="alone"), *self.trust, words=["self-signed", "--cacert", "--insecure"])

    def test_wrong_name(self):
        self.check_refused(self.serve(name="other"), *self.trust, words=["other.example", "not localhost"])
        server = self.serve()
        self.check_page(server, *self.trust, "--target", f"https://127.0.0.1:{server.port}")

    def test_insecure(self):
        for name in ("server", "alone", "other"):
            with self.subTest(name):
                self.check_page(self.serve(name=name), "--insecure")

    def test_files(self):
        """Those that cannot be read are mistakes of usage, named."""
        server, missing = self.serve(), self.path("missing.pem")
        garbage = self.write("garbage.pem", "no certificate")
        for arguments, word in ((["--cacert", missing], missing), (["--cacert", garbage], garbage),
                                (["--cert", missing], missing), (["--cert", garbage], garbage),
                                (["--cert", self.pem["client.pem"]], self.pem["client.pem"]),
                                (["--cert", self.pem["client.pem"], "--key", self.pem["ca.key"]], self.pem["ca.key"])):
            with self.subTest(arguments):
                process = self.run_orfeas("--workflow", "get", "--target", server.url, "-n", 1, *arguments)
                self.assertEqual((process.code, process.out), (2, ""), process.err)
                self.assertIn(word, process.err)
        self.assertEqual((server.requests, server.handshakes), ([], []))

    def test_no_proxy(self):
        """What is measured is the target, whatever the environment says."""
        server, dead = self.serve(), "http://127.0.0.1:1"
        env = environment(https_proxy=dead, HTTPS_PROXY=dead, all_proxy=dead, ALL_PROXY=dead)
        process, result = self.run_get(server.url, "-n", 5, *self.trust, env=env)
        self.assertEqual((process.code, result["completed"], server.count()), (0, 5, 5), process.err)


class ClientCertificate(TlsCase):
    def given(self, name):
        return ["--cert", self.pem[f"{name}.pem"], "--key", self.pem[f"{name}.key"]]

    def test_given(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                server = self.serve(client_cert=True, version=version)
                self.check_page(server, *self.trust, *self.given("client"))
                self.assertEqual({who for _, _, who in server.handshakes}, {"a load tester"})

    def test_in_one_file(self):
        both = b""
        for kind in ("key", "pem"):
            with open(self.pem[f"client.{kind}"], "rb") as f:
                both += f.read()
        self.check_page(self.serve(client_cert=True), *self.trust, "--cert", self.write("both.pem", both))

    def test_missing_or_wrong(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                server = self.serve(client_cert=True, version=version)
                self.check_refused(server, *self.trust, words=["client certificate", "--cert"])
                self.check_refused(server, *self.trust, *self.given("alone"), words=["certificate"])
                self.assertEqual(server.handshakes, [])


class Connections(TlsCase):
    def test_one_version(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            server = self.serve(version=version)
            self.check_page(server, *self.trust)
            self.assertEqual({version for version, _, _ in server.handshakes}, {name})

    def test_resumption(self):
        """Of many connections only the first is greeted in full, and one before the run."""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                server = self.serve(close=True, version=version)
                process, result = self.run_get(server.url, "-n", 20, "-u", 1, "--workers", 1, *self.trust)
                self.assertEqual((result["completed"], result["failures"]), (20, {}))
                self.assertEqual([resumed for _, resumed, _ in server.handshakes], [False, False] + [True] * 19)

    def test_hung_up_on(self):
        """A target that stops to speak TLS under load."""
        result = self.check_failed(self.serve(close=True, secures=1), "tls")
        self.assertIn("TLS", next(iter(result["errors"])))

    def test_cut_in_a_body(self):
        page = "a page " * 1000
        cut = raw(http(page, length=10_000))
        self.check_failed(self.serve(cut=True, page=cut), "reset")
        self.check_failed(self.serve(page=cut), "reset")
        self.check_failed(self.serve(cut=True, page=half(page)), "reset")

    def test_cut_behind_a_body(self):
        """It is whole all the same: its length was said."""
        self.check_page(self.serve(cut=True, page=raw(http("a page " * 1000))), *self.trust)

    def test_body_until_the_end(self):
        """Without a length only TLS's own goodbye tells that nothing is missing."""
        act = raw(http("a page " * 1000, length=False))
        self.check_page(self.serve(page=act), *self.trust)
        self.check_failed(self.serve(cut=True, page=act), "reset")

    def test_reset_in_a_body(self):
        self.check_failed(self.serve(page=lambda t: (t.send(http("x", length=10)), rude.reset(t))[1], cut=True),
                          "reset")

    def test_silence(self):
        self.check_failed(self.serve(page=rude.silent), "first_byte_timeout", "--set", "load.first_byte_timeout=200ms")

    def test_status(self):
        self.check_failed(self.serve(page=say("", status="503 X")), "status")


class WrongPort(TlsCase):
    def test_https_asked_of_plain_http(self):
        with RudePeer(first=raw(http("", status="400 Bad Request"))) as peer:
            self.check_refused(peer, url=peer.url.replace("http:", "https:"), words=["plain HTTP", "http://"])

    def test_https_asked_of_orfeasd(self):
        url = self.backend().url.replace("http:", "https:")
        process = self.run_orfeas("--workflow", "get", "--target", url, "-n", 1)
        self.assertEqual((process.code, process.out), (4, ""), process.err)
        self.assertRegex(process.err, "plain HTTP|no TLS|without a word of TLS")

    def test_http_asked_of_https(self):
        server = self.serve()
        process = self.check_refused(server, url=server.url.replace("https:", "http:"))
        self.assertIn("cannot be reached", process.err)
        self.assertEqual(server.handshakes, [])

    def test_nothing_that_speaks(self):
        for name, act in (("closes", rude.close), ("resets", rude.reset), ("ssh", raw(b"SSH-2.0-OpenSSH_9.2p1\r\n")),
                          ("garbage", raw(bytes(range(256)) * 100))):
            with self.subTest(name), RudePeer(first=act) as peer:
                self.check_refused(peer, url=peer.url.replace("http:", "https:"), words=["cannot be reached"])


class Jobs(TlsCase):
    def run_jobs(self, server, image, unique):
        scenario = self.write("secure.yaml", JOBS.replace("UNIQUE", unique))
        process = self.run_orfeas(scenario, "--target", server.url, "--time-scale", 10, "--image", image, *self.trust)
        self.assertEqual(process.code, 0, process.out + process.err)
        result = self.result("secure")
        self.check_laws(result)
        self.assertEqual((result["completed"], result["valid_models"], result["failures"]), (4, 4, {}))

    def uploads(self, server):
        return [body for body in server.bodies if b"image/png" in body]

    def test_upload_arrives_whole(self):
        picture = noise_png()
        self.assertGreater(len(picture), 300_000)
        server = self.serve()
        self.run_jobs(server, self.write("noise.png", picture), "false")
        bodies = self.uploads(server)
        self.assertEqual(len(bodies), 4)
        for body in bodies:
            self.assertEqual(body.count(picture), 1)

    def test_every_upload_differs(self):
        server = self.serve(close=True)
        self.run_jobs(server, self.write("noise.png", noise_png()), "true")
        self.assertEqual(len(set(self.uploads(server))), 4)
        self.assertGreater(sum(resumed for _, resumed, _ in server.handshakes), 10)

    def test_cut_in_a_download(self):
        server = self.serve(cut=True, download=half(rude.MODEL, kind="model/stl"),
                            status=say(json.dumps({"status": "completed", "download_url": "/model.stl"}).encode()))
        scenario = self.write("secure.yaml", JOBS.replace("UNIQUE", "true"))
        process = self.run_orfeas(scenario, "--target", server.url, "--time-scale", 10, *self.trust)
        self.assertEqual(process.code, 1, process.out + process.err)
        self.assertEqual(self.result("secure")["failures"], {"reset": 4})


if __name__ == "__main__":
    unittest.main()
