// What the files of libtorch's distributed package, c10d, share.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>

using StorePtr = c10::intrusive_ptr<c10d::Store>;
using BackendPtr = c10::intrusive_ptr<c10d::Backend>;

// Connects with all other ranks, whose addresses are exchanged through `store`. `address` is that of this process, as the
// others reach it, or empty: the interface that GLOO_SOCKET_IFNAME names.
BackendPtr make_gloo(const StorePtr& store, int rank, int size, const std::string& address,
                     std::chrono::milliseconds timeout);
