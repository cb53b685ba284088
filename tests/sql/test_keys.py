# SPDX-License-Identifier: GPL-3.0-or-later
"""A11: the door of API keys, as a program meets it that runs SQL of its own."""
import json
import os
import time
import uuid

import psycopg2
import pytest
from conftest import add_contact, events, refused, sha

DENIED = psycopg2.errors.InsufficientPrivilege
PROGRAMS = ["pact_auth", "pact_crm", "pact_audit"]


class Key:
    def __init__(self, pg, user, *roles, **more):
        self.user, self.workspace, self.id, self.secret = user, user.workspace, uuid.uuid4(), os.urandom(32)
        with pg.user(user, "key.write", "pact_auth") as cur:
            cur.execute("SELECT body FROM app.key_create(%s, %s, %s)", (json.dumps({"name": "robot", "roles": roles, **more}), self.id, sha(self.secret)))
            self.body = cur.fetchone()[0]


def enter_key(cur, key, permission="contact.read", read_only=False, **other):
    k = {"tenant": key.workspace.id, "id": key.id, "secret": key.secret} | other
    cur.execute("SELECT user_id, email FROM app.enter_key(%s, %s, %s, %s, '192.0.2.9', 'req-key', %s)", (k["tenant"], k["id"], k["secret"], permission, read_only))
    return cur.fetchone()


@pytest.mark.parametrize("role", PROGRAMS)
def test_A11_the_door_wants_the_secret_of_that_key(pg, alpha, beta, role):
    one, two = Key(pg, alpha.users["owner"], "owner"), Key(pg, alpha.users["admin"], "viewer")
    for other in ({"secret": os.urandom(32)}, {"secret": sha(one.secret)}, {"secret": None}, {"secret": b""}, {"secret": two.secret}, {"id": two.id},
                  {"id": uuid.uuid4()}, {"id": None}, {"tenant": beta.id}, {"tenant": uuid.uuid4()}, {"tenant": None}):
        with pg.program(role) as cur, refused("unauthenticated"):
            enter_key(cur, one, **other)
    with pg.program(role) as cur:
        assert enter_key(cur, one) == (alpha.users["owner"].id, alpha.users["owner"].email)


def test_A11_the_door_sets_who_acts_and_by_what(pg, alpha):
    key = Key(pg, alpha.users["owner"], "viewer")
    with pg.program("pact_crm") as cur:
        enter_key(cur, key)
        cur.execute("SELECT app.tenant_id(), app.actor_kind(), app.actor_id(), app.actor_email(), app.key_id(), app.ip(), app.request_id()")
        assert cur.fetchone() == (alpha.id, "api_key", key.user.id, key.user.email, key.id, "192.0.2.9", "req-key")
    with pg.user(alpha.users["owner"]) as cur:
        cur.execute("SELECT app.actor_kind(), app.key_id()")
        assert cur.fetchone() == ("user", None)


@pytest.mark.parametrize("mine,keys,permission,allowed", [
    ("owner", ["viewer"], "contact.read", True), ("owner", ["viewer"], "contact.write", False), ("admin", ["admin"], "audit.read", True),
    ("owner", ["viewer", "member"], "contact.write", True), ("owner", ["owner"], "self", False), ("owner", ["owner"], "enrol", False),
    ("owner", ["owner"], "no.such", False), ("owner", ["owner"], "", False), ("owner", ["owner"], None, False)])
def test_A11_the_door_wants_the_permission_of_the_key_and_of_its_user(pg, fresh, mine, keys, permission, allowed):
    key = Key(pg, fresh.users[mine], *keys)
    if not allowed:
        with pg.program("pact_crm") as cur, refused("forbidden"):
            enter_key(cur, key, permission)
        return
    with pg.program("pact_crm") as cur:
        assert enter_key(cur, key, permission)
    with pg.owner(fresh) as cur:
        cur.execute("DELETE FROM pact.user_role WHERE user_id = %s", (key.user.id,))
    with pg.program("pact_crm") as cur, refused("forbidden"):
        enter_key(cur, key, permission)


def test_A11_a_role_cannot_hold_what_is_for_people_alone(pg, fresh):
    """Not even one that was written past the functions."""
    key = Key(pg, fresh.users["owner"], "owner")
    with pg.owner(fresh) as cur:
        cur.execute("UPDATE pact.role SET permissions = permissions || '{self,enrol}' WHERE name = 'owner'")
    for permission in ("self", "enrol"):
        with pg.program("pact_auth") as cur, refused("forbidden"):
            enter_key(cur, key, permission)


@pytest.mark.parametrize("change,slug", [
    ("UPDATE pact.api_key SET expires_at = now() - interval '1 second' WHERE id = %(key)s", "unauthenticated"),
    ("DELETE FROM pact.api_key WHERE id = %(key)s", "unauthenticated"),
    ("UPDATE pact.user_account SET status = 'suspended' WHERE id = %(user)s", "unauthenticated"),
    ("UPDATE pact.user_account SET status = 'invited' WHERE id = %(user)s", "unauthenticated"),
    ("DELETE FROM pact.user_account WHERE id = %(user)s", "unauthenticated"),
    ("UPDATE pact.tenant SET status = 'suspended' WHERE tenant_id = app.tenant_id()", "workspace-suspended"),
    ("DELETE FROM pact.api_key_role WHERE key_id = %(key)s", "forbidden"),
    ("UPDATE pact.role SET permissions = '{account.read}' WHERE name = 'viewer'", "forbidden")])
def test_A11_what_is_revoked_works_at_once(pg, fresh, change, slug):
    key = Key(pg, fresh.users["admin"], "viewer")
    with pg.program("pact_crm") as cur:
        enter_key(cur, key)
    with pg.owner(fresh) as cur:
        cur.execute(change, {"key": key.id, "user": key.user.id})
        assert cur.rowcount == 1
    with pg.program("pact_crm") as cur, refused(slug):
        enter_key(cur, key)


def test_A11_one_workspace_per_transaction(pg, alpha, beta):
    one, two = Key(pg, alpha.users["owner"], "viewer"), Key(pg, beta.users["owner"], "viewer")
    with pg.program("pact_crm") as cur:
        enter_key(cur, one)
        with refused("unauthenticated"):
            enter_key(cur, two)
    with pg.user(alpha.users["owner"]) as cur, refused("unauthenticated"):
        enter_key(cur, two)


def test_A11_a_door_that_refuses_leaves_nothing_open(pg, alpha):
    key = Key(pg, alpha.users["owner"], "viewer")
    for permission, secret in (("contact.write", key.secret), ("contact.read", b"x")):
        with pg.program("pact_crm") as cur:
            cur.execute("SAVEPOINT s")
            with pytest.raises(psycopg2.Error):
                enter_key(cur, key, permission, secret=secret)
            cur.execute("ROLLBACK TO s")
            cur.execute("SELECT app.tenant_id(), app.key_id(), count(*) FROM pact.contact")
            assert cur.fetchone() == (None, None, 0)


def test_A11_noting_a_refusal_opens_nothing(pg, fresh):
    key = Key(pg, fresh.users["owner"], "viewer")
    with pg.program("pact_crm") as cur:
        cur.execute("SELECT app.key_refused(%s, %s, %s, '', 'req-refused', 'POST /x', 'contact.write')", (fresh.id, key.id, key.secret))
        cur.execute("SELECT app.tenant_id(), app.actor_id(), app.key_id(), (SELECT count(*) FROM pact.tenant)")
        assert cur.fetchone() == (None, None, None, 0)
    with pg.superuser() as cur:
        cur.execute("SELECT action, actor_kind, key_id, new FROM pact.audit_event WHERE request_id = 'req-refused'")
        assert cur.fetchall() == [("access.refused", "api_key", key.id, {"route": "POST /x", "permission": "contact.write"})]
    with pg.program("pact_crm") as cur, refused("unauthenticated"):
        cur.execute("SELECT app.key_refused(%s, %s, '\\x00', '', '', 'POST /x', 'contact.write')", (fresh.id, key.id))


@pytest.mark.parametrize("role", [*PROGRAMS, "pact_mail", "pact_operator"])
def test_A11_no_program_reads_or_makes_keys_by_itself(pg, alpha, role):
    key = Key(pg, alpha.users["owner"], "viewer")
    statements = ["SELECT secret_sha256 FROM pact.api_key", "SELECT * FROM pact.api_key", "SELECT k FROM pact.api_key k", "SELECT user_id FROM pact.api_key",
                  "UPDATE pact.api_key SET secret_sha256 = '\\x00'", "DELETE FROM pact.api_key", "SELECT * FROM pact.api_key_role",
                  "INSERT INTO pact.api_key (tenant_id, id) VALUES (app.tenant_id(), gen_random_uuid())", "UPDATE pact.api_key_role SET role_id = role_id",
                  "SELECT app.key_context(NULL, NULL, NULL, NULL, NULL, NULL)", f"SELECT app.key_permissions('{key.id}')"]
    if role != "pact_auth":
        statements += ["SELECT tenant_id FROM pact.api_key", "SELECT app.key_create('{}', NULL, NULL)", f"SELECT api.key_json('{alpha.id}', '{key.id}')"]
    if role not in PROGRAMS:
        statements += ["SELECT app.enter_key(NULL, NULL, NULL, NULL, NULL, NULL, false)"]
    for sql in statements:
        with pg.program(role) as cur:
            if role in PROGRAMS:
                enter_key(cur, key)
            with pytest.raises(DENIED):
                cur.execute(sql)


def test_A11_a_key_is_no_way_into_another_workspaces_keys(pg, alpha, beta):
    mine, theirs = Key(pg, alpha.users["owner"], "owner"), Key(pg, beta.users["owner"], "viewer")
    with pg.program("pact_auth") as cur:
        enter_key(cur, mine, "key.write")
        cur.execute("SELECT count(*) FROM pact.api_key WHERE id = %s", (theirs.id,))
        assert cur.fetchone() == (0,)
        cur.execute("SELECT api.key_json(%s, %s)", (beta.id, theirs.id))
        assert cur.fetchone() == (None,)
        with refused("not-found"):
            cur.execute("SELECT app.key_delete(%s, NULL)", (theirs.id,))


def test_A11_read_only_and_last_used(pg, fresh):
    key = Key(pg, fresh.users["owner"], "member")

    def used():
        with pg.superuser() as cur:
            cur.execute("SELECT last_used_at FROM pact.api_key WHERE id = %s", (key.id,))
            return cur.fetchone()[0]

    with pg.program("pact_crm") as cur, pg.program("pact_crm") as other:
        enter_key(cur, key, read_only=True)
        started = time.monotonic()
        enter_key(other, key)  # while the first has not committed: does not wait for it
        assert time.monotonic() - started < 10
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            add_contact(cur, fresh)
        cur.connection.rollback()
    assert used() is None
    with pg.program("pact_crm") as cur:
        enter_key(cur, key, read_only=True)
    before = used()
    assert before is not None
    with pg.program("pact_crm") as cur:
        enter_key(cur, key)
    assert used() == before


def test_A11_removing_somebody_removes_their_keys_with_an_event(pg, fresh):
    key = Key(pg, fresh.users["admin"], "viewer")
    with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
        cur.execute("SELECT app.user_delete(%s, NULL)", (key.user.id,))
    with pg.superuser() as cur:
        got = events(cur, key.id)
        assert [e["action"] for e in got] == ["api_key.create", "api_key_role.create", "api_key.delete", "api_key_role.delete"] or \
            [e["action"] for e in got] == ["api_key.create", "api_key_role.create", "api_key_role.delete", "api_key.delete"]
        assert next(e for e in got if e["action"] == "api_key.delete")["old"]["name"] == "robot"


def test_A11_work_of_a_key_stays_the_keys(pg, fresh):
    key = Key(pg, fresh.users["owner"], "admin")
    with pg.program("pact_crm") as cur:
        enter_key(cur, key, "contact.import")
        cur.execute("SELECT app.enqueue('crm', 'test', '{}')")
        job = cur.fetchone()[0]
    with pg.program("pact_crm") as cur:
        claimed = None
        while claimed != (fresh.id, job):  # what other tests have left comes first
            cur.execute("SELECT tenant_id, job_id FROM app.claim('crm', interval '1 minute')")
            claimed = cur.fetchone()
            assert claimed
            cur.connection.commit()
        cur.execute("SELECT kind FROM app.enter_job(%s, %s)", (fresh.id, job))
        cur.execute("SELECT app.actor_kind(), app.key_id(), app.actor_id()")
        assert cur.fetchone() == ("api_key", key.id, key.user.id)
        cur.execute("SELECT app.job_done(%s)", (job,))


def test_A11_permissions_are_the_same_whoever_counts_them(pg, fresh):
    """app.key_permissions(), which limits what a key gives others, and the door agree."""
    key = Key(pg, fresh.users["admin"], "member", "viewer")
    with pg.owner(fresh) as cur:
        cur.execute("UPDATE pact.user_role SET role_id = (SELECT id FROM pact.role WHERE name = 'viewer') WHERE user_id = %s", (key.user.id,))
        cur.execute("SELECT array_agg(DISTINCT p) FROM pact.role, unnest(permissions) p")
        everything = cur.fetchone()[0]
    with pg.owner(fresh) as cur:
        cur.execute("RESET ROLE")
        cur.execute("SET LOCAL ROLE pact_door")
        cur.execute("SELECT app.key_permissions(%s)", (key.id,))
        counted = set(cur.fetchone()[0])
    opened = set()
    for p in everything:
        with pg.program("pact_auth") as cur:
            try:
                enter_key(cur, key, p)
                opened.add(p)
            except psycopg2.Error:
                cur.connection.rollback()
    assert opened == counted == {"contact.read", "account.read", "activity.read"}


def test_A11_old_workspaces_have_the_permission_to_make_keys(pg, alpha):
    with pg.owner(alpha) as cur:
        cur.execute("SELECT name FROM pact.role WHERE tenant_id = %s AND 'key.write' = ANY (permissions) ORDER BY name", (alpha.id,))
        assert cur.fetchall() == [("admin",), ("owner",)]
