/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People, as an identity provider looks after them (SCIM 2.0). */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "fcgi/auth/scim.h"
#include "shared/base/str.h"

DOOR_QUERY(q_scim_users,
    "SELECT body FROM app.scim_users($1, $2::jsonb, $3::int, $4::int, $5::text[], $6::text[])");
DOOR_QUERY(q_scim_user_get,
    "SELECT body, etag FROM app.scim_user_reply($1::uuid, $2, $3::text[], $4::text[])");
DOOR_QUERY(q_scim_user_create,
    "SELECT body, etag, location FROM app.scim_user_create($1::jsonb, $2::bytea, $3)");
DOOR_QUERY(q_scim_user_patch,
    "SELECT body, etag, location FROM app.scim_user_patch($1::uuid, $2::bigint, $3::jsonb, $4::bytea, $5::bytea, $6)");
DOOR_QUERY(q_scim_user_delete, "SELECT deleted FROM app.user_delete($1::uuid, $2::bigint)");

static const struct field scim_user_members[] = {
    {"schemas", F_TEXTS, REQUIRED},
    {"id", F_UUID, REQUIRED},
    {"externalId", F_TEXT},
    {"userName", F_TEXT},
    {"displayName", F_TEXT},
    {"name", F_ANY},
    {"emails", F_ANY},
    {"active", F_BOOL},
    {"groups", F_ANY},
    {"meta", F_ANY},
    {0},
};
const struct representation scim_user_rep = {"scim_user", scim_user_members};

static const struct scim_known known[] = {
    {"id", "id", SCIM_TEXT},
    {"username", "user_name", SCIM_TEXT},
    {"externalid", "external_id", SCIM_TEXT},
    {"emails", "email", SCIM_TEXT},
    {"emails.value", "email", SCIM_TEXT},
    {"emails.type", "email_type", SCIM_TEXT},
    {"active", "active", SCIM_BOOL},
    {0},
};

int
scim_user_list(struct req *r)
{
	return scim_list(r, &q_scim_users, known);
}

int
scim_user_get(struct req *r)
{
	const char *only, *not_these;

	scim_wanted(r, &only, &not_these);
	return reply_query(r, &q_scim_user_get, ARGS(r->arg[0], scim_base(r), only, not_these));
}

/* The keyed hash of an address among the changes; NULL when there is none. */
static const char *
hashed(struct req *r, const json_t *changes, const char *name)
{
	const char *text = json_string_value(json_object_get(changes, name));
	uint8_t hmac[SHA256_LEN];

	if (text == NULL || !email_plausible(text, strlen(text)))
		return NULL;
	address_hmac(hmac, text);
	return db_bytea(r->a, hmac, sizeof hmac);
}

/* A whole user: the name is there, and an address, which may be the name. False with a problem. */
static bool
whole(struct req *r, json_t *changes)
{
	const char *user_name;

	scim_take(r, scim_user_attributes, "", r->body, changes);
	user_name = json_string_value(json_object_get(changes, "user_name"));
	if (user_name == NULL && r->errors.n == 0)
		field_error_add(r->a, &r->errors, "userName", "Is required.");
	if (user_name != NULL && json_object_get(changes, "email") == NULL) {
		if (email_plausible(user_name, strlen(user_name)))
			(void)json_object_set_new(changes, "email", json_string(user_name));
		else
			field_error_add(r->a, &r->errors, "emails",
			    "Is required where the userName is no e-mail address.");
	}
	if (r->errors.n == 0)
		return true;
	(void)problem_fields(r);
	return false;
}

static int
change(struct req *r, const json_t *changes)
{
	return reply_query(r, &q_scim_user_patch,
	    ARGS(r->arg[0], r->if_match, json_text(r->a, changes), hashed(r, changes, "email"),
	        hashed(r, changes, "user_name"), scim_base(r)));
}

int
scim_user_create(struct req *r)
{
	json_t *changes = json_keep(r->a, json_object());

	if (!whole(r, changes))
		return r->status;
	return reply_query(r, &q_scim_user_create,
	    ARGS(json_text(r->a, changes), hashed(r, changes, "email"), scim_base(r)));
}

int
scim_user_put(struct req *r)
{
	json_t *changes = json_keep(r->a, json_object());

	scim_absent(scim_user_attributes, changes);
	return whole(r, changes) ? change(r, changes) : r->status;
}

/* Of several addresses one is kept: what is said of a private one is about another. */
static bool
about_us(const struct scim_path *path)
{
	for (const struct scim_term *t = path->where; t != NULL; t = t->next)
		if (strcmp(t->attr, "emails.type") == 0 && strcmp(t->value, "work") != 0)
			return false;
	return true;
}

static bool
read_only(const char *attr)
{
	static const char *const names[] = {"id", "meta", "groups", "schemas"};

	for (size_t i = 0; i < NELEMS(names); i++)
		if (strncmp(attr, names[i], strlen(names[i])) == 0 &&
		    (attr[strlen(names[i])] == '\0' || attr[strlen(names[i])] == '.'))
			return true;
	return false;
}

static bool
each(struct req *r, const struct scim_op *op, json_t *changes)
{
	const char *attr = op->path.attr;

	if (read_only(attr) || (op->verb == SCIM_REMOVE && strcmp(attr, "username") == 0)) {
		(void)scim_bad(r, "mutability", "This attribute is not for clients to change so.");
		return false;
	}
	if (!about_us(&op->path))
		return true;
	if (op->verb == SCIM_REMOVE && strcmp(attr, "name") == 0) {
		scim_take(r, scim_user_attributes, "name.givenName", json_null(), changes);
		scim_take(r, scim_user_attributes, "name.familyName", json_null(), changes);
		return true;
	}
	scim_take(r, scim_user_attributes, attr, op->verb == SCIM_REMOVE ? json_null() : op->value,
	    changes);
	return true;
}

int
scim_user_patch(struct req *r)
{
	json_t *changes = json_keep(r->a, json_object());

	return scim_patch(r, each, changes) ? change(r, changes) : r->status;
}

int
scim_user_delete(struct req *r)
{
	return reply_query(r, &q_scim_user_delete, ARGS(r->arg[0], r->if_match));
}
