// Small matrices on the CPU, and their products.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#define CLIP_LAB_VECTORIZED __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define CLIP_LAB_VECTORIZED
#endif

namespace {

// Rows of the small matrices below are padded with zeros to a multiple of this many numbers.
constexpr int64_t kColumns = 16;
constexpr int64_t kRows = 4;

int64_t padded(int64_t n) { return (n + kColumns - 1) / kColumns * kColumns; }

// `c [m, n] = a [m, k] b [k, n]`: rows of `b` and `c` are `n` apart, a multiple of kColumns; those of `a` `a_row` apart
// and its columns `a_column`.
template <typename T, int64_t rows>
inline __attribute__((always_inline)) void multiply_block(
    int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_column, const T* b, T* c) {
  for (int64_t j = 0; j < n; j += kColumns) {
    T sum[rows][kColumns] = {};
    for (int64_t p = 0; p < k; ++p) {
      const T* row = b + p * n + j;
      for (int64_t i = 0; i < rows; ++i) {
        const T factor = a[i * a_row + p * a_column];
        for (int64_t x = 0; x < kColumns; ++x) sum[i][x] += factor * row[x];
      }
    }
    for (int64_t i = 0; i < rows; ++i) std::copy(sum[i], sum[i] + kColumns, c + i * n + j);
  }
}

template <typename T>
inline __attribute__((always_inline)) void multiply_rows(
    int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_column, const T* b, T* c) {
  int64_t i = 0;
  for (; i + kRows <= m; i += kRows)
    multiply_block<T, kRows>(n, k, a + i * a_row, a_row, a_column, b, c + i * n);
  for (; i < m; ++i) multiply_block<T, 1>(n, k, a + i * a_row, a_row, a_column, b, c + i * n);
}

CLIP_LAB_VECTORIZED void multiply(
    int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_column, const float* b, float* c) {
  multiply_rows(m, n, k, a, a_row, a_column, b, c);
}

CLIP_LAB_VECTORIZED void multiply(
    int64_t m, int64_t n, int64_t k, const double* a, int64_t a_row, int64_t a_column, const double* b, double* c) {
  multiply_rows(m, n, k, a, a_row, a_column, b, c);
}

// A matrix of scratch memory, `[rows, padded(columns)]`; what lies beyond the columns is zero.
template <typename T>
struct Matrix {
  int64_t columns = 0;
  std::vector<T> values;

  void resize(int64_t rows, int64_t wide) {
    columns = padded(wide);
    values.assign(rows * columns, T(0));
  }
  T* row(int64_t i) { return values.data() + i * columns; }
  T* data() { return values.data(); }

  template <typename S>
  void load(const S* from, int64_t stride, int64_t rows, int64_t wide) {
    resize(rows, wide);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < wide; ++j) row(i)[j] = T(from[i * stride + j]);
  }
  template <typename S>
  void load_transposed(const S* from, int64_t stride, int64_t rows, int64_t wide) {
    resize(wide, rows);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < wide; ++j) row(j)[i] = T(from[i * stride + j]);
  }
  template <typename S>
  void store(S* to, int64_t stride, int64_t rows, int64_t wide) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < wide; ++j) to[i * stride + j] = S(row(i)[j]);
  }
};

}  // namespace
