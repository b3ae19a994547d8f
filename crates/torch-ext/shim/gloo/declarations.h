// What libtorch's ProcessGroupGloo.hpp names of gloo, in place of gloo's headers, which libtorch's packages lack.
//
// libtorch creates and calls all of gloo itself; c10d_gloo.cpp calls only functions that libtorch exports and virtual
// functions of c10d::Backend. So these classes must only exist: no size, member or virtual table of them is used. For a new
// version of libtorch, compare its ProcessGroupGloo.hpp with the last version's and run tests/process_group.rs, then add
// the version below.
#pragma once

#include <torch/headeronly/version.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

static_assert(TORCH_VERSION_MAJOR == 2 && (TORCH_VERSION_MINOR == 11 || TORCH_VERSION_MINOR == 13),
              "shim/gloo/declarations.h was compared with libtorch 2.11 and 2.13: compare ProcessGroupGloo.hpp of this "
              "version with theirs, then add it here");

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {

class Device;

class UnboundBuffer {
 public:
  virtual ~UnboundBuffer();
};

}  // namespace transport

namespace rendezvous {

class Store {
 public:
  virtual ~Store();
  virtual void set(const std::string& key, const std::vector<char>& value) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous
}  // namespace gloo
