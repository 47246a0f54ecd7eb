"""What a person who trains a model does: logs a run with parameters, metrics, a model and a large artifact, and reads all of it back.

Knows MLFLOW_TRACKING_URI, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD and REQUESTS_CA_BUNDLE, as any program of MLflow's. Its argument
is the artifact's size in MiB. Prints what it found as JSON.
"""

import hashlib
import json
import os
import pathlib
import sys
import tempfile
import time

import mlflow

SIZE = int(sys.argv[1]) << 20
began = time.monotonic()
seconds = {}


def lap(what):
    global began
    seconds[what] = round(time.monotonic() - began, 1)
    began = time.monotonic()


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * value for value in model_input]


def write_random(path):
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for _ in range(SIZE >> 20):
            block = os.urandom(1 << 20)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


folder = pathlib.Path(tempfile.mkdtemp())
artifact = folder / "artifact.bin"
sent = write_random(artifact)
name = f"client-{time.time_ns()}"
lap("start")

experiment = mlflow.set_experiment(name)
with mlflow.start_run(run_name="first", tags={"purpose": "proof"}) as run:
    mlflow.log_params({"learning_rate": 0.1, "layers": 12})
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    lap("run")
    mlflow.log_artifact(str(artifact))
    lap("upload")
    model = mlflow.pyfunc.log_model(
        name="model", python_model=Doubler(), pip_requirements=[], registered_model_name=name, await_registration_for=30
    )
    lap("model")

again = mlflow.get_run(run.info.run_id)
history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
back = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=artifact.name, dst_path=tempfile.mkdtemp())
lap("download")
version = mlflow.MlflowClient().get_model_version(name, "1")
predicted = mlflow.pyfunc.load_model(f"models:/{name}/1").predict([1, 2, 21])
found = mlflow.search_runs(experiment_names=[name], filter_string="params.layers = '12'")
lap("read")

os.environ["MLFLOW_TRACKING_PASSWORD"] = "not-the-password-at-all"
try:
    mlflow.search_experiments()
    refusal = "none: the wrong password was taken"
except mlflow.exceptions.MlflowException as error:
    refusal = str(error)

print(
    json.dumps(
        {
            "experiment": experiment.experiment_id,
            "run": run.info.run_id,
            "status": again.info.status,
            "params": again.data.params,
            "tags": {"purpose": again.data.tags.get("purpose")},
            "loss": [metric.value for metric in history],
            "sent": sent,
            "received": digest_of(back),
            "bytes": os.path.getsize(back),
            "artifacts": again.info.artifact_uri,
            "model": {"id": model.model_id, "status": version.status, "predicted": predicted},
            "found": list(found["run_id"]),
            "refusal": refusal,
            "seconds": seconds,
        }
    )
)
