-- SPDX-License-Identifier: GPL-3.0-or-later
-- Imports as clients see and drive them. The file lies in pact.import_chunk until a real run, a cancel or a failure, after a
-- dry run for 24 hours at most (app.purge).
SET ROLE pact_owner;

-- p_guess: with what the file looks like; lists go without.
CREATE OR REPLACE FUNCTION api.import_json(i pact.import, p_guess boolean) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT jsonb_build_object('public_id', i.id, 'status', i.status, 'dry_run', i.dry_run, 'filename', i.filename, 'format', i.format,
			'size', i.size, 'rows_total', i.rows_total, 'rows_done', i.rows_done, 'imported', i.imported, 'updated', i.updated,
			'skipped', i.skipped, 'errors', i.errors, 'mailable', i.mailable, 'needs_confirming', i.needs_confirming,
			'suppressed', i.suppressed, 'problem', i.problem, 'mapping', i.mapping, 'options', i.options,
			'file_kept', EXISTS (SELECT FROM pact.import_chunk c WHERE c.tenant_id = i.tenant_id AND c.import_id = i.id AND c.seq = 0),
			'cancel_requested', i.cancel_requested, 'created_at', app.rfc3339(i.created_at), 'updated_at', app.rfc3339(i.updated_at),
			'finished_at', app.rfc3339(i.finished_at))
		|| CASE WHEN p_guess THEN jsonb_build_object('guess', i.guess) ELSE '{}' END
	$$;

CREATE OR REPLACE FUNCTION app.import_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE sql STABLE AS $$
	SELECT api.import_json(i, true), i.id || '-' || i.version, '/v1/imports/' || i.id
	FROM pact.import i WHERE i.tenant_id = p_tenant AND i.id = p_id
	$$;

-- The row, locked, when it is there and its version is the one asked for (null: any).
CREATE OR REPLACE FUNCTION app.import_lock(p_tenant uuid, p_id uuid, p_version bigint) RETURNS pact.import LANGUAGE plpgsql AS $$
DECLARE
	i pact.import;
BEGIN
	SELECT * INTO i FROM pact.import x WHERE x.tenant_id = p_tenant AND x.id = p_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF i.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	RETURN i;
END $$;

-- Waits for its owner with its file at hand: before the first run, and after a dry run, however that ended.
CREATE OR REPLACE FUNCTION app.import_waits(i pact.import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF i.status <> 'mapping' AND NOT (i.dry_run AND i.status IN ('done', 'failed', 'cancelled')) THEN
		PERFORM app.refuse('conflict', CASE WHEN i.status IN ('queued', 'running') THEN 'The import is running.'
			ELSE 'The import has ended.' END, jsonb_build_object('import_status', i.status));
	ELSIF NOT EXISTS (SELECT FROM pact.import_chunk c WHERE c.tenant_id = i.tenant_id AND c.import_id = i.id AND c.seq = 0) THEN
		PERFORM app.refuse('conflict', 'The file is no longer kept. Upload it again.', jsonb_build_object('import_status', i.status));
	END IF;
END $$;

CREATE OR REPLACE FUNCTION app.import_queue(i pact.import, p_dry_run boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM pact.import_error e WHERE e.tenant_id = i.tenant_id AND e.import_id = i.id;
	UPDATE pact.import x SET status = 'queued', dry_run = p_dry_run, rows_total = 0, rows_done = 0, imported = 0, updated = 0, skipped = 0,
			errors = 0, mailable = 0, needs_confirming = 0, suppressed = 0, problem = NULL, cancel_requested = false, finished_at = NULL,
			job_id = app.enqueue('crm', 'import', jsonb_build_object('import', i.id))
		WHERE x.tenant_id = i.tenant_id AND x.id = i.id;
	PERFORM app.audit('import.start', 'import', i.id, NULL, jsonb_build_object('filename', i.filename, 'dry_run', p_dry_run));
END $$;

-- The file is there, whole. p: {mapping?, options?, dry_run} as sent with it; p_queue: it runs at once.
CREATE OR REPLACE FUNCTION app.import_received(p_tenant uuid, p_id uuid, p_size bigint, p_sha256 bytea, p jsonb, p_queue boolean)
	RETURNS TABLE (body jsonb, etag text, location text) LANGUAGE plpgsql AS $$
DECLARE
	i pact.import;
BEGIN
	UPDATE pact.import x SET size = p_size, sha256 = p_sha256, status = 'mapping', mapping = coalesce(p -> 'mapping', x.mapping),
			options = coalesce(p -> 'options', x.options)
		WHERE x.tenant_id = p_tenant AND x.id = p_id RETURNING * INTO i;
	IF p_queue THEN
		PERFORM app.import_queue(i, i.dry_run);
	END IF;
	RETURN QUERY SELECT * FROM app.import_reply(p_tenant, p_id);
END $$;

-- p: {mapping?, options?, dry_run?, guess?}; options as a merge patch.
CREATE OR REPLACE FUNCTION app.import_patch(p_tenant uuid, p_id uuid, p_version bigint, p jsonb)
	RETURNS TABLE (body jsonb, etag text, location text) LANGUAGE plpgsql AS $$
DECLARE
	i pact.import := app.import_lock(p_tenant, p_id, p_version);
BEGIN
	PERFORM app.import_waits(i);
	UPDATE pact.import x SET status = 'mapping', mapping = coalesce(p -> 'mapping', x.mapping), guess = coalesce(p -> 'guess', x.guess),
			options = CASE WHEN p ? 'options' THEN jsonb_strip_nulls(x.options || (p -> 'options')) ELSE x.options END,
			dry_run = coalesce((p ->> 'dry_run')::boolean, x.dry_run)
		WHERE x.tenant_id = p_tenant AND x.id = p_id;
	RETURN QUERY SELECT * FROM app.import_reply(p_tenant, p_id);
END $$;

CREATE OR REPLACE FUNCTION app.import_start(p_tenant uuid, p_id uuid, p_dry_run boolean)
	RETURNS TABLE (body jsonb, etag text, location text) LANGUAGE plpgsql AS $$
DECLARE
	i pact.import := app.import_lock(p_tenant, p_id, NULL);
BEGIN
	PERFORM app.import_waits(i);
	PERFORM app.import_queue(i, coalesce(p_dry_run, i.dry_run));
	RETURN QUERY SELECT * FROM app.import_reply(p_tenant, p_id);
END $$;

-- At once while it waits; between two chunks while it runs: what is in stays in, and can be reverted.
CREATE OR REPLACE FUNCTION app.import_cancel(p_tenant uuid, p_id uuid) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE plpgsql AS $$
DECLARE
	i pact.import;
BEGIN
	-- without waiting for a chunk that is being written
	UPDATE pact.import x SET cancel_requested = true WHERE x.tenant_id = p_tenant AND x.id = p_id AND x.status = 'running'
		AND NOT EXISTS (SELECT FROM pact.job j WHERE j.tenant_id = p_tenant AND j.id = x.job_id AND j.kind = 'import-revert')
		RETURNING * INTO i;
	IF NOT FOUND THEN
		i := app.import_lock(p_tenant, p_id, NULL);
		IF i.status NOT IN ('mapping', 'queued') THEN
			PERFORM app.refuse('conflict', 'There is nothing to cancel.', jsonb_build_object('import_status', i.status));
		END IF;
		UPDATE pact.import x SET status = 'cancelled', finished_at = now() WHERE x.tenant_id = p_tenant AND x.id = p_id;
		IF NOT i.dry_run OR i.status = 'mapping' THEN
			DELETE FROM pact.import_chunk c WHERE c.tenant_id = p_tenant AND c.import_id = p_id;
			UPDATE pact.import x SET guess = x.guess - 'sample' WHERE x.tenant_id = p_tenant AND x.id = p_id;
		END IF;
	END IF;
	PERFORM app.audit('import.cancel', 'import', p_id, NULL, jsonb_build_object('filename', i.filename, 'rows_done', i.rows_done));
	RETURN QUERY SELECT * FROM app.import_reply(p_tenant, p_id);
END $$;

CREATE OR REPLACE FUNCTION app.import_revert(p_tenant uuid, p_id uuid) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE plpgsql AS $$
DECLARE
	i pact.import := app.import_lock(p_tenant, p_id, NULL);
BEGIN
	IF i.dry_run OR i.status NOT IN ('done', 'failed', 'cancelled') THEN
		PERFORM app.refuse('conflict', CASE WHEN i.status = 'reverted' THEN 'The import has been reverted.'
			WHEN i.status IN ('queued', 'running') THEN 'The import is running. Cancel it first.' ELSE 'There is nothing to revert.' END,
			jsonb_build_object('import_status', i.status));
	END IF;
	UPDATE pact.import x SET status = 'queued', cancel_requested = false, problem = NULL,
			job_id = app.enqueue('crm', 'import-revert', jsonb_build_object('import', p_id))
		WHERE x.tenant_id = p_tenant AND x.id = p_id;
	RETURN QUERY SELECT * FROM app.import_reply(p_tenant, p_id);
END $$;

-- Error rows after the one at (p_line, p_seq). A dry run's are those of its last run.
CREATE OR REPLACE FUNCTION app.import_errors(p_tenant uuid, p_id uuid, p_line bigint, p_seq int, p_limit bigint)
	RETURNS TABLE (item json, cursor text, line bigint, column_name text, value text, detail text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
	PERFORM FROM pact.import i WHERE i.tenant_id = p_tenant AND i.id = p_id;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	END IF;
	RETURN QUERY SELECT json_build_object('line', e.line, 'column', e.column_name, 'value', e.value, 'detail', e.detail),
			e.line || E'\x1f' || e.seq, e.line, e.column_name, e.value, e.detail
		FROM pact.import_error e WHERE e.tenant_id = p_tenant AND e.import_id = p_id AND (e.line, e.seq) > (p_line, p_seq)
		ORDER BY e.line, e.seq LIMIT p_limit;
END $$;

-- ── for the runner ───────────────────────────────────────────────────────────────────────────────────────────────

-- Begins or goes on. No row: there is nothing to do any more. A dry run begins anew each time: what it has met is gone with
-- the session that met it.
CREATE OR REPLACE FUNCTION app.import_run(p_tenant uuid, p_id uuid, p_job uuid)
	RETURNS TABLE (dry_run boolean, filename text, guess text, mapping text, options text, rows_total bigint, rows_done bigint, cancel boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	i pact.import := app.import_lock(p_tenant, p_id, NULL);
BEGIN
	IF i.status NOT IN ('queued', 'running') OR i.job_id <> p_job THEN
		RETURN;
	END IF;
	IF i.dry_run THEN
		PERFORM app.import_tables();
		TRUNCATE pg_temp.import_seen;
		DELETE FROM pact.import_error e WHERE e.tenant_id = p_tenant AND e.import_id = p_id;
		UPDATE pact.import x SET rows_done = 0, imported = 0, updated = 0, skipped = 0, errors = 0, mailable = 0, needs_confirming = 0,
			suppressed = 0 WHERE x.tenant_id = p_tenant AND x.id = p_id;
	ELSIF to_regclass('pg_temp.import_seen') IS NOT NULL THEN
		TRUNCATE pg_temp.import_seen;
	END IF;
	IF NOT i.dry_run THEN
		INSERT INTO pact.custom_field (tenant_id, key, label)
			SELECT p_tenant, f.key, left(coalesce(nullif(btrim(i.guess -> 'custom' -> f.n ->> 'label'), ''),
				nullif(btrim(i.guess -> 'header' ->> f.n), ''), f.key), 120)
			FROM (SELECT substr(m ->> 'field', 8) AS key, (m ->> 'column')::int AS n FROM jsonb_array_elements(i.mapping) m
				WHERE m ->> 'field' LIKE 'custom:%') f
			ON CONFLICT DO NOTHING;
	END IF;
	UPDATE pact.import x SET status = 'running' WHERE x.tenant_id = p_tenant AND x.id = p_id;
	RETURN QUERY SELECT x.dry_run, x.filename, x.guess::text, x.mapping::text, x.options::text, x.rows_total, x.rows_done, x.cancel_requested
		FROM pact.import x WHERE x.tenant_id = p_tenant AND x.id = p_id;
END $$;

-- Ends it as done, failed or cancelled, and tells who asked for it. The file goes, unless it was only tried.
CREATE OR REPLACE FUNCTION app.import_finish(p_tenant uuid, p_id uuid, p_status text, p_problem text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i pact.import := app.import_lock(p_tenant, p_id, NULL);
BEGIN
	IF i.status NOT IN ('queued', 'running') THEN
		RETURN;
	END IF;
	UPDATE pact.import x SET status = p_status, problem = p_problem, finished_at = clock_timestamp(), cancel_requested = false,
			guess = CASE WHEN x.dry_run THEN x.guess ELSE x.guess - 'sample' END
		WHERE x.tenant_id = p_tenant AND x.id = p_id RETURNING * INTO i;
	IF to_regclass('pg_temp.import_seen') IS NOT NULL THEN
		TRUNCATE pg_temp.import_seen;
	END IF;
	IF NOT i.dry_run THEN
		DELETE FROM pact.import_chunk c WHERE c.tenant_id = p_tenant AND c.import_id = p_id;
		DELETE FROM pact.import_change k WHERE k.tenant_id = p_tenant AND k.import_id = p_id AND k.before IS NULL
			AND NOT EXISTS (SELECT FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id = k.contact_id AND c.import_id = p_id);
	END IF;
	-- The planner must know of them before autovacuum comes by: until then every list of the workspace would be sorted anew
	-- for each page. SKIP_LOCKED: whoever holds the lock is just doing it.
	IF NOT i.dry_run AND i.imported >= 1000 THEN
		ANALYZE (SKIP_LOCKED) pact.contact, pact.contact_tag, pact.account;
	END IF;
	PERFORM app.audit_write('import.finish', 'import', p_id, NULL, jsonb_strip_nulls(jsonb_build_object('filename', i.filename,
		'status', i.status, 'dry_run', i.dry_run, 'rows', i.rows_done, 'imported', i.imported, 'updated', i.updated, 'skipped', i.skipped,
		'errors', i.errors, 'mailable', i.mailable, 'needs_confirming', i.needs_confirming, 'suppressed', i.suppressed, 'problem', i.problem)));
	IF NOT i.dry_run AND p_status <> 'cancelled'
		AND EXISTS (SELECT FROM pact.user_account u WHERE u.tenant_id = p_tenant AND u.id = i.created_by) THEN
		PERFORM app.outbox_add(i.created_by, 'import-finished', jsonb_strip_nulls(jsonb_build_object('import', p_id, 'filename', i.filename,
			'status', i.status, 'problem', i.problem, 'imported', i.imported, 'updated', i.updated, 'skipped', i.skipped, 'errors', i.errors,
			'mailable', i.mailable, 'needs_confirming', i.needs_confirming, 'suppressed', i.suppressed)));
	END IF;
END $$;

-- A job that will never run again leaves no import that seems to run.
CREATE OR REPLACE FUNCTION app.import_job_ended() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_import uuid := (NEW.payload ->> 'import')::uuid;
BEGIN
	IF NEW.kind = 'import' THEN
		PERFORM app.import_finish(NEW.tenant_id, v_import, 'failed', 'It was interrupted too often. What is in, is in; the same file can be imported again.');
	ELSE
		UPDATE pact.import x SET status = 'done', problem = 'Reverting was interrupted too often. It can be tried again.'
			WHERE x.tenant_id = NEW.tenant_id AND x.id = v_import AND x.status IN ('queued', 'running');
	END IF;
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER import_job_ended AFTER UPDATE OF status ON pact.job FOR EACH ROW
	WHEN (NEW.kind IN ('import', 'import-revert') AND NEW.status IN ('failed', 'dead') AND OLD.status IS DISTINCT FROM NEW.status)
	EXECUTE FUNCTION app.import_job_ended();

RESET ROLE;
