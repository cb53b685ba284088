/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRYPT_HANDLE_H
#define PACT_CRYPT_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/crypt/crypt.h"

/*
 * What people and programs are given to hold: a refresh token, a login's second step, a link in a mail, an API key. As
 * text it is base64url(tenant, id, secret), so that the tenant is known before a table of a tenant is read. The database
 * keeps its SHA-256.
 */
struct handle {
	char tenant[37], id[37];
	uint8_t secret[SECRET_LEN];
};

/* `CLEANUP(handle_wipe) struct handle t;`: none stays behind on a stack, whichever way a function ends. */
void handle_wipe(struct handle *t);
/* A new one: a UUIDv7 as id, a random secret. */
void handle_new(struct handle *out, const char *tenant);
/* False for anything but the canonical text of one. */
bool handle_parse(struct handle *out, const char *text);
/* base64url, on the arena. */
const char *handle_text(struct arena *a, const struct handle *t);
void handle_digest(uint8_t out[static SHA256_LEN], const struct handle *t);

#endif
