// Number formats: autocast on any device, and TF32.
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>

#include "guarded.h"

namespace {

at::DeviceType device(bool cuda) { return cuda ? at::kCUDA : at::kCPU; }

}  // namespace

extern "C" {

// The autocast state of this thread, restored at the end of a region.
struct shim_autocast {
  bool enabled;
  bool cache;
  int8_t dtype;
};

char* shim_autocast_begin(bool cuda, int8_t dtype, shim_autocast* before) {
  return guarded([&] {
    using namespace at::autocast;
    const auto on = device(cuda);
    *before = {is_autocast_enabled(on), is_autocast_cache_enabled(), static_cast<int8_t>(get_autocast_dtype(on))};
    set_autocast_dtype(on, static_cast<at::ScalarType>(dtype));
    set_autocast_enabled(on, true);
    set_autocast_cache_enabled(true);
    increment_nesting();
  });
}

// Cast weights are cached until the outermost region ends: an update would make them stale.
char* shim_autocast_end(bool cuda, const shim_autocast* before) {
  return guarded([&] {
    using namespace at::autocast;
    if (decrement_nesting() == 0) clear_cache();
    set_autocast_cache_enabled(before->cache);
    set_autocast_enabled(device(cuda), before->enabled);
    set_autocast_dtype(device(cuda), static_cast<at::ScalarType>(before->dtype));
  });
}

char* shim_allow_tf32(bool allowed) {
  return guarded([&] {
    at::globalContext().setAllowTF32CuBLAS(allowed);
    at::globalContext().setAllowTF32CuDNN(allowed);
  });
}

// [B, C, H, W] with the channels of a pixel adjacent in memory.
char* shim_channels_last(const at::Tensor* input, at::Tensor* output) {
  return guarded([&] { *output = input->contiguous(at::MemoryFormat::ChannelsLast); });
}
}
