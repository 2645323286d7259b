// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

#include <stdatomic.h>

#include "variants.h"

#if defined(__x86_64__)
static const char *const variant_names[] = {"sse2", "avx2", "avx512"};
#else
static const char *const variant_names[] = {"portable"};
#endif

enum { variant_count = sizeof variant_names / sizeof variant_names[0] };

/// The best variant of this processor, or PLIMSOLL_KERNEL_VARIANT_AUTOMATIC until it is known.
static atomic_int detected_variant = PLIMSOLL_KERNEL_VARIANT_AUTOMATIC;

/// What this thread forces, if anything.
static _Thread_local int forced_variant = PLIMSOLL_KERNEL_VARIANT_AUTOMATIC;

int plimsoll_kernel_variant_count(void) { return variant_count; }

const char *plimsoll_kernel_variant_name(int variant) {
  return variant >= 0 && variant < variant_count ? variant_names[variant] : "";
}

bool plimsoll_kernel_variant_available(int variant) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (variant) {
    case plimsoll_baseline_variant:
      return true;
    case plimsoll_avx2_variant:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    case plimsoll_avx512_variant:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("bmi2");
    default:
      return false;
  }
#else
  return variant == plimsoll_baseline_variant;
#endif
}

/// Threads that race here find the same answer, so the order in which they store it is no matter.
static int detect_variant(void) {
  int best = variant_count - 1;
  while (!plimsoll_kernel_variant_available(best)) best -= 1;
  atomic_store_explicit(&detected_variant, best, memory_order_relaxed);
  return best;
}

int plimsoll_kernel_variant_in_use(void) {
  if (forced_variant != PLIMSOLL_KERNEL_VARIANT_AUTOMATIC) return forced_variant;
  int detected = atomic_load_explicit(&detected_variant, memory_order_relaxed);
  return detected != PLIMSOLL_KERNEL_VARIANT_AUTOMATIC ? detected : detect_variant();
}

bool plimsoll_force_kernel_variant(int variant) {
  if (variant != PLIMSOLL_KERNEL_VARIANT_AUTOMATIC && !plimsoll_kernel_variant_available(variant))
    return false;
  forced_variant = variant;
  return true;
}
