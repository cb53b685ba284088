-- SPDX-License-Identifier: GPL-3.0-or-later
-- SCIM: `auth` reads and writes it through functions alone.
GRANT EXECUTE ON FUNCTION app.scim_user_reply(uuid, text, text[], text[]), app.scim_users(text, jsonb, int, int, text[], text[]),
	app.scim_user_create(jsonb, bytea, text), app.scim_user_patch(uuid, bigint, jsonb, bytea, bytea, text),
	app.scim_group_reply(uuid, text, text[], text[]), app.scim_groups(text, jsonb, int, int, text[], text[]),
	app.scim_group_create(jsonb, text), app.scim_group_patch(uuid, bigint, jsonb, text), app.scim_group_delete(uuid, bigint) TO pact_auth;

GRANT EXECUTE ON FUNCTION app.scim_user_named(text), app.scim_name(text, text), app.scim_user_reply(uuid, text, text[], text[]),
	app.scim_group_reply(uuid, text, text[], text[]) TO pact_door;
GRANT UPDATE (email) ON pact.user_account TO pact_door;
GRANT DELETE ON pact.user_password TO pact_door;
GRANT SELECT, INSERT, UPDATE (user_name, external_id, given_name, family_name) ON pact.scim_user TO pact_door;
GRANT SELECT, INSERT, UPDATE (display_name, external_id), DELETE ON pact.scim_group TO pact_door;
GRANT SELECT, INSERT, DELETE ON pact.scim_group_member TO pact_door;
