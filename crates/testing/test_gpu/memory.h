// Memory of the device, and pinned memory of the host. Both are ordinary memory, told apart by address.
#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include <cstring>
#include <map>
#include <mutex>

#include "counts.h"
#include "pending.h"

namespace test_gpu {

inline const c10::Device cuda0{c10::kCUDA, 0};

// Blocks by address.
class Blocks {
 public:
  void* allocate(size_t size) {
    void* start = std::malloc(size);
    TORCH_CHECK(start != nullptr, "CUDA out of memory. Tried to allocate ", size, " bytes");
    std::lock_guard<std::mutex> lock(mutex_);
    sizes_[static_cast<char*>(start)] = size;
    return start;
  }
  size_t release(void* start) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto block = sizes_.find(static_cast<char*>(start));
    const auto size = block->second;
    sizes_.erase(block);
    std::free(start);
    return size;
  }
  // The size of the block that starts here.
  size_t size(void* start) {
    std::lock_guard<std::mutex> lock(mutex_);
    return sizes_.at(static_cast<char*>(start));
  }
  bool contain(const void* pointer) {
    const auto* address = static_cast<const char*>(pointer);
    std::lock_guard<std::mutex> lock(mutex_);
    auto block = sizes_.upper_bound(const_cast<char*>(address));
    return block != sizes_.begin() && (--block, address < block->first + block->second);
  }

 private:
  std::mutex mutex_;
  std::map<char*, size_t> sizes_;
};

// Objects that are never destroyed: tensors may outlive this library's static objects.
template <typename T>
T& forever() {
  static auto* one = new T;
  return *one;
}

// Fills new memory with bytes that are NaN as floating-point numbers, so that reading what was never written shows.
class DeviceMemory final : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    ++counts().allocations;
    if (size == 0) return {nullptr, nullptr, &release, cuda0};
    void* start = blocks_.allocate(size);
    std::memset(start, 0xff, size);
    std::lock_guard<std::mutex> lock(mutex_);
    bytes_.increase(size);
    return {start, start, &release, cuda0};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t size) const override { std::memcpy(to, from, size); }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override {
    std::lock_guard<std::mutex> lock(mutex_);
    c10::CachingDeviceAllocator::DeviceStats stats;
    stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)] = bytes_;
    return stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {
    std::lock_guard<std::mutex> lock(mutex_);
    bytes_.reset_accumulated();
  }
  void resetPeakStats(c10::DeviceIndex) override {
    std::lock_guard<std::mutex> lock(mutex_);
    bytes_.reset_peak();
  }

 private:
  static void release(void* start) {
    if (start == nullptr) return;
    auto& memory = forever<DeviceMemory>();
    const auto size = memory.blocks_.release(start);
    std::lock_guard<std::mutex> lock(memory.mutex_);
    memory.bytes_.decrease(size);
  }

  Blocks blocks_;
  std::mutex mutex_;
  c10::CachingAllocator::Stat bytes_;
};

class PinnedMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    ++counts().pinned_allocations;
    void* start = size == 0 ? nullptr : blocks_.allocate(size);
    return {start, start, &release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t size) const override { std::memcpy(to, from, size); }
  bool contains(const void* pointer) { return blocks_.contain(pointer); }

 private:
  static void release(void* start) {
    if (start == nullptr) return;
    auto& blocks = forever<PinnedMemory>().blocks_;
    forever<PendingCopies>().end_within(start, blocks.size(start));
    blocks.release(start);
  }

  Blocks blocks_;
};

}  // namespace test_gpu
