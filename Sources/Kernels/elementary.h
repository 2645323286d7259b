// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Scalar elementary functions for kernels: each melts into the loop that calls it.

#ifndef PLIMSOLL_ELEMENTARY_H
#define PLIMSOLL_ELEMENTARY_H

#include "exponential.h"
#include "logarithm.h"
#include "power.h"
#include "trigonometric.h"

#endif
