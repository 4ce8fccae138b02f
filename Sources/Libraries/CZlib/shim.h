// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zlib.h>

// zlib's initializers are macros that pass its version and the size of z_stream, which Swift does not import.

/// Starts decompressing a gzip stream, with its header and its checksum.
static inline int keybell_inflate_gzip(z_stream *stream) {
    return inflateInit2(stream, MAX_WBITS + 16);
}

/// Starts compressing to a gzip stream.
static inline int keybell_deflate_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
}
