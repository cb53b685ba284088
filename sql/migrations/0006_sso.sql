-- SPDX-License-Identifier: GPL-3.0-or-later
-- Single sign-on (A3, A4, A5): one connection a workspace, who came by it, and the domains that it speaks for.
-- replaces 51f0fa64a58265249050a7530050b2fdfc19648c376d21b6edbc03b591c80c96
-- which failed where there were workspaces already, and did the same where there were none.
SET ROLE pact_owner;

ALTER TABLE pact.tenant ADD COLUMN sso_enforced boolean NOT NULL DEFAULT false;
SELECT app.declare_columns('tenant', $$
	sso_enforced keep d
$$);

-- An identity provider. settings is what the owner said, facts what the provider says of itself, found by the runner.
-- Another provider is another row: nobody who came by the one before is known to it.
CREATE TABLE pact.sso_connection (
	tenant_id      uuid NOT NULL REFERENCES pact.tenant,
	id             uuid NOT NULL DEFAULT app.uuid7(),
	type           text NOT NULL CHECK (type IN ('saml', 'oidc')),
	name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	settings       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
	secret         bytea,                          -- the client's secret, sealed under the workspace's data key
	source         text CHECK (length(source) <= 1048576),       -- SAML metadata in use: uploaded, or fetched last
	source_new     text CHECK (length(source_new) <= 1048576),   -- uploaded, and nobody has looked at it yet
	facts          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(facts) = 'object'),
	status         text NOT NULL DEFAULT 'checking' CHECK (status IN ('checking', 'ready', 'refused')),
	problem        text CHECK (length(problem) <= 1000),     -- why refused, or why the last refresh was not taken
	checked_at     timestamptz,                    -- when facts were found to be so
	revision       bigint NOT NULL DEFAULT 1,      -- moves with settings, secret, source and facts; what programs cache is kept by it
	tested_at      timestamptz,                    -- somebody came all the way with these settings
	test_result    jsonb,
	failing_until  timestamptz,                    -- the provider did not answer: nobody is sent there until then
	version        bigint NOT NULL DEFAULT 1,
	created_at     timestamptz NOT NULL DEFAULT now(),
	updated_at     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id)
);
-- Who somebody is to a provider. Never an address: (connection, subject) is the key, and a user has one.
CREATE TABLE pact.sso_identity (
	tenant_id     uuid NOT NULL,
	connection_id uuid NOT NULL,
	subject       text COLLATE "C" NOT NULL CHECK (length(subject) BETWEEN 1 AND 512),
	user_id       uuid NOT NULL,
	created_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, connection_id, subject),
	UNIQUE (tenant_id, connection_id, user_id),
	FOREIGN KEY (tenant_id, connection_id) REFERENCES pact.sso_connection ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX sso_identity_user ON pact.sso_identity (tenant_id, user_id);
-- A login by single sign-on on its way: begun by this browser, taken once when the provider's answer comes, proved, done.
CREATE TABLE pact.sso_login (
	tenant_id      uuid NOT NULL,
	id             uuid NOT NULL,
	connection_id  uuid NOT NULL,
	purpose        text NOT NULL CHECK (purpose IN ('login', 'test', 'logout')),
	status         text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'taken', 'proved', 'done')),
	browser_sha256 bytea NOT NULL,                 -- of the cookie of the browser that began it
	state_sha256   bytea NOT NULL,                 -- of what goes to the provider and comes back (OIDC state, a link's handle)
	message_id     text,                           -- of the request (SAML InResponseTo)
	private        bytea,                          -- what the program needs again: nonce, code verifier; sealed
	user_id        uuid,                           -- who tests, or logs out
	return_to      text NOT NULL DEFAULT '/' CHECK (length(return_to) <= 2000),
	claims         jsonb,                          -- what the provider says of the person, until the session begins
	created_at     timestamptz NOT NULL DEFAULT now(),
	expires_at     timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, state_sha256),
	FOREIGN KEY (tenant_id, connection_id) REFERENCES pact.sso_connection ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE UNIQUE INDEX sso_login_message ON pact.sso_login (tenant_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX sso_login_browser ON pact.sso_login (tenant_id, browser_sha256, id);
CREATE INDEX sso_login_connection ON pact.sso_login (tenant_id, connection_id);
-- Assertions and logout tokens that were taken: none is taken twice.
CREATE TABLE pact.sso_seen (
	tenant_id     uuid NOT NULL,
	connection_id uuid NOT NULL,
	id_sha256     bytea NOT NULL,
	expires_at    timestamptz NOT NULL,
	PRIMARY KEY (tenant_id, connection_id, id_sha256),
	FOREIGN KEY (tenant_id, connection_id) REFERENCES pact.sso_connection ON DELETE CASCADE
);
CREATE INDEX sso_seen_expires ON pact.sso_seen (tenant_id, expires_at);
-- What groups of the provider's are here. group_name '': everybody who comes by single sign-on or SCIM.
CREATE TABLE pact.group_role (
	tenant_id  uuid NOT NULL,
	group_name text COLLATE "C" NOT NULL CHECK (length(group_name) <= 256),
	role_id    uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, group_name, role_id),
	FOREIGN KEY (tenant_id, role_id) REFERENCES pact.role
);
CREATE INDEX group_role_role ON pact.group_role (tenant_id, role_id);
-- Domains that the workspace has shown to be its own, by a record in their DNS. Only addresses of these are taken from a
-- provider: a workspace cannot speak for somebody else's people.
CREATE TABLE pact.sso_domain (
	tenant_id   uuid NOT NULL REFERENCES pact.tenant,
	id          uuid NOT NULL DEFAULT app.uuid7(),
	domain      text COLLATE "C" NOT NULL CHECK (length(domain) BETWEEN 3 AND 253 AND domain = lower(domain)),
	token       text NOT NULL,                     -- what the record holds
	verified_at timestamptz,
	checked_at  timestamptz,
	failing_since timestamptz,                     -- the record has been gone since
	problem     text,
	version     bigint NOT NULL DEFAULT 1,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, domain)
);
-- Verified domains, before a tenant is known: where the login page sends an address.
CREATE TABLE directory.domain (
	domain    text COLLATE "C" NOT NULL,
	tenant_id uuid NOT NULL,
	PRIMARY KEY (domain, tenant_id)
);

-- What a program needs of a connection, and of a login on its way through it.
CREATE TYPE app.sso_way AS (tenant_id uuid, login_id uuid, connection_id uuid, revision bigint, purpose text, settings jsonb, facts jsonb,
	source text, secret bytea, data_key bytea, private bytea, message_id text, claims jsonb);

ALTER TABLE pact.session ADD COLUMN sso_connection_id uuid, ADD COLUMN sso_subject text, ADD COLUMN sso_session text,
	ADD COLUMN sso_hint bytea,                     -- the ID token, sealed, for a logout at the provider
	ADD FOREIGN KEY (tenant_id, sso_connection_id) REFERENCES pact.sso_connection ON DELETE CASCADE;
CREATE INDEX session_sso ON pact.session (tenant_id, sso_connection_id, sso_subject) WHERE sso_connection_id IS NOT NULL;
ALTER TABLE pact.login_challenge ADD COLUMN break_glass boolean NOT NULL DEFAULT false;

SELECT app.tenant_table(t) FROM unnest(ARRAY['sso_connection', 'sso_identity', 'sso_login', 'sso_seen', 'group_role', 'sso_domain']) t;

SELECT app.declare_table('sso_connection', 'sso_connection', NULL, true, $$
	tenant_id     keep -
	id            keep -
	type          keep dc
	name          keep dc
	settings      keep dc
	secret        keep -
	source        keep -
	source_new    keep -
	facts         keep -
	status        keep -
	problem       keep -
	checked_at    keep -
	revision      keep -
	tested_at     keep d
	test_result   keep p staff, what the provider said of who tried it
	failing_until keep -
	version       keep -
	created_at    keep -
	updated_at    keep -
$$);
SELECT app.declare_table('sso_identity', 'sso_identity', NULL, true, $$
	tenant_id     keep -
	connection_id keep -
	subject       keep pd staff; goes with the user
	user_id       keep d
	created_at    keep -
$$, 'user_id');
SELECT app.declare_table('sso_login', 'sso_login', NULL, false, $$
	tenant_id      keep -
	id             keep -
	connection_id  keep -
	purpose        keep -
	status         keep -
	browser_sha256 keep -
	state_sha256   keep -
	message_id     keep -
	private        keep -
	user_id        keep -
	return_to      keep -
	claims         keep p staff, who logs in; gone when the session begins and after a day at the latest
	created_at     keep -
	expires_at     keep -
$$);
SELECT app.declare_table('sso_seen', 'sso_seen', NULL, false, $$
	tenant_id     keep -
	connection_id keep -
	id_sha256     keep -
	expires_at    keep -
$$);
SELECT app.declare_table('group_role', 'group_role', NULL, true, $$
	tenant_id  keep -
	group_name keep d
	role_id    keep d
	created_at keep -
$$, 'role_id', $$ jsonb_build_object('role', (SELECT x.name FROM pact.role x WHERE x.tenant_id = r.tenant_id AND x.id = r.role_id)) $$);
SELECT app.declare_table('sso_domain', 'sso_domain', NULL, true, $$
	tenant_id     keep -
	id            keep -
	domain        keep dc
	token         keep -
	verified_at   keep d
	checked_at    keep -
	failing_since keep -
	problem       keep -
	version       keep -
	created_at    keep -
	updated_at    keep -
$$);
SELECT app.declare_columns('session', $$
	sso_connection_id keep -
	sso_subject       keep p staff; goes with the user
	sso_session       keep -
	sso_hint          keep p staff, sealed; goes with the session
$$);
SELECT app.declare_columns('login_challenge', $$
	break_glass keep -
$$);

RESET ROLE;

-- a new permission, of owners; workspace by workspace, since each has a log that this is an event of
DO $$
DECLARE
	w record;
BEGIN
	FOR w IN SELECT t.tenant_id FROM pact.tenant t LOOP
		PERFORM set_config('pact.tenant_id', w.tenant_id::text, true);
		UPDATE pact.role r SET permissions = r.permissions || 'sso.write'::text
			WHERE r.tenant_id = w.tenant_id AND r.builtin AND r.name = 'owner' AND NOT 'sso.write' = ANY (r.permissions);
	END LOOP;
	PERFORM set_config('pact.tenant_id', '', true);
END $$;
