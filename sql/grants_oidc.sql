-- SPDX-License-Identifier: GPL-3.0-or-later
GRANT EXECUTE ON FUNCTION app.oidc_keys_claim(uuid, uuid), app.oidc_keys_set(uuid, uuid, jsonb),
	app.oidc_logout(text, uuid, bytea, text, text, text, text) TO pact_auth;
