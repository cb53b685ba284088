/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fields that a workspace adds to its contacts, and the tags in use. */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_custom_fields, PLAN_GENERIC,
    "SELECT api.custom_field_json(f) AS item, f.key AS cursor FROM pact.custom_field f WHERE "
    "f.tenant_id = $1::uuid AND f.key > $2::text "
    "ORDER BY f.key LIMIT $3::int");
TENANT_QUERY(q_custom_fields_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.custom_field f WHERE f.tenant_id = $1::uuid"));
TENANT_QUERY(q_custom_field_create, PLAN_GENERIC,
    "SELECT body, location FROM app.custom_field_create($1::uuid, $2::jsonb)");
/* From one tag to the next by index, however many contacts have it. */
#define TAGS(after, most) \
	"WITH RECURSIVE tags (tag, n) AS (" \
	"(SELECT t.tag, 1 FROM pact.contact_tag t WHERE t.tenant_id = $1::uuid AND t.tag > " after \
	" ORDER BY t.tag LIMIT 1) UNION ALL " \
	"SELECT (SELECT t.tag FROM pact.contact_tag t WHERE t.tenant_id = $1::uuid AND t.tag > " \
	"tags.tag ORDER BY t.tag LIMIT 1), n + 1 " \
	"FROM tags WHERE tags.tag IS NOT NULL AND n < " most ") "
TENANT_QUERY(q_tags, PLAN_GENERIC,
    TAGS("$2::text",
        "$3::int") "SELECT json_build_object('tag', tag) AS item, tag AS cursor FROM tags WHERE tag IS NOT NULL");
TENANT_QUERY(q_tags_count, PLAN_GENERIC,
    TAGS("''", "10001") COUNT_TO_10000("tags WHERE tag IS NOT NULL"));

const struct field custom_field_body[] = {
    {"label", F_TEXT, REQUIRED, .max = 120},
    {"key", F_TEXT, NULLABLE, .max = 60, .help = "Made of the label when not given."},
    {0},
};

static const struct field custom_field_members[] = {
    {"key", F_TEXT, REQUIRED},
    {"label", F_TEXT, REQUIRED},
    {"created_at", F_TIME, REQUIRED},
    {0},
};
const struct representation custom_field_rep = {"custom_field", custom_field_members};

static const struct field tag_members[] = {
    {"tag", F_TEXT, REQUIRED},
    {0},
};
const struct representation tag_rep = {"tag", tag_members};

static int
list(struct req *r, const struct query *q, const struct query *count)
{
	const char *after;

	if (!cursor_parts(r, 1, &after))
		return bad_cursor(r);
	list_total(r, count, NO_ARGS);
	return reply_list(r, q, ARGS(after != NULL ? after : "", page_limit(r)));
}

int
custom_field_list(struct req *r)
{
	return list(r, &q_custom_fields, &q_custom_fields_count);
}

int
custom_field_create(struct req *r)
{
	return reply_query(r, &q_custom_field_create, ARGS(r->body_text));
}

int
tag_list(struct req *r)
{
	return list(r, &q_tags, &q_tags_count);
}
