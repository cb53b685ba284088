-- SPDX-License-Identifier: GPL-3.0-or-later
-- Nothing is kept between the two requests of a login: nonce and verifier come from its state.
SET ROLE pact_door;
DROP FUNCTION IF EXISTS app.sso_start(text, text, uuid, bytea, bytea, text, bytea, text, bytea, text, text);
RESET ROLE;
SET ROLE pact_owner;
DELETE FROM app.sealed_column WHERE table_name = 'sso_login' AND column_name = 'private';
DELETE FROM app.column_register WHERE table_name = 'sso_login' AND column_name = 'private';
ALTER TABLE pact.sso_login DROP COLUMN private;
ALTER TYPE app.sso_way DROP ATTRIBUTE private;
RESET ROLE;
