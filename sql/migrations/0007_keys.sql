-- SPDX-License-Identifier: GPL-3.0-or-later
-- API keys (A11).
SET ROLE pact_owner;

-- The key that acts, where one does. It stands behind the actor's kind in one parameter, so that whatever sets who acts
-- next cannot leave it behind.
CREATE OR REPLACE FUNCTION app.actor_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT coalesce(nullif(split_part(pg_catalog.current_setting('pact.actor_kind', true), ':', 1), ''), 'system') $$;
CREATE FUNCTION app.key_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT nullif(split_part(pg_catalog.current_setting('pact.actor_kind', true), ':', 2), '')::pg_catalog.uuid $$;

-- A key acts for the user who made it, with the permissions that its roles and that user's roles have in common. No
-- updated_at: that it was used does not move its version.
CREATE TABLE pact.api_key (
	tenant_id     uuid NOT NULL,
	id            uuid NOT NULL,
	user_id       uuid NOT NULL,
	name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	secret_sha256 bytea NOT NULL CHECK (length(secret_sha256) = 32),
	expires_at    timestamptz,                     -- null: never
	last_used_at  timestamptz,                     -- to five minutes
	version       bigint NOT NULL DEFAULT 1,
	created_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX api_key_user ON pact.api_key (tenant_id, user_id);
CREATE TABLE pact.api_key_role (
	tenant_id  uuid NOT NULL,
	key_id     uuid NOT NULL,
	role_id    uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, key_id, role_id),
	FOREIGN KEY (tenant_id, key_id) REFERENCES pact.api_key ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, role_id) REFERENCES pact.role
);
CREATE INDEX api_key_role_role ON pact.api_key_role (tenant_id, role_id);

-- Which key did it, and which asked for work that is done later. The default in a statement of its own: rows that are there stay
-- as they are.
ALTER TABLE pact.audit_event ADD COLUMN key_id uuid;
ALTER TABLE pact.audit_event ALTER COLUMN key_id SET DEFAULT app.key_id();
ALTER TABLE pact.job ADD COLUMN key_id uuid;
ALTER TABLE pact.job ALTER COLUMN key_id SET DEFAULT app.key_id();

SELECT app.tenant_table(t) FROM unnest(ARRAY['api_key', 'api_key_role']) t;

SELECT app.declare_table('api_key', 'api_key', NULL, true, $$
	tenant_id     keep -
	id            keep -
	user_id       keep d
	name          keep d
	secret_sha256 keep -
	expires_at    keep d
	last_used_at  keep p staff, when the user's program last worked; goes with the key
	version       keep -
	created_at    keep -
$$);
SELECT app.declare_table('api_key_role', 'api_key_role', NULL, true, $$
	tenant_id  keep -
	key_id     keep d
	role_id    keep d
	created_at keep -
$$, 'key_id', $$ jsonb_build_object('role', (SELECT x.name FROM pact.role x WHERE x.tenant_id = r.tenant_id AND x.id = r.role_id)) $$);
SELECT app.declare_columns('audit_event', $$
	key_id keep -
$$);
SELECT app.declare_columns('job', $$
	key_id keep -
$$);

RESET ROLE;

-- a new permission, of owners and admins; workspace by workspace, since each has a log that this is an event of
DO $$
DECLARE
	w record;
BEGIN
	FOR w IN SELECT t.tenant_id FROM pact.tenant t LOOP
		PERFORM set_config('pact.tenant_id', w.tenant_id::text, true);
		UPDATE pact.role r SET permissions = r.permissions || 'key.write'::text
			WHERE r.tenant_id = w.tenant_id AND r.builtin AND r.name IN ('owner', 'admin') AND NOT 'key.write' = ANY (r.permissions);
	END LOOP;
	PERFORM set_config('pact.tenant_id', '', true);
END $$;
