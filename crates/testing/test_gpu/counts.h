// What a program does with the device, written at exit as JSON to the file that CLIP_LAB_TEST_GPU_COUNTS names.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace test_gpu {

struct Copies {
  std::atomic<int64_t> count{0};
  std::atomic<int64_t> bytes{0};

  void add(int64_t size) {
    ++count;
    bytes += size;
  }
};

// From the host to the device. Only a non-blocking copy from pinned memory lets the host continue.
enum Source { PINNED_ASYNC, PINNED_BLOCKING, PAGEABLE, SOURCES };

struct Counts {
  // Scalars that the host reads (`item`), each of which waits for the device.
  std::atomic<int64_t> host_reads{0};
  Copies up[SOURCES];
  // From the device to the host.
  Copies down;
  // Operations whose result has a size that depends on values: the host waits for it.
  std::atomic<int64_t> data_dependent{0};
  std::atomic<int64_t> synchronizations{0};
  std::atomic<int64_t> allocations{0};
  std::atomic<int64_t> pinned_allocations{0};
  // Operations that draw random numbers.
  std::atomic<int64_t> draws{0};

  // Calls by operation.
  void operation(const std::string& name) {
    std::lock_guard<std::mutex> lock(mutex_);
    ++operations_[name];
  }

  ~Counts() {
    const char* path = std::getenv("CLIP_LAB_TEST_GPU_COUNTS");
    FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr) return;
    std::fprintf(file, "{");
    write(file, "host_reads", host_reads);
    write(file, "up_pinned_async", up[PINNED_ASYNC]);
    write(file, "up_pinned_blocking", up[PINNED_BLOCKING]);
    write(file, "up_pageable", up[PAGEABLE]);
    write(file, "down", down);
    write(file, "data_dependent", data_dependent);
    write(file, "synchronizations", synchronizations);
    write(file, "allocations", allocations);
    write(file, "pinned_allocations", pinned_allocations);
    write(file, "draws", draws);
    std::fprintf(file, "\"operations\": {");
    const char* comma = "";
    for (const auto& [name, calls] : operations_) {
      std::fprintf(file, "%s\"%s\": %lld", comma, name.c_str(), static_cast<long long>(calls));
      comma = ", ";
    }
    std::fprintf(file, "}}\n");
    std::fclose(file);
  }

 private:
  static void write(FILE* file, const char* name, const std::atomic<int64_t>& value) {
    std::fprintf(file, "\"%s\": %lld, ", name, static_cast<long long>(value.load()));
  }
  static void write(FILE* file, const char* name, const Copies& copies) {
    std::fprintf(file, "\"%s\": {\"count\": %lld, \"bytes\": %lld}, ", name, static_cast<long long>(copies.count.load()),
                 static_cast<long long>(copies.bytes.load()));
  }

  std::mutex mutex_;
  std::map<std::string, int64_t> operations_;
};

inline Counts& counts() {
  static Counts all;
  return all;
}

}  // namespace test_gpu
