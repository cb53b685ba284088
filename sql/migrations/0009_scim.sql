-- SPDX-License-Identifier: GPL-3.0-or-later
-- People and groups that an identity provider looks after (SCIM 2.0, RFC 7643).
SET ROLE pact_owner;

-- Marks a user who came, or was taken over, by SCIM, and keeps what the provider calls them where that is not Pact's to say.
CREATE TABLE pact.scim_user (
	tenant_id      uuid NOT NULL,
	user_id        uuid NOT NULL,
	user_name      text NOT NULL CHECK (length(user_name) BETWEEN 1 AND 254),
	user_name_norm text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(user_name COLLATE "und-x-icu")) STORED,
	external_id    text COLLATE "C" CHECK (length(external_id) BETWEEN 1 AND 254),
	given_name     text CHECK (length(given_name) <= 200),
	family_name    text CHECK (length(family_name) <= 200),
	created_at     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, user_id),
	UNIQUE (tenant_id, user_name_norm),
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX scim_user_external ON pact.scim_user (tenant_id, external_id) WHERE external_id IS NOT NULL;
-- Groups as the provider has them; what a name gives here is said by pact.group_role.
CREATE TABLE pact.scim_group (
	tenant_id    uuid NOT NULL REFERENCES pact.tenant,
	id           uuid NOT NULL DEFAULT app.uuid7(),
	display_name text COLLATE "C" NOT NULL CHECK (length(display_name) BETWEEN 1 AND 256),
	display_norm text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(display_name COLLATE "und-x-icu")) STORED,
	external_id  text COLLATE "C" CHECK (length(external_id) BETWEEN 1 AND 254),
	version      bigint NOT NULL DEFAULT 1,
	created_at   timestamptz NOT NULL DEFAULT now(),
	updated_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, display_norm)
);
CREATE INDEX scim_group_external ON pact.scim_group (tenant_id, external_id) WHERE external_id IS NOT NULL;
CREATE TABLE pact.scim_group_member (
	tenant_id  uuid NOT NULL,
	group_id   uuid NOT NULL,
	user_id    uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant_id, group_id, user_id),
	FOREIGN KEY (tenant_id, group_id) REFERENCES pact.scim_group ON DELETE CASCADE,
	FOREIGN KEY (tenant_id, user_id) REFERENCES pact.user_account ON DELETE CASCADE
);
CREATE INDEX scim_group_member_user ON pact.scim_group_member (tenant_id, user_id);

SELECT app.tenant_table(t) FROM unnest(ARRAY['scim_user', 'scim_group', 'scim_group_member']) t;

SELECT app.declare_table('scim_user', 'scim_user', NULL, true, $$
	tenant_id      keep -
	user_id        keep -
	user_name      keep pd staff; goes with the user
	user_name_norm keep p  staff, as user_name
	external_id    keep pd staff, as user_name
	given_name     keep pd staff, as user_name
	family_name    keep pd staff, as user_name
	created_at     keep -
$$, 'user_id');
SELECT app.declare_table('scim_group', 'scim_group', NULL, true, $$
	tenant_id    keep -
	id           keep -
	display_name keep d
	display_norm keep -
	external_id  keep d
	version      keep -
	created_at   keep -
	updated_at   keep -
$$);
SELECT app.declare_table('scim_group_member', 'scim_group_member', NULL, true, $$
	tenant_id  keep -
	group_id   keep d
	user_id    keep d
	created_at keep -
$$, 'user_id', $$ jsonb_build_object('group', (SELECT x.display_name FROM pact.scim_group x WHERE x.tenant_id = r.tenant_id AND x.id = r.group_id)) $$);

RESET ROLE;
