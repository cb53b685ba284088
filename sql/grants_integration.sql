-- SPDX-License-Identifier: GPL-3.0-or-later
-- Integrations: `auth` sees that a credential is there and never the credential itself.
GRANT EXECUTE ON FUNCTION api.integration_json(pact.integration), app.integration_reply(uuid, uuid), app.integration_begin(uuid, bigint),
	app.integration_create(uuid, text, text, jsonb, text[], bytea[]), app.integration_patch(uuid, text, jsonb, text[], bytea[]),
	app.integration_delete(uuid, bigint) TO pact_auth;
GRANT SELECT ON pact.integration TO pact_auth;

GRANT EXECUTE ON FUNCTION app.integration_reply(uuid, uuid) TO pact_door;
GRANT SELECT, INSERT, UPDATE (name, settings), DELETE ON pact.integration TO pact_door;
GRANT SELECT, INSERT, UPDATE (sealed, rotated_at), DELETE ON pact.integration_credential TO pact_door;
