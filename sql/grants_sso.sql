-- SPDX-License-Identifier: GPL-3.0-or-later
-- Single sign-on. `auth` reads no connection but through functions: their secrets and what providers said stay there.
GRANT EXECUTE ON FUNCTION app.sso_start(text, text, uuid, bytea, bytea, text, text, bytea, text, text),
	app.sso_take(text, text, bytea, text, bytea, text, text), app.sso_connection(text, text, text, text), app.sso_prove(uuid, uuid, jsonb),
	app.sso_proved(text, uuid, bytea, text, text), app.sso_refuse(text, uuid, text, text, text), app.sso_failed(uuid, uuid), app.sso_waited(uuid, uuid, int),
	app.sso_succeed(uuid, uuid, bytea, bytea, uuid, bytea, bytea, text, text, text, text), app.sso_logout_begin(uuid, uuid, bytea),
	app.sso_checked(uuid, bigint, text, jsonb, text), app.sso_to_check(uuid), app.sso_refresh_due(text, interval),
	app.sso_seal_begin(jsonb, uuid), app.sso_test_begin(uuid, bytea), app.discover(text, text),
	app.domain_add(jsonb, text), app.domain_remove(uuid), app.domain_check(uuid), app.domain_to_check(uuid), app.domain_checked(uuid, boolean, text),
	app.domains_due(), api.domain_json(pact.sso_domain) TO pact_auth;
GRANT SELECT ON pact.sso_domain TO pact_auth;

GRANT EXECUTE ON FUNCTION app.sso_module(text), app.sso_check_later(uuid, text), app.domain_check_later(uuid), api.domain_json(pact.sso_domain) TO pact_door;
GRANT SELECT, INSERT, UPDATE, DELETE ON pact.sso_connection, pact.sso_login, pact.sso_domain, directory.domain TO pact_door;
GRANT SELECT, INSERT, DELETE ON pact.sso_identity, pact.sso_seen, pact.group_role TO pact_door;
