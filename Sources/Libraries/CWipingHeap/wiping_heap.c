// SPDX-License-Identifier: Apache-2.0

// Swift's strings and arrays, and the C libraries' own buffers, can't be wiped by whoever uses them: they are copied and
// moved behind his back, and given back when the last owner lets go. What all of them have in common is that they are
// given back to the heap, so it is the heap that wipes them.

#define _GNU_SOURCE
#include "wiping_heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern void __libc_free(void *block);

static const size_t pageSize = 4096;
/// From here on the kernel takes pages back rather than that each is written to, which may never have been touched.
static const size_t large = 256 * 1024;

static void wipe(void *block, size_t count) {
    if (count >= large) {
        uintptr_t start = (uintptr_t)block, end = start + count;
        uintptr_t first = (start + pageSize - 1) & ~(pageSize - 1), last = end & ~(pageSize - 1);
        // Private memory of no file reads as zeros afterwards. Locked pages are refused, and written to below.
        if (madvise((void *)first, last - first, MADV_DONTNEED) == 0) {
            explicit_bzero(block, first - start);
            explicit_bzero((void *)last, end - last);
            return;
        }
    }
    explicit_bzero(block, count);
}

void free(void *block) {
    if (block == NULL) return;
    wipe(block, malloc_usable_size(block));
    __libc_free(block);
}

void *realloc(void *block, size_t count) {
    if (block == NULL) return malloc(count);
    if (count == 0) {
        free(block);
        return NULL;
    }
    size_t room = malloc_usable_size(block);
    if (count <= room && count >= room / 2) return block;
    // glibc's own would leave what was in the old place.
    void *moved = malloc(count);
    if (moved == NULL) return NULL;
    memcpy(moved, block, count < room ? count : room);
    free(block);
    return moved;
}

void *reallocarray(void *block, size_t number, size_t size) {
    size_t count;
    if (__builtin_mul_overflow(number, size, &count)) return realloc(block, SIZE_MAX);
    return realloc(block, count);
}
