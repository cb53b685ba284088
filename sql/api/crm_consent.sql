-- SPDX-License-Identifier: GPL-3.0-or-later
-- Consent as clients read and write it. The rules are app.consent_apply()'s (consent.sql).
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION api.consent_json(e pact.contact_event) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('id', e.id, 'at', app.rfc3339(e.at), 'kind', e.kind, 'status', e.status, 'previous', e.previous,
		'source', e.source, 'actor', coalesce(e.actor_email, e.actor_kind), 'effective_at', app.rfc3339(coalesce(e.effective_at, e.at)),
		'evidence', e.evidence, 'import_id', e.import_id)
	$$;

-- When the person did it: said beside the evidence or in it; now for evidence without a time; null when nothing is said.
CREATE OR REPLACE FUNCTION app.consent_time(p jsonb) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN p ->> 'at' IS NOT NULL THEN least((p ->> 'at')::timestamptz, now())
		WHEN p ->> 'evidence' <> '{}' THEN app.evidence_time(p -> 'evidence', '/evidence') END
	$$;
CREATE OR REPLACE FUNCTION app.contact_consent(p_tenant uuid, p_id uuid, p jsonb, p_source text)
	RETURNS TABLE (body json, etag text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM app.consent_set(p_id, p ->> 'status', app.source_name(p ->> 'source', p_source), app.consent_time(p),
		nullif(p -> 'evidence', 'null'));
	RETURN QUERY SELECT * FROM app.contact_reply(p_tenant, p_id);
END $$;

-- Up to 1000 contacts by id, in one statement.
CREATE OR REPLACE FUNCTION app.consent_bulk(p_contacts uuid[], p jsonb, p_source text)
	RETURNS TABLE (changed bigint, unchanged bigint, refused json) LANGUAGE sql VOLATILE AS $$
	SELECT count(*) FILTER (WHERE r.outcome = 'changed'), count(*) FILTER (WHERE r.outcome = 'unchanged'),
		coalesce(json_agg(json_build_object('contact', r.contact_id, 'reason', r.outcome) ORDER BY r.contact_id)
			FILTER (WHERE r.outcome NOT IN ('changed', 'unchanged')), '[]')
	FROM (SELECT cardinality(p_contacts) AS n, app.consent_time(p) AS at, nullif(p -> 'evidence', 'null') AS evidence) v,
		app.consent_apply(p_contacts, array_fill(p ->> 'status', ARRAY[v.n]), array_fill(v.at, ARRAY[v.n]),
			array_fill(v.evidence, ARRAY[v.n]), app.source_name(p ->> 'source', p_source), NULL, false) r
	$$;

-- Ids that match a filter, by id; p_limit null: all. Filters as GET /v1/contacts takes them; archived contacts never do.
CREATE OR REPLACE FUNCTION app.contacts_matching(p_tenant uuid, p_filter jsonb, p_after uuid, p_limit int)
	RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
	v_status text := p_filter ->> 'consent_status';
	v_q text := p_filter ->> 'q';
	v_pattern text := app.search_pattern(v_q);
	v_text text := app.search_text(v_q);
	v_initials text := app.search_initials(v_q);
BEGIN
	IF v_q IS NOT NULL THEN
		RETURN QUERY SELECT c.id FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id > p_after AND c.archived_at IS NULL
			AND (v_status IS NULL OR c.consent_status = v_status)
			AND (c.name_search OPERATOR(app.~~~) v_pattern OR c.email_norm >= v_text AND c.email_norm < app.search_end(v_text)
				OR c.first_norm >= v_initials AND c.first_norm < app.search_end(v_initials)
				OR c.last_norm >= v_initials AND c.last_norm < app.search_end(v_initials))
			ORDER BY c.id LIMIT p_limit;
	ELSIF p_filter ->> 'tag' IS NOT NULL THEN
		RETURN QUERY SELECT t.contact_id FROM pact.contact_tag t WHERE t.tenant_id = p_tenant AND t.tag = p_filter ->> 'tag'
			AND t.contact_id > p_after ORDER BY t.contact_id LIMIT p_limit;
	ELSIF p_filter ->> 'account_id' IS NOT NULL THEN
		RETURN QUERY SELECT c.id FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.account_id = (p_filter ->> 'account_id')::uuid
			AND c.id > p_after AND c.archived_at IS NULL ORDER BY c.id LIMIT p_limit;
	ELSIF v_status IS NOT NULL THEN
		RETURN QUERY SELECT c.id FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.consent_status = v_status AND c.id > p_after
			AND c.archived_at IS NULL ORDER BY c.id LIMIT p_limit;
	ELSE
		RETURN QUERY SELECT c.id FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id > p_after AND c.archived_at IS NULL
			ORDER BY c.id LIMIT p_limit;
	END IF;
END $$;

-- Everything that matches, as a job: the same filters as the list can serve.
CREATE OR REPLACE FUNCTION app.consent_bulk_start(p_tenant uuid, p jsonb, p_source text)
	RETURNS TABLE (body json, location text) LANGUAGE plpgsql AS $$
DECLARE
	v_job uuid;
	v_filter jsonb := jsonb_strip_nulls(p -> 'filter');
BEGIN
	IF (SELECT count(*) FROM jsonb_object_keys(v_filter)) > 1 + (v_filter ?& '{q,consent_status}')::int THEN
		PERFORM app.refuse('not-offered', 'Filter by one of q, consent_status, account_id and tag, or by q and consent_status.');
	END IF;
	v_job := app.enqueue('crm', 'bulk-consent', p || jsonb_build_object('filter', v_filter, 'at', app.consent_time(p),
		'source', app.source_name(p ->> 'source', p_source)));
	RETURN QUERY SELECT json_build_object('job', v_job, 'status', 'queued'), '/v1/jobs/' || v_job;
END $$;

-- The next p_limit of them; true when none were left. How far it came is in the job's row, in the same transaction.
CREATE OR REPLACE FUNCTION app.consent_bulk_step(p_tenant uuid, p_job uuid, p jsonb, p_limit int) RETURNS boolean
	LANGUAGE plpgsql AS $$
DECLARE
	j record;
	b record;
	v_ids uuid[];
BEGIN
	SELECT x.total, coalesce(x.result, '{"changed":0,"unchanged":0,"refused":0,"after":"00000000-0000-0000-0000-000000000000"}') AS result
		INTO j FROM pact.job x WHERE x.tenant_id = p_tenant AND x.id = p_job;
	v_ids := ARRAY(SELECT app.contacts_matching(p_tenant, p -> 'filter', (j.result ->> 'after')::uuid, p_limit));
	IF v_ids = '{}' THEN
		UPDATE pact.job x SET result = j.result - 'after', total = x.done WHERE x.tenant_id = p_tenant AND x.id = p_job;
		RETURN true;
	END IF;
	SELECT * INTO b FROM app.consent_bulk(v_ids, p, p ->> 'source');
	UPDATE pact.job x SET done = x.done + cardinality(v_ids),
			total = coalesce(j.total, (SELECT count(*) FROM app.contacts_matching(p_tenant, p -> 'filter', '00000000-0000-0000-0000-000000000000', NULL))),
			result = jsonb_build_object('changed', (j.result ->> 'changed')::bigint + b.changed, 'unchanged',
				(j.result ->> 'unchanged')::bigint + b.unchanged, 'refused', (j.result ->> 'refused')::bigint + json_array_length(b.refused),
				'after', v_ids[cardinality(v_ids)])
		WHERE x.tenant_id = p_tenant AND x.id = p_job;
	RETURN false;
END $$;

RESET ROLE;
