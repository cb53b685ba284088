/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens as clients hold them: two cookies for browsers, a body for bearers (A6). */
#include <string.h>
#include <time.h>

#include "fcgi/auth/auth.h"

#define ACCESS_SECONDS 3600
#define REFRESH_SECONDS 604800
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

const char *
handle_sha256(struct arena *a, const struct handle *t)
{
	uint8_t raw[HANDLE_BYTES], digest[SHA256_LEN];

	handle_bytes(raw, t);
	sha256(digest, raw, sizeof raw);
	wipe(raw, sizeof raw);
	return db_bytea(a, digest, sizeof digest);
}

static const char *
cookie(struct req *r, const char *name, const char *value, const char *path, const char *same_site,
    int max_age)
{
	return arena_printf(r->a, "%s=%s; Path=%s; Max-Age=%d; Secure; HttpOnly; SameSite=%s", name,
	    value, path, max_age, same_site);
}

static void
set_cookies(struct req *r, const char *access, int access_age, const char *refresh, int refresh_age)
{
	reply_header(r, "Set-Cookie", cookie(r, "__Host-pact", access, "/", "Lax", access_age));
	/* Path: no other module ever sees it. A Path other than / rules the __Host- prefix out (RFC 6265bis). */
	reply_header(r, "Set-Cookie",
	    cookie(r, "__Secure-pact-refresh", refresh, "/v1/auth", "Strict", refresh_age));
}

void
clear_cookies(struct req *r)
{
	set_cookies(r, "", 0, "", 0);
}

int
reply_tokens(struct req *r, const char *user, const struct handle *refresh, bool bearer,
    const char *session_json)
{
	struct token_claims c = {.issued = (int64_t)time(NULL)};
	const char *text = handle_text(r->a, refresh);
	char access[TOKEN_MAX];

	memcpy(c.tenant, refresh->tenant, sizeof c.tenant);
	memcpy(c.session, refresh->id, sizeof c.session);
	memcpy(c.user, user, sizeof c.user);
	session_secret(c.secret, refresh->id);
	c.expires = c.issued + ACCESS_SECONDS;
	token_make(access, &c);
	if (bearer) {
		(void)reply_json(r, 200,
		    json_pack("{s:s, s:s, s:s, s:i}", "access_token", access, "token_type",
		        "Bearer", "refresh_token", text, "expires_in", ACCESS_SECONDS));
	} else {
		set_cookies(r, access, ACCESS_SECONDS, text, REFRESH_SECONDS);
		(void)reply_text(r, 200, "application/json", session_json, strlen(session_json));
	}
	wipe(&c, sizeof c);
	return r->status;
}
