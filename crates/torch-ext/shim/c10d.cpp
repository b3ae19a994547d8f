// libtorch's key-value store over TCP, through which processes find each other, and the collective operations of its
// process groups, written against c10d::Backend, the interface of Gloo and NCCL. Each begins an operation and returns a
// handle of it in `work`.
#include "c10d.h"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <vector>

#include "guarded.h"

using c10::intrusive_ptr;
using c10d::Work;
using std::chrono::milliseconds;

namespace {

c10d::Store& store_of(void* store) { return **static_cast<StorePtr*>(store); }

c10d::Backend& backend_of(void* group) { return **static_cast<BackendPtr*>(group); }

at::Tensor& tensor_of(void* tensor) { return *static_cast<at::Tensor*>(tensor); }

void* boxed(intrusive_ptr<Work> work) { return new intrusive_ptr<Work>(std::move(work)); }

Work& work_of(void* work) { return **static_cast<intrusive_ptr<Work>*>(work); }

c10d::ReduceOp reduction(int number) {
  constexpr c10d::ReduceOp::RedOpType all[] = {c10d::ReduceOp::SUM, c10d::ReduceOp::MIN, c10d::ReduceOp::MAX};
  return c10d::ReduceOp(all[number]);
}

}  // namespace

extern "C" {

// Connects with the server at `host`:`port`, which this process starts first if `serve`. All keys get `prefix`, so that a
// restarted job does not read those of its last attempt.
char* shim_store_open(const char* host, uint16_t port, bool serve, const char* prefix, int64_t timeout_ms, void** out) {
  return guarded([&] {
    // Errors only: a warning has a backtrace, and every failure is returned.
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = 2;
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = serve;
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout_ms);
    auto tcp = c10::make_intrusive<c10d::TCPStore>(host, options);
    *out = new StorePtr(c10::make_intrusive<c10d::PrefixStore>(prefix, tcp));
  });
}

void shim_store_free(void* store) { delete static_cast<StorePtr*>(store); }

char* shim_store_set(void* store, const char* key, const uint8_t* value, size_t n) {
  return guarded([&] { store_of(store).set(std::string(key), std::vector<uint8_t>(value, value + n)); });
}

// Waits until the key exists, then calls `take` with its value.
char* shim_store_get(void* store, const char* key, int64_t timeout_ms, void* list,
                     void (*take)(void* list, const uint8_t* value, size_t n)) {
  return guarded([&] {
    store_of(store).wait({key}, milliseconds(timeout_ms));
    const auto value = store_of(store).get(std::string(key));
    take(list, value.data(), value.size());
  });
}

char* shim_store_has(void* store, const char* key, bool* out) {
  return guarded([&] { *out = store_of(store).check({key}); });
}

char* shim_group_gloo(void* store, int rank, int size, const char* address, int64_t timeout_ms, void** out) {
  return guarded([&] {
    const auto& shared = *static_cast<StorePtr*>(store);
    *out = new BackendPtr(make_gloo(shared, rank, size, address, milliseconds(timeout_ms)));
  });
}

// Waits for the operations that are in progress, for the group's timeout at most.
void shim_group_free(void* group) { delete static_cast<BackendPtr*>(group); }

// In place.
char* shim_group_all_reduce(void* group, void* tensor, int op, void** work) {
  return guarded([&] {
    std::vector<at::Tensor> list{tensor_of(tensor)};
    c10d::AllreduceOptions options;
    options.reduceOp = reduction(op);
    *work = boxed(backend_of(group).allreduce(list, options));
  });
}

// `out` has the size of all inputs, one after the other in order of ranks.
char* shim_group_all_gather(void* group, void* out, void* input, void** work) {
  return guarded([&] { *work = boxed(backend_of(group)._allgather_base(tensor_of(out), tensor_of(input))); });
}

// `input` is a row of one slice per rank; `out` becomes the sum of this rank's slices.
char* shim_group_reduce_scatter(void* group, void* out, void* input, int op, void** work) {
  return guarded([&] {
    c10d::ReduceScatterOptions options;
    options.reduceOp = reduction(op);
    *work = boxed(backend_of(group)._reduce_scatter_base(tensor_of(out), tensor_of(input), options));
  });
}

// `input` is a row of one slice per rank; `out`, of its size, becomes the slices of all ranks for this one.
char* shim_group_all_to_all(void* group, void* out, void* input, void** work) {
  return guarded([&] {
    std::vector<int64_t> equal;  // slices of equal size
    *work = boxed(backend_of(group).alltoall_base(tensor_of(out), tensor_of(input), equal, equal));
  });
}

// In place.
char* shim_group_broadcast(void* group, void* tensor, int root, void** work) {
  return guarded([&] {
    std::vector<at::Tensor> list{tensor_of(tensor)};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    *work = boxed(backend_of(group).broadcast(list, options));
  });
}

char* shim_group_barrier(void* group, int64_t timeout_ms, void** work) {
  return guarded([&] {
    c10d::BarrierOptions options;
    options.timeout = milliseconds(timeout_ms);
    *work = boxed(backend_of(group).barrier(options));
  });
}

// Blocks until the operation ends, by success or by an exception, or until `slice_ms` have passed. The operation goes on
// then; `done` says which.
char* shim_work_wait(void* work, int64_t slice_ms, bool* done) {
  return guarded([&] {
    *done = false;
    try {
      work_of(work).wait(milliseconds(slice_ms));
    } catch (const std::exception&) {
      if (!work_of(work).isCompleted()) return;
      work_of(work).wait();  // throws if it failed, but not if it ended just after the slice
    }
    *done = true;
  });
}

bool shim_work_is_done(void* work) { return work_of(work).isCompleted(); }

void shim_work_free(void* work) { delete static_cast<intrusive_ptr<Work>*>(work); }
}
