/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Query string and body against the route's tables. */
#include <string.h>

#include "shared/app/private.h"

#define JSON_MAX (1024U * 1024U)
#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200

static const struct field list_params[] = {
    {"limit", F_INT, .min = 1, .max = LIMIT_MAX, .help = "Items on a page; 50 when not given."},
    {"after", F_CURSOR, .help = "The `next` of the page before."},
    {"count", F_BOOL, .help = "Adds `total`: exact to 10000, an estimate above."},
    {0},
};

const char *
param(const struct req *r, const char *name)
{
	for (size_t i = 0; r->route->params != NULL && r->route->params[i].name != NULL; i++)
		if (strcmp(r->route->params[i].name, name) == 0)
			return r->param[i];
	return NULL;
}

const char *
body_text(const struct req *r, const char *name)
{
	return json_string_value(json_object_get(r->body, name));
}

static const struct field *
find(const struct field *table, const char *name, size_t *index)
{
	for (size_t i = 0; table != NULL && table[i].name != NULL; i++) {
		if (strcmp(table[i].name, name) == 0) {
			*index = i;
			return &table[i];
		}
	}
	return NULL;
}

/* A cursor is base64url of its parts; it names rows of the caller's own list only, so it needs no signature. */
static const char *
cursor_open(struct req *r, const char *text)
{
	size_t cap = strlen(text), len = 0;
	char *out = arena_alloc(r->a, cap + 1);

	if (!b64url_decode(out, cap, &len, text, strlen(text)) || !utf8_valid(out, len) ||
	    strlen(out) != len) {
		field_error_add(r->a, &r->errors, "/after", "Is not a cursor of this list.");
		return NULL;
	}
	return out;
}

static void
list_param(struct req *r, const struct field *f, const char *value)
{
	int64_t n;

	if (strcmp(f->name, "limit") == 0 && str_int64(value, 1, LIMIT_MAX, &n))
		r->limit = (int)n;
	else if (strcmp(f->name, "after") == 0)
		r->after = cursor_open(r, value);
	else if (strcmp(f->name, "count") == 0)
		r->count = strcmp(value, "true") == 0;
}

static bool
query_read(struct req *r)
{
	const struct field *own = r->route->params;
	const char *q = r->http.query != NULL ? r->http.query : "";
	struct pair *pairs;
	size_t n, count = 0;
	bool used[64] = {false}, list_used[NELEMS(list_params)] = {false};

	while (own != NULL && own[count].name != NULL)
		count++;
	r->param = arena_array(r->a, count + 1, sizeof *r->param);
	r->limit = LIMIT_DEFAULT;
	if (!form_parse(r->a, q, strlen(q), &pairs, &n)) {
		(void)problem(r, &P_BAD_REQUEST, "The query string is malformed.");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		const struct field *f = find(own, pairs[i].name, &k), *l = NULL;
		const char *at = arena_printf(r->a, "/%s", pairs[i].name), *value;
		bool *twice;

		if (f == NULL && (r->route->flags & R_LIST) != 0)
			l = find(list_params, pairs[i].name, &k);
		if (f == NULL && l == NULL && (r->route->flags & R_OPEN_QUERY) != 0)
			continue;
		if ((f == NULL && l == NULL) || k >= NELEMS(used)) {
			field_error_add(r->a, &r->errors, at, "Is not a parameter known here.");
			continue;
		}
		twice = f != NULL ? &used[k] : &list_used[k];
		if (*twice) {
			field_error_add(r->a, &r->errors, at, "Is there twice.");
			continue;
		}
		*twice = true;
		value = field_check_text(r->a, f != NULL ? f : l, pairs[i].value, at, &r->errors);
		if (value == NULL)
			continue;
		if (f != NULL)
			r->param[k] = *value != '\0' ? value : NULL;
		else
			list_param(r, l, value);
	}
	for (size_t i = 0; i < count; i++)
		if ((own[i].flags & REQUIRED) != 0 && r->param[i] == NULL && !used[i])
			field_error_add(r->a, &r->errors, arena_printf(r->a, "/%s", own[i].name),
			    "Is required.");
	return true;
}

const char *
body_read(struct req *r, size_t max, size_t *len)
{
	size_t want = r->http.content_length, n = 0;
	char *buf;

	if (want > max) {
		(void)problem(r, &P_TOO_LARGE, NULL);
		return NULL;
	}
	buf = arena_alloc(r->a, want + 1);
	while (n < want) {
		size_t got = http_read(buf + n, want - n);

		if (got == 0)
			break;
		n += got;
	}
	if (n < want) {
		(void)problem(r, &P_BAD_REQUEST, "The body is shorter than its Content-Length.");
		return NULL;
	}
	*len = n;
	return buf;
}

/* SCIM's clients say either; RFC 7644 §3.1. */
static bool
body_type_ok(const struct req *r)
{
	const char *type = r->http.content_type;

	return media_type_is(type, "application/json") ||
	       media_type_is(type, (r->route->flags & R_SCIM) != 0
	                               ? "application/scim+json"
	                               : "application/merge-patch+json");
}

static bool
json_body_read(struct req *r)
{
	const char *problem_text = NULL, *data;
	size_t len = 0;
	json_t *obj;

	data = body_read(r, JSON_MAX, &len);
	if (data == NULL)
		return false;
	if (len == 0 && (r->route->flags & R_OPTIONAL_BODY) != 0)
		return true;
	if (!body_type_ok(r)) {
		(void)problem(r, &P_UNSUPPORTED_MEDIA_TYPE,
		    (r->route->flags & R_SCIM) != 0 ? "Send application/scim+json."
		                                    : "Send application/json.");
		return false;
	}
	if (!idempotency_begin(r, data, len))
		return false;
	obj = json_read(r->a, data, len, &problem_text);
	if (obj == NULL) {
		(void)problem(r, &P_BAD_REQUEST, problem_text);
		return false;
	}
	r->body = (r->route->flags & R_SCIM) != 0
	              ? obj
	              : fields_check(r->a, r->route->body, obj, (r->route->flags & R_PARTIAL) != 0,
	                    &r->errors);
	r->body_text = json_text(r->a, r->body);
	return true;
}

/*
 * If-Match: our ETags are "<id>-<version>", what follows behind a dot is of what is shown beside the thing itself; or * for
 * any. Something else cannot match: version 0 never exists.
 */
static void
if_match_read(struct req *r)
{
	/* a path without an id is about the workspace */
	const char *tag = r->http.if_match, *id = r->arg[0] != NULL ? r->arg[0] : r->claims.tenant,
	           *dash;
	int64_t n;

	if (tag == NULL || strcmp(tag, "*") == 0 || (r->route->flags & R_IF_MATCH) == 0)
		return;
	r->if_match = "0";
	dash = strrchr(tag, '-');
	if (dash != NULL && tag[0] == '"' && tag[strlen(tag) - 1] == '"' && dash - tag == 37) {
		const char *digits = arena_strndup(r->a, dash + 1, strcspn(dash + 1, ".\""));

		if (strncmp(tag + 1, id, 36) == 0 && str_int64(digits, 1, INT64_MAX, &n))
			r->if_match = digits;
	}
}

static bool
scim_body(const struct req *r)
{
	return (r->route->flags & R_SCIM) != 0 && (r->http.method[0] == 'P'); /* POST, PUT, PATCH */
}

bool
input_read(struct req *r)
{
	r->body_text = "{}";
	if_match_read(r);
	if (!query_read(r))
		return false;
	if (r->route->body != NULL || scim_body(r)) {
		if (!json_body_read(r))
			return false;
	} else if ((r->route->flags & R_RAW) == 0) {
		if (r->http.content_length > JSON_MAX) {
			(void)problem(r, &P_TOO_LARGE, NULL);
			return false;
		}
		if (!idempotency_begin(r, "", 0))
			return false;
	}
	if (r->errors.n > 0) {
		(void)problem_fields(r);
		return false;
	}
	return true;
}
