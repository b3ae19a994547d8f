// What a GPU's memory held at most.
#include <c10/core/CachingDeviceAllocator.h>

#include "guarded.h"

extern "C" {

char* shim_cuda_reset_peak(int8_t device) {
  return guarded([&] { c10::getDeviceAllocator(c10::kCUDA)->resetPeakStats(device); });
}

char* shim_cuda_peak(int8_t device, int64_t* bytes) {
  return guarded([&] {
    using namespace c10::CachingAllocator;
    const auto stats = c10::getDeviceAllocator(c10::kCUDA)->getDeviceStats(device);
    *bytes = stats.allocated_bytes[static_cast<size_t>(StatType::AGGREGATE)].peak;
  });
}
}
