-- SPDX-License-Identifier: GPL-3.0-or-later
-- The doors: the only functions that set the context of a transaction. pact_door owns them and is the only role that may
-- set the parameters; each asks for a secret or for a lease, never for an id that can be guessed.
SET ROLE pact_door;

-- For the functions of pact_door alone. One tenant per transaction: a second door may not open another workspace.
CREATE OR REPLACE FUNCTION app.context(p_tenant uuid, p_kind text, p_actor uuid, p_email text, p_ip text, p_request_id text)
	RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.tenant_id() <> p_tenant THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	PERFORM set_config('pact.tenant_id', p_tenant::text, true), set_config('pact.actor_kind', p_kind, true),
		set_config('pact.actor_id', coalesce(p_actor::text, ''), true), set_config('pact.actor_email', coalesce(p_email, ''), true),
		set_config('pact.ip', coalesce(p_ip, ''), true), set_config('pact.request_id', coalesce(p_request_id, ''), true);
END $$;
CREATE OR REPLACE FUNCTION app.context_clear() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM set_config('pact.tenant_id', '', true), set_config('pact.actor_kind', '', true), set_config('pact.actor_id', '', true),
		set_config('pact.actor_email', '', true), set_config('pact.ip', '', true), set_config('pact.request_id', '', true);
END $$;

-- A session's secret, and a permission that one of the user's roles must hold ('self': every logged-in user; 'enrol': also one
-- who has yet to set up the second factor that the workspace asks for, which is all that person may do).
CREATE OR REPLACE FUNCTION app.enter_session(p_tenant uuid, p_session uuid, p_secret bytea, p_permission text, p_ip text,
	p_request_id text, p_read_only boolean) RETURNS TABLE (user_id uuid, email text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s record;
	v text; -- assigned to, as PERFORM would start the executor for each
BEGIN
	IF app.tenant_id() <> p_tenant THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	v := set_config('pact.tenant_id', p_tenant::text, true);
	SELECT x.user_id, u.email, x.ended_at IS NULL AND x.expires_at > now() AS alive, u.status = 'active' AS usable,
			t.status = 'active' AS open, x.last_seen_at < now() - interval '5 minutes' AS stale,
			t.require_mfa AND NOT x.mfa AND x.method = 'password' AND p_permission <> 'enrol' AS incomplete,
			p_permission IN ('self', 'enrol') OR EXISTS (SELECT FROM pact.user_role ur JOIN pact.role r
				ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
				WHERE ur.tenant_id = p_tenant AND ur.user_id = x.user_id AND p_permission = ANY (r.permissions)) AS permitted
		INTO s
		FROM pact.session x
		JOIN pact.user_account u ON u.tenant_id = x.tenant_id AND u.id = x.user_id
		JOIN pact.tenant t ON t.tenant_id = x.tenant_id
		WHERE x.tenant_id = p_tenant AND x.id = p_session AND x.secret_sha256 = sha256(p_secret);
	IF NOT FOUND THEN
		PERFORM app.refuse('unauthenticated');
	ELSIF NOT s.alive OR NOT s.usable THEN
		PERFORM app.refuse('session-ended');
	ELSIF NOT s.open THEN
		PERFORM app.refuse('workspace-suspended');
	ELSIF s.incomplete THEN
		PERFORM app.refuse('mfa-required');
	ELSIF s.permitted IS NOT TRUE THEN
		PERFORM app.refuse('forbidden', NULL, jsonb_build_object('permission', p_permission));
	END IF;
	v := set_config('pact.actor_kind', 'user', true);
	v := set_config('pact.actor_id', s.user_id::text, true);
	v := set_config('pact.actor_email', s.email, true);
	v := set_config('pact.ip', coalesce(p_ip, ''), true);
	v := set_config('pact.request_id', coalesce(p_request_id, ''), true);
	IF s.stale AND current_setting('transaction_read_only') = 'off' THEN
		-- whoever else writes it just now writes the same
		UPDATE pact.session x SET last_seen_at = now() WHERE x.tenant_id = p_tenant AND x.id = (SELECT y.id FROM pact.session y
			WHERE y.tenant_id = p_tenant AND y.id = p_session FOR NO KEY UPDATE SKIP LOCKED);
	END IF;
	IF p_read_only THEN
		v := set_config('transaction_read_only', 'on', true);
	END IF;
	user_id := s.user_id;
	email := s.email;
	RETURN NEXT;
END $$;

-- Public routes, which know a workspace by its name only. It asks for no secret: for the functions of pact_door that say what such a
-- route may see, and granted to no program.
CREATE OR REPLACE FUNCTION app.enter_workspace(p_slug text, p_ip text, p_request_id text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w record;
BEGIN
	SELECT d.tenant_id, d.suspended INTO w FROM directory.workspace d WHERE d.slug = p_slug;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF w.suspended THEN
		PERFORM app.refuse('workspace-suspended');
	END IF;
	PERFORM app.context(w.tenant_id, 'public', NULL, NULL, p_ip, p_request_id);
	RETURN w.tenant_id;
END $$;

-- A job of the caller's own module, while this backend holds its lease. It acts as the person who asked for it. The queue
-- row stays locked against another claim until the transaction ends, also when the lease runs out meanwhile.
CREATE OR REPLACE FUNCTION app.enter_job(p_tenant uuid, p_job uuid)
	RETURNS TABLE (kind text, payload jsonb, attempts int, max_attempts int)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	q record;
	j record;
BEGIN
	SELECT x.attempts, x.max_attempts INTO q FROM app.job_queue x
		WHERE x.tenant_id = p_tenant AND x.job_id = p_job AND x.module = app.module() AND x.lease > clock_timestamp()
			AND x.holder = pg_backend_pid() FOR KEY SHARE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found', 'The job is not leased to this runner.');
	END IF;
	PERFORM app.context(p_tenant, 'system', NULL, NULL, NULL, NULL);
	SELECT x.kind, x.payload, x.attempts, x.status, x.requested_by, x.key_id, x.request_id, x.ip, u.email INTO j
		FROM pact.job x LEFT JOIN pact.user_account u ON u.tenant_id = x.tenant_id AND u.id = x.requested_by
		WHERE x.tenant_id = p_tenant AND x.id = p_job;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	END IF;
	PERFORM app.context(p_tenant, CASE WHEN j.requested_by IS NULL THEN 'system' WHEN j.key_id IS NOT NULL THEN 'api_key:' || j.key_id
		ELSE 'user' END, j.requested_by, j.email, j.ip, j.request_id);
	IF j.status <> 'running' OR j.attempts <> q.attempts THEN
		UPDATE pact.job x SET status = 'running', attempts = q.attempts WHERE x.tenant_id = p_tenant AND x.id = p_job;
	END IF;
	RETURN QUERY SELECT j.kind, j.payload, q.attempts, q.max_attempts;
END $$;

-- For app.erase_contact() alone: the audit triggers of this transaction leave this contact's values out.
CREATE OR REPLACE FUNCTION app.erasing(p_contact uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM set_config('pact.erasing', coalesce(p_contact::text, ''), true);
END $$;

RESET ROLE;
