-- SPDX-License-Identifier: GPL-3.0-or-later
-- Schemas, the context, the registers. Tables follow in 0002.
--
--   pact       tenant tables, row-level security forced on each
--   directory  the little that must be known before a tenant is: host name, login address
--   app        context, doors, jobs, ledger, audit, erasure
--   api        one function per representation
--   ops        what an operator may do (scripts/pactctl)
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE SCHEMA pact AUTHORIZATION pact_owner;
CREATE SCHEMA directory AUTHORIZATION pact_owner;
CREATE SCHEMA app AUTHORIZATION pact_owner;
CREATE SCHEMA api AUTHORIZATION pact_owner;
CREATE SCHEMA ops AUTHORIZATION pact_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO pact_owner, pact_door;
GRANT USAGE, CREATE ON SCHEMA app, ops TO pact_door;
GRANT USAGE ON SCHEMA pact, directory, api TO pact_door;
ALTER DEFAULT PRIVILEGES FOR ROLE pact_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE pact_door REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- A LIKE that may be an index condition under row-level security: PostgreSQL's own LIKE is not marked LEAKPROOF and
-- therefore can never be one there (design: database, 1). textlike() raises no error that depends on the value
-- compared, only on the pattern, which is the caller's own.
CREATE FUNCTION app.text_like(text, text) RETURNS boolean
	LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 2 AS 'textlike';
CREATE OPERATOR app.~~~ (
	LEFTARG = text, RIGHTARG = text, FUNCTION = app.text_like, RESTRICT = likesel, JOIN = likejoinsel);
CREATE OPERATOR CLASS app.gin_trgm_leakproof_ops FOR TYPE text USING gin AS
	OPERATOR 3 app.~~~ (text, text),
	FUNCTION 1 btint4cmp (int4, int4),
	FUNCTION 2 gin_extract_value_trgm (text, internal),
	FUNCTION 3 gin_extract_query_trgm (text, internal, int2, internal, internal, internal, internal),
	FUNCTION 4 gin_trgm_consistent (internal, int2, text, int4, internal, internal, internal, internal),
	FUNCTION 6 gin_trgm_triconsistent (internal, int2, text, int4, internal, internal, internal),
	STORAGE int4;
REVOKE EXECUTE ON FUNCTION app.text_like(text, text) FROM PUBLIC;

SET ROLE pact_owner;

-- The context of a transaction, set by the doors alone. Plain SQL and STABLE so that the planner inlines it into each
-- policy: no SET clause, not SECURITY DEFINER. nullif: a value set earlier in the session by set_config(…, true)
-- leaves an empty string behind, which must read as unset, not as a bad uuid.
CREATE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT nullif(pg_catalog.current_setting('pact.tenant_id', true), '')::pg_catalog.uuid $$;
CREATE FUNCTION app.actor_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT coalesce(nullif(pg_catalog.current_setting('pact.actor_kind', true), ''), 'system') $$;
CREATE FUNCTION app.actor_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT nullif(pg_catalog.current_setting('pact.actor_id', true), '')::pg_catalog.uuid $$;
CREATE FUNCTION app.actor_email() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT nullif(pg_catalog.current_setting('pact.actor_email', true), '') $$;
CREATE FUNCTION app.ip() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT nullif(pg_catalog.current_setting('pact.ip', true), '') $$;
CREATE FUNCTION app.request_id() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT nullif(pg_catalog.current_setting('pact.request_id', true), '') $$;
-- The program that acts: pact_crm -> crm. session_user survives SECURITY DEFINER.
CREATE FUNCTION app.module() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT pg_catalog.regexp_replace(session_user::text, '^pact_', '') $$;

-- RFC 9562 UUIDv7: 48 bits of Unix milliseconds, then the fraction of the millisecond in the 12 bits of rand_a (method
-- 3), so that ids made one after the other sort by time. One expression that names p_at once, so that it is inlined into
-- column defaults: a call of a function that is not costs more than the row.
CREATE FUNCTION app.uuid7(p_at timestamptz DEFAULT clock_timestamp()) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
	AS $$
	SELECT (overlay(lpad(to_hex((date_part('epoch', p_at) * 4096000)::bigint), 15, '0') PLACING '7' FROM 13 FOR 0)
		|| right(gen_random_uuid()::text, 17))::uuid
	$$;
-- The smallest UUIDv7 of an instant: partition bounds and time filters on id.
CREATE FUNCTION app.uuid7_floor(p_at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
	SELECT (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7000-8000-000000000000')::uuid
	FROM (SELECT lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0') AS h) t
	$$;
CREATE FUNCTION app.uuid7_time(p_id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
	SELECT to_timestamp(('x' || lpad(substr(replace(p_id::text, '-', ''), 1, 12), 16, '0'))::bit(64)::bigint / 1000.0)
	$$;
-- RFC 3339 with Z, milliseconds.
CREATE FUNCTION app.rfc3339(p timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT to_char(p AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

-- ── registers ────────────────────────────────────────────────────────────────────────────────────────────────────
-- What each column is for privacy's purposes. Erasure, evidence packet, residue sweep, portability, audit diffs and
-- the record of processing are derived from it; a column of a tenant table without a row fails the tests.
CREATE TABLE app.table_register (
	table_name    text PRIMARY KEY,
	resource_type text NOT NULL,            -- what the audit log calls a row
	subject       text,                     -- the column that names the contact a row is about; null: none
	audited       boolean NOT NULL,
	resource_id   text,                     -- the column that is the audit event's resource_id; null: none
	audit_extra   text                      -- SQL, a jsonb added to old and new of row r: names of what r points at
);
CREATE TABLE app.column_register (
	table_name    text NOT NULL REFERENCES app.table_register,
	column_name   text NOT NULL,
	personal      boolean NOT NULL,
	-- delete: the row goes; null: the value goes; keep: it stays, because…; match: no key says whose it is, so it goes
	-- where it contains the person's address, telephone number or full name
	on_erase      text NOT NULL CHECK (on_erase IN ('delete', 'null', 'keep', 'match')),
	in_access     boolean NOT NULL,         -- in the access packet and C5's export
	in_portability boolean NOT NULL,
	audited       boolean NOT NULL,         -- old and new value in the audit event
	-- Stands in the event of a row's creation; where no column of a table says so, all audited ones do. The other values
	-- of a new row are in the row, in the diffs that follow and in the event of its deletion.
	on_create     boolean NOT NULL,
	reason        text,                     -- why a personal column may be kept
	PRIMARY KEY (table_name, column_name),
	CHECK (NOT (personal AND on_erase = 'keep') OR reason IS NOT NULL)
);
-- Lines of `column on_erase flags reason…`; flags: p personal, a access, o portability, d audited (old and new in the
-- diff), c in the event of creation, - none. For a later migration that adds columns to a table declared before.
CREATE FUNCTION app.declare_columns(p_table text, p_columns text) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	line text;
	w text[];
BEGIN
	FOREACH line IN ARRAY string_to_array(p_columns, E'\n') LOOP
		w := regexp_split_to_array(btrim(line, E' \t'), '\s+');
		CONTINUE WHEN coalesce(w[1], '') = '';
		INSERT INTO app.column_register VALUES (p_table, w[1], w[3] LIKE '%p%', w[2], w[3] LIKE '%a%', w[3] LIKE '%o%',
			w[3] LIKE '%d%', w[3] LIKE '%c%', nullif(array_to_string(w[4:], ' '), ''));
	END LOOP;
END $$;
-- One call per table.
CREATE FUNCTION app.declare_table(p_table text, p_resource text, p_subject text, p_audited boolean, p_columns text,
	p_resource_id text DEFAULT 'id', p_audit_extra text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO app.table_register VALUES (p_table, p_resource, p_subject, p_audited, p_resource_id, p_audit_extra);
	PERFORM app.declare_columns(p_table, p_columns);
END $$;

-- Row-level security, forced, on one table; also checks that its keys begin with the tenant.
CREATE FUNCTION app.tenant_table(p_table text) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	EXECUTE format('ALTER TABLE pact.%I ENABLE ROW LEVEL SECURITY', p_table);
	EXECUTE format('ALTER TABLE pact.%I FORCE ROW LEVEL SECURITY', p_table);
	EXECUTE format('CREATE POLICY tenant ON pact.%I USING (tenant_id = app.tenant_id()) WITH CHECK (tenant_id = app.tenant_id())',
		p_table);
END $$;

CREATE TABLE app.schema_version (
	version int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());

-- ── directory: known before a tenant is ──────────────────────────────────────────────────────────────────────────
CREATE TABLE directory.workspace (
	slug      text PRIMARY KEY CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$'),
	tenant_id uuid NOT NULL UNIQUE,
	suspended boolean NOT NULL DEFAULT false        -- its jobs wait
);
-- Login by address alone: a keyed hash of the address (key with `auth`, never here) to the workspaces that have it.
CREATE TABLE directory.login (
	address_hmac bytea NOT NULL,
	tenant_id    uuid NOT NULL,
	user_id      uuid NOT NULL,
	last_used    timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (address_hmac, tenant_id)
);
CREATE INDEX login_user ON directory.login (tenant_id, user_id);
-- Throttle buckets, keyed by hashes; no tenant is known when they are asked.
CREATE TABLE app.throttle (
	key          bytea PRIMARY KEY,
	window_start timestamptz NOT NULL,
	n            int NOT NULL
);
CREATE INDEX throttle_window ON app.throttle (window_start);
-- What a runner may take next. No personal data, no row-level security: reached through app.claim() alone.
CREATE TABLE app.job_queue (
	tenant_id uuid NOT NULL,
	job_id    uuid NOT NULL,
	module    text NOT NULL,
	kind      text NOT NULL,
	run_at    timestamptz NOT NULL DEFAULT now(),
	lease     timestamptz,                          -- taken until then
	holder    int,                                  -- by this backend: a runner that lost its lease cannot go on
	attempts  int NOT NULL DEFAULT 0,
	max_attempts int NOT NULL DEFAULT 5,
	PRIMARY KEY (tenant_id, job_id)
);
CREATE INDEX job_queue_next ON app.job_queue (module, run_at);

RESET ROLE;
