/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far background work has come. */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_job, PLAN_GENERIC,
    "SELECT json_build_object('public_id', j.id, 'kind', j.kind, 'status', j.status, 'done', "
    "j.done, 'total', j.total, "
    "'result', j.result - 'after', 'created_at', app.rfc3339(j.created_at), 'finished_at', "
    "app.rfc3339(j.finished_at)) AS body "
    "FROM pact.job j WHERE j.tenant_id = $1::uuid AND j.id = $2::uuid AND j.module = 'crm'");

static const struct field job_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"kind", F_TEXT, REQUIRED},
    {"status", F_ENUM, REQUIRED, .choices = "queued|running|done|failed|dead"},
    {"done", F_INT, REQUIRED},
    {"total", F_INT, REQUIRED | NULLABLE},
    {"result", F_ANY, REQUIRED},
    {"created_at", F_TIME, REQUIRED},
    {"finished_at", F_TIME, REQUIRED | NULLABLE},
    {0},
};
const struct representation job_rep = {"job", job_members};

int
job_get(struct req *r)
{
	return reply_query(r, &q_job, ARGS(r->arg[0]));
}
