/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log as a file of any size, in constant memory. That it was exported is committed first. A stream that fails midway
 * ends in a broken connection, not in a shorter file.
 */
#include <string.h>
#include <time.h>

#include "fcgi/audit/audit.h"
#include "shared/base/csv.h"

#define CHUNK 32768U
#define LINE_MAX_BYTES (8U * 1024U * 1024U)

DOOR_QUERY(q_exported, "SELECT app.audit('audit.export', 'audit_event', NULL, NULL, $1::jsonb)");
#define CSV_HEADER \
	"id,at,action,module,actor_kind,actor_id,actor_email,resource_type,resource_id,old,new,ip,request_id,key_id\r\n"
TENANT_QUERY(q_export_csv, PLAN_CUSTOM,
    "SELECT e.id, app.rfc3339(app.uuid7_time(e.id)) AS at, e.action, e.module, e.actor_kind, e.actor_id, e.actor_email, "
    "e.resource_type, e.resource_id, e.old, e.new, e.ip, e.request_id, e.key_id " EVENTS_MATCHING
    " ORDER BY e.id DESC");
TENANT_QUERY(q_export_jsonl, PLAN_CUSTOM,
    "SELECT api.audit_event_json(e) AS item " EVENTS_MATCHING " ORDER BY e.id DESC");

/* In the order of the index: to sort a big log first would take long and leave it in temporary files. */
DOOR_QUERY(q_export_order,
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)");

struct file {
	struct req *r;
	struct buf b;
	bool csv, begun;
};

/* The headers, when it is sure that there will be an answer. */
static void
begin(struct file *x)
{
	time_t now = time(NULL);
	char name[48];
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(name, sizeof name, x->csv ? "audit-%Y-%m-%d.csv" : "audit-%Y-%m-%d.jsonl",
	    &tm);
	stream_begin(x->r, x->csv ? "text/csv; charset=utf-8; header=present" : "application/jsonl",
	    arena_strdup(x->r->a, name));
	x->begun = true;
	if (x->csv)
		buf_str(&x->b, CSV_HEADER);
}

static bool
flush(struct file *x)
{
	bool ok = !x->b.overflow && stream_write(x->r, x->b.data, x->b.len);

	buf_clear(&x->b);
	return ok;
}

static bool
each(void *ctx, const struct rows *row)
{
	struct file *x = ctx;
	size_t len;

	/* the answer begins with the first row: until then the database may still refuse */
	if (!x->begun)
		begin(x);
	for (size_t i = 0; x->csv && i < rows_columns(row); i++) {
		if (i > 0)
			buf_ch(&x->b, ',');
		csv_cell(&x->b, rows_at(row, 0, i, NULL));
	}
	if (!x->csv) {
		const char *item = rows_at(row, 0, 0, &len);

		buf_add(&x->b, item, len);
	}
	buf_str(&x->b, x->csv ? "\r\n" : "\n");
	return x->b.len < CHUNK || flush(x);
}

/* What was asked for, for the event that says so. */
static json_t *
asked(const struct req *r, const char *format)
{
	json_t *v = json_pack("{s:s}", "format", format);

	for (size_t i = 0; r->route->params[i].name != NULL; i++)
		if (r->param[i] != NULL)
			(void)json_object_set_new(v, r->route->params[i].name,
			    json_string(r->param[i]));
	return v;
}

static void
release(void *b)
{
	buf_free(b);
}

int
event_export(struct req *r)
{
	const char *format = param(r, "format") != NULL ? param(r, "format") : "csv";
	struct file *x = arena_alloc(r->a, sizeof *x);
	struct filter f;

	if (!filter_read(r, &f))
		return r->status;
	tx_queue(r->tx, &q_exported, ARGS(json_text(r->a, json_keep(r->a, asked(r, format)))));
	if (!tx_commit(r->tx) || !tx_again(r, true))
		return problem_db(r);
	x->r = r;
	x->csv = strcmp(format, "csv") == 0;
	buf_init(&x->b, LINE_MAX_BYTES);
	arena_defer(r->a, release, &x->b);
	tx_queue(r->tx, &q_export_order, NO_ARGS);
	if (!tx_stream(r->tx, x->csv ? &q_export_csv : &q_export_jsonl, EVENTS_MATCHING_ARGS(&f),
	        each, x))
		return x->begun ? r->status : problem_db(r);
	if (!x->begun)
		begin(x);
	(void)flush(x);
	return r->status;
}
