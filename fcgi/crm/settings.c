/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings → Privacy: what a new contact's consent is when nobody says. */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_privacy_get, PLAN_GENERIC, "SELECT body, etag FROM app.privacy($1::uuid)");
TENANT_QUERY(q_privacy_patch, PLAN_GENERIC,
    "SELECT body, etag FROM app.privacy_patch($1::uuid, $2::bigint, $3::jsonb)");

const struct field privacy_body[] = {
    {"default_consent_policy", F_ENUM, .choices = "pending|confirmed|declined"},
    {"legal_basis", F_MULTILINE, NULLABLE, .max = 2000,
        .help = "Needed for confirmed, and then the evidence of each new contact."},
    {0},
};

static const struct field privacy_members[] = {
    {"default_consent_policy", F_ENUM, REQUIRED, .choices = "pending|confirmed|declined"},
    {"legal_basis", F_MULTILINE, REQUIRED | NULLABLE},
    {"updated_at", F_TIME, REQUIRED},
    {0},
};
const struct representation privacy_rep = {"privacy_settings", privacy_members};

int
privacy_get(struct req *r)
{
	return reply_query(r, &q_privacy_get, NO_ARGS);
}

int
privacy_patch(struct req *r)
{
	return reply_query(r, &q_privacy_patch, ARGS(r->if_match, r->body_text));
}
