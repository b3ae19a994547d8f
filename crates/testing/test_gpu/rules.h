// Rules of a GPU that the CPU does not have: one device for all tensors, results whose size the host waits for, and
// operations without a deterministic kernel.
#pragma once

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <set>

#include "copies.h"

namespace test_gpu {

using Names = std::set<std::string>;

// Their indices may be on the CPU: a GPU copies them, and the host waits for that.
inline const Names takes_indices{"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"};

// The values decide the size of the result, or are the result, so the host waits for them.
inline const Names is_data_dependent{"aten::nonzero",         "aten::masked_select",     "aten::_unique2",
                                     "aten::unique_dim",      "aten::bincount",          "aten::unique_consecutive",
                                     "aten::equal",           "aten::repeat_interleave"};

// Those with which PyTorch's `use_deterministic_algorithms` raises an error on CUDA, as far as they occur in models of
// images and text.
inline const Names is_not_deterministic{
    "aten::_adaptive_avg_pool2d_backward", "aten::adaptive_max_pool2d_backward", "aten::upsample_bilinear2d_backward",
    "aten::upsample_bicubic2d_backward",   "aten::reflection_pad2d_backward",    "aten::replication_pad2d_backward",
    "aten::nll_loss2d_forward",            "aten::histc",                        "aten::put_"};

// The error of CUDA for a tensor elsewhere. A scalar of the CPU may be an operand, except in a list.
inline void check_device(const at::Tensor& tensor, const std::string& operation, bool scalar_allowed) {
  if (!tensor.defined() || tensor.is_cuda() || (scalar_allowed && tensor.dim() == 0)) return;
  TORCH_CHECK(false, "Expected all tensors to be on the same device, but found at least two devices, ", cuda0, " and ",
              tensor.device(), "! (when checking the arguments of ", operation, ")");
}

inline void check_indices(const c10::IValue& indices) {
  for (const c10::IValue& index : indices.toListRef()) {
    if (!index.isTensor() || !index.toTensor().defined()) continue;
    const auto& tensor = index.toTensor();
    if (!tensor.is_cuda()) count_up(tensor, false);
    if (tensor.scalar_type() == at::kBool) ++counts().data_dependent;
  }
}

inline void check_arguments(const c10::OperatorHandle& op, const torch::jit::Stack& stack) {
  const auto& name = op.schema().name();
  const auto count = op.schema().arguments().size();
  for (auto argument = stack.end() - static_cast<ptrdiff_t>(count); argument != stack.end(); ++argument) {
    if (argument->isTensor()) {
      check_device(argument->toTensor(), name, true);
    } else if (argument->isTensorList()) {
      for (const at::Tensor& tensor : argument->toTensorVector()) check_device(tensor, name, false);
    } else if (argument->isList() && takes_indices.count(name) > 0) {
      check_indices(*argument);
    }
  }
  if (is_data_dependent.count(name) > 0) ++counts().data_dependent;
  if (is_not_deterministic.count(name) > 0) at::globalContext().alertNotDeterministic(name);
}

}  // namespace test_gpu
