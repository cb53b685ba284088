/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_MAIL_MAIL_H
#define PACT_MAIL_MAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "shared/app/app.h"
#include "shared/base/buf.h"

/* message.c: one message in the form of RFC 5322 and MIME */
struct mailbox {
	const char *name, *address; /* UTF-8; name may be "" */
};
struct message {
	struct mailbox from, to;
	const char *subject, *body; /* UTF-8; lines of the body end with \n */
	const char *id;             /* left@right, without the brackets */
	time_t date;
};
/* Writes m with CRLF line ends. False when an address is none: nothing else in m can make a message malformed. */
bool message_build(struct buf *out, const struct message *m);
/* "Name <address>" or "address", on the arena. False when the address is none, or not ASCII. */
bool mailbox_parse(struct arena *a, const char *text, struct mailbox *out);

/* template.c: what we write to people */
struct mail_template {
	const char *name;
	const char *subject; /* lines; the first whose variables are all there is used */
	const char *body;    /* lines; those with a variable that is not there are left out */
};
extern const struct mail_template mail_templates[];
extern const size_t nmail_templates;
/* NULL when there is none. */
const struct mail_template *template_find(const char *name);
/* Adds text with each {{name}} replaced. Values are made harmless: one line, no control characters, at most 300 bytes. */
void template_fill(struct buf *out, const char *text, const json_t *vars);

/* maildir.c, smtp.c: ways to deliver; error is a few words for operators, without personal data */
enum sent { SENT, SEND_LATER, SEND_NEVER };
struct delivery {
	const char *
	    id; /* of the outbox row: the same message has the same one however often it is tried */
	const char *from, *to;
	const char *data; /* with CRLF line ends */
	size_t len;
	bool again; /* tried before, and nobody knows what came of it */
	const char *error;
};
bool maildir_setup(const char *dir);
enum sent maildir_send(struct delivery *d);
bool smtp_setup(const char *url, const char *ca_file);
enum sent smtp_send(struct delivery *d);

/* deliver.c */
extern const struct query q_outbox_take, q_outbox_end;
bool deliver_setup(void);
enum job_result deliver(struct job *j);

#endif
