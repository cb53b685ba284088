/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domains that a workspace has shown to be its own, by a TXT record: only their addresses come in by single sign-on. */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

TENANT_QUERY(q_domains, PLAN_GENERIC,
    "SELECT api.domain_json(x) AS item, x.id::text AS cursor FROM pact.sso_domain x WHERE x.tenant_id = $1::uuid "
    "AND x.id > $2::uuid ORDER BY x.id LIMIT $3::int");
TENANT_QUERY(q_domains_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.sso_domain x WHERE x.tenant_id = $1::uuid"));
TENANT_QUERY(q_domain_get, PLAN_GENERIC,
    "SELECT api.domain_json(x) AS body FROM pact.sso_domain x WHERE x.tenant_id = $1::uuid AND x.id = $2::uuid");
DOOR_QUERY(q_domain_add, "SELECT body, location FROM app.domain_add($1::jsonb, $2)");
DOOR_QUERY(q_domain_remove, "SELECT deleted FROM app.domain_remove($1::uuid)");
DOOR_QUERY(q_domain_check, "SELECT body FROM app.domain_check($1::uuid)");
DOOR_QUERY(q_domain_to_check, "SELECT domain, token FROM app.domain_to_check($1::uuid)");
DOOR_QUERY(q_domain_checked, "SELECT app.domain_checked($1::uuid, $2::boolean, $3)");
DOOR_QUERY(q_domains_due, "SELECT app.domains_due() AS n");

const struct field domain_body[] = {
    {"domain", F_TEXT, REQUIRED, .min = 3, .max = 253},
    {0},
};
static const struct field record_members[] = {
    {"name", F_TEXT, REQUIRED},
    {"type", F_TEXT, REQUIRED},
    {"value", F_TEXT, REQUIRED},
    {0},
};
static const struct field domain_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"domain", F_TEXT, REQUIRED},
    {"verified", F_BOOL, REQUIRED},
    {"verified_at", F_TIME, REQUIRED | NULLABLE},
    {"checked_at", F_TIME, REQUIRED | NULLABLE, .help = "null: it is being looked at."},
    {"problem", F_TEXT, REQUIRED | NULLABLE},
    {"record", F_OBJECT, REQUIRED, .members = record_members, .help = "What to put into its DNS."},
    {"created_at", F_TIME, REQUIRED},
    {0},
};
const struct representation domain_rep = {"domain", domain_members};

int
domain_list(struct req *r)
{
	const char *after;

	if (!cursor_id(r, &after))
		return problem_fields(r);
	list_total(r, &q_domains_count, NO_ARGS);
	return reply_list(r, &q_domains,
	    ARGS(after != NULL ? after : "00000000-0000-0000-0000-000000000000", page_limit(r)));
}

int
domain_get(struct req *r)
{
	return reply_query(r, &q_domain_get, ARGS(r->arg[0]));
}

int
domain_add(struct req *r)
{
	uint8_t token[20];
	char text[41];

	random_bytes(token, sizeof token);
	hex_encode(text, token, sizeof token);
	return reply_query(r, &q_domain_add, ARGS(r->body_text, text));
}

int
domain_remove(struct req *r)
{
	return reply_query(r, &q_domain_remove, ARGS(r->arg[0]));
}

int
domain_check(struct req *r)
{
	return reply_query(r, &q_domain_check, ARGS(r->arg[0]));
}

enum job_result
domain_job(struct job *j)
{
	const char *id = json_string_value(json_object_get(j->payload, "domain")), *name, *text;
	struct tx *tx = job_tx(j);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_domain_to_check, ARGS(id)) : NULL;
	enum dns_found found;

	if (rows == NULL)
		return JOB_RETRY;
	if (rows_count(rows) == 0)
		return JOB_DONE; /* removed meanwhile */
	name = arena_printf(j->a, "_pact-verification.%s", rows_text(rows, 0, "domain"));
	text = arena_printf(j->a, "pact-verification=%s", rows_text(rows, 0, "token"));
	/* no transaction is open while name servers are asked */
	found = dns_txt(name, text);
	tx = job_tx(j);
	if (tx == NULL)
		return JOB_RETRY;
	tx_queue(tx, &q_domain_checked,
	    ARGS(id, found == DNS_FOUND ? "true" : "false",
	        found == DNS_MISSING
	            ? arena_printf(j->a, "There is no TXT record %s with this value yet.", name)
	            : "The domain's name servers did not answer."));
	return tx_commit(tx) ? JOB_DONE : JOB_RETRY;
}

void
domains_due(struct arena *a)
{
	struct tx *tx = tx_begin(a, NULL);

	if (tx == NULL || tx_last(tx, &q_domains_due, NO_ARGS) == NULL)
		log_msg(LOG_WARN, "domains: not looked at, will be tried again");
}
