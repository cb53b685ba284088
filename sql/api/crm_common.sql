-- SPDX-License-Identifier: GPL-3.0-or-later
-- Small functions that crm's others share.
SET ROLE pact_owner;

-- The ETag of a thing: its version for If-Match, and a hash of what is sent, which also holds names of other things.
-- STABLE, as uuid || text is: else it is not inlined.
CREATE OR REPLACE FUNCTION app.etag(p_id uuid, p_version bigint, p_body json) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT p_id || '-' || p_version || '.' || to_hex(hashtextextended(p_body::text, 0)) $$;
-- The few members by which a client names an account or a contact.
CREATE OR REPLACE FUNCTION api.account_ref(p_tenant uuid, p_account uuid) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('public_id', a.id, 'name', a.name) FROM pact.account a WHERE a.tenant_id = p_tenant AND a.id = p_account
	$$;
CREATE OR REPLACE FUNCTION api.contact_ref(p_tenant uuid, p_contact uuid) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('public_id', c.id, 'name', coalesce(nullif(btrim(concat_ws(' ', c.first_name, c.last_name)), ''), c.email))
	FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id = p_contact
	$$;

-- An error of one member, as `errors` of a refusal holds it.
CREATE OR REPLACE FUNCTION app.field_error(p_pointer text, p_detail text) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT jsonb_build_object('pointer', p_pointer, 'detail', p_detail) $$;
CREATE OR REPLACE FUNCTION app.refuse_fields(p_errors jsonb[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF p_errors <> '{}' THEN
		PERFORM app.refuse('invalid', p_errors[1] ->> 'detail', jsonb_build_object('errors', to_jsonb(p_errors)));
	END IF;
END $$;

-- The name of a source as the ledger takes it: "Web form" is web_form.
CREATE OR REPLACE FUNCTION app.source_name(p_text text, p_default text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(nullif(left(regexp_replace(regexp_replace(lower(p_text), '[^a-z0-9:.-]+', '_', 'g'), '^[^a-z]+|_$', '', 'g'), 60), ''),
		p_default)
	$$;
-- When the person did it: the time in the evidence, if there is one, else now. Not the future.
CREATE OR REPLACE FUNCTION app.evidence_time(p_evidence jsonb, p_pointer text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF p_evidence ->> 'at' !~ '^\d{4}-\d\d-\d\d' THEN
		RAISE data_exception;
	END IF;
	RETURN least(coalesce((p_evidence ->> 'at')::timestamptz, now()), now());
EXCEPTION WHEN data_exception THEN
	PERFORM app.refuse_fields(ARRAY[app.field_error(p_pointer || '/at', 'Must be a time such as 2026-03-01T09:30:00Z.')]);
END $$;

-- Tags in one cell, as an import reads them: with a comma between, and quotes around those that could be misread.
CREATE OR REPLACE FUNCTION app.tags_text(p_tags text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$
	SELECT CASE WHEN array_to_string(p_tags, '') !~ '[",;]| ::: ' THEN array_to_string(p_tags, ', ')
		ELSE (SELECT string_agg(CASE WHEN t.tag ~ '[",;]| ::: ' THEN '"' || replace(t.tag, '"', '""') || '"' ELSE t.tag END, ', '
			ORDER BY t.o) FROM unnest(p_tags) WITH ORDINALITY t (tag, o)) END
	$$;
-- A time in a cursor: microseconds since 1970, empty for none, which comes after all.
CREATE OR REPLACE FUNCTION app.cursor_text(p_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT CASE WHEN isfinite(p_at) THEN (extract(epoch FROM p_at) * 1000000)::bigint::text ELSE '' END $$;
CREATE OR REPLACE FUNCTION app.cursor_time(p_text text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_text = '' THEN 'infinity' ELSE 'epoch'::timestamptz + p_text::bigint * interval '1 microsecond' END
	$$;

RESET ROLE;
