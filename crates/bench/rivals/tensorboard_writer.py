"""TensorBoard's `SummaryWriter`, 12 scalars a step; prints points per second until everything is in the file."""
import tempfile
import time

import common

args = common.arguments(__doc__, steps=20000)
from torch.utils.tensorboard import SummaryWriter

with tempfile.TemporaryDirectory() as folder:
    started = time.perf_counter()
    with SummaryWriter(folder) as writer:
        for step in range(args.steps):
            for number in range(12):
                writer.add_scalar(f"train/metric{number}", step * 0.01, step)
    print(12 * args.steps / (time.perf_counter() - started))
