// What libtorch asks of CUDA besides operations: one device with one stream.
#pragma once

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "generator.h"

namespace test_gpu {

// The host waits for the device.
inline void synchronize() {
  ++counts().synchronizations;
  forever<PendingCopies>().end();
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
  using Device = c10::Device;
  using Stream = c10::Stream;
  static Stream stream() { return Stream(Stream::DEFAULT, cuda0); }

  c10::DeviceType type() const override { return c10::kCUDA; }
  Device exchangeDevice(Device) const override { return cuda0; }
  Device getDevice() const override { return cuda0; }
  void setDevice(Device) const override {}
  void uncheckedSetDevice(Device) const noexcept override {}
  Stream getStream(Device) const override { return stream(); }
  Stream getDefaultStream(Device) const override { return stream(); }
  Stream getStreamFromGlobalPool(Device, bool) const override { return stream(); }
  Stream exchangeStream(Stream) const override { return stream(); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const Stream&) const override { return true; }
  void synchronizeStream(const Stream&) const override { synchronize(); }
  void synchronizeEvent(void*) const override { synchronize(); }
  void synchronizeDevice(const c10::DeviceIndex) const override { synchronize(); }
};

}  // namespace test_gpu

namespace at {

// libtorch finds the hooks by the name of this class.
struct CUDAHooks final : CUDAHooksInterface {
  explicit CUDAHooks(CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  bool hasCUDART() const override { return true; }
  long versionCUDART() const override { return 13000; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  DeviceIndex current_device() const override { return 0; }
  DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(DeviceIndex) const override {}
  DeviceIndex exchangeDevice(DeviceIndex) const override { return 0; }
  DeviceIndex maybeExchangeDevice(DeviceIndex) const override { return 0; }
  void deviceSynchronize(DeviceIndex) const override { test_gpu::synchronize(); }
  const Generator& getDefaultGenerator(DeviceIndex) const override { return test_gpu::default_generator(); }
  Generator getNewGenerator(DeviceIndex) const override { return make_generator<test_gpu::DeviceGenerator>(); }
  Allocator* getCUDADeviceAllocator() const override { return &test_gpu::forever<test_gpu::DeviceMemory>(); }
  Allocator* getPinnedMemoryAllocator() const override { return &test_gpu::forever<test_gpu::PinnedMemory>(); }
  bool isPinnedPtr(const void* pointer) const override {
    return test_gpu::forever<test_gpu::PinnedMemory>().contains(pointer);
  }
};

}  // namespace at
