/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imports: what is known of them, their mapping, start, cancel and revert. Uploading is in import_upload.c. */
#include <stdio.h>
#include <string.h>

#include "fcgi/crm/crm.h"
#include "fcgi/crm/import_setup.h"
#include "shared/base/buf.h"
#include "shared/base/csv.h"

#define CSV_CHUNK 16384U
#define CSV_LINE_MAX (1024U * 1024U)

TENANT_QUERY(q_imports, PLAN_GENERIC,
    "SELECT api.import_json(i, false) AS item, i.id::text AS cursor FROM pact.import i "
    "WHERE i.tenant_id = $1::uuid AND i.id < $2::uuid ORDER BY i.id DESC LIMIT $3::int");
TENANT_QUERY(q_imports_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.import i WHERE i.tenant_id = $1::uuid"));
TENANT_QUERY(q_import_get, PLAN_GENERIC,
    "SELECT body, etag FROM app.import_reply($1::uuid, $2::uuid)");
TENANT_QUERY(q_import_head, PLAN_GENERIC,
    "SELECT i.filename, i.options, i.size, i.mapping, substring(c.data FROM 1 FOR 65536) AS data "
    "FROM pact.import i LEFT JOIN pact.import_chunk c ON c.tenant_id = i.tenant_id AND "
    "c.import_id = i.id AND c.seq = 0 WHERE i.tenant_id = $1::uuid AND i.id = $2::uuid");
TENANT_QUERY(q_import_patch, PLAN_GENERIC,
    "SELECT body, etag FROM app.import_patch($1::uuid, $2::uuid, $3::bigint, $4::jsonb)");
TENANT_QUERY(q_import_start, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.import_start($1::uuid, $2::uuid, $3::boolean)");
TENANT_QUERY(q_import_cancel, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.import_cancel($1::uuid, $2::uuid)");
TENANT_QUERY(q_import_revert, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.import_revert($1::uuid, $2::uuid)");
TENANT_QUERY(q_import_errors, PLAN_GENERIC,
    "SELECT item, cursor FROM app.import_errors($1::uuid, $2::uuid, $3::bigint, $4::int, "
    "$5::bigint)");
TENANT_QUERY(q_import_errors_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.import_error e WHERE e.tenant_id = $1::uuid AND e.import_id = $2::uuid"));
TENANT_QUERY(q_import_known, PLAN_GENERIC,
    "SELECT i.errors AS n FROM pact.import i WHERE i.tenant_id = $1::uuid AND i.id = $2::uuid");
TENANT_QUERY(q_import_errors_all, PLAN_GENERIC,
    "SELECT e.line, e.column_name, e.value, e.detail FROM pact.import_error e "
    "WHERE e.tenant_id = $1::uuid AND e.import_id = $2::uuid ORDER BY e.line, e.seq");

static const struct field mapping_members[] = {
    {"column", F_INT, REQUIRED, .max = 4095, .help = "From 0."},
    {"field", F_TEXT, REQUIRED, .max = 80,
        .help = "email, first_name, last_name, full_name, phone, title, account, tags, note, "
                "consent_status, optin_time, confirm_time, consent_source, unsub_time, opted_out, "
                "custom:<key> or ignore."},
    {0},
};
static const struct field option_members[] = {
    {"overwrite", F_BOOL, NULLABLE,
        .help = "Values in the file replace those that contacts have; else only empty fields are "
                "filled."},
    {"departures", F_BOOL, NULLABLE,
        .help = "The file lists people who have left: all of them are declined."},
    {"dates", F_ENUM, NULLABLE, .choices = "mdy|dmy", .help = "How 03/04/2025 is meant."},
    {"encoding", F_TEXT, NULLABLE, .max = 40},
    {"separator", F_ENUM, NULLABLE, .choices = "comma|semicolon|tab|pipe"},
    {0},
};
const struct field import_body[] = {
    {"mapping", F_LIST, .max = 4096, .members = mapping_members,
        .help = "Where each column goes; columns that are not named are ignored."},
    {"options", F_OBJECT, .members = option_members},
    {"dry_run", F_BOOL, .help = "Say what would happen, and write nothing."},
    {0},
};
const struct field import_start_body[] = {
    {"dry_run", F_BOOL, .help = "As the import says when it is not given."},
    {0},
};
const struct field import_error_params[] = {
    {"format", F_ENUM, .choices = "json|csv", .help = "csv: all of them, as a file."},
    {0},
};

static const struct field import_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"status", F_ENUM, REQUIRED,
        .choices = "mapping|queued|running|done|failed|cancelled|reverted"},
    {"dry_run", F_BOOL, REQUIRED},
    {"filename", F_TEXT, REQUIRED},
    {"format", F_ENUM, REQUIRED, .choices = "csv|vcard"},
    {"size", F_INT, REQUIRED, .help = "Bytes."},
    {"rows_total", F_INT, REQUIRED},
    {"rows_done", F_INT, REQUIRED},
    {"imported", F_INT, REQUIRED, .help = "New contacts."},
    {"updated", F_INT, REQUIRED, .help = "Rows that changed a contact that was there."},
    {"skipped", F_INT, REQUIRED, .help = "Rows that changed nothing."},
    {"errors", F_INT, REQUIRED, .help = "Rows that cannot be read."},
    {"mailable", F_INT, REQUIRED, .help = "Contacts of the file that may be mailed."},
    {"needs_confirming", F_INT, REQUIRED},
    {"suppressed", F_INT, REQUIRED, .help = "Suppressed or declined."},
    {"problem", F_TEXT, REQUIRED | NULLABLE, .help = "Why it failed."},
    {"mapping", F_LIST, REQUIRED, .max = 4096, .members = mapping_members},
    {"options", F_OBJECT, REQUIRED, .members = option_members},
    {"guess", F_ANY,
        .help = "What the file looks like: tool, encoding, separator, header, sample, mapping, "
                "custom, warnings, departures. Not in lists."},
    {"file_kept", F_BOOL, REQUIRED, .help = "The file is still there to be run."},
    {"cancel_requested", F_BOOL, REQUIRED},
    {"created_at", F_TIME, REQUIRED},
    {"updated_at", F_TIME, REQUIRED},
    {"finished_at", F_TIME, REQUIRED | NULLABLE},
    {0},
};
const struct representation import_rep = {"import", import_members};
static const struct field error_members[] = {
    {"line", F_INT, REQUIRED},
    {"column", F_TEXT, REQUIRED | NULLABLE, .help = "Name of the column; null: the whole row."},
    {"value", F_TEXT, REQUIRED | NULLABLE},
    {"detail", F_TEXT, REQUIRED},
    {0},
};
const struct representation import_error_rep = {"import_error", error_members};

int
import_list(struct req *r)
{
	const char *after;

	if (!cursor_parts(r, 1, &after) || (after != NULL && !uuid_valid(after)))
		return bad_cursor(r);
	list_total(r, &q_imports_count, NO_ARGS);
	return reply_list(r, &q_imports, ARGS(after != NULL ? after : LAST_ID, page_limit(r)));
}

int
import_get(struct req *r)
{
	return reply_query(r, &q_import_get, ARGS(r->arg[0]));
}

/* ── the mapping ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* RFC 7396 for one level, which is all that options have. A new reference. */
static json_t *
options_merged(json_t *old, json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach(patch, key, value) {
		if (json_is_null(value))
			(void)json_object_del(old, key);
		else
			(void)json_object_set(old, key, value);
	}
	return old;
}

static bool
reads_otherwise(const json_t *options)
{
	return json_object_get(options, "encoding") != NULL ||
	       json_object_get(options, "separator") != NULL;
}

/*
 * What is asked for must fit the file. Another encoding or separator shows other columns: then the file is judged anew, and
 * the old mapping is gone. Returns false with field errors.
 */
static bool
patch_check(struct req *r, const struct rows *head, json_t *patch)
{
	json_t *options = json_object_get(r->body, "options"),
	       *mapping = json_object_get(r->body, "mapping"), *old;
	const char *why, *text = rows_text(head, 0, "options");
	struct import_setup setup;
	int64_t size = 0;
	struct buf guess;
	void *sample;
	size_t len;

	(void)str_int64(rows_text(head, 0, "size"), 0, INT64_MAX, &size);
	if (!db_unbytea(r->a, rows_text(head, 0, "data"), &sample, &len))
		return true;
	old = json_read(r->a, text, strlen(text), &why);
	if (mapping == NULL && !reads_otherwise(options)) {
		text = rows_text(head, 0, "mapping");
		mapping = json_keep(r->a, json_loads(text, 0, NULL));
	}
	why = import_setup(r->a, sample, len, size <= (int64_t)len, rows_text(head, 0, "filename"),
	    mapping, options_merged(old, options), &setup);
	if (why != NULL) {
		field_error_add(r->a, &r->errors, setup.pointer, "%s", why);
		return false;
	}
	if (!reads_otherwise(options))
		return true;
	buf_init(&guess, GUESS_JSON_MAX);
	import_guess_json(r->a, &setup.layout, &setup.guess, &guess);
	(void)json_object_set_new(patch, "guess", json_loadb(guess.data, guess.len, 0, NULL));
	if (mapping == NULL)
		(void)json_object_set(patch, "mapping",
		    json_object_get(json_object_get(patch, "guess"), "mapping"));
	buf_free(&guess);
	return true;
}

int
import_patch(struct req *r)
{
	const struct rows *head = tx_run(r->tx, &q_import_head, ARGS(r->arg[0]));
	json_t *patch;

	if (head == NULL)
		return problem_db(r);
	if (rows_count(head) == 0)
		return problem(r, &P_NOT_FOUND, NULL);
	patch = json_keep(r->a, json_deep_copy(r->body));
	if (rows_text(head, 0, "data") != NULL && !patch_check(r, head, patch))
		return problem_fields(r);
	return reply_query(r, &q_import_patch,
	    ARGS(r->arg[0], r->if_match, json_text(r->a, patch)));
}

int
import_start(struct req *r)
{
	json_t *dry = json_object_get(r->body, "dry_run");

	return reply_query(r, &q_import_start,
	    ARGS(r->arg[0], dry == NULL         ? NULL
	                    : json_is_true(dry) ? "true"
	                                        : "false"));
}

int
import_cancel(struct req *r)
{
	return reply_query(r, &q_import_cancel, ARGS(r->arg[0]));
}

int
import_revert(struct req *r)
{
	return reply_query(r, &q_import_revert, ARGS(r->arg[0]));
}

/* ── rows that cannot be read ────────────────────────────────────────────────────────────────────────────────────── */

struct file {
	struct req *r;
	struct buf b;
};

static bool
csv_line(void *ctx, const struct rows *row)
{
	struct file *x = ctx;
	bool ok = true;

	for (size_t i = 0; i < rows_columns(row); i++) {
		if (i > 0)
			buf_ch(&x->b, ',');
		csv_cell(&x->b, rows_at(row, 0, i, NULL));
	}
	buf_str(&x->b, "\r\n");
	if (x->b.len >= CSV_CHUNK) {
		ok = stream_write(x->r, x->b.data, x->b.len);
		buf_clear(&x->b);
	}
	return ok;
}

static int
errors_csv(struct req *r)
{
	const struct rows *known = tx_run(r->tx, &q_import_known, ARGS(r->arg[0]));
	struct file x = {.r = r};

	if (known == NULL)
		return problem_db(r);
	if (rows_count(known) == 0)
		return problem(r, &P_NOT_FOUND, NULL);
	buf_init(&x.b, CSV_LINE_MAX);
	stream_begin(r, "text/csv; charset=utf-8; header=present",
	    arena_printf(r->a, "import-errors-%.8s.csv", r->arg[0]));
	buf_str(&x.b, "line,column,value,detail\r\n");
	if (tx_stream(r->tx, &q_import_errors_all, ARGS(r->arg[0]), csv_line, &x))
		(void)stream_write(r, x.b.data, x.b.len);
	buf_free(&x.b);
	return r->status;
}

int
import_errors(struct req *r)
{
	const char *part[2], *line = "0", *seq = "-1";
	int64_t n;

	if (str_eq(param(r, "format"), "csv"))
		return errors_csv(r);
	if (!cursor_parts(r, 2, part) ||
	    (r->after != NULL &&
	        (!str_int64(part[0], 0, INT64_MAX, &n) || !str_int64(part[1], 0, INT32_MAX, &n))))
		return bad_cursor(r);
	if (r->after != NULL) {
		line = part[0];
		seq = part[1];
	}
	list_total(r, &q_import_errors_count, ARGS(r->arg[0]));
	return reply_list(r, &q_import_errors, ARGS(r->arg[0], line, seq, page_limit(r)));
}
