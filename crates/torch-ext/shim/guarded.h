// Converts exceptions to error messages: returns null on success, else a message that the caller frees.
#pragma once

#include <cstring>
#include <exception>

template <typename F>
char* guarded(F body) {
  try {
    body();
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  }
}
