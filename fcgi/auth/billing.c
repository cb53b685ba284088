/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings → Billing (A9): the plan, what it allows, what is used. An owner asks for another plan and says whom to bill; the
 * plan itself is set by whoever runs this Pact (pactctl workspace-plan). Rules are in sql/api/settings_billing.sql.
 */
#include "fcgi/auth/auth.h"

DOOR_QUERY(q_billing, "SELECT body, etag FROM app.billing_json()");
DOOR_QUERY(q_billing_patch, "SELECT body, etag FROM app.billing_patch($1::bigint, $2::jsonb)");

#define PLANS "standard|enterprise"

static const struct field contact_members[] = {
    {"name", F_TEXT, NULLABLE, .max = 200, .help = "Person or organisation that pays."},
    {"email", F_EMAIL, NULLABLE},
    {"address", F_MULTILINE, NULLABLE, .max = 1000},
    {"vat_id", F_TEXT, NULLABLE, .max = 40},
    {"reference", F_TEXT, NULLABLE, .max = 100, .help = "To stand on the invoice."},
    {0},
};
const struct field billing_body[] = {
    {"requested_plan", F_ENUM, NULLABLE, .choices = PLANS,
        .help =
            "Asks for another plan; null takes the question back. The plan itself stays until the operator sets it."},
    {"contact", F_OBJECT, 0, .members = contact_members, .help = "Whom to bill."},
    {0},
};

static const struct field limits_members[] = {
    {"users", F_INT, REQUIRED | NULLABLE, .help = "null: as many as you like."},
    {"contacts", F_INT, REQUIRED | NULLABLE},
    {"integrations", F_INT, REQUIRED},
    {"custom_roles", F_BOOL, REQUIRED, .help = "Whether roles of one's own can be made."},
    {"audit_retention_days", F_INT, REQUIRED, .help = "Of events written now."},
    {0},
};
static const struct field usage_members[] = {
    {"users", F_INT, REQUIRED},
    {"invited", F_INT, REQUIRED},
    {"contacts", F_INT, REQUIRED},
    {"contacts_is_estimate", F_BOOL, REQUIRED, .help = "Exact to 10000."},
    {"custom_roles", F_INT, REQUIRED},
    {"custom_role_users", F_INT, REQUIRED, .help = "People who have one."},
    {"integrations", F_INT, REQUIRED},
    {"api_keys", F_INT, REQUIRED},
    {0},
};
static const struct field plan_members[] = {
    {"plan", F_ENUM, REQUIRED, .choices = PLANS},
    {"custom_roles", F_BOOL, REQUIRED},
    {"audit_retention_days", F_INT, REQUIRED},
    {"consequences", F_TEXTS, REQUIRED,
        .help = "What becomes of this workspace with it, as sentences."},
    {0},
};
static const struct field billing_members[] = {
    {"plan", F_ENUM, REQUIRED, .choices = PLANS},
    {"requested_plan", F_ENUM, REQUIRED | NULLABLE, .choices = PLANS},
    {"requested_at", F_TIME, REQUIRED | NULLABLE},
    {"how_to_change", F_TEXT, REQUIRED},
    {"limits", F_OBJECT, REQUIRED, .members = limits_members},
    {"usage", F_OBJECT, REQUIRED, .members = usage_members},
    {"plans", F_LIST, REQUIRED, .members = plan_members},
    {"contact", F_OBJECT, REQUIRED, .members = contact_members},
    {0},
};
const struct representation billing_rep = {"billing", billing_members};

int
billing_get(struct req *r)
{
	return reply_query(r, &q_billing, NO_ARGS);
}

int
billing_patch(struct req *r)
{
	return reply_query(r, &q_billing_patch, ARGS(r->if_match, r->body_text));
}
