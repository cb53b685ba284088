-- SPDX-License-Identifier: GPL-3.0-or-later
-- What an audit event looks like to a client, and that somebody looked.
SET ROLE pact_owner;

-- `at` is the time in the event's id: the log is ordered and filtered by it.
CREATE OR REPLACE FUNCTION api.audit_event_json(e pact.audit_event) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
	AS $$
	SELECT json_build_object('id', e.id, 'at', app.rfc3339(app.uuid7_time(e.id)), 'action', e.action, 'module', e.module,
		'actor_kind', e.actor_kind, 'actor_id', e.actor_id, 'actor_email', e.actor_email, 'key_id', e.key_id, 'resource_type', e.resource_type,
		'resource_id', e.resource_id, 'old', e.old, 'new', e.new, 'ip', e.ip, 'request_id', e.request_id)
	$$;

-- Reading the log is an event of it: one for each user or key and hour.
CREATE OR REPLACE FUNCTION app.audit_seen() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pact.audit_event e WHERE e.tenant_id = app.tenant_id() AND e.action = 'audit.read'
		AND e.id >= app.uuid7_floor(date_trunc('hour', now())) AND e.actor_id = app.actor_id()
		AND e.key_id IS NOT DISTINCT FROM app.key_id()) THEN
		PERFORM app.audit_write('audit.read', 'audit_event', NULL, NULL, NULL);
	END IF;
END $$;

RESET ROLE;
