"""Times faiss's exact index: `faiss_speed.py embeddings.safetensors THREADS`.

Reads `images` [N, D] and `captions` [M, D], searches in both directions for the first 10 with IndexFlatIP, and prints the
seconds of each direction and the peak memory in MiB.
"""
import resource
import sys
import time

import faiss
from safetensors.numpy import load_file


def seconds(candidates, queries):
    index = faiss.IndexFlatIP(candidates.shape[1])
    index.add(candidates)
    started = time.perf_counter()
    index.search(queries, 10)
    return time.perf_counter() - started


data = load_file(sys.argv[1])
images, captions = data["images"], data["captions"]
faiss.omp_set_num_threads(int(sys.argv[2]))
seconds(images, captions[:64])
both = [seconds(images, captions), seconds(captions, images)]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(*(f"{value:.4f}" for value in both), f"{peak:.0f}")
