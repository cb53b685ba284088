-- SPDX-License-Identifier: GPL-3.0-or-later
-- Permanent erasure of one person, driven by app.table_register and app.column_register: a table of a later module is
-- covered when its columns are declared.
SET ROLE pact_owner;

-- The condition that a text, json or bytea column holds one of the needles ($2, lower case, and $3, bytes as written).
CREATE OR REPLACE FUNCTION app.erase_match(p_column text, p_type regtype) RETURNS text LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN p_type = 'bytea'::regtype
		THEN format('EXISTS (SELECT FROM unnest($3) n WHERE position(n IN t.%I) > 0)', p_column)
		ELSE format('EXISTS (SELECT FROM unnest($2) n WHERE position(n IN lower(t.%I::text)) > 0)', p_column) END
	$$;

-- What a key ties to these people: rows that go, values that go. The contacts themselves last, for the sake of foreign keys.
CREATE OR REPLACE FUNCTION app.erase_keyed(p_contacts uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT g.table_name, (SELECT string_agg(format('t.%I = ANY ($2)', s), ' OR ') FROM unnest(string_to_array(g.subject, ' ')) s) AS about,
			bool_or(k.on_erase = 'delete') AS gone,
			string_agg(format('%I = NULL', k.column_name), ', ') FILTER (WHERE k.on_erase = 'null') AS assign,
			string_agg(format('t.%I IS NOT NULL', k.column_name), ' OR ') FILTER (WHERE k.on_erase = 'null') AS hit
		FROM app.table_register g JOIN app.column_register k USING (table_name)
		WHERE g.subject IS NOT NULL GROUP BY g.table_name, g.subject ORDER BY g.table_name = 'contact', g.table_name LOOP
		IF r.gone THEN
			EXECUTE format('DELETE FROM pact.%I t WHERE t.tenant_id = $1 AND (%s)', r.table_name, r.about)
				USING app.tenant_id(), p_contacts;
		ELSIF r.assign IS NOT NULL THEN
			EXECUTE format('UPDATE pact.%I t SET %s WHERE t.tenant_id = $1 AND (%s) AND (%s)', r.table_name, r.assign, r.about, r.hit)
				USING app.tenant_id(), p_contacts;
		END IF;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION app.erase_contact(p_contact uuid) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := app.tenant_id();
	c pact.contact;
	v_text text[];
	v_bytes bytea[];
	v_types text[];
	r record;
BEGIN
	SELECT * INTO c FROM pact.contact x WHERE x.tenant_id = v_tenant AND x.id = p_contact FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	END IF;
	-- first: from here on no path can mail the person again
	IF c.email_hash IS NOT NULL THEN
		INSERT INTO pact.suppression (tenant_id, address_hash, reason) VALUES (v_tenant, c.email_hash, 'erased')
			ON CONFLICT (tenant_id, address_hash) DO UPDATE SET reason = 'erased', created_at = now(), event_id = NULL;
	END IF;
	PERFORM app.erasing(p_contact);

	-- What no key ties to the person: values that contain their address, number or full name, unless that is so short that
	-- it would be found in anything.
	v_text := ARRAY(SELECT DISTINCT lower(btrim(n)) FROM unnest(ARRAY[c.email, c.phone, c.first_name || ' ' || c.last_name]) n
		WHERE length(btrim(n)) >= 6 OR position('@' IN n) > 0);
	v_bytes := ARRAY(SELECT DISTINCT convert_to(btrim(n), 'UTF8') FROM unnest(v_text || ARRAY[c.email, c.phone, c.first_name || ' ' || c.last_name]) n
		WHERE length(btrim(n)) >= 6 OR position('@' IN n) > 0);
	FOR r IN SELECT g.table_name, string_agg(format('%I = CASE WHEN %s THEN %s ELSE t.%I END', g.column_name,
				app.erase_match(g.column_name, a.atttypid), CASE WHEN d.adbin IS NOT NULL THEN pg_get_expr(d.adbin, d.adrelid)
					WHEN a.attnotnull THEN '''''' ELSE 'NULL' END, g.column_name), ', ') AS assign,
			string_agg(app.erase_match(g.column_name, a.atttypid), ' OR ') AS hit
		FROM app.column_register g JOIN pg_attribute a ON a.attrelid = ('pact.' || quote_ident(g.table_name))::regclass
			AND a.attname = g.column_name
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE g.on_erase = 'match' GROUP BY g.table_name ORDER BY g.table_name LOOP
		EXECUTE format('UPDATE pact.%I t SET %s WHERE t.tenant_id = $1 AND (%s)', r.table_name, r.assign, r.hit)
			USING v_tenant, v_text, v_bytes;
	END LOOP;

	-- Past events about such values, and events that name no resource (a search, an export).
	v_types := ARRAY(SELECT g.resource_type FROM app.table_register g WHERE EXISTS (SELECT FROM app.column_register k
		WHERE k.table_name = g.table_name AND k.on_erase = 'match'));
	UPDATE pact.audit_event t SET old = NULL, new = NULL
		WHERE t.tenant_id = v_tenant AND (t.resource_id IS NULL OR t.resource_type = ANY (v_types))
			AND EXISTS (SELECT FROM unnest(v_text) n WHERE position(n IN lower(concat_ws(' ', t.old::text, t.new::text))) > 0);

	PERFORM app.erase_keyed(ARRAY[p_contact]);

	INSERT INTO pact.contact_event (tenant_id, contact_id, kind, source) VALUES (v_tenant, p_contact, 'erasure_executed', 'erasure');
	PERFORM app.audit_write('contact.erase', 'contact', p_contact, NULL, NULL);
	PERFORM app.erasing(NULL);
END $$;

RESET ROLE;
