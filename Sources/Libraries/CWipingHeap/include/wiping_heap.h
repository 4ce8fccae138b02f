// SPDX-License-Identifier: Apache-2.0
#pragma once

// Nothing to call. A program that is linked with this target has a heap whose blocks are wiped when they are given back:
// its free, realloc and reallocarray take the place of glibc's, as "Replacing malloc" in glibc's manual provides for.
