// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// How often a thread has asked the system for memory, for benchmarks that promise it does not.
//
// An executable that links this has its own malloc, calloc, realloc, aligned_alloc, memalign and
// posix_memalign, which count and pass on to those of glibc. Elsewhere nothing is counted.

#ifndef PLIMSOLL_ALLOCATION_COUNTER_H
#define PLIMSOLL_ALLOCATION_COUNTER_H

#include <stdint.h>

/// How many blocks the calling thread has asked for; -1 where nothing is counted.
int64_t plimsoll_thread_allocations(void);

#endif
