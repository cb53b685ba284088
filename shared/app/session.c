/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asks: the signed token of a request, and whether a browser's change came from our own page. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "shared/app/private.h"

/*
 * Tokens verified lately by this process: a signature costs 40 us, comparing 450 bytes nothing. Found by bytes of the
 * signature. Whether the session still lives is asked of the database each time, so a hit here grants nothing by itself.
 */
#define SEEN 128
static struct {
	size_t len;
	char token[TOKEN_MAX];
	struct token_claims claims;
} seen[SEEN];

static const char *own_origin;

void
session_setup(const char *base_url)
{
	own_origin = base_url;
}

static bool
token_known(struct token_claims *out, const char *token, size_t len)
{
	int64_t now = (int64_t)time(NULL);
	size_t slot;

	if (len < 8 || len >= TOKEN_MAX)
		return false;
	slot = ((size_t)(unsigned char)token[len - 4] * 31 +
	           (size_t)(unsigned char)token[len - 7]) %
	       SEEN;
	if (seen[slot].len == len && bytes_equal(seen[slot].token, token, len) &&
	    seen[slot].claims.expires > now) {
		*out = seen[slot].claims;
		return true;
	}
	if (!token_check(out, token, len, now))
		return false;
	memcpy(seen[slot].token, token, len);
	seen[slot].len = len;
	seen[slot].claims = *out;
	return true;
}

static bool
safe_method(const struct req *r)
{
	return strcmp(r->http.method, "GET") == 0 || strcmp(r->http.method, "HEAD") == 0;
}

bool
session_same_origin(struct req *r)
{
	const char *site = r->http.fetch_site, *origin = r->http.origin;
	bool shown = site != NULL || origin != NULL;
	bool ok = (origin == NULL || str_eq(origin, own_origin)) &&
	          (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0);

	if (safe_method(r) || (r->route->flags & R_CROSS_SITE) != 0)
		return true;
	/* a browser always says one of the two for an unsafe verb; with a cookie, silence is no proof */
	if (ok && (shown || !r->by_cookie))
		return true;
	(void)problem(r, &P_CSRF, NULL);
	return false;
}

/* An API key is a secret and no signature: the door alone says whether there is one. */
static bool
key_read(struct req *r, const char *token)
{
	CLEANUP(handle_wipe) struct handle t;

	if (!str_starts(token, KEY_PREFIX) || !handle_parse(&t, token + sizeof KEY_PREFIX - 1))
		return false;
	memcpy(r->claims.tenant, t.tenant, sizeof r->claims.tenant);
	memcpy(r->claims.session, t.id, sizeof r->claims.session);
	memcpy(r->claims.secret, t.secret, sizeof r->claims.secret);
	r->by_key = true;
	return true;
}

bool
session_authenticate(struct req *r)
{
	const char *token = NULL, *auth = r->http.authorization;

	if (auth != NULL && strncasecmp(auth, "Bearer ", 7) == 0) {
		token = auth + 7;
		if (key_read(r, token))
			return true;
	} else {
		token = cookie_get(r->a, r->http.cookie, "__Host-pact");
		r->by_cookie = token != NULL;
	}
	if (token != NULL && token_known(&r->claims, token, strlen(token)))
		return true;
	reply_header(r, "WWW-Authenticate", "Bearer");
	(void)problem(r, &P_UNAUTHENTICATED, NULL);
	return false;
}

const char *
handle_sha256(struct arena *a, const struct handle *t)
{
	uint8_t digest[SHA256_LEN];

	handle_digest(digest, t);
	return db_bytea(a, digest, sizeof digest);
}

bool
tx_again(struct req *r, bool read_only)
{
	r->tx = tx_begin(r->a, r->claims.tenant);
	if (r->tx != NULL)
		session_enter(r, r->route->permission, read_only);
	return r->tx != NULL;
}

static const char *
claimed_secret(struct req *r)
{
	return db_bytea(r->a, r->claims.secret, sizeof r->claims.secret);
}

void
session_enter(struct req *r, const char *permission, bool read_only)
{
	tx_queue(r->tx, r->by_key ? &q_enter_key : &q_enter_session,
	    ARGS(r->claims.tenant, r->claims.session, claimed_secret(r), permission, r->http.ip,
	        r->request_id, read_only ? "true" : "false"));
	/* a stream takes as long as its reader does */
	if ((r->route->flags & R_STREAM) != 0)
		tx_queue(r->tx, &q_stream_time, NO_ARGS);
}

bool
session_failed(const struct req *r, const struct db_error *e)
{
	return str_eq(e->query, r->by_key ? q_enter_key.name : q_enter_session.name);
}

void
session_refused(struct req *r)
{
	const char *route = arena_printf(r->a, "%s %s", r->route->method, r->route->path);

	if (r->by_key) {
		tx_queue(r->tx, &q_key_refused,
		    ARGS(r->claims.tenant, r->claims.session, claimed_secret(r), r->http.ip,
		        r->request_id, route, r->route->permission));
		return;
	}
	session_enter(r, "self", false);
	tx_queue(r->tx, &q_refused, ARGS(route, r->route->permission));
}
