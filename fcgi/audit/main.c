/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit: the log of what was done, by whom, from where. It reads the log; writing it is done by triggers. */
#include "fcgi/audit/audit.h"

static const struct route routes[] = {
    {"GET", "/v1/audit/events", DOOR_SESSION, "audit.read", TX_RO, event_params, NULL, &event_rep,
        R_LIST, event_list, "What was done in this workspace, newest first"},
    {"GET", "/v1/audit/export", DOOR_SESSION, "audit.export", TX_RW, export_params, NULL,
        &event_rep, R_STREAM, event_export,
        "The same as a file, whole; exporting is an event itself"},
};

static const struct query *const queries[] = {
    &q_events,
    &q_events_actor,
    &q_events_email,
    &q_events_action,
    &q_events_type,
    &q_events_ip,
    &q_events_resource,
    &q_events_count,
    &q_seen,
    &q_exported,
    &q_export_order,
    &q_export_csv,
    &q_export_jsonl,
    &q_partitions,
    &q_purge,
};

static const struct tick ticks[] = {
    {"partitions", 3600, partitions},
    {"purge", 3600, purge},
};

int
main(int argc, char **argv)
{
	return serve(argc, argv,
	    &(struct program){.name = "audit",
	        .routes = routes,
	        .nroutes = NELEMS(routes),
	        .queries = queries,
	        .nqueries = NELEMS(queries),
	        .ticks = ticks,
	        .nticks = NELEMS(ticks)});
}
