-- SPDX-License-Identifier: GPL-3.0-or-later
-- What somebody typed, as the values that indexes take. Three letters or digits in a row can be looked up by trigrams,
-- anywhere in a name; less is looked for where first and last names begin. An address is always looked up by its
-- beginning.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION app.search_text(p text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT lower(p COLLATE "und-x-icu") $$;
-- Greater than every text that begins with p: U+10FFFF is in no text.
CREATE OR REPLACE FUNCTION app.search_end(p text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT p || chr(1114111) $$;
-- A pattern for name_search; null: none that trigrams could serve.
CREATE OR REPLACE FUNCTION app.search_pattern(p text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p ~ '[[:alnum:]]{3}' AND position('@' IN p) = 0
		THEN '%' || regexp_replace(lower(p COLLATE "und-x-icu"), '([\\%_])', '\\\1', 'g') || '%' END
	$$;
-- The beginning of a first or last name; null when app.search_pattern() serves.
CREATE OR REPLACE FUNCTION app.search_initials(p text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p !~ '[[:alnum:]]{3}' AND position('@' IN p) = 0 THEN lower(p COLLATE "und-x-icu") END
	$$;

-- How many contacts the planner thinks match: for lists of more than 10000, and to choose how to search. EXECUTE: planned
-- with the values. VOLATILE: EXPLAIN may stand in no other function.
CREATE OR REPLACE FUNCTION app.contacts_expected(p_status text, p_account uuid, p_tag text, p_archived boolean, p_q text)
	RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	v_plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM pact.contact c '
		|| CASE WHEN p_tag IS NOT NULL THEN 'JOIN pact.contact_tag t ON t.tenant_id = c.tenant_id AND t.contact_id = c.id AND t.tag = $4 ' ELSE '' END
		|| CASE WHEN p_archived THEN 'WHERE c.archived_at IS NOT NULL' ELSE 'WHERE c.archived_at IS NULL' END
		|| ' AND c.tenant_id = $1'
		|| CASE WHEN p_status IS NOT NULL THEN ' AND c.consent_status = $2' ELSE '' END
		|| CASE WHEN p_account IS NOT NULL THEN ' AND c.account_id = $3' ELSE '' END
		|| CASE WHEN p_q IS NOT NULL THEN ' AND (c.name_search OPERATOR(app.~~~) app.search_pattern($5) '
			'OR c.email_norm >= app.search_text($5) AND c.email_norm < app.search_end(app.search_text($5)) '
			'OR c.first_norm >= app.search_initials($5) AND c.first_norm < app.search_end(app.search_initials($5)) '
			'OR c.last_norm >= app.search_initials($5) AND c.last_norm < app.search_end(app.search_initials($5)))' ELSE '' END
		INTO v_plan USING app.tenant_id(), p_status, p_account, p_tag, p_q;
	RETURN round((v_plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric);
END $$;

RESET ROLE;
