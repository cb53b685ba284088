/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUDIT_AUDIT_H
#define PACT_AUDIT_AUDIT_H

#include "shared/app/app.h"

/* filter.c: what both the list and the export can be asked for */
extern const struct field event_params[], export_params[];
struct filter {
	const char *low, *high; /* ids: low <= id < high */
	const char *actor, *actor_email, *action, *resource_type, *resource_id, *ip; /* NULL: any */
};
/* Reads r's parameters. False with a problem in the answer: a value that is none, or a combination that no index serves. */
bool filter_read(struct req *r, struct filter *f);
/* The smallest UUIDv7 of an RFC 3339 time as the field tables let it pass, on the arena. */
const char *id_floor(struct arena *a, const char *rfc3339);

/* The rows of a filter, for statements planned with their values: what is not asked for is then not there. */
#define EVENTS_MATCHING \
	"FROM pact.audit_event e WHERE e.tenant_id = $1::uuid AND e.id >= $2::uuid AND e.id < $3::uuid " \
	"AND ($4::uuid IS NULL OR e.actor_id = $4) " \
	"AND ($5::text IS NULL OR " EVENTS_BY_ADDRESS( \
	    "$5") ") " \
	          "AND ($6::text IS NULL OR e.action = $6) AND ($7::text IS NULL OR e.resource_type = $7) " \
	          "AND ($8::uuid IS NULL OR e.resource_id = $8) AND ($9::text IS NULL OR e.ip = $9)"
#define EVENTS_BY_ADDRESS(param) \
	"e.actor_id = (SELECT u.id FROM pact.user_account u " \
	"WHERE u.tenant_id = $1::uuid AND u.email_norm = app.email_norm(" param "))"
#define EVENTS_MATCHING_ARGS(f) \
	ARGS((f)->low, (f)->high, (f)->actor, (f)->actor_email, (f)->action, (f)->resource_type, \
	    (f)->resource_id, (f)->ip)

/* event.c */
extern const struct representation event_rep;
extern const struct query q_events, q_events_actor, q_events_email, q_events_action, q_events_type,
    q_events_ip, q_events_resource, q_events_count, q_seen;
int event_list(struct req *r);

/* export.c */
extern const struct query q_exported, q_export_order, q_export_csv, q_export_jsonl;
int event_export(struct req *r);

/* upkeep.c: ticks of the runner */
extern const struct query q_partitions, q_purge;
void partitions(struct arena *a);
void purge(struct arena *a);

#endif
