-- SPDX-License-Identifier: GPL-3.0-or-later
-- saml: functions of single sign-on and nothing else. It reads no table: what a taken-over one could do is prove logins that
-- browsers have begun, of connections that are SAML, and auth still asks whose they are.
GRANT USAGE ON SCHEMA pact, app, api TO pact_saml;
GRANT SELECT ON app.schema_version TO pact_saml;
GRANT EXECUTE ON FUNCTION app.tenant_id(), app.actor_kind(), app.actor_id(), app.actor_email(), app.ip(), app.request_id(),
	app.module(), app.uuid7(timestamptz), app.rfc3339(timestamptz), app.refuse(text, text, jsonb), app.rollback() TO pact_saml;
GRANT EXECUTE ON FUNCTION app.claim(text, interval), app.enter_job(uuid, uuid),
	app.job_done(uuid), app.job_failed(uuid, text, interval), app.job_extend(uuid, interval) TO pact_saml;
GRANT EXECUTE ON FUNCTION app.saml_start(text, uuid, bytea, bytea, text, text, bytea, text, text),
	app.saml_connection(text, text, text), app.sso_refuse(text, uuid, text, text, text), app.sso_logout_take(text, bytea, text, text),
	app.sso_checked(uuid, bigint, text, jsonb, text), app.sso_to_check(uuid), app.sso_refresh_due(text, interval),
	app.saml_proved(text, uuid, bigint, text, bytea, bytea, timestamptz, timestamptz, jsonb, text, text),
	app.saml_unsolicited(text, uuid, bigint, uuid, bytea, bytea, timestamptz, jsonb, text, text),
	app.saml_logout(text, uuid, text, text[], bytea, text, text) TO pact_saml;
