/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail: all that crosses the mail border. `mail -j` empties the outbox; routes come with sequences. */
#include "fcgi/mail/mail.h"

static const struct query *const queries[] = {&q_outbox_take, &q_outbox_end};

/* The lease is longer than a delivery may take (smtp.c); waits of 1, 2, 4… minutes, an hour at most. */
static const struct job_kind jobs[] = {{"deliver", deliver, 120, 60}};

int
main(int argc, char **argv)
{
	return serve(argc, argv,
	    &(struct program){.name = "mail",
	        .queries = queries,
	        .nqueries = NELEMS(queries),
	        .jobs = jobs,
	        .njobs = NELEMS(jobs),
	        .setup = deliver_setup});
}
