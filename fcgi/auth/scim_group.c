/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups, as an identity provider pushes them (SCIM 2.0). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "fcgi/auth/scim.h"
#include "shared/base/str.h"

DOOR_QUERY(q_scim_groups,
    "SELECT body FROM app.scim_groups($1, $2::jsonb, $3::int, $4::int, $5::text[], $6::text[])");
DOOR_QUERY(q_scim_group_get,
    "SELECT body, etag FROM app.scim_group_reply($1::uuid, $2, $3::text[], $4::text[])");
DOOR_QUERY(q_scim_group_create,
    "SELECT body, etag, location FROM app.scim_group_create($1::jsonb, $2)");
DOOR_QUERY(q_scim_group_patch,
    "SELECT body, etag, location FROM app.scim_group_patch($1::uuid, $2::bigint, $3::jsonb, $4)");
DOOR_QUERY(q_scim_group_delete, "SELECT deleted FROM app.scim_group_delete($1::uuid, $2::bigint)");

static const struct field scim_group_members[] = {
    {"schemas", F_TEXTS, REQUIRED},
    {"id", F_UUID, REQUIRED},
    {"externalId", F_TEXT},
    {"displayName", F_TEXT},
    {"members", F_ANY},
    {"meta", F_ANY},
    {0},
};
const struct representation scim_group_rep = {"scim_group", scim_group_members};

static const struct scim_known known[] = {
    {"id", "id", SCIM_TEXT},
    {"displayname", "display_name", SCIM_TEXT},
    {"externalid", "external_id", SCIM_TEXT},
    {"members", "member", SCIM_TEXT},
    {"members.value", "member", SCIM_TEXT},
    {0},
};

int
scim_group_list(struct req *r)
{
	return scim_list(r, &q_scim_groups, known);
}

int
scim_group_get(struct req *r)
{
	const char *only, *not_these;

	scim_wanted(r, &only, &not_these);
	return reply_query(r, &q_scim_group_get, ARGS(r->arg[0], scim_base(r), only, not_these));
}

/* ── members ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void
member_add(struct req *r, json_t *ids, const char *id)
{
	char *lower = arena_strdup(r->a, id != NULL ? id : "");

	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (uuid_valid(lower))
		(void)json_array_append_new(ids, json_string(lower));
	else
		field_error_add(r->a, &r->errors, "members",
		    "Each has the id of a user as its value.");
}

/* The ids of the step for app.scim_members() that op goes on with: the last one, when it adds or removes likewise. */
static json_t *
step_ids(json_t *changes, const char *op)
{
	json_t *steps = json_object_get(changes, "members"), *last;

	if (steps == NULL) {
		steps = json_array();
		(void)json_object_set_new(changes, "members", steps);
	}
	last = json_array_get(steps, json_array_size(steps) - 1);
	if (last == NULL || strcmp(op, "replace") == 0 ||
	    !str_eq(json_string_value(json_object_get(last, "op")), op)) {
		last = json_pack("{s:s, s:[]}", "op", op, "ids");
		(void)json_array_append_new(steps, last);
	}
	return json_object_get(last, "ids");
}

/* One more thing that is done with members. v: {"value": id}, or a list of such. */
static void
members(struct req *r, json_t *changes, const char *op, const json_t *v)
{
	json_t *ids = step_ids(changes, op);

	if (json_is_array(v))
		for (size_t i = 0; i < json_array_size(v); i++)
			member_add(r, ids,
			    json_string_value(json_object_get(json_array_get(v, i), "value")));
	else if (!json_is_null(v))
		member_add(r, ids, json_string_value(json_object_get(v, "value")));
}

static const json_t *
members_of(struct req *r, const json_t *v)
{
	const char *key;
	json_t *m;

	json_object_foreach((json_t *)(uintptr_t)v, key, m)
		if (strcmp(scim_name(r->a, key), "members") == 0)
			return m;
	return NULL;
}

static bool
taken(struct req *r)
{
	if (r->errors.n == 0)
		return true;
	(void)problem_fields(r);
	return false;
}

/* A whole group. False with a problem. */
static bool
whole(struct req *r, json_t *changes)
{
	const json_t *m = members_of(r, r->body);

	scim_take(r, scim_group_attributes, "", r->body, changes);
	if (json_object_get(changes, "display_name") == NULL && r->errors.n == 0)
		field_error_add(r->a, &r->errors, "displayName", "Is required.");
	members(r, changes, "replace", m != NULL ? m : json_null());
	return taken(r);
}

int
scim_group_create(struct req *r)
{
	json_t *changes = json_keep(r->a, json_object());

	if (!whole(r, changes))
		return r->status;
	return reply_query(r, &q_scim_group_create, ARGS(json_text(r->a, changes), scim_base(r)));
}

static int
change(struct req *r, const json_t *changes)
{
	return reply_query(r, &q_scim_group_patch,
	    ARGS(r->arg[0], r->if_match, json_text(r->a, changes), scim_base(r)));
}

int
scim_group_put(struct req *r)
{
	json_t *changes = json_keep(r->a, json_object());

	scim_absent(scim_group_attributes, changes);
	return whole(r, changes) ? change(r, changes) : r->status;
}

/* members, members[value eq "…"]: which ones, and what is to be done with them. */
static bool
members_op(struct req *r, const struct scim_op *op, json_t *changes)
{
	static const char *const verbs[] = {"add", "replace", "remove"};
	const struct scim_term *t = op->path.where;

	if (t != NULL) {
		if (op->verb != SCIM_REMOVE || t->next != NULL ||
		    strcmp(t->attr, "members.value") != 0 || t->type != SCIM_TEXT) {
			(void)scim_bad(r, "invalidPath",
			    "Members are removed by their value, one by one.");
			return false;
		}
		members(r, changes, "remove",
		    json_keep(r->a, json_pack("{s:s}", "value", t->value)));
		return true;
	}
	/* a removal without a value is of all; with one, as Entra ID sends it, of those */
	if (op->verb == SCIM_REMOVE && (op->value == NULL || json_is_null(op->value)))
		members(r, changes, "replace", json_null());
	else
		members(r, changes, verbs[op->verb], op->value);
	return true;
}

static bool
each(struct req *r, const struct scim_op *op, json_t *changes)
{
	const char *attr = op->path.attr;
	struct scim_op inner = *op;

	if (strcmp(attr, "members") == 0)
		return members_op(r, op, changes);
	if (strcmp(attr, "id") == 0 || strcmp(attr, "meta") == 0 || strcmp(attr, "schemas") == 0 ||
	    (op->verb == SCIM_REMOVE && strcmp(attr, "displayname") == 0)) {
		(void)scim_bad(r, "mutability", "This attribute is not for clients to change so.");
		return false;
	}
	scim_take(r, scim_group_attributes, attr, op->verb == SCIM_REMOVE ? json_null() : op->value,
	    changes);
	inner.value = *attr == '\0' ? members_of(r, op->value) : NULL;
	return inner.value == NULL || members_op(r, &inner, changes);
}

int
scim_group_patch(struct req *r)
{
	json_t *changes = json_keep(r->a, json_object());

	return scim_patch(r, each, changes) ? change(r, changes) : r->status;
}

int
scim_group_delete(struct req *r)
{
	return reply_query(r, &q_scim_group_delete, ARGS(r->arg[0], r->if_match));
}
