"""Keeps a copy of what the platform holds in another place, and brings it back: `save BUCKET` and `load BUCKET [PREFIX NEW-PREFIX]`, with the copy in
shared/BUCKET; `runs EXPERIMENT-PREFIX` prints all that MLflow has of these experiments: runs, their parameters and metrics, a digest of each artifact.

Knows AWS_ENDPOINT_URL, MLFLOW_TRACKING_URI and the like, as any program. Prints what it found as JSON.
"""

import hashlib
import json
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

command, name, *rest = sys.argv[1:]
folder = pathlib.Path("shared") / name


def save():
    listing = s3.get_paginator("list_objects_v2").paginate(Bucket=name)
    return {"objects": len(together(save_one, [found["Key"] for page in listing for found in page.get("Contents", [])]))}


def save_one(key):
    target = folder / key
    target.parent.mkdir(parents=True, exist_ok=True)
    s3.download_file(name, key, str(target))


def load():
    return {"objects": len(together(load_one, [path for path in folder.rglob("*") if path.is_file()]))}


def load_one(path):
    key = str(path.relative_to(folder))
    if rest and key.startswith(rest[0]):
        key = rest[1] + key.removeprefix(rest[0])
    s3.upload_file(str(path), name, key)


def together(work, items):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, items))


def pages(ask):
    token = None
    while True:
        page = ask(token)
        yield from page
        token = page.token
        if not token:
            return


def artifact(run):
    path = run.info.artifact_uri.removeprefix("mlflow-artifacts:") + "/file.bin"
    answer = http_request(get_default_host_creds(client.tracking_uri), f"/api/2.0/mlflow-artifacts/artifacts{path}", "GET")
    return hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else f"status {answer.status_code}"


def runs():
    experiments = [e for e in pages(lambda token: client.search_experiments(page_token=token)) if e.name.startswith(name)]
    ids = [experiment.experiment_id for experiment in experiments]
    found = pages(lambda token: client.search_runs(ids, max_results=1000, page_token=token)) if ids else []
    # Those that were never finished may lack their artifact.
    finished = [run for run in found if run.info.status == "FINISHED"]
    return {
        run.info.run_id: [run.data.params, run.data.metrics, digest]
        for run, digest in zip(finished, together(artifact, finished))
    }


if command == "runs":
    import mlflow
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    client = mlflow.MlflowClient()
    answer = runs()
else:
    import boto3

    from botocore.config import Config

    s3 = boto3.client("s3", config=Config(max_pool_connections=20))
    answer = save() if command == "save" else load()
print(json.dumps(answer))
