/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statements of the frame: doors, idempotency, jobs, health. */
#include "shared/app/private.h"

DOOR_QUERY(q_enter_session,
    "SELECT user_id, email FROM app.enter_session($1, $2, $3, $4, $5, $6, $7)");
DOOR_QUERY(q_enter_key, "SELECT user_id, email FROM app.enter_key($1, $2, $3, $4, $5, $6, $7)");
DOOR_QUERY(q_key_refused, "SELECT app.key_refused($1, $2, $3, $4, $5, $6, $7)");
DOOR_QUERY(q_refused, "SELECT app.audit('access.refused', 'route', NULL, NULL, "
                      "jsonb_build_object('route', $1::text, 'permission', $2::text))");
DOOR_QUERY(q_stream_time, "SELECT set_config('statement_timeout', '1h', true)");
DOOR_QUERY(q_idempotency_begin, "SELECT app.idempotency_begin($1, $2, $3)");
DOOR_QUERY(q_idempotency_store,
    "SELECT app.idempotency_store($1, $2, $3::int, $4::jsonb, $5::bytea, $6::uuid)");
DOOR_QUERY(q_idempotency_get, "SELECT status, headers, body FROM app.idempotency_get($1, $2, $3)");
DOOR_QUERY(q_health, "SELECT coalesce(max(version), 0) AS version FROM app.schema_version");
DOOR_QUERY(q_enter_job, "SELECT kind, payload, attempts, max_attempts FROM app.enter_job($1, $2)");
DOOR_QUERY(q_job_claim,
    "SELECT tenant_id, job_id FROM app.claim($1, make_interval(secs => $2::int))");
DOOR_QUERY(q_job_done, "SELECT app.job_done($1)");
DOOR_QUERY(q_job_failed, "SELECT app.job_failed($1, $2, make_interval(secs => $3::int))");
DOOR_QUERY(q_job_extend, "SELECT app.job_extend($1, make_interval(secs => $2::int))");

/* Those that a session route needs stand last: a program without such a route has no right to run them. */
const struct query *const frame_queries[] = {
    &q_health,
    &q_enter_job,
    &q_job_claim,
    &q_job_done,
    &q_job_failed,
    &q_job_extend,
    &q_enter_session,
    &q_enter_key,
    &q_key_refused,
    &q_stream_time,
    &q_refused,
    &q_idempotency_begin,
    &q_idempotency_store,
    &q_idempotency_get,
};
const size_t nframe_queries = NELEMS(frame_queries), nframe_queries_sessionless = 6;
