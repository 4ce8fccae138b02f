// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <libpsl.h>
// libpsl keeps its own folding of names to itself; this is the library that it does it with.
#include <idn2.h>
