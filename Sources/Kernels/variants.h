// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// What a kernel file needs to be compiled once per processor and called through one name.
//
// A kernel is three files: `name.h` with scalar functions, `name_body.h` with loops over arrays
// whose names are written PLIMSOLL_VARIANT(plimsoll_name), and `name.c`, which says
//
//     #define PLIMSOLL_KERNEL_BODY "name_body.h"
//     #include "each_variant.h"
//     PLIMSOLL_DISPATCH(plimsoll_name, (const double *x, double *y, size_t count), (x, y, count))

#ifndef PLIMSOLL_VARIANTS_H
#define PLIMSOLL_VARIANTS_H

#include <stddef.h>
#include <stdint.h>

#include "KernelVariants.h"

enum {
  plimsoll_baseline_variant = 0,
  plimsoll_avx2_variant = 1,
  plimsoll_avx512_variant = 2,
};

#define PLIMSOLL_JOIN_TOKENS(a, b) a##_##b
#define PLIMSOLL_JOIN(a, b) PLIMSOLL_JOIN_TOKENS(a, b)

/// The name of a body function in the variant that is being compiled.
#define PLIMSOLL_VARIANT(name) PLIMSOLL_JOIN(name, PLIMSOLL_VARIANT_SUFFIX)

/// Scalar functions must melt into the loops to take on the variant's instructions.
#define PLIMSOLL_INLINE static inline __attribute__((always_inline))

/// Goes before a loop whose iterations do not depend on one another, even when it works in place.
#define PLIMSOLL_INDEPENDENT_ITERATIONS _Pragma("clang loop vectorize(assume_safety)")

/// The same for a loop with few registers and long chains: two vectors are worked on at a time.
#define PLIMSOLL_INTERLEAVED_ITERATIONS \
  _Pragma("clang loop vectorize(assume_safety) interleave_count(2)")

/// Defines the public kernel that calls the variant in use.
#if defined(__x86_64__)
#define PLIMSOLL_DISPATCH(name, parameters, arguments) \
  void name parameters {                               \
    switch (plimsoll_kernel_variant_in_use()) {        \
      case plimsoll_avx512_variant:                    \
        name##_avx512 arguments;                       \
        return;                                        \
      case plimsoll_avx2_variant:                      \
        name##_avx2 arguments;                         \
        return;                                        \
      default:                                         \
        name##_baseline arguments;                     \
    }                                                  \
  }
#else
#define PLIMSOLL_DISPATCH(name, parameters, arguments) \
  void name parameters { name##_baseline arguments; }
#endif

#endif
