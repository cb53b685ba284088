/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the service says of itself (RFC 7643 §5 to §7), made from the tables of scim_attr.c. The same for everybody. */
#include <string.h>
#include <strings.h>

#include "fcgi/auth/scim.h"
#include "shared/base/str.h"

#define URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define URN_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"

/* Lists here are whole, whatever is asked for (RFC 7644 §4). */
const struct field scim_self_params[] = {
    {"filter", F_TEXT, .max = 2000, .help = "Refused: nothing is filtered here."},
    {"startIndex", F_TEXT, .max = 200, .help = "Not looked at."},
    {"count", F_TEXT, .max = 200, .help = "Not looked at."},
    {"attributes", F_TEXT, .max = 1000, .help = "Not looked at."},
    {"excludedAttributes", F_TEXT, .max = 1000, .help = "Not looked at."},
    {"sortBy", F_TEXT, .max = 200, .help = "Not looked at."},
    {"sortOrder", F_TEXT, .max = 200, .help = "Not looked at."},
    {0},
};

static const struct field document_members[] = {
    {"schemas", F_TEXTS, REQUIRED},
    {"id", F_TEXT},
    {"name", F_TEXT},
    {"description", F_TEXT},
    {"endpoint", F_TEXT},
    {"schema", F_TEXT},
    {"attributes", F_ANY},
    {"documentationUri", F_TEXT},
    {"patch", F_ANY},
    {"bulk", F_ANY},
    {"filter", F_ANY},
    {"changePassword", F_ANY},
    {"sort", F_ANY},
    {"etag", F_ANY},
    {"authenticationSchemes", F_ANY},
    {"meta", F_ANY},
    {0},
};
const struct representation scim_document_rep = {"scim_document", document_members};

static int
document(struct req *r, json_t *v)
{
	if (v == NULL)
		return problem(r, &P_NOT_FOUND, NULL);
	(void)reply_json(r, 200, v);
	r->content_type = "application/scim+json";
	return r->status;
}

static json_t *
meta(struct req *r, const char *type, const char *path)
{
	return json_pack("{s:s, s:o}", "resourceType", type, "location",
	    json_sprintf("%s%s", scim_base(r), path));
}

static int
list_of(struct req *r, json_t *items)
{
	if (param(r, "filter") != NULL) {
		json_decref(items);
		return problem(r, &P_FORBIDDEN, "Nothing is filtered here.");
	}
	return document(r, json_pack("{s:[s], s:I, s:i, s:I, s:o}", "schemas",
	                       "urn:ietf:params:scim:api:messages:2.0:ListResponse", "totalResults",
	                       (json_int_t)json_array_size(items), "startIndex", 1, "itemsPerPage",
	                       (json_int_t)json_array_size(items), "Resources", items));
}

int
scim_config(struct req *r)
{
	return document(r,
	    json_pack(
	        "{s:[s], s:s, s:{s:b}, s:{s:b, s:i, s:i}, s:{s:b, s:i}, s:{s:b}, s:{s:b}, s:{s:b}, "
	        "s:[{s:s, s:s, s:s, s:b}], s:o}",
	        "schemas", "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
	        "documentationUri", "https://www.rfc-editor.org/rfc/rfc7644", "patch", "supported",
	        1, "bulk", "supported", 0, "maxOperations", 0, "maxPayloadSize", 0, "filter",
	        "supported", 1, "maxResults", 200, "changePassword", "supported", 0, "sort",
	        "supported", 0, "etag", "supported", 1, "authenticationSchemes", "type",
	        "oauthbearertoken", "name", "API key", "description",
	        "An API key of the workspace whose roles hold user.read and user.write, in the Authorization header as Bearer.",
	        "primary", 1, "meta", meta(r, "ServiceProviderConfig", "/ServiceProviderConfig")));
}

/* ── resource types ──────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct type {
	const char *name, *endpoint, *schema, *description;
	const struct scim_attribute *attributes;
} types[] = {
    {"User", "/Users", URN_USER, "Somebody who works in the workspace", scim_user_attributes},
    {"Group", "/Groups", URN_GROUP, "A group of the provider's, which stands for roles",
        scim_group_attributes},
};

static json_t *
type_document(struct req *r, const struct type *t)
{
	return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:s, s:o}", "schemas",
	    "urn:ietf:params:scim:schemas:core:2.0:ResourceType", "id", t->name, "name", t->name,
	    "endpoint", t->endpoint, "description", t->description, "schema", t->schema, "meta",
	    meta(r, "ResourceType", arena_printf(r->a, "/ResourceTypes/%s", t->name)));
}

int
scim_types(struct req *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < NELEMS(types); i++)
		(void)json_array_append_new(all, type_document(r, &types[i]));
	return list_of(r, all);
}

int
scim_type(struct req *r)
{
	for (size_t i = 0; i < NELEMS(types); i++)
		if (strcmp(types[i].name, r->arg[0]) == 0)
			return document(r, type_document(r, &types[i]));
	return document(r, NULL);
}

/* ── schemas ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static json_t *
attribute(const char *name, const char *type, bool many, const char *help, bool required,
    const char *mutability, bool unique)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:b, s:b, s:s, s:s, s:s}", "name", name, "type",
	    type, "multiValued", many, "description", help, "required", required, "caseExact", 0,
	    "mutability", mutability, "returned", "default", "uniqueness",
	    unique ? "server" : "none");
}

static json_t *
plain(const char *name, const struct field *f)
{
	bool required = (f->flags & REQUIRED) != 0;

	return attribute(name, f->type == F_BOOL ? "boolean" : "string", false, f->help, required,
	    "readWrite", required);
}

static json_t *
named(json_t *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (str_eq(json_string_value(json_object_get(v, "name")), name))
			return v;
	return NULL;
}

/* name.givenName is a part of the complex name; emails.value of the list emails. */
static void
add(struct req *r, json_t *list, const struct scim_attribute *at)
{
	const char *dot = strchr(at->name, '.'), *parent;
	json_t *whole;

	if (dot == NULL) {
		(void)json_array_append_new(list, plain(at->name, &at->check));
		return;
	}
	parent = arena_strndup(r->a, at->name, (size_t)(dot - at->name));
	whole = named(list, parent);
	if (whole == NULL) {
		bool many = strcmp(dot, ".value") == 0;

		whole = attribute(parent, "complex", many,
		    many ? "The person's address" : "The person's name", many, "readWrite", false);
		(void)json_object_set_new(whole, "subAttributes", json_array());
		(void)json_array_append_new(list, whole);
	}
	(void)json_array_append_new(json_object_get(whole, "subAttributes"),
	    plain(dot + 1, &at->check));
}

/* Groups of a user, members of a group: lists of references. */
static json_t *
references(const char *name, const char *help, const char *mutability)
{
	json_t *v = attribute(name, "complex", true, help, false, mutability, false);

	(void)json_object_set_new(v, "subAttributes",
	    json_pack("[o, o]",
	        attribute("value", "string", false, "The id.", false, mutability, false),
	        attribute("display", "string", false, "The name.", false, "readOnly", false)));
	return v;
}

static json_t *
schema_document(struct req *r, const struct type *t)
{
	json_t *list = json_array();

	for (const struct scim_attribute *at = t->attributes; at->name != NULL; at++)
		add(r, list, at);
	(void)json_array_append_new(list,
	    strcmp(t->schema, URN_USER) == 0
	        ? references("groups", "The groups somebody is in.", "readOnly")
	        : references("members", "Who is in it.", "readWrite"));
	return json_pack("{s:[s], s:s, s:s, s:s, s:o, s:o}", "schemas",
	    "urn:ietf:params:scim:schemas:core:2.0:Schema", "id", t->schema, "name", t->name,
	    "description", t->description, "attributes", list, "meta",
	    meta(r, "Schema", arena_printf(r->a, "/Schemas/%s", t->schema)));
}

int
scim_schemas(struct req *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < NELEMS(types); i++)
		(void)json_array_append_new(all, schema_document(r, &types[i]));
	return list_of(r, all);
}

int
scim_schema(struct req *r)
{
	for (size_t i = 0; i < NELEMS(types); i++)
		if (strcasecmp(types[i].schema, r->arg[0]) == 0)
			return document(r, schema_document(r, &types[i]));
	return document(r, NULL);
}
