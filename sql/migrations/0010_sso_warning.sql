-- SPDX-License-Identifier: GPL-3.0-or-later
-- When owners were last told that a certificate of their identity provider ends (A3).
SET ROLE pact_owner;
ALTER TABLE pact.sso_connection ADD COLUMN warned_at timestamptz;
SELECT app.declare_columns('sso_connection', $$
	warned_at keep -
$$);
RESET ROLE;
