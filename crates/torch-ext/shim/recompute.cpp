// Activation checkpointing: a stage stores only its input, and recomputes its activations in the backward pass with the
// random state and the number format of the forward pass. https://arxiv.org/abs/1604.06174
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Generator.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/custom_class.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "guarded.h"

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

extern "C" {
// Computes a stage. Takes ownership of `input` and returns an owned tensor, or null and an error message to be freed.
using shim_stage = at::Tensor* (*)(void* stage, bool again, at::Tensor* input, char** error);
using shim_drop = void (*)(void* stage);
}

namespace {

constexpr at::DeviceType kinds[] = {at::kCPU, at::kCUDA};

struct Autocast {
  bool enabled[2];
  at::ScalarType dtype[2];
  bool cache = at::autocast::is_autocast_cache_enabled();

  Autocast() {
    for (int i = 0; i < 2; ++i) {
      enabled[i] = at::autocast::is_autocast_enabled(kinds[i]);
      dtype[i] = at::autocast::get_autocast_dtype(kinds[i]);
    }
  }
  void set(bool cached) const {
    for (int i = 0; i < 2; ++i) {
      at::autocast::set_autocast_enabled(kinds[i], enabled[i]);
      at::autocast::set_autocast_dtype(kinds[i], dtype[i]);
    }
    at::autocast::set_autocast_cache_enabled(cached);
  }
};

// Sets an autocast state and restores the previous one. Cast weights are not cached: weights cast without gradients
// must not be used by code that needs them.
struct AutocastGuard {
  Autocast before;
  explicit AutocastGuard(const Autocast& state) { state.set(/*cached=*/false); }
  ~AutocastGuard() { before.set(before.cache); }
};

// The states of the random generators that a stage may use: the CPU's and that of the input's device.
struct Random {
  std::vector<std::pair<at::Generator, at::Tensor>> states;

  explicit Random(at::Device device) {
    save(at::Device(at::kCPU));
    if (device.is_cuda()) save(device);
  }
  void save(at::Device device) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard<std::mutex> lock(generator.mutex());
    states.emplace_back(generator, generator.get_state());
  }
  void set() {
    for (auto& [generator, state] : states) {
      std::lock_guard<std::mutex> lock(generator.mutex());
      generator.set_state(state);
    }
  }
};

struct RandomGuard {
  Random before;
  RandomGuard(at::Device device, Random& state) : before(device) { state.set(); }
  ~RandomGuard() { before.set(); }
};

struct Stage : torch::CustomClassHolder {
  void* stage;
  shim_stage call;
  shim_drop drop;
  Autocast autocast;
  std::optional<Random> random;

  Stage(void* stage, shim_stage call, shim_drop drop) : stage(stage), call(call), drop(drop) {}
  ~Stage() override { drop(stage); }

  at::Tensor run(const at::Tensor& input, bool again) const {
    char* error = nullptr;
    std::unique_ptr<at::Tensor> output(call(stage, again, new at::Tensor(input), &error));
    if (output != nullptr) return *output;
    const std::string message = error;
    std::free(error);
    throw std::runtime_error(message);
  }
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  // `anchor` always requires a gradient: a stage after a locked one still has weights to train.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& anchor,
                            const c10::intrusive_ptr<Stage>& stage) {
    stage->random.emplace(input.device());
    context->save_for_backward({input});
    context->saved_data["stage"] = c10::IValue::make_capsule(stage);
    at::AutoGradMode off(false);
    AutocastGuard uncached(stage->autocast);
    return stage->run(input, /*again=*/false).detach();
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(torch::autograd::Engine::get_default_engine().is_checkpoint_valid(),
                "recomputed activations need backward(), not gradients of selected tensors");
    auto held = context->saved_data["stage"].toCapsule();
    auto& stage = static_cast<Stage&>(*held);
    const auto saved = context->get_saved_variables()[0];
    auto input = saved.detach();
    input.set_requires_grad(saved.requires_grad());
    at::Tensor output;
    {
      RandomGuard random(input.device(), *stage.random);
      AutocastGuard autocast(stage.autocast);
      at::AutoGradMode on(true);
      output = stage.run(input, /*again=*/true);
    }
    if (output.requires_grad()) {
      torch::autograd::backward({output}, {gradients[0]});
    }
    return {input.grad(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

extern "C" {

char* shim_recompute(const at::Tensor* input, void* stage, shim_stage call, shim_drop drop, at::Tensor* output) {
  auto held = c10::make_intrusive<Stage>(stage, call, drop);
  return guarded([&] {
    if (!at::GradMode::is_enabled()) {
      *output = held->run(*input, /*again=*/false);
      return;
    }
    auto anchor = at::empty({0}, input->options().dtype(at::kFloat)).requires_grad_(true);
    *output = Recomputed::apply(*input, anchor, held);
  });
}
}
