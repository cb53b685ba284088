/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of contacts. Each pair of filter and order that is offered is one statement, served by
 * one index and as fast with a million contacts as with ten; pairs that no index serves are not
 * offered.
 *
 * All take: $2 rows, $3 id of the cursor, $4 the value of the filter or the first key of the order,
 * $5 the next.
 */
#include <string.h>

#include "fcgi/crm/crm.h"

#define ACCOUNT \
	"(SELECT json_build_object('public_id', a.id, 'name', a.name) FROM pact.account a " \
	"WHERE a.tenant_id = c.tenant_id AND a.id = c.account_id)"
#define ITEM "api.contact_json(c, " ACCOUNT ") AS item, "
#define BY_ID \
	"SELECT " ITEM "c.id::text AS cursor FROM pact.contact c WHERE c.tenant_id = $1::uuid "
/*
 * of rows m that hold no more than keys: looked up one by one, whatever the planner thinks how many
 * there are
 */
#define BY_KEY \
	"(SELECT api.contact_json(c, " ACCOUNT \
	") FROM pact.contact c WHERE c.tenant_id = $1::uuid AND c.id = m.id) AS item, "
#define AFTER_DOWN "AND c.id < $3::uuid ORDER BY c.id DESC LIMIT $2::int"
#define AFTER_UP "AND c.id > $3::uuid ORDER BY c.id LIMIT $2::int"

TENANT_QUERY(q_contacts_new, PLAN_GENERIC, BY_ID "AND c.archived_at IS NULL " AFTER_DOWN);
TENANT_QUERY(q_contacts_old, PLAN_GENERIC, BY_ID "AND c.archived_at IS NULL " AFTER_UP);
TENANT_QUERY(q_contacts_archived_new, PLAN_GENERIC,
    BY_ID "AND c.archived_at IS NOT NULL " AFTER_DOWN);
TENANT_QUERY(q_contacts_archived_old, PLAN_GENERIC,
    BY_ID "AND c.archived_at IS NOT NULL " AFTER_UP);
TENANT_QUERY(q_contacts_status_new, PLAN_GENERIC,
    BY_ID "AND c.archived_at IS NULL AND c.consent_status = $4::text " AFTER_DOWN);
TENANT_QUERY(q_contacts_status_old, PLAN_GENERIC,
    BY_ID "AND c.archived_at IS NULL AND c.consent_status = $4::text " AFTER_UP);
TENANT_QUERY(q_contacts_account_new, PLAN_GENERIC,
    BY_ID "AND c.archived_at IS NULL AND c.account_id = $4::uuid " AFTER_DOWN);
TENANT_QUERY(q_contacts_account_old, PLAN_GENERIC,
    BY_ID "AND c.archived_at IS NULL AND c.account_id = $4::uuid " AFTER_UP);

/* contact_tag holds the tags of contacts that are not archived */
#define TAGGED(op, dir) \
	"SELECT " BY_KEY \
	"m.id::text AS cursor FROM (SELECT t.contact_id AS id FROM pact.contact_tag t " \
	"WHERE t.tenant_id = $1::uuid AND t.tag = $4::text AND t.contact_id " op " $3::uuid " \
	"ORDER BY t.contact_id " dir " LIMIT $2::int) m"
TENANT_QUERY(q_contacts_tag_new, PLAN_GENERIC, TAGGED("<", "DESC"));
TENANT_QUERY(q_contacts_tag_old, PLAN_GENERIC, TAGGED(">", "ASC"));

TENANT_QUERY(q_contacts_name, PLAN_GENERIC,
    "SELECT " ITEM
    "concat_ws(E'\\x1f', c.id::text, c.last_norm, c.first_norm) AS cursor FROM pact.contact c "
    "WHERE c.tenant_id = $1::uuid AND c.archived_at IS NULL AND (c.last_norm, c.first_norm, c.id) "
    "> ($4::text, $5::text, $3::uuid) "
    "ORDER BY c.last_norm, c.first_norm, c.id LIMIT $2::int");

/*
 * By address, then those without one by id. The cursor's $4 is the address, U+10FFFF when all of
 * them have been listed.
 */
#define LISTED "FROM pact.contact c WHERE c.tenant_id = $1::uuid AND c.archived_at IS NULL "
TENANT_QUERY(q_contacts_email, PLAN_GENERIC,
    "SELECT " BY_KEY
    "concat_ws(E'\\x1f', m.id::text, coalesce(m.email_norm, chr(1114111))) AS cursor "
    "FROM ((SELECT c.id, c.email_norm " LISTED "AND c.email_norm > $4::text "
    "ORDER BY c.email_norm LIMIT $2::int) UNION ALL "
    "(SELECT c.id, c.email_norm " LISTED "AND c.email_norm IS NULL AND c.id > "
    "CASE WHEN $4::text = chr(1114111) THEN $3::uuid ELSE '" FIRST_ID "' END "
    "ORDER BY c.id LIMIT $2::int)) m ORDER BY m.email_norm, m.id LIMIT $2::int");

/*
 * Search, in the order of ids. A common text is soon met among the next ten thousand contacts.
 * When that does not fill the page, or the planner expects few to match, everything that matches is
 * looked up by index and sorted. Whatever is expected wrongly costs some milliseconds, not a walk
 * through a million contacts.
 */
#define WINDOW "10000"
#define VALUES_OF \
	"WITH v AS MATERIALIZED (SELECT app.search_pattern($4::text) AS pattern, " \
	"app.search_text($4::text) AS low, app.search_end(app.search_text($4::text)) AS high, " \
	"app.search_initials($4::text) AS name_low, " \
	"app.search_end(app.search_initials($4::text)) AS name_high), "
#define ADDRESS "c.email_norm >= (SELECT low FROM v) AND c.email_norm < (SELECT high FROM v) "
#define FIRST \
	"c.first_norm >= (SELECT name_low FROM v) AND c.first_norm < (SELECT name_high FROM v) "
#define LAST "c.last_norm >= (SELECT name_low FROM v) AND c.last_norm < (SELECT name_high FROM v) "
#define MATCHES \
	"(c.name_search OPERATOR(app.~~~) (SELECT pattern FROM v) OR " ADDRESS "OR " FIRST \
	"OR " LAST ")"
#define MANY "5000"
#define SEARCH(status, extra, op, dir) \
	VALUES_OF \
	"x AS MATERIALIZED (SELECT app.contacts_expected(" status \
	", NULL, NULL, false, $4::text) > " MANY " AS many), " \
	"near AS MATERIALIZED (SELECT c.id FROM (SELECT c.id, c.name_search, c.email_norm, " \
	"c.first_norm, c.last_norm FROM pact.contact c WHERE c.tenant_id = $1::uuid " \
	"AND c.archived_at IS NULL" extra " AND c.id " op " $3::uuid AND (SELECT many FROM x) " \
	"ORDER BY c.id " dir " LIMIT " WINDOW ") c WHERE " MATCHES " LIMIT $2::int), " \
	"far AS MATERIALIZED (SELECT c.id FROM pact.contact c WHERE c.tenant_id = $1::uuid " \
	"AND c.archived_at IS NULL" extra " AND c.id " op " $3::uuid " \
	"AND (SELECT count(*) FROM near) < $2::int AND " MATCHES ") " \
	"SELECT " BY_KEY "m.id::text AS cursor FROM (SELECT id FROM near " \
	"WHERE (SELECT count(*) FROM near) >= $2::int UNION ALL SELECT id FROM far " \
	"ORDER BY id " dir " LIMIT $2::int) m ORDER BY m.id " dir
TENANT_QUERY(q_contacts_text_new, PLAN_GENERIC, SEARCH("NULL", "", "<", "DESC"));
TENANT_QUERY(q_contacts_text_old, PLAN_GENERIC, SEARCH("NULL", "", ">", "ASC"));
#define WITH_STATUS " AND c.consent_status = $5::text"
TENANT_QUERY(q_contacts_text_status_new, PLAN_GENERIC,
    SEARCH("$5::text", WITH_STATUS, "<", "DESC"));
TENANT_QUERY(q_contacts_text_status_old, PLAN_GENERIC, SEARCH("$5::text", WITH_STATUS, ">", "ASC"));

/*
 * One or two letters, or an address: in the order of what matches, which is an index's own:
 * addresses that begin so, then last names, then first names. $5 is the part the cursor is in, $6
 * and $7 its keys there; a part is only looked at when those before it have not filled the page.
 */
TENANT_QUERY(q_contacts_prefix, PLAN_GENERIC,
    VALUES_OF
    "at AS MATERIALIZED (SELECT CASE WHEN $5::text = '2' THEN $6::text ELSE name_low END AS last, "
    "CASE WHEN $5::text = '2' THEN $7::text ELSE '' END AS last_first, "
    "CASE WHEN $5::text = '2' THEN $3::uuid ELSE '" FIRST_ID "' END AS last_id, "
    "CASE WHEN $5::text = '3' THEN $6::text ELSE name_low END AS first, "
    "CASE WHEN $5::text = '3' THEN $3::uuid ELSE '" FIRST_ID "' END AS first_id FROM v), "
    "e AS MATERIALIZED (SELECT c.id, 1 AS part, c.email_norm AS k1, '' AS k2 " LISTED
    "AND $5::text <= '1' AND " ADDRESS
    "AND c.email_norm > $6::text ORDER BY c.email_norm LIMIT $2::int), "
    "l AS MATERIALIZED (SELECT c.id, 2 AS part, c.last_norm AS k1, c.first_norm AS k2 " LISTED
    "AND $5::text <= '2' AND (SELECT count(*) FROM e) < $2::int "
    "AND (c.last_norm, c.first_norm, c.id) > "
    "((SELECT last FROM at), (SELECT last_first FROM at), (SELECT last_id FROM at)) "
    "AND c.last_norm < (SELECT name_high FROM v) AND NOT coalesce(" ADDRESS ", false) "
    "ORDER BY c.last_norm, c.first_norm, c.id LIMIT $2::int), "
    "f AS MATERIALIZED (SELECT c.id, 3 AS part, c.first_norm AS k1, '' AS k2 " LISTED
    "AND (SELECT count(*) FROM e) + (SELECT count(*) FROM l) < $2::int "
    "AND (c.first_norm, c.id) > ((SELECT first FROM at), (SELECT first_id FROM at)) "
    "AND c.first_norm < (SELECT name_high FROM v) AND NOT coalesce(" ADDRESS ", false) "
    "AND NOT (" LAST ") ORDER BY c.first_norm, c.id LIMIT $2::int) "
    "SELECT " BY_KEY "concat_ws(E'\\x1f', m.id::text, m.part::text, m.k1, m.k2) AS cursor "
    "FROM (SELECT * FROM e UNION ALL SELECT * FROM l UNION ALL SELECT * FROM f) m "
    "ORDER BY m.part, m.k1, m.k2, m.id LIMIT $2::int");

enum contact_sort { NEWEST, OLDEST, BY_NAME, BY_EMAIL, UNSORTED, CONTACT_SORTS };

static const struct list {
	const struct query *q;
	const char *start; /* id before the first */
	size_t keys;       /* of the cursor, the id with it */
} lists[CONTACT_FILTERS][CONTACT_SORTS] = {
#define DOWN(q) \
	{ \
		&(q), LAST_ID, 1 \
	}
#define UP(q, keys) \
	{ \
		&(q), FIRST_ID, keys \
	}
    [BY_NOTHING] = {DOWN(q_contacts_new), UP(q_contacts_old, 1), UP(q_contacts_name, 3),
        UP(q_contacts_email, 2), DOWN(q_contacts_new)},
    [BY_STATUS] = {DOWN(q_contacts_status_new),
        UP(q_contacts_status_old, 1), [UNSORTED] = DOWN(q_contacts_status_new)},
    [BY_ACCOUNT] = {DOWN(q_contacts_account_new),
        UP(q_contacts_account_old, 1), [UNSORTED] = DOWN(q_contacts_account_new)},
    [BY_TAG] = {DOWN(q_contacts_tag_new),
        UP(q_contacts_tag_old, 1), [UNSORTED] = DOWN(q_contacts_tag_new)},
    [BY_ARCHIVED] = {DOWN(q_contacts_archived_new),
        UP(q_contacts_archived_old, 1), [UNSORTED] = DOWN(q_contacts_archived_new)},
    [BY_TEXT] = {DOWN(q_contacts_text_new),
        UP(q_contacts_text_old, 1), [UNSORTED] = DOWN(q_contacts_text_new)},
    [BY_TEXT_STATUS] = {DOWN(q_contacts_text_status_new),
        UP(q_contacts_text_status_old, 1), [UNSORTED] = DOWN(q_contacts_text_status_new)},
};
static const struct list prefix_list = UP(q_contacts_prefix, 4);

const struct field contact_list_params[] = {
    {"q", F_TEXT, .max = 100, .help = "Part of a name, or the beginning of an address."},
    {"consent_status", F_ENUM, .choices = "confirmed|pending|declined"},
    {"account_id", F_UUID},
    {"tag", F_TEXT, .max = 60},
    {"archived", F_BOOL, .help = "Those that were archived, instead of those that were not."},
    {"sort", F_ENUM, .choices = "-created_at|created_at|name|email",
        .help =
            "-created_at when not given; a short search then comes in the order of what matches."},
    {0},
};

/*
 * What is asked for, and the value of it; CONTACT_FILTERS for a combination that no index serves.
 */
static enum contact_filter
filter_of(const struct req *r, const char **value)
{
	static const char *const names[] = {[BY_STATUS] = "consent_status",
	    [BY_ACCOUNT] = "account_id",
	    [BY_TAG] = "tag",
	    [BY_TEXT] = "q"};
	enum contact_filter by = str_eq(param(r, "archived"), "true") ? BY_ARCHIVED : BY_NOTHING;

	*value = NULL;
	for (size_t i = BY_STATUS; i <= BY_TEXT; i++) {
		const char *v = names[i] != NULL ? param(r, names[i]) : NULL;

		if (v == NULL)
			continue;
		if (by == BY_STATUS && i == BY_TEXT)
			by = BY_TEXT_STATUS;
		else if (by == BY_NOTHING)
			by = (enum contact_filter)i;
		else
			return CONTACT_FILTERS;
		*value = v;
	}
	return by;
}

static enum contact_sort
sort_of(const struct req *r)
{
	static const char *const names[] = {"-created_at", "created_at", "name", "email"};
	size_t i = 0;

	while (i < NELEMS(names) && !str_eq(param(r, "sort"), names[i]))
		i++;
	return i < NELEMS(names) ? (enum contact_sort)i : UNSORTED;
}

int
bad_cursor(struct req *r)
{
	if (r->errors.n == 0)
		field_error_add(r->a, &r->errors, "/after", "Is not a cursor of this list.");
	return problem_fields(r);
}

/* The parts of the cursor, or where the list begins. */
static bool
keys_of(struct req *r, const struct list *l, const char **keys)
{
	if (!cursor_parts(r, l->keys, keys))
		return false;
	if (r->after != NULL)
		return uuid_valid(keys[0]);
	keys[0] = l->start;
	for (size_t i = 1; i < l->keys; i++)
		keys[i] = "";
	return true;
}

int
contact_list(struct req *r)
{
	const char *value, *keys[4], *args[8], *status = param(r, "consent_status");
	enum contact_filter by = filter_of(r, &value);
	enum contact_sort sort = sort_of(r);
	const struct list *l = by < CONTACT_FILTERS ? &lists[by][sort] : NULL;
	size_t n = 0;

	if (l == NULL || l->q == NULL)
		return problem(r, &P_NOT_OFFERED,
		    "Filter by one of q, consent_status, account_id, tag and archived, or by q and "
		    "consent_status, sorted by created_at or -created_at; sort by name or email "
		    "without a filter.");
	if (by == BY_TEXT && sort == UNSORTED &&
	    (strchr(value, '@') != NULL || utf8_length(value, strlen(value)) < 3))
		l = &prefix_list;
	if (!keys_of(r, l, keys))
		return bad_cursor(r);
	args[n++] = page_limit(r);
	args[n++] = keys[0];
	if (value != NULL)
		args[n++] = value;
	if (by == BY_TEXT_STATUS)
		args[n++] = status;
	for (size_t i = 1; i < l->keys; i++)
		args[n++] = keys[i];
	list_total(r, contact_counts[by], (const char *const[]){value, status},
	    by == BY_TEXT_STATUS ? 2
	    : value != NULL      ? 1
	                         : 0);
	return reply_list(r, l->q, args, n);
}
