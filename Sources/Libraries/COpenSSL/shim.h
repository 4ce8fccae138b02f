// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <openssl/err.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// HMAC-SHA-256 by its two states, after the inner and after the outer padded key, which are as secret as the key. They
// are kept where the caller wants, in locked memory: libcrypto's EVP contexts are in ordinary memory, and to make one for
// each code takes longer than to compute it. What works on such states is deprecated, and is the only thing that does.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

typedef struct {
    SHA256_CTX inner, outer;
} keybell_hmac_states;

/// Makes the states of a key of any length; 0 if that fails.
static inline int keybell_hmac_prepare(const uint8_t *key, size_t count, keybell_hmac_states *states) {
    uint8_t block[SHA256_CBLOCK] = {0};
    int done = 1;
    if (count <= sizeof block) {
        if (count > 0) memcpy(block, key, count);
    } else {
        done = SHA256_Init(&states->inner) && SHA256_Update(&states->inner, key, count)
            && SHA256_Final(block, &states->inner);
    }
    for (size_t index = 0; index < sizeof block; index++) block[index] ^= 0x36;
    done = done && SHA256_Init(&states->inner) && SHA256_Update(&states->inner, block, sizeof block);
    for (size_t index = 0; index < sizeof block; index++) block[index] ^= 0x36 ^ 0x5C;
    done = done && SHA256_Init(&states->outer) && SHA256_Update(&states->outer, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
    return done;
}

/// Computes a code of 32 bytes; 0 if that fails.
static inline int keybell_hmac_code(const keybell_hmac_states *states, const uint8_t *bytes, size_t count, uint8_t *code) {
    SHA256_CTX context = states->inner;
    int done = SHA256_Update(&context, bytes, count) && SHA256_Final(code, &context);
    context = states->outer;
    done = done && SHA256_Update(&context, code, SHA256_DIGEST_LENGTH) && SHA256_Final(code, &context);
    OPENSSL_cleanse(&context, sizeof context);
    return done;
}

#pragma GCC diagnostic pop
