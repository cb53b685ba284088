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

-- A delivery that will never be tried again leaves no row that waits. What the runner itself gave up says so already.
CREATE OR REPLACE FUNCTION app.deliver_job_ended() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE pact.outbox o SET status = 'failed', last_error = coalesce(o.last_error, NEW.last_error)
		WHERE o.tenant_id = NEW.tenant_id AND o.id = (NEW.payload ->> 'outbox')::uuid AND o.status IN ('queued', 'sending');
	RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER deliver_job_ended AFTER UPDATE OF status ON pact.job FOR EACH ROW
	WHEN (NEW.module = 'mail' AND NEW.status IN ('failed', 'dead') AND OLD.status IS DISTINCT FROM NEW.status)
	EXECUTE FUNCTION app.deliver_job_ended();

RESET ROLE;
