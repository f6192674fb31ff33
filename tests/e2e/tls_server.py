"""An HTTPS target: the rude peer, with all that it can do, behind TLS.

The certificates are made by the openssl command, once a run, in a folder that goes when the program ends. Run directly,
this file checks itself with Python's own client.
"""
import atexit
import functools
import http.client
import os
import socket
import ssl
import subprocess
import tempfile
import unittest

from harness import wait_until
from rude_peer import PATIENCE, RudePeer, closing, say

LEAVING = 2  # seconds in which a client says its own goodbye, or none


class Certificates:
    """PEM files; NAME.pem is a certificate, NAME.key its key.

    ca: trusted by nobody unless told. server: for localhost, 127.0.0.1 and ::1. other: for other.example. client: says
    who a client is. All three are by the ca. alone: for localhost, by itself.
    """

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="orfeas-tls-")
        atexit.register(self.folder.cleanup)
        self.make("ca", "Test authority", "basicConstraints=critical,CA:TRUE", by=None)
        self.make("server", "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1")
        self.make("other", "other.example", "subjectAltName=DNS:other.example")
        self.make("client", "a load tester", "extendedKeyUsage=clientAuth")
        self.make("alone", "localhost", "subjectAltName=DNS:localhost", by=None)

    def __getitem__(self, name):
        return os.path.join(self.folder.name, name)

    def make(self, name, subject, extension, by="ca"):
        signed = ["-CA", self[f"{by}.pem"], "-CAkey", self[f"{by}.key"]] if by else []
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", f"/CN={subject}", "-addext", extension, "-days", "2", *signed,
                        "-keyout", self[f"{name}.key"], "-out", self[f"{name}.pem"]],
                       check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)


@functools.cache
def certificates():
    return Certificates()


class TlsServer(RudePeer):
    """Polite but for the acts, like RudePeer. What else may differ:

    name: of the certificate that it shows. client_cert: wants one of the client, by the ca. version: the only one that
    it speaks, as ssl.TLSVersion. close: says "Connection: close" and does it, after every answer. cut: ends connections
    without close_notify. secures: only so many connections; others are hung up on.
    """

    def __init__(self, name="server", client_cert=False, version=None, close=False, cut=False, secures=None, **acts):
        pem = certificates()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem[f"{name}.pem"], pem[f"{name}.key"])
        self.context.set_alpn_protocols(["http/1.1"])
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        if client_cert:
            self.context.load_verify_locations(pem["ca.pem"])
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.cut, self.secures = cut, secures
        self.handshakes = []  # (version, resumed, the client's common name) of each that succeeded
        self.refusals = []    # the reason of each that did not
        if close:
            polite = {name: closing(act) for name, act in self.polite(headers=["Connection: close"]).items()}
            acts = {**polite, **acts}
        super().__init__(**acts)
        self.url = f"https://localhost:{self.port}"

    def serve(self, sock):
        sock.settimeout(PATIENCE)
        if self.secures is not None and self.connections > self.secures:
            sock.close()
            return
        try:
            tls = self.context.wrap_socket(sock, server_side=True)
        except OSError as e:  # ssl.SSLError is one
            with self.lock:
                self.refusals.append(getattr(e, "reason", None) or str(e))
            sock.close()
            return
        self.note(tls)
        super().serve(tls)

    def note(self, tls):
        subject = dict(field for part in (tls.getpeercert() or {}).get("subject", ()) for field in part)
        with self.lock:
            self.handshakes.append((tls.version(), tls.session_reused, subject.get("commonName")))

    def one(self, sock, number):
        more = super().one(sock, number)
        if not more and not self.cut:
            sock.settimeout(LEAVING)
            sock.unwrap()  # close_notify, and the client's, or an OSError for which nobody waits
        return more


# ---- does it do what it says? ----

class SelfCheck(unittest.TestCase):
    def client(self, cert=None, **how):
        context = ssl.create_default_context(cafile=certificates()["ca.pem"])
        if cert:
            context.load_cert_chain(certificates()[f"{cert}.pem"], certificates()[f"{cert}.key"])
        for name, value in how.items():
            setattr(context, name, value)
        return context

    def get(self, server, context, connection=None):
        c = connection or http.client.HTTPSConnection("localhost", server.port, context=context, timeout=PATIENCE)
        try:
            c.request("GET", "/health")
            answer = c.getresponse()
        except OSError:
            c.close()
            raise
        self.assertEqual((answer.status, answer.read()), (200, b'{"status": "healthy"}'))
        return c, answer

    def test_keeps_connections(self):
        with TlsServer() as server:
            c, _ = self.get(server, self.client())
            self.get(server, None, c)
            c.close()
            self.assertEqual(server.handshakes, [("TLSv1.3", False, None)])
            self.assertEqual(server.requests, [("GET", "/health")] * 2)

    def test_one_version(self):
        with TlsServer(version=ssl.TLSVersion.TLSv1_2) as server:
            self.get(server, self.client())[0].close()
            with self.assertRaises(ssl.SSLError):
                self.get(server, self.client(minimum_version=ssl.TLSVersion.TLSv1_3))
            self.assertEqual(server.handshakes, [("TLSv1.2", False, None)])

    def test_client_certificates(self):
        with TlsServer(client_cert=True) as server:
            self.get(server, self.client("client"))[0].close()
            for cert in (None, "alone"):
                with self.assertRaises(OSError):  # TLS 1.3: after the handshake, perhaps as a reset
                    self.get(server, self.client(cert))
            self.assertEqual(server.handshakes, [("TLSv1.3", False, "a load tester")])
            wait_until(lambda: len(server.refusals) == 2, "both refusals are noted")

    def test_closes(self):
        with TlsServer(close=True) as server:
            c, answer = self.get(server, self.client())
            self.assertEqual(answer.headers["Connection"], "close")
            self.get(server, None, c)  # connects again
            c.close()
            self.assertEqual(len(server.handshakes), 2)

    def last_words(self, **how):
        """How a connection ends for somebody who waits for it."""
        with TlsServer(close=True, **how) as server:
            raw = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
            with self.client().wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False) as tls:
                tls.sendall(b"GET /health HTTP/1.1\r\n\r\n")
                while tls.recv(4096):
                    pass

    def test_says_goodbye_or_not(self):
        self.last_words()
        with self.assertRaises(ssl.SSLEOFError):
            self.last_words(cut=True)

    def test_resumes(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with TlsServer(version=version) as server:
                context, session = self.client(), None
                for _ in range(2):
                    raw = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
                    with context.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
                        tls.sendall(b"GET /health HTTP/1.1\r\n\r\n")
                        tls.recv(4096)
                        session = tls.session
                self.assertEqual([resumed for _, resumed, _ in server.handshakes], [False, True])

    def test_wrong_certificates(self):
        for name, words in (("other", "Hostname mismatch"), ("alone", "self-signed certificate")):
            with TlsServer(name=name) as server, self.assertRaisesRegex(ssl.SSLCertVerificationError, words):
                self.get(server, self.client())

    def test_acts_are_the_rude_peers(self):
        with TlsServer(health=say("", status="503 X")) as server:
            c = http.client.HTTPSConnection("localhost", server.port, context=self.client(), timeout=PATIENCE)
            c.request("GET", "/health")
            self.assertEqual(c.getresponse().status, 503)
            c.close()


if __name__ == "__main__":
    unittest.main()
