-- SPDX-License-Identifier: GPL-3.0-or-later
-- New keys for old: the operator's functions, and what they change. Columns of app.sealed_column that pact_door may not
-- write otherwise.
GRANT EXECUTE ON FUNCTION ops.rekey_list(text), ops.rekey_open(uuid, text, text), ops.rekey_wrap(bytea, text), ops.rekey_sealed(boolean),
	ops.rekey_drop(), ops.rekey_put(int, bytea[], bytea[]), ops.rekey_data(bytea, text, jsonb) TO pact_operator;
GRANT SELECT ON app.sealed_column TO pact_door;
GRANT SELECT (tenant_id, data_key, master_key_id, data_key_at) ON pact.tenant_key TO pact_door;
-- a lock on the key that seals asks for the right to change it
GRANT UPDATE (data_key, master_key_id, data_key_at) ON pact.tenant_key TO pact_door;
