/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Uploading a file: read as it comes and put into the database in pieces of 1 MiB, in one transaction and in constant
 * memory. What the file looks like is judged from the first piece. A body that breaks off leaves nothing.
 */
#include <string.h>

#include "fcgi/crm/crm.h"
#include "fcgi/crm/import_setup.h"
#include "fcgi/crm/multipart.h"
#include "shared/base/buf.h"
#include "shared/crypt/crypt.h"

#define FILE_MAX (256U * 1024U * 1024U)
#define AROUND_MAX (1024U * 1024U) /* what multipart may add to a file */
#define CHUNK (1024U * 1024U)
#define FORM_MAX (512U * 1024U) /* mapping, options */
#define READ 65536U

TENANT_QUERY(q_import_create, PLAN_GENERIC,
    "INSERT INTO pact.import (tenant_id, filename, dry_run, format, guess, mapping, options) "
    "VALUES ($1::uuid, $2, $3::boolean, $4, $5::jsonb, $6::jsonb, $7::jsonb) RETURNING id");
TENANT_QUERY(q_import_chunk, PLAN_GENERIC,
    "INSERT INTO pact.import_chunk (tenant_id, import_id, seq, data) VALUES ($1::uuid, $2::uuid, "
    "$3::int, $4::bytea)");
TENANT_QUERY(q_import_received, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.import_received($1::uuid, $2::uuid, $3::bigint, "
    "$4::bytea, $5::jsonb, $6::boolean)");

const struct field import_params[] = {
    {"dry_run", F_BOOL, .help = "Say what would happen, and write nothing."},
    {"filename", F_TEXT, .max = 255},
    {"mapping", F_ENUM, .choices = "auto|manual",
        .help = "auto, when not given: runs at once with the guessed mapping. manual: waits for a "
                "PATCH and a start."},
    {0},
};

enum part { OTHER, THE_FILE, MAPPING, OPTIONS, PARTS };
static const char *const part_names[PARTS] = {NULL, "file", "mapping", "options"};

struct upload {
	struct req *r;
	enum part part;
	bool seen[PARTS];
	const char *filename, *import, *format;
	struct buf form[PARTS]; /* mapping, options */
	char *chunk, *hex;      /* CHUNK bytes of the file; the same as a bytea parameter */
	size_t nchunk, size;
	int seq;
	struct sha256_state *sha256;
	const char *unmapped; /* why the mapping could not be guessed */
};

static bool
refuse(struct upload *u, const char *pointer, const char *why)
{
	field_error_add(u->r->a, &u->r->errors, pointer, "%s", why);
	(void)problem_fields(u->r);
	return false;
}

/* ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A JSON member of a form, checked as the body of a PATCH is. NULL when it was not sent; false: refused. */
static bool
form_json(struct upload *u, enum part part, json_t *into)
{
	const char *name = part_names[part];
	struct buf *b = &u->form[part];
	json_error_t err;
	json_t *v;

	if (!u->seen[part])
		return true;
	v = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, &err);
	if (v == NULL)
		return refuse(u, arena_printf(u->r->a, "/%s", name), "Is not JSON.");
	(void)json_object_set_new(into, name, v);
	return true;
}

/* {mapping?, options?} as they came with the file; NULL with the answer written when something is wrong with them. */
static json_t *
form_read(struct upload *u)
{
	json_t *sent = json_keep(u->r->a, json_object());
	json_t *checked;

	if (!form_json(u, MAPPING, sent) || !form_json(u, OPTIONS, sent))
		return NULL;
	checked = fields_check(u->r->a, import_body, sent, true, &u->r->errors);
	if (u->r->errors.n == 0)
		return checked;
	(void)problem_fields(u->r);
	return NULL;
}

static bool
create(struct upload *u, bool whole)
{
	struct req *r = u->r;
	const char *name = param(r, "filename") != NULL ? param(r, "filename") : u->filename, *why;
	size_t len = u->nchunk < IMPORT_SAMPLE_MAX ? u->nchunk : IMPORT_SAMPLE_MAX;
	struct import_setup setup;
	const struct rows *rows;
	struct buf guess;
	json_t *g;

	why = import_setup(r->a, u->chunk, len, whole && len == u->nchunk, name, NULL, NULL,
	    &setup);
	if (why != NULL && strcmp(setup.pointer, "/mapping") == 0)
		u->unmapped = why;
	else if (why != NULL)
		return refuse(u, setup.pointer, why);
	buf_init(&guess, GUESS_JSON_MAX);
	import_guess_json(r->a, &setup.layout, &setup.guess, &guess);
	g = guess.overflow ? NULL : json_loadb(guess.data, guess.len, 0, NULL);
	buf_free(&guess);
	if (g == NULL)
		return refuse(u, "/file", "The first lines are too long for a table.");
	g = json_keep(r->a, g);
	u->format = setup.layout.format == IMPORT_VCARD ? "vcard" : "csv";
	rows = tx_run(r->tx, &q_import_create,
	    ARGS(name != NULL ? name : "", str_eq(param(r, "dry_run"), "true") ? "true" : "false",
	        u->format, json_text(r->a, g), json_text(r->a, json_object_get(g, "mapping")),
	        "{}"));
	if (rows == NULL) {
		(void)problem_db(r);
		return false;
	}
	u->import = rows_text(rows, 0, "id");
	return true;
}

/* The piece at hand goes to the database. */
static bool
store(struct upload *u, bool last)
{
	if (u->import == NULL && !create(u, last))
		return false;
	hex_encode(u->hex + 2, u->chunk, u->nchunk);
	if (tx_run(u->r->tx, &q_import_chunk,
	        ARGS(u->import, arena_printf(u->r->a, "%d", u->seq++), u->hex)) == NULL) {
		(void)problem_db(u->r);
		return false;
	}
	u->nchunk = 0;
	return true;
}

static bool
file_data(struct upload *u, const char *data, size_t len)
{
	u->size += len;
	if (u->size > FILE_MAX) {
		(void)problem(u->r, &P_TOO_LARGE, "The file is larger than 256 MiB.");
		return false;
	}
	sha256_add(u->sha256, data, len);
	while (len > 0) {
		size_t n = CHUNK - u->nchunk;

		if (n > len)
			n = len;
		memcpy(u->chunk + u->nchunk, data, n);
		u->nchunk += n;
		data += n;
		len -= n;
		if (u->nchunk == CHUNK && !store(u, false))
			return false;
	}
	return true;
}

/* ── parts of a form ─────────────────────────────────────────────────────────────────────────────────────────────── */

/* A name to show: valid UTF-8, without control characters, at most 255 bytes. */
static const char *
clean_name(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;
	size_t n;

	for (; *s != '\0'; s += n) {
		n = utf8_sequence(s, strlen(s));
		if (n == 0) {
			n = 1;
			continue;
		}
		if ((unsigned char)*s < 0x20 || *s == 0x7f || (p - out) + (ptrdiff_t)n > 255)
			continue;
		memcpy(p, s, n);
		p += n;
	}
	*p = '\0';
	return out;
}

static bool
on_begin(void *ctx, const struct multipart_part *part)
{
	struct upload *u = ctx;

	u->part = OTHER;
	for (int i = THE_FILE; i < PARTS; i++)
		if (strcmp(part->name, part_names[i]) == 0)
			u->part = (enum part)i;
	if (u->part == OTHER)
		return refuse(u, arena_printf(u->r->a, "/%s", clean_name(u->r->a, part->name)),
		    "Is not a part known here.");
	if (u->seen[u->part])
		return refuse(u, arena_printf(u->r->a, "/%s", part_names[u->part]),
		    "Is there twice.");
	u->seen[u->part] = true;
	if (u->part == THE_FILE)
		u->filename = clean_name(u->r->a, part->filename);
	return true;
}

static bool
on_data(void *ctx, const char *data, size_t len)
{
	struct upload *u = ctx;

	if (u->part == THE_FILE)
		return file_data(u, data, len);
	buf_add(&u->form[u->part], data, len);
	if (!u->form[u->part].overflow)
		return true;
	(void)problem(u->r, &P_TOO_LARGE, NULL);
	return false;
}

static bool
on_end(void *ctx)
{
	(void)ctx;
	return true;
}

/* ── the body ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* What a file may be called by those who send it as it is; a browser's word for .csv is an old spreadsheet's. */
static bool
raw_type(const char *type)
{
	static const char *const known[] = {"text/csv", "text/vcard", "text/x-vcard",
	    "text/directory", "text/plain", "text/tab-separated-values",
	    "text/comma-separated-values", "application/csv", "application/vnd.ms-excel",
	    "application/octet-stream"};

	for (size_t i = 0; i < NELEMS(known); i++)
		if (media_type_is(type, known[i]))
			return true;
	return type == NULL;
}

static bool
body_stream(struct upload *u, struct multipart *m)
{
	struct req *r = u->r;
	char *buf = arena_alloc(r->a, READ);
	size_t left = r->http.content_length, n;

	while (left > 0) {
		n = http_read(buf, left < READ ? left : READ);
		if (n == 0) {
			(void)problem(r, &P_BAD_REQUEST,
			    "The body is shorter than its Content-Length.");
			return false;
		}
		left -= n;
		if (m == NULL ? !file_data(u, buf, n) : !multipart_feed(m, buf, n)) {
			if (r->status == 0)
				(void)problem(r, &P_BAD_REQUEST, m->error);
			return false;
		}
	}
	if (m == NULL || multipart_finished(m))
		return true;
	(void)problem(r, &P_BAD_REQUEST, "The body ends before its closing boundary.");
	return false;
}

static bool
body_take(struct upload *u)
{
	struct req *r = u->r;
	struct multipart *m = NULL;

	if (r->http.content_length > FILE_MAX + AROUND_MAX) {
		(void)problem(r, &P_TOO_LARGE, "The file is larger than 256 MiB.");
		return false;
	}
	if (media_type_is(r->http.content_type, "multipart/form-data")) {
		static const struct multipart_events events = {on_begin, on_data, on_end};

		m = arena_alloc(r->a, sizeof *m);
		if (!multipart_init(m, header_param(r->a, r->http.content_type, "boundary"),
		        &events, u)) {
			(void)problem(r, &P_BAD_REQUEST, m->error);
			return false;
		}
	} else if (raw_type(r->http.content_type)) {
		u->seen[THE_FILE] = true;
	} else {
		(void)problem(r, &P_UNSUPPORTED_MEDIA_TYPE,
		    "Send multipart/form-data with a part `file`, text/csv or text/vcard.");
		return false;
	}
	if (!body_stream(u, m))
		return false;
	if (!u->seen[THE_FILE])
		return refuse(u, "/file", "Is required.");
	if (u->size == 0)
		return refuse(u, "/file", "The file is empty.");
	return u->nchunk == 0 || store(u, true);
}

static void
release(void *ctx)
{
	struct upload *u = ctx;

	for (int i = 0; i < PARTS; i++)
		buf_free(&u->form[i]);
}

static bool
manual(const struct req *r)
{
	return str_eq(param(r, "mapping"), "manual");
}

/* A mapping that came with the file must fit it; the first bytes have gone to the database. */
static bool
form_fits(struct upload *u, const json_t *form)
{
	const json_t *mapping = json_object_get(form, "mapping"),
	             *options = json_object_get(form, "options");
	const struct rows *head;
	struct import_setup setup;
	const char *why;
	void *sample;
	size_t len;

	if (mapping == NULL && u->unmapped != NULL && !manual(u->r))
		return refuse(u, "/mapping", u->unmapped);
	if (mapping == NULL && options == NULL)
		return true;
	head = tx_run(u->r->tx, &q_import_head, ARGS(u->import));
	if (head == NULL || !db_unbytea(u->r->a, rows_text(head, 0, "data"), &sample, &len)) {
		(void)problem_db(u->r);
		return false;
	}
	why = import_setup(u->r->a, sample, len, u->size <= len, rows_text(head, 0, "filename"),
	    mapping, options, &setup);
	return why == NULL || refuse(u, setup.pointer, why);
}

/* The request as far as Idempotency-Key is concerned: the file and all that was said of it. */
static const char *
identity(const struct upload *u, const char *sha256, const json_t *form)
{
	struct req *r = u->r;

	return arena_printf(r->a, "%s\n%s\n%s\n%s\n%s", sha256, json_text(r->a, form),
	    u->filename != NULL ? u->filename : "",
	    param(r, "filename") != NULL ? param(r, "filename") : "",
	    r->http.query != NULL ? r->http.query : "");
}

int
import_upload(struct req *r)
{
	struct upload *u = arena_alloc(r->a, sizeof *u);
	uint8_t digest[SHA256_LEN];
	const char *sha256, *who;
	json_t *form;

	u->r = r;
	for (int i = 0; i < PARTS; i++)
		buf_init(&u->form[i], FORM_MAX);
	u->chunk = arena_alloc(r->a, CHUNK);
	u->hex = arena_alloc(r->a, 2 * CHUNK + 3);
	memcpy(u->hex, "\\x", 2);
	arena_defer(r->a, release, u);
	u->sha256 = sha256_begin(r->a);
	if (!body_take(u))
		return r->status;
	form = form_read(u);
	if (form == NULL || !form_fits(u, form))
		return r->status;
	sha256_end(u->sha256, digest);
	sha256 = db_bytea(r->a, digest, sizeof digest);
	who = identity(u, sha256, form);
	if (!request_identity(r, who, strlen(who)))
		return r->status;
	return reply_query(r, &q_import_received,
	    ARGS(u->import, arena_printf(r->a, "%zu", u->size), sha256, json_text(r->a, form),
	        manual(r) ? "false" : "true"));
}
