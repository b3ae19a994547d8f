// TorchScript modules with features that tch lacks: buffers, and a training mode per submodule.
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <optional>
#include <vector>

#include "guarded.h"

using torch::jit::Module;

namespace {

// Sets `training` per submodule. A submodule whose own parameters are all locked stays in evaluation: its batch norm
// keeps its statistics, as ours do.
void set_training(const Module& module, bool train) {
  for (const auto& part : module.modules()) {
    const auto slot = part._ivalue()->type()->findAttributeSlot("training");
    if (!slot) continue;
    bool own = false, live = false;
    for (const auto& param : part.named_parameters(/*recurse=*/false)) {
      own = true;
      live |= param.value.requires_grad();
    }
    part._ivalue()->setSlot(*slot, train && (live || !own));
  }
}

}  // namespace

extern "C" {

typedef void (*visit)(void* list, const char* name, void* tensor);

// `device` is -1 for the CPU, else the index of a GPU.
char* shim_script_load(const char* file, int device, void** out) {
  return guarded([&] {
    const auto where = device < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, device);
    *out = new Module(torch::jit::load(file, where));
  });
}

void shim_script_free(void* module) { delete static_cast<Module*>(module); }

char* shim_script_parameters(void* module, void* list, visit each) {
  return guarded([&] {
    for (const auto& it : static_cast<Module*>(module)->named_parameters()) {
      at::Tensor tensor = it.value;
      each(list, it.name.c_str(), &tensor);
    }
  });
}

char* shim_script_buffers(void* module, void* list, visit each) {
  return guarded([&] {
    for (const auto& it : static_cast<Module*>(module)->named_buffers()) {
      at::Tensor tensor = it.value;
      each(list, it.name.c_str(), &tensor);
    }
  });
}

// Without the profiling optimizer: it rewrites the module after the first calls, so that equal weights round
// differently, and a resumed run would not be bit-exact.
char* shim_script_call(void* module, const char* method, bool train, void** inputs, size_t n, void* out) {
  return guarded([&] {
    auto& script = *static_cast<Module*>(module);
    torch::jit::GraphOptimizerEnabledGuard plain(false);
    set_training(script, train);
    std::vector<c10::IValue> arguments;
    for (size_t i = 0; i < n; ++i) arguments.emplace_back(*static_cast<at::Tensor*>(inputs[i]));
    auto result = script.get_method(method)(std::move(arguments));
    TORCH_CHECK(result.isTensor(), method, " returns a ", result.tagKind(), ", not a Tensor");
    *static_cast<at::Tensor*>(out) = result.toTensor();
  });
}
}
