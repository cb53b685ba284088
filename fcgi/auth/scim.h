/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_SCIM_H
#define PACT_AUTH_SCIM_H

#include "shared/app/app.h"

/* SCIM 2.0: RFC 7643 (resources) and RFC 7644 (protocol). */

/* ── scim_path.c: filters (RFC 7644 §3.4.2.2) and paths of PATCH (§3.5.2), of which the conjunctions of `eq` are taken ── */
enum scim_type {
	SCIM_TEXT,
	SCIM_BOOL,
	SCIM_OTHER, /* a number or null: nothing here is one */
};
/* attr eq value */
struct scim_term {
	const char *attr; /* lower case, without the schema of the resource: emails.value */
	enum scim_type type;
	const char *value; /* decoded; "true" and "false" */
	struct scim_term *next;
};
struct scim_path {
	const char *attr;        /* lower case: emails.value of emails[type eq "work"].value */
	struct scim_term *where; /* what stands in brackets; attributes of the one before them */
};
/* The name of an attribute as above; on the arena. One of another schema keeps its whole name, which matches nothing. */
const char *scim_name(struct arena *a, const char *text);
/* False when it is no path. */
bool scim_path_parse(struct arena *a, struct scim_path *out, const char *text);
/* The terms; NULL, and a sentence in *problem, for what is no filter or not offered. */
struct scim_term *scim_filter_parse(struct arena *a, const char *text, const char **problem);

/* ── scim_attr.c: what of a resource is kept ── */
struct scim_attribute {
	const char *name;   /* as the schema has it: name.givenName */
	struct field check; /* name: what SQL calls it. NULLABLE: may be taken away */
};
#define SCIM_ATTRIBUTES_MAX 16
extern const struct scim_attribute scim_user_attributes[], scim_group_attributes[];
/*
 * Takes from v, which stands at path ("" for a whole resource), what the table knows into changes, by SQL's names; null where
 * a value is taken away. Errors go to r->errors; what nobody knows is passed over.
 */
void scim_take(struct req *r, const struct scim_attribute *table, const char *path, const json_t *v,
    json_t *changes);
/* All that may be absent as null, for PUT. */
void scim_absent(const struct scim_attribute *table, json_t *changes);

/* ── scim.c ── */
bool scim_problem(struct req *r, const struct problem_type *p, const char *detail,
    const json_t *members);
/* 400 with a scimType (RFC 7644 table 9). */
int scim_bad(struct req *r, const char *type, const char *detail);
/* The address of /scim/v2. */
const char *scim_base(struct req *r);

enum scim_verb {
	SCIM_ADD,
	SCIM_REPLACE,
	SCIM_REMOVE,
};
struct scim_op {
	enum scim_verb verb;
	struct scim_path path; /* attr "": none */
	const json_t *value;   /* NULL only with SCIM_REMOVE */
};
/* Each operation of a PATCH in its order; false, with a problem, when one cannot be done. */
bool scim_patch(struct req *r,
    bool (*each)(struct req *r, const struct scim_op *op, json_t *changes), json_t *changes);
/*
 * A list: q takes the base, a filter by SQL's names, the first, how many, and the attributes asked for and not asked for. known:
 * which attribute is filtered by what name.
 */
struct scim_known {
	const char *attr, *name;
	enum scim_type type;
};
int scim_list(struct req *r, const struct query *q, const struct scim_known *known);
/* The attributes asked for, and those not, as text[] for SQL; NULL each when nothing is said. */
void scim_wanted(struct req *r, const char **only, const char **not_these);

extern const struct field scim_list_params[], scim_get_params[], scim_self_params[];
extern const struct representation scim_list_rep, scim_document_rep;
int scim_config(struct req *r);
int scim_types(struct req *r);
int scim_schemas(struct req *r);
int scim_schema(struct req *r);
int scim_type(struct req *r);

/* ── scim_user.c ── */
extern const struct representation scim_user_rep;
extern const struct query q_scim_users, q_scim_user_get, q_scim_user_create, q_scim_user_patch,
    q_scim_user_delete;
int scim_user_list(struct req *r);
int scim_user_get(struct req *r);
int scim_user_create(struct req *r);
int scim_user_put(struct req *r);
int scim_user_patch(struct req *r);
int scim_user_delete(struct req *r);

/* ── scim_group.c ── */
extern const struct representation scim_group_rep;
extern const struct query q_scim_groups, q_scim_group_get, q_scim_group_create, q_scim_group_patch,
    q_scim_group_delete;
int scim_group_list(struct req *r);
int scim_group_get(struct req *r);
int scim_group_create(struct req *r);
int scim_group_put(struct req *r);
int scim_group_patch(struct req *r);
int scim_group_delete(struct req *r);

#endif
