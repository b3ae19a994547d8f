// Self-attention of packed texts on the CPU: `softmax(q k^T / sqrt(D)) v` for each text and head, without padding.
// The backward pass recomputes the weights from the queries and keys, as FlashAttention does:
// https://arxiv.org/abs/2205.14135, section 3.1 and appendix B.4. Which weights dropout keeps is stored, one byte each.
#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "guarded.h"
#include "small_matrix.h"

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

struct Shape {
  int64_t heads, size;  // Width of a head.
  bool causal;
  double dropout;  // Probability of the weights.
  int64_t stride() const { return 3 * heads * size; }  // Of the rows of q, k and v, stacked.
};

template <typename T>
struct Scratch {
  Matrix<T> q, k, v, weights, gradient, keys, values, output;
};

// One text and head. `kept` says which weights `[L, L]` are not dropped out; it is null if all are kept.
struct Part {
  int64_t start, length, head;  // Its first token, and its number of tokens.
  const bool* kept;
};

// Dropout of row `i` of the weights or of their gradient.
template <typename T>
void drop(T* row, int64_t i, const Part& part, const Shape& shape) {
  if (part.kept == nullptr) return;
  const bool* kept = part.kept + i * part.length;
  const T factor = T(1 / (1 - shape.dropout));
  for (int64_t j = 0; j < part.length; ++j) row[j] *= T(kept[j]) * factor;
}

// `weights = softmax(q k^T / sqrt(D))` of one text and head of `length` tokens. `q` is scaled already.
template <typename T>
void softmax_weights(Scratch<T>& scratch, int64_t length, const Shape& shape) {
  auto& weights = scratch.weights;
  weights.resize(length, length);
  multiply(length, weights.columns, shape.size, scratch.q.data(), scratch.q.columns, 1, scratch.keys.data(),
           weights.data());
  for (int64_t i = 0; i < length; ++i) {
    const int64_t seen = shape.causal ? i + 1 : length;
    T* row = weights.row(i);
    const T largest = *std::max_element(row, row + seen);
    T sum = 0;
    for (int64_t j = 0; j < seen; ++j) sum += row[j] = std::exp(row[j] - largest);
    const T inverse = T(1) / sum;
    for (int64_t j = 0; j < seen; ++j) row[j] *= inverse;
    std::fill(row + seen, row + weights.columns, T(0));
  }
}

// Loads q, scaled, and k, transposed, of one text and head, whose first number is `qkv`.
template <typename T, typename S>
void load_queries_and_keys(Scratch<T>& scratch, const S* qkv, int64_t length, const Shape& shape) {
  const int64_t width = shape.heads * shape.size;
  scratch.q.load(qkv, shape.stride(), length, shape.size);
  const T scale = T(1) / std::sqrt(T(shape.size));
  for (T& value : scratch.q.values) value *= scale;
  scratch.keys.load_transposed(qkv + width, shape.stride(), length, shape.size);
}

template <typename T, typename S>
void forward_one(Scratch<T>& scratch, const S* qkv, S* out, const Part& part, const Shape& shape) {
  const int64_t width = shape.heads * shape.size, length = part.length;
  load_queries_and_keys(scratch, qkv, length, shape);
  softmax_weights(scratch, length, shape);
  for (int64_t i = 0; i < length; ++i) drop(scratch.weights.row(i), i, part, shape);
  scratch.v.load(qkv + 2 * width, shape.stride(), length, shape.size);
  scratch.output.resize(length, shape.size);
  multiply(length, scratch.v.columns, length, scratch.weights.data(), scratch.weights.columns, 1, scratch.v.data(),
           scratch.output.data());
  scratch.output.store(out, width, length, shape.size);
}

// With P the weights and M the factors of dropout, 0 or 1 / (1 - p): dP = M (dO V^T), dS = P (dP - sum_j P dP),
// dV = (M P)^T dO, dQ = dS K / sqrt(D), dK = dS^T Q / sqrt(D).
template <typename T, typename S>
void backward_one(
    Scratch<T>& scratch, const S* qkv, const S* gradient, S* result, const Part& part, const Shape& shape) {
  const int64_t width = shape.heads * shape.size, stride = shape.stride(), size = shape.size, length = part.length;
  auto& [q, k, v, weights, dweights, keys, values, output] = scratch;
  load_queries_and_keys(scratch, qkv, length, shape);
  softmax_weights(scratch, length, shape);
  v.load(gradient, width, length, size);  // dO
  values.load_transposed(qkv + 2 * width, stride, length, size);
  dweights.resize(length, length);
  multiply(length, dweights.columns, size, v.data(), v.columns, 1, values.data(), dweights.data());
  for (int64_t i = 0; i < length; ++i) {
    T *p = weights.row(i), *d = dweights.row(i), sum = 0;
    drop(d, i, part, shape);
    for (int64_t j = 0; j < length; ++j) sum += p[j] * d[j];
    for (int64_t j = 0; j < length; ++j) d[j] = p[j] * (d[j] - sum);
    drop(p, i, part, shape);
  }
  output.resize(length, size);
  multiply(length, v.columns, length, weights.data(), 1, weights.columns, v.data(), output.data());
  output.store(result + 2 * width, stride, length, size);
  multiply(length, q.columns, length, dweights.data(), 1, dweights.columns, q.data(), output.data());
  output.store(result + width, stride, length, size);  // dK: q is scaled.
  k.load(qkv + width, stride, length, size);
  multiply(length, k.columns, length, dweights.data(), dweights.columns, 1, k.data(), output.data());
  const T scale = T(1) / std::sqrt(T(size));
  for (T& value : output.values) value *= scale;
  output.store(result, stride, length, size);
}

// The number of weights of a head in the texts before each text, and in all: `[B + 1]`.
std::vector<int64_t> weights_before(const at::Tensor& offsets) {
  const int64_t* starts = offsets.const_data_ptr<int64_t>();
  std::vector<int64_t> before(offsets.numel(), 0);
  for (size_t i = 1; i < before.size(); ++i) {
    const int64_t length = starts[i] - starts[i - 1];
    before[i] = before[i - 1] + length * length;
  }
  return before;
}

// Which weights dropout keeps, text by text and head by head, from libtorch's generator; undefined without dropout.
at::Tensor draw_kept(const at::Tensor& offsets, const Shape& shape) {
  if (shape.dropout == 0) return {};
  return at::empty({shape.heads * weights_before(offsets).back()}, at::kBool).bernoulli_(1 - shape.dropout);
}

// Calls `f(scratch, part)` for each text and head, on libtorch's threads.
template <typename T, typename F>
void for_each_head(const at::Tensor& offsets, const at::Tensor& kept, const Shape& shape, const F& f) {
  const int64_t* starts = offsets.const_data_ptr<int64_t>();
  const int64_t texts = offsets.numel() - 1;
  const std::vector<int64_t> before = weights_before(offsets);
  const bool* first = kept.defined() ? kept.const_data_ptr<bool>() : nullptr;
  at::parallel_for(0, texts * shape.heads, 4, [&](int64_t begin, int64_t end) {
    Scratch<T> scratch;
    for (int64_t one = begin; one < end; ++one) {
      const int64_t text = one / shape.heads, head = one % shape.heads;
      const int64_t length = starts[text + 1] - starts[text];
      const int64_t skipped = shape.heads * before[text] + head * length * length;
      const Part part{starts[text], length, head, first == nullptr ? nullptr : first + skipped};
      if (length > 0) f(scratch, part);
    }
  });
}

at::Tensor forward_pass(const at::Tensor& qkv, const at::Tensor& offsets, const at::Tensor& kept, const Shape& shape) {
  const int64_t width = shape.heads * shape.size;
  at::Tensor out = at::empty({qkv.size(0), width}, qkv.options());
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, qkv.scalar_type(), "packed_attention", [&] {
    const scalar_t* from = qkv.const_data_ptr<scalar_t>();
    scalar_t* to = out.mutable_data_ptr<scalar_t>();
    using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    for_each_head<T>(offsets, kept, shape, [&](Scratch<T>& scratch, const Part& part) {
      const int64_t column = part.head * shape.size, at = part.start * shape.stride() + column;
      forward_one<T>(scratch, from + at, to + part.start * width + column, part, shape);
    });
  });
  return out;
}

at::Tensor backward_pass(const at::Tensor& qkv, const at::Tensor& gradient, const at::Tensor& offsets,
                         const at::Tensor& kept, const Shape& shape) {
  const int64_t width = shape.heads * shape.size;
  at::Tensor result = at::empty_like(qkv);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kBFloat16, at::kHalf, qkv.scalar_type(), "packed_attention", [&] {
    const scalar_t* from = qkv.const_data_ptr<scalar_t>();
    const scalar_t* grad = gradient.const_data_ptr<scalar_t>();
    scalar_t* to = result.mutable_data_ptr<scalar_t>();
    using T = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
    for_each_head<T>(offsets, kept, shape, [&](Scratch<T>& scratch, const Part& part) {
      const int64_t column = part.head * shape.size, at = part.start * shape.stride() + column;
      backward_one<T>(scratch, from + at, grad + part.start * width + column, to + at, part, shape);
    });
  });
  return result;
}

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv, const at::Tensor& offsets, int64_t heads,
                            bool causal, double dropout) {
    const Shape shape{heads, qkv.size(1) / (3 * heads), causal, dropout};
    const at::Tensor kept = draw_kept(offsets, shape);
    context->save_for_backward({qkv, offsets, kept});
    context->saved_data["heads"] = heads;
    context->saved_data["causal"] = causal;
    context->saved_data["dropout"] = dropout;
    RECORD_FUNCTION("clip_lab::packed_attention", std::vector<c10::IValue>({qkv, offsets}));
    return forward_pass(qkv, offsets, kept, shape);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &qkv = saved[0], &offsets = saved[1], &kept = saved[2];
    auto& data = context->saved_data;
    const int64_t heads = data["heads"].toInt();
    const Shape shape{heads, qkv.size(1) / (3 * heads), data["causal"].toBool(), data["dropout"].toDouble()};
    RECORD_FUNCTION("clip_lab::packed_attention_backward", std::vector<c10::IValue>({qkv, offsets}));
    const at::Tensor gradient = gradients[0].to(qkv.scalar_type()).contiguous();
    variable_list result(5);  // Of the inputs; only q, k and v have a gradient.
    result[0] = backward_pass(qkv, gradient, offsets, kept, shape);
    return result;
  }
};

void check(const at::Tensor& qkv, const at::Tensor& offsets, int64_t heads, double dropout) {
  TORCH_CHECK(dropout >= 0 && dropout < 1, "the dropout probability must be at least 0 and below 1, not ", dropout);
  TORCH_CHECK(qkv.device().is_cpu() && offsets.device().is_cpu(), "packed attention is for tensors on the CPU");
  TORCH_CHECK(qkv.dim() == 2 && heads > 0 && qkv.size(1) % (3 * heads) == 0, "packed attention needs [T, 3W] with ",
              heads, " heads, and got ", qkv.sizes());
  TORCH_CHECK(offsets.dim() == 1 && offsets.numel() > 0 && offsets.scalar_type() == at::kLong &&
                  offsets.is_contiguous(), "offsets must be int64 [B + 1]");
  const int64_t* starts = offsets.const_data_ptr<int64_t>();
  TORCH_CHECK(starts[0] == 0 && starts[offsets.numel() - 1] == qkv.size(0) &&
                  std::is_sorted(starts, starts + offsets.numel()),
              "offsets must ascend from 0 to the number of tokens, ", qkv.size(0));
}

}  // namespace

extern "C" char* shim_packed_attention(
    const void* qkv, const void* offsets, int64_t heads, bool causal, double dropout, void* output) {
  return guarded([&] {
    const auto& x = *static_cast<const at::Tensor*>(qkv);
    const auto& starts = *static_cast<const at::Tensor*>(offsets);
    check(x, starts, heads, dropout);
    *static_cast<at::Tensor*>(output) = PackedAttention::apply(x.contiguous(), starts, heads, causal, dropout);
  });
}
