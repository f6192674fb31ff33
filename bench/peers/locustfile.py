"""One request after the other, as the environment says, and at the end the totals as one line of JSON."""
import json
import os

from locust import constant, events, task
from locust.contrib.fasthttp import FastHttpUser

PATH = os.environ["BENCH_PATH"]
BODY = None
if os.environ.get("BENCH_BODY"):
    with open(os.environ["BENCH_BODY"], "rb") as f:
        BODY = f.read()
HEADERS = {"Content-Type": os.environ.get("BENCH_BODY_TYPE", "")}


class Client(FastHttpUser):
    wait_time = constant(float(os.environ.get("BENCH_THINK", "0")))

    @task
    def request(self):
        if BODY is None:
            self.client.get(PATH)
        else:
            self.client.post(PATH, data=BODY, headers=HEADERS)


@events.quitting.add_listener
def totals(environment, **_):
    total = environment.stats.total
    print(json.dumps({
        "requests": total.num_requests, "failures": total.num_failures, "max": total.max_response_time,
        **{f"p{p}": total.get_response_time_percentile(p / 100) for p in (50, 95, 99)}}), flush=True)
