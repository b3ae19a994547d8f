// Which kernel libtorch chooses for an operation.
#include <ATen/Context.h>

#include "guarded.h"

extern "C" {

// An operation without a deterministic kernel then raises an exception instead of a warning.
char* shim_use_deterministic_kernels(bool deterministic) {
  return guarded([&] {
    at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
    at::globalContext().setDeterministicCuDNN(deterministic);
  });
}

bool shim_are_kernels_deterministic() {
  return at::globalContext().deterministicAlgorithms() && at::globalContext().deterministicCuDNN();
}

char* shim_benchmark_convolutions(bool benchmark) {
  return guarded([&] { at::globalContext().setBenchmarkCuDNN(benchmark); });
}

bool shim_are_convolutions_benchmarked() { return at::globalContext().benchmarkCuDNN(); }
}
