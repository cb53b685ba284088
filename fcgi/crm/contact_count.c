/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many contacts match: counted to 10000, above that the planner's estimate. $2 is the value of the filter, $3 the
 * consent status beside a search. Planned with the values: only they tell whether a text is rare.
 */
#include <string.h>

#include "fcgi/crm/crm.h"

#define COUNT(from, estimate) \
	"SELECT CASE WHEN k.n > 10000 THEN app.contacts_estimate(" estimate ") ELSE k.n END AS total, k.n > 10000 AS estimated " \
	"FROM (SELECT count(*) AS n FROM (SELECT FROM " from " LIMIT 10001) x) k"
#define CONTACTS "pact.contact c WHERE c.tenant_id = $1::uuid AND c.archived_at IS NULL "
#define MATCHES \
	"AND (c.name_search OPERATOR(app.~~~) app.search_pattern($2::text) " \
	"OR (c.email_norm >= app.search_text($2::text) AND c.email_norm < app.search_end(app.search_text($2::text))) " \
	"OR (c.first_norm >= app.search_initials($2::text) AND c.first_norm < app.search_end(app.search_initials($2::text))) " \
	"OR (c.last_norm >= app.search_initials($2::text) AND c.last_norm < app.search_end(app.search_initials($2::text)))) "

TENANT_QUERY(q_count_all, PLAN_GENERIC, COUNT(CONTACTS, "NULL, NULL, NULL, false, NULL"));
TENANT_QUERY(q_count_status, PLAN_GENERIC, COUNT(CONTACTS "AND c.consent_status = $2::text", "$2, NULL, NULL, false, NULL"));
TENANT_QUERY(q_count_account, PLAN_GENERIC, COUNT(CONTACTS "AND c.account_id = $2::uuid", "NULL, $2, NULL, false, NULL"));
TENANT_QUERY(q_count_tag, PLAN_GENERIC,
    COUNT("pact.contact_tag t JOIN pact.contact c ON c.tenant_id = t.tenant_id AND c.id = t.contact_id "
          "WHERE t.tenant_id = $1::uuid AND c.tenant_id = $1::uuid AND t.tag = $2::text AND c.archived_at IS NULL",
        "NULL, NULL, $2, false, NULL"));
TENANT_QUERY(q_count_archived, PLAN_GENERIC,
    COUNT("pact.contact c WHERE c.tenant_id = $1::uuid AND c.archived_at IS NOT NULL", "NULL, NULL, NULL, true, NULL"));
TENANT_QUERY(q_count_text, PLAN_CUSTOM, COUNT(CONTACTS MATCHES, "NULL, NULL, NULL, false, $2"));
TENANT_QUERY(q_count_text_status, PLAN_CUSTOM,
    COUNT(CONTACTS MATCHES "AND c.consent_status = $3::text", "$3, NULL, NULL, false, $2"));

const struct query *const contact_counts[CONTACT_FILTERS] = {
    [BY_NOTHING] = &q_count_all,
    [BY_STATUS] = &q_count_status,
    [BY_ACCOUNT] = &q_count_account,
    [BY_TAG] = &q_count_tag,
    [BY_ARCHIVED] = &q_count_archived,
    [BY_TEXT] = &q_count_text,
    [BY_TEXT_STATUS] = &q_count_text_status,
};

const char *
count_members(struct req *r, const struct rows *rows)
{
	const char *total = rows_text(rows, 0, "total");

	return strcmp(rows_text(rows, 0, "estimated"), "t") != 0
	    ? arena_printf(r->a, "\"total\":%s", total)
	    : arena_printf(r->a, "\"total\":%s,\"total_is_estimate\":true", total);
}
