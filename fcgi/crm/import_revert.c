/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking an import back, in steps: what each of them does is in sql/api/crm_import_revert.sql. */
#include <stdio.h>

#include "fcgi/crm/crm.h"

#define STEP "1000"

TENANT_QUERY(q_import_revert_step, PLAN_GENERIC,
    "SELECT after, finished FROM app.import_revert_step($1::uuid, $2::uuid, $3::uuid, $4::uuid, "
    "$5::int)");

enum job_result
import_revert_job(struct job *j)
{
	const char *import = json_string_value(json_object_get(j->payload, "import"));
	struct arena *step = arena_new();
	char after[37] = "";
	enum job_result result = JOB_RETRY;

	j->error = "interrupted";
	while (import != NULL && !http_stopping()) {
		struct job now = *j;
		const struct rows *rows;
		struct tx *tx;

		arena_reset(step);
		now.a = step;
		tx = job_extend(&now, 60) ? job_tx(&now) : NULL;
		rows = tx != NULL ? tx_last(tx, &q_import_revert_step,
		                        ARGS(import, j->id, *after != '\0' ? after : NULL, STEP))
		                  : NULL;
		if (rows == NULL)
			break;
		if (str_eq(rows_text(rows, 0, "finished"), "t")) {
			result = JOB_DONE;
			break;
		}
		if (rows_text(rows, 0, "after") != NULL)
			(void)snprintf(after, sizeof after, "%s", rows_text(rows, 0, "after"));
	}
	arena_free(step);
	return result;
}
