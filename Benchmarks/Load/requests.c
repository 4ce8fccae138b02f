// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "requests.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { longest = 4096 };

static void append(char *body, const char *format, ...) {
    size_t used = strlen(body);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(body + used, longest - used, format, arguments);
    va_end(arguments);
    if (more < 0 || used + (size_t)more >= longest) {
        fputs("a request is too long\n", stderr);
        exit(2);
    }
}

/// AES-CBC with padding; gives the length of the ciphertext.
static int encrypt(const struct client *client, const unsigned char *nonce, const char *text, unsigned char *cipher) {
    static EVP_CIPHER_CTX *context;
    if (context == NULL) context = EVP_CIPHER_CTX_new();
    int length = 0, rest = 0;
    if (EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, client->key, nonce) != 1
        || EVP_EncryptUpdate(context, cipher, &length, (const unsigned char *)text, (int)strlen(text)) != 1
        || EVP_EncryptFinal_ex(context, cipher + length, &rest) != 1) {
        fputs("a request can't be encrypted\n", stderr);
        exit(2);
    }
    return length + rest;
}

static void base64(char *text, const unsigned char *bytes, int count) {
    EVP_EncodeBlock((unsigned char *)text, bytes, count);
}

struct request request_make(const struct client *client, int port, const char *type, char *const *members, int count) {
    char body[longest] = "", text[longest * 2];
    unsigned char cipher[longest], nonce[16], signed_bytes[16 + 32], code[32];
    append(body, "{\"RequestType\":\"%s\",\"Id\":\"%s\"", type, client->id);

    RAND_bytes(nonce, sizeof nonce);
    base64(text, nonce, sizeof nonce);
    append(body, ",\"Nonce\":\"%s\"", text);
    memcpy(signed_bytes, nonce, sizeof nonce);
    encrypt(client, nonce, text, signed_bytes + sizeof nonce);
    base64(text, signed_bytes + sizeof nonce, 32);
    append(body, ",\"Verifier\":\"%s\"", text);
    HMAC(EVP_sha256(), client->key, sizeof client->key, signed_bytes, sizeof signed_bytes, code, NULL);
    base64(text, code, sizeof code);
    append(body, ",\"Hmac\":\"%s\"", text);

    for (int index = 0; index < count; index++) {
        const char *value = strchr(members[index], '=');
        if (value == NULL) {
            base64(text, client->key, sizeof client->key);
            append(body, ",\"%s\":\"%s\"", members[index], text);
        } else {
            base64(text, cipher, encrypt(client, nonce, value + 1, cipher));
            append(body, ",\"%.*s\":\"%s\"", (int)(value - members[index]), members[index], text);
        }
    }
    append(body, "}");

    struct request request;
    int length = asprintf(
        &request.bytes,
        "POST / HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        port, strlen(body), body
    );
    if (length < 0) abort();
    request.length = (size_t)length;
    return request;
}
