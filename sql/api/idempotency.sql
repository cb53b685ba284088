-- SPDX-License-Identifier: GPL-3.0-or-later
-- Idempotency-Key: the same key and body get the same answer, once. begin() and store() in the transaction of the work;
-- get() in a second one, after begin() refused with idempotency-replay. An answer is kept 24 hours.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION app.idempotency_actor() RETURNS uuid LANGUAGE sql STABLE
	AS $$ SELECT coalesce(app.key_id(), app.actor_id(), '00000000-0000-0000-0000-000000000000'::uuid) $$;

CREATE OR REPLACE FUNCTION app.idempotency_begin(p_route text, p_key text, p_body_sha256 bytea) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := app.tenant_id();
	v_actor uuid := app.idempotency_actor();
	r record;
BEGIN
	IF v_tenant IS NULL THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	-- held to the end of the transaction: while it is, the answer does not exist yet
	IF NOT pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\x1f', v_tenant, v_actor, p_route, p_key), 0)) THEN
		PERFORM app.refuse('in-progress', 'The first request with this key is still running.', '{"retry_after":1}');
	END IF;
	SELECT x.body_sha256, x.status, x.created_at > now() - interval '24 hours' AS fresh INTO r FROM pact.idempotency x
		WHERE x.tenant_id = v_tenant AND x.actor_id = v_actor AND x.route = p_route AND x.key = p_key;
	IF FOUND THEN
		IF r.fresh AND r.body_sha256 <> p_body_sha256 THEN
			PERFORM app.refuse('idempotency-conflict', 'This key was used with another body.');
		ELSIF r.fresh AND r.status IS NOT NULL THEN
			PERFORM app.refuse('idempotency-replay');
		END IF;
		-- too old, or its work never finished
		DELETE FROM pact.idempotency x WHERE x.tenant_id = v_tenant AND x.actor_id = v_actor AND x.route = p_route AND x.key = p_key;
	END IF;
	INSERT INTO pact.idempotency (tenant_id, actor_id, route, key, body_sha256) VALUES (v_tenant, v_actor, p_route, p_key, p_body_sha256);
END $$;

CREATE OR REPLACE FUNCTION app.idempotency_store(p_route text, p_key text, p_status int, p_headers jsonb, p_body bytea, p_resource uuid)
	RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	UPDATE pact.idempotency SET status = p_status, headers = p_headers, body = p_body, resource_id = p_resource
	WHERE tenant_id = app.tenant_id() AND actor_id = app.idempotency_actor() AND route = p_route AND key = p_key
	$$;

CREATE OR REPLACE FUNCTION app.idempotency_get(p_route text, p_key text, p_body_sha256 bytea)
	RETURNS TABLE (status int, headers jsonb, body bytea) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.status, x.headers, x.body FROM pact.idempotency x
	WHERE x.tenant_id = app.tenant_id() AND x.actor_id = app.idempotency_actor() AND x.route = p_route AND x.key = p_key
		AND x.body_sha256 = p_body_sha256 AND x.status IS NOT NULL AND x.created_at > now() - interval '24 hours'
	$$;

RESET ROLE;
