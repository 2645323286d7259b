// Plimsoll: a real-time margin and liquidation engine for crypto derivatives.
// SPDX-License-Identifier: Apache-2.0

// Hot loops and elementary functions over arrays; same bits on every processor.

#ifndef PLIMSOLL_KERNELS_H
#define PLIMSOLL_KERNELS_H

#include "Black76Kernels.h"
#include "ElementaryKernels.h"
#include "FourierKernels.h"
#include "KernelVariants.h"
#include "NormalKernels.h"
#include "ScenarioKernels.h"
#include "ScenarioRowKernels.h"

#endif
