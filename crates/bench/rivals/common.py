"""What the rivals share: arguments, warm-up and timing.

A rival prints its number, or numbers separated by spaces, as the last line of its output. Exit status 77 says that a
library is missing; its last line of errors then names it.
"""
import argparse
import os
import sys
import time

MISSING = 77


def on_error(kind, error, trace):
    if issubclass(kind, ImportError):
        print(f"{error.name or 'a library'} is not installed", file=sys.stderr, flush=True)
        os._exit(MISSING)
    sys.__excepthook__(kind, error, trace)


sys.excepthook = on_error


def arguments(description, **defaults):
    """`--name VALUE` for each of `defaults`, with its type, and `--threads`."""
    parser = argparse.ArgumentParser(description=description)
    for name, value in {"threads": 1, **defaults}.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args()


def torch_with(threads):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return torch


def rate(step, items, warmup, steps):
    """Items per second of `steps` calls of `step`, each for `items` items, after `warmup` others."""
    for _ in range(warmup):
        step()
    started = time.perf_counter()
    for _ in range(steps):
        step()
    return items * steps / (time.perf_counter() - started)


def fastest(work, rounds):
    """Seconds of the fastest of `rounds` calls, after one that does not count."""
    work()
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best
