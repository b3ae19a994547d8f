// Traces towers into a TorchScript module: their tensors become its parameters, and their computations its methods.
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "guarded.h"

using torch::jit::Module;
using torch::jit::Stack;

namespace {

Module part(const Module& root) {
  return Module(c10::QualifiedName("__torch__.clip_lab.Part"), root._ivalue()->compilation_unit(), /*shouldMangle=*/true);
}

void set_evaluation(Module& module) { module.register_attribute("training", c10::BoolType::get(), false); }

// Adds `blocks.0.weight`: each part of the name is a submodule.
void put(Module module, const std::string& name, const at::Tensor& tensor, bool learned) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) {
    module.register_parameter(name, tensor, /*is_buffer=*/!learned);
    return;
  }
  const auto head = name.substr(0, dot);
  if (!module.hasattr(head)) {
    auto child = part(module);
    set_evaluation(child);
    module.register_module(head, child);
  }
  put(module.attr(head).toModule(), name.substr(dot + 1), tensor, learned);
}

}  // namespace

extern "C" {

// Returns false on failure; the closure stores the error.
typedef bool (*compute)(void* closure, void** inputs, size_t n, void* out);

void shim_trace_assign(void* to, const void* from) {
  *static_cast<at::Tensor*>(to) = *static_cast<const at::Tensor*>(from);
}

char* shim_trace_new(void** out) {
  return guarded([&] {
    auto module = new Module(c10::QualifiedName("__torch__.clip_lab.Model"));
    set_evaluation(*module);
    *out = module;
  });
}

char* shim_trace_put(void* module, const char* name, void* tensor, bool learned) {
  return guarded([&] { put(*static_cast<Module*>(module), name, *static_cast<at::Tensor*>(tensor), learned); });
}

// Adds a method by tracing `call` on the inputs.
char* shim_trace_method(void* module, const char* name, void** inputs, size_t n, void* closure, compute call) {
  return guarded([&] {
    auto& self = *static_cast<Module*>(module);
    Stack stack;
    for (size_t i = 0; i < n; ++i) stack.emplace_back(*static_cast<at::Tensor*>(inputs[i]));
    auto traced = torch::jit::tracer::trace(
        std::move(stack),
        [&](Stack given) -> Stack {
          std::vector<at::Tensor> tensors;
          for (auto& value : given) tensors.push_back(value.toTensor());
          std::vector<void*> list;
          for (auto& tensor : tensors) list.push_back(&tensor);
          at::Tensor out;
          if (!call(closure, list.data(), list.size(), &out)) throw std::runtime_error("the tower failed");
          return {out};
        },
        [](const at::Tensor&) { return std::string(); }, /*strict=*/true, /*force_outplace=*/false, &self);
    const auto full = c10::QualifiedName(*self.type()->name(), name);
    auto function = self._ivalue()->compilation_unit()->create_function(full, traced.first->graph);
    self.type()->addMethod(function);
  });
}

// Adds methods from TorchScript source, which may call methods added before.
char* shim_trace_define(void* module, const char* source) {
  return guarded([&] { static_cast<Module*>(module)->define(source); });
}

char* shim_trace_save(void* module, const char* file) {
  return guarded([&] { static_cast<Module*>(module)->save(file); });
}
}
