-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tenant tables. tenant_id is first in every key, unique, foreign key and index, and never updated.
-- Statuses are text with CHECK: enum equality is not leakproof, and such a column could not be searched by index.
SET ROLE pact_owner;

-- ── workspace and people who work in it ──────────────────────────────────────────────────────────────────────────
CREATE TABLE pact.tenant (
	tenant_id      uuid PRIMARY KEY,
	slug           text NOT NULL,
	name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	status         text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
	plan           text NOT NULL DEFAULT 'standard' CHECK (plan IN ('standard', 'enterprise')),
	time_zone      text NOT NULL DEFAULT 'UTC',
	consent_policy text NOT NULL DEFAULT 'pending' CHECK (consent_policy IN ('pending', 'confirmed', 'declined')),
	consent_basis  text CHECK (length(consent_basis) BETWEEN 1 AND 2000),
	version        bigint NOT NULL DEFAULT 1,
	created_at     timestamptz NOT NULL DEFAULT now(),
	updated_at     timestamptz NOT NULL DEFAULT now(),
	-- a policy of `confirmed` needs its legal basis on record: that text is then the evidence
	CHECK (consent_policy <> 'confirmed' OR consent_basis IS NOT NULL)
);
-- Keys of a workspace. data_key: AES-256-GCM key wrapped by the master key (a file outside the database), opened in
-- `auth` only. suppression_*: the two padded halves of the HMAC-SHA256 key of the suppression list, in the database
-- because a trigger must reach them on every path that writes a contact.
CREATE TABLE pact.tenant_key (
	tenant_id        uuid PRIMARY KEY REFERENCES pact.tenant,
	data_key         bytea NOT NULL,
	master_key_id    text NOT NULL,
	suppression_ipad bytea NOT NULL CHECK (length(suppression_ipad) = 64),
	suppression_opad bytea NOT NULL CHECK (length(suppression_opad) = 64),
	created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE pact.user_account (
	tenant_id     uuid NOT NULL REFERENCES pact.tenant,
	id            uuid NOT NULL DEFAULT app.uuid7(),
	email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
	email_norm    text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(email COLLATE "und-x-icu")) STORED,
	name          text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
	status        text NOT NULL DEFAULT 'active' CHECK (status IN ('invited', 'active', 'suspended')),
	last_login_at timestamptz,
	version       bigint NOT NULL DEFAULT 1,
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, email_norm)
);
CREATE TABLE pact.user_password (
	tenant_id  uuid NOT NULL,
	user_id    uuid NOT NULL,
	hash       text NOT NULL,                      -- {scheme prefix}$2b$12$…
	changed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, user_id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE TABLE pact.role (
	tenant_id   uuid NOT NULL REFERENCES pact.tenant,
	id          uuid NOT NULL DEFAULT app.uuid7(),
	name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
	builtin     boolean NOT NULL DEFAULT false,
	permissions text[] NOT NULL,
	version     bigint NOT NULL DEFAULT 1,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, name)
);
CREATE TABLE pact.user_role (
	tenant_id  uuid NOT NULL,
	user_id    uuid NOT NULL,
	role_id    uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, user_id, role_id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, role_id) REFERENCES pact.role
);
CREATE INDEX user_role_role ON pact.user_role (tenant_id, role_id);
-- A session: one family of refresh tokens. Secrets are SHA-256 at rest.
CREATE TABLE pact.session (
	tenant_id             uuid NOT NULL,
	id                    uuid NOT NULL,
	user_id               uuid NOT NULL,
	secret_sha256         bytea NOT NULL,          -- of the secret inside the access token
	refresh_sha256        bytea NOT NULL,          -- of the refresh token that is current
	refresh_prev_sha256   bytea,                   -- of the one before, accepted until the grace ends
	refresh_prev_until    timestamptz,
	method                text NOT NULL CHECK (method IN ('password', 'saml', 'oidc')),
	mfa                   boolean NOT NULL DEFAULT false,
	transport             text NOT NULL CHECK (transport IN ('cookie', 'bearer')),
	ip                    text,
	user_agent            text,
	created_at            timestamptz NOT NULL DEFAULT now(),
	last_seen_at          timestamptz NOT NULL DEFAULT now(),
	expires_at            timestamptz NOT NULL,    -- 7 days after the last refresh
	ended_at              timestamptz,
	ended_reason          text,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX session_of_user ON pact.session (tenant_id, user_id, id);

-- ── CRM ──────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE pact.account (
	tenant_id  uuid NOT NULL REFERENCES pact.tenant,
	id         uuid NOT NULL DEFAULT app.uuid7(),
	name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	name_norm  text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name COLLATE "und-x-icu")) STORED,
	domain     text CHECK (length(domain) <= 253),
	phone      text CHECK (length(phone) <= 60),
	note       text CHECK (length(note) <= 10000),
	import_id  uuid,                               -- made by this import, so that a revert can take it away
	version    bigint NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id)
);
CREATE INDEX account_name ON pact.account (tenant_id, name_norm, id);
CREATE TABLE pact.custom_field (
	tenant_id  uuid NOT NULL REFERENCES pact.tenant,
	key        text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,59}$'),
	label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 120),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, key)
);
-- The projection of the ledger: who somebody is now and whether they may be mailed. Triggers write the ledger from it in
-- the same statement (sql/api/consent.sql), so that the two cannot disagree; consent columns of a contact that is there
-- change through app.consent_apply() alone, which holds the rules. No foreign key to pact.tenant: it would be checked row
-- by row at a tenth of the cost of an insert, and could not be false: the policy lets a contact into the context's workspace
-- only, which the door has just read.
CREATE TABLE pact.contact (
	tenant_id        uuid NOT NULL,
	id               uuid NOT NULL DEFAULT app.uuid7(),
	email            text CHECK (length(email) BETWEEN 3 AND 254),
	email_norm       text COLLATE "C" GENERATED ALWAYS AS (lower(email COLLATE "und-x-icu")) STORED,
	email_hash       bytea,                        -- keyed hash, set by trigger; meets the suppression list
	first_name       text CHECK (length(first_name) <= 200),
	last_name        text CHECK (length(last_name) <= 200),
	first_norm       text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(coalesce(first_name, '') COLLATE "und-x-icu")) STORED,
	last_norm        text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(coalesce(last_name, '') COLLATE "und-x-icu")) STORED,
	name_search      text COLLATE "C" NOT NULL GENERATED ALWAYS AS
		(lower((coalesce(first_name, '') || ' ' || coalesce(last_name, '')) COLLATE "und-x-icu")) STORED,
	phone            text CHECK (length(phone) <= 60),
	title            text CHECK (length(title) <= 200),
	account_id       uuid,
	tags             text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 100),
	custom           jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom) = 'object'),
	consent_status   text NOT NULL CHECK (consent_status IN ('confirmed', 'pending', 'declined')),
	consent_source   text NOT NULL,
	consent_at       timestamptz NOT NULL DEFAULT now(),  -- when the person did what consent_status says, as far as known
	consent_evidence jsonb,                        -- what shows it
	consent_import_id uuid,                        -- the import that changed it last; null when made by one (import_id)
	consent_event_id uuid NOT NULL DEFAULT app.uuid7(),   -- the ledger event that says so
	declined_at      timestamptz,                  -- the last decline, also when a later confirmation followed it
	suppressed       boolean NOT NULL DEFAULT false,
	import_id        uuid,                         -- the import that made it
	archived_at      timestamptz,
	version          bigint NOT NULL DEFAULT 1,
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, account_id) REFERENCES pact.account
);
-- What app.contact_insert() takes; null members take the column's default, a null consent_status the workspace's policy.
CREATE TYPE app.contact_new AS (
	id uuid, email text, first_name text, last_name text, phone text, title text, account_id uuid, tags text[], custom jsonb,
	consent_status text, consent_source text, consent_at timestamptz, consent_evidence jsonb, import_id uuid);
CREATE UNIQUE INDEX contact_email ON pact.contact (tenant_id, email_norm);
-- One for each order and filter that lists offer; archived contacts are in the last of them alone.
CREATE INDEX contact_no_email ON pact.contact (tenant_id, id) WHERE email_norm IS NULL;
CREATE INDEX contact_name ON pact.contact (tenant_id, last_norm, first_norm, id) WHERE archived_at IS NULL;
CREATE INDEX contact_first ON pact.contact (tenant_id, first_norm, id) WHERE archived_at IS NULL;
CREATE INDEX contact_consent ON pact.contact (tenant_id, consent_status, id) WHERE archived_at IS NULL;
CREATE INDEX contact_account ON pact.contact (tenant_id, account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX contact_archived ON pact.contact (tenant_id, id) WHERE archived_at IS NOT NULL;
CREATE INDEX contact_import ON pact.contact (tenant_id, import_id, id) WHERE import_id IS NOT NULL;
CREATE INDEX contact_search ON pact.contact USING gin (tenant_id, name_search app.gin_trgm_leakproof_ops);
-- contact.tags by index; kept by trigger.
CREATE TABLE pact.contact_tag (
	tenant_id  uuid NOT NULL,
	tag        text COLLATE "C" NOT NULL CHECK (length(tag) BETWEEN 1 AND 60),
	contact_id uuid NOT NULL,
	PRIMARY KEY (tenant_id, tag, contact_id),
	FOREIGN KEY (tenant_id, contact_id) REFERENCES pact.contact ON DELETE CASCADE
);
CREATE INDEX contact_tag_contact ON pact.contact_tag (tenant_id, contact_id);

-- The ledger: append-only; consent, identity, erasure. No foreign key to contact: it outlives the contact.
CREATE TABLE pact.contact_event (
	tenant_id    uuid NOT NULL,
	id           uuid NOT NULL DEFAULT app.uuid7(),
	contact_id   uuid NOT NULL,
	kind         text NOT NULL CHECK (kind IN ('created', 'consent', 'archived', 'restored', 'merged', 'erasure_executed')),
	at           timestamptz NOT NULL DEFAULT now(),
	effective_at timestamptz,                      -- when the person did it, where that was earlier than `at`
	status       text CHECK (status IN ('confirmed', 'pending', 'declined')),
	previous     text,
	source       text NOT NULL,                    -- manual, api, import, unsubscribe, policy, …
	actor_kind   text NOT NULL DEFAULT app.actor_kind(),
	actor_id     uuid DEFAULT app.actor_id(),
	actor_email  text DEFAULT app.actor_email(),
	evidence     jsonb,                            -- what the person did, when, where; nulled on erasure
	import_id    uuid,
	request_id   text DEFAULT app.request_id(),
	PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX contact_event_contact ON pact.contact_event (tenant_id, contact_id, id);
CREATE TABLE pact.contact_event_default PARTITION OF pact.contact_event DEFAULT;

CREATE TABLE pact.activity (
	tenant_id   uuid NOT NULL,
	id          uuid NOT NULL DEFAULT app.uuid7(),
	contact_id  uuid,
	account_id  uuid,
	kind        text NOT NULL CHECK (kind IN ('note', 'call', 'meeting', 'email', 'task')),
	subject     text NOT NULL DEFAULT '' CHECK (length(subject) <= 300),
	body        text NOT NULL DEFAULT '' CHECK (length(body) <= 20000),
	occurred_at timestamptz NOT NULL DEFAULT now(),
	due_at      timestamptz,
	done_at     timestamptz,
	created_by  uuid DEFAULT app.actor_id(),
	version     bigint NOT NULL DEFAULT 1,
	created_at  timestamptz NOT NULL DEFAULT now(),
	updated_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, contact_id) REFERENCES pact.contact ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, account_id) REFERENCES pact.account,
	CHECK (contact_id IS NOT NULL OR account_id IS NOT NULL)
) PARTITION BY RANGE (id);
CREATE INDEX activity_contact ON pact.activity (tenant_id, contact_id, occurred_at, id);
CREATE INDEX activity_account ON pact.activity (tenant_id, account_id, occurred_at, id) WHERE account_id IS NOT NULL;
CREATE INDEX activity_task ON pact.activity (tenant_id, coalesce(due_at, 'infinity'), id) WHERE kind = 'task' AND done_at IS NULL;
CREATE TABLE pact.activity_default PARTITION OF pact.activity DEFAULT;

-- Keyed hashes of addresses that may never be mailed again; survives erasure. Met by a trigger on contact.
CREATE TABLE pact.suppression (
	tenant_id    uuid NOT NULL REFERENCES pact.tenant,
	address_hash bytea NOT NULL,
	reason       text NOT NULL CHECK (reason IN ('unsubscribed', 'declined', 'erased', 'bounced', 'complaint', 'objection')),
	created_at   timestamptz NOT NULL DEFAULT now(),   -- of the decline: evidence must be later to lift it
	event_id     uuid,                             -- the ledger event that asked for it
	PRIMARY KEY (tenant_id, address_hash)
);

-- ── imports ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE pact.import (
	tenant_id        uuid NOT NULL REFERENCES pact.tenant,
	id               uuid NOT NULL DEFAULT app.uuid7(),
	status           text NOT NULL DEFAULT 'uploading' CHECK (status IN
		('uploading', 'mapping', 'queued', 'running', 'done', 'failed', 'cancelled', 'reverted')),
	dry_run          boolean NOT NULL DEFAULT false,
	filename         text NOT NULL DEFAULT '' CHECK (length(filename) <= 255),
	format           text CHECK (format IN ('csv', 'vcard')),
	size             bigint NOT NULL DEFAULT 0,
	sha256           bytea,
	guess            jsonb NOT NULL DEFAULT '{}',  -- what the file looks like: encoding, separator, header, tool, sample rows
	mapping          jsonb NOT NULL DEFAULT '[]',  -- [{"column":0,"field":"email"}…]
	options          jsonb NOT NULL DEFAULT '{}',
	rows_total       bigint NOT NULL DEFAULT 0,
	rows_done        bigint NOT NULL DEFAULT 0,    -- also where a restarted runner goes on
	imported         bigint NOT NULL DEFAULT 0,
	updated          bigint NOT NULL DEFAULT 0,
	skipped          bigint NOT NULL DEFAULT 0,
	errors           bigint NOT NULL DEFAULT 0,
	mailable         bigint NOT NULL DEFAULT 0,
	needs_confirming bigint NOT NULL DEFAULT 0,
	suppressed       bigint NOT NULL DEFAULT 0,
	problem          text,                         -- why it failed, for the person who started it
	cancel_requested boolean NOT NULL DEFAULT false,
	job_id           uuid,
	created_by       uuid DEFAULT app.actor_id(),
	version          bigint NOT NULL DEFAULT 1,
	created_at       timestamptz NOT NULL DEFAULT now(),
	updated_at       timestamptz NOT NULL DEFAULT now(),
	finished_at      timestamptz,
	PRIMARY KEY (tenant_id, id)
);
-- The file, until the runner is done with it.
CREATE TABLE pact.import_chunk (
	tenant_id uuid NOT NULL,
	import_id uuid NOT NULL,
	seq       int NOT NULL,
	data      bytea NOT NULL,
	PRIMARY KEY (tenant_id, import_id, seq),
	FOREIGN KEY (tenant_id, import_id) REFERENCES pact.import ON DELETE CASCADE
);
ALTER TABLE pact.import_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE pact.import_error (
	tenant_id   uuid NOT NULL,
	import_id   uuid NOT NULL,
	line        bigint NOT NULL,
	seq         int NOT NULL,
	column_name text,
	value       text,
	detail      text NOT NULL,
	PRIMARY KEY (tenant_id, import_id, line, seq),
	FOREIGN KEY (tenant_id, import_id) REFERENCES pact.import ON DELETE CASCADE
);
-- What an import changed in contacts that were there before: what a revert puts back.
CREATE TABLE pact.import_change (
	tenant_id  uuid NOT NULL,
	import_id  uuid NOT NULL,
	contact_id uuid NOT NULL,
	before     jsonb NOT NULL,
	version    bigint NOT NULL,                    -- of the contact after the import: later edits are not overwritten
	PRIMARY KEY (tenant_id, import_id, contact_id),
	FOREIGN KEY (tenant_id, import_id) REFERENCES pact.import ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, contact_id) REFERENCES pact.contact ON DELETE CASCADE
);
CREATE INDEX import_change_contact ON pact.import_change (tenant_id, contact_id);

-- ── machinery ────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE pact.job (
	tenant_id    uuid NOT NULL REFERENCES pact.tenant,
	id           uuid NOT NULL DEFAULT app.uuid7(),
	module       text NOT NULL,
	kind         text NOT NULL,
	payload      jsonb NOT NULL DEFAULT '{}',      -- emptied when the job is done
	status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed', 'dead')),
	attempts     int NOT NULL DEFAULT 0,
	max_attempts int NOT NULL DEFAULT 5,
	done         bigint NOT NULL DEFAULT 0,        -- progress, for whoever waits
	total        bigint,
	result       jsonb,
	last_error   text,
	requested_by uuid DEFAULT app.actor_id(),      -- the job acts for them, from where they asked
	ip           text DEFAULT app.ip(),
	request_id   text DEFAULT app.request_id(),
	created_at   timestamptz NOT NULL DEFAULT now(),
	finished_at  timestamptz,
	PRIMARY KEY (tenant_id, id)
);
CREATE TABLE pact.outbox (
	tenant_id  uuid NOT NULL REFERENCES pact.tenant,
	id         uuid NOT NULL DEFAULT app.uuid7(),
	user_id    uuid NOT NULL,                      -- mail to the people who work here; mail to contacts comes with sequences
	template   text NOT NULL,
	vars       jsonb NOT NULL DEFAULT '{}',
	status     text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sending', 'sent', 'failed')),
	attempts   int NOT NULL DEFAULT 0,
	last_error text,
	message_id text,
	created_at timestamptz NOT NULL DEFAULT now(),
	sent_at    timestamptz,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX outbox_user ON pact.outbox (tenant_id, user_id);
-- Stored answers of requests that carried an Idempotency-Key; kept 24 hours.
CREATE TABLE pact.idempotency (
	tenant_id    uuid NOT NULL,
	actor_id     uuid NOT NULL,
	route        text NOT NULL,
	key          text NOT NULL,
	body_sha256  bytea NOT NULL,
	status       int,
	headers      jsonb,
	body         bytea,
	resource_id  uuid,                             -- the contact the answer is about, so that erasure finds it
	created_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, actor_id, route, key)
);
CREATE INDEX idempotency_age ON pact.idempotency (tenant_id, created_at);
CREATE INDEX idempotency_resource ON pact.idempotency (tenant_id, resource_id) WHERE resource_id IS NOT NULL;

-- The audit log. LIST by retention class, then RANGE by id (UUIDv7 is time): retention drops whole partitions.
CREATE TABLE pact.audit_event (
	tenant_id       uuid NOT NULL,
	id              uuid NOT NULL DEFAULT app.uuid7(),
	retention_class text NOT NULL DEFAULT 'standard' CHECK (retention_class IN ('standard', 'enterprise')),
	at              timestamptz NOT NULL DEFAULT now(),
	action          text NOT NULL,                 -- resource.verb: contact.update, auth.login, …
	module          text NOT NULL DEFAULT app.module(),
	actor_kind      text NOT NULL DEFAULT app.actor_kind(),
	actor_id        uuid DEFAULT app.actor_id(),
	actor_email     text DEFAULT app.actor_email(),
	resource_type   text NOT NULL,
	resource_id     uuid,
	subject_id      uuid,                          -- the contact it is about, where that is not the resource itself
	old             jsonb,
	new             jsonb,
	ip              text DEFAULT app.ip(),
	request_id      text DEFAULT app.request_id(),
	PRIMARY KEY (tenant_id, id, retention_class)
) PARTITION BY LIST (retention_class);
CREATE TABLE pact.audit_event_standard PARTITION OF pact.audit_event FOR VALUES IN ('standard') PARTITION BY RANGE (id);
CREATE TABLE pact.audit_event_standard_default PARTITION OF pact.audit_event_standard DEFAULT;
CREATE TABLE pact.audit_event_enterprise PARTITION OF pact.audit_event FOR VALUES IN ('enterprise') PARTITION BY RANGE (id);
CREATE TABLE pact.audit_event_enterprise_default PARTITION OF pact.audit_event_enterprise DEFAULT;
CREATE INDEX audit_event_actor ON pact.audit_event (tenant_id, actor_id, id);
CREATE INDEX audit_event_action ON pact.audit_event (tenant_id, action, id);
CREATE INDEX audit_event_resource ON pact.audit_event (tenant_id, resource_id, id);
CREATE INDEX audit_event_type ON pact.audit_event (tenant_id, resource_type, id);
CREATE INDEX audit_event_subject ON pact.audit_event (tenant_id, subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_event_ip ON pact.audit_event (tenant_id, ip, id);

SELECT app.tenant_table(t) FROM unnest(ARRAY['tenant', 'tenant_key', 'user_account', 'user_password', 'role', 'user_role',
	'session', 'account', 'custom_field', 'contact', 'contact_tag', 'contact_event', 'activity', 'suppression', 'import',
	'import_chunk', 'import_error', 'import_change', 'job', 'outbox', 'idempotency', 'audit_event',
	-- partitions: nobody has a grant on one; if ever one slips in, the policy is there
	'contact_event_default', 'activity_default', 'audit_event_standard', 'audit_event_standard_default', 'audit_event_enterprise',
	'audit_event_enterprise_default']) t;

RESET ROLE;
