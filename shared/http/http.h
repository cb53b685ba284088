/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_HTTP_HTTP_H
#define PACT_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"

/*
 * One request as nginx hands it over by FastCGI. All strings live until http_finish(); members that were not sent are
 * NULL, never "". libfcgi is known in this folder only.
 */
struct http_request {
	const char *method, *path; /* path: decoded once by nginx's URI rules, without the query */
	const char *query;         /* raw, without '?' */
	const char *request_id;    /* 32 hex digits from nginx */
	const char *ip, *user_agent, *host, *origin, *fetch_site;
	const char *authorization, *cookie, *content_type;
	const char *if_match, *if_none_match, *idempotency_key;
	size_t content_length;
	bool has_length;
};

/* fd 0 is the listening socket. False when it is none. */
bool http_init(void);
/* Waits for a request; false when the process was asked to end or the socket is gone. */
bool http_accept(struct http_request *r);
/* From a signal handler: the next http_accept() returns false. */
void http_stop(void);
bool http_stopping(void);

/* Reads up to len bytes of the body; 0 at its end. Short reads happen. */
size_t http_read(void *buf, size_t len);
/* Bytes of the answer, headers included. False when the client has gone. */
bool http_write(const void *data, size_t len);
void http_finish(void);
/* As http_finish(), but nginx learns that the answer is not whole and breaks off the client's connection too. */
void http_cut(void);

/* ── pieces of a request ─────────────────────────────────────────────────────────────────────────────────────────── */

/* A cookie by name (RFC 6265 §4.2): the first one of that name, or NULL. The value hangs on the arena. */
const char *cookie_get(struct arena *a, const char *header, const char *name);

struct pair {
	const char *name, *value;
};
/*
 * application/x-www-form-urlencoded into pairs, percent and '+' decoded, on the arena. False for a bad escape, a NUL,
 * bytes that are not UTF-8 or more than 64 pairs. *n pairs are written to *out.
 */
bool form_parse(struct arena *a, const char *s, size_t len, struct pair **out, size_t *n);

/*
 * Does path match pattern? Segments are literal or typed: {name:uuid}, {name:slug}, {name:token}, {name:text}. Up to
 * ROUTE_ARGS values go to arg. Literal patterns must be declared before typed ones that would match the same path.
 */
#define ROUTE_ARGS 4
bool route_match(struct arena *a, const char *pattern, const char *path,
    const char *arg[static ROUTE_ARGS]);

/* The bytes of a media type before any parameter equal `type` (case-insensitive). */
bool media_type_is(const char *header, const char *type);
/* A parameter of a header such as boundary=…, unquoted, on the arena; NULL when absent. */
const char *header_param(struct arena *a, const char *header, const char *name);

#endif
