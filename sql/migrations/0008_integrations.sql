-- SPDX-License-Identifier: GPL-3.0-or-later
-- Integrations with their credentials (T4), what is sealed where, the age of a data key, and what an owner says of billing (A9).
SET ROLE pact_owner;

-- Another system that the workspace uses: settings in clear, credentials apart and sealed.
CREATE TABLE pact.integration (
	tenant_id  uuid NOT NULL REFERENCES pact.tenant,
	id         uuid NOT NULL DEFAULT app.uuid7(),
	kind       text NOT NULL CHECK (kind ~ '^[a-z]{2,20}$'),     -- the kinds are in fcgi/auth/integration_kind.c
	name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	settings   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
	version    bigint NOT NULL DEFAULT 1,
	created_by uuid DEFAULT app.actor_id(),
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, name)
);
-- One secret of an integration, AES-256-GCM under the workspace's data key before it came here. Nothing shows it again.
CREATE TABLE pact.integration_credential (
	tenant_id      uuid NOT NULL,
	integration_id uuid NOT NULL,
	member         text NOT NULL CHECK (member ~ '^[a-z_]{2,40}$'),
	sealed         bytea NOT NULL CHECK (length(sealed) > 28),
	set_at         timestamptz NOT NULL DEFAULT now(),
	rotated_at     timestamptz,                    -- when another one took the place of the one before
	PRIMARY KEY (tenant_id, integration_id, member),
	FOREIGN KEY (tenant_id, integration_id) REFERENCES pact.integration ON DELETE CASCADE
);
-- What the owner says of billing. What is paid, and the plan itself, are for the operator (pactctl workspace-plan).
CREATE TABLE pact.billing (
	tenant_id      uuid PRIMARY KEY REFERENCES pact.tenant,
	name           text CHECK (length(name) BETWEEN 1 AND 200),
	email          text CHECK (length(email) BETWEEN 3 AND 254),
	address        text CHECK (length(address) BETWEEN 1 AND 1000),
	vat_id         text CHECK (length(vat_id) BETWEEN 1 AND 40),
	reference      text CHECK (length(reference) BETWEEN 1 AND 100),
	requested_plan text CHECK (requested_plan IN ('standard', 'enterprise')),
	requested_at   timestamptz,
	requested_by   uuid,
	version        bigint NOT NULL DEFAULT 1,
	created_at     timestamptz NOT NULL DEFAULT now(),
	updated_at     timestamptz NOT NULL DEFAULT now(),
	CHECK ((requested_plan IS NULL) = (requested_at IS NULL))
);
ALTER TABLE pact.tenant_key ADD COLUMN data_key_at timestamptz;
RESET ROLE;
-- as superuser, past the policies, in all workspaces
UPDATE pact.tenant_key SET data_key_at = created_at;
SET ROLE pact_owner;
ALTER TABLE pact.tenant_key ALTER COLUMN data_key_at SET DEFAULT now(), ALTER COLUMN data_key_at SET NOT NULL;

SELECT app.tenant_table(t) FROM unnest(ARRAY['integration', 'integration_credential', 'billing']) t;

SELECT app.declare_table('integration', 'integration', NULL, true, $$
	tenant_id  keep -
	id         keep -
	kind       keep dc
	name       keep dc
	settings   keep pdc staff, a user name or a sender's address at the other system; goes with the integration
	version    keep -
	created_by keep -
	created_at keep -
	updated_at keep -
$$);
SELECT app.declare_table('integration_credential', 'integration_credential', NULL, true, $$
	tenant_id      keep -
	integration_id keep -
	member         keep d
	sealed         keep -
	set_at         keep -
	rotated_at     keep -
$$, 'integration_id', $$ jsonb_build_object('integration', (SELECT x.name FROM pact.integration x WHERE x.tenant_id = r.tenant_id AND x.id = r.integration_id)) $$);
SELECT app.declare_table('billing', 'billing', NULL, true, $$
	tenant_id      keep -
	name           keep pd staff, whom to bill; for an owner to change
	email          keep pd staff, as name
	address        keep pd staff, as name
	vat_id         keep d
	reference      keep d
	requested_plan keep d
	requested_at   keep -
	requested_by   keep -
	version        keep -
	created_at     keep -
	updated_at     keep -
$$, 'tenant_id');
SELECT app.declare_columns('tenant_key', $$
	data_key_at keep -
$$);

-- Everything that is sealed under a data key, for `pactctl rekey`: a column that is not here would be lost with the key.
-- Either purpose (of row r: what the seal is bound to beside the workspace, as the C that seals it says), and the value is
-- sealed anew; or instead (of row r), which takes its place. Nothing else of ours keeps bytes that are sealed:
-- tests/sql/test_integrations.py asks it of every bytea column.
CREATE TABLE app.sealed_column (
	place       int NOT NULL UNIQUE,               -- in this order, which is the order in which others lock
	table_name  text NOT NULL,
	column_name text NOT NULL,
	purpose     text,
	instead     text,
	PRIMARY KEY (table_name, column_name),
	FOREIGN KEY (table_name, column_name) REFERENCES app.column_register,
	CHECK ((purpose IS NULL) <> (instead IS NULL))
);
INSERT INTO app.sealed_column VALUES
	-- a login that holds the old key in its hands (taken) begins again; one that is proved goes on without a hint
	(10, 'sso_login', 'status', NULL, $$ CASE WHEN r.status = 'taken' THEN 'done' ELSE r.status END $$),
	(11, 'sso_login', 'private', NULL, 'NULL'),
	(12, 'sso_login', 'claims', NULL, $$ r.claims - 'hint' $$),
	-- the hint only spares a question at the provider's logout
	(20, 'session', 'sso_hint', NULL, 'NULL'),
	(30, 'totp', 'secret', $$ 'totp/' || r.user_id $$, NULL),
	(40, 'sso_connection', 'secret', $$ 'sso/' || r.id $$, NULL),
	(50, 'integration_credential', 'sealed', $$ 'integration/' || r.integration_id || '/' || r.member $$, NULL);

RESET ROLE;

-- a new permission, of owners and admins; workspace by workspace, since each has a log that this is an event of
DO $$
DECLARE
	w record;
BEGIN
	FOR w IN SELECT t.tenant_id FROM pact.tenant t LOOP
		PERFORM set_config('pact.tenant_id', w.tenant_id::text, true);
		UPDATE pact.role r SET permissions = r.permissions || 'integration.write'::text
			WHERE r.tenant_id = w.tenant_id AND r.builtin AND r.name IN ('owner', 'admin') AND NOT 'integration.write' = ANY (r.permissions);
	END LOOP;
	PERFORM set_config('pact.tenant_id', '', true);
END $$;
