/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ends of a login by single sign-on (A3, A4): which ways there are for an address, and the session that a proved login
 * comes to. What lies between is oidc_*.c here, and the program `saml`, which has no key to make a session with.
 */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

DOOR_QUERY(q_discover, "SELECT body FROM app.discover($1, $2)");
DOOR_QUERY(q_sso_proved,
    "SELECT tenant_id, email FROM app.sso_proved($1, $2::uuid, $3::bytea, $4, $5)");
DOOR_QUERY(q_sso_succeed,
    "SELECT body, user_id, purpose, return_to FROM app.sso_succeed($1::uuid, $2::uuid, $3::bytea, $4::bytea, "
    "$5::uuid, $6::bytea, $7::bytea, $8, $9, $10, $11)");

const struct field discover_params[] = {
    {"email", F_EMAIL, .help = "Only its domain is looked at."},
    {"workspace", F_TEXT, .max = 63, .help = "Only this workspace, by its slug."},
    {0},
};
const struct field sso_finish_params[] = {
    {"login", F_UUID, REQUIRED},
    {0},
};

static const struct field way_workspace[] = {
    {"slug", F_TEXT, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {0},
};
static const struct field way_members[] = {
    {"workspace", F_OBJECT, REQUIRED, .members = way_workspace},
    {"type", F_ENUM, REQUIRED, .choices = "saml|oidc"},
    {"name", F_TEXT, REQUIRED, .help = "What the workspace calls its provider."},
    {"url", F_TEXT, REQUIRED, .help = "Where the login begins; takes ?return_to= with a path."},
    {"enforced", F_BOOL, REQUIRED},
    {0},
};
static const struct field discover_members[] = {
    {"password", F_BOOL, REQUIRED, .help = "Whether a password may be the way."},
    {"sso", F_LIST, REQUIRED, .members = way_members},
    {0},
};
const struct representation discover_rep = {"ways_in", discover_members};

int
discover(struct req *r)
{
	const char *email = param(r, "email"), *at = email != NULL ? strrchr(email, '@') : NULL;
	char *domain = at != NULL ? arena_strdup(r->a, at + 1) : NULL;

	/* the address itself goes no further: whether it is anybody's makes no difference */
	for (char *p = domain; p != NULL && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return reply_query(r, &q_discover, ARGS(domain, param(r, "workspace")));
}

int
sso_complete(struct req *r, const char *slug, const char *tenant, const char *login,
    const char *browser, const char *email)
{
	uint8_t hmac[SHA256_LEN] = {0};
	const struct rows *rows;
	CLEANUP(handle_wipe) struct handle t;

	if (email != NULL)
		address_hmac(hmac, email);
	rows = session_open(r, &q_sso_succeed,
	    ARGS(tenant, login, browser, db_bytea(r->a, hmac, sizeof hmac)), false, &t);
	if (rows == NULL)
		return sso_refused_db(r, slug, login);
	if (str_eq(rows_text(rows, 0, "purpose"), "login"))
		session_cookies(r, rows_text(rows, 0, "user_id"), &t);
	return sso_redirect(r, str_eq(rows_text(rows, 0, "purpose"), "test")
	                           ? "/sso?tested"
	                           : rows_text(rows, 0, "return_to"));
}

/*
 * A GET that changes something: it is the end of a navigation that began at the provider, as an OpenID callback is. The
 * browser's cookie and a login that was proved a moment ago, once, stand for the origin check of a post.
 */
int
sso_finish(struct req *r)
{
	const char *slug = r->arg[0], *login = param(r, "login"), *browser = sso_browser(r, false);
	const struct rows *rows;

	/* a login of another browser is none of its business: it is not ended by this */
	if (browser == NULL)
		return sso_refused(r, slug, NULL, "browser");
	rows = tx_last(r->tx, &q_sso_proved, ARGS(slug, login, browser, r->http.ip, r->request_id));
	if (rows == NULL)
		return problem_db(r);
	if (rows_count(rows) == 0)
		return sso_refused(r, slug, NULL, "state");
	return sso_complete(r, slug, rows_text(rows, 0, "tenant_id"), login, browser,
	    rows_text(rows, 0, "email"));
}
