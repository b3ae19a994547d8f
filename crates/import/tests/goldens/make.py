"""Writes the golden files with the real tools: torch.utils.tensorboard of torch 2.13 and tensorboard 2.21, wandb 0.31.

    python make.py tensorboard    # needs torch and tensorboard
    python make.py wandb          # needs wandb; removes what names the machine
"""

import glob
import os
import pathlib
import shutil
import struct
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).parent


def tensorboard():
    import torch
    from torch.utils.tensorboard import SummaryWriter

    folder = HERE / "tensorboard"
    shutil.rmtree(folder, ignore_errors=True)
    writer = SummaryWriter(str(folder))
    for step in range(1, 6):
        writer.add_scalar("train/loss", 3.0 / step, step)
        writer.add_scalar("train/tensor", 1.5 * step, step, new_style=True)
        writer.add_scalar("train/double", 0.1 * step, step, new_style=True, double_precision=True)
    writer.add_scalar("nan", float("nan"), 5)
    writer.add_histogram("histogram", torch.arange(10.0), 5)
    writer.add_image("image", torch.zeros(3, 4, 4), 5)
    writer.add_text("text", "hello", 5)
    writer.add_hparams({"lr": 0.1, "name": "adam", "nesterov": True}, {"hparam/accuracy": 0.5}, run_name="hparams")
    writer.close()
    for path in glob.glob(str(folder / "**/events*"), recursive=True):
        path = pathlib.Path(path)
        path.rename(path.with_name("events.out.tfevents.1700000000.host.1.0"))


def wandb():
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    with tempfile.TemporaryDirectory() as folder:
        run = wandb.init(
            mode="offline",
            dir=folder,
            project="towers",
            name="lit-b",
            id="abcd1234",
            config={"lr": 1e-3, "model": {"depth": 12, "name": "vit"}, "seed": 3, "betas": [0.9, 0.98]},
            tags=["paper", "b"],
            notes="a note",
            group="g1",
        )
        run.define_metric("val/acc", summary="max")
        for step in range(1, 21):
            run.log({"train/loss": 3.0 / step, "nested": {"a": {"b": step * 2.0}}}, step=step)
            if step % 10 == 0:
                bad = float("nan") if step == 10 else float("inf")
                histogram = wandb.Histogram([1, 2, 3])
                run.log({"val/acc": step / 40, "bad": bad, "text": "hello", "hist": histogram}, step=step)
        run.config.update({"late": True})
        run.summary["test/acc"] = 0.75
        run.finish()
        wandb.teardown()  # the log is complete when its process has ended
        (log,) = glob.glob(os.path.join(folder, "wandb/offline-run-*/run-*.wandb"))
        records = [Record.FromString(data) for data in scan(open(log, "rb").read())]
    out = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))
    for record in records:
        if record.WhichOneof("record_type") in ("environment", "files", "telemetry", "output", "output_raw", "stats"):
            continue
        if record.HasField("run"):
            record.run.host = "gpu-7"
            record.run.ClearField("telemetry")
            record.run.ClearField("git")
            record.run.git.commit = "0123456789abcdef0123456789abcdef01234567"
        data = record.SerializeToString()
        assert len(out) + 7 + len(data) < 32768, "one block"
        out += struct.pack("<IHB", zlib.crc32(b"\x01" + data), len(data), 1) + data
    folder = HERE / "wandb/offline-run-20261130_093611-abcd1234"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run-abcd1234.wandb").write_bytes(out)


def scan(data):
    """The records of a log of one block."""
    at = 7
    while at + 7 <= len(data):
        checksum, length, kind = struct.unpack("<IHB", data[at : at + 7])
        record = data[at + 7 : at + 7 + length]
        assert kind == 1 and checksum == zlib.crc32(bytes([kind]) + record)
        yield record
        at += 7 + length


if __name__ == "__main__":
    {"tensorboard": tensorboard, "wandb": wandb}[sys.argv[1]]()
