/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_APP_PRIVATE_H
#define PACT_APP_PRIVATE_H

#include "shared/app/app.h"

/* session.c: the token of a request, verified, or its key, read. False with a problem in the answer. */
bool session_authenticate(struct req *r);
/* Origin and Sec-Fetch-Site of unsafe verbs. False with a problem in the answer. */
bool session_same_origin(struct req *r);
void session_setup(const char *base_url);
/* Queues the door of the route: that of sessions or that of keys. */
void session_enter(struct req *r, const char *permission, bool read_only);
/* Was it that door that failed? */
bool session_failed(const struct req *r, const struct db_error *e);
/* Queues, as a transaction's only statement, what notes that the door has refused. */
void session_refused(struct req *r);

/* input.c: query string and body against the route's tables. False with a problem in the answer. */
bool input_read(struct req *r);

/* idempotency.c: begin notes key and body while the input is read, claim queues the claim behind the door */
bool idempotency_begin(struct req *r, const void *body, size_t len);
void idempotency_claim(struct req *r);
void idempotency_store(struct req *r);
int idempotency_replay(struct req *r); /* in a transaction of its own */

/* metrics.c: counters in a file that all processes of a program share */
void metrics_init(const struct program *p, const char *file);
void metrics_count(const struct req *r, size_t route, double seconds);
void metrics_job(bool ok);
const char *metrics_text(struct arena *a);

/* openapi.c: the program's part of the OpenAPI 3.1 document on stdout */
int openapi_print(const struct program *p);
/* check.c: prog -t */
int check_program(const struct program *p);
int queries_print(const struct program *p);
/* worker.c: prog -j */
int worker_run(const struct program *p);

/* reply.c */
void reply_reset(struct req *r);
/* The media type of what a route takes and answers. */
const char *body_type_of(const struct route *rt);
void reply_send(struct req *r, const char *timing);

/* the statements of the frame itself, for -t and -Q */
extern const struct query *const frame_queries[];
extern const size_t nframe_queries, nframe_queries_sessionless;
extern const struct query q_enter_session, q_enter_key, q_key_refused, q_idempotency_begin,
    q_idempotency_store, q_idempotency_get, q_health, q_enter_job, q_job_claim, q_job_done,
    q_job_failed, q_job_extend, q_refused, q_stream_time;

#define SCHEMA_VERSION 11 /* the migration this build needs; a newer schema is fine */

#endif
