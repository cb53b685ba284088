-- SPDX-License-Identifier: GPL-3.0-or-later
-- API keys. Their door is every program's that has a session's; no program reads what is kept of their secrets.
GRANT EXECUTE ON FUNCTION app.enter_key(uuid, uuid, bytea, text, text, text, boolean),
	app.key_refused(uuid, uuid, bytea, text, text, text, text) TO pact_auth, pact_crm, pact_audit;
GRANT EXECUTE ON FUNCTION app.key_id() TO pact_door, pact_auth, pact_crm, pact_audit, pact_mail;
GRANT EXECUTE ON FUNCTION api.key_json(uuid, uuid), app.key_reply(uuid, uuid), app.key_create(jsonb, uuid, bytea),
	app.key_patch(uuid, bigint, jsonb), app.key_delete(uuid, bigint) TO pact_auth;
GRANT SELECT (tenant_id, id) ON pact.api_key TO pact_auth;

GRANT EXECUTE ON FUNCTION app.key_reply(uuid, uuid) TO pact_door;
GRANT SELECT, INSERT, UPDATE (name, expires_at, last_used_at, version), DELETE ON pact.api_key TO pact_door;
GRANT SELECT, INSERT, DELETE ON pact.api_key_role TO pact_door;
