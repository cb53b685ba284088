/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many contacts match: counted to 10000, above that the planner's estimate. $2 is the value of
 * the filter, $3 the consent status beside a search. A search that the planner expects to find far
 * more than 10000 is not counted at all: that would take longer than the search. Searches are
 * planned with their values, since only those tell whether a text is rare.
 */
#include <string.h>

#include "fcgi/crm/crm.h"

#define COUNTED(from, estimate) \
	"SELECT CASE WHEN k.n > 10000 THEN greatest(app.contacts_expected(" estimate \
	"), k.n) ELSE k.n END AS total, k.n > 10000 AS estimated " \
	"FROM (SELECT " from " AS n OFFSET 0) k"
#define UP_TO_10001(from) "(SELECT count(*) FROM (SELECT FROM " from " LIMIT 10001) x)"
#define CONTACTS "pact.contact c WHERE c.tenant_id = $1::uuid AND c.archived_at IS NULL "

TENANT_QUERY(q_count_all, PLAN_GENERIC,
    COUNTED(UP_TO_10001(CONTACTS), "NULL, NULL, NULL, false, NULL"));
TENANT_QUERY(q_count_status, PLAN_GENERIC,
    COUNTED(UP_TO_10001(CONTACTS "AND c.consent_status = $2::text"),
        "$2, NULL, NULL, false, NULL"));
TENANT_QUERY(q_count_account, PLAN_GENERIC,
    COUNTED(UP_TO_10001(CONTACTS "AND c.account_id = $2::uuid"), "NULL, $2, NULL, false, NULL"));
/* the tags of contacts that are not archived */
#define TAGGED "pact.contact_tag t WHERE t.tenant_id = $1::uuid AND t.tag = $2::text"
TENANT_QUERY(q_count_tag, PLAN_GENERIC,
    COUNTED(UP_TO_10001(TAGGED), "NULL, NULL, $2, false, NULL"));
#define ARCHIVED "pact.contact c WHERE c.tenant_id = $1::uuid AND c.archived_at IS NOT NULL"
TENANT_QUERY(q_count_archived, PLAN_GENERIC,
    COUNTED(UP_TO_10001(ARCHIVED), "NULL, NULL, NULL, true, NULL"));

#define MATCHES \
	"AND (c.name_search OPERATOR(app.~~~) app.search_pattern($2::text) " \
	"OR (c.email_norm >= app.search_text($2::text) AND c.email_norm < " \
	"app.search_end(app.search_text($2::text))) " \
	"OR (c.first_norm >= app.search_initials($2::text) AND c.first_norm < " \
	"app.search_end(app.search_initials($2::text))) " \
	"OR (c.last_norm >= app.search_initials($2::text) AND c.last_norm < " \
	"app.search_end(app.search_initials($2::text)))) "
#define EXPECTED(from, estimate) \
	"SELECT CASE WHEN k.n <= 10000 THEN k.n ELSE greatest(e.n, k.n) END AS total, " \
	"k.n IS NULL OR k.n > 10000 AS estimated " \
	"FROM (SELECT app.contacts_expected(" estimate \
	") AS n OFFSET 0) e CROSS JOIN LATERAL (SELECT CASE WHEN e.n <= 30000 THEN " UP_TO_10001( \
	    from) " END AS n OFFSET 0) k"
TENANT_QUERY(q_count_text, PLAN_CUSTOM, EXPECTED(CONTACTS MATCHES, "NULL, NULL, NULL, false, $2"));
TENANT_QUERY(q_count_text_status, PLAN_CUSTOM,
    EXPECTED(CONTACTS MATCHES "AND c.consent_status = $3::text", "$3, NULL, NULL, false, $2"));

const struct query *const contact_counts[CONTACT_FILTERS] = {
    [BY_NOTHING] = &q_count_all,
    [BY_STATUS] = &q_count_status,
    [BY_ACCOUNT] = &q_count_account,
    [BY_TAG] = &q_count_tag,
    [BY_ARCHIVED] = &q_count_archived,
    [BY_TEXT] = &q_count_text,
    [BY_TEXT_STATUS] = &q_count_text_status,
};
