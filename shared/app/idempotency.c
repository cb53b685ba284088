/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Idempotency-Key: the same key with the same body is answered once and then from the stored answer, for 24 hours. */
#include <string.h>

#include "shared/app/private.h"

#define KEY_MAX 200

/* What the claim needs, kept on the arena until the transaction begins. */
static const char *
route_name(const struct req *r)
{
	return arena_printf(r->a, "%s %s", r->http.method, r->http.path);
}

bool
idempotency_begin(struct req *r, const void *body, size_t len)
{
	const char *key = r->http.idempotency_key;
	uint8_t digest[SHA256_LEN];

	if (key == NULL || (r->route->flags & R_SECRET) != 0 || r->route->door != DOOR_SESSION ||
	    strcmp(r->http.method, "POST") != 0)
		return true;
	if (strlen(key) > KEY_MAX || !utf8_valid(key, strlen(key))) {
		(void)problem(r, &P_BAD_REQUEST,
		    "The Idempotency-Key is longer than 200 characters.");
		return false;
	}
	sha256(digest, body, len);
	r->idempotent = true;
	r->idempotency_sha = db_bytea(r->a, digest, sizeof digest);
	return true;
}

void
idempotency_claim(struct req *r)
{
	if (r->idempotent)
		tx_queue(r->tx, &q_idempotency_begin,
		    ARGS(route_name(r), r->http.idempotency_key, r->idempotency_sha));
}

bool
request_identity(struct req *r, const void *identity, size_t len)
{
	if (!idempotency_begin(r, identity, len))
		return false;
	idempotency_claim(r);
	return true;
}

void
idempotency_store(struct req *r)
{
	json_t *headers = json_object();
	char status[12];

	if (r->etag != NULL)
		(void)json_object_set_new(headers, "etag", json_string(r->etag));
	if (r->location != NULL)
		(void)json_object_set_new(headers, "location", json_string(r->location));
	(void)snprintf(status, sizeof status, "%d", r->status);
	tx_queue(r->tx, &q_idempotency_store,
	    ARGS(route_name(r), r->http.idempotency_key, status,
	        json_text(r->a, json_keep(r->a, headers)), db_bytea(r->a, r->reply, r->reply_len),
	        r->resource_id));
}

int
idempotency_replay(struct req *r)
{
	const struct rows *rows;
	const char *problem_text, *headers;
	json_t *h;
	void *body;
	size_t len;
	int64_t status;

	r->tx = tx_begin(r->a, r->claims.tenant);
	if (r->tx == NULL)
		return problem(r, &P_UNAVAILABLE, NULL);
	session_enter(r, r->route->permission, true);
	rows = tx_last(r->tx, &q_idempotency_get,
	    ARGS(route_name(r), r->http.idempotency_key, r->idempotency_sha));
	if (rows == NULL)
		return problem_db(r);
	if (rows_count(rows) == 0 || !str_int64(rows_text(rows, 0, "status"), 100, 599, &status) ||
	    !db_unbytea(r->a, rows_text(rows, 0, "body"), &body, &len))
		return problem(r, &P_IN_PROGRESS, NULL);
	headers = rows_text(rows, 0, "headers");
	h = headers != NULL ? json_read(r->a, headers, strlen(headers), &problem_text) : NULL;
	(void)reply_text(r, (int)status, body_type_of(r->route), body, len);
	r->etag = json_string_value(json_object_get(h, "etag"));
	r->location = json_string_value(json_object_get(h, "location"));
	reply_header(r, "Idempotency-Replayed", "true");
	return r->status;
}
