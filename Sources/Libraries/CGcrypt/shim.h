// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gcrypt.h>

// gcry_control is variadic, so Swift does not import it.

/// Whether somebody in this process (libsecret, say) has initialized the library already.
static inline int keybell_gcrypt_is_ready(void) {
    return gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0;
}

/// Ends the initialization without libgcrypt's own secure memory: what is secret is kept by OpenSSL's.
static inline void keybell_gcrypt_finish(void) {
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}
