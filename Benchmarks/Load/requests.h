// SPDX-License-Identifier: Apache-2.0

// Signed requests of the KeePassHttp protocol (docs/protocol.md), made before anything is measured.

#pragma once

#include <stddef.h>

/// One HTTP request as it goes over the wire.
struct request {
    char *bytes;
    size_t length;
};

/// A client: its key and its Id.
struct client {
    unsigned char key[32];
    const char *id;
};

/// A request with a nonce of its own.
///
/// `members` are `Name=value`, and `Key` alone is the client's key. Names of `Url`, `Login` and the like are encrypted.
struct request request_make(const struct client *client, int port, const char *type, char *const *members, int count);
