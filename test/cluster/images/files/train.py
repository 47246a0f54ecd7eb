"""Fits a plane, by all processes together: a training of seconds. It goes on from its last state when it was stopped on its way."""

import io
import os
import signal
import time
from urllib.parse import urlparse

import boto3
import mlflow
import torch
import torch.distributed as dist
from botocore.exceptions import ClientError
from torch.nn.parallel import DistributedDataParallel

STEPS = int(os.environ["STEPS"])
PAUSE = float(os.environ["PAUSE"])
SAVE_EVERY = 10
STATE = urlparse(os.environ["CHECKPOINT_URI"] + "/state.pt")
WANTED = torch.tensor([[2.0], [-3.0], [0.5]])

stopping = False


def stop(_signal, _frame):
    global stopping
    stopping = True


def load():
    try:
        body = boto3.client("s3").get_object(Bucket=STATE.netloc, Key=STATE.path[1:])["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    return torch.load(io.BytesIO(body), weights_only=True)


def save(**state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    boto3.client("s3").put_object(Bucket=STATE.netloc, Key=STATE.path[1:], Body=buffer.getvalue())


def agreed(flag):
    answer = torch.tensor(int(flag))
    dist.all_reduce(answer, op=dist.ReduceOp.MAX)
    return bool(answer.item())


def main():
    signal.signal(signal.SIGTERM, stop)
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    model = DistributedDataParallel(torch.nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    state = load()
    if state:
        model.module.load_state_dict(state["model"])
    step, run = (state["step"], state["run"]) if state else (0, None)
    if rank == 0:
        run = mlflow.start_run(run_id=run, run_name=os.environ["TRAINING_NAME"]).info.run_id
        if not state:
            mlflow.log_params({"processes": world, "steps": STEPS})
    print(f"process {rank} of {world} goes on at step {step}", flush=True)
    random = torch.Generator().manual_seed(rank)
    while step < STEPS:
        inputs = torch.randn(64, 3, generator=random)
        loss = torch.nn.functional.mse_loss(model(inputs), inputs @ WANTED)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        time.sleep(PAUSE)
        leave = agreed(stopping)
        if leave or step % SAVE_EVERY == 0:
            if rank == 0:
                mlflow.log_metric("loss", loss.item(), step=step)
                save(model=model.module.state_dict(), step=step, run=run)
                print(f"saved step {step}", flush=True)
            dist.barrier()
        if leave:
            dist.destroy_process_group()
            raise SystemExit(143)
    if rank == 0:
        mlflow.log_dict({"weights": model.module.weight.tolist()}, "model.json")
        mlflow.end_run()
    dist.destroy_process_group()
    print(f"process {rank} is done, the loss is {loss.item():.6f}", flush=True)


if __name__ == "__main__":
    main()
