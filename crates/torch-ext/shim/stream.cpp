// Copies to a GPU on a stream of their own, while the current stream computes. Through the interface that each backend
// registers with c10, so this file needs no library of CUDA.
#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/GradMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>

#include "guarded.h"

namespace {

c10::Device gpu(int8_t index) { return c10::Device(c10::kCUDA, index); }

c10::impl::VirtualGuardImpl backend() { return c10::impl::VirtualGuardImpl(c10::kCUDA); }

}  // namespace

extern "C" {

// The id of a stream of the device's pool, other than its default stream.
char* shim_stream(int8_t device, int64_t* id) {
  return guarded([&] { *id = backend().getStreamFromGlobalPool(gpu(device)).id(); });
}

// Issues the copies of `n` tensors in pinned host memory to the device, on stream `id`. `event` is the end of the copies.
char* shim_upload(int8_t device, int64_t id, void** host, size_t n, void** out, void** event) {
  return guarded([&] {
    const c10::Stream stream(c10::Stream::UNSAFE, gpu(device), id);
    const c10::StreamGuard guard(stream);
    const c10::NoGradGuard no_grad;
    for (size_t i = 0; i < n; ++i) {
      const auto& tensor = *static_cast<at::Tensor*>(host[i]);
      *static_cast<at::Tensor*>(out[i]) = tensor.to(gpu(device), tensor.scalar_type(), /*non_blocking=*/true);
    }
    auto end = std::make_unique<c10::Event>(c10::kCUDA);
    end->record(stream);
    *event = end.release();
  });
}

// The current stream waits for `event`, the host does not. It then uses the `n` tensors, which belong to another stream:
// the allocator reuses their memory only when what the current stream does with them has ended.
char* shim_wait_upload(void* event, void** tensors, size_t n) {
  return guarded([&] {
    const auto& end = *static_cast<c10::Event*>(event);
    const auto current = backend().getStream(end.device());
    end.block(current);
    for (size_t i = 0; i < n; ++i) {
      backend().recordDataPtrOnStream(static_cast<at::Tensor*>(tensors[i])->storage().data_ptr(), current);
    }
  });
}

void shim_drop_event(void* event) { delete static_cast<c10::Event*>(event); }
}
