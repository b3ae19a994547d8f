// A GPU for tests on machines without one. It stands in for `libtorch_cuda.so`: libtorch sees the device `cuda:0`, whose
// memory is memory of the host and whose operations are computed by the CPU's kernels. Real are the rules that a program
// can break without noticing on the CPU (rules.h), the device's own random generator (generator.h), and pinned memory
// (memory.h). Not real: speed, streams, limits of memory, and kernels.
#include <ATen/EmptyTensor.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include "rules.h"

namespace at {
REGISTER_CUDA_HOOKS(CUDAHooks)
}

namespace test_gpu {
namespace {

C10_REGISTER_GUARD_IMPL(CUDA, Guard)

const c10::DispatchKeySet keys(c10::DispatchKey::CUDA);

template <typename T>
using Optional = std::optional<T>;

at::Tensor empty(at::IntArrayRef size, Optional<at::ScalarType> kind, Optional<at::Layout>, Optional<at::Device>,
                 Optional<bool>, Optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &forever<DeviceMemory>(), keys, kind.value_or(at::kFloat), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, Optional<at::ScalarType> kind,
                         Optional<at::Layout>, Optional<at::Device>, Optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &forever<DeviceMemory>(), keys, kind.value_or(at::kFloat));
}

const at::Tensor& resize_(const at::Tensor& self, c10::SymIntArrayRef size, Optional<at::MemoryFormat>) {
  const auto sizes = C10_AS_INTARRAYREF_SLOW(size);
  auto* tensor = self.unsafeGetTensorImpl();
  const auto bytes = at::detail::computeStorageNbytesContiguous(sizes, self.element_size(), self.storage_offset());
  const auto& storage = self.storage();
  if (storage.nbytes() < bytes) {
    auto memory = forever<DeviceMemory>().allocate(bytes);
    std::memcpy(memory.get(), storage.data(), storage.nbytes());
    storage.set_data_ptr_noswap(std::move(memory));
    storage.set_nbytes(bytes);
  }
  tensor->set_sizes_contiguous(sizes);
  return self;
}

struct Computing {
  Computing() { ++computing; }
  ~Computing() { --computing; }
};

// Any other operation: arguments are copied to the CPU, whose kernel computes, and results are copied back.
void compute(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  if (computing == 0) {
    counts().operation(op.schema().name());
    check_arguments(op, *stack);
  }
  const Computing now;
  if (!op.hasTag(at::Tag::nondeterministic_seeded)) return at::native::cpu_fallback(op, stack);
  static std::mutex drawing;
  std::lock_guard<std::mutex> lock(drawing);
  const DrawFromDevice draw;
  at::native::cpu_fallback(op, stack);
}

torch::CppFunction computed() { return torch::CppFunction::makeFromBoxedFunction<&compute>(); }

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(computed()); }

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("resize_", resize_);
  m.impl("copy_", copy_);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", item);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("view", at::native::view);
  m.impl("_reshape_alias", at::native::_reshape_alias);
  // Otherwise libtorch chooses a kernel of CUDA, such as that of depthwise convolutions.
  m.impl("convolution", computed());
  m.impl("convolution_backward", computed());
  // Otherwise libtorch composes it of others.
  m.impl("native_layer_norm", computed());
}

const bool registered = [] {
  counts();  // constructed now, so written after everything else has ended
  c10::SetAllocator(c10::kCUDA, &forever<DeviceMemory>());
  return true;
}();

}  // namespace
}  // namespace test_gpu
