-- SPDX-License-Identifier: GPL-3.0-or-later
-- Taking an import back. Contacts it made and nobody has touched since go, as erased: but not onto the suppression list, since
-- nobody asked to be forgotten. Contacts it changed and nobody has edited since are put back. A permission it lowered stays
-- lowered; one it raised goes back to what it was.
SET ROLE pact_owner;

-- Those of p_contacts that something refers to which did not come with the import: they stay. Every table whose subject is a
-- contact counts, those of later modules too.
CREATE OR REPLACE FUNCTION app.import_touched(p_tenant uuid, p_import uuid, p_contacts uuid[]) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
	v_some uuid[];
	v_all uuid[];
BEGIN
	SELECT array_agg(c.id) INTO v_all FROM pact.contact c
		LEFT JOIN pact.import_change k ON k.tenant_id = p_tenant AND k.import_id = p_import AND k.contact_id = c.id
		WHERE c.tenant_id = p_tenant AND c.id = ANY (p_contacts) AND (c.version <> coalesce(k.version, 1)
			-- a note came with the contact: of the same transaction, never edited
			OR EXISTS (SELECT FROM pact.activity a WHERE a.tenant_id = p_tenant AND a.contact_id = c.id
				AND (a.created_at <> c.created_at OR a.version > 1)));
	FOR r IN SELECT t.table_name, s.subject FROM app.table_register t, unnest(string_to_array(t.subject, ' ')) s (subject)
		WHERE t.table_name NOT IN ('contact', 'contact_tag', 'contact_event', 'activity', 'audit_event') LOOP
		EXECUTE format('SELECT array_agg(DISTINCT x.%1$I) FROM pact.%2$I x WHERE x.tenant_id = $1 AND x.%1$I = ANY ($2) %3$s', r.subject,
			r.table_name, CASE r.table_name WHEN 'import_change' THEN 'AND x.import_id <> $3' ELSE '' END)
			INTO v_some USING p_tenant, p_contacts, p_import;
		v_all := v_all || v_some;
	END LOOP;
	RETURN coalesce(v_all, '{}');
END $$;

-- The next p_limit contacts that were there before. Returns how many were left to do.
CREATE OR REPLACE FUNCTION app.import_put_back(p_tenant uuid, p_import uuid, p_limit int) RETURNS TABLE (todo bigint, restored bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_ids uuid[];
BEGIN
	v_ids := ARRAY(SELECT k.contact_id FROM pact.import_change k JOIN pact.contact c ON c.tenant_id = p_tenant AND c.id = k.contact_id
		WHERE k.tenant_id = p_tenant AND k.import_id = p_import AND c.import_id IS DISTINCT FROM p_import ORDER BY k.contact_id LIMIT p_limit);
	todo := cardinality(v_ids);
	restored := 0;
	IF todo > 0 THEN
		PERFORM FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id = ANY (v_ids) ORDER BY c.id FOR NO KEY UPDATE;
		UPDATE pact.contact c SET
				first_name = CASE WHEN k.before ? 'first_name' THEN nullif(k.before ->> 'first_name', '') ELSE c.first_name END,
				last_name = CASE WHEN k.before ? 'last_name' THEN nullif(k.before ->> 'last_name', '') ELSE c.last_name END,
				phone = CASE WHEN k.before ? 'phone' THEN nullif(k.before ->> 'phone', '') ELSE c.phone END,
				title = CASE WHEN k.before ? 'title' THEN nullif(k.before ->> 'title', '') ELSE c.title END,
				account_id = CASE WHEN k.before ? 'account_id' THEN (SELECT a.id FROM pact.account a WHERE a.tenant_id = p_tenant
					AND a.id = nullif(k.before ->> 'account_id', '')::uuid) ELSE c.account_id END,
				tags = CASE WHEN k.before ? 'tags' THEN ARRAY(SELECT jsonb_array_elements_text(k.before -> 'tags')) ELSE c.tags END,
				custom = CASE WHEN k.before ? 'custom' THEN k.before -> 'custom' ELSE c.custom END
			FROM pact.import_change k WHERE k.tenant_id = p_tenant AND k.import_id = p_import AND k.contact_id = c.id
				AND c.tenant_id = p_tenant AND c.id = ANY (v_ids) AND k.version = c.version AND k.before - 'consent_status' <> '{}';
		GET DIAGNOSTICS restored = ROW_COUNT;
		PERFORM app.consent_revert(p_import, ARRAY(SELECT c.id FROM pact.contact c JOIN pact.import_change k ON k.tenant_id = p_tenant
			AND k.import_id = p_import AND k.contact_id = c.id WHERE c.tenant_id = p_tenant AND c.id = ANY (v_ids)
			AND app.consent_rank(k.before ->> 'consent_status') < app.consent_rank(c.consent_status)));
		DELETE FROM pact.import_change k WHERE k.tenant_id = p_tenant AND k.import_id = p_import AND k.contact_id = ANY (v_ids);
	END IF;
	RETURN NEXT;
END $$;

-- The contacts of p_contacts, which the import made and nobody has touched, as if they had never come.
CREATE OR REPLACE FUNCTION app.import_unmake(p_tenant uuid, p_import uuid, p_contacts uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM pact.suppression s USING pact.contact_event e WHERE e.tenant_id = p_tenant AND e.contact_id = ANY (p_contacts)
		AND e.import_id = p_import AND s.tenant_id = p_tenant AND s.event_id = e.id;
	-- their values stay out of the log of this transaction, too
	PERFORM app.erasing(p_import);
	PERFORM app.erase_keyed(p_contacts);
	INSERT INTO pact.contact_event (tenant_id, contact_id, kind, source, import_id)
		SELECT p_tenant, x, 'erasure_executed', 'import_reverted', p_import FROM unnest(p_contacts) x;
	PERFORM app.erasing(NULL);
END $$;

-- One step, in a transaction of its own. p_after: the last contact looked at among those the import made, null at first.
-- finished: nothing is left, or somebody else has done it.
CREATE OR REPLACE FUNCTION app.import_revert_step(p_tenant uuid, p_import uuid, p_job uuid, p_after uuid, p_limit int)
	RETURNS TABLE (after uuid, finished boolean) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	i pact.import := app.import_lock(p_tenant, p_import, NULL);
	v_ids uuid[];
	v_stay uuid[];
	v_done jsonb;
	v record;
BEGIN
	finished := i.status NOT IN ('queued', 'running') OR i.job_id <> p_job;
	IF finished THEN
		RETURN NEXT;
		RETURN;
	ELSIF i.status = 'queued' THEN
		UPDATE pact.import x SET status = 'running' WHERE x.tenant_id = p_tenant AND x.id = p_import;
	END IF;
	SELECT coalesce(j.result, '{"restored":0,"erased":0,"kept":0}') INTO v_done FROM pact.job j WHERE j.tenant_id = p_tenant AND j.id = p_job;
	IF p_after IS NULL THEN
		SELECT * INTO v FROM app.import_put_back(p_tenant, p_import, p_limit);
		after := CASE WHEN v.todo = 0 THEN '00000000-0000-0000-0000-000000000000'::uuid END;
		v_done := v_done || jsonb_build_object('restored', (v_done ->> 'restored')::bigint + v.restored);
	ELSE
		v_ids := ARRAY(SELECT c.id FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.import_id = p_import AND c.id > p_after
			ORDER BY c.id LIMIT p_limit FOR UPDATE);
		after := v_ids[cardinality(v_ids)];
		v_stay := app.import_touched(p_tenant, p_import, v_ids);
		PERFORM app.import_unmake(p_tenant, p_import, ARRAY(SELECT x FROM unnest(v_ids) x WHERE NOT x = ANY (v_stay)));
		v_done := v_done || jsonb_build_object('kept', (v_done ->> 'kept')::bigint + (SELECT count(*) FROM unnest(v_ids) x WHERE x = ANY (v_stay)),
			'erased', (v_done ->> 'erased')::bigint + (SELECT count(*) FROM unnest(v_ids) x WHERE NOT x = ANY (v_stay)));
		finished := after IS NULL;
	END IF;
	UPDATE pact.job j SET result = v_done, total = i.imported + i.updated,
			done = (SELECT sum(value::bigint) FROM jsonb_each_text(v_done)) WHERE j.tenant_id = p_tenant AND j.id = p_job;
	IF finished THEN
		DELETE FROM pact.import_change k WHERE k.tenant_id = p_tenant AND k.import_id = p_import;
		DELETE FROM pact.import_error e WHERE e.tenant_id = p_tenant AND e.import_id = p_import;
		DELETE FROM pact.account a WHERE a.tenant_id = p_tenant AND a.import_id = p_import AND a.version = 1
			AND NOT EXISTS (SELECT FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.account_id = a.id)
			AND NOT EXISTS (SELECT FROM pact.activity v WHERE v.tenant_id = p_tenant AND v.account_id = a.id);
		UPDATE pact.import x SET status = 'reverted', finished_at = clock_timestamp(), guess = x.guess - 'sample'
			WHERE x.tenant_id = p_tenant AND x.id = p_import;
		PERFORM app.audit_write('import.revert', 'import', p_import, NULL, v_done || jsonb_build_object('filename', i.filename));
	END IF;
	RETURN NEXT;
END $$;

RESET ROLE;
