// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// The variants in which every kernel is compiled, and how one is chosen.

#ifndef PLIMSOLL_KERNEL_VARIANTS_H
#define PLIMSOLL_KERNEL_VARIANTS_H

#include <stdbool.h>

/// The value of ``plimsoll_force_kernel_variant`` that returns to the automatic choice.
#define PLIMSOLL_KERNEL_VARIANT_AUTOMATIC (-1)

/// How many variants this build holds; they are numbered from 0, the plainest, upwards.
int plimsoll_kernel_variant_count(void);

/// The name of a variant, such as "avx2", or an empty string for a number out of range.
const char *plimsoll_kernel_variant_name(int variant);

/// Whether this processor can run the variant.
bool plimsoll_kernel_variant_available(int variant);

/// The variant that kernels called from this thread run now.
int plimsoll_kernel_variant_in_use(void);

/// Makes every kernel called from the calling thread run one variant, for tests and benchmarks.
///
/// All variants give the same bits, so a result never depends on this. The choice belongs to the
/// thread: tests that run side by side cannot undo one another's, and other threads keep theirs.
/// @param variant A number below the count, or PLIMSOLL_KERNEL_VARIANT_AUTOMATIC.
/// @returns False, with nothing changed, if this processor cannot run the variant.
bool plimsoll_force_kernel_variant(int variant);

#endif
