// Features of libtorch that tch lacks. Every function that can fail returns null, or the message of an exception (freed
// by the caller).
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <vector>

#include "guarded.h"

namespace {

std::vector<at::Tensor> gather(void** tensors, size_t n) {
  std::vector<at::Tensor> list;
  list.reserve(n);
  for (size_t i = 0; i < n; ++i) list.push_back(*static_cast<at::Tensor*>(tensors[i]));
  return list;
}

}  // namespace

extern "C" {

char* shim_fused_adamw(void** params, void** grads, void** exp_avgs, void** exp_avg_sqs, void** steps, size_t n,
                       double lr, double beta1, double beta2, double weight_decay, double eps) {
  return guarded([&] {
    at::NoGradGuard guard;
    const auto counts = gather(steps, n);
    at::_foreach_add_(counts, 1);
    at::_fused_adamw_(gather(params, n), gather(grads, n), gather(exp_avgs, n), gather(exp_avg_sqs, n),
                      /*max_exp_avg_sqs=*/{}, counts, lr, beta1, beta2, weight_decay, eps,
                      /*amsgrad=*/false, /*maximize=*/false);
  });
}

void shim_drop_gradients(void** tensors, size_t n) {
  for (size_t i = 0; i < n; ++i) static_cast<at::Tensor*>(tensors[i])->mutable_grad().reset();
}

// The norm of all tensors together, as a scalar on their device, without synchronisation.
char* shim_global_norm(void** tensors, size_t n, void* out) {
  return guarded([&] {
    at::NoGradGuard guard;
    auto norms = at::_foreach_norm(gather(tensors, n));
    *static_cast<at::Tensor*>(out) = at::linalg_vector_norm(at::stack(norms));
  });
}

// Multiplies every tensor by a scalar on their device.
char* shim_scale_all(void** tensors, size_t n, void* factor) {
  return guarded([&] {
    at::NoGradGuard guard;
    at::_foreach_mul_(gather(tensors, n), *static_cast<at::Tensor*>(factor));
  });
}

// Moves every tensor towards its end: (1 - weight) * tensor + weight * end.
char* shim_lerp_all(void** tensors, void** ends, size_t n, double weight) {
  return guarded([&] {
    at::NoGradGuard guard;
    at::_foreach_lerp_(gather(tensors, n), gather(ends, n), weight);
  });
}

// An uninitialised CPU tensor in pinned memory, from libtorch's caching allocator, which reuses a freed block once the
// asynchronous copies from it have ended.
char* shim_pinned(const int64_t* size, size_t dims, int8_t dtype, void* out) {
  return guarded([&] {
    const auto options = at::TensorOptions(at::kCPU).dtype(static_cast<at::ScalarType>(dtype)).pinned_memory(true);
    *static_cast<at::Tensor*>(out) = at::empty(at::IntArrayRef(size, dims), options);
  });
}
}
