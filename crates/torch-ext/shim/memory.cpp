// Peak memory of tensors: on a GPU, and on the CPU within a watch.
#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "guarded.h"

namespace {

// Receives every CPU allocation of this thread, and of the threads that run its backward passes.
class Watch : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device device) override {
    if (!device.is_cpu()) return;
    std::lock_guard<std::mutex> lock(mutex_);
    held_ += bytes;
    peak_ = std::max(peak_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() {
    std::lock_guard<std::mutex> lock(mutex_);
    return peak_;
  }

 private:
  std::mutex mutex_;
  int64_t held_ = 0;
  int64_t peak_ = 0;
};

}  // namespace

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

char* shim_watch_begin() {
  return guarded([&] {
    c10::ThreadLocalDebugInfo::_push(c10::DebugInfoKind::PROFILER_STATE, std::make_shared<Watch>());
  });
}

char* shim_watch_end(int64_t* bytes) {
  return guarded([&] {
    auto watch = c10::ThreadLocalDebugInfo::_pop(c10::DebugInfoKind::PROFILER_STATE);
    *bytes = static_cast<Watch&>(*watch).peak();
  });
}
}
