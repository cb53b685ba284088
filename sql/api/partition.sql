-- SPDX-License-Identifier: GPL-3.0-or-later
-- What time does to the database: partitions that come and go, answers and uploads that are kept for a day. The runner of audit calls
-- these, as often as it likes.
SET ROLE pact_owner;

-- Monthly partitions of the big tables from this month to the next but one; audit partitions whose every event is older
-- than its retention class allows are dropped (90 days, one year: 366 days). Returns what was done. It waits a moment only
-- for its locks, as everybody else waits behind it: there are months of time to come back.
CREATE OR REPLACE FUNCTION app.partitions_maintain() RETURNS SETOF text
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
	p record;
	v_month timestamptz;
	v_name text;
BEGIN
	-- one at a time; whoever comes second finds nothing to do
	IF NOT pg_try_advisory_xact_lock(7016996765293437282) THEN
		RETURN;
	END IF;
	FOR p IN SELECT * FROM (VALUES ('contact_event', NULL), ('activity', NULL), ('audit_event_standard', interval '90 days'),
		('audit_event_enterprise', interval '366 days')) t (parent, keep) LOOP
		FOR i IN 0..2 LOOP
			v_month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
			v_name := p.parent || to_char(v_month AT TIME ZONE 'UTC', '"_"YYYY_MM');
			CONTINUE WHEN to_regclass('pact.' || quote_ident(v_name)) IS NOT NULL;
			BEGIN
				EXECUTE format('CREATE TABLE pact.%I PARTITION OF pact.%I FOR VALUES FROM (%L) TO (%L)', v_name, p.parent,
					app.uuid7_floor(v_month), app.uuid7_floor((v_month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'));
				-- nobody has a grant on a partition; if ever one slips in, the policy is there too
				PERFORM app.tenant_table(v_name);
				RETURN NEXT 'created ' || v_name;
			EXCEPTION WHEN check_violation OR lock_not_available THEN
				-- rows of that month lie in the default partition, where they are just as safe; or somebody is busy: next time
				RAISE LOG 'partition % was not made: %', v_name, SQLERRM;
			END;
		END LOOP;
		CONTINUE WHEN p.keep IS NULL;
		FOR v_name IN SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
			WHERE h.inhparent = ('pact.' || quote_ident(p.parent))::regclass AND c.relname ~ '_\d{4}_\d{2}$'
				AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' < now() - p.keep LOOP
			BEGIN
				EXECUTE format('DROP TABLE pact.%I', v_name);
				RETURN NEXT 'dropped ' || v_name;
			EXCEPTION WHEN lock_not_available THEN
				RAISE LOG 'partition % is in use: dropped next time', v_name;
			END;
		END LOOP;
	END LOOP;
END $$;

RESET ROLE;
SET ROLE pact_door;

-- Forgets, workspace by workspace: stored answers after 24 hours, uploads that wait for their owner after 24 hours, sessions 30
-- days after their end, finished jobs and mail that was sent, or could not be, after 30 days; throttle buckets, links and half-done
-- logins after a day.
CREATE OR REPLACE FUNCTION app.purge() RETURNS TABLE (what text, n bigint)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w record;
	c bigint;
	total bigint[] := '{0,0,0,0,0,0,0,0}';
BEGIN
	IF app.tenant_id() IS NOT NULL THEN
		PERFORM app.refuse('forbidden');
	END IF;
	FOR w IN SELECT d.tenant_id FROM directory.workspace d ORDER BY d.tenant_id LOOP
		PERFORM app.context(w.tenant_id, 'system', NULL, NULL, NULL, NULL);
		DELETE FROM pact.idempotency x WHERE x.tenant_id = w.tenant_id AND x.created_at < now() - interval '24 hours';
		GET DIAGNOSTICS c = ROW_COUNT; total[1] := total[1] + c;
		DELETE FROM pact.import_chunk x USING pact.import i WHERE x.tenant_id = w.tenant_id AND i.tenant_id = w.tenant_id
			AND i.id = x.import_id AND i.status NOT IN ('queued', 'running') AND i.created_at < now() - interval '24 hours';
		GET DIAGNOSTICS c = ROW_COUNT; total[2] := total[2] + c;
		UPDATE pact.import i SET status = 'cancelled', guess = '{}', finished_at = now() WHERE i.tenant_id = w.tenant_id
			AND i.status IN ('uploading', 'mapping') AND i.created_at < now() - interval '24 hours';
		DELETE FROM pact.session x WHERE x.tenant_id = w.tenant_id AND coalesce(x.ended_at, x.expires_at) < now() - interval '30 days';
		GET DIAGNOSTICS c = ROW_COUNT; total[3] := total[3] + c;
		DELETE FROM pact.job x WHERE x.tenant_id = w.tenant_id AND x.finished_at < now() - interval '30 days';
		GET DIAGNOSTICS c = ROW_COUNT; total[4] := total[4] + c;
		DELETE FROM pact.outbox x WHERE x.tenant_id = w.tenant_id AND (x.sent_at < now() - interval '30 days'
			OR x.status = 'failed' AND x.created_at < now() - interval '30 days');
		GET DIAGNOSTICS c = ROW_COUNT; total[5] := total[5] + c;
		DELETE FROM pact.user_token x WHERE x.tenant_id = w.tenant_id AND x.expires_at < now() - interval '1 day';
		DELETE FROM pact.login_challenge x WHERE x.tenant_id = w.tenant_id AND x.expires_at < now() - interval '1 day';
		GET DIAGNOSTICS c = ROW_COUNT; total[7] := total[7] + c;
		DELETE FROM pact.sso_login x WHERE x.tenant_id = w.tenant_id AND x.expires_at < now() - interval '1 day';
		DELETE FROM pact.sso_seen x WHERE x.tenant_id = w.tenant_id AND x.expires_at < now();
		GET DIAGNOSTICS c = ROW_COUNT; total[8] := total[8] + c;
		PERFORM app.context_clear();
	END LOOP;
	DELETE FROM app.reset_request x WHERE x.at < now() - interval '1 day';
	DELETE FROM app.throttle x WHERE x.window_start < now() - interval '1 day';
	GET DIAGNOSTICS c = ROW_COUNT; total[6] := c;
	RETURN QUERY SELECT * FROM unnest(ARRAY['idempotency', 'import_chunk', 'session', 'job', 'outbox', 'throttle', 'login', 'sso_seen'], total) t;
END $$;

RESET ROLE;
