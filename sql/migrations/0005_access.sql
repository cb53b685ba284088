-- SPDX-License-Identifier: GPL-3.0-or-later
-- Second factors, recovery, invitations.
SET ROLE pact_owner;

ALTER TABLE pact.tenant ADD COLUMN require_mfa boolean NOT NULL DEFAULT false;
SELECT app.declare_columns('tenant', $$
	require_mfa keep d
$$);

-- A link in a mail: a new password, or the first. SHA-256 at rest, good once.
CREATE TABLE pact.user_token (
	tenant_id     uuid NOT NULL,
	id            uuid NOT NULL,
	user_id       uuid NOT NULL,
	purpose       text NOT NULL CHECK (purpose IN ('reset', 'invite')),
	secret_sha256 bytea NOT NULL,
	created_at    timestamptz NOT NULL DEFAULT now(),
	expires_at    timestamptz NOT NULL,
	used_at       timestamptz,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX user_token_user ON pact.user_token (tenant_id, user_id);
-- Who asked for a new password, until the runner looks whether that is anybody: the answer is the same, and as fast.
CREATE TABLE app.reset_request (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	address_hmac bytea NOT NULL,
	workspace    text,
	ip           text,
	request_id   text,
	at           timestamptz NOT NULL DEFAULT now()
);

-- RFC 6238. secret: AES-256-GCM under the workspace's data key. last_step: no code of this step or before is taken again.
CREATE TABLE pact.totp (
	tenant_id    uuid NOT NULL,
	user_id      uuid NOT NULL,
	secret       bytea NOT NULL,
	confirmed_at timestamptz,
	last_step    bigint NOT NULL DEFAULT 0,
	created_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, user_id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE TABLE pact.recovery_code (
	tenant_id   uuid NOT NULL,
	user_id     uuid NOT NULL,
	code_sha256 bytea NOT NULL,                    -- of 120 random bits
	created_at  timestamptz NOT NULL DEFAULT now(),
	used_at     timestamptz,
	PRIMARY KEY (tenant_id, user_id, code_sha256),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
-- Between the first factor and the second.
CREATE TABLE pact.login_challenge (
	tenant_id     uuid NOT NULL,
	id            uuid NOT NULL,
	user_id       uuid NOT NULL,
	secret_sha256 bytea NOT NULL,
	method        text NOT NULL CHECK (method IN ('password', 'saml', 'oidc')),
	tries         int NOT NULL DEFAULT 0,
	created_at    timestamptz NOT NULL DEFAULT now(),
	expires_at    timestamptz NOT NULL,
	ended_at      timestamptz,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX login_challenge_user ON pact.login_challenge (tenant_id, user_id);

SELECT app.tenant_table(t) FROM unnest(ARRAY['user_token', 'totp', 'recovery_code', 'login_challenge']) t;

SELECT app.declare_table('user_token', 'user_token', NULL, false, $$
	tenant_id     keep -
	id            keep -
	user_id       keep -
	purpose       keep -
	secret_sha256 keep -
	created_at    keep -
	expires_at    keep -
	used_at       keep -
$$);
SELECT app.declare_table('totp', 'totp', NULL, false, $$
	tenant_id    keep -
	user_id      keep -
	secret       keep p staff secret, sealed; goes with the user
	confirmed_at keep -
	last_step    keep -
	created_at   keep -
$$);
SELECT app.declare_table('recovery_code', 'recovery_code', NULL, false, $$
	tenant_id   keep -
	user_id     keep -
	code_sha256 keep -
	created_at  keep -
	used_at     keep -
$$);
SELECT app.declare_table('login_challenge', 'login_challenge', NULL, false, $$
	tenant_id     keep -
	id            keep -
	user_id       keep -
	secret_sha256 keep -
	method        keep -
	tries         keep -
	created_at    keep -
	expires_at    keep -
	ended_at      keep -
$$);

RESET ROLE;
