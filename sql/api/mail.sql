-- SPDX-License-Identifier: GPL-3.0-or-later
-- Mail to the people who work here. fcgi/mail/template.c has the texts and says what p_vars may hold.
SET ROLE pact_owner;

-- Inside a context: the row, and the work of sending it (kind `deliver`, payload {"outbox": id}), in the transaction of
-- what it tells. Twelve attempts with growing waits are some six hours of patience with a server.
CREATE OR REPLACE FUNCTION app.outbox_add(p_user uuid, p_template text, p_vars jsonb) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id uuid;
	v_job uuid;
BEGIN
	INSERT INTO pact.outbox (tenant_id, user_id, template, vars) VALUES (app.tenant_id(), p_user, p_template, coalesce(p_vars, '{}'))
		RETURNING id INTO v_id;
	v_job := app.job_add('mail', 'deliver', jsonb_build_object('outbox', v_id), now());
	UPDATE pact.job SET max_attempts = 12 WHERE tenant_id = app.tenant_id() AND id = v_job;
	UPDATE app.job_queue SET max_attempts = 12 WHERE tenant_id = app.tenant_id() AND job_id = v_job;
	RETURN v_id;
END $$;

RESET ROLE;
