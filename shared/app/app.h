/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_APP_APP_H
#define PACT_APP_APP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/app/problem.h"
#include "shared/base/arena.h"
#include "shared/base/str.h"
#include "shared/crypt/handle.h"
#include "shared/crypt/token.h"
#include "shared/db/db.h"
#include "shared/http/http.h"
#include "shared/json/fields.h"

/*
 * The frame: a program is tables and one call to serve(). Everything cross-cutting (dispatch, authorisation, CSRF,
 * validation, transaction, idempotency, problems, logs, metrics, the API document) is derived from the tables here.
 */

/* How a request comes to its tenant (design: doors). */
enum door {
	DOOR_NONE,    /* no data permission; the handler calls its program's own door functions */
	DOOR_SESSION, /* a signed token, whose session the database checks; or an API key */
};

enum transaction {
	TX_NONE,
	TX_RO, /* the door makes it READ ONLY */
	TX_RW,
};

/*
 * How the text of an API key begins. Keys open every route of DOOR_SESSION but those for logged-in people alone (permissions
 * self and enrol).
 */
#define KEY_PREFIX "pact_"

/* Route flags. */
#define R_LIST 1U      /* takes limit, after and count; answers {items, next} */
#define R_PARTIAL 2U   /* merge patch (RFC 7396): no member is required */
#define R_CREATED 4U   /* answers 201 */
#define R_ACCEPTED 8U  /* answers 202 */
#define R_RAW 16U      /* the handler reads the body itself; up to 256 MiB */
#define R_STREAM 32U   /* the answer is written while the transaction runs */
#define R_IF_MATCH 64U /* honours If-Match: r->if_match */
#define R_NO_BODY 128U /* answers 204 */
#define R_OPTIONAL_BODY 256U
#define R_SECRET 512U /* what it answers is shown once and never stored: no Idempotency-Key */
/*
 * Other sites' pages and servers post here by design (SAML, OIDC back-channel): no same-origin check. The handler must ask
 * for a proof of its own.
 */
#define R_CROSS_SITE 1024U
#define R_REDIRECT 2048U /* for browsers that navigate: answers 303 */
#define R_OPEN_QUERY \
	4096U /* others decide what is in the query: unknown parameters are passed over */
/*
 * SCIM 2.0 (RFC 7644): bodies are application/scim+json, both ways. Theirs may hold what nobody here knows, so r->body is as it
 * came, and the handler takes from it what it knows.
 */
#define R_SCIM 8192U

struct req;

/*
 * What a client gets: the members of one representation, declared beside its SQL function. A route that answers in one of
 * several ways names the next as other, with its own status when that differs.
 */
struct representation {
	const char *name;
	const struct field *members;
	const struct representation *other;
	int other_status;
};

struct route {
	const char *method, *path;
	enum door door;
	/*
	 * "self": any logged-in user; "enrol": also one who has yet to set up a second factor; NULL only with DOOR_NONE
	 */
	const char *permission;
	enum transaction tx;
	const struct field *params; /* query string; NULL: none */
	const struct field *body;   /* NULL: none */
	const struct representation *reply;
	unsigned flags;
	int (*handler)(struct req *r);
	const char *summary;
};

enum job_result {
	JOB_DONE,
	JOB_RETRY, /* later, with backoff; dead after the job's max_attempts */
	JOB_DEAD,  /* never again; j->error says why */
};

/* One taken job. Handlers open transactions with job_tx(). */
struct job {
	struct arena *a;
	const char *tenant, *id, *kind;
	json_t *payload;
	const char *error;          /* set before JOB_RETRY and JOB_DEAD; no personal data */
	int attempts, max_attempts; /* this one is the last when they are equal */
};
struct job_kind {
	const char *kind;
	enum job_result (*handler)(struct job *j);
	int lease_s; /* a runner that dies is replaced after this */
	int retry_s; /* first backoff, doubled each time up to an hour */
};
/* Something the runner does from time to time, whatever the queue holds. */
struct tick {
	const char *name;
	int every_s;
	void (*fn)(struct arena *a);
};

struct program {
	const char *name;
	const struct route *routes;
	size_t nroutes;
	const struct query *const *queries;
	size_t nqueries;
	const struct job_kind *jobs;
	size_t njobs;
	const struct tick *ticks;
	size_t nticks;
	bool (*setup)(void); /* reads configuration; false: the log says what is missing */
	int (*command)(int argc, char **argv); /* `prog -o …`, operators' commands; NULL: none */
	/*
	 * A problem in another form than RFC 9457's, by reply_json(), on paths that promise one; false: not on this path.
	 * NULL: none. Also of problems that come before a route is known.
	 */
	bool (*problem)(struct req *r, const struct problem_type *p, const char *detail,
	    const json_t *members);
};

/* The whole life of a program; the value is main()'s. */
int serve(int argc, char **argv, const struct program *p);

/* ── a request as handlers see it ────────────────────────────────────────────────────────────────────────────────── */
struct header {
	const char *name, *value;
	struct header *next;
};

struct req {
	struct arena *a;
	const struct program *program;
	const struct route *route;
	struct http_request http;
	const char *request_id;
	const char *arg[ROUTE_ARGS]; /* typed path segments, in order */
	struct token_claims claims;  /* DOOR_SESSION: of a verified token */
	bool by_cookie;
	bool by_key;           /* claims: tenant, secret, and the key's id as session; no user */
	json_t *body;          /* validated; NULL without one */
	const char *body_text; /* the same as JSON text, "{}" without one */
	const char **param;    /* by index of route->params */
	const char *if_match;  /* version asked for by If-Match as decimal text, or NULL */
	struct tx *tx;

	/* list routes */
	int limit;         /* 1 to 200 */
	const char *after; /* decoded cursor text, or NULL */
	bool count;
	struct rows *total; /* list_total() */

	/* the answer */
	int status;
	const char *content_type, *etag, *location;
	const char *reply;
	size_t reply_len;
	struct header *headers;
	bool streaming, idempotent;
	const char *idempotency_sha; /* of the body, as bytea text */
	struct field_errors errors;
	const char *resource_id; /* the contact an answer is about, for stored answers */
};

/*
 * A further transaction of the same request behind the same door, when the one before has ended; it takes the place of
 * r->tx. For what must be committed before the answer begins, such as the event that somebody exports. False: no database.
 */
bool tx_again(struct req *r, bool read_only);

/* Value of a query parameter by name, normalised; NULL when it was not sent. The name must be declared. */
const char *param(const struct req *r, const char *name);
/* A text member of the body, NULL when absent or null. */
const char *body_text(const struct req *r, const char *name);
/* What the database keeps of a handle, as bytea text on the arena. */
const char *handle_sha256(struct arena *a, const struct handle *t);

/* ── answers; each returns the status, so that handlers `return reply_…` ─────────────────────────────────────────── */
/*
 * Runs q as the last statement, commits, and passes on what it returns: column body (JSON), optional etag, location.
 * No row: 404. The status is 200, or what the route's flags say.
 */
int reply_query(struct req *r, const struct query *q, const char *const *args, size_t nargs);
/* The same for rows already had. */
int reply_row(struct req *r, const struct rows *rows);
/*
 * A page: columns item (JSON) and cursor (text; its parts divided by \x1f). q must ask for limit + 1 rows (page_limit()).
 * Call list_total() before it for what ?count=true adds.
 */
int reply_list(struct req *r, const struct query *q, const char *const *args, size_t nargs);
/* The same for rows already had. */
int reply_page(struct req *r, const struct rows *rows);
/* Queues q, whose row says total (bigint) and estimated (boolean), when the caller asked for it; else nothing. */
void list_total(struct req *r, const struct query *q, const char *const *args, size_t nargs);
/* Such a statement: exact to 10000, where it stops. */
#define COUNT_TO_10000(from) \
	"SELECT least(count(*), 10000) AS total, count(*) > 10000 AS estimated " \
	"FROM (SELECT FROM " from " LIMIT 10001) x"
const char *page_limit(const struct req *r);
/* After a commit: a second transaction through the route's door, in r->tx. False when it cannot be had. */
bool reenter(struct req *r);
/* The n parts of the decoded cursor, NULL each without one. False, with a field error, when it has another number. */
bool cursor_parts(struct req *r, size_t n, const char **parts);
/* The same for a cursor that is one id. */
bool cursor_id(struct req *r, const char **id);

int reply_json(struct req *r, int status, json_t *v); /* takes the reference */
int reply_text(struct req *r, int status, const char *content_type, const char *text, size_t len);
int reply_empty(struct req *r, int status);
void reply_header(struct req *r, const char *name, const char *value);

/* A problem (RFC 9457). detail: a sentence for the caller, or NULL. */
int problem(struct req *r, const struct problem_type *p, const char *detail);
/* With extension members: a JSON object whose reference is taken. */
int problem_with(struct req *r, const struct problem_type *p, const char *detail, json_t *members);
/* The field errors in r->errors as 422. */
int problem_fields(struct req *r);
/* What a failed transaction comes to. */
int problem_db(struct req *r);

/*
 * Streams: the headers go at once, so call it after everything that can refuse. When the transaction fails afterwards the
 * connection is broken off, so that nobody takes a part for the whole.
 */
void stream_begin(struct req *r, const char *content_type, const char *filename);
bool stream_write(struct req *r, const void *data, size_t len);

/*
 * Where a handler has read the body itself (R_RAW): what identifies the request beside its path, such as the SHA-256 of a file.
 * An Idempotency-Key is held against it; a replay or a conflict fails the transaction. False with a problem in the answer.
 */
bool request_identity(struct req *r, const void *identity, size_t len);
/* Reads the whole body up to max; NULL and a problem in the answer when it is longer or cut short. */
const char *body_read(struct req *r, size_t max, size_t *len);

/* ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────── */
/* A transaction with the job's door in it. NULL: no database. */
struct tx *job_tx(struct job *j);
/* Says that the job is alive; call it at least once a lease. */
bool job_extend(struct job *j, int lease_s);

/* ── configuration ───────────────────────────────────────────────────────────────────────────────────────────────── */
const char *config(const char *name);          /* environment; NULL when unset or empty */
const char *config_required(const char *name); /* logs what is missing */
int config_int(const char *name, int fallback, int min, int max);

#endif
