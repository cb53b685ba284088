/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the runner does from time to time for the whole database: partitions come and go, old things are forgotten. */
#include "fcgi/audit/audit.h"
#include "shared/base/log.h"

DOOR_QUERY(q_partitions, "SELECT p AS done FROM app.partitions_maintain() p");
DOOR_QUERY(q_purge, "SELECT what || ': ' || n AS done FROM app.purge() WHERE n > 0");

static void
run(struct arena *a, const struct query *q, const char *what)
{
	struct tx *tx = tx_begin(a, NULL);
	const struct rows *rows = tx != NULL ? tx_last(tx, q, NO_ARGS) : NULL;

	if (rows == NULL)
		log_msg(LOG_WARN, "%s: not done, will be tried again", what);
	for (size_t i = 0; rows != NULL && i < rows_count(rows); i++)
		log_msg(LOG_INFO, "%s: %s", what, rows_text(rows, i, "done"));
}

void
partitions(struct arena *a)
{
	run(a, &q_partitions, "partitions");
}

void
purge(struct arena *a)
{
	run(a, &q_purge, "forgotten");
}
