// Copies between host and device, and scalars that the host reads.
#pragma once

#include <ATen/ops/from_blob.h>

#include <c10/util/Backtrace.h>

#include "device.h"

namespace test_gpu {

// Above zero while the CPU computes an operation of the device: the copies for that are not the program's.
inline thread_local int computing = 0;

// The memory of a tensor, as a tensor of the CPU.
inline at::Tensor on_host(const at::Tensor& tensor) {
  if (!tensor.is_cuda()) return tensor;
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
}

// Prints where the host waits for the device, if CLIP_LAB_TEST_GPU_TRACE is set.
inline void trace(const char* what) {
  static const bool wanted = std::getenv("CLIP_LAB_TEST_GPU_TRACE") != nullptr;
  if (wanted) std::fprintf(stderr, "test GPU: %s\n%s\n", what, c10::get_backtrace(1, 40).c_str());
}

inline void count_up(const at::Tensor& from, bool non_blocking) {
  const bool pinned = from.is_pinned();
  counts().up[!pinned ? PAGEABLE : non_blocking ? PINNED_ASYNC : PINNED_BLOCKING].add(static_cast<int64_t>(from.nbytes()));
  auto& pending = forever<PendingCopies>();
  if (!pinned || !non_blocking) {
    trace("a copy to the device that blocks");
    pending.end();
  } else if (from.is_contiguous()) {
    pending.add(from.data_ptr(), from.nbytes());
  }
}

inline void count_copy(const at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  if (to.is_cuda() && !from.is_cuda()) count_up(from, non_blocking);
  if (to.is_cuda() || !from.is_cuda()) return;
  counts().down.add(static_cast<int64_t>(from.nbytes()));
  trace("a copy to the host");
  if (!non_blocking) forever<PendingCopies>().end();
}

inline at::Tensor& copy_(at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  if (computing == 0) count_copy(to, from, non_blocking);
  at::AutoDispatchBelowADInplaceOrView below;
  on_host(to).copy_(on_host(from));
  return to;
}

inline at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  auto target = to;
  return copy_(target, from, non_blocking);
}

inline at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  auto target = to;
  target.resize_(from.sizes());
  return copy_(target, from, false);
}

inline at::Scalar item(const at::Tensor& tensor) {
  if (computing == 0) {
    ++counts().host_reads;
    trace("a scalar is read");
    forever<PendingCopies>().end();
  }
  return on_host(tensor).item();
}

}  // namespace test_gpu
