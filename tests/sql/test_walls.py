# SPDX-License-Identifier: GPL-3.0-or-later
"""T1–T3, A6: the doors, and what a program can do that has been taken over and runs SQL of its own."""
import os
import time
import uuid

import psycopg2
import pytest
from conftest import PROGRAMS, Workspace, add_contact, enter, events, refused, sha

TABLES = ["tenant", "tenant_key", "user_account", "user_password", "role", "user_role", "session", "account", "custom_field",
          "contact", "contact_tag", "contact_event", "activity", "suppression", "import", "import_chunk", "import_error",
          "import_change", "job", "outbox", "idempotency", "audit_event", "api_key", "api_key_role", "scim_user",
          "scim_group", "scim_group_member"]
PARAMETERS = ["pact.tenant_id", "pact.actor_kind", "pact.actor_id", "pact.actor_email", "pact.ip", "pact.request_id", "pact.erasing"]
DENIED = psycopg2.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def full(pg, beta):
    """beta has a row in every tenant table, so that "no rows" below means something."""
    with pg.owner(beta) as cur:
        c = add_contact(cur, beta, email="someone@beta.example", tags=["x"], consent_status="declined")["id"]
        cur.execute("INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'Acme')", (beta.id,))
        cur.execute("INSERT INTO pact.custom_field (tenant_id, key, label) VALUES (%s, 'size', 'Size')", (beta.id,))
        cur.execute("INSERT INTO pact.activity (tenant_id, contact_id, kind) VALUES (%s, %s, 'note')", (beta.id, c))
        cur.execute("INSERT INTO pact.import (tenant_id) VALUES (%s) RETURNING id", (beta.id,))
        i = cur.fetchone()[0]
        cur.execute("INSERT INTO pact.import_chunk VALUES (%s, %s, 0, 'x')", (beta.id, i))
        cur.execute("INSERT INTO pact.import_error VALUES (%s, %s, 1, 0, 'email', 'x', 'bad')", (beta.id, i))
        cur.execute("INSERT INTO pact.import_change VALUES (%s, %s, %s, '{}', 1)", (beta.id, i, c))
        cur.execute("SELECT app.outbox_add(%s, 'password-changed', '{}')", (beta.users["owner"].id,))
        cur.execute("INSERT INTO pact.idempotency (tenant_id, actor_id, route, key, body_sha256) VALUES (%s, %s, 'r', 'k', 'x')",
                    (beta.id, beta.users["owner"].id))
        cur.execute("WITH k AS (INSERT INTO pact.api_key (tenant_id, id, user_id, name, secret_sha256) VALUES (%s, gen_random_uuid(), %s, 'k', %s) RETURNING *) "
                    "INSERT INTO pact.api_key_role (tenant_id, key_id, role_id) SELECT k.tenant_id, k.id, r.id FROM k JOIN pact.role r USING (tenant_id)",
                    (beta.id, beta.users["owner"].id, sha(b"x")))
        cur.execute("INSERT INTO pact.scim_user (tenant_id, user_id, user_name) VALUES (%s, %s, 'olga')", (beta.id, beta.users["owner"].id))
        cur.execute("WITH g AS (INSERT INTO pact.scim_group (tenant_id, display_name) VALUES (%s, 'Staff') RETURNING *) "
                    "INSERT INTO pact.scim_group_member (tenant_id, group_id, user_id) SELECT g.tenant_id, g.id, %s FROM g", (beta.id, beta.users["owner"].id))
    with pg.superuser() as cur:
        cur.execute("SELECT relname FROM pg_class WHERE relnamespace = 'pact'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition")
        for (table,) in cur.fetchall():
            cur.execute(f"SELECT count(*) FROM pact.{table} WHERE tenant_id = %s", (beta.id,))
            assert cur.fetchone()[0] > 0 or table not in TABLES, table
    return c


def attempt(cur, sql, args=None):
    """Rows seen or changed; None when refused for want of a grant."""
    cur.execute("SAVEPOINT s")
    try:
        cur.execute(sql, args)
        return cur.fetchone()[0] if cur.description else cur.rowcount
    except DENIED:
        cur.execute("ROLLBACK TO s")
        return None


@pytest.mark.parametrize("role", ["pact_auth", "pact_crm", "pact_audit", "pact_mail", "pact_operator"])
def test_reading_and_writing_across_tenants(pg, alpha, beta, full, role):
    """Inside alpha, nothing of beta is there: to read, change, delete, add or move."""
    with pg.program(role) as cur:
        if role in ("pact_auth", "pact_crm", "pact_audit"):
            enter(cur, alpha.users["owner"])
        seen = {}
        for table in TABLES:
            seen[table] = attempt(cur, f"SELECT count(tenant_id) FROM pact.{table} WHERE tenant_id = %s", (beta.id,))
            assert seen[table] in (None, 0), f"{role} reads {table} of another workspace"
            assert attempt(cur, f"SELECT count(tenant_id) FROM pact.{table} WHERE tenant_id <> %s", (alpha.id,)) in (None, 0)
            assert attempt(cur, f"DELETE FROM pact.{table} WHERE tenant_id = %s", (beta.id,)) in (None, 0)
            assert attempt(cur, f"UPDATE pact.{table} SET tenant_id = %s", (beta.id,)) is None, f"{role} moves rows of {table}"
            cur.execute("SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                        "WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'pact') AND c.relname = %s AND a.attnum > 0 "
                        "AND has_column_privilege(a.attrelid, a.attnum, 'UPDATE')", (table,))
            for (column,) in cur.fetchall():
                assert attempt(cur, f"UPDATE pact.{table} SET {column} = {column} WHERE tenant_id = %s", (beta.id,)) == 0
        if role == "pact_crm":
            assert seen["contact"] == 0 and seen["session"] is None
        elif role == "pact_audit":
            assert seen["audit_event"] == 0 and seen["contact"] is None
        for sql in ("INSERT INTO pact.contact (tenant_id, email) VALUES (%s, 'x@y.example')",
                    "INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'x')",
                    "INSERT INTO pact.import (tenant_id) VALUES (%s)"):
            assert attempt(cur, sql, (beta.id,)) is None, f"{role}: {sql}"


def test_a_row_cannot_point_into_another_workspace(pg, alpha, beta, full):
    with pg.user(alpha.users["owner"]) as cur:
        with pytest.raises(psycopg2.errors.ForeignKeyViolation):
            cur.execute("INSERT INTO pact.activity (tenant_id, contact_id, kind) VALUES (%s, %s, 'note')", (alpha.id, full))


@pytest.mark.parametrize("role", ["pact_auth", "pact_crm", "pact_audit", "pact_mail"])
def test_without_a_door_there_is_nothing(pg, alpha, beta, full, role):
    with pg.program(role) as cur:
        for table in TABLES:
            assert attempt(cur, f"SELECT count(tenant_id) FROM pact.{table}") in (None, 0), table
        for table in ("directory.workspace", "directory.login", "app.job_queue", "app.throttle"):
            assert attempt(cur, f"SELECT count(*) FROM {table}") is None, table


@pytest.mark.parametrize("role", ["pact_auth", "pact_crm", "pact_audit", "pact_mail", "pact_operator"])
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_program_cannot_set_the_context(pg, beta, role, parameter):
    for sql in (f"SELECT set_config('{parameter}', %s, false)", f"SELECT set_config('{parameter}', %s, true)",
                f"SET {parameter} = %s", f"SET LOCAL {parameter} = %s"):
        with pg.program(role) as cur, pytest.raises(DENIED):
            cur.execute(sql, (str(beta.id),))
    with pg.program(role) as cur, pytest.raises(DENIED):
        cur.execute(f"ALTER ROLE {role} SET {parameter} = '{beta.id}'")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        pg.cluster.connect(role, options=f"-c {parameter}={beta.id}")
    with pg.program(role) as cur, pytest.raises(psycopg2.Error):
        cur.execute(f"SET {parameter}x = 'y'")  # the prefix is reserved: no look-alike


def test_a_program_can_make_nothing(pg):
    for sql in ("CREATE TEMP TABLE t (x int)", "CREATE SCHEMA s", "CREATE TABLE public.t (x int)", "CREATE FUNCTION pact.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "SET ROLE pact_owner", "SET SESSION AUTHORIZATION pact_door", "SET session_replication_role = replica",
                "ALTER TABLE pact.contact DISABLE TRIGGER ALL", "COPY pact.contact TO PROGRAM 'cat'", "TRUNCATE pact.contact"):
        with pg.program("pact_crm") as cur, pytest.raises(psycopg2.Error):
            cur.execute(sql)


def test_the_door_sets_who_acts(pg, alpha):
    user = alpha.users["member"]
    with pg.user(user, "contact.read") as cur:
        cur.execute("SELECT app.tenant_id(), app.actor_kind(), app.actor_id(), app.actor_email(), app.ip(), app.request_id(), app.module()")
        assert cur.fetchone() == (alpha.id, "user", user.id, user.email, "192.0.2.7", "req-1", "crm")


def test_the_context_ends_with_the_transaction(pg, alpha):
    for end in ("COMMIT", "ROLLBACK"):
        with pg.user(alpha.users["owner"]) as cur:
            cur.execute(end)
            cur.execute("SELECT app.tenant_id(), app.actor_id(), (SELECT count(*) FROM pact.contact), (SELECT count(*) FROM pact.tenant)")
            assert cur.fetchone() == (None, None, 0, 0)
    with pg.program("pact_crm") as cur:
        cur.execute("SAVEPOINT s")
        enter(cur, alpha.users["owner"])
        cur.execute("ROLLBACK TO s")
        cur.execute("SELECT app.tenant_id()")
        assert cur.fetchone() == (None,)


def test_one_workspace_per_transaction(pg, alpha, beta):
    with pg.user(alpha.users["owner"]) as cur, refused("unauthenticated"):
        enter(cur, beta.users["owner"])


def test_a_refused_door_leaves_no_context_behind(pg, alpha):
    """Also not for somebody who catches the error inside the transaction."""
    with pg.program("pact_crm") as cur:
        cur.execute("DO $$ BEGIN PERFORM app.enter_session('%s', '%s', '\\x00', 'self', NULL, NULL, false); "
                    "EXCEPTION WHEN OTHERS THEN NULL; END $$" % (alpha.id, alpha.users["owner"].session))
        cur.execute("SELECT app.tenant_id(), count(*) FROM pact.tenant")
        assert cur.fetchone() == (None, 0)


def test_enter_session_wants_the_secret_of_that_session(pg, alpha, beta):
    owner, member = alpha.users["owner"], alpha.users["member"]
    for tenant, session, secret in ((alpha.id, owner.session, os.urandom(32)), (alpha.id, owner.session, sha(owner.secret)),
                                    (alpha.id, owner.session, member.secret), (alpha.id, uuid.uuid4(), owner.secret),
                                    (beta.id, owner.session, owner.secret), (uuid.uuid4(), owner.session, owner.secret),
                                    (alpha.id, owner.session, None), (None, owner.session, owner.secret)):
        with pg.program("pact_crm") as cur, refused("unauthenticated"):
            cur.execute("SELECT app.enter_session(%s, %s, %s, 'self', '', '', false)", (tenant, session, secret))


@pytest.mark.parametrize("role,permission,allowed", [
    ("owner", "billing.write", True), ("owner", "contact.erase", True), ("admin", "billing.write", False), ("admin", "role.write", True),
    ("member", "contact.import", True), ("member", "contact.erase", False), ("member", "settings.read", False), ("member", "audit.read", False),
    ("viewer", "contact.read", True), ("viewer", "contact.write", False), ("viewer", "activity.read", True), ("viewer", "contact.export", False),
    ("viewer", "self", True), ("owner", "no.such", False), ("owner", "", False), ("owner", None, False)])
def test_enter_session_wants_the_permission(pg, alpha, role, permission, allowed):
    if allowed:
        with pg.user(alpha.users[role], permission) as cur:
            cur.execute("SELECT app.actor_id()")
            assert cur.fetchone() == (alpha.users[role].id,)
    else:
        with pg.program("pact_crm") as cur, refused("forbidden"):
            enter(cur, alpha.users[role], permission)


@pytest.mark.parametrize("change,slug", [
    ("UPDATE pact.session SET ended_at = now() WHERE id = %(session)s", "session-ended"),
    ("UPDATE pact.session SET expires_at = now() - interval '1 second' WHERE id = %(session)s", "session-ended"),
    ("UPDATE pact.user_account SET status = 'suspended' WHERE id = %(user)s", "session-ended"),
    ("DELETE FROM pact.user_role WHERE user_id = %(user)s", "forbidden"),
    ("UPDATE pact.role SET permissions = '{contact.read}' WHERE name = 'owner'", "forbidden")])
def test_what_is_revoked_works_at_once(pg, fresh, change, slug):
    owner = fresh.users["owner"]
    with pg.user(owner, "contact.write"):
        pass
    with pg.owner(fresh) as cur:
        cur.execute(change, {"session": owner.session, "user": owner.id})
        assert cur.rowcount == 1
    with pg.program("pact_crm") as cur, refused(slug):
        enter(cur, owner, "contact.write")


def test_a_suspended_workspace_is_closed(pg, fresh):
    with pg.program("pact_operator") as cur:
        cur.execute("SELECT ops.workspace_suspend(%s, true, 'ops@example')", (fresh.slug,))
    with pg.program("pact_crm") as cur, refused("workspace-suspended"):
        enter(cur, fresh.users["owner"])
    with pg.program("pact_auth") as cur, refused("workspace-suspended"):
        cur.execute("SELECT app.sso_connection(%s, 'oidc', '', '')", (fresh.slug,))
    with pg.program("pact_operator") as cur:
        cur.execute("SELECT ops.workspace_suspend(%s, false, 'ops@example')", (fresh.slug,))
    with pg.user(fresh.users["owner"]):
        pass


def test_a_read_only_door_lets_nothing_be_written(pg, alpha):
    with pg.program("pact_crm") as cur:
        enter(cur, alpha.users["owner"], "contact.read", read_only=True)
        cur.execute("SELECT count(*) FROM pact.contact")
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            add_contact(cur, alpha)


def test_last_seen_is_written_every_five_minutes_also_by_reads(pg, fresh):
    user = fresh.users["owner"]

    def seen():
        with pg.superuser() as cur:
            cur.execute("SELECT last_seen_at, xmin::text FROM pact.session WHERE id = %s", (user.session,))
            return cur.fetchone()

    before = seen()
    with pg.program("pact_crm") as cur:
        enter(cur, user, read_only=True)
    assert seen() == before
    with pg.superuser() as cur:
        cur.execute("UPDATE pact.session SET last_seen_at = now() - interval '6 minutes' WHERE id = %s", (user.session,))
    with pg.program("pact_crm") as cur, pg.program("pact_crm") as other:
        enter(cur, user, read_only=True)
        started = time.monotonic()
        enter(other, user)  # while the first has not committed: does not wait for it
        assert time.monotonic() - started < 10
    assert seen()[0] >= before[0]


def test_the_door_that_asks_for_no_secret_is_open_to_no_program(pg, alpha):
    for role in PROGRAMS:
        with pg.program(role) as cur, pytest.raises(DENIED):
            cur.execute("SELECT app.enter_workspace(%s, '', '')", (alpha.slug,))


def test_functions_of_other_programs_are_closed(pg, alpha):
    for role, call in (("pact_crm", "app.login_begin('\\x00', '', NULL, false)"), ("pact_crm", "app.password_hash()"),
                       ("pact_audit", f"app.erase_contact('{uuid.uuid4()}')"), ("pact_mail", "app.session_end(NULL, NULL)"),
                       ("pact_crm", "ops.workspace_list('me')"), ("pact_auth", "ops.workspace_list('me')"),
                       ("pact_crm", "app.erasing(NULL)"),
                       ("pact_crm", "app.context(NULL, NULL, NULL, NULL, NULL, NULL)"), ("pact_crm", "app.address_hash(NULL, NULL)")):
        with pg.program(role) as cur, pytest.raises(DENIED):
            cur.execute(f"SELECT {call}")


def test_only_mail_that_belongs_to_what_was_done_is_sent(pg, alpha):
    """A program that is taken over writes nobody a letter of its own from our address."""
    for role in ("pact_auth", "pact_crm", "pact_audit"):
        with pg.user(alpha.users["owner"], role=role) as cur, pytest.raises(DENIED, match="outbox_add"):
            cur.execute("SELECT app.outbox_add(%s, 'password-reset', '{\"link\": \"https://evil.example\"}')", (alpha.users["owner"].id,))


def test_the_fallback_without_the_module_still_migrates(cluster):
    """A managed service may not load it: everything works, and the migration says what is missing."""
    from conftest import Cluster, Pg
    other = Cluster(preload=False)
    try:
        done = other.migrate()
        assert done.returncode == 0 and "pact_context is not loaded" in done.stderr
        workspace = Workspace(Pg(other), "plain")
        with Pg(other).user(workspace.users["owner"], "contact.write") as cur:
            c = add_contact(cur, workspace, email="a@b.example")
        with Pg(other).superuser() as cur:
            assert events(cur, c["id"])[0]["action"] == "contact.create"
    finally:
        other.stop()
