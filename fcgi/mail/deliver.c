/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outbox. A row goes queued -> sending -> sent or failed, and back to queued when the server asks for patience. It is
 * marked `sending` in a transaction of its own before anything leaves; the job's lease keeps others away meanwhile. A row
 * that a crash left in `sending` is tried again when that lease has run out, with the same Message-ID.
 */
#include <string.h>

#include "fcgi/mail/mail.h"
#include "shared/base/log.h"

#define MESSAGE_MAX (256U * 1024U)

TENANT_QUERY(q_outbox_take, PLAN_GENERIC,
    "WITH taken AS (UPDATE pact.outbox o SET status = 'sending', attempts = o.attempts + 1, "
    "message_id = coalesce(o.message_id, o.id || '@' || $3) "
    "WHERE o.tenant_id = $1::uuid AND o.id = $2::uuid AND o.status IN ('queued', 'sending') RETURNING *) "
    "SELECT t.template, t.vars, t.message_id, t.attempts, coalesce(t.vars ->> 'to', u.email) AS email, "
    "jsonb_build_object('name', coalesce(nullif(u.name, ''), u.email), 'workspace', w.name, "
    "'at', to_char(t.created_at AT TIME ZONE 'UTC', 'FMDD FMMonth YYYY, HH24:MI') || ' UTC') AS common, "
    "u.name FROM taken t "
    "JOIN pact.user_account u ON u.tenant_id = t.tenant_id AND u.id = t.user_id "
    "JOIN pact.tenant w ON w.tenant_id = t.tenant_id");
/* What a message said is of no use once it has gone. */
TENANT_QUERY(q_outbox_end, PLAN_GENERIC,
    "UPDATE pact.outbox o SET status = $3, last_error = $4, sent_at = CASE WHEN $3 = 'sent' THEN clock_timestamp() END, "
    "vars = CASE WHEN $3 = 'sent' THEN '{}'::jsonb ELSE o.vars END WHERE o.tenant_id = $1::uuid AND o.id = $2::uuid");

static struct {
	struct mailbox from;
	enum sent (*send)(struct delivery *d);
	const char *base_url;
} mail;

bool
deliver_setup(void)
{
	static struct arena *a;
	const char *dir = config("PACT_MAIL_DIR"), *url = config("PACT_SMTP_URL"),
	           *from = config_required("PACT_MAIL_FROM");

	if (a == NULL)
		a = arena_new();
	mail.base_url = config("PACT_BASE_URL");
	mail.send = dir != NULL ? maildir_send : smtp_send;
	if ((dir == NULL) == (url == NULL)) {
		log_msg(LOG_ERROR,
		    "one of PACT_MAIL_DIR and PACT_SMTP_URL must be set, and not both");
		return false;
	}
	if (dir != NULL && !maildir_setup(dir)) {
		log_msg(LOG_ERROR, "PACT_MAIL_DIR is not a directory that can be written to");
		return false;
	}
	if (url != NULL && !smtp_setup(url, config("PACT_SMTP_CA"))) {
		log_msg(LOG_ERROR, "PACT_SMTP_URL is not smtp://… or smtps://…");
		return false;
	}
	if (from != NULL && mailbox_parse(a, from, &mail.from))
		return true;
	log_msg(LOG_ERROR, "PACT_MAIL_FROM is not \"Name <address>\" or an address");
	return false;
}

static void
buf_release(void *b)
{
	buf_free(b);
}

static struct buf *
buffer(struct arena *a)
{
	struct buf *b = arena_alloc(a, sizeof *b);

	buf_init(b, MESSAGE_MAX);
	arena_defer(a, buf_release, b);
	return b;
}

/* The variables of a message: those that are always there win. */
static json_t *
variables(struct job *j, const struct rows *row)
{
	const char *own = rows_text(row, 0, "vars"), *common = rows_text(row, 0, "common"), *why;
	json_t *vars = json_object();

	(void)json_keep(j->a, vars);
	(void)json_object_update(vars, json_read(j->a, own, strlen(own), &why));
	(void)json_object_update(vars, json_read(j->a, common, strlen(common), &why));
	(void)json_object_set_new(vars, "base_url", json_string(mail.base_url));
	return vars;
}

/* The message of a taken row; NULL with a reason when none can be made of it. */
static const struct buf *
compose(struct job *j, const struct rows *row)
{
	const struct mail_template *t = template_find(rows_text(row, 0, "template"));
	struct buf *subject = buffer(j->a), *body = buffer(j->a), *out = buffer(j->a);
	const json_t *vars;

	if (t == NULL) {
		j->error = "no such template";
		return NULL;
	}
	vars = variables(j, row);
	template_fill(subject, t->subject, vars);
	template_fill(body, t->body, vars);
	if (strchr(subject->data, '\n') != NULL)
		*strchr(subject->data, '\n') = '\0';
	if (message_build(out, &(struct message){.from = mail.from,
	                           .to = {rows_text(row, 0, "name"), rows_text(row, 0, "email")},
	                           .subject = subject->data,
	                           .body = body->data,
	                           .id = rows_text(row, 0, "message_id"),
	                           .date = time(NULL)}))
		return out;
	j->error = "no message can be made of it";
	return NULL;
}

static enum job_result
record(struct job *j, const char *outbox, enum sent sent, bool last)
{
	const char *status = sent == SENT                 ? "sent"
	                     : sent == SEND_NEVER || last ? "failed"
	                                                  : "queued";
	struct tx *tx = job_tx(j);

	if (tx != NULL)
		tx_queue(tx, &q_outbox_end, ARGS(outbox, status, j->error));
	if (tx == NULL || !tx_commit(tx)) {
		/* it may have left: the row stays `sending`, and the lease has to run out */
		j->error = "the database was lost";
		return JOB_RETRY;
	}
	return sent == SENT ? JOB_DONE : strcmp(status, "failed") == 0 ? JOB_DEAD : JOB_RETRY;
}

enum job_result
deliver(struct job *j)
{
	const char *outbox = json_string_value(json_object_get(j->payload, "outbox"));
	struct tx *tx = job_tx(j);
	const struct rows *row = NULL;
	const struct buf *message;
	struct delivery d;
	enum sent sent;
	int64_t attempts = 0;

	if (tx != NULL)
		row = tx_last(tx, &q_outbox_take,
		    ARGS(outbox, strrchr(mail.from.address, '@') + 1));
	if (row == NULL) {
		j->error = "no database";
		return JOB_RETRY;
	}
	if (rows_count(row) == 0)
		return JOB_DONE; /* sent already, or the person is gone */
	(void)str_int64(rows_text(row, 0, "attempts"), 0, INT32_MAX, &attempts);
	message = compose(j, row);
	if (message == NULL)
		return record(j, outbox, SEND_NEVER, true);
	d = (struct delivery){.id = outbox,
	    .from = mail.from.address,
	    .to = rows_text(row, 0, "email"),
	    .data = message->data,
	    .len = message->len,
	    .again = attempts > 1};
	sent = mail.send(&d);
	j->error = d.error;
	return record(j, outbox, sent, j->attempts >= j->max_attempts);
}
