/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/app/sso.h"

#include <string.h>

#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

#define BROWSER_COOKIE "__Host-pact-sso"
#define BROWSER_TEXT 43 /* base64url of SECRET_LEN bytes */
#define BROWSER_SECONDS 86400

DOOR_QUERY(q_sso_refuse, "SELECT app.sso_refuse($1, $2::uuid, $3, $4, $5)");

const char *
sso_browser(struct req *r, bool make)
{
	const char *text = cookie_get(r->a, r->http.cookie, BROWSER_COOKIE);
	uint8_t secret[SECRET_LEN], digest[SHA256_LEN];
	char fresh[BROWSER_TEXT + 2];
	size_t len = 0;

	if (text == NULL || !b64url_decode(secret, sizeof secret, &len, text, strlen(text)) ||
	    len != sizeof secret) {
		if (!make)
			return NULL;
		random_bytes(secret, sizeof secret);
		(void)b64url_encode(fresh, secret, sizeof secret);
		reply_header(r, "Set-Cookie",
		    arena_printf(r->a,
		        BROWSER_COOKIE "=%s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=None",
		        fresh, BROWSER_SECONDS));
	}
	sha256(digest, secret, sizeof secret);
	wipe(secret, sizeof secret);
	return db_bytea(r->a, digest, sizeof digest);
}

const char *
sso_return_to(const char *path)
{
	if (path == NULL || path[0] != '/' || path[1] == '/' || strlen(path) > 2000)
		return "/";
	for (const char *p = path; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '\\')
			return "/";
	return path;
}

bool
sso_asked_first(struct req *r, const char *workspace, const char *return_to)
{
	const char *site = r->http.fetch_site;
	char *next;

	/* typed, from a bookmark or a program, or from a page of ours */
	if (site == NULL || strcmp(site, "none") == 0 || strcmp(site, "same-origin") == 0)
		return false;
	next = arena_alloc(r->a, 3 * strlen(return_to) + 1);
	percent_encode(next, return_to);
	(void)sso_redirect(r,
	    strcmp(return_to, "/") == 0
	        ? arena_printf(r->a, "/login?workspace=%s", workspace)
	        : arena_printf(r->a, "/login?workspace=%s&next=%s", workspace, next));
	return true;
}

int
sso_redirect(struct req *r, const char *url)
{
	r->location = url;
	return reply_empty(r, 303);
}

int
sso_refused(struct req *r, const char *workspace, const char *login, const char *reason)
{
	/* the transaction that found it out is taken back first: nothing of it stays */
	if (r->tx != NULL)
		tx_rollback(r->tx);
	r->tx = tx_begin(r->a, NULL);
	if (r->tx != NULL) {
		tx_queue(r->tx, &q_sso_refuse,
		    ARGS(workspace, login, r->http.ip, r->request_id, reason));
		(void)tx_commit(r->tx);
	}
	return sso_redirect(r,
	    arena_printf(r->a, "/login?workspace=%s&problem=%s&instance=%s", workspace,
	        str_eq(reason, "unavailable") ? "sso-unavailable" : "sso-refused", r->request_id));
}

int
sso_refused_db(struct req *r, const char *workspace, const char *login)
{
	const struct db_error *e = tx_error(r->tx);

	if (e->code == DB_REFUSED && str_eq(e->slug, "sso-refused"))
		return sso_refused(r, workspace, login, e->hint != NULL ? e->hint : "refused");
	if (e->code == DB_REFUSED && str_eq(e->slug, "sso-unavailable"))
		return sso_refused(r, workspace, login, "unavailable");
	return problem_db(r);
}
