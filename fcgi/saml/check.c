/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runner looks at metadata: what was uploaded, or what stands at an address, when it is new and once a day. */
#include <string.h>
#include <time.h>

#include "fcgi/saml/gate.h"
#include "fcgi/saml/metadata.h"
#include "fcgi/saml/saml.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/net/fetch.h"

DOOR_QUERY(q_saml_to_check,
    "SELECT revision, settings ->> 'metadata_url' AS url, source FROM app.sso_to_check($1::uuid)");
DOOR_QUERY(q_saml_checked,
    "SELECT app.sso_checked($1::uuid, $2::bigint, NULL, $3::jsonb, $4) AS taken");
DOOR_QUERY(q_saml_refresh_due, "SELECT app.sso_refresh_due('saml', '1 day') AS n");

/* What is to be read; NULL with a sentence for the owner. */
static const char *
metadata_text(struct job *j, const struct rows *row, size_t *len, const char **problem)
{
	const char *url = rows_text(row, 0, "url");
	struct fetch_reply reply = {0};

	if (url == NULL) {
		*problem = "There is no metadata. Upload it, or give its address.";
		*len = rows_length(row, 0, "source");
		return rows_text(row, 0, "source");
	}
	if (!fetch(j->a, &(struct fetch_request){.url = url, .max = GATE_METADATA_MAX}, &reply) ||
	    reply.status != 200) {
		*problem = arena_printf(j->a, "The metadata cannot be read at its address. %s",
		    reply.error);
		return NULL;
	}
	*len = reply.len;
	return reply.body;
}

/*
 * A certificate that is new in the metadata is taken without anybody's doing, and one that is gone is not good any more.
 * Metadata of another provider is not: the database sees to that.
 */
enum job_result
saml_check(struct job *j)
{
	const char *id = json_string_value(json_object_get(j->payload, "connection")),
	           *problem = NULL, *text;
	struct tx *tx = job_tx(j);
	const struct rows *row = tx != NULL ? tx_last(tx, &q_saml_to_check, ARGS(id)) : NULL;
	const json_t *facts = NULL;
	size_t len = 0;

	if (row == NULL)
		return JOB_RETRY;
	if (rows_count(row) == 0)
		return JOB_DONE; /* it is gone */
	/* no transaction is open while a provider is asked */
	text = metadata_text(j, row, &len, &problem);
	if (text != NULL)
		facts = saml_metadata(j->a, text, len, time(NULL), &problem);
	if (facts != NULL)
		problem = saml_metadata_warning(j->a, facts, time(NULL));
	if ((tx = job_tx(j)) == NULL)
		return JOB_RETRY;
	return tx_last(tx, &q_saml_checked,
	           ARGS(id, rows_text(row, 0, "revision"),
	               facts != NULL ? json_text(j->a, facts) : NULL, problem)) != NULL
	           ? JOB_DONE
	           : JOB_RETRY;
}

void
saml_refresh(struct arena *a)
{
	struct tx *tx = tx_begin(a, NULL);

	if (tx == NULL || tx_last(tx, &q_saml_refresh_due, NO_ARGS) == NULL)
		log_msg(LOG_WARN, "metadata: not looked at, will be tried again");
}
