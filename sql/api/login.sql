-- SPDX-License-Identifier: GPL-3.0-or-later
-- Login, refresh, logout, own password: for the program `auth` alone, which checks the password in between.
SET ROLE pact_door;

-- The network that an address is of, by so many bits of an IPv4 and an IPv6 address.
CREATE OR REPLACE FUNCTION app.ip_block(p_ip text, p_v4 int, p_v6 int) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN host(network(set_masklen(p_ip::inet, CASE family(p_ip::inet) WHEN 6 THEN p_v6 ELSE p_v4 END)));
EXCEPTION WHEN invalid_text_representation THEN
	RETURN coalesce(p_ip, '');
END $$;
-- What one throttle counts together: an IPv4 address, an IPv6 /64.
CREATE OR REPLACE FUNCTION app.ip_net(p_ip text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT app.ip_block(p_ip, 32, 64) $$;
CREATE OR REPLACE FUNCTION app.throttle_key(p_tag text, p_address bytea, p_ip text) RETURNS bytea LANGUAGE sql IMMUTABLE
	AS $$ SELECT sha256(convert_to(p_tag || '|' || coalesce(encode(p_address, 'hex'), '') || '|' || coalesce(app.ip_net(p_ip), ''), 'UTF8')) $$;

-- Counts p_n in a bucket; seconds to wait when there were more than p_most in p_span.
CREATE OR REPLACE FUNCTION app.throttle_add(p_key bytea, p_n int, p_most int, p_span interval) RETURNS int LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t record;
BEGIN
	INSERT INTO app.throttle AS x (key, window_start, n) VALUES (p_key, clock_timestamp(), p_n)
		ON CONFLICT (key) DO UPDATE SET n = CASE WHEN x.window_start < clock_timestamp() - p_span THEN p_n ELSE least(x.n + p_n, 1000) END,
			window_start = CASE WHEN x.window_start < clock_timestamp() - p_span THEN clock_timestamp() ELSE x.window_start END
		RETURNING n, window_start INTO t;
	RETURN CASE WHEN t.n > p_most THEN greatest(1, ceil(extract(epoch FROM t.window_start + p_span - clock_timestamp())))::int END;
END $$;
CREATE OR REPLACE FUNCTION app.throttle_count(p_key bytea, p_most int, p_span interval) RETURNS int LANGUAGE sql
	SET search_path = pg_catalog, pg_temp AS $$ SELECT app.throttle_add(p_key, 1, p_most, p_span) $$;

-- Whether somebody of this address had a session from this network.
CREATE OR REPLACE FUNCTION app.login_from_known(p_address_hmac bytea, p_ip text) RETURNS boolean LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	l record;
	v_known boolean := false;
BEGIN
	FOR l IN SELECT x.tenant_id, x.user_id FROM directory.login x WHERE x.address_hmac = p_address_hmac ORDER BY x.last_used DESC LIMIT 20 LOOP
		PERFORM app.context(l.tenant_id, 'public', NULL, NULL, p_ip, NULL);
		v_known := v_known OR EXISTS (SELECT FROM (SELECT s.ip FROM pact.session s WHERE s.tenant_id = l.tenant_id AND s.user_id = l.user_id
			ORDER BY s.id DESC LIMIT 200) s WHERE app.ip_net(s.ip) = app.ip_net(p_ip));
		PERFORM app.context_clear();
	END LOOP;
	RETURN v_known;
END $$;

-- Counts the attempt, then finds the one user that the address means: in the named workspace, or in the one last used.
-- Always one row. retry_after (seconds) not null: refused before anything is hashed.
-- login_url: the workspace that was named takes nobody by password (A5); said before anything is looked up, so whether the
-- address is anybody's makes no difference. p_break_glass: an owner wants to come in all the same.
CREATE OR REPLACE FUNCTION app.login_begin(p_address_hmac bytea, p_ip text, p_workspace text, p_break_glass boolean)
	RETURNS TABLE (retry_after int, tenant_id uuid, user_id uuid, password_hash text, usable boolean, workspaces int, login_url text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	d record;
	v_address bytea := app.throttle_key('address', p_address_hmac, NULL);
	v_wait int;
BEGIN
	usable := false;
	workspaces := 0;
	-- in the order of their keys, so that two logins cannot wait for each other
	WITH bucket AS (
		SELECT * FROM (VALUES (app.throttle_key('address+ip', p_address_hmac, p_ip), 10, interval '15 minutes'),
			(v_address, 100, interval '1 hour'),
			(app.throttle_key('ip', NULL, p_ip), 200, interval '15 minutes')) b (key, most, span)
		ORDER BY key
	), counted AS (
		INSERT INTO app.throttle AS t (key, window_start, n) SELECT key, clock_timestamp(), 1 FROM bucket
		ON CONFLICT (key) DO UPDATE SET
			n = CASE WHEN t.window_start + (SELECT span FROM bucket b WHERE b.key = t.key) < clock_timestamp() THEN 1
				ELSE least(t.n + 1, 1000) END,
			window_start = CASE WHEN t.window_start + (SELECT span FROM bucket b WHERE b.key = t.key) < clock_timestamp()
				THEN clock_timestamp() ELSE t.window_start END
		RETURNING t.key, t.window_start, t.n
	)
	SELECT max(x.wait) FILTER (WHERE x.key <> v_address), max(x.wait) INTO retry_after, v_wait
		FROM (SELECT key, greatest(1, ceil(extract(epoch FROM c.window_start + b.span - clock_timestamp())))::int AS wait
			FROM counted c JOIN bucket b USING (key) WHERE c.n > b.most) x;
	-- what strangers have tried from everywhere does not keep somebody out of where they have been before
	IF retry_after IS NULL AND v_wait IS NOT NULL AND NOT app.login_from_known(p_address_hmac, p_ip) THEN
		retry_after := v_wait;
	END IF;
	IF retry_after IS NOT NULL THEN
		RETURN NEXT;
		RETURN;
	END IF;
	IF p_workspace IS NOT NULL AND NOT p_break_glass THEN
		SELECT w.tenant_id INTO d FROM directory.workspace w WHERE w.slug = p_workspace AND NOT w.suspended;
		IF FOUND THEN
			PERFORM app.context(d.tenant_id, 'public', NULL, NULL, p_ip, NULL);
			login_url := CASE WHEN (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = d.tenant_id) THEN app.sso_login_url() END;
			PERFORM app.context_clear();
			IF login_url IS NOT NULL THEN
				tenant_id := d.tenant_id;
				RETURN NEXT;
				RETURN;
			END IF;
		END IF;
	END IF;

	SELECT l.tenant_id, l.user_id, count(*) OVER () AS n, w.slug = p_workspace AS named INTO d
		FROM directory.login l JOIN directory.workspace w ON w.tenant_id = l.tenant_id
		WHERE l.address_hmac = p_address_hmac
		ORDER BY w.slug = p_workspace DESC NULLS LAST, l.last_used DESC, l.tenant_id LIMIT 1;
	IF FOUND THEN
		workspaces := d.n;
		IF p_workspace IS NULL OR d.named THEN
			PERFORM set_config('pact.tenant_id', d.tenant_id::text, true);
			SELECT p.hash, u.status = 'active' AND t.status = 'active' INTO password_hash, usable
				FROM pact.user_account u JOIN pact.tenant t ON t.tenant_id = u.tenant_id
				LEFT JOIN pact.user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
				WHERE u.tenant_id = d.tenant_id AND u.id = d.user_id;
			tenant_id := d.tenant_id;
			user_id := d.user_id;
			usable := coalesce(usable AND password_hash IS NOT NULL, false);
			PERFORM app.context_clear();
		END IF;
	END IF;
	RETURN NEXT;
END $$;

-- The session a person sees: of the context's workspace.
CREATE OR REPLACE FUNCTION app.session_json(p_session uuid) RETURNS json LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object(
		'user', json_build_object('public_id', u.id, 'email', u.email, 'name', u.name),
		'workspace', json_build_object('slug', t.slug, 'name', t.name),
		'roles', (SELECT coalesce(json_agg(r.name ORDER BY r.name), '[]') FROM pact.user_role ur
			JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = s.tenant_id AND ur.user_id = s.user_id),
		'permissions', (SELECT coalesce(json_agg(p ORDER BY p), '[]') FROM (SELECT DISTINCT unnest(r.permissions) AS p
			FROM pact.user_role ur JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = s.tenant_id AND ur.user_id = s.user_id) x),
		'method', s.method, 'mfa', s.mfa, 'mfa_missing', t.require_mfa AND NOT s.mfa AND s.method = 'password')
	FROM pact.session s
	JOIN pact.user_account u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
	JOIN pact.tenant t ON t.tenant_id = s.tenant_id
	WHERE s.tenant_id = app.tenant_id() AND s.id = p_session AND s.user_id = app.actor_id()
	$$;

-- How long a session can be gone on with at all: then somebody shows anew who they are. Who is let in by a provider is asked
-- for there each week, so that somebody who has left is out.
CREATE OR REPLACE FUNCTION app.session_most(p_created timestamptz, p_method text) RETURNS timestamptz LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, pg_temp
	AS $$ SELECT p_created + CASE p_method WHEN 'password' THEN interval '720 hours' ELSE interval '168 hours' END $$;

-- Somebody who has been here before, but not from this place: no session of the last weeks was from this network, nor from near
-- it by the same program; one that does not say what it is is none. A provider that numbers people anew each night makes no noise
-- so, nor does a new version of a browser.
CREATE OR REPLACE FUNCTION app.login_unusual(p_user uuid, p_ip text, p_user_agent text) RETURNS boolean LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp AS $$
	WITH recent AS (
		SELECT x.ip, x.user_agent FROM pact.session x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user
			ORDER BY x.id DESC LIMIT 200
	)
	SELECT EXISTS (SELECT FROM recent) AND NOT EXISTS (SELECT FROM recent s WHERE s.ip = p_ip OR app.ip_net(s.ip) = app.ip_net(p_ip)
		OR s.user_agent = left(p_user_agent, 300) AND app.ip_block(s.ip, 16, 32) = app.ip_block(p_ip, 16, 32))
	$$;

-- A session of a user who has shown all that is asked: for the functions of pact_door alone, in the context of the workspace.
CREATE OR REPLACE FUNCTION app.session_begin(p_user uuid, p_session uuid, p_secret_sha256 bytea, p_refresh_sha256 bytea, p_method text,
	p_second text, p_transport text, p_ip text, p_user_agent text, p_request_id text) RETURNS json
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := app.tenant_id();
	v_email text;
	-- who comes by a provider hears of it there
	v_unusual boolean := p_method = 'password' AND app.login_unusual(p_user, p_ip, p_user_agent);
BEGIN
	SELECT x.email INTO STRICT v_email FROM pact.user_account x WHERE x.tenant_id = v_tenant AND x.id = p_user;
	PERFORM app.context(v_tenant, 'user', p_user, v_email, p_ip, p_request_id);
	INSERT INTO pact.session (tenant_id, id, user_id, secret_sha256, refresh_sha256, method, mfa, transport, ip, user_agent, expires_at)
		VALUES (v_tenant, p_session, p_user, p_secret_sha256, p_refresh_sha256, p_method, p_second IS NOT NULL, p_transport, p_ip,
			left(p_user_agent, 300), now() + interval '7 days');
	-- who was suspended since this login was looked at does not come in: that session would live again with its user
	UPDATE pact.user_account SET last_login_at = now() WHERE tenant_id = v_tenant AND id = p_user AND status = 'active';
	IF NOT FOUND THEN
		PERFORM app.refuse('wrong-credentials');
	END IF;
	UPDATE directory.login SET last_used = now() WHERE tenant_id = v_tenant AND user_id = p_user;
	PERFORM app.audit_write('auth.login', 'session', p_session, NULL, jsonb_strip_nulls(jsonb_build_object('method', p_method,
		'second_factor', p_second, 'transport', p_transport, 'unusual', nullif(v_unusual, false))));
	IF v_unusual THEN
		PERFORM app.outbox_add(p_user, 'login-unusual', jsonb_build_object('ip', p_ip, 'client', left(p_user_agent, 300)));
	END IF;
	RETURN app.session_json(p_session);
END $$;

-- Whether a user may log in at all; the context is then that of the workspace, and nobody's. Whoever changes how everybody logs in,
-- or people, holds the workspace's row: a login waits for them, and they for it, so that what they end is all there is.
CREATE OR REPLACE FUNCTION app.login_usable(p_tenant uuid, p_user uuid, p_ip text, p_request_id text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u record;
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	SELECT x.status, t.status AS workspace INTO u FROM pact.user_account x JOIN pact.tenant t ON t.tenant_id = x.tenant_id
		WHERE x.tenant_id = p_tenant AND x.id = p_user FOR SHARE OF t;
	IF NOT FOUND OR u.status <> 'active' THEN
		PERFORM app.refuse('wrong-credentials');
	ELSIF u.workspace <> 'active' THEN
		PERFORM app.refuse('workspace-suspended');
	END IF;
END $$;

-- After the password was found right, against p_hash. Returns the session representation, or none: then there is a second factor to
-- show, and p_session and p_refresh_sha256 are its challenge.
CREATE OR REPLACE FUNCTION app.login_succeed(p_tenant uuid, p_user uuid, p_address_hmac bytea, p_break_glass boolean, p_hash text,
	p_session uuid, p_secret_sha256 bytea, p_refresh_sha256 bytea, p_transport text, p_ip text, p_user_agent text, p_request_id text)
	RETURNS TABLE (body json) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_enforced boolean;
BEGIN
	PERFORM app.login_usable(p_tenant, p_user, p_ip, p_request_id);
	-- a new one ends all sessions: it waits for this session, or this one is not begun with the old
	PERFORM FROM pact.user_password p WHERE p.tenant_id = p_tenant AND p.user_id = p_user AND p.hash = p_hash FOR SHARE;
	IF NOT FOUND THEN
		PERFORM app.refuse('wrong-credentials');
	END IF;
	DELETE FROM app.throttle WHERE key = app.throttle_key('address+ip', p_address_hmac, p_ip);
	SELECT t.sso_enforced INTO v_enforced FROM pact.tenant t WHERE t.tenant_id = p_tenant;
	IF v_enforced AND NOT (p_break_glass AND app.breaks_glass(p_user)) THEN
		PERFORM app.refuse('sso-required', NULL, jsonb_build_object('login_url', app.sso_login_url()));
	END IF;
	IF EXISTS (SELECT FROM pact.totp x WHERE x.tenant_id = p_tenant AND x.user_id = p_user AND x.confirmed_at IS NOT NULL) THEN
		INSERT INTO pact.login_challenge (tenant_id, id, user_id, secret_sha256, method, break_glass, expires_at)
			VALUES (p_tenant, p_session, p_user, p_refresh_sha256, 'password', v_enforced, now() + interval '10 minutes');
		PERFORM app.context_clear();
	ELSE
		body := app.session_begin(p_user, p_session, p_secret_sha256, p_refresh_sha256, 'password', NULL, p_transport, p_ip,
			p_user_agent, p_request_id);
	END IF;
	RETURN NEXT;
END $$;

-- A login that failed, where the address is known; p_reason: password, code, suspended, … Whoever enters codes that are wrong has
-- the password: at the fifth its owner hears of it, once a day.
CREATE OR REPLACE FUNCTION app.login_refuse(p_tenant uuid, p_user uuid, p_ip text, p_request_id text, p_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_tenant IS NULL THEN
		RETURN;
	END IF;
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	PERFORM app.audit_write('auth.login_refused', 'user', p_user, NULL, jsonb_build_object('reason', p_reason));
	IF p_reason = 'code' AND (SELECT t.n FROM app.throttle t WHERE t.key = app.throttle_key('mfa', uuid_send(p_user), NULL)) = 5
		AND NOT EXISTS (SELECT FROM pact.outbox o WHERE o.tenant_id = p_tenant AND o.user_id = p_user AND o.template = 'code-guessed'
			AND o.created_at > now() - interval '1 day') THEN
		PERFORM app.outbox_add(p_user, 'code-guessed', jsonb_build_object('ip', p_ip));
	END IF;
	PERFORM app.context_clear();
END $$;

-- One atomic change of the family's current token. outcome: rotated; grace: the one before, within 20 seconds, as parallel
-- tabs show it (the successor is the same); reuse: an older one, so somebody has a copy: the family ends; gone.
-- After rotated and grace the transaction is in the context of the session's user.
CREATE OR REPLACE FUNCTION app.refresh(p_tenant uuid, p_session uuid, p_presented_sha256 bytea, p_next_sha256 bytea, p_ip text,
	p_request_id text) RETURNS TABLE (outcome text, user_id uuid, transport text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	s record;
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	outcome := 'gone';
	UPDATE pact.session x SET refresh_prev_sha256 = x.refresh_sha256, refresh_prev_until = clock_timestamp() + interval '20 seconds',
			refresh_sha256 = p_next_sha256, expires_at = least(now() + interval '7 days', app.session_most(x.created_at, x.method)), last_seen_at = now(), ip = coalesce(p_ip, x.ip)
		FROM pact.user_account u JOIN pact.tenant t ON t.tenant_id = u.tenant_id
		WHERE x.tenant_id = p_tenant AND x.id = p_session AND x.refresh_sha256 = p_presented_sha256 AND x.ended_at IS NULL
			AND x.expires_at > now() AND u.tenant_id = p_tenant AND u.id = x.user_id AND u.status = 'active' AND t.status = 'active'
		RETURNING x.user_id, x.transport, u.email INTO s;
	IF FOUND THEN
		outcome := 'rotated';
	ELSE
		SELECT x.user_id, x.transport, u.email, u.status = 'active' AND t.status = 'active' AS usable,
				x.refresh_sha256 = p_presented_sha256 AS is_current,
				x.refresh_prev_sha256 = p_presented_sha256 AND x.refresh_prev_until > clock_timestamp() AS in_grace INTO s
			FROM pact.session x JOIN pact.user_account u ON u.tenant_id = x.tenant_id AND u.id = x.user_id
			JOIN pact.tenant t ON t.tenant_id = x.tenant_id
			WHERE x.tenant_id = p_tenant AND x.id = p_session AND x.ended_at IS NULL AND x.expires_at > now() FOR UPDATE OF x;
		IF FOUND AND s.usable AND s.in_grace THEN
			outcome := 'grace';
		ELSIF FOUND AND NOT s.is_current AND s.in_grace IS NOT TRUE THEN
			outcome := 'reuse';
		END IF;
	END IF;
	IF outcome IN ('rotated', 'grace') THEN
		PERFORM app.context(p_tenant, 'user', s.user_id, s.email, p_ip, p_request_id);
		user_id := s.user_id;
		transport := s.transport;
	ELSE
		IF outcome = 'reuse' THEN
			UPDATE pact.session x SET ended_at = now(), ended_reason = 'reuse' WHERE x.tenant_id = p_tenant AND x.id = p_session;
			PERFORM app.audit_write('auth.refresh_reuse', 'session', p_session, NULL, jsonb_build_object('user_id', s.user_id));
		END IF;
		PERFORM app.context_clear();
	END IF;
	RETURN NEXT;
END $$;

-- Counts a try at the caller's own password, and says what it is held against; nothing is, after ten in a quarter of an hour.
CREATE OR REPLACE FUNCTION app.password_hash() RETURNS TABLE (hash text, email text, workspace text, retry_after int)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	retry_after := app.try_count('password', app.actor_id());
	SELECT CASE WHEN retry_after IS NULL THEN p.hash END, u.email, t.name INTO hash, email, workspace
		FROM pact.user_account u JOIN pact.tenant t ON t.tenant_id = u.tenant_id
		LEFT JOIN pact.user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
		WHERE u.tenant_id = app.tenant_id() AND u.id = app.actor_id();
	RETURN NEXT;
END $$;
-- Counts a try at something of a user's; seconds to wait when there were more than ten in a quarter of an hour.
CREATE OR REPLACE FUNCTION app.try_count(p_tag text, p_user uuid) RETURNS int LANGUAGE sql SET search_path = pg_catalog, pg_temp
	AS $$ SELECT app.throttle_count(app.throttle_key(p_tag, uuid_send(p_user), NULL), 10, interval '15 minutes') $$;

RESET ROLE;
SET ROLE pact_owner;

-- Ends one of the caller's own sessions; works at once, as each door asks. Ending it twice is no error.
CREATE OR REPLACE FUNCTION app.session_end(p_session uuid, p_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_ended timestamptz;
BEGIN
	SELECT x.ended_at INTO v_ended FROM pact.session x
		WHERE x.tenant_id = app.tenant_id() AND x.id = p_session AND x.user_id = app.actor_id() FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF v_ended IS NULL THEN
		UPDATE pact.session x SET ended_at = now(), ended_reason = p_reason WHERE x.tenant_id = app.tenant_id() AND x.id = p_session;
		PERFORM app.audit_write(CASE WHEN p_reason = 'logout' THEN 'auth.logout' ELSE 'auth.session_end' END, 'session', p_session, NULL,
			jsonb_build_object('reason', p_reason));
	END IF;
END $$;

-- Ends logins of a user that are half way, and sessions but p_keep; how many. In this order: a login that is just being finished is
-- waited for, and its session is among them.
CREATE OR REPLACE FUNCTION app.sessions_out(p_user uuid, p_keep uuid, p_reason text) RETURNS int LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n int;
BEGIN
	UPDATE pact.login_challenge c SET ended_at = now() WHERE c.tenant_id = app.tenant_id() AND c.user_id = p_user AND c.ended_at IS NULL;
	UPDATE pact.session s SET ended_at = now(), ended_reason = p_reason WHERE s.tenant_id = app.tenant_id() AND s.user_id = p_user
		AND s.ended_at IS NULL AND s.expires_at > now() AND s.id IS DISTINCT FROM p_keep;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

-- The caller's own; every session but p_keep_session ends, with what was begun by whoever knew the one before, half-way logins and
-- links in mails. A mail says that it was changed.
CREATE OR REPLACE FUNCTION app.password_set(p_hash text, p_keep_session uuid) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.tenant_id() IS NULL OR app.actor_id() IS NULL THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	INSERT INTO pact.user_password AS p (tenant_id, user_id, hash) VALUES (app.tenant_id(), app.actor_id(), p_hash)
		ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = excluded.hash, changed_at = now();
	-- whoever was logged out while they waited for another change of it makes none
	IF NOT EXISTS (SELECT FROM pact.session s WHERE s.tenant_id = app.tenant_id() AND s.id = p_keep_session AND s.ended_at IS NULL) THEN
		PERFORM app.refuse('session-ended');
	END IF;
	PERFORM app.sessions_out(app.actor_id(), p_keep_session, 'password-changed');
	DELETE FROM pact.user_token t WHERE t.tenant_id = app.tenant_id() AND t.user_id = app.actor_id() AND t.used_at IS NULL;
	PERFORM app.audit_write('auth.password_change', 'user', app.actor_id(), NULL, NULL);
	PERFORM app.outbox_add(app.actor_id(), 'password-changed', jsonb_build_object('at', app.rfc3339(now()), 'ip', app.ip()));
END $$;

RESET ROLE;
