/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers. Nothing is written before the transaction has committed; streams are the exception, and say so. */
#include <stdio.h>
#include <string.h>

#include "shared/app/private.h"
#include "shared/base/buf.h"
#include "shared/base/log.h"

#define REPLY_MAX (64U * 1024U * 1024U)

void
reply_reset(struct req *r)
{
	r->status = 0;
	r->content_type = r->etag = r->location = r->reply = r->resource_id = NULL;
	r->reply_len = 0;
	r->headers = NULL;
}

void
reply_header(struct req *r, const char *name, const char *value)
{
	struct header *h = arena_alloc(r->a, sizeof *h);

	h->name = name;
	h->value = value;
	h->next = r->headers;
	r->headers = h;
}

int
reply_text(struct req *r, int status, const char *content_type, const char *text, size_t len)
{
	r->status = status;
	r->content_type = content_type;
	r->reply = text;
	r->reply_len = len;
	return status;
}

int
reply_json(struct req *r, int status, json_t *v)
{
	const char *text = json_text(r->a, json_keep(r->a, v));

	return reply_text(r, status, "application/json", text, strlen(text));
}

int
reply_empty(struct req *r, int status)
{
	return reply_text(r, status, NULL, "", 0);
}

static int
success(const struct req *r)
{
	if ((r->route->flags & R_CREATED) != 0)
		return 201;
	if ((r->route->flags & R_ACCEPTED) != 0)
		return 202;
	return (r->route->flags & R_NO_BODY) != 0 ? 204 : 200;
}

/* An If-None-Match list that names the tag (weak comparison, RFC 9110 §13.1.2). */
static bool
none_match(const char *list, const char *etag)
{
	const char *at = list != NULL ? strstr(list, etag) : NULL;

	return list != NULL &&
	       (strcmp(list, "*") == 0 ||
	           (at != NULL && at > list && at[-1] == '"' && at[strlen(etag)] == '"'));
}

const char *
body_type_of(const struct route *rt)
{
	return (rt->flags & R_SCIM) != 0 ? "application/scim+json" : "application/json";
}

int
reply_row(struct req *r, const struct rows *rows)
{
	const char *body, *etag;

	if (rows_count(rows) == 0)
		return problem(r, &P_NOT_FOUND, NULL);
	etag = rows_optional(rows, 0, "etag");
	r->location = rows_optional(rows, 0, "location");
	r->etag = etag;
	if (success(r) == 204)
		return reply_empty(r, 204);
	if (etag != NULL && strcmp(r->route->method, "GET") == 0 &&
	    none_match(r->http.if_none_match, etag))
		return reply_empty(r, 304);
	body = rows_text(rows, 0, "body");
	if (body == NULL)
		return problem(r, &P_NOT_FOUND, NULL);
	return reply_text(r, success(r), body_type_of(r->route), body,
	    rows_length(rows, 0, "body"));
}

int
reply_query(struct req *r, const struct query *q, const char *const *args, size_t nargs)
{
	/* a stored answer goes into the same transaction, so the last statement is not the last then */
	const struct rows *rows = r->idempotent ? tx_run(r->tx, q, args, nargs)
	                                        : tx_last(r->tx, q, args, nargs);

	return rows != NULL ? reply_row(r, rows) : problem_db(r);
}

const char *
page_limit(const struct req *r)
{
	return arena_printf(r->a, "%d", r->limit + 1);
}

bool
cursor_parts(struct req *r, size_t n, const char **parts)
{
	const char *p = r->after;

	for (size_t i = 0; i < n; i++) {
		parts[i] = NULL;
		if (r->after == NULL)
			continue;
		if (p == NULL) {
			field_error_add(r->a, &r->errors, "/after",
			    "Is not a cursor of this list.");
			return false;
		}
		parts[i] = arena_strndup(r->a, p, strcspn(p, "\x1f"));
		p = strchr(p, '\x1f');
		if (p != NULL)
			p++;
	}
	if (r->after == NULL || p == NULL)
		return true;
	field_error_add(r->a, &r->errors, "/after", "Is not a cursor of this list.");
	return false;
}

bool
cursor_id(struct req *r, const char **id)
{
	if (!cursor_parts(r, 1, id))
		return false;
	if (*id == NULL || uuid_valid(*id))
		return true;
	field_error_add(r->a, &r->errors, "/after", "Is not a cursor of this list.");
	return false;
}

static void
buf_release(void *b)
{
	buf_free(b);
}

void
list_total(struct req *r, const struct query *q, const char *const *args, size_t nargs)
{
	if (r->count)
		tx_keep(r->tx, q, args, nargs, &r->total);
}

int
reply_list(struct req *r, const struct query *q, const char *const *args, size_t nargs)
{
	const struct rows *rows = tx_last(r->tx, q, args, nargs);

	return rows != NULL ? reply_page(r, rows) : problem_db(r);
}

int
reply_page(struct req *r, const struct rows *rows)
{
	size_t n = rows_count(rows);
	bool more = n > (size_t)r->limit;
	struct buf *b;

	if (more)
		n = (size_t)r->limit;
	b = arena_alloc(r->a, sizeof *b);
	buf_init(b, REPLY_MAX);
	arena_defer(r->a, buf_release, b);
	buf_str(b, "{\"items\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_ch(b, ',');
		buf_add(b, rows_text(rows, i, "item"), rows_length(rows, i, "item"));
	}
	buf_str(b, "],\"next\":");
	if (more) {
		const char *cursor = rows_text(rows, n - 1, "cursor");
		char *text = arena_alloc(r->a, 4 * (strlen(cursor) + 2) / 3 + 4);

		(void)b64url_encode(text, cursor, strlen(cursor));
		buf_printf(b, "\"%s\"", text);
	} else {
		buf_str(b, "null");
	}
	if (r->total != NULL) {
		buf_printf(b, ",\"total\":%s", rows_text(r->total, 0, "total"));
		if (str_eq(rows_text(r->total, 0, "estimated"), "t"))
			buf_str(b, ",\"total_is_estimate\":true");
	}
	buf_ch(b, '}');
	if (b->overflow)
		return problem(r, &P_TOO_LARGE, "The page is too large; ask for fewer items.");
	return reply_text(r, 200, "application/json", b->data, b->len);
}

int
problem_with(struct req *r, const struct problem_type *p, const char *detail, json_t *members)
{
	if (r->program == NULL || r->program->problem == NULL ||
	    !r->program->problem(r, p, detail, members)) {
		json_t *body = json_pack("{s:o, s:s, s:i, s:s*, s:s}", "type",
		    json_sprintf("/problems/%s", p->slug), "title", p->title, "status", p->status,
		    "detail", detail, "instance", r->request_id);

		if (members != NULL)
			(void)json_object_update_missing(body, members);
		(void)reply_json(r, p->status, body);
		r->content_type = "application/problem+json";
	}
	json_decref(members);
	if (p->status == 503 || str_eq(p->slug, P_IN_PROGRESS.slug))
		reply_header(r, "Retry-After", "1");
	r->etag = r->location = NULL;
	return r->status;
}

int
problem(struct req *r, const struct problem_type *p, const char *detail)
{
	return problem_with(r, p, detail, NULL);
}

int
problem_fields(struct req *r)
{
	json_t *list = json_array();

	for (const struct field_error *e = r->errors.first; e != NULL; e = e->next)
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s}", "pointer", e->pointer, "detail", e->detail));
	return problem_with(r, &P_INVALID, r->errors.n == 1 ? r->errors.first->detail : NULL,
	    json_pack("{s:o}", "errors", list));
}

static int
problem_refused(struct req *r, const struct db_error *e)
{
	const struct problem_type *p = problem_find(e->slug);
	const char *why;
	json_t *members = NULL;

	if (p == NULL) {
		/* a replay is no problem: run() gets the stored answer */
		if (!str_eq(e->slug, "idempotency-replay"))
			log_msg(LOG_ERROR, "statement %s refused with an unknown problem",
			    e->query);
		return problem(r, &P_INTERNAL, NULL);
	}
	if (e->detail != NULL)
		members = json_incref(json_read(r->a, e->detail, strlen(e->detail), &why));
	if (p->status == 401)
		reply_header(r, "WWW-Authenticate", "Bearer");
	if (p->status == 429 && json_object_get(members, "retry_after") != NULL)
		reply_header(r, "Retry-After",
		    arena_printf(r->a, "%d",
		        (int)json_integer_value(json_object_get(members, "retry_after"))));
	return problem_with(r, p, e->hint, members);
}

int
problem_db(struct req *r)
{
	const struct db_error *e;

	if (r->tx == NULL)
		return problem(r, &P_UNAVAILABLE, NULL);
	e = tx_error(r->tx);
	switch (e->code) {
	case DB_REFUSED:
		return problem_refused(r, e);
	case DB_CONFLICT:
		return problem(r, &P_CONFLICT, NULL);
	case DB_RETRY:
	case DB_DOWN:
		return problem(r, &P_UNAVAILABLE, NULL);
	case DB_TIMEOUT:
		return problem(r, &P_TIMEOUT, NULL);
	case DB_OK:
	case DB_INTERNAL:
		break;
	}
	return problem(r, &P_INTERNAL, NULL);
}

/* No header value of ours may end its line: what follows a control character is left out. */
static void
header_line(struct buf *b, const char *name, const char *value)
{
	static const char controls[] =
	    "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31\32\33\34"
	    "\35\36\37\177";

	buf_str(b, name);
	buf_add(b, ": ", 2);
	buf_add(b, value, strcspn(value, controls));
	buf_add(b, "\r\n", 2);
}

static void
head(struct req *r, struct buf *b, const char *timing)
{
	buf_printf(b, "Status: %d\r\n", r->status);
	header_line(b, "X-Request-Id", r->request_id);
	if (timing != NULL)
		header_line(b, "Server-Timing", timing);
	if (r->content_type != NULL)
		header_line(b, "Content-Type", r->content_type);
	header_line(b, "Cache-Control", r->etag != NULL ? "private, no-cache" : "no-store");
	if (r->etag != NULL)
		header_line(b, "ETag", arena_printf(r->a, "\"%s\"", r->etag));
	if (r->location != NULL)
		header_line(b, "Location", r->location);
	for (const struct header *h = r->headers; h != NULL; h = h->next)
		header_line(b, h->name, h->value);
	if (!r->streaming && r->status != 204 && r->status != 304)
		buf_printf(b, "Content-Length: %zu\r\n", r->reply_len);
	buf_str(b, "\r\n");
}

void
reply_send(struct req *r, const char *timing)
{
	struct buf b;

	buf_init(&b, 65536);
	head(r, &b, timing);
	(void)http_write(b.data, b.len);
	if (!r->streaming && strcmp(r->http.method, "HEAD") != 0)
		(void)http_write(r->reply, r->reply_len);
	buf_free(&b);
}

void
stream_begin(struct req *r, const char *content_type, const char *filename)
{
	r->status = 200;
	r->content_type = content_type;
	if (filename != NULL)
		reply_header(r, "Content-Disposition",
		    arena_printf(r->a, "attachment; filename=\"%s\"", filename));
	r->streaming = true;
	reply_send(r, NULL);
}

bool
stream_write(struct req *r, const void *data, size_t len)
{
	return strcmp(r->http.method, "HEAD") == 0 || http_write(data, len);
}
