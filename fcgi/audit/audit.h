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

/* event.c */
extern const struct representation event_rep;
extern const struct query q_events, q_events_actor, q_events_email, q_events_action, q_events_type,
    q_events_ip, q_events_resource, q_events_count, q_seen;
int event_list(struct req *r);

/* export.c */
extern const struct query q_exported, q_export_csv, q_export_jsonl;
int event_export(struct req *r);

/* upkeep.c: ticks of the runner */
extern const struct query q_partitions, q_purge;
void partitions(struct arena *a);
void purge(struct arena *a);

#endif
