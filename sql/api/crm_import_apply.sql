-- SPDX-License-Identifier: GPL-3.0-or-later
-- One chunk of an import, set-based and in one transaction: contacts, accounts, ledger, audit, error rows, what a revert needs and
-- how far it came. A runner that dies anywhere goes on after the last chunk that was committed. A dry run takes the same
-- way up to the point of writing; what it would have written lives in the session's temporary tables until it ends.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION app.stricter(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT CASE WHEN a IS NULL OR app.consent_rank(b) < app.consent_rank(a) THEN coalesce(b, a) ELSE a END $$;
-- How an import counts a contact: 1 may be mailed, 2 needs confirming, 3 suppressed or declined, 0 none of these.
CREATE OR REPLACE FUNCTION app.import_class(p_status text, p_suppressed boolean, p_reachable boolean) RETURNS int
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_suppressed OR p_status = 'declined' THEN 3 WHEN p_status = 'pending' THEN 2 WHEN p_reachable THEN 1 ELSE 0 END
	$$;

-- import_row: the rows of a chunk. round: the how manieth row of its address in the chunk it is; rounds are done one after
-- the other. import_hit: those of a round whose address is there. import_seen: dry runs only, what the file has met so far.
CREATE OR REPLACE FUNCTION app.import_tables() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass('pg_temp.import_seen') IS NOT NULL THEN
		RETURN;
	END IF;
	CREATE TEMPORARY TABLE import_row (n int, id uuid, line bigint, round int, email text, email_norm text COLLATE "C", first_name text,
		last_name text, phone text, title text, account text, account_norm text COLLATE "C", tags text[], custom jsonb, note text,
		status text, asked text, at timestamptz, evidence jsonb) ON COMMIT DELETE ROWS;
	CREATE TEMPORARY TABLE import_account (name_norm text COLLATE "C", name text, id uuid, made boolean) ON COMMIT DELETE ROWS;
	CREATE TEMPORARY TABLE import_hit (n int, id uuid, created boolean, seen boolean, known boolean, version bigint, was text,
		class int, email text, email_norm text COLLATE "C", email_hash bytea, source text, first_name text, last_name text, phone text,
		title text, account_id uuid, tags text[], custom jsonb, before jsonb, before_all jsonb, version_then bigint, asked text, base text,
		ask text, rule boolean, at timestamptz, evidence jsonb, suppressed boolean, archived boolean, changed boolean, status text,
		consented boolean) ON COMMIT DELETE ROWS;
	CREATE TEMPORARY TABLE import_seen (email_norm text COLLATE "C" PRIMARY KEY, id uuid, created boolean, first_name text,
		last_name text, phone text, title text, account_id uuid, tags text[], custom jsonb, status text, asked text, base text,
		suppressed boolean, archived boolean) ON COMMIT PRESERVE ROWS;
END $$;

-- Fills import_hit: a contact as it is now, as the row would leave it (empty fields are filled, others only replaced when the
-- person asked for that), and the consent the row may ask for.
--   created  this import made it          seen   this import has met it before, known: and has a row in import_change
--   asked    strictest consent named for it by the file       base  its consent before the import, if that has changed
--   ask      what is asked of app.consent_apply(); rule: by its rules, else it lowers
-- LATERAL … OFFSET 0: looked up by key, row by row, whatever the planner believes about the size of a workspace that was empty
-- a moment ago.
CREATE OR REPLACE FUNCTION app.import_match(p_tenant uuid, i pact.import, p_round int) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
	v_over boolean := coalesce((i.options ->> 'overwrite')::boolean, false);
	n bigint;
BEGIN
	INSERT INTO pg_temp.import_hit
	SELECT x.n, x.id, x.created, x.seen, x.known, x.version, x.was, app.import_class(x.was, x.suppressed, NOT x.archived), x.email,
		x.email_norm, x.email_hash, x.source, x.first_name, x.last_name, x.phone, x.title, x.account_id, x.tags, x.custom,
		nullif(jsonb_strip_nulls(jsonb_build_object(
			'first_name', CASE WHEN x.first_name IS DISTINCT FROM x.o_first THEN coalesce(x.o_first, '') END,
			'last_name', CASE WHEN x.last_name IS DISTINCT FROM x.o_last THEN coalesce(x.o_last, '') END,
			'phone', CASE WHEN x.phone IS DISTINCT FROM x.o_phone THEN coalesce(x.o_phone, '') END,
			'title', CASE WHEN x.title IS DISTINCT FROM x.o_title THEN coalesce(x.o_title, '') END,
			'account_id', CASE WHEN x.account_id IS DISTINCT FROM x.o_account THEN coalesce(x.o_account::text, '') END,
			'tags', CASE WHEN x.tags <> x.o_tags THEN x.o_tags END,
			'custom', CASE WHEN x.custom <> x.o_custom THEN x.o_custom END)), '{}'),
		x.before_all, x.version_then,
		CASE WHEN x.created THEN x.asked ELSE app.stricter(x.asked, x.r_status) END, x.base,
		CASE WHEN x.created THEN CASE WHEN app.consent_rank(x.r_asked) < app.consent_rank(x.was) THEN x.r_asked END
			WHEN x.rule THEN x.r_status
			WHEN x.asked = 'confirmed' THEN CASE WHEN app.consent_rank(app.stricter(x.base, x.r_status)) < app.consent_rank(x.was)
				AND x.r_status <> 'confirmed' THEN app.stricter(x.base, x.r_status) END
			WHEN app.consent_rank(x.r_status) < app.consent_rank(x.was) AND app.consent_rank(x.r_status) < app.consent_rank(x.asked)
				THEN x.r_status END,
		x.rule, x.at, x.evidence, x.suppressed, x.archived, false, x.was, false
	FROM (
		SELECT r.n, c.id, c.created, c.seen, c.known, c.version, c.status AS was, c.email, r.email_norm, c.email_hash, c.source,
			CASE WHEN r.first_name IS NULL OR NOT v_over AND c.first_name <> '' THEN c.first_name ELSE r.first_name END AS first_name,
			CASE WHEN r.last_name IS NULL OR NOT v_over AND c.last_name <> '' THEN c.last_name ELSE r.last_name END AS last_name,
			CASE WHEN r.phone IS NULL OR NOT v_over AND c.phone <> '' THEN c.phone ELSE r.phone END AS phone,
			CASE WHEN r.title IS NULL OR NOT v_over AND c.title <> '' THEN c.title ELSE r.title END AS title,
			CASE WHEN a.id IS NULL OR NOT v_over AND c.account_id IS NOT NULL THEN c.account_id ELSE a.id END AS account_id,
			CASE WHEN r.tags <@ c.tags THEN c.tags ELSE (c.tags || ARRAY(SELECT t FROM unnest(r.tags) WITH ORDINALITY t (t, o)
				WHERE NOT t.t = ANY (c.tags) ORDER BY t.o))[:100] END AS tags,
			CASE WHEN r.custom = '{}' THEN c.custom WHEN v_over THEN c.custom || r.custom ELSE r.custom || c.custom END AS custom,
			c.first_name AS o_first, c.last_name AS o_last, c.phone AS o_phone, c.title AS o_title, c.account_id AS o_account,
			c.tags AS o_tags, c.custom AS o_custom, c.asked, c.base, c.suppressed, c.archived, c.before_all, c.version_then,
			r.status AS r_status, r.asked AS r_asked, r.at, r.evidence,
			NOT c.created AND (NOT c.known OR c.asked IS NULL OR c.asked = 'confirmed' AND c.base IS NULL) AS rule
		FROM pg_temp.import_row r
		CROSS JOIN LATERAL (
			SELECT x.id, x.import_id IS NOT DISTINCT FROM i.id AS created, x.import_id IS NOT DISTINCT FROM i.id OR k.contact_id IS NOT NULL AS seen,
				k.contact_id IS NOT NULL AS known, x.version, x.consent_status AS status, x.email, x.email_hash, x.consent_source AS source,
				x.first_name, x.last_name, x.phone, x.title, x.account_id, x.tags, x.custom, k.asked, k.before ->> 'consent_status' AS base,
				k.before AS before_all, k.version AS version_then, x.suppressed, x.archived_at IS NOT NULL AS archived
			FROM (SELECT * FROM pact.contact y WHERE y.tenant_id = p_tenant AND y.email_norm = r.email_norm OFFSET 0) x
			LEFT JOIN LATERAL (SELECT * FROM pact.import_change y WHERE NOT i.dry_run AND y.tenant_id = p_tenant AND y.import_id = i.id
				AND y.contact_id = x.id OFFSET 0) k ON true
			WHERE NOT (i.dry_run AND EXISTS (SELECT FROM pg_temp.import_seen s WHERE s.email_norm = r.email_norm))
			UNION ALL
			SELECT s.id, s.created, true, true, 0, s.status, s.email_norm, NULL, NULL, s.first_name, s.last_name, s.phone, s.title, s.account_id,
				s.tags, s.custom, s.asked, s.base, NULL, NULL, s.suppressed, s.archived
			FROM pg_temp.import_seen s WHERE i.dry_run AND s.email_norm = r.email_norm
		) c
		LEFT JOIN pg_temp.import_account a ON a.name_norm = r.account_norm
		WHERE r.round = p_round AND r.email_norm IS NOT NULL
	) x;
	GET DIAGNOSTICS n = ROW_COUNT;
	UPDATE pg_temp.import_hit h SET changed = true WHERE h.before IS NOT NULL;
	RETURN n;
END $$;

-- Writes what import_hit says, and the consent that is asked for. By way of ON CONFLICT, which goes to the row by its key and
-- leaves the planner no choice. A contact that somebody else has just changed makes the chunk begin again.
CREATE OR REPLACE FUNCTION app.import_update(p_tenant uuid, i pact.import) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n bigint;
BEGIN
	IF EXISTS (SELECT FROM pg_temp.import_hit h WHERE h.changed) THEN
		INSERT INTO pact.contact AS c (tenant_id, id, email, email_hash, first_name, last_name, phone, title, account_id, tags, custom,
				consent_status, consent_source, version)
			SELECT p_tenant, h.id, h.email, h.email_hash, h.first_name, h.last_name, h.phone, h.title, h.account_id, h.tags, h.custom, h.was,
				h.source, h.version FROM pg_temp.import_hit h WHERE h.changed ORDER BY h.id
			ON CONFLICT (tenant_id, id) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
				phone = excluded.phone, title = excluded.title, account_id = excluded.account_id, tags = excluded.tags, custom = excluded.custom
			WHERE c.version = excluded.version;
		GET DIAGNOSTICS n = ROW_COUNT;
		IF n <> (SELECT count(*) FROM pg_temp.import_hit h WHERE h.changed) THEN
			RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'a contact was changed meanwhile';
		END IF;
	END IF;
	UPDATE pg_temp.import_hit h SET status = a.status, consented = true
		FROM (SELECT array_agg(x.id) AS ids, array_agg(x.ask) AS ask, array_agg(x.at) AS at, array_agg(x.evidence) AS evidence
			FROM pg_temp.import_hit x WHERE x.ask IS NOT NULL) v,
			app.consent_apply(v.ids, v.ask, v.at, v.evidence, 'import', i.id, true) a
		WHERE v.ids IS NOT NULL AND h.id = a.contact_id AND a.outcome = 'changed';
	-- The version it has now: each of the two statements moved it by one. What somebody else has edited between two rows of
	-- the file (version 0) is not put back.
	INSERT INTO pact.import_change AS k (tenant_id, import_id, contact_id, before, version, asked)
		SELECT p_tenant, i.id, h.id, CASE WHEN h.changed OR h.consented THEN coalesce(h.before, '{}') || coalesce(h.before_all, '{}')
				|| CASE WHEN h.consented AND h.base IS NULL THEN jsonb_build_object('consent_status', h.was) ELSE '{}' END ELSE h.before_all END,
			CASE WHEN h.known AND h.version_then <> h.version OR NOT h.known AND h.created AND h.version <> 1 THEN 0
				ELSE h.version + h.changed::int + h.consented::int END, h.asked
		FROM pg_temp.import_hit h WHERE NOT h.created OR h.changed OR h.consented ORDER BY h.id
		ON CONFLICT (tenant_id, import_id, contact_id) DO UPDATE SET before = excluded.before, version = excluded.version, asked = excluded.asked
		WHERE (k.before, k.version, k.asked) IS DISTINCT FROM (excluded.before, excluded.version, excluded.asked);
END $$;

-- The same for a dry run: decides what would become of the consent, and remembers.
CREATE OR REPLACE FUNCTION app.import_pretend(p_tenant uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE pg_temp.import_hit h SET status = h.ask, consented = true WHERE h.ask IS NOT NULL AND NOT h.rule;
	UPDATE pg_temp.import_hit h SET status = d.status, consented = true
		FROM (SELECT array_agg(x.id) AS ids, array_agg(x.ask) AS ask, array_agg(x.at) AS at, array_agg(x.evidence) AS evidence
			FROM pg_temp.import_hit x WHERE x.ask IS NOT NULL AND x.rule) v,
			app.consent_decide(v.ids, v.ask, v.at, v.evidence, true) d
		WHERE v.ids IS NOT NULL AND h.id = d.id AND d.outcome = 'changed';
	UPDATE pg_temp.import_hit h SET suppressed = h.status = 'declined' WHERE h.consented;
	INSERT INTO pg_temp.import_seen AS s
		SELECT h.email_norm, h.id, h.created, h.first_name, h.last_name, h.phone, h.title, h.account_id, h.tags, h.custom, h.status,
			h.asked, CASE WHEN h.consented THEN coalesce(h.base, h.was) ELSE h.base END, h.suppressed, h.archived
		FROM pg_temp.import_hit h
		ON CONFLICT (email_norm) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name, phone = excluded.phone,
			title = excluded.title, account_id = excluded.account_id, tags = excluded.tags, custom = excluded.custom,
			status = excluded.status, asked = excluded.asked, base = excluded.base, suppressed = excluded.suppressed;
END $$;

-- New contacts of a round; t: the counters, [mailable, needs confirming, suppressed].
CREATE OR REPLACE FUNCTION app.import_insert(p_tenant uuid, i pact.import, p_round int) RETURNS bigint[] LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_rows app.contact_new[];
	v_notes boolean;
	t bigint[];
BEGIN
	SELECT array_agg(ROW (r.id, r.email, r.first_name, r.last_name, r.phone, r.title, a.id,
			r.tags, r.custom, CASE WHEN r.status IS NOT NULL THEN r.asked END, 'import', r.at, r.evidence, i.id)::app.contact_new),
			bool_or(r.note IS NOT NULL) INTO v_rows, v_notes
		FROM pg_temp.import_row r LEFT JOIN pg_temp.import_account a ON a.name_norm = r.account_norm
		WHERE r.round = p_round AND NOT EXISTS (SELECT FROM pg_temp.import_hit h WHERE h.n = r.n);
	IF v_rows IS NULL THEN
		RETURN '{0,0,0,0}';
	ELSIF i.dry_run THEN
		WITH listed AS MATERIALIZED (SELECT * FROM app.suppressed(ARRAY(SELECT app.email_norm(x.email) FROM unnest(v_rows) x WHERE x.email IS NOT NULL))),
		pretended AS MATERIALIZED (
			SELECT x.*, app.email_norm(x.email) AS norm, l.reason IS NOT NULL AS blocked,
				CASE WHEN l.reason IS NOT NULL THEN 'declined' ELSE coalesce(x.consent_status, w.consent_policy) END AS status
			FROM unnest(v_rows) x CROSS JOIN pact.tenant w LEFT JOIN listed l ON l.email_norm = app.email_norm(x.email)
			WHERE w.tenant_id = p_tenant),
		remembered AS (
			INSERT INTO pg_temp.import_seen SELECT p.norm, p.id, true, p.first_name, p.last_name, p.phone, p.title, p.account_id,
				p.tags, p.custom, p.status, NULL, NULL, p.status = 'declined', false FROM pretended p WHERE p.norm IS NOT NULL)
		SELECT ARRAY[count(*), count(*) FILTER (WHERE c = 1), count(*) FILTER (WHERE c = 2), count(*) FILTER (WHERE c = 3)] INTO t
			FROM (SELECT app.import_class(p.status, false, p.email IS NOT NULL) AS c FROM pretended p) x;
		RETURN t;
	END IF;
	SELECT ARRAY[count(*), count(*) FILTER (WHERE c = 1), count(*) FILTER (WHERE c = 2), count(*) FILTER (WHERE c = 3)] INTO t
		FROM (SELECT app.import_class(x.consent_status, x.suppressed, true) AS c FROM app.contact_insert(v_rows) x) x;
	-- without an address nobody can be mailed
	t[2] := t[2] - (SELECT count(*) FROM unnest(v_rows) x CROSS JOIN pact.tenant w WHERE w.tenant_id = p_tenant AND x.email IS NULL
		AND coalesce(x.consent_status, w.consent_policy) = 'confirmed');
	IF v_notes THEN
		INSERT INTO pact.activity (tenant_id, contact_id, kind, subject, body)
			SELECT p_tenant, r.id, 'note', 'Imported note', r.note FROM pg_temp.import_row r
			WHERE r.round = p_round AND r.note IS NOT NULL AND NOT EXISTS (SELECT FROM pg_temp.import_hit h WHERE h.n = r.n);
	END IF;
	RETURN t;
END $$;

-- Accounts by name; a dry run makes up ids for those it would add.
CREATE OR REPLACE FUNCTION app.import_accounts(p_tenant uuid, i pact.import) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_sort = off AS $$
BEGIN
	INSERT INTO pg_temp.import_account
		SELECT x.norm, x.name, y.id, y.id IS NULL
		FROM (SELECT r.account_norm AS norm, (array_agg(r.account ORDER BY r.n))[1] AS name FROM pg_temp.import_row r
			WHERE r.account_norm IS NOT NULL GROUP BY r.account_norm) x
		LEFT JOIN LATERAL (SELECT a.id, a.name_norm FROM pact.account a WHERE a.tenant_id = p_tenant AND a.name_norm >= x.norm
			ORDER BY a.name_norm, a.id LIMIT 1) y ON y.name_norm = x.norm;
	UPDATE pg_temp.import_account a SET id = CASE WHEN i.dry_run THEN md5(a.name_norm)::uuid ELSE app.uuid7() END WHERE a.made;
	IF FOUND AND NOT i.dry_run THEN
		INSERT INTO pact.account (tenant_id, id, name, import_id)
			SELECT p_tenant, a.id, a.name, i.id FROM pg_temp.import_account a WHERE a.made ORDER BY a.id;
	END IF;
END $$;

-- The chunk of rows after p_from; p_rows of the file were read for it, p_errors of them are errors (e_*, several to a row).
-- p_id: what a row's contact is called if it is new. tags and custom: a text[] and a jsonb as text. Returns whether somebody
-- asked to stop.
CREATE OR REPLACE FUNCTION app.import_apply(p_tenant uuid, p_import uuid, p_from bigint, p_rows bigint, p_id uuid[], p_line bigint[],
	p_email text[], p_first text[], p_last text[], p_phone text[], p_title text[], p_account text[], p_tags text[], p_custom text[], p_note text[],
	p_status text[], p_at timestamptz[], p_source text[], p_errors bigint, e_line bigint[], e_seq int[], e_column text[],
	e_value text[], e_detail text[]) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i pact.import;
	v_policy text;
	v_round int := 0;
	v_rounds int;
	v_new bigint[];
	v_hits bigint;
	h record;
	t bigint[] := '{0,0,0,0,0,0}'; -- imported, updated, skipped, mailable, needs confirming, suppressed
	v_cancel boolean;
BEGIN
	SELECT * INTO i FROM pact.import x WHERE x.tenant_id = p_tenant AND x.id = p_import;
	SELECT x.consent_policy INTO v_policy FROM pact.tenant x WHERE x.tenant_id = p_tenant;
	IF i.status IS DISTINCT FROM 'running' OR i.rows_done <> p_from THEN
		PERFORM app.refuse('conflict', 'The import is not where this chunk begins.');
	END IF;
	PERFORM app.import_tables();
	INSERT INTO pg_temp.import_row
		SELECT r.n, r.id, r.line, 1, r.email, r.norm, r.first_name, r.last_name, r.phone, r.title, r.account,
			lower(r.account COLLATE "und-x-icu"), coalesce(r.tags::text[], '{}'), coalesce(r.custom::jsonb, '{}'), r.note, r.status,
			CASE WHEN r.status = 'confirmed' AND r.at IS NULL THEN 'pending' ELSE coalesce(r.status, v_policy) END, r.at,
			CASE WHEN r.at IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('line', r.line, 'at', app.rfc3339(r.at), 'source', r.source))
				WHEN r.status IS NOT NULL THEN jsonb_build_object('line', r.line) END
		FROM (SELECT x.*, app.email_norm(x.email) AS norm FROM unnest(p_id, p_line, p_email, p_first, p_last, p_phone, p_title, p_account,
			p_tags, p_custom, p_note, p_status, p_at, p_source) WITH ORDINALITY x (id, line, email, first_name, last_name, phone, title,
			account, tags, custom, note, status, at, source, n) OFFSET 0) r;
	UPDATE pg_temp.import_row r SET round = x.round
		FROM (SELECT y.n, row_number() OVER (PARTITION BY y.email_norm ORDER BY y.n) AS round FROM pg_temp.import_row y
			WHERE y.email_norm IN (SELECT z.email_norm FROM pg_temp.import_row z GROUP BY z.email_norm HAVING count(*) > 1)) x
		WHERE r.n = x.n AND x.round > 1;
	SELECT coalesce(max(r.round), 0) INTO v_rounds FROM pg_temp.import_row r;
	IF EXISTS (SELECT FROM pg_temp.import_row r WHERE r.account_norm IS NOT NULL) THEN
		PERFORM app.import_accounts(p_tenant, i);
	END IF;
	WHILE v_round < v_rounds LOOP
		v_round := v_round + 1;
		v_hits := app.import_match(p_tenant, i, v_round);
		v_new := app.import_insert(p_tenant, i, v_round);
		t := ARRAY[t[1] + v_new[1], t[2], t[3], t[4] + v_new[2], t[5] + v_new[3], t[6] + v_new[4]];
		CONTINUE WHEN v_hits = 0;
		IF i.dry_run THEN
			PERFORM app.import_pretend(p_tenant);
		ELSE
			PERFORM app.import_update(p_tenant, i);
		END IF;
		SELECT count(*) FILTER (WHERE x.changed OR x.consented) AS updated,
				count(*) FILTER (WHERE x.now = 1) - count(*) FILTER (WHERE x.seen AND x.class = 1) AS mailable,
				count(*) FILTER (WHERE x.now = 2) - count(*) FILTER (WHERE x.seen AND x.class = 2) AS pending,
				count(*) FILTER (WHERE x.now = 3) - count(*) FILTER (WHERE x.seen AND x.class = 3) AS suppressed INTO h
			FROM (SELECT y.*, app.import_class(y.status, y.suppressed AND NOT y.consented, NOT y.archived) AS now FROM pg_temp.import_hit y) x;
		t := ARRAY[t[1], t[2] + h.updated, t[3] + v_hits - h.updated, t[4] + h.mailable, t[5] + h.pending, t[6] + h.suppressed];
		IF v_round < v_rounds THEN
			DELETE FROM pg_temp.import_hit;
		END IF;
	END LOOP;
	INSERT INTO pact.import_error (tenant_id, import_id, line, seq, column_name, value, detail)
		SELECT p_tenant, p_import, e.* FROM unnest(e_line, e_seq, e_column, e_value, e_detail) e;
	UPDATE pact.import x SET rows_done = x.rows_done + p_rows, imported = x.imported + t[1], updated = x.updated + t[2],
			skipped = x.skipped + t[3], mailable = x.mailable + t[4], needs_confirming = x.needs_confirming + t[5],
			suppressed = x.suppressed + t[6], errors = x.errors + p_errors
		WHERE x.tenant_id = p_tenant AND x.id = p_import RETURNING x.cancel_requested INTO v_cancel;
	UPDATE pact.job j SET done = i.rows_done + p_rows, total = i.rows_total WHERE j.tenant_id = p_tenant AND j.id = i.job_id;
	RETURN v_cancel;
END $$;

RESET ROLE;
