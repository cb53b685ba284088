-- SPDX-License-Identifier: GPL-3.0-or-later
-- Background work. app.job_queue says what may be taken next and holds no personal data; pact.job holds the rest.
SET ROLE pact_owner;

-- Without a check of the module, for functions of this schema.
CREATE OR REPLACE FUNCTION app.job_add(p_module text, p_kind text, p_payload jsonb, p_run_at timestamptz) RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_job uuid;
BEGIN
	INSERT INTO pact.job (tenant_id, module, kind, payload) VALUES (app.tenant_id(), p_module, p_kind, coalesce(p_payload, '{}'))
		RETURNING id INTO v_job;
	INSERT INTO app.job_queue (tenant_id, job_id, module, kind, run_at)
		VALUES (app.tenant_id(), v_job, p_module, p_kind, coalesce(p_run_at, now()));
	PERFORM pg_notify('pact_job_' || p_module, '');
	RETURN v_job;
END $$;

-- A program gives work to its own runner only; other modules' work comes from functions that know what it is.
CREATE OR REPLACE FUNCTION app.enqueue(p_module text, p_kind text, p_payload jsonb, p_run_at timestamptz DEFAULT now()) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.tenant_id() IS NULL THEN
		PERFORM app.refuse('unauthenticated');
	ELSIF p_module IS DISTINCT FROM app.module() THEN
		PERFORM app.refuse('forbidden');
	END IF;
	RETURN app.job_add(p_module, p_kind, p_payload, p_run_at);
END $$;

-- The job that the context is in, held by this backend.
CREATE OR REPLACE FUNCTION app.job_held(p_job uuid) RETURNS app.job_queue LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	q app.job_queue;
BEGIN
	SELECT * INTO q FROM app.job_queue x WHERE x.tenant_id = app.tenant_id() AND x.job_id = p_job AND x.module = app.module()
		AND x.holder = pg_backend_pid() FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found', 'The job is not leased to this runner.');
	END IF;
	RETURN q;
END $$;

-- Done: what it was about is forgotten, what came of it (result) stays.
CREATE OR REPLACE FUNCTION app.job_done(p_job uuid) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.job_held(p_job);
	UPDATE pact.job SET status = 'done', payload = '{}', last_error = NULL, finished_at = clock_timestamp()
		WHERE tenant_id = app.tenant_id() AND id = p_job;
	DELETE FROM app.job_queue WHERE tenant_id = app.tenant_id() AND job_id = p_job;
END $$;

-- Again after p_retry_in, or dead when that was the last attempt; p_retry_in null: failed, another attempt would not help.
-- p_error is for operators and holds no personal data.
CREATE OR REPLACE FUNCTION app.job_failed(p_job uuid, p_error text, p_retry_in interval) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	q app.job_queue;
	v_status text;
BEGIN
	q := app.job_held(p_job);
	v_status := CASE WHEN p_retry_in IS NULL THEN 'failed' WHEN q.attempts >= q.max_attempts THEN 'dead' ELSE 'queued' END;
	UPDATE pact.job SET status = v_status, last_error = left(p_error, 500),
			finished_at = CASE WHEN v_status <> 'queued' THEN clock_timestamp() END
		WHERE tenant_id = app.tenant_id() AND id = p_job;
	IF v_status = 'queued' THEN
		UPDATE app.job_queue SET lease = NULL, holder = NULL, run_at = clock_timestamp() + p_retry_in
			WHERE tenant_id = app.tenant_id() AND job_id = p_job;
	ELSE
		DELETE FROM app.job_queue WHERE tenant_id = app.tenant_id() AND job_id = p_job;
	END IF;
END $$;

CREATE OR REPLACE FUNCTION app.job_extend(p_job uuid, p_lease interval) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.job_held(p_job);
	UPDATE app.job_queue SET lease = clock_timestamp() + least(p_lease, interval '1 hour') WHERE tenant_id = app.tenant_id() AND job_id = p_job;
END $$;

RESET ROLE;
SET ROLE pact_door;

-- The next job of the caller's module, leased to this backend for p_lease (an hour at most); no row: nothing to do. A job whose runner was
-- lost is taken again when its lease has run out, and is dead when that was its last attempt. Jobs of a suspended
-- workspace wait.
CREATE OR REPLACE FUNCTION app.claim(p_module text, p_lease interval) RETURNS TABLE (tenant_id uuid, job_id uuid)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	q record;
	v_now timestamptz := clock_timestamp();
	v_lease timestamptz := v_now + least(p_lease, interval '1 hour');
BEGIN
	IF p_module IS DISTINCT FROM app.module() OR app.tenant_id() IS NOT NULL THEN
		PERFORM app.refuse('forbidden');
	END IF;
	LOOP
		SELECT x.tenant_id, x.job_id, x.attempts >= x.max_attempts AS spent INTO q FROM app.job_queue x
			WHERE x.module = p_module AND x.run_at <= v_now AND (x.lease IS NULL OR x.lease < v_now)
				AND NOT EXISTS (SELECT FROM directory.workspace w WHERE w.tenant_id = x.tenant_id AND w.suspended)
			ORDER BY x.run_at LIMIT 1 FOR UPDATE SKIP LOCKED;
		IF NOT FOUND THEN
			RETURN;
		ELSIF NOT q.spent THEN
			UPDATE app.job_queue x SET lease = v_lease, holder = pg_backend_pid(), attempts = x.attempts + 1
				WHERE x.tenant_id = q.tenant_id AND x.job_id = q.job_id;
			RETURN QUERY SELECT q.tenant_id, q.job_id;
			RETURN;
		END IF;
		PERFORM app.context(q.tenant_id, 'system', NULL, NULL, NULL, NULL);
		UPDATE pact.job x SET status = 'dead', last_error = coalesce(x.last_error, 'the runner was lost'), finished_at = clock_timestamp()
			WHERE x.tenant_id = q.tenant_id AND x.id = q.job_id;
		DELETE FROM app.job_queue x WHERE x.tenant_id = q.tenant_id AND x.job_id = q.job_id;
		PERFORM app.context_clear();
	END LOOP;
END $$;

RESET ROLE;
