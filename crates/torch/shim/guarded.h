// How exceptions leave the shim: as a message, or null when all went well. The caller frees it.
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
