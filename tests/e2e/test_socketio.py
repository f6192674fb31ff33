"""Socket.IO's official client against orfeasd: in each of its transport modes, alone and a hundred at once."""
import json
import unittest

from harness import Case, node, small_png, wait_until

PACED = ("--profile", "hunyuan3d", "--time-scale", "120", "--load-time", "1ms")


class OfficialClient(Case):
    def run_clients(self, backend, transports, count):
        picture = self.write("disk.png", small_png())
        code, said = node("socketio_client.mjs", backend.url, transports, str(count), picture)
        self.assertEqual(code, 0, said)
        clients = json.loads(said)
        self.assertEqual(len(clients), count)
        for client in clients:
            self.check_events(client["events"])
        return clients

    def check_events(self, events):
        self.assertEqual(events[:3], ["connected", "subscribed", "job_update"])
        self.assertEqual(events[-2:], ["job_update", "generation_complete"])
        self.assertEqual(events.count("generation_complete"), 1)
        self.assertGreaterEqual(events.count("stage_change"), 5)

    def settled(self, backend):
        """All clients have left: nothing of theirs is there any more. Returns the descriptors."""
        def gone():
            metrics = backend.metrics()
            return metrics.sum("websocket_connections_active") == 0 and metrics.sum("http_requests_held") == 0 and \
                metrics.sum("http_connections_active") == 1
        wait_until(gone, "all clients are gone")
        return backend.metrics().sum("process_open_fds")

    def test_transports(self):
        backend = self.backend(*PACED)
        for transports, at_last in (("polling", "polling"), ("websocket", "websocket"),
                                    ("polling,websocket", "websocket")):
            client, = self.run_clients(backend, transports, 1)
            self.assertEqual(client["transport"], at_last)
            self.assertGreaterEqual(client["events"].count("generation_progress"), 1)
        self.settled(backend)
        metrics = backend.metrics()
        self.assertEqual(metrics.sum("websocket_messages_sent_total", event_type="generation_complete"), 3)
        self.assertEqual(metrics.sum("websocket_connection_duration_seconds_count"), 3)
        self.assertEqual(metrics.sum("websocket_errors_total"), 0)

    def test_a_hundred(self):
        backend = self.backend()
        before = self.settled(backend)
        for transports in ("polling", "websocket", "polling,websocket"):
            self.run_clients(backend, transports, 100)
            self.assertEqual(self.settled(backend), before)
        self.assertEqual(backend.metrics().sum("websocket_messages_sent_total", event_type="generation_complete"), 300)


if __name__ == "__main__":
    unittest.main()
