// Counts floating-point operations through libtorch's profiling hooks: two per multiply-add of matrix products,
// convolutions and attention. All other operations are negligible and not counted.
#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "guarded.h"

namespace {

using c10::IValue;
using Inputs = c10::ArrayRef<const IValue>;
using Cost = uint64_t (*)(Inputs);

std::atomic<uint64_t> counted{0};
// A counted operation may call another one (addmm its autocast variant, attention its products): only the outermost
// is counted.
thread_local int depth = 0;

uint64_t size(const IValue& tensor, int64_t dim) { return static_cast<uint64_t>(tensor.toTensor().size(dim)); }
uint64_t numel(const IValue& tensor) { return static_cast<uint64_t>(tensor.toTensor().numel()); }

// [.., N, K] x [.., K, M].
uint64_t product(const IValue& a, const IValue& b) { return 2 * numel(a) * size(b, -1); }

// Each output value of a convolution takes one multiply-add per weight of a filter.
uint64_t filters(uint64_t outputs, const IValue& weight) { return 2 * outputs * (numel(weight) / size(weight, 0)); }

// (input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
uint64_t convolution(Inputs in) {
  const auto& x = in[0].toTensor();
  const auto& w = in[1].toTensor();
  if (in[6].toBool()) return filters(static_cast<uint64_t>(x.numel()), in[1]);
  const auto stride = in[3].toIntVector(), padding = in[4].toIntVector(), dilation = in[5].toIntVector();
  auto outputs = x.size(0) * w.size(0);
  for (int64_t i = 2; i < x.dim(); ++i) {
    const auto at = [&](const std::vector<int64_t>& list) { return list.size() == 1 ? list[0] : list[i - 2]; };
    outputs *= (x.size(i) + 2 * at(padding) - at(dilation) * (w.size(i) - 1) - 1) / at(stride) + 1;
  }
  return filters(static_cast<uint64_t>(outputs), in[1]);
}

// (grad_output, input, weight, bias_sizes, stride, padding, dilation, transposed, output_padding, groups, mask): the
// cost of the forward pass for the gradient of the input, and the same for that of the weight, if required.
uint64_t convolution_backward(Inputs in) {
  const auto mask = in[10].toBoolList();
  const auto outputs = in[7].toBool() ? numel(in[1]) : numel(in[0]);
  return filters(outputs, in[2]) * (uint64_t{mask[0]} + uint64_t{mask[1]});
}

// [.., Q, E], [.., K, E], [.., K, V]: the scores, and the weighted sum of the values.
uint64_t attention(const IValue& q, const IValue& k, const IValue& v) {
  return 2 * (numel(q) / size(q, -1)) * size(k, -2) * (size(q, -1) + size(v, -1));
}

// Twice the forward pass. A fused kernel also recomputes the scores, which is not counted.
uint64_t attention_backward(Inputs in) { return 2 * attention(in[1], in[2], in[3]); }

// Packed queries, keys and values [T, 3W] of texts that begin at the offsets [B + 1]: as `attention`, for each text.
uint64_t packed_attention(Inputs in) {
  const auto& offsets = in[1].toTensor();
  const auto* starts = offsets.const_data_ptr<int64_t>();
  uint64_t pairs = 0;
  for (int64_t i = 1; i < offsets.numel(); ++i) {
    const auto length = static_cast<uint64_t>(starts[i] - starts[i - 1]);
    pairs += length * length;
  }
  return 4 * pairs * (size(in[0], 1) / 3);
}

const std::unordered_map<std::string, Cost>& costs() {
  static const std::unordered_map<std::string, Cost> table = {
      {"aten::mm", [](Inputs in) { return product(in[0], in[1]); }},
      {"aten::bmm", [](Inputs in) { return product(in[0], in[1]); }},
      {"aten::addmm", [](Inputs in) { return product(in[1], in[2]); }},
      {"aten::baddbmm", [](Inputs in) { return product(in[1], in[2]); }},
      {"aten::_addmm_activation", [](Inputs in) { return product(in[1], in[2]); }},
      {"aten::mv", [](Inputs in) { return 2 * numel(in[0]); }},
      {"aten::dot", [](Inputs in) { return 2 * numel(in[0]); }},
      {"aten::convolution", convolution},
      {"aten::convolution_backward", convolution_backward},
      {"aten::scaled_dot_product_attention", [](Inputs in) { return attention(in[0], in[1], in[2]); }},
      {"clip_lab::packed_attention", packed_attention},
      {"clip_lab::packed_attention_backward", [](Inputs in) { return 2 * packed_attention(in); }},
      {"aten::_scaled_dot_product_flash_attention_for_cpu_backward", attention_backward},
      {"aten::_scaled_dot_product_flash_attention_backward", attention_backward},
      {"aten::_scaled_dot_product_efficient_attention_backward", attention_backward},
      {"aten::_scaled_dot_product_cudnn_attention_backward", attention_backward},
  };
  return table;
}

struct Counted : at::ObserverContext {};

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& op) {
  const auto found = costs().find(op.name());
  if (found == costs().end()) return nullptr;
  if (depth == 0) counted += found->second(op.inputs());
  ++depth;
  return std::make_unique<Counted>();
}

void on_end(const at::RecordFunction&, at::ObserverContext* context) {
  if (context != nullptr) --depth;
}

}  // namespace

extern "C" {

// Starts counting on this thread, and on the threads that run its backward passes.
char* shim_flops_begin(uint64_t* handle) {
  return guarded([&] {
    counted = 0;
    *handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback(on_start, on_end).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  });
}

char* shim_flops_end(uint64_t handle, uint64_t* flops) {
  return guarded([&] {
    at::removeCallback(handle);
    *flops = counted;
  });
}

// Recomputation is not a cost of the model: 1 starts a pause of counting on this thread, -1 ends it.
void shim_flops_pause(int by) { depth += by; }
}
