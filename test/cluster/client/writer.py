"""Writes to the platform as its users do until it is told to stop (SIGTERM), then reads back all that was acknowledged.

Tells what it does by lines of JSON on standard output. First its process: `{"pid"}`. Then each write, with the times at which it began and ended:
`{"kind", "key", "began", "ended"}`, and `error` in place of `key` where it failed; nothing is tried twice. After the stop `{"kind", "key", "lost"}` for
each acknowledged write that doesn't read back the same, and `{"checked"}` at last. Knows MLFLOW_TRACKING_URI, AWS_ENDPOINT_URL and the like, as any program; its argument is a bucket.
"""

import hashlib
import json
import os
import signal
import sys
import tempfile
import threading
import time

os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_HTTP_REQUEST_TIMEOUT="30",
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
)

import boto3  # noqa: E402
import mlflow  # noqa: E402
from botocore.config import Config  # noqa: E402
from mlflow.utils.credentials import get_default_host_creds  # noqa: E402
from mlflow.utils.rest_utils import http_request  # noqa: E402

# Threads that write runs, and those that write objects.
RUNS = 1
OBJECTS = 2
# Seconds between two writes of a thread: the machine has the platform to run, too.
PAUSE = 1.2
BUCKET = sys.argv[1]
READ_ATTEMPTS = 3

stopping = threading.Event()
output = threading.Lock()


def tell(**fields):
    with output:
        print(json.dumps(fields), flush=True)


def content(key):
    """Bytes that belong to the key and to no other."""
    return (hashlib.sha256(key.encode()).hexdigest() * 64).encode()


class Runs:
    """MLflow runs with a parameter, a metric and an artifact."""

    kind = "run"

    def __init__(self, number):
        self.client = mlflow.MlflowClient()
        self.number = number
        self.count = 0
        self.folder = tempfile.mkdtemp()

    def write(self):
        self.count += 1
        name = f"{self.number}-{self.count}"
        run = self.client.create_run(experiment, run_name=name).info.run_id
        self.client.log_param(run, "name", name)
        self.client.log_metric(run, "count", self.count)
        path = os.path.join(self.folder, "file.bin")
        with open(path, "wb") as file:
            file.write(content(name))
        self.client.log_artifact(run, path)
        self.client.set_terminated(run)
        return f"{run} {name}"

    def read(self, key):
        run, name = key.split()
        found = self.client.get_run(run)
        expected = {"name": name}, {"count": float(name.split("-")[1])}, "FINISHED"
        got = found.data.params, found.data.metrics, found.info.status
        if got != expected:
            return f"reads {got}, not {expected}"
        path = found.info.artifact_uri.removeprefix("mlflow-artifacts:") + "/file.bin"
        answer = http_request(
            get_default_host_creds(self.client.tracking_uri), f"/api/2.0/mlflow-artifacts/artifacts{path}", "GET"
        )
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: status {answer.status_code}")
        return None if answer.content == content(name) else "its artifact has other content"


class Objects:
    """Objects in a bucket."""

    kind = "object"

    def __init__(self, number):
        self.number = number
        self.count = 0
        self.client = boto3.client(
            "s3",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=30,
                read_timeout=30,
                s3={"addressing_style": "path"},
            ),
        )

    def write(self):
        self.count += 1
        key = f"writer/{os.getpid()}/{self.number}-{self.count}"
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content(key))
        return key

    def read(self, key):
        same = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content(key)
        return None if same else "has other content"


def write(writer, acknowledged):
    while not stopping.is_set():
        began = time.time()
        try:
            key = writer.write()
        except Exception as error:
            tell(kind=writer.kind, began=began, ended=time.time(), error=" ".join(str(error).split())[:300])
        else:
            tell(kind=writer.kind, key=key, began=began, ended=time.time())
            acknowledged.append(key)
        stopping.wait(PAUSE)


def verify(writer, acknowledged):
    for key in acknowledged:
        for attempt in range(READ_ATTEMPTS):
            try:
                problem = writer.read(key)
                break
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
                time.sleep(2)
        if problem:
            tell(kind=writer.kind, key=key, lost=" ".join(problem.split())[:300])


def together(work, jobs):
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)


tell(pid=os.getpid())
signal.signal(signal.SIGTERM, lambda *_: stopping.set())
experiment = mlflow.MlflowClient().create_experiment(f"writer-{time.time():.0f}-{os.getpid()}")
jobs = [(writer, []) for writer in [*map(Runs, range(RUNS)), *map(Objects, range(OBJECTS))]]
together(write, jobs)
together(verify, jobs)
tell(checked=sum(len(acknowledged) for _, acknowledged in jobs))
sys.exit(0)
