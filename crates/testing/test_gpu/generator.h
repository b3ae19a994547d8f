// The random generator of the device: draws other numbers than the CPU's, from the same seed.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include "memory.h"

namespace test_gpu {

// Added to the seed, so that the device draws other numbers than the CPU.
constexpr uint64_t OTHER = 0x6770'7500'0000;

class DeviceGenerator final : public c10::GeneratorImpl {
 public:
  DeviceGenerator() : GeneratorImpl(cuda0, c10::DispatchKeySet(c10::DispatchKey::CUDA)) {
    set_current_seed(c10::default_rng_seed_val);
  }
  static c10::DeviceType device_type() { return c10::kCUDA; }
  void set_current_seed(uint64_t seed) override {
    seed_ = seed;
    numbers_.set_current_seed(seed + OTHER);
  }
  void set_offset(uint64_t offset) override { TORCH_CHECK(offset == 0, "the test GPU has no offset"); }
  uint64_t get_offset() const override { return 0; }
  uint64_t current_seed() const override { return seed_; }
  uint64_t seed() override {
    set_current_seed(c10::detail::getNonDeterministicRandom());
    return seed_;
  }
  void set_state(const c10::TensorImpl& state) override { numbers_.set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return numbers_.get_state(); }
  at::CPUGeneratorImpl& numbers() { return numbers_; }

 private:
  DeviceGenerator* clone_impl() const override {
    auto* copy = new DeviceGenerator;
    copy->seed_ = seed_;
    copy->numbers_.set_state(*numbers_.get_state());
    return copy;
  }

  uint64_t seed_ = 0;
  at::CPUGeneratorImpl numbers_;
};

inline const at::Generator& default_generator() {
  static auto* generator = new at::Generator(at::make_generator<DeviceGenerator>());
  return *generator;
}

inline void exchange(at::CPUGeneratorImpl& a, at::CPUGeneratorImpl& b) {
  const auto engine = a.engine();
  a.set_engine(b.engine());
  b.set_engine(engine);
  const auto one = a.next_float_normal_sample();
  a.set_next_float_normal_sample(b.next_float_normal_sample());
  b.set_next_float_normal_sample(one);
  const auto two = a.next_double_normal_sample();
  a.set_next_double_normal_sample(b.next_double_normal_sample());
  b.set_next_double_normal_sample(two);
}

// While it exists, the CPU's kernels draw from the generator of the device. Its owner holds a lock.
struct DrawFromDevice {
  at::CPUGeneratorImpl& cpu = *at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
  at::CPUGeneratorImpl& numbers = at::check_generator<DeviceGenerator>(default_generator())->numbers();

  DrawFromDevice() {
    ++counts().draws;
    exchange(cpu, numbers);
  }
  ~DrawFromDevice() { exchange(cpu, numbers); }
};

}  // namespace test_gpu
