-- SPDX-License-Identifier: GPL-3.0-or-later
-- Groups of SCIM 2.0. A group is a name and its members; what the name gives is the owner's to say (pact.group_role), so whoever
-- changes a group may only move permissions that are within their own.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION api.scim_group_json(p_base text, g pact.scim_group, p_members boolean) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT api.scim_versioned(jsonb_strip_nulls(jsonb_build_object('schemas', '["urn:ietf:params:scim:schemas:core:2.0:Group"]'::jsonb, 'id', g.id,
		'externalId', g.external_id, 'displayName', g.display_name,
		'members', CASE WHEN p_members THEN (SELECT coalesce(jsonb_agg(jsonb_build_object('value', m.user_id, 'type', 'User',
				'display', u.email, '$ref', p_base || '/Users/' || m.user_id) ORDER BY m.user_id), '[]')
			FROM pact.scim_group_member m JOIN pact.user_account u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
			WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id) END,
		'meta', api.scim_meta('Group', p_base || '/Groups/' || g.id, g.created_at, g.updated_at))), g.id, g.version)
	$$;
CREATE OR REPLACE FUNCTION api.scim_members_wanted(p_only text[], p_not text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
	AS $$ SELECT coalesce('members' = ANY (p_only), true) AND coalesce(NOT 'members' = ANY (p_not), true) $$;
CREATE OR REPLACE FUNCTION app.scim_group_reply(p_id uuid, p_base text, p_only text[], p_not text[]) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT api.scim_pick(x.whole, p_only, p_not), api.scim_etag(x.whole), p_base || '/Groups/' || p_id
	FROM (SELECT api.scim_group_json(p_base, g, api.scim_members_wanted(p_only, p_not)) AS whole FROM pact.scim_group g
		WHERE g.tenant_id = app.tenant_id() AND g.id = p_id OFFSET 0) x
	$$;
CREATE OR REPLACE FUNCTION app.scim_groups(p_base text, p_filter jsonb, p_start int, p_count int, p_only text[], p_not text[]) RETURNS TABLE (body jsonb)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	v_name text := app.email_norm(p_filter ->> 'display_name');
	v_total bigint;
	v_items jsonb;
BEGIN
	WITH hit AS (
		SELECT g AS row, g.id FROM pact.scim_group g WHERE g.tenant_id = app.tenant_id() AND (NOT p_filter ? 'display_name' OR g.display_norm = v_name)
			AND (NOT p_filter ? 'external_id' OR g.external_id IS NOT DISTINCT FROM p_filter ->> 'external_id')
			AND (NOT p_filter ? 'id' OR g.id::text = p_filter ->> 'id')
			AND (NOT p_filter ? 'member' OR EXISTS (SELECT FROM pact.scim_group_member m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id
				AND m.user_id::text = p_filter ->> 'member'))
	), page AS (SELECT * FROM hit ORDER BY id OFFSET p_start - 1 LIMIT p_count)
	SELECT (SELECT count(*) FROM hit), (SELECT jsonb_agg(api.scim_pick(api.scim_group_json(p_base, page.row, api.scim_members_wanted(p_only, p_not)),
			p_only, p_not) ORDER BY page.id) FROM page)
		INTO v_total, v_items;
	RETURN QUERY SELECT api.scim_list(v_total, p_start, v_items);
END $$;

RESET ROLE;
SET ROLE pact_door;

CREATE OR REPLACE FUNCTION app.scim_group_free(p_group uuid, p_name text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM pact.scim_group g WHERE g.tenant_id = app.tenant_id() AND g.display_norm = app.email_norm(p_name)
			AND g.id IS DISTINCT FROM p_group) THEN
		PERFORM app.refuse('duplicate', 'There is a group of this displayName.');
	END IF;
END $$;
CREATE OR REPLACE FUNCTION app.scim_group_lock(p_id uuid, p_version bigint) RETURNS pact.scim_group LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g pact.scim_group;
BEGIN
	PERFORM app.people_lock();
	SELECT * INTO g FROM pact.scim_group x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF g.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	RETURN g;
END $$;

-- The members that a list of [{"op": "add" | "remove" | "replace", "ids": […]}] comes to, one after the other. Whoever is named to
-- be removed need not be there.
CREATE OR REPLACE FUNCTION app.scim_members(p_group uuid, p_ops jsonb) RETURNS uuid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v uuid[] := ARRAY(SELECT m.user_id FROM pact.scim_group_member m WHERE m.tenant_id = app.tenant_id() AND m.group_id = p_group);
	v_ids uuid[];
	o jsonb;
	v_missing text;
BEGIN
	FOR o IN SELECT * FROM jsonb_array_elements(coalesce(p_ops, '[]')) LOOP
		SELECT array_agg(DISTINCT u.id) FILTER (WHERE u.id IS NOT NULL), min(i) FILTER (WHERE u.id IS NULL) INTO v_ids, v_missing
			FROM jsonb_array_elements_text(o -> 'ids') i LEFT JOIN pact.user_account u ON u.tenant_id = app.tenant_id() AND u.id = i::uuid;
		IF v_missing IS NOT NULL AND o ->> 'op' <> 'remove' THEN
			PERFORM app.refuse('invalid', 'There is no user ' || v_missing || '.');
		END IF;
		v := CASE o ->> 'op' WHEN 'add' THEN v || v_ids WHEN 'replace' THEN coalesce(v_ids, '{}')
			ELSE ARRAY(SELECT unnest(v) EXCEPT SELECT unnest(v_ids)) END;
	END LOOP;
	RETURN ARRAY(SELECT DISTINCT unnest(v));
END $$;
-- Exactly these members; roles follow for those who came, who went, and, when p_name is another name than before, for all.
CREATE OR REPLACE FUNCTION app.scim_group_set(p_group uuid, p_members uuid[], p_old_name text, p_name text) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_moved uuid[];
	v_in_need boolean := app.owner_in_need();
BEGIN
	WITH gone AS (
		-- as a set, which is hashed: a list that the plan does not know is gone through for each
		DELETE FROM pact.scim_group_member m WHERE m.tenant_id = app.tenant_id() AND m.group_id = p_group
			AND m.user_id NOT IN (SELECT unnest(p_members)) RETURNING m.user_id
	) SELECT array_agg(user_id) INTO v_moved FROM gone;
	WITH new AS (
		INSERT INTO pact.scim_group_member (tenant_id, group_id, user_id) SELECT app.tenant_id(), p_group, x FROM unnest(p_members) x
		ON CONFLICT DO NOTHING RETURNING user_id
	) SELECT v_moved || array_agg(user_id) INTO v_moved FROM new;
	IF p_old_name IS DISTINCT FROM p_name THEN
		v_moved := v_moved || p_members;
	END IF;
	-- a name that stands for nothing changes nothing
	IF EXISTS (SELECT FROM pact.group_role r WHERE r.tenant_id = app.tenant_id() AND r.group_name IN (p_old_name, p_name)) THEN
		PERFORM app.scim_roles(x) FROM (SELECT DISTINCT x FROM unnest(v_moved) x ORDER BY x) t;
		PERFORM app.owner_left(v_in_need);
	END IF;
END $$;

CREATE OR REPLACE FUNCTION app.scim_group_create(p jsonb, p_base text) RETURNS TABLE (body jsonb, etag text, location text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id uuid;
BEGIN
	PERFORM app.people_lock();
	PERFORM app.scim_group_free(NULL, p ->> 'display_name');
	INSERT INTO pact.scim_group (tenant_id, display_name, external_id) VALUES (app.tenant_id(), p ->> 'display_name', p ->> 'external_id')
		RETURNING id INTO v_id;
	PERFORM app.scim_group_set(v_id, app.scim_members(v_id, p -> 'members'), p ->> 'display_name', p ->> 'display_name');
	RETURN QUERY SELECT * FROM app.scim_group_reply(v_id, p_base, NULL, NULL);
END $$;
CREATE OR REPLACE FUNCTION app.scim_group_patch(p_id uuid, p_version bigint, p jsonb, p_base text) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g pact.scim_group := app.scim_group_lock(p_id, p_version);
	v_name text := coalesce(p ->> 'display_name', g.display_name);
BEGIN
	PERFORM app.scim_group_free(p_id, v_name);
	-- also when members alone change: the version moves with them
	UPDATE pact.scim_group x SET display_name = v_name,
		external_id = CASE WHEN p ? 'external_id' THEN p ->> 'external_id' ELSE x.external_id END WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	PERFORM app.scim_group_set(p_id, app.scim_members(p_id, p -> 'members'), g.display_name, v_name);
	RETURN QUERY SELECT * FROM app.scim_group_reply(p_id, p_base, NULL, NULL);
END $$;
CREATE OR REPLACE FUNCTION app.scim_group_delete(p_id uuid, p_version bigint) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g pact.scim_group := app.scim_group_lock(p_id, p_version);
BEGIN
	PERFORM app.scim_group_set(p_id, '{}', g.display_name, g.display_name);
	DELETE FROM pact.scim_group x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	RETURN QUERY SELECT p_id;
END $$;

-- The owner says that groups stand for other roles now: who is in one by SCIM follows. p_groups, p_roles: what was taken away.
CREATE OR REPLACE FUNCTION app.scim_remapped(p_groups text[], p_roles uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_in_need boolean;
BEGIN
	PERFORM app.people_lock();
	v_in_need := app.owner_in_need();
	DELETE FROM pact.user_role ur USING unnest(p_groups, p_roles) w (group_name, role_id), pact.scim_group g, pact.scim_group_member m
		WHERE ur.tenant_id = app.tenant_id() AND ur.role_id = w.role_id AND g.tenant_id = ur.tenant_id AND g.display_name = w.group_name
			AND m.tenant_id = ur.tenant_id AND m.group_id = g.id AND m.user_id = ur.user_id
			-- another group of theirs still gives it
			AND NOT EXISTS (SELECT FROM pact.scim_group_member o JOIN pact.scim_group og ON og.tenant_id = o.tenant_id AND og.id = o.group_id
				JOIN pact.group_role r ON r.tenant_id = o.tenant_id AND r.group_name = og.display_name
				WHERE o.tenant_id = ur.tenant_id AND o.user_id = ur.user_id AND r.role_id = ur.role_id);
	INSERT INTO pact.user_role (tenant_id, user_id, role_id) SELECT DISTINCT m.tenant_id, m.user_id, r.role_id FROM pact.group_role r
		JOIN pact.scim_group g ON g.tenant_id = r.tenant_id AND g.display_name = r.group_name
		JOIN pact.scim_group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id WHERE r.tenant_id = app.tenant_id() ON CONFLICT DO NOTHING;
	PERFORM app.owner_left(v_in_need);
END $$;

RESET ROLE;
