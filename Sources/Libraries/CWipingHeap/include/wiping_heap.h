// SPDX-License-Identifier: Apache-2.0

// A program with this target has a heap whose blocks are wiped when they are given back: its free, realloc and
// reallocarray stand before those of the allocator that it runs with. glibc's manual ("Replacing malloc") only provides
// for all functions of a heap to be replaced together; these three do no more than wipe a block that they hand on, which
// holds with every allocator whose malloc_usable_size says how much of a block may be written to.
