-- SPDX-License-Identifier: GPL-3.0-or-later
-- Settings → Integrations (T4). Credentials come here sealed and are never given out again, but to the program that will use
-- them; which members a kind has is in fcgi/auth/integration_kind.c.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION api.integration_json(i pact.integration) RETURNS json LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('public_id', i.id, 'kind', i.kind, 'name', i.name, 'settings', i.settings,
		'credentials', (SELECT coalesce(json_agg(json_build_object('name', c.member, 'set_at', app.rfc3339(c.set_at),
				'rotated_at', app.rfc3339(c.rotated_at)) ORDER BY c.member), '[]')
			FROM pact.integration_credential c WHERE c.tenant_id = i.tenant_id AND c.integration_id = i.id),
		'created_at', app.rfc3339(i.created_at), 'updated_at', app.rfc3339(i.updated_at))
	$$;
CREATE OR REPLACE FUNCTION app.integration_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text, location text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body), '/v1/settings/integrations/' || x.id
	FROM (SELECT i.id, i.version, api.integration_json(i) AS body FROM pact.integration i WHERE i.tenant_id = p_tenant AND i.id = p_id OFFSET 0) x
	$$;

RESET ROLE;
SET ROLE pact_door;

-- An integration that the caller is to change, locked; set: the credentials it has.
CREATE OR REPLACE FUNCTION app.integration_lock(p_id uuid, p_version bigint) RETURNS pact.integration LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	i pact.integration;
BEGIN
	SELECT * INTO i FROM pact.integration x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF i.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	RETURN i;
END $$;
-- p_id NULL: one is to be made.
CREATE OR REPLACE FUNCTION app.integration_begin(p_id uuid, p_version bigint) RETURNS TABLE (kind text, settings jsonb, credentials jsonb, data_key bytea)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	i pact.integration;
BEGIN
	-- the key first, as `pactctl rekey` does
	data_key := app.data_key();
	IF p_id IS NOT NULL THEN
		i := app.integration_lock(p_id, p_version);
		kind := i.kind;
		settings := i.settings;
	END IF;
	credentials := (SELECT coalesce(jsonb_object_agg(c.member, true), '{}') FROM pact.integration_credential c
		WHERE c.tenant_id = app.tenant_id() AND c.integration_id = p_id);
	RETURN NEXT;
END $$;
-- Sets these credentials; one that is NULL is taken away.
CREATE OR REPLACE FUNCTION app.integration_credentials(p_id uuid, p_members text[], p_sealed bytea[]) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM pact.integration_credential c USING unnest(p_members, p_sealed) n (member, sealed)
		WHERE c.tenant_id = app.tenant_id() AND c.integration_id = p_id AND c.member = n.member AND n.sealed IS NULL;
	INSERT INTO pact.integration_credential (tenant_id, integration_id, member, sealed)
		SELECT app.tenant_id(), p_id, n.member, n.sealed FROM unnest(p_members, p_sealed) n (member, sealed) WHERE n.sealed IS NOT NULL
		ON CONFLICT (tenant_id, integration_id, member) DO UPDATE SET sealed = excluded.sealed, rotated_at = now();
	-- the triggers know the rows that come and go; that the value is another one is nothing they may see
	PERFORM app.audit_write('integration_credential.rotate', 'integration_credential', p_id, NULL,
			jsonb_build_object('member', c.member, 'integration', i.name))
		FROM pact.integration_credential c JOIN pact.integration i ON i.tenant_id = c.tenant_id AND i.id = c.integration_id
		WHERE c.tenant_id = app.tenant_id() AND c.integration_id = p_id AND c.member = ANY (p_members) AND c.rotated_at = now();
END $$;
CREATE OR REPLACE FUNCTION app.integration_name(p_name text, p_except uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id uuid;
BEGIN
	SELECT x.id INTO v_id FROM pact.integration x WHERE x.tenant_id = app.tenant_id() AND x.name = p_name AND x.id IS DISTINCT FROM p_except;
	IF FOUND THEN
		PERFORM app.refuse('duplicate', 'There is an integration of this name.', jsonb_build_object('existing', v_id));
	END IF;
END $$;
CREATE OR REPLACE FUNCTION app.integration_create(p_id uuid, p_kind text, p_name text, p_settings jsonb, p_members text[], p_sealed bytea[])
	RETURNS TABLE (body json, etag text, location text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- counted one after the other
	PERFORM FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() FOR NO KEY UPDATE;
	IF (SELECT count(*) FROM pact.integration x WHERE x.tenant_id = app.tenant_id()) >= 100 THEN
		PERFORM app.refuse('conflict', 'A workspace has 100 integrations at most. Remove one that is not used any more.');
	END IF;
	PERFORM app.integration_name(p_name, NULL);
	INSERT INTO pact.integration (tenant_id, id, kind, name, settings) VALUES (app.tenant_id(), p_id, p_kind, p_name, p_settings);
	PERFORM app.integration_credentials(p_id, p_members, p_sealed);
	RETURN QUERY SELECT r.* FROM app.integration_reply(app.tenant_id(), p_id) r;
END $$;
-- Of one that app.integration_begin() has locked. A new credential moves the version, too.
CREATE OR REPLACE FUNCTION app.integration_patch(p_id uuid, p_name text, p_settings jsonb, p_members text[], p_sealed bytea[])
	RETURNS TABLE (body json, etag text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.integration_name(p_name, p_id);
	UPDATE pact.integration x SET name = coalesce(p_name, x.name), settings = p_settings
		WHERE x.tenant_id = app.tenant_id() AND x.id = p_id AND (p_members <> '{}' OR p_name <> x.name OR p_settings <> x.settings);
	PERFORM app.integration_credentials(p_id, p_members, p_sealed);
	RETURN QUERY SELECT r.body, r.etag FROM app.integration_reply(app.tenant_id(), p_id) r;
END $$;
CREATE OR REPLACE FUNCTION app.integration_delete(p_id uuid, p_version bigint) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.integration_lock(p_id, p_version);
	-- first the credentials, so that the event of each is there while its integration has a name
	DELETE FROM pact.integration_credential c WHERE c.tenant_id = app.tenant_id() AND c.integration_id = p_id;
	DELETE FROM pact.integration x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	RETURN QUERY SELECT p_id;
END $$;

RESET ROLE;
