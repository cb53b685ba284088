-- SPDX-License-Identifier: GPL-3.0-or-later
-- Imports (sql/api/crm_import*.sql). What writes many contacts runs as pact_owner, which alone may make temporary tables.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO pact_owner', current_database()); END $$;
GRANT EXECUTE ON FUNCTION api.import_json(pact.import, boolean), app.import_reply(uuid, uuid), app.import_lock(uuid, uuid, bigint),
	app.import_waits(pact.import), app.import_queue(pact.import, boolean),
	app.import_received(uuid, uuid, bigint, bytea, jsonb, boolean), app.import_patch(uuid, uuid, bigint, jsonb),
	app.import_start(uuid, uuid, boolean), app.import_cancel(uuid, uuid), app.import_revert(uuid, uuid),
	app.import_errors(uuid, uuid, bigint, int, bigint), app.import_run(uuid, uuid, uuid), app.import_finish(uuid, uuid, text, text),
	app.import_apply(uuid, uuid, bigint, bigint, uuid[], bigint[], text[], text[], text[], text[], text[], text[], text[], text[], text[],
		text[], timestamptz[], text[], bigint, bigint[], int[], text[], text[], text[]),
	app.import_revert_step(uuid, uuid, uuid, uuid, int) TO pact_crm;
