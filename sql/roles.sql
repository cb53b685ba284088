-- SPDX-License-Identifier: GPL-3.0-or-later
-- The roles of the cluster. Idempotent; run by a superuser before the migrations.
--
--   pact_owner     owns every table and the functions that need no more than its rights; cannot log in
--   pact_door      owns the doors (app.enter_*): the only role that may set the tenant context; cannot log in
--   pact_<program> one per program, least grants (sql/grants.sql)
--   pact_operator  scripts/pactctl: may call ops.* and nothing else
DO $$
DECLARE r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['pact_owner', 'pact_door'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', r);
		END IF;
	END LOOP;
	FOREACH r IN ARRAY ARRAY['pact_auth', 'pact_crm', 'pact_audit', 'pact_mail', 'pact_saml', 'pact_operator'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
			EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', r);
		END IF;
		EXECUTE format('ALTER ROLE %I SET search_path = pact, pg_catalog', r);
		EXECUTE format('ALTER ROLE %I SET timezone = ''UTC''', r);
		EXECUTE format('ALTER ROLE %I SET jit = off', r);
		EXECUTE format('ALTER ROLE %I SET statement_timeout = ''15s''', r);
		EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', r);
		EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', r);
	END LOOP;
	-- processes x pools + runners (README, "Connections"), with room for a rolling restart
	ALTER ROLE pact_auth CONNECTION LIMIT 24;
	ALTER ROLE pact_crm CONNECTION LIMIT 32;
	ALTER ROLE pact_audit CONNECTION LIMIT 16;
	ALTER ROLE pact_mail CONNECTION LIMIT 16;
	ALTER ROLE pact_saml CONNECTION LIMIT 16;
	ALTER ROLE pact_operator CONNECTION LIMIT 4;
END $$;
