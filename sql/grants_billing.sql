-- SPDX-License-Identifier: GPL-3.0-or-later
-- Billing. How many contacts there are is counted without seeing one.
GRANT EXECUTE ON FUNCTION app.billing_json(), app.billing_patch(bigint, jsonb) TO pact_auth;
GRANT EXECUTE ON FUNCTION ops.workspace_plan(text, text, text), ops.plan_requests(text) TO pact_operator;
GRANT SELECT, INSERT, UPDATE ON pact.billing TO pact_door;
GRANT UPDATE (plan) ON pact.tenant TO pact_door;
GRANT SELECT (tenant_id) ON pact.contact TO pact_door;
