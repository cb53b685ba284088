-- SPDX-License-Identifier: GPL-3.0-or-later
-- SCIM 2.0 (RFC 7643, RFC 7644): what a user is there, and the ways of changing one. Who acts is mostly an API key, and holds to
-- the rules of sql/api/user.sql: nobody is touched who may do more than it, the last owner stays.
SET ROLE pact_owner;

-- Of a resource, the attributes asked for (p_only) or all but some (p_not), named in lower case; both null: all. The schemas and the
-- id are always there.
CREATE OR REPLACE FUNCTION api.scim_pick(p jsonb, p_only text[], p_not text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN p_only IS NULL AND p_not IS NULL THEN p ELSE (SELECT jsonb_object_agg(k, v) FROM jsonb_each(p) x (k, v)
		WHERE k IN ('schemas', 'id') OR coalesce(lower(k) = ANY (p_only), true) AND coalesce(NOT lower(k) = ANY (p_not), true)) END
	$$;
CREATE OR REPLACE FUNCTION api.scim_meta(p_type text, p_path text, p_created timestamptz, p_updated timestamptz) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object('resourceType', p_type, 'location', p_path, 'created', app.rfc3339(p_created),
		'lastModified', app.rfc3339(p_updated))
	$$;
-- The whole resource with its version, which is the ETag: it moves also when what belongs to others does, such as a group's name.
CREATE OR REPLACE FUNCTION api.scim_versioned(p jsonb, p_id uuid, p_version bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_set(p, '{meta,version}', to_jsonb('"' || p_id || '-' || p_version || '.' || to_hex(hashtextextended(p::text, 0)) || '"'))
	$$;
CREATE OR REPLACE FUNCTION api.scim_etag(p jsonb) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT btrim(p #>> '{meta,version}', '"') $$;
-- A name, put together of its parts.
CREATE OR REPLACE FUNCTION app.scim_name(p_given text, p_family text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT left(concat_ws(' ', p_given, p_family), 200) $$;
-- p_base: the address of /scim/v2, without a slash at its end. One name is kept, displayName; name.formatted is its parts.
CREATE OR REPLACE FUNCTION api.scim_user_json(p_base text, u pact.user_account) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT api.scim_versioned(jsonb_strip_nulls(jsonb_build_object('schemas', '["urn:ietf:params:scim:schemas:core:2.0:User"]'::jsonb, 'id', u.id,
		'externalId', s.external_id, 'userName', coalesce(s.user_name, u.email), 'displayName', nullif(u.name, ''),
		'name', nullif(jsonb_strip_nulls(jsonb_build_object('formatted', coalesce(nullif(app.scim_name(s.given_name, s.family_name), ''), nullif(u.name, '')),
			'givenName', s.given_name, 'familyName', s.family_name)), '{}'),
		'emails', jsonb_build_array(jsonb_build_object('value', u.email, 'type', 'work', 'primary', true)), 'active', u.status <> 'suspended',
		'groups', (SELECT jsonb_agg(jsonb_build_object('value', g.id, 'display', g.display_name, 'type', 'direct', '$ref', p_base || '/Groups/' || g.id)
				ORDER BY g.display_name) FROM pact.scim_group_member m JOIN pact.scim_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
			WHERE m.tenant_id = u.tenant_id AND m.user_id = u.id),
		'meta', api.scim_meta('User', p_base || '/Users/' || u.id, u.created_at, u.updated_at))), u.id, u.version)
	FROM (SELECT u.tenant_id, u.id AS user_id) k LEFT JOIN pact.scim_user s USING (tenant_id, user_id)
	$$;
CREATE OR REPLACE FUNCTION app.scim_user_reply(p_id uuid, p_base text, p_only text[], p_not text[]) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT api.scim_pick(x.whole, p_only, p_not), api.scim_etag(x.whole), p_base || '/Users/' || p_id
	FROM (SELECT api.scim_user_json(p_base, u) AS whole FROM pact.user_account u WHERE u.tenant_id = app.tenant_id() AND u.id = p_id OFFSET 0) x
	$$;
CREATE OR REPLACE FUNCTION api.scim_list(p_total bigint, p_start int, p_items jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object('schemas', '["urn:ietf:params:scim:api:messages:2.0:ListResponse"]'::jsonb, 'totalResults', p_total, 'startIndex', p_start,
		'itemsPerPage', jsonb_array_length(coalesce(p_items, '[]')), 'Resources', coalesce(p_items, '[]'))
	$$;
-- Whom a name means. Somebody who has not come by SCIM goes by the address, so that a provider finds who is here already.
CREATE OR REPLACE FUNCTION app.scim_user_named(p_name text) RETURNS uuid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce((SELECT s.user_id FROM pact.scim_user s WHERE s.tenant_id = app.tenant_id() AND s.user_name_norm = app.email_norm(p_name)),
		(SELECT u.id FROM pact.user_account u WHERE u.tenant_id = app.tenant_id() AND u.email_norm = app.email_norm(p_name)
			AND NOT EXISTS (SELECT FROM pact.scim_user s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id)))
	$$;
-- p_filter: what must be equal, by columns. p_start counts from 1.
CREATE OR REPLACE FUNCTION app.scim_users(p_base text, p_filter jsonb, p_start int, p_count int, p_only text[], p_not text[]) RETURNS TABLE (body jsonb)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	v_ids uuid[];
	v_named uuid := app.scim_user_named(p_filter ->> 'user_name');
	v_email text := app.email_norm(p_filter ->> 'email');
	v_active boolean := (p_filter ->> 'active')::boolean;
	v_total bigint;
	v_items jsonb;
BEGIN
	-- by index, where something names somebody
	IF p_filter ? 'user_name' THEN
		v_ids := ARRAY(SELECT v_named WHERE v_named IS NOT NULL);
	ELSIF p_filter ? 'email' THEN
		v_ids := ARRAY(SELECT u.id FROM pact.user_account u WHERE u.tenant_id = app.tenant_id() AND u.email_norm = v_email);
	ELSIF p_filter ? 'external_id' THEN
		v_ids := ARRAY(SELECT s.user_id FROM pact.scim_user s WHERE s.tenant_id = app.tenant_id() AND s.external_id = p_filter ->> 'external_id');
	ELSIF p_filter ? 'id' THEN
		v_ids := ARRAY(SELECT u.id FROM pact.user_account u WHERE u.tenant_id = app.tenant_id() AND u.id::text = p_filter ->> 'id');
	END IF;
	WITH hit AS (
		SELECT u AS row, u.id FROM pact.user_account u LEFT JOIN pact.scim_user s ON s.tenant_id = u.tenant_id AND s.user_id = u.id
		WHERE u.tenant_id = app.tenant_id() AND (v_ids IS NULL OR u.id = ANY (v_ids)) AND (v_email IS NULL OR u.email_norm = v_email)
			AND (NOT p_filter ? 'email_type' OR p_filter ->> 'email_type' = 'work')
			AND (NOT p_filter ? 'external_id' OR s.external_id IS NOT DISTINCT FROM p_filter ->> 'external_id')
			AND (NOT p_filter ? 'id' OR u.id::text = p_filter ->> 'id') AND (v_active IS NULL OR v_active = (u.status <> 'suspended'))
	), page AS (SELECT * FROM hit ORDER BY id OFFSET p_start - 1 LIMIT p_count)
	SELECT (SELECT count(*) FROM hit), (SELECT jsonb_agg(api.scim_pick(api.scim_user_json(p_base, page.row), p_only, p_not) ORDER BY page.id) FROM page)
		INTO v_total, v_items;
	RETURN QUERY SELECT api.scim_list(v_total, p_start, v_items);
END $$;

RESET ROLE;
SET ROLE pact_door;

-- Roles follow the groups that somebody is in by SCIM. Permissions may only move within the caller's own, both those that were
-- there and those that come.
CREATE OR REPLACE FUNCTION app.scim_roles(p_user uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_before text[] := app.permissions_of(p_user);
	v_after text[];
BEGIN
	IF NOT app.user_groups(p_user, ARRAY(SELECT g.display_name FROM pact.scim_group_member m
			JOIN pact.scim_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id WHERE m.tenant_id = app.tenant_id() AND m.user_id = p_user)) THEN
		-- nothing gives a role any more, and nobody has given one by hand; the last owner stays one all the same
		PERFORM app.user_roles(p_user, ARRAY(SELECT ur.role_id FROM pact.user_role ur JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = p_user AND r.builtin AND r.name = 'owner' AND app.owner_needed(p_user)));
	END IF;
	v_after := app.permissions_of(p_user);
	IF v_after <> v_before THEN
		PERFORM app.not_beyond(v_before, 'A member of this group may do more here than this key.');
		PERFORM app.not_beyond(v_after, 'The groups give a role that may do more here than this key.');
	END IF;
END $$;

CREATE OR REPLACE FUNCTION app.scim_free(p_user uuid, p_user_name text, p_email text) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.scim_user_named(p_user_name) IS DISTINCT FROM p_user AND app.scim_user_named(p_user_name) IS NOT NULL THEN
		PERFORM app.refuse('duplicate', 'Somebody here has this userName.');
	ELSIF EXISTS (SELECT FROM pact.user_account u WHERE u.tenant_id = app.tenant_id() AND u.email_norm = app.email_norm(p_email)
			AND u.id IS DISTINCT FROM p_user) THEN
		PERFORM app.refuse('duplicate', 'Somebody here has this e-mail address.');
	END IF;
END $$;

-- Somebody who comes in by single sign-on: no password, active unless the provider says otherwise. An address that nobody has
-- confirmed comes last where its owner logs in without naming a workspace.
CREATE OR REPLACE FUNCTION app.scim_user_create(p jsonb, p_email_hmac bytea, p_base text) RETURNS TABLE (body jsonb, etag text, location text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id uuid;
BEGIN
	PERFORM app.people_lock();
	PERFORM app.scim_free(NULL, p ->> 'user_name', p ->> 'email');
	INSERT INTO pact.user_account (tenant_id, email, name, status) VALUES (app.tenant_id(), p ->> 'email', coalesce(p ->> 'display_name', p ->> 'formatted',
			app.scim_name(p ->> 'given_name', p ->> 'family_name')),
		CASE WHEN (p ->> 'active')::boolean IS FALSE THEN 'suspended' ELSE 'active' END) RETURNING id INTO v_id;
	INSERT INTO directory.login (address_hmac, tenant_id, user_id, last_used) VALUES (p_email_hmac, app.tenant_id(), v_id, '-infinity');
	INSERT INTO pact.scim_user (tenant_id, user_id, user_name, external_id, given_name, family_name)
		VALUES (app.tenant_id(), v_id, p ->> 'user_name', p ->> 'external_id', p ->> 'given_name', p ->> 'family_name');
	PERFORM app.scim_roles(v_id);
	RETURN QUERY SELECT * FROM app.scim_user_reply(v_id, p_base, NULL, NULL);
END $$;

-- Changes what p names; null takes a value away. Where the address is the userName's, it follows it (p_user_name_hmac). An address
-- is a way in (a new password comes by mail): of somebody who is here it changes to a domain only that is the workspace's own.
CREATE OR REPLACE FUNCTION app.scim_user_patch(p_id uuid, p_version bigint, p jsonb, p_email_hmac bytea, p_user_name_hmac bytea, p_base text)
	RETURNS TABLE (body jsonb, etag text, location text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u pact.user_account := app.user_lock(p_id, p_version);
	v_in_need boolean := app.owner_in_need();
	s pact.scim_user;
	v_email text := coalesce(p ->> 'email', u.email);
	v_name text;
	v_before text;
	v_parts text;
	v_status text := u.status;
	v_asked_anew boolean := false;
BEGIN
	SELECT * INTO s FROM pact.scim_user x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_id;
	v_before := app.scim_name(s.given_name, s.family_name);
	s.tenant_id := app.tenant_id();
	s.user_id := p_id;
	IF NOT p ? 'email' AND p_user_name_hmac IS NOT NULL AND app.email_norm(coalesce(s.user_name, u.email)) = u.email_norm THEN
		v_email := p ->> 'user_name';
		p_email_hmac := p_user_name_hmac;
	END IF;
	s.user_name := coalesce(p ->> 'user_name', s.user_name, u.email);
	s.external_id := CASE WHEN p ? 'external_id' THEN p ->> 'external_id' ELSE s.external_id END;
	s.given_name := CASE WHEN p ? 'given_name' THEN p ->> 'given_name' ELSE s.given_name END;
	s.family_name := CASE WHEN p ? 'family_name' THEN p ->> 'family_name' ELSE s.family_name END;
	v_parts := app.scim_name(s.given_name, s.family_name);
	-- A name that was put together of its parts goes on to be. Entra ID sends name.formatted beside displayName, and alone when it
	-- reads another one: as long as it says the parts once more it says nothing of the name, but where the whole user is given.
	v_name := coalesce(p ->> 'display_name', CASE WHEN p ? 'display_name' OR p ->> 'formatted' <> v_parts THEN p ->> 'formatted' END,
		CASE WHEN u.name IN ('', v_before) THEN v_parts END, u.name);
	PERFORM app.scim_free(p_id, s.user_name, v_email);

	IF app.email_norm(v_email) <> u.email_norm THEN
		IF NOT EXISTS (SELECT FROM pact.sso_domain d WHERE d.tenant_id = app.tenant_id() AND d.domain = app.email_domain(v_email) AND d.verified_at IS NOT NULL) THEN
			PERFORM app.refuse('invalid', 'The address of somebody who is here changes only to a domain that the workspace has verified.');
		END IF;
		UPDATE directory.login l SET address_hmac = p_email_hmac WHERE l.tenant_id = app.tenant_id() AND l.user_id = p_id;
		DELETE FROM pact.user_token t WHERE t.tenant_id = app.tenant_id() AND t.user_id = p_id AND t.used_at IS NULL;
		IF u.status = 'active' THEN
			PERFORM app.outbox_add(p_id, 'address-changed', jsonb_build_object('to', u.email, 'new', v_email, 'by', app.actor_email()));
		END IF;
		-- Nobody has shown that the new address is theirs. Whoever comes by it through the provider becomes this person, with what
		-- roles their groups give: who had a password here before must not be inside by then, nor be able to come back.
		v_asked_anew := EXISTS (SELECT FROM pact.user_password x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_id);
	END IF;
	IF v_asked_anew THEN
		IF p_id = app.actor_id() THEN
			PERFORM app.refuse('conflict', 'Whoever this key acts for has a password, and cannot be given another address by it.');
		END IF;
		DELETE FROM pact.user_password x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_id;
		DELETE FROM pact.api_key x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_id;
		PERFORM app.totp_remove(p_id);
		PERFORM app.user_out(p_id, 'address-changed');
		v_status := CASE v_status WHEN 'active' THEN 'invited' ELSE v_status END;
	END IF;
	IF (p ->> 'active')::boolean IS FALSE AND u.status <> 'suspended' THEN
		IF p_id = app.actor_id() THEN
			PERFORM app.refuse('conflict', 'Whoever this key acts for cannot be deactivated by it.');
		END IF;
		v_status := 'suspended';
	ELSIF (p ->> 'active')::boolean AND u.status = 'suspended' THEN
		v_status := CASE WHEN v_asked_anew THEN 'invited' ELSE 'active' END;
	END IF;
	UPDATE pact.user_account x SET email = v_email, name = v_name, status = v_status WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	IF v_status = 'suspended' THEN
		PERFORM app.user_out(p_id, 'suspended');
	END IF;
	IF v_status = 'suspended' OR v_asked_anew THEN
		PERFORM app.owner_left(v_in_need);
	END IF;
	INSERT INTO pact.scim_user AS x (tenant_id, user_id, user_name, external_id, given_name, family_name)
		VALUES (s.tenant_id, p_id, s.user_name, s.external_id, s.given_name, s.family_name)
		ON CONFLICT (tenant_id, user_id) DO UPDATE SET user_name = excluded.user_name, external_id = excluded.external_id,
			given_name = excluded.given_name, family_name = excluded.family_name;
	RETURN QUERY SELECT * FROM app.scim_user_reply(p_id, p_base, NULL, NULL);
END $$;

RESET ROLE;
