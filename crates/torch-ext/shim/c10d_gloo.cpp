// Creates libtorch's Gloo process group; alone here, since only its header names gloo's own classes.
#define USE_C10D_GLOO
// Our declarations under another name than gloo's own: the linker fails if this file needs a function of theirs.
#define gloo declared_gloo
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "c10d.h"

using c10d::ProcessGroupGloo;

BackendPtr make_gloo(const StorePtr& store, int rank, int size, const std::string& address,
                     std::chrono::milliseconds timeout) {
  auto options = ProcessGroupGloo::Options::create(timeout);
  if (address.empty()) {
    options = ProcessGroupGloo::Options::create_default(timeout);
  } else {
    options->devices.push_back(ProcessGroupGloo::createDeviceForHostname(address));
  }
  return c10::make_intrusive<ProcessGroupGloo>(store, rank, size, options);
}
