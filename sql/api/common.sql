-- SPDX-License-Identifier: GPL-3.0-or-later
-- Small functions that the others share.
SET ROLE pact_owner;

-- BEFORE UPDATE of every table with a version: the ETag's number moves with each change.
CREATE OR REPLACE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.version := OLD.version + 1;
	NEW.updated_at := now();
	RETURN NEW;
END $$;
DO $$
DECLARE
	t name;
BEGIN
	FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version'
		JOIN pg_attribute u ON u.attrelid = c.oid AND u.attname = 'updated_at'
		WHERE c.relnamespace = 'pact'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'touch') LOOP
		EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON pact.%I FOR EACH ROW EXECUTE FUNCTION app.touch()', t);
	END LOOP;
END $$;

-- HMAC-SHA256 (RFC 2104) from the two padded halves of the key. STABLE because convert_to() is: else it is not inlined.
CREATE OR REPLACE FUNCTION app.hmac(p_ipad bytea, p_opad bytea, p_text text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT sha256(p_opad || sha256(p_ipad || convert_to(p_text, 'UTF8'))) $$;

-- RFC 3339 with Z, milliseconds. to_char() takes four times as long, which a page of contacts feels: 200 of these. The
-- added microsecond keeps the fraction from being left out when it is zero.
CREATE OR REPLACE FUNCTION app.rfc3339(p timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT substr(to_json(date_trunc('milliseconds', p AT TIME ZONE 'UTC') + interval '1 microsecond')::text, 2, 23) || 'Z'
	$$;

-- The normal form of an address, as contact.email_norm holds it.
CREATE OR REPLACE FUNCTION app.email_norm(p_email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT lower(p_email COLLATE "und-x-icu") $$;

-- Keyed hash of a normalised address under the workspace's suppression key. Of the context's own workspace only.
CREATE OR REPLACE FUNCTION app.address_hash(p_tenant uuid, p_email_norm text) RETURNS bytea LANGUAGE sql STABLE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT app.hmac(k.suppression_ipad, k.suppression_opad, p_email_norm)
	FROM pact.tenant_key k WHERE k.tenant_id = p_tenant
	$$;

-- A refusal that reaches the caller as the problem p_slug.
CREATE OR REPLACE FUNCTION app.refuse(p_slug text, p_hint text DEFAULT NULL, p_detail jsonb DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_detail IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'PT000', MESSAGE = p_slug, HINT = coalesce(p_hint, ''), DETAIL = p_detail::text;
	ELSIF p_hint IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'PT000', MESSAGE = p_slug, HINT = p_hint;
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'PT000', MESSAGE = p_slug;
END $$;

-- Always fails: how a program takes back what it did in a pipeline's implicit transaction.
CREATE OR REPLACE FUNCTION app.rollback() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'PT000', MESSAGE = 'rollback'; END $$;

RESET ROLE;
