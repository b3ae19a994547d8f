"""Ranks embeddings with faiss's exact index: `exact_index.py embeddings.safetensors answers.safetensors`.

Reads `images` [N, D], `captions` [M, D] and `owner` [M] and searches both ways with IndexFlatIP. With `--time` it searches
for the first 10 and prints the seconds of each way and the peak memory in MiB; otherwise it searches for all, and writes for
each caption how many images score more than its own and how many the same, and vice versa.
"""
import resource
import sys
import time

import faiss
import numpy
from safetensors.numpy import load_file, save_file


def search(answers, queries, k):
    index = faiss.IndexFlatIP(answers.shape[1])
    index.add(answers)
    started = time.perf_counter()
    scores, ids = index.search(queries, k)
    return scores, ids, time.perf_counter() - started


def counts(scores, ids, right):
    own = scores[ids == right[:, None]][:, None]
    lower = (scores == own) & (ids < right[:, None])
    return (scores > own).sum(1), lower.sum(1), (numpy.abs(scores - own) < 1e-6).sum(1) - 1


data = load_file(sys.argv[1])
images, captions, owner = data["images"], data["captions"], data["owner"]
if "--time" in sys.argv:
    faiss.omp_set_num_threads(int(sys.argv[-1]))
    search(images, captions[:64], 10)
    seconds = [search(images, captions, 10)[2], search(captions, images, 10)[2]]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(*(f"{value:.4f}" for value in seconds), f"{peak:.0f}")
else:
    found = {}
    for way, (answers, queries, right) in {
        "t2i": (images, captions, owner),
        "i2t": (captions, images[owner], numpy.arange(len(captions))),
    }.items():
        scores, ids, _ = search(answers, queries, len(answers))
        for name, values in zip(("higher", "tied", "near"), counts(scores, ids, right)):
            found[f"{way}/{name}"] = values.astype(numpy.int64)
    save_file(found, sys.argv[2])
