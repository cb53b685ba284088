# SPDX-License-Identifier: GPL-3.0-or-later
"""SCIM as the program's own role meets it: its tables are behind functions, and two changes at once stay right."""
import json
import threading
import time
import uuid

import psycopg2
import pytest
from conftest import cpu, hmac_of, refused

BASE = "https://x/scim/v2"
DENIED = psycopg2.errors.InsufficientPrivilege


def create(cur, name, **more):
    cur.execute("SELECT body FROM app.scim_user_create(%s, %s, %s)", (json.dumps({"user_name": name, "email": name} | more), hmac_of(name), BASE))
    return cur.fetchone()[0]


@pytest.mark.parametrize("sql", ["SELECT * FROM pact.scim_user", "SELECT * FROM pact.scim_group", "SELECT user_id FROM pact.scim_group_member",
    "INSERT INTO pact.scim_user (tenant_id, user_id, user_name) VALUES (app.tenant_id(), gen_random_uuid(), 'x')", "UPDATE pact.scim_group SET display_name = 'x'",
    "UPDATE pact.user_account SET email = 'x@y.example'", "SELECT app.scim_roles(NULL)", "SELECT app.scim_group_set(NULL, NULL, NULL, NULL)",
    "SELECT app.scim_members(NULL, NULL)", "SELECT api.scim_user_json('', u) FROM pact.user_account u"])
@pytest.mark.parametrize("role", ["pact_auth", "pact_crm", "pact_audit"])
def test_no_program_reads_or_writes_the_tables(pg, alpha, role, sql):
    with pg.user(alpha.users["owner"], "user.write", role) as cur, pytest.raises(DENIED):
        cur.execute(sql)


def test_other_programs_have_none_of_it(pg, alpha):
    for role in ("pact_crm", "pact_audit", "pact_mail"):
        for call in ("app.scim_users('', '{}', 1, 1, NULL, NULL)", "app.scim_user_create('{}', '', '')", "app.scim_group_delete(NULL, NULL)"):
            with pg.program(role) as cur, pytest.raises(DENIED):
                cur.execute(f"SELECT {call}")


def test_without_a_door_there_is_nobody(pg, alpha):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.scim_users(%s, '{}', 1, 100, NULL, NULL)", (BASE,))
        assert cur.fetchone()[0]["totalResults"] == 0
        cur.execute("SELECT * FROM app.scim_user_reply(%s, '', NULL, NULL)", (alpha.users["owner"].id,))
        assert cur.fetchall() == []
        with refused("unauthenticated"):
            create(cur, "nobody@x.example")


def test_an_address_of_a_scim_user_comes_last_at_the_login(pg, fresh):
    with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
        i = create(cur, "new@fresh.example")["id"]
    with pg.superuser() as cur:
        cur.execute("SELECT address_hmac, last_used::text FROM directory.login WHERE user_id = %s", (i,))
        got, last_used = cur.fetchone()
        assert (bytes(got), last_used) == (hmac_of("new@fresh.example"), "-infinity")


def test_two_owners_who_are_deactivated_at_once_leave_one(pg, fresh):
    one, two = fresh.users["owner"], fresh.users["admin"]
    with pg.user(one, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"owner\"]}')", (two.id,))
    off = "SELECT * FROM app.scim_user_patch(%s, NULL, '{\"active\": false}', NULL, NULL, '')"
    outcome = []

    def second():
        try:
            with pg.user(two, "user.write", "pact_auth") as cur:
                cur.execute(off, (one.id,))
            outcome.append("done")
        except psycopg2.Error as e:
            outcome.append(e.diag.message_primary)

    with pg.user(one, "user.write", "pact_auth") as cur:
        cur.execute(off, (two.id,))
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.5)
        assert outcome == [], "the second waits for the first"
    thread.join()
    # whoever has gone first decides: the second acts for somebody who is no owner any more, or would leave none
    assert outcome in (["conflict"], ["forbidden"], ["session-ended"])
    with pg.owner(fresh) as cur:
        cur.execute("SELECT status FROM pact.user_account WHERE id = %s", (one.id,))
        assert cur.fetchone() == ("active",)


def test_a_group_of_thousands(pg, fresh):
    """One statement a group, and roles for those alone who moved."""
    with pg.owner(fresh) as cur:
        cur.execute("INSERT INTO pact.user_account (tenant_id, email) SELECT %s, 'p' || i || '@many.example' FROM generate_series(1, 2000) i RETURNING id", (fresh.id,))
        people = [str(r[0]) for r in cur.fetchall()]
        cur.execute("INSERT INTO pact.group_role (tenant_id, group_name, role_id) SELECT tenant_id, 'Many', id FROM pact.role WHERE name = 'viewer' AND tenant_id = %s", (fresh.id,))
    with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
        body = {"display_name": "Many", "members": [{"op": "replace", "ids": people}]}
        cur.execute("SELECT body FROM app.scim_group_create(%s, '')", (json.dumps(body),))
        group = cur.fetchone()[0]
        assert len(group["members"]) == 2000
        cur.execute("SELECT app.uuid7()")
        mark = cur.fetchone()[0]
        cur.execute("SELECT * FROM app.scim_group_patch(%s, NULL, %s, '')", (group["id"], json.dumps({"members": [{"op": "remove", "ids": people[:1]}]})))
    with pg.owner(fresh) as cur:
        cur.execute("SELECT count(*) FROM pact.user_role ur JOIN pact.role r USING (tenant_id) WHERE r.id = ur.role_id AND r.name = 'viewer' AND user_id = ANY (%s::uuid[])", (people,))
        assert cur.fetchone() == (1999,)
        cur.execute("SELECT action FROM pact.audit_event WHERE tenant_id = %s AND id > %s ORDER BY id", (fresh.id, mark))
        assert [a for (a,) in cur.fetchall()] == ["scim_group_member.delete", "user_role.delete"]


def test_one_more_in_a_large_group_costs_as_much_however_often(pg, fresh):
    """By a plan that knows no values, as one is after a few times, members are not compared each with each: people wait for it."""
    with pg.owner(fresh) as cur:
        cur.execute("INSERT INTO pact.user_account (tenant_id, email) SELECT %s, 'q' || i || '@many.example' FROM generate_series(1, 12000) i RETURNING id", (fresh.id,))
        people = [str(r[0]) for r in cur.fetchall()]
    took = {"custom": [], "generic": []}
    with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
        cur.execute("SELECT body ->> 'id' FROM app.scim_group_create(%s, '')", (json.dumps({"display_name": "Large", "members": [{"op": "replace", "ids": people[8:]}]}),))
        group = cur.fetchone()[0]
        for i, one in enumerate(people[:8]):
            plan = "generic" if i % 2 else "custom"
            cur.execute(f"SET LOCAL plan_cache_mode = force_{plan}_plan")
            start = cpu(cur)
            cur.execute("SELECT FROM app.scim_group_patch(%s, NULL, %s, '')", (group, json.dumps({"members": [{"op": "add", "ids": [one]}]})))
            took[plan].append(cpu(cur) - start)
    assert min(took["generic"]) < 1.8 * min(took["custom"]), took


def test_members_are_worked_out_step_by_step(pg, fresh):
    a, b, c = (str(fresh.users[r].id) for r in ("admin", "member", "viewer"))
    cases = [([("replace", [a, b])], {a, b}), ([("add", [a]), ("add", [a, b])], {a, b}), ([("replace", [a, b]), ("remove", [a]), ("add", [c])], {b, c}),
        ([("add", [a, b]), ("replace", [])], set()), ([("add", [a]), ("remove", [str(uuid.uuid4())])], {a}), ([("remove", [])], set())]
    with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
        for n, (steps, want) in enumerate(cases):
            body = {"display_name": f"g{n}", "members": [{"op": o, "ids": ids} for o, ids in steps]}
            cur.execute("SELECT body FROM app.scim_group_create(%s, '')", (json.dumps(body),))
            assert {m["value"] for m in cur.fetchone()[0]["members"]} == want, steps


def test_the_second_of_two_creates_at_once_is_told_why(pg, fresh):
    outcome = []

    def second():
        try:
            with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
                create(cur, "Same@fresh.example")
            outcome.append("done")
        except psycopg2.Error as e:
            outcome.append((e.pgcode, e.diag.message_primary))

    with pg.user(fresh.users["owner"], "user.write", "pact_auth") as cur:
        create(cur, "same@fresh.example")
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.5)
        assert outcome == []
    thread.join()
    assert outcome == [("PT000", "duplicate")]
