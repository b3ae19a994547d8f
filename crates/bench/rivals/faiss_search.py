"""One query for the first ten among rows of width 512 in faiss's exact index; prints milliseconds of the fastest."""
import common

args = common.arguments(__doc__, rows=100000, rounds=15)
import faiss
import numpy

faiss.omp_set_num_threads(args.threads)
rows = numpy.random.default_rng(0).standard_normal((args.rows, 512), dtype=numpy.float32)
faiss.normalize_L2(rows)
index = faiss.IndexFlatIP(512)
index.add(rows)
query = rows[args.rows // 3 : args.rows // 3 + 1]
print(1e3 * common.fastest(lambda: index.search(query, 10), args.rounds))
