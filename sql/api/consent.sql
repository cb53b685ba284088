-- SPDX-License-Identifier: GPL-3.0-or-later
-- The ledger (pact.contact_event), its projection (consent columns of pact.contact) and the suppression list.
--
-- Whoever inserts a contact writes the columns consent_status, consent_source, consent_at, consent_evidence, import_id, or
-- none of them: then the workspace's policy speaks. Triggers meet the suppression list, and write the ledger in the same
-- statement. Consent of a contact that is there changes through app.consent_apply() and app.consent_set() alone; no
-- program may update those columns. States from strict to free: declined, pending, confirmed.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION app.consent_rank(p_status text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS $$ SELECT CASE p_status WHEN 'declined' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END $$;

-- BEFORE INSERT: policy for a missing status, keyed hash, suppression. The last wall: API, import, merge and SQL all meet it.
-- enable_seqscan off, in what runs for each row: its plan is kept from a time when the tables were empty.
CREATE OR REPLACE FUNCTION app.contact_insert_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
	s record;
BEGIN
	NEW.suppressed := false;
	IF NEW.consent_status IS NULL THEN
		SELECT t.consent_policy, CASE WHEN t.consent_policy = 'confirmed' THEN jsonb_build_object('basis', t.consent_basis) END
			INTO NEW.consent_status, NEW.consent_evidence FROM pact.tenant t WHERE t.tenant_id = NEW.tenant_id;
		NEW.consent_source := 'policy';
		NEW.consent_at := now();
	ELSIF NEW.consent_at IS NULL OR NEW.consent_at > now() THEN
		NEW.consent_at := now();
	END IF;
	IF NEW.email IS NOT NULL THEN
		SELECT k.h, x.reason, x.created_at INTO s
			FROM (SELECT app.hmac(y.suppression_ipad, y.suppression_opad, app.email_norm(NEW.email)) AS h
				FROM pact.tenant_key y WHERE y.tenant_id = NEW.tenant_id OFFSET 0) k
			LEFT JOIN pact.suppression x ON x.tenant_id = NEW.tenant_id AND x.address_hash = k.h;
		NEW.email_hash := s.h;
		IF s.reason IS NOT NULL THEN
			NEW.suppressed := true;
			IF NEW.consent_status <> 'declined' THEN
				NEW.consent_status := 'declined';
				NEW.consent_source := 'suppression';
				NEW.consent_at := s.created_at;
				NEW.consent_evidence := jsonb_build_object('suppression', s.reason);
			END IF;
		END IF;
	ELSE
		NEW.email_hash := NULL;
	END IF;
	NEW.declined_at := NULL;
	IF NEW.consent_status = 'declined' THEN
		NEW.declined_at := NEW.consent_at;
		NEW.suppressed := NEW.email IS NOT NULL;
	END IF;
	RETURN NEW;
END $$;
-- A row that has its hash comes from app.contact_insert(): nobody else may write that column.
CREATE OR REPLACE TRIGGER consent_insert BEFORE INSERT ON pact.contact FOR EACH ROW WHEN (NEW.email_hash IS NULL)
	EXECUTE FUNCTION app.contact_insert_guard();

-- The same for many: set-based, at a quarter of the trigger's cost per row. Raises unique_violation for an address that is
-- there. A row whose id the caller chose can be told again in the result.
-- LATERAL … OFFSET 0: looked up by key, of which the list has one only. Not by force_custom_plan: the check of each foreign
-- key would be planned anew, too, row by row.
CREATE OR REPLACE FUNCTION app.contact_insert(p_rows app.contact_new[]) RETURNS TABLE (id uuid, consent_status text, suppressed boolean)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
	v_tenant uuid := app.tenant_id();
	t record;
BEGIN
	SELECT k.suppression_ipad AS ipad, k.suppression_opad AS opad, x.consent_policy AS policy,
			CASE WHEN x.consent_policy = 'confirmed' THEN jsonb_build_object('basis', x.consent_basis) END AS basis INTO t
		FROM pact.tenant x JOIN pact.tenant_key k ON k.tenant_id = x.tenant_id WHERE x.tenant_id = v_tenant;
	IF NOT FOUND THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	RETURN QUERY
	INSERT INTO pact.contact AS c (tenant_id, id, email, email_hash, first_name, last_name, phone, title, account_id, tags, custom,
			consent_status, consent_source, consent_at, consent_evidence, declined_at, suppressed, import_id)
	SELECT v_tenant, coalesce(r.id, app.uuid7()), r.email, r.hash, r.first_name, r.last_name, r.phone, r.title, r.account_id,
		coalesce(r.tags, '{}'), coalesce(r.custom, '{}'),
		CASE WHEN r.blocked THEN 'declined' ELSE r.status END,
		CASE WHEN r.blocked THEN 'suppression' WHEN r.consent_status IS NULL THEN 'policy' ELSE r.consent_source END,
		CASE WHEN r.blocked THEN r.listed_at ELSE r.at END,
		CASE WHEN r.blocked THEN jsonb_build_object('suppression', r.reason) WHEN r.consent_status IS NULL THEN t.basis
			ELSE r.consent_evidence END,
		CASE WHEN r.blocked THEN r.listed_at WHEN r.status = 'declined' THEN r.at END,
		r.hash IS NOT NULL AND (r.listed_at IS NOT NULL OR r.status = 'declined'), r.import_id
	FROM (SELECT n.*, s.reason, s.created_at AS listed_at, s.address_hash IS NOT NULL AND n.status <> 'declined' AS blocked
		FROM (SELECT x.*, CASE WHEN x.email IS NOT NULL THEN app.hmac(t.ipad, t.opad, app.email_norm(x.email)) END AS hash,
				coalesce(x.consent_status, t.policy) AS status,
				CASE WHEN x.consent_status IS NULL THEN now() ELSE least(coalesce(x.consent_at, now()), now()) END AS at
			FROM unnest(p_rows) x OFFSET 0) n
		LEFT JOIN LATERAL (SELECT * FROM pact.suppression x WHERE x.tenant_id = v_tenant AND x.address_hash = n.hash OFFSET 0) s ON true) r
	RETURNING c.id, c.consent_status, c.suppressed;
END $$;

-- BEFORE UPDATE OF email: an address on the list declines whoever gets it; a new address of somebody who declined goes on it.
CREATE OR REPLACE FUNCTION app.contact_email_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
	s record;
BEGIN
	IF NEW.email IS NULL THEN
		NEW.email_hash := NULL;
		NEW.suppressed := false;
		RETURN NEW;
	END IF;
	NEW.email_hash := app.address_hash(NEW.tenant_id, app.email_norm(NEW.email));
	SELECT x.reason, x.created_at INTO s FROM pact.suppression x WHERE x.tenant_id = NEW.tenant_id AND x.address_hash = NEW.email_hash;
	IF FOUND THEN
		NEW.suppressed := true;
		IF NEW.consent_status <> 'declined' THEN
			NEW.consent_status := 'declined';
			NEW.consent_source := 'suppression';
			NEW.consent_at := s.created_at;
			NEW.consent_evidence := jsonb_build_object('suppression', s.reason);
			NEW.consent_import_id := NULL;
		END IF;
	ELSIF NEW.consent_status = 'declined' THEN
		NEW.suppressed := true;
		INSERT INTO pact.suppression (tenant_id, address_hash, reason, created_at, event_id)
			VALUES (NEW.tenant_id, NEW.email_hash, 'declined', coalesce(NEW.declined_at, now()), NEW.consent_event_id)
			ON CONFLICT DO NOTHING;
	ELSE
		NEW.suppressed := false;
	END IF;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER consent_email BEFORE UPDATE OF email ON pact.contact FOR EACH ROW
	WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION app.contact_email_guard();

-- BEFORE UPDATE, after the one above in name order: a changed consent is a new ledger event.
CREATE OR REPLACE FUNCTION app.contact_consent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.consent_event_id := app.uuid7();
	IF NEW.consent_status = 'declined' THEN
		NEW.declined_at := greatest(OLD.declined_at, NEW.consent_at);
		NEW.suppressed := NEW.email IS NOT NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER consent_update BEFORE UPDATE ON pact.contact FOR EACH ROW
	WHEN (OLD.consent_status IS DISTINCT FROM NEW.consent_status OR OLD.consent_at IS DISTINCT FROM NEW.consent_at
		OR OLD.consent_source IS DISTINCT FROM NEW.consent_source OR OLD.consent_evidence IS DISTINCT FROM NEW.consent_evidence
		OR OLD.consent_event_id IS DISTINCT FROM NEW.consent_event_id)
	EXECUTE FUNCTION app.contact_consent_guard();

CREATE OR REPLACE FUNCTION app.suppression_reason(p_source text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_source = 'unsubscribe' THEN 'unsubscribed'
		WHEN p_source IN ('bounced', 'complaint', 'objection') THEN p_source ELSE 'declined' END
	$$;

-- AFTER INSERT, set-based: the ledger, the suppression list, the tags.
CREATE OR REPLACE FUNCTION app.contact_inserted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_kind text := app.actor_kind();
	v_actor uuid := app.actor_id();
	v_email text := app.actor_email();
	v_request text := app.request_id();
BEGIN
	INSERT INTO pact.contact_event (tenant_id, id, contact_id, kind, effective_at, status, source, actor_kind, actor_id, actor_email,
			evidence, import_id, request_id)
		SELECT r.tenant_id, r.consent_event_id, r.id, 'created', nullif(r.consent_at, now()), r.consent_status, r.consent_source,
			v_kind, v_actor, v_email, r.consent_evidence, r.import_id, v_request
		FROM new_rows r;
	INSERT INTO pact.suppression (tenant_id, address_hash, reason, created_at, event_id)
		SELECT r.tenant_id, r.email_hash, app.suppression_reason(r.consent_source), r.consent_at, r.consent_event_id
		FROM new_rows r WHERE r.consent_status = 'declined' AND r.email_hash IS NOT NULL AND r.consent_source <> 'suppression'
		ORDER BY r.email_hash ON CONFLICT DO NOTHING;
	INSERT INTO pact.contact_tag (tenant_id, tag, contact_id)
		SELECT DISTINCT r.tenant_id, t.tag, r.id FROM new_rows r, unnest(r.tags) t (tag) WHERE r.tags <> '{}' AND r.archived_at IS NULL;
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER consent_inserted AFTER INSERT ON pact.contact REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION app.contact_inserted();

-- AFTER UPDATE, set-based: changed consent, archiving. enable_nestloop off: see app.audit_install().
CREATE OR REPLACE FUNCTION app.contact_updated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET enable_hashjoin = on AS $$
DECLARE
	v_kind text;
	v_actor uuid;
	v_email text;
	v_request text;
BEGIN
	IF NOT EXISTS (SELECT FROM old_rows o JOIN new_rows r ON r.id = o.id WHERE o.consent_event_id <> r.consent_event_id
			OR (o.archived_at IS NULL) <> (r.archived_at IS NULL)) THEN
		RETURN NULL;
	END IF;
	v_kind := app.actor_kind();
	v_actor := app.actor_id();
	v_email := app.actor_email();
	v_request := app.request_id();
	INSERT INTO pact.contact_event (tenant_id, id, contact_id, kind, effective_at, status, previous, source, actor_kind, actor_id,
			actor_email, evidence, import_id, request_id)
		SELECT r.tenant_id, r.consent_event_id, r.id, 'consent', nullif(r.consent_at, now()), r.consent_status, o.consent_status,
			r.consent_source, v_kind, v_actor, v_email, r.consent_evidence, r.consent_import_id, v_request
		FROM old_rows o JOIN new_rows r ON r.id = o.id WHERE o.consent_event_id <> r.consent_event_id;
	IF FOUND THEN
		INSERT INTO pact.suppression AS x (tenant_id, address_hash, reason, created_at, event_id)
			SELECT r.tenant_id, r.email_hash, app.suppression_reason(r.consent_source), r.consent_at, r.consent_event_id
			FROM old_rows o JOIN new_rows r ON r.id = o.id WHERE o.consent_event_id <> r.consent_event_id
				AND r.consent_status = 'declined' AND r.email_hash IS NOT NULL AND r.consent_source <> 'suppression'
			ORDER BY r.email_hash
			ON CONFLICT (tenant_id, address_hash) DO UPDATE SET created_at = excluded.created_at
				WHERE x.created_at < excluded.created_at;
	END IF;
	INSERT INTO pact.contact_event (tenant_id, contact_id, kind, source, actor_kind, actor_id, actor_email, request_id)
		SELECT r.tenant_id, r.id, CASE WHEN r.archived_at IS NULL THEN 'restored' ELSE 'archived' END, 'manual', v_kind, v_actor,
			v_email, v_request
		FROM old_rows o JOIN new_rows r ON r.id = o.id WHERE (o.archived_at IS NULL) <> (r.archived_at IS NULL);
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER consent_updated AFTER UPDATE ON pact.contact REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION app.contact_updated();

-- Tags of a changed contact, and none of an archived one: by row, because most updates change none and then pay nothing.
CREATE OR REPLACE FUNCTION app.contact_tags_updated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
	DELETE FROM pact.contact_tag x WHERE x.tenant_id = NEW.tenant_id AND x.contact_id = NEW.id
		AND (NEW.archived_at IS NOT NULL OR NOT x.tag = ANY (NEW.tags));
	INSERT INTO pact.contact_tag (tenant_id, tag, contact_id) SELECT DISTINCT NEW.tenant_id, t.tag, NEW.id
		FROM unnest(NEW.tags) t (tag) WHERE NEW.archived_at IS NULL ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER contact_tags AFTER UPDATE OF tags, archived_at ON pact.contact FOR EACH ROW
	WHEN (OLD.tags IS DISTINCT FROM NEW.tags OR (OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL) AND NEW.tags <> '{}')
	EXECUTE FUNCTION app.contact_tags_updated();

-- The rules, for any number of contacts that are there; arrays of one length, p_status null: nothing is asked.
-- p_strict (imports): never frees a contact without evidence in the row that is later than the last decline; what may not
-- be freed stays as it is (`kept`). Not p_strict (a user's own act): pending may become confirmed without evidence, unless
-- there was a decline. p_at: when the person did it; evidence without a time is none. An address on the list as erased,
-- bounced or complained of stays declined. Every contact asked for gets one row:
-- outcome changed | unchanged | kept | consent-required | suppressed | not-found; status, at, evidence: what is asked.
CREATE OR REPLACE FUNCTION app.consent_decide(p_contacts uuid[], p_status text[], p_at timestamptz[], p_evidence jsonb[], p_strict boolean)
	RETURNS TABLE (id uuid, outcome text, status text, at timestamptz, evidence jsonb, now_status text, now_event uuid, email_hash bytea)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
	v_tenant uuid := app.tenant_id();
BEGIN
	RETURN QUERY
	WITH input AS (
		SELECT DISTINCT ON (i.id) i.id, i.status, CASE WHEN i.at IS NOT NULL THEN least(i.at, now()) END AS at,
			nullif(i.evidence, '{}') AS evidence
		FROM unnest(p_contacts, p_status, p_at, p_evidence) i (id, status, at, evidence)
		WHERE i.id IS NOT NULL ORDER BY i.id, app.consent_rank(i.status)
	), found AS (
		SELECT i.*, c.id AS there, c.consent_status AS now_status, c.consent_at AS now_at, c.consent_event_id AS now_event, c.email_hash,
			s.reason, i.evidence IS NOT NULL AND i.at IS NOT NULL
				AND i.at > coalesce(greatest(c.declined_at, s.created_at), '-infinity') AS later,
			coalesce(c.declined_at, s.created_at) IS NULL AS never_declined,
			app.consent_rank(i.status) - app.consent_rank(c.consent_status) AS step
		FROM input i
		LEFT JOIN LATERAL (SELECT * FROM pact.contact x WHERE x.tenant_id = v_tenant AND x.id = i.id OFFSET 0) c ON true
		LEFT JOIN LATERAL (SELECT * FROM pact.suppression x WHERE x.tenant_id = v_tenant AND x.address_hash = c.email_hash OFFSET 0) s ON true
	)
	SELECT f.id, CASE
			WHEN f.there IS NULL THEN 'not-found'
			WHEN f.status IS NULL THEN 'unchanged'
			WHEN f.step < 0 THEN 'changed'
			WHEN f.step = 0 THEN CASE WHEN f.at > f.now_at AND (f.later OR f.status = 'declined') THEN 'changed' ELSE 'unchanged' END
			WHEN f.reason IN ('erased', 'bounced', 'complaint') THEN 'suppressed'
			WHEN f.later OR NOT p_strict AND f.never_declined THEN 'changed'
			WHEN p_strict THEN 'kept'
			ELSE 'consent-required' END,
		f.status, f.at, f.evidence, f.now_status, f.now_event, f.email_hash
	FROM found f;
END $$;

-- Does what they allow. Every contact asked for gets one row, with the status and the ledger event it now has.
CREATE OR REPLACE FUNCTION app.consent_apply(p_contacts uuid[], p_status text[], p_at timestamptz[], p_evidence jsonb[], p_source text,
	p_import uuid, p_strict boolean) RETURNS TABLE (contact_id uuid, outcome text, status text, event_id uuid)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
	v_tenant uuid := app.tenant_id();
	v record;
BEGIN
	IF p_source IS NULL OR p_source !~ '^[a-z][a-z0-9_:.-]{0,59}$' THEN
		PERFORM app.refuse('invalid', NULL, '{"errors":[{"pointer":"/source","detail":"Not a name of a source."}]}');
	END IF;
	-- in one order, so that two of these cannot wait for each other; and decided on what is there once they are locked
	PERFORM FROM pact.contact c WHERE c.tenant_id = v_tenant AND c.id = ANY (p_contacts) ORDER BY c.id FOR NO KEY UPDATE;
	-- as arrays, because the planner knows how long those are
	SELECT array_agg(d.id) FILTER (WHERE d.outcome = 'changed') AS id, array_agg(d.status) FILTER (WHERE d.outcome = 'changed') AS status,
			array_agg(d.at) FILTER (WHERE d.outcome = 'changed') AS at, array_agg(d.evidence) FILTER (WHERE d.outcome = 'changed') AS evidence,
			array_agg(d.email_hash) FILTER (WHERE d.outcome = 'changed' AND d.status <> 'declined' AND d.now_status = 'declined') AS lifted,
			array_agg(d.id) FILTER (WHERE d.outcome <> 'changed') AS same, array_agg(d.outcome) FILTER (WHERE d.outcome <> 'changed') AS outcome,
			array_agg(d.now_status) FILTER (WHERE d.outcome <> 'changed') AS same_status,
			array_agg(d.now_event) FILTER (WHERE d.outcome <> 'changed') AS same_event
		INTO v FROM app.consent_decide(p_contacts, p_status, p_at, p_evidence, p_strict) d;
	IF v.id IS NOT NULL THEN
		RETURN QUERY UPDATE pact.contact c SET consent_status = d.status, consent_source = p_source, consent_at = coalesce(d.at, now()),
				consent_evidence = d.evidence, consent_import_id = p_import, suppressed = d.status = 'declined' AND c.email IS NOT NULL
			FROM unnest(v.id, v.status, v.at, v.evidence) d (id, status, at, evidence) WHERE c.tenant_id = v_tenant AND c.id = d.id
			RETURNING c.id, 'changed', c.consent_status, c.consent_event_id;
		DELETE FROM pact.suppression s WHERE s.tenant_id = v_tenant AND s.address_hash = ANY (v.lifted);
	END IF;
	RETURN QUERY SELECT * FROM unnest(v.same, v.outcome, v.same_status, v.same_event);
END $$;

-- One contact, by a user's own act or the person's. Refuses what the rules do not allow.
CREATE OR REPLACE FUNCTION app.consent_set(p_contact uuid, p_status text, p_source text, p_at timestamptz, p_evidence jsonb)
	RETURNS TABLE (outcome text, event_id uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
BEGIN
	SELECT * INTO r FROM app.consent_apply(ARRAY[p_contact], ARRAY[p_status], ARRAY[p_at], ARRAY[p_evidence], p_source, NULL, false);
	IF r IS NULL OR r.outcome = 'not-found' THEN
		PERFORM app.refuse('not-found');
	ELSIF r.outcome IN ('consent-required', 'suppressed') THEN
		PERFORM app.refuse('consent-required', CASE r.outcome
			WHEN 'suppressed' THEN 'The address is on the suppression list for good.'
			ELSE 'The person declined: evidence of a later confirmation is needed, with its time.' END,
			jsonb_build_object('contact', p_contact, 'consent_status', r.status, 'ledger_event', r.event_id));
	END IF;
	RETURN QUERY SELECT r.outcome, r.event_id;
END $$;

-- Puts back what an import changed, of contacts whose consent nobody has touched since: the state before comes from the
-- ledger, never from the caller. Returns how many.
CREATE OR REPLACE FUNCTION app.consent_revert(p_import uuid, p_contacts uuid[]) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
	v_tenant uuid := app.tenant_id();
	n bigint;
BEGIN
	PERFORM FROM pact.contact c WHERE c.tenant_id = v_tenant AND c.id = ANY (p_contacts) ORDER BY c.id FOR NO KEY UPDATE;
	DELETE FROM pact.suppression s USING pact.contact c, pact.contact_event e
		WHERE c.tenant_id = v_tenant AND c.id = ANY (p_contacts) AND c.consent_import_id = p_import
			AND s.tenant_id = v_tenant AND s.address_hash = c.email_hash
			AND e.tenant_id = v_tenant AND e.id = s.event_id AND e.contact_id = c.id AND e.import_id = p_import;
	UPDATE pact.contact c SET consent_status = b.status, consent_source = 'import_revert', consent_at = coalesce(b.effective_at, b.at),
			consent_evidence = b.evidence, consent_import_id = NULL, declined_at = b.declined_at,
			suppressed = b.status = 'declined' AND c.email IS NOT NULL
		FROM (SELECT x.id AS contact, e.*, (SELECT max(coalesce(y.effective_at, y.at)) FROM pact.contact_event y WHERE y.tenant_id = v_tenant
				AND y.contact_id = x.id AND y.status = 'declined' AND y.import_id IS DISTINCT FROM p_import) AS declined_at
			FROM pact.contact x CROSS JOIN LATERAL (SELECT y.status, y.effective_at, y.at, y.evidence FROM pact.contact_event y
				WHERE y.tenant_id = v_tenant AND y.contact_id = x.id AND y.id < x.consent_event_id AND y.status IS NOT NULL
					AND y.import_id IS DISTINCT FROM p_import ORDER BY y.id DESC LIMIT 1) e
			WHERE x.tenant_id = v_tenant AND x.id = ANY (p_contacts) AND x.consent_import_id = p_import) b
		WHERE c.tenant_id = v_tenant AND c.id = b.contact;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

-- Which of these normalised addresses are on the list: for a dry run, which writes nothing.
CREATE OR REPLACE FUNCTION app.suppressed(p_emails text[]) RETURNS TABLE (email_norm text, reason text, created_at timestamptz)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.email, s.reason, s.created_at
	FROM pact.tenant_key k CROSS JOIN unnest(p_emails) e (email)
	JOIN pact.suppression s ON s.tenant_id = k.tenant_id
		AND s.address_hash = app.hmac(k.suppression_ipad, k.suppression_opad, e.email)
	WHERE k.tenant_id = app.tenant_id()
	$$;

RESET ROLE;
