/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be connected: the kinds of integrations with their members, each declared once. Checks, the answer of the list of
 * kinds (from which the page makes its forms) and the API document come from here.
 */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "fcgi/auth/integration.h"
#include "shared/base/str.h"

#define NEEDED 1U /* an integration of this kind has it always */
#define SECRET 2U /* a credential: sealed, never shown */
#define GOES 4U   /* says where credentials go: with another one they must be given anew */
#define URL 8U    /* an address that begins with https:// */

const struct field integration_settings[] = {
    {"host", F_TEXT, NULLABLE, .max = 253, .help = "smtp: name of the server."},
    {"port", F_INT, NULLABLE, .min = 1, .max = 65535, .help = "smtp: 587 unless said otherwise."},
    {"security", F_ENUM, NULLABLE, .choices = "starttls|tls",
        .help = "smtp: how the connection is encrypted; it always is."},
    {"username", F_TEXT, NULLABLE, .max = 254, .help = "smtp"},
    {"from", F_EMAIL, NULLABLE, .help = "smtp: the sender's address."},
    {"provider", F_TEXT, NULLABLE, .max = 60, .help = "ai, oauth: whose service it is."},
    {"base_url", F_TEXT, NULLABLE, .max = 2000, .help = "ai: where the service is."},
    {"model", F_TEXT, NULLABLE, .max = 100, .help = "ai"},
    {"authorize_url", F_TEXT, NULLABLE, .max = 2000, .help = "oauth"},
    {"token_url", F_TEXT, NULLABLE, .max = 2000, .help = "oauth"},
    {"client_id", F_TEXT, NULLABLE, .max = 500, .help = "oauth"},
    {"scopes", F_TEXT, NULLABLE, .max = 1000, .help = "oauth: divided by spaces."},
    {"url", F_TEXT, NULLABLE, .max = 2000, .help = "webhook: where events are sent."},
    {0},
};
const struct field integration_credentials[] = {
    {"password", F_SECRET, NULLABLE, .min = 1, .max = 1024, .help = "smtp"},
    {"api_key", F_SECRET, NULLABLE, .min = 1, .max = 4096, .help = "ai"},
    {"client_secret", F_SECRET, NULLABLE, .min = 1, .max = 4096, .help = "oauth"},
    {"access_token", F_SECRET, NULLABLE, .min = 1, .max = 16384, .help = "oauth"},
    {"refresh_token", F_SECRET, NULLABLE, .min = 1, .max = 16384, .help = "oauth"},
    {"signing_secret", F_SECRET, NULLABLE, .min = 16, .max = 1024,
        .help = "webhook: what each delivery is signed with."},
    {0},
};
static const struct member {
	const char *kind, *name;
	unsigned flags;
} members[] = {
    {"smtp", "host", NEEDED | GOES},
    {"smtp", "port", GOES},
    {"smtp", "security", 0},
    {"smtp", "username", 0},
    {"smtp", "from", 0},
    {"smtp", "password", SECRET},
    {"ai", "provider", NEEDED | GOES},
    {"ai", "base_url", GOES | URL},
    {"ai", "model", 0},
    {"ai", "api_key", NEEDED | SECRET},
    {"oauth", "provider", 0},
    {"oauth", "authorize_url", URL},
    {"oauth", "token_url", NEEDED | GOES | URL},
    {"oauth", "client_id", NEEDED},
    {"oauth", "scopes", 0},
    {"oauth", "client_secret", NEEDED | SECRET},
    {"oauth", "access_token", SECRET},
    {"oauth", "refresh_token", SECRET},
    {"webhook", "url", NEEDED | GOES | URL},
    {"webhook", "signing_secret", NEEDED | SECRET},
};

static const struct field kind_member_members[] = {
    {"name", F_TEXT, REQUIRED},
    {"type", F_ENUM, REQUIRED, .choices = "text|number|choice|email|url|secret"},
    {"required", F_BOOL, REQUIRED},
    {"choices", F_TEXTS, .help = "Of a choice."},
    {"resets_credentials", F_BOOL, REQUIRED,
        .help =
            "Says where credentials go: they must be given again when this becomes another one."},
    {0},
};
static const struct field kind_members[] = {
    {"kind", F_TEXT, REQUIRED},
    {"settings", F_LIST, REQUIRED, .members = kind_member_members},
    {"credentials", F_LIST, REQUIRED, .members = kind_member_members},
    {0},
};
static const struct field kinds_members[] = {
    {"items", F_LIST, REQUIRED, .members = kind_members},
    {0},
};
const struct representation integration_kinds_rep = {"integration_kinds", kinds_members};

static const struct field *
field_of(const struct member *m)
{
	const struct field *f = (m->flags & SECRET) != 0 ? integration_credentials
	                                                 : integration_settings;

	while (!str_eq(f->name, m->name))
		f++;
	return f;
}

static const char *
type_of(const struct member *m)
{
	switch (field_of(m)->type) {
	case F_SECRET:
		return "secret";
	case F_INT:
		return "number";
	case F_ENUM:
		return "choice";
	case F_EMAIL:
		return "email";
	default:
		return (m->flags & URL) != 0 ? "url" : "text";
	}
}

static json_t *
member_json(struct arena *a, const struct member *m)
{
	json_t *out = json_pack("{s:s, s:s, s:b, s:b}", "name", m->name, "type", type_of(m),
	    "required", (m->flags & NEEDED) != 0, "resets_credentials", (m->flags & GOES) != 0);
	const char *choices = field_of(m)->choices, *end;

	if (choices == NULL)
		return out;
	(void)json_object_set_new(out, "choices", json_array());
	for (; *choices != '\0'; choices = *end == '|' ? end + 1 : end) {
		end = choices + strcspn(choices, "|");
		(void)json_array_append_new(json_object_get(out, "choices"),
		    json_string(arena_strndup(a, choices, (size_t)(end - choices))));
	}
	return out;
}

int
integration_kinds(struct req *r)
{
	json_t *items = json_array(), *kind = NULL;

	if (!tx_commit(r->tx)) {
		json_decref(items);
		return problem_db(r);
	}
	for (size_t i = 0; i < NELEMS(members); i++) {
		if (i == 0 || !str_eq(members[i].kind, members[i - 1].kind)) {
			kind = json_pack("{s:s, s:[], s:[]}", "kind", members[i].kind, "settings",
			    "credentials");
			(void)json_array_append_new(items, kind);
		}
		(void)json_array_append_new(json_object_get(kind, (members[i].flags & SECRET) != 0
		                                                      ? "credentials"
		                                                      : "settings"),
		    member_json(r->a, &members[i]));
	}
	return reply_json(r, 200, json_pack("{s:o}", "items", items));
}

static const struct member *
member_of(const char *kind, const char *name, bool secret)
{
	for (size_t i = 0; i < NELEMS(members); i++)
		if (str_eq(members[i].kind, kind) && str_eq(members[i].name, name) &&
		    ((members[i].flags & SECRET) != 0) == secret)
			return &members[i];
	return NULL;
}

/* Members that do not go with the kind. */
static void
check_known(struct req *r, const char *kind, const json_t *given, bool secret)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)given, name, v)
		if (member_of(kind, name, secret) == NULL)
			field_error_add(r->a, &r->errors,
			    arena_printf(r->a, "/%s/%s", secret ? "credentials" : "settings", name),
			    "Does not go with %s.", kind);
}

static bool
https_url(const char *s)
{
	const char *host = s + strlen("https://");
	size_t n;

	if (!str_starts(s, "https://"))
		return false;
	n = strcspn(host, "/?#");
	/* no user:password@ in it, which would be a credential in clear */
	return n > 0 && memchr(host, '@', n) == NULL && strpbrk(s, " #\\") == NULL;
}

/* Another place than the one that the stored credentials were given for. */
static bool
goes_elsewhere(const char *kind, const json_t *before, const json_t *after)
{
	for (size_t i = 0; i < NELEMS(members); i++) {
		const json_t *was = json_object_get(before, members[i].name),
		             *is = json_object_get(after, members[i].name);

		if (str_eq(members[i].kind, kind) && (members[i].flags & GOES) != 0 &&
		    (was == NULL) != (is == NULL))
			return true;
		if (str_eq(members[i].kind, kind) && (members[i].flags & GOES) != 0 &&
		    was != NULL && json_equal(was, is) == 0)
			return true;
	}
	return false;
}

bool
integration_check(struct req *r, const char *kind, const struct integration_change *c)
{
	bool moved = c->before != NULL && goes_elsewhere(kind, c->before, c->after);

	check_known(r, kind, c->after, false);
	check_known(r, kind, c->given, true);
	for (size_t i = 0; i < NELEMS(members); i++) {
		const struct member *m = &members[i];
		const json_t *fresh = json_object_get(c->given, m->name),
		             *plain = json_object_get(c->after, m->name);
		bool stored = json_object_get(c->stored, m->name) != NULL;

		if (!str_eq(m->kind, kind))
			continue;
		if ((m->flags & SECRET) == 0) {
			if (plain == NULL && (m->flags & NEEDED) != 0)
				field_error_add(r->a, &r->errors,
				    arena_printf(r->a, "/settings/%s", m->name), "Is required.");
			else if ((m->flags & URL) != 0 && plain != NULL &&
			         !https_url(json_string_value(plain)))
				field_error_add(r->a, &r->errors,
				    arena_printf(r->a, "/settings/%s", m->name),
				    "Must be an address that begins with https://.");
		} else if ((m->flags & NEEDED) != 0 &&
		           (fresh == NULL ? !stored : json_is_null(fresh))) {
			field_error_add(r->a, &r->errors,
			    arena_printf(r->a, "/credentials/%s", m->name), "Is required.");
		} else if (moved && stored && fresh == NULL) {
			/* else who may change settings could have it sent to a place of theirs */
			field_error_add(r->a, &r->errors,
			    arena_printf(r->a, "/credentials/%s", m->name),
			    "Must be given again, because it would go to another place than before.");
		}
	}
	return r->errors.n == 0;
}
