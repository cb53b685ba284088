/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRYPT_CRYPT_H
#define PACT_CRYPT_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"

/* Runs at the end of the scope: `CLEANUP(x_freep) X *x = NULL;`. For what must die there and is no memory of the arena. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define SHA256_LEN 32
#define SECRET_LEN 32

/* Once per process, before anything else here. Aborts when the libraries cannot be used. */
void crypt_init(void);
void random_bytes(void *out, size_t len);
/* Constant time in len. */
bool bytes_equal(const void *a, const void *b, size_t len);
void wipe(void *p, size_t len);

void sha256(uint8_t out[static SHA256_LEN], const void *data, size_t len);
/* The same for what comes in pieces; the state is on the arena. */
struct sha256_state;
struct sha256_state *sha256_begin(struct arena *a) __attribute__((returns_nonnull));
void sha256_add(struct sha256_state *s, const void *data, size_t len);
void sha256_end(struct sha256_state *s, uint8_t out[static SHA256_LEN]);
/* RFC 2104 with SHA-256; the parts are hashed one after the other, each behind its length, so no two lists collide. */
struct bytes {
	const void *data;
	size_t len;
};
void hmac_sha256(uint8_t out[static SHA256_LEN], const void *key, size_t keylen,
    const struct bytes *parts, size_t nparts);

/* RFC 9562 version 7, canonical text, 36 characters and a NUL. */
void uuid7(char out[static 37]);

/* Reads a file of exactly len bytes (a raw key); false when it is missing, shorter or longer. */
bool key_file(void *out, size_t len, const char *path);

#endif
