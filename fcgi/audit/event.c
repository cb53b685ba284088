/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log, newest first. */
#include <string.h>
#include <time.h>

#include "fcgi/audit/audit.h"

/*
 * One statement per filter, so that each has one plan, which is its index from the newest end: with a million events and
 * 25 partitions 1 ms, where a plan made for each request takes 4 ms, nearly all of it planning.
 */
#define EVENTS_QUERY(id, filter) \
	TENANT_QUERY(id, PLAN_GENERIC, \
	    "SELECT api.audit_event_json(e) AS item, e.id::text AS cursor FROM pact.audit_event e " \
	    "WHERE e.tenant_id = $1::uuid AND e.id >= $2::uuid AND e.id < $3::uuid " filter \
	    " ORDER BY e.id DESC LIMIT $4::int")
EVENTS_QUERY(q_events, "");
EVENTS_QUERY(q_events_actor, "AND e.actor_id = $5::uuid");
EVENTS_QUERY(q_events_email, "AND " EVENTS_BY_ADDRESS("$5::text"));
EVENTS_QUERY(q_events_action, "AND e.action = $5::text");
EVENTS_QUERY(q_events_type, "AND e.resource_type = $5::text");
EVENTS_QUERY(q_events_ip, "AND e.ip = $5::text");
EVENTS_QUERY(q_events_resource,
    "AND e.resource_id = $5::uuid AND ($6::uuid IS NULL OR e.actor_id = $6) "
    "AND ($7::text IS NULL OR e.action = $7) AND ($8::text IS NULL OR e.resource_type = $8) "
    "AND ($9::text IS NULL OR e.ip = $9) AND ($10::text IS NULL OR " EVENTS_BY_ADDRESS("$10") ")");

/* How many: counted up to 10000; beyond that as many more as the time before holds at the rate of those counted. */
TENANT_QUERY(q_events_count, PLAN_CUSTOM,
    "SELECT n > 10000 AS estimated, CASE WHEN n <= 10000 THEN n ELSE (10000 * greatest(1, extract(epoch FROM newest - oldest) / "
    "greatest(0.001, extract(epoch FROM newest - mark))))::bigint END AS total FROM (SELECT "
    "(SELECT count(*) FROM (SELECT " EVENTS_MATCHING " LIMIT 10001) c) AS n, "
    "(SELECT app.uuid7_time(e.id) " EVENTS_MATCHING " ORDER BY e.id DESC LIMIT 1) AS newest, "
    "(SELECT app.uuid7_time(e.id) " EVENTS_MATCHING
    " ORDER BY e.id DESC OFFSET 9999 LIMIT 1) AS mark, "
    "(SELECT app.uuid7_time(e.id) " EVENTS_MATCHING " ORDER BY e.id LIMIT 1) AS oldest) t");

DOOR_QUERY(q_seen, "SELECT app.audit_seen()");

static const struct field event_members[] = {
    {"id", F_UUID, REQUIRED},
    {"at", F_TIME, REQUIRED},
    {"action", F_TEXT, REQUIRED, .help = "resource.verb, such as contact.update"},
    {"module", F_TEXT, REQUIRED, .help = "The program that did it."},
    {"actor_kind", F_TEXT, REQUIRED, .help = "user, api_key, system, operator or public"},
    {"actor_id", F_UUID, REQUIRED | NULLABLE},
    {"actor_email", F_TEXT, REQUIRED | NULLABLE,
        .help = "The address at that time; of an operator, the name."},
    {"key_id", F_UUID, REQUIRED | NULLABLE,
        .help = "The API key that acted for the user; null: the user did."},
    {"resource_type", F_TEXT, REQUIRED},
    {"resource_id", F_UUID, REQUIRED | NULLABLE},
    {"old", F_ANY, REQUIRED | NULLABLE, .help = "What changed, as it was; null when nothing was."},
    {"new", F_ANY, REQUIRED | NULLABLE, .help = "What changed, as it is since."},
    {"ip", F_TEXT, REQUIRED | NULLABLE},
    {"request_id", F_TEXT, REQUIRED | NULLABLE},
    {0},
};
const struct representation event_rep = {"audit_event", event_members};

static int
list(struct req *r, const struct filter *f)
{
	const char *limit = page_limit(r);
	const char *actor = f->actor != NULL ? f->actor : f->actor_email;
	const struct query *q = f->actor != NULL ? &q_events_actor : &q_events_email;

	if (f->resource_id != NULL)
		return reply_list(r, &q_events_resource,
		    ARGS(f->low, f->high, limit, f->resource_id, f->actor, f->action,
		        f->resource_type, f->ip, f->actor_email));
	if (actor != NULL)
		return reply_list(r, q, ARGS(f->low, f->high, limit, actor));
	if (f->action != NULL)
		return reply_list(r, &q_events_action, ARGS(f->low, f->high, limit, f->action));
	if (f->resource_type != NULL)
		return reply_list(r, &q_events_type,
		    ARGS(f->low, f->high, limit, f->resource_type));
	if (f->ip != NULL)
		return reply_list(r, &q_events_ip, ARGS(f->low, f->high, limit, f->ip));
	return reply_list(r, &q_events, ARGS(f->low, f->high, limit));
}

/* Whom (a user, or a key) this process has seen reading lately: saves asking the database, which decides, on every page. */
#define SEEN 64
static struct {
	char reader[37], tenant[37];
	time_t hour;
} seen[SEEN];

/*
 * That somebody reads the log is an event of the log, written before the answer goes: once for each user or key and hour. A read
 * must not change anything, so it is a transaction of its own.
 */
static int
seen_reading(struct req *r)
{
	time_t hour = time(NULL) / 3600;
	const char *reader = r->by_key ? r->claims.session : r->claims.user;
	size_t slot = ((size_t)reader[34] * 16 + (size_t)reader[35]) % SEEN;

	if (seen[slot].hour == hour && strcmp(seen[slot].reader, reader) == 0 &&
	    strcmp(seen[slot].tenant, r->claims.tenant) == 0)
		return r->status;
	if (!tx_again(r, false))
		return problem_db(r);
	tx_queue(r->tx, &q_seen, NO_ARGS);
	if (!tx_commit(r->tx))
		return problem_db(r);
	memcpy(seen[slot].reader, reader, sizeof seen[slot].reader);
	memcpy(seen[slot].tenant, r->claims.tenant, sizeof seen[slot].tenant);
	seen[slot].hour = hour;
	return r->status;
}

int
event_list(struct req *r)
{
	struct filter f;
	const char *after;

	if (!filter_read(r, &f))
		return r->status;
	if (cursor_parts(r, 1, &after) && after != NULL && !uuid_valid(after))
		field_error_add(r->a, &r->errors, "/after", "Is not a cursor of this list.");
	if (r->errors.n > 0)
		return problem_fields(r);
	list_total(r, &q_events_count, EVENTS_MATCHING_ARGS(&f));
	if (after != NULL && strcmp(after, f.high) < 0)
		f.high = after;
	return list(r, &f) == 200 ? seen_reading(r) : r->status;
}
