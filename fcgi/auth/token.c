/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens as clients hold them: two cookies for browsers, a body for bearers (A6). */
#include <string.h>
#include <time.h>

#include "fcgi/auth/auth.h"

#define ACCESS_SECONDS 3600
#define REFRESH_SECONDS 604800

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

static void
access_token(char out[static TOKEN_MAX], const char *user, const struct handle *refresh)
{
	struct token_claims c = {.issued = (int64_t)time(NULL)};

	memcpy(c.tenant, refresh->tenant, sizeof c.tenant);
	memcpy(c.session, refresh->id, sizeof c.session);
	memcpy(c.user, user, sizeof c.user);
	session_secret(c.secret, refresh->id);
	c.expires = c.issued + ACCESS_SECONDS;
	token_make(out, &c);
	wipe(&c, sizeof c);
}

void
session_cookies(struct req *r, const char *user, const struct handle *refresh)
{
	char access[TOKEN_MAX];

	access_token(access, user, refresh);
	set_cookies(r, access, ACCESS_SECONDS, handle_text(r->a, refresh), REFRESH_SECONDS);
	wipe(access, sizeof access);
}

int
reply_tokens(struct req *r, const char *user, const struct handle *refresh, bool bearer,
    const char *session_json)
{
	char access[TOKEN_MAX];
	json_t *tokens;

	if (!bearer) {
		session_cookies(r, user, refresh);
		return reply_text(r, 200, "application/json", session_json, strlen(session_json));
	}
	access_token(access, user, refresh);
	tokens = json_pack("{s:s, s:s, s:s, s:i}", "access_token", access, "token_type", "Bearer",
	    "refresh_token", handle_text(r->a, refresh), "expires_in", ACCESS_SECONDS);
	wipe(access, sizeof access);
	return reply_json(r, 200, tokens);
}
