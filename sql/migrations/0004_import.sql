-- SPDX-License-Identifier: GPL-3.0-or-later
-- What an import remembers while it runs.
SET ROLE pact_owner;

-- Every contact of the file that was there before has a row: also when nothing was changed (`before` null, gone when the
-- import ends), so that an address that comes again is known. asked: the strictest consent the file has named for it.
ALTER TABLE pact.import_change ALTER COLUMN before DROP NOT NULL,
	ADD COLUMN asked text CHECK (asked IN ('confirmed', 'pending', 'declined'));
SELECT app.declare_columns('import_change', $$
	asked delete -
$$);
-- What happens to an import has events of its own: import.start, finish, cancel, revert.
UPDATE app.column_register SET audited = false WHERE table_name = 'import' AND column_name IN ('status', 'size', 'cancel_requested');

RESET ROLE;
