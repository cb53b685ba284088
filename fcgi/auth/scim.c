/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all resources of SCIM share: problems, lists, PATCH, and what the service says of itself. */
#include <string.h>
#include <strings.h>

#include "fcgi/auth/scim.h"
#include "shared/base/str.h"

#define URN_ERROR "urn:ietf:params:scim:api:messages:2.0:Error"
#define URN_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define SCIM_PATH "/scim/v2"
#define COUNT_DEFAULT 100
#define COUNT_MAX 200
#define OPERATIONS_MAX 1000

const char *
scim_base(struct req *r)
{
	return arena_printf(r->a, "%s" SCIM_PATH, config("PACT_BASE_URL"));
}

/* ── problems (RFC 7644 §3.12) ───────────────────────────────────────────────────────────────────────────────────── */

/* SCIM has no 422; what is wrong with an input is in scimType. */
static const char *
scim_type_of(const struct problem_type *p, const json_t *members)
{
	const char *given = json_string_value(json_object_get(members, "scimType"));

	if (given != NULL)
		return given;
	if (p == &P_DUPLICATE)
		return "uniqueness";
	if (p == &P_INVALID)
		return "invalidValue";
	return p == &P_BAD_REQUEST ? "invalidSyntax" : NULL;
}

/* Of field errors the first, with the name of what it is about. */
static const char *
first_error(struct req *r, const json_t *members)
{
	const json_t *e = json_array_get(json_object_get(members, "errors"), 0);
	const char *at = json_string_value(json_object_get(e, "pointer")),
	           *what = json_string_value(json_object_get(e, "detail"));

	return at != NULL && what != NULL ? arena_printf(r->a, "%s: %s", at, what) : what;
}

bool
scim_problem(struct req *r, const struct problem_type *p, const char *detail, const json_t *members)
{
	const char *first = first_error(r, members);
	int status = p->status == 422 ? 400 : p->status;

	if (!str_starts(r->http.path, "/scim/"))
		return false;
	if (first != NULL)
		detail = first;
	(void)reply_json(r, status,
	    json_pack("{s:[s], s:o, s:s*, s:s}", "schemas", URN_ERROR, "status",
	        json_sprintf("%d", status), "scimType", scim_type_of(p, members), "detail",
	        detail != NULL && *detail != '\0' ? detail : p->title));
	r->content_type = "application/scim+json";
	return true;
}

int
scim_bad(struct req *r, const char *type, const char *detail)
{
	return problem_with(r, &P_BAD_REQUEST, detail, json_pack("{s:s}", "scimType", type));
}

/* ── PATCH (RFC 7644 §3.5.2) ─────────────────────────────────────────────────────────────────────────────────────── */

/* A member whatever the case of its name. */
static const json_t *
member(const json_t *obj, const char *name)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)obj, key, v)
		if (strcasecmp(key, name) == 0)
			return v;
	return NULL;
}

static bool
verb_read(const char *text, enum scim_verb *out)
{
	static const char *const verbs[] = {"add", "replace", "remove"};

	for (size_t i = 0; text != NULL && i < NELEMS(verbs); i++) {
		if (strcasecmp(text, verbs[i]) == 0) {
			*out = (enum scim_verb)i;
			return true;
		}
	}
	return false;
}

static bool
operation(struct req *r, const json_t *v, struct scim_op *op)
{
	const json_t *path = member(v, "path");

	*op = (struct scim_op){.path.attr = "", .value = member(v, "value")};
	if (!verb_read(json_string_value(member(v, "op")), &op->verb)) {
		(void)scim_bad(r, "invalidSyntax",
		    "Each operation has an op: add, replace or remove.");
		return false;
	}
	if (path != NULL && !json_is_null(path) &&
	    (!json_is_string(path) || !scim_path_parse(r->a, &op->path, json_string_value(path)))) {
		(void)scim_bad(r, "invalidPath", "The path cannot be read.");
		return false;
	}
	if (*op->path.attr == '\0' && op->verb == SCIM_REMOVE) {
		(void)scim_bad(r, "noTarget", "A removal needs a path.");
		return false;
	}
	if (op->verb != SCIM_REMOVE &&
	    (op->value == NULL || (*op->path.attr == '\0' && !json_is_object(op->value)))) {
		(void)scim_bad(r, "invalidValue",
		    "An operation needs a value, which is an object where there is no path.");
		return false;
	}
	return true;
}

/* Without a path the value's members are paths; Entra ID sends such with brackets, too. */
static bool
bracketed(struct req *r, const struct scim_op *op,
    bool (*each)(struct req *r, const struct scim_op *op, json_t *changes), json_t *changes)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)op->value, key, v) {
		struct scim_op inner = {.verb = op->verb, .value = v};

		if (strchr(key, '[') == NULL)
			continue;
		if (!scim_path_parse(r->a, &inner.path, key)) {
			(void)scim_bad(r, "invalidPath", "The path cannot be read.");
			return false;
		}
		if (!each(r, &inner, changes))
			return false;
	}
	return true;
}

bool
scim_patch(struct req *r, bool (*each)(struct req *r, const struct scim_op *op, json_t *changes),
    json_t *changes)
{
	const json_t *ops = member(r->body, "Operations");
	struct scim_op op;

	if (!json_is_array(ops) || json_array_size(ops) == 0 ||
	    json_array_size(ops) > OPERATIONS_MAX) {
		(void)scim_bad(r, "invalidSyntax",
		    "A PATCH has Operations, from 1 to 1000 of them (" URN_PATCH ").");
		return false;
	}
	for (size_t i = 0; i < json_array_size(ops); i++)
		if (!operation(r, json_array_get(ops, i), &op) ||
		    (*op.path.attr == '\0' && !bracketed(r, &op, each, changes)) ||
		    !each(r, &op, changes))
			return false;
	if (r->errors.n == 0)
		return true;
	(void)problem_fields(r);
	return false;
}

/* ── lists (RFC 7644 §3.4.2) ─────────────────────────────────────────────────────────────────────────────────────── */

#define WANTED \
	{"attributes", F_TEXT, .max = 1000, \
	    .help = "Names of attributes; nothing else is shown."}, \
	{ \
		"excludedAttributes", F_TEXT, .max = 1000, \
		                              .help = "Names of attributes that are not shown." \
	}
const struct field scim_get_params[] = {WANTED, {0}};
const struct field scim_list_params[] = {
    {"filter", F_TEXT, .max = 2000, .help = "Comparisons with eq, joined by and."},
    {"startIndex", F_INT, .min = INT32_MIN, .max = INT32_MAX, .help = "The first, from 1."},
    {"count", F_INT, .min = INT32_MIN, .max = INT32_MAX,
        .help = "How many, 200 at most; 100 when not given."},
    WANTED,
    {"sortBy", F_TEXT, .max = 200, .help = "Not looked at: lists are in the order of creation."},
    {"sortOrder", F_TEXT, .max = 200, .help = "Not looked at."},
    {0},
};

static const struct field list_members[] = {
    {"schemas", F_TEXTS, REQUIRED},
    {"totalResults", F_INT, REQUIRED},
    {"startIndex", F_INT, REQUIRED},
    {"itemsPerPage", F_INT, REQUIRED},
    {"Resources", F_ANY, REQUIRED},
    {0},
};
const struct representation scim_list_rep = {"scim_list", list_members};

/* "userName,name.givenName" as {username,name}. */
static const char *
names(struct req *r, const char *text)
{
	const char *list[64];
	size_t n = 0;

	if (text == NULL)
		return NULL;
	while (*text != '\0' && n < NELEMS(list)) {
		size_t len = strcspn(text, ", ");
		const char *name = scim_name(r->a, arena_strndup(r->a, text, len));

		if (len > 0)
			list[n++] = arena_strndup(r->a, name, strcspn(name, "."));
		text += len + strspn(text + len, ", ");
	}
	return db_array(r->a, list, n);
}

void
scim_wanted(struct req *r, const char **only, const char **not_these)
{
	*only = names(r, param(r, "attributes"));
	*not_these = names(r, param(r, "excludedAttributes"));
}

/* The filter by SQL's names; NULL with a problem. */
static const char *
filter(struct req *r, const struct scim_known *known)
{
	const char *text = param(r, "filter"), *problem = NULL;
	json_t *out = json_keep(r->a, json_object());

	if (text == NULL)
		return "{}";
	for (struct scim_term *t = scim_filter_parse(r->a, text, &problem); t != NULL;
	     t = t->next) {
		const struct scim_known *k = known;
		json_t *v = json_string(t->value);

		while (k->attr != NULL && strcmp(k->attr, t->attr) != 0)
			k++;
		if (k->attr == NULL || k->type != t->type) {
			json_decref(v);
			(void)scim_bad(r, "invalidFilter",
			    arena_printf(r->a,
			        "By %s is not filtered here, or not by such a value.", t->attr));
			return NULL;
		}
		/* the same twice, and not equal: there is no such thing, as there is none without an id */
		if (json_object_get(out, k->name) != NULL &&
		    !json_equal(json_object_get(out, k->name), v))
			(void)json_object_set_new(out, "id", json_string(""));
		(void)json_object_set_new(out, k->name, v);
	}
	if (problem == NULL)
		return json_text(r->a, out);
	(void)scim_bad(r, "invalidFilter", problem);
	return NULL;
}

/* A number as a parameter says it, within what makes sense. */
static const char *
clamped(struct req *r, const char *name, int fallback, int min, int max)
{
	int64_t n = fallback;

	if (param(r, name) != NULL)
		(void)str_int64(param(r, name), INT32_MIN, INT32_MAX, &n);
	n = n < min ? min : n > max ? max : n;
	return arena_printf(r->a, "%d", (int)n);
}

int
scim_list(struct req *r, const struct query *q, const struct scim_known *known)
{
	const char *by = filter(r, known), *only, *not_these;

	if (by == NULL)
		return r->status;
	scim_wanted(r, &only, &not_these);
	return reply_query(r, q,
	    ARGS(scim_base(r), by, clamped(r, "startIndex", 1, 1, INT32_MAX),
	        clamped(r, "count", COUNT_DEFAULT, 0, COUNT_MAX), only, not_these));
}
