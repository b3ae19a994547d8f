// Copies from pinned memory that a GPU might not have ended.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

namespace test_gpu {

// The source of such a copy must not change until the host has waited for the device, or has freed the memory, which
// libtorch's allocator reuses only after the copy. A change ends the process.
class PendingCopies {
 public:
  void add(const void* start, size_t size) {
    const auto* first = static_cast<const char*>(start);
    std::lock_guard<std::mutex> lock(mutex_);
    copies_.push_back({first, size, digest(first, size)});
  }
  // The host has waited for the device.
  void end() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& copy : copies_) check(copy);
    copies_.clear();
  }
  // The block of `size` bytes is freed.
  void end_within(const void* start, size_t size) {
    const auto* first = static_cast<const char*>(start);
    std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(copies_, [&](const Copy& copy) {
      const bool within = copy.start >= first && copy.start < first + size;
      if (within) check(copy);
      return within;
    });
  }

 private:
  struct Copy {
    const char* start;
    size_t size;
    size_t digest;
  };
  static size_t digest(const char* start, size_t size) { return std::hash<std::string_view>{}({start, size}); }
  static void check(const Copy& copy) {
    if (digest(copy.start, copy.size) == copy.digest) return;
    std::fprintf(stderr, "test GPU: pinned memory was changed before the copy from it had ended\n");
    std::abort();
  }

  std::mutex mutex_;
  std::vector<Copy> copies_;
};

}  // namespace test_gpu
