// SPDX-License-Identifier: Apache-2.0

// Swift's strings and arrays, and the C libraries' own buffers, can't be wiped by whoever uses them: they are copied and
// moved behind his back, and given back when the last owner lets go. What all of them have in common is that they are
// given back to the heap, so it is the heap that wipes them.
//
// This is no allocator: blocks come from whatever malloc, calloc and memalign the program runs with, glibc's as a rule,
// and go back there, once they are wiped, by the free that comes next in the order of symbols. So these three go with an
// allocator that is preloaded, as hardened_malloc is, as they go with glibc's. Not with the checks of glibc's own
// libc_malloc_debug (glibc.malloc.check), whose free can't be found so.
//
// - The size is what malloc_usable_size says of the block, all of which belongs to its owner, however it was aligned.
// - Nothing here is locked or allocated, so it is as safe after a fork and in threads as the free that comes next.
// - Valgrind puts its own functions in the place of these. With a sanitizer of the compiler's, which must have the heap
//   for itself, and with KEYBELL_PLAIN_HEAP set while building, there is nothing here.

#define _GNU_SOURCE
#include "wiping_heap.h"

#if defined(__has_feature) && !defined(KEYBELL_PLAIN_HEAP)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer) \
    || __has_feature(hwaddress_sanitizer)
#define KEYBELL_PLAIN_HEAP
#endif
#endif

#if !defined(KEYBELL_PLAIN_HEAP)

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void __libc_free(void *block);

typedef void (*Free)(void *);

/// From here on the kernel takes pages back rather than that each is written to, which may never have been touched.
static const size_t large = 256 * 1024;

static Free next_free;
static size_t page_size;

/// The free that comes next: of what is preloaded, or glibc's.
static Free next(void) {
    Free known = __atomic_load_n(&next_free, __ATOMIC_ACQUIRE);
    if (known != NULL) return known;
    known = (Free)dlsym(RTLD_NEXT, "free");
    if (known == NULL) known = __libc_free;
    __atomic_store_n(&next_free, known, __ATOMIC_RELEASE);
    return known;
}

/// Before there is a second thread, or a child that may do little.
__attribute__((constructor)) static void prepare(void) {
    long size = sysconf(_SC_PAGESIZE);
    page_size = size > 0 ? (size_t)size : 0;
    next();
}

static void wipe(void *block, size_t count) {
    if (count >= large && page_size != 0) {
        uintptr_t start = (uintptr_t)block, end = start + count;
        uintptr_t first = (start + page_size - 1) & ~(page_size - 1), last = end & ~(page_size - 1);
        // Private memory of no file, which a heap is, reads as zeros afterwards. Locked pages and huge ones are refused,
        // and written to below. Blocks that have a mapping of their own and are about to be unmapped are no exception,
        // since that can't be told from outside of the allocator.
        if (first < last && madvise((void *)first, last - first, MADV_DONTNEED) == 0) {
            explicit_bzero(block, first - start);
            explicit_bzero((void *)last, end - last);
            return;
        }
    }
    explicit_bzero(block, count);
}

void free(void *block) {
    if (block == NULL) return;
    // POSIX wants it to be as it was.
    int error = errno;
    wipe(block, malloc_usable_size(block));
    next()(block);
    errno = error;
}

void *realloc(void *block, size_t count) {
    if (block == NULL) return malloc(count);
    if (count == 0) {
        free(block);
        return NULL;
    }
    size_t room = malloc_usable_size(block);
    // What is beyond the new end stays the block's, and is wiped with it.
    if (count <= room && count >= room / 2) return block;
    // An allocator's own realloc would leave what was in the old place.
    void *moved = malloc(count);
    if (moved == NULL) return NULL;
    memcpy(moved, block, count < room ? count : room);
    free(block);
    return moved;
}

void *reallocarray(void *block, size_t number, size_t size) {
    size_t count;
    if (__builtin_mul_overflow(number, size, &count)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, count);
}

#endif
