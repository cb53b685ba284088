/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data out: all that is stored about one contact (C5), and all contacts of any number in constant
 * memory (C6). That it was exported is committed first. A stream that fails midway ends in a broken
 * connection, not in a shorter file.
 */
#include <string.h>
#include <time.h>

#include "fcgi/crm/crm.h"
#include "shared/base/csv.h"

#define CHUNK 32768U
#define LINE_MAX_BYTES (8U * 1024U * 1024U)

TENANT_QUERY(q_contact_export, PLAN_GENERIC,
    "SELECT body, filename FROM app.contact_export($1::uuid, $2::uuid)");
TENANT_QUERY(q_export_audit, PLAN_GENERIC,
    "SELECT app.audit('contact.export', 'contact', NULL, NULL, jsonb_build_object('format', "
    "$2::text)) WHERE $1::uuid IS NOT NULL");
TENANT_QUERY(q_export_fields, PLAN_GENERIC,
    "SELECT f.key, f.label FROM pact.custom_field f WHERE f.tenant_id = $1::uuid ORDER BY f.key");
/* As long as the reader takes: a statement of a page has 15 seconds. */
TENANT_QUERY(q_export_patience, PLAN_GENERIC,
    "SELECT set_config('statement_timeout', '6h', true) WHERE $1::uuid IS NOT NULL");
TENANT_QUERY(q_export_json, PLAN_GENERIC,
    "SELECT api.contact_json(c, (SELECT json_build_object('public_id', a.id, 'name', a.name) FROM "
    "pact.account a "
    "WHERE a.tenant_id = c.tenant_id AND a.id = c.account_id)) AS item "
    "FROM pact.contact c WHERE c.tenant_id = $1::uuid ORDER BY c.id");
/* The columns are the file's; the last one, custom, becomes one for each custom field. */
TENANT_QUERY(q_export_csv, PLAN_GENERIC,
    "SELECT c.id AS public_id, c.email, c.first_name, c.last_name, c.phone, c.title, (SELECT "
    "a.name FROM pact.account a "
    "WHERE a.tenant_id = c.tenant_id AND a.id = c.account_id) AS account, app.tags_text(c.tags) AS "
    "tags, c.consent_status, "
    "c.consent_source, app.rfc3339(c.consent_at) AS consent_at, c.suppressed::text AS suppressed, "
    "app.rfc3339(c.archived_at) AS archived_at, app.rfc3339(c.created_at) AS created_at, "
    "app.rfc3339(c.updated_at) AS updated_at, "
    "nullif(c.custom, '{}') AS custom FROM pact.contact c WHERE c.tenant_id = $1::uuid ORDER BY "
    "c.id");
#define CSV_HEADER \
	"public_id,email,first_name,last_name,phone,title,account,tags,consent_status,consent_source," \
	"consent_at,suppressed,archived_at,created_at,updated_at"
#define CSV_PHONE 4

const struct field export_params[] = {
    {"format", F_ENUM, .choices = "json|csv|jsonl",
        .help = "json when not given: {\"items\":[…],\"count\":n}, one contact on a line."},
    {0},
};

static const struct field export_members[] = {
    {"exported_at", F_TIME, REQUIRED},
    {"contact", F_ANY, REQUIRED},
    {"custom_fields", F_MAP, REQUIRED, .help = "Labels of the custom fields by key."},
    {"activities", F_ANY, REQUIRED},
    {"consent", F_ANY, REQUIRED, .help = "The whole ledger, newest first."},
    {"sequences", F_ANY, REQUIRED},
    {0},
};
const struct representation contact_export_rep = {"contact_export", export_members};

int
contact_export(struct req *r)
{
	const struct rows *rows = tx_last(r->tx, &q_contact_export, ARGS(r->arg[0]));

	if (rows == NULL)
		return problem_db(r);
	if (rows_count(rows) > 0)
		reply_header(r, "Content-Disposition",
		    arena_printf(r->a, "attachment; filename=\"%s\"",
		        rows_text(rows, 0, "filename")));
	return reply_row(r, rows);
}

enum format { JSON, CSV, JSONL };

struct file {
	struct req *r;
	const struct rows *fields; /* the workspace's custom fields */
	struct arena *line;        /* what one line needs */
	struct buf b;
	enum format format;
	size_t n;
};

static bool
flush(struct file *x)
{
	bool ok = !x->b.overflow && stream_write(x->r, x->b.data, x->b.len);

	buf_clear(&x->b);
	return ok;
}

/* +47 22 00 00 00 begins like a formula and is none. */
static bool
telephone(const char *s)
{
	return s != NULL && *s == '+' && s[1 + strspn(s + 1, "0123456789 ().-/")] == '\0';
}

static void
csv_custom(struct file *x, const char *custom)
{
	const char *why;
	json_t *v;

	arena_reset(x->line);
	v = custom != NULL ? json_read(x->line, custom, strlen(custom), &why) : NULL;
	for (size_t i = 0; i < rows_count(x->fields); i++) {
		buf_ch(&x->b, ',');
		csv_cell(&x->b,
		    json_string_value(json_object_get(v, rows_text(x->fields, i, "key"))));
	}
}

static bool
csv_line(void *ctx, const struct rows *row)
{
	struct file *x = ctx;
	size_t last = rows_columns(row) - 1;

	for (size_t i = 0; i < last; i++) {
		const char *cell = rows_at(row, 0, i, NULL);

		if (i > 0)
			buf_ch(&x->b, ',');
		if (i == CSV_PHONE && telephone(cell))
			buf_str(&x->b, cell);
		else
			csv_cell(&x->b, cell);
	}
	csv_custom(x, rows_at(row, 0, last, NULL));
	buf_str(&x->b, "\r\n");
	return x->b.len < CHUNK || flush(x);
}

static bool
json_line(void *ctx, const struct rows *row)
{
	struct file *x = ctx;
	size_t len;
	const char *item = rows_at(row, 0, 0, &len);

	if (x->format == JSON && x->n > 0)
		buf_str(&x->b, ",\n");
	buf_add(&x->b, item, len);
	if (x->format == JSONL)
		buf_ch(&x->b, '\n');
	x->n++;
	return x->b.len < CHUNK || flush(x);
}

/* The headers, and what stands before the first contact. */
static void
begin(struct file *x)
{
	static const struct {
		const char *media, *suffix;
	} files[] = {
	    [JSON] = {"application/json", "json"},
	    [CSV] = {"text/csv; charset=utf-8; header=present", "csv"},
	    [JSONL] = {"application/jsonl", "jsonl"},
	};
	time_t now = time(NULL);
	char day[16];
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(day, sizeof day, "%Y-%m-%d", &tm);
	stream_begin(x->r, files[x->format].media,
	    arena_printf(x->r->a, "contacts-%s.%s", day, files[x->format].suffix));
	if (x->format == JSON)
		buf_str(&x->b, "{\"items\":[\n");
	if (x->format != CSV)
		return;
	buf_str(&x->b, CSV_HEADER);
	for (size_t i = 0; i < rows_count(x->fields); i++) {
		buf_ch(&x->b, ',');
		csv_cell(&x->b, rows_text(x->fields, i, "label"));
	}
	buf_str(&x->b, "\r\n");
}

static void
release(void *file)
{
	struct file *x = file;

	buf_free(&x->b);
	arena_free(x->line);
}

int
contacts_export(struct req *r)
{
	const char *format = param(r, "format");
	struct file *x = arena_alloc(r->a, sizeof *x);
	bool head = strcmp(r->http.method, "HEAD") == 0; /* gives nothing away, so reads nothing */

	if (!head)
		tx_queue(r->tx, &q_export_audit, ARGS(format != NULL ? format : "json"));
	if (!tx_commit(r->tx) || !tx_again(r, true))
		return problem_db(r);
	tx_queue(r->tx, &q_export_patience, NO_ARGS);
	x->fields = tx_run(r->tx, &q_export_fields, NO_ARGS);
	if (x->fields == NULL)
		return problem_db(r);
	x->r = r;
	x->format = str_eq(format, "csv") ? CSV : str_eq(format, "jsonl") ? JSONL : JSON;
	x->line = arena_new();
	buf_init(&x->b, LINE_MAX_BYTES);
	arena_defer(r->a, release, x);
	begin(x);
	if (head || !tx_stream(r->tx, x->format == CSV ? &q_export_csv : &q_export_json, NO_ARGS,
	                x->format == CSV ? csv_line : json_line, x))
		return r->status;
	/* a file without this line was cut short */
	if (x->format == JSON)
		buf_printf(&x->b, "\n],\"count\":%zu}\n", x->n);
	(void)flush(x);
	return r->status;
}
