/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/crypt/handle.h"

#include <string.h>

#include "shared/base/str.h"

#define HANDLE_BYTES (16 + 16 + SECRET_LEN)

static void
uuid_bytes(uint8_t out[static 16], const char *uuid)
{
	char hex[33] = {0};
	size_t n = 0;

	for (; *uuid != '\0' && n < 32; uuid++)
		if (*uuid != '-')
			hex[n++] = *uuid;
	(void)hex_decode(out, hex, 16);
}

static void
uuid_text(char out[static 37], const uint8_t b[static 16])
{
	char hex[33];
	size_t n = 0;

	hex_encode(hex, b, 16);
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[n++] = '-';
		out[n++] = hex[i];
	}
	out[n] = '\0';
}

bool
handle_parse(struct handle *out, const char *text)
{
	uint8_t raw[HANDLE_BYTES];
	size_t len = 0;
	bool ok = text != NULL && b64url_decode(raw, sizeof raw, &len, text, strlen(text)) &&
	          len == sizeof raw;

	if (ok) {
		uuid_text(out->tenant, raw);
		uuid_text(out->id, raw + 16);
		memcpy(out->secret, raw + 32, SECRET_LEN);
	}
	wipe(raw, sizeof raw);
	return ok;
}

static void
handle_bytes(uint8_t raw[static HANDLE_BYTES], const struct handle *t)
{
	uuid_bytes(raw, t->tenant);
	uuid_bytes(raw + 16, t->id);
	memcpy(raw + 32, t->secret, SECRET_LEN);
}

void
handle_wipe(struct handle *t)
{
	wipe(t, sizeof *t);
}

void
handle_new(struct handle *out, const char *tenant)
{
	memcpy(out->tenant, tenant, sizeof out->tenant);
	uuid7(out->id);
	random_bytes(out->secret, sizeof out->secret);
}

const char *
handle_text(struct arena *a, const struct handle *t)
{
	uint8_t raw[HANDLE_BYTES];
	char *text = arena_alloc(a, HANDLE_BYTES * 2);

	handle_bytes(raw, t);
	(void)b64url_encode(text, raw, sizeof raw);
	wipe(raw, sizeof raw);
	return text;
}

void
handle_digest(uint8_t out[static SHA256_LEN], const struct handle *t)
{
	uint8_t raw[HANDLE_BYTES];

	handle_bytes(raw, t);
	sha256(out, raw, sizeof raw);
	wipe(raw, sizeof raw);
}
