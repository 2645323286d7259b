// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Compiles the file named by PLIMSOLL_KERNEL_BODY once for every variant; see variants.h.
//
// No include guard: each kernel file includes it once, with a body of its own.

#pragma clang fp contract(off)

#define PLIMSOLL_VARIANT_SUFFIX baseline
#include PLIMSOLL_KERNEL_BODY
#undef PLIMSOLL_VARIANT_SUFFIX

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,bmi2"))), apply_to = function)
#define PLIMSOLL_VARIANT_SUFFIX avx2
#include PLIMSOLL_KERNEL_BODY
#undef PLIMSOLL_VARIANT_SUFFIX
#pragma clang attribute pop

// The features one by one: the level "x86-64-v4" would prefer vectors of half the width.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,bmi2"))), apply_to = function)
#define PLIMSOLL_VARIANT_SUFFIX avx512
#include PLIMSOLL_KERNEL_BODY
#undef PLIMSOLL_VARIANT_SUFFIX
#pragma clang attribute pop

#endif
