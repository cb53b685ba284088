# SPDX-License-Identifier: GPL-3.0-or-later
"""L1, L2, L4, L5: whatever changes a row of an audited table leaves an event, in the same transaction."""
import uuid
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest
from conftest import add_contact, cpu, events, refused
from psycopg2.extras import Json

# One row of each audited table: insert (returning the resource's id), a change, what the diff must be.
ROWS = {
    "user": ("INSERT INTO pact.user_account (tenant_id, email, name) VALUES (%(t)s, 'New@x.example', 'New') RETURNING id",
             "UPDATE pact.user_account SET status = 'suspended', last_login_at = now() WHERE id = %(id)s", {"status": "active"}, {"status": "suspended"},
             "DELETE FROM pact.user_account WHERE id = %(id)s", {"email": "New@x.example", "name": "New", "status": "active"}),
    "role": ("INSERT INTO pact.role (tenant_id, name, permissions) VALUES (%(t)s, 'sales', '{contact.read}') RETURNING id",
             "UPDATE pact.role SET permissions = '{contact.read,contact.write}' WHERE id = %(id)s", {"permissions": ["contact.read"]},
             {"permissions": ["contact.read", "contact.write"]}, "DELETE FROM pact.role WHERE id = %(id)s",
             {"name": "sales", "builtin": False, "permissions": ["contact.read"]}),
    "account": ("INSERT INTO pact.account (tenant_id, name) VALUES (%(t)s, 'Acme') RETURNING id",
                "UPDATE pact.account SET note = 'n', name = 'Acme' WHERE id = %(id)s", {"note": None}, {"note": "n"},
                "DELETE FROM pact.account WHERE id = %(id)s", {"name": "Acme"}),
    "contact": ("INSERT INTO pact.contact (tenant_id, email, first_name, phone, consent_status, consent_source) "
                "VALUES (%(t)s, gen_random_uuid() || '@x.example', 'Ann', '1', 'pending', 'api') RETURNING id",
                "UPDATE pact.contact SET first_name = NULL, phone = '1', custom = '{\"size\":\"4\"}' WHERE id = %(id)s",
                {"first_name": "Ann", "custom": {}}, {"first_name": None, "custom": {"size": "4"}},
                "DELETE FROM pact.contact WHERE id = %(id)s", None),
    "activity": ("INSERT INTO pact.activity (tenant_id, account_id, kind, subject) SELECT %(t)s, (SELECT id FROM pact.account WHERE tenant_id = %(t)s LIMIT 1), "
                 "'note', 'S' RETURNING id", "UPDATE pact.activity SET subject = 'T', due_at = NULL WHERE id = %(id)s", {"subject": "S"}, {"subject": "T"},
                 "DELETE FROM pact.activity WHERE id = %(id)s", None),
    "import": ("INSERT INTO pact.import (tenant_id, filename) VALUES (%(t)s, 'a.csv') RETURNING id",
               "UPDATE pact.import SET filename = 'b.csv', rows_done = 5 WHERE id = %(id)s", {"filename": "a.csv"}, {"filename": "b.csv"},
               "DELETE FROM pact.import WHERE id = %(id)s", None),
    "workspace": ("SELECT tenant_id FROM pact.tenant WHERE tenant_id = %(t)s",
                  "UPDATE pact.tenant SET consent_policy = 'declined' WHERE tenant_id = %(id)s", {"consent_policy": "pending"},
                  {"consent_policy": "declined"}, None, None),
    "user_role": ("INSERT INTO pact.user_role (tenant_id, user_id, role_id) SELECT %(t)s, u.id, r.id FROM pact.user_account u, pact.role r "
                  "WHERE u.email LIKE 'viewer@%%' AND u.tenant_id = %(t)s AND r.tenant_id = %(t)s AND r.name = 'admin' RETURNING user_id", None, None, None,
                  "DELETE FROM pact.user_role WHERE user_id = %(id)s AND role_id = (SELECT r.id FROM pact.role r WHERE r.tenant_id = %(t)s AND r.name = 'admin')",
                  None),
    "sso_connection": ("INSERT INTO pact.sso_connection (tenant_id, type, name, settings, secret) VALUES (%(t)s, 'oidc', 'Okta', '{\"client_id\": \"a\"}', 's') RETURNING id",
                       "UPDATE pact.sso_connection SET settings = '{\"client_id\": \"b\"}', secret = 't', facts = '{\"x\": 1}' WHERE id = %(id)s",
                       {"settings": {"client_id": "a"}}, {"settings": {"client_id": "b"}}, "DELETE FROM pact.sso_connection WHERE id = %(id)s", {"name": "Okta"}),
    "sso_identity": ("WITH c AS (INSERT INTO pact.sso_connection (tenant_id, type, name) VALUES (%(t)s, 'saml', 'S') RETURNING id) "
                     "INSERT INTO pact.sso_identity (tenant_id, connection_id, subject, user_id) SELECT %(t)s, c.id, 'me', u.id FROM c, pact.user_account u "
                     "WHERE u.tenant_id = %(t)s AND u.email LIKE 'viewer@%%' RETURNING user_id", None, None, None,
                     "DELETE FROM pact.sso_identity WHERE user_id = %(id)s", {"subject": "me"}),
    "sso_domain": ("INSERT INTO pact.sso_domain (tenant_id, domain, token) VALUES (%(t)s, 'x.example', 'secret') RETURNING id",
                   "UPDATE pact.sso_domain SET verified_at = '2026-01-01Z', checked_at = now(), token = 'other' WHERE id = %(id)s", {"verified_at": None},
                   {"verified_at": "2026-01-01T00:00:00+00:00"}, "DELETE FROM pact.sso_domain WHERE id = %(id)s", {"domain": "x.example"}),
    "group_role": ("INSERT INTO pact.group_role (tenant_id, group_name, role_id) SELECT %(t)s, 'staff', r.id FROM pact.role r WHERE r.tenant_id = %(t)s "
                   "AND r.name = 'viewer' RETURNING role_id", None, None, None, "DELETE FROM pact.group_role WHERE role_id = %(id)s",
                   {"group_name": "staff", "role": "viewer"}),
    "api_key": ("INSERT INTO pact.api_key (tenant_id, id, user_id, name, secret_sha256) SELECT %(t)s, gen_random_uuid(), u.id, 'robot', sha256('x') "
                "FROM pact.user_account u WHERE u.tenant_id = %(t)s AND u.email LIKE 'viewer@%%' RETURNING id",
                "UPDATE pact.api_key SET name = 'other', last_used_at = now(), secret_sha256 = sha256('y') WHERE id = %(id)s", {"name": "robot"}, {"name": "other"},
                "DELETE FROM pact.api_key WHERE id = %(id)s", {"name": "other"}),
    "api_key_role": ("WITH k AS (INSERT INTO pact.api_key (tenant_id, id, user_id, name, secret_sha256) SELECT %(t)s, gen_random_uuid(), u.id, 'robot', sha256('x') "
                     "FROM pact.user_account u WHERE u.tenant_id = %(t)s AND u.email LIKE 'viewer@%%' RETURNING id) "
                     "INSERT INTO pact.api_key_role (tenant_id, key_id, role_id) SELECT %(t)s, k.id, r.id FROM k, pact.role r "
                     "WHERE r.tenant_id = %(t)s AND r.name = 'viewer' RETURNING key_id", None, None, None,
                     "DELETE FROM pact.api_key_role WHERE key_id = %(id)s", {"role": "viewer"}),
    "integration": ("INSERT INTO pact.integration (tenant_id, kind, name, settings) VALUES (%(t)s, 'ai', 'Model', '{\"provider\": \"a\"}') RETURNING id",
                    "UPDATE pact.integration SET settings = '{\"provider\": \"b\"}' WHERE id = %(id)s", {"settings": {"provider": "a"}},
                    {"settings": {"provider": "b"}}, "DELETE FROM pact.integration WHERE id = %(id)s", {"kind": "ai", "name": "Model"}),
    "integration_credential": ("WITH i AS (INSERT INTO pact.integration (tenant_id, kind, name) VALUES (%(t)s, 'ai', 'Model') RETURNING id) "
                               "INSERT INTO pact.integration_credential (tenant_id, integration_id, member, sealed) SELECT %(t)s, i.id, 'api_key', decode(repeat('00', 40), 'hex') "
                               "FROM i RETURNING integration_id", None, None, None, "DELETE FROM pact.integration_credential WHERE integration_id = %(id)s",
                               {"member": "api_key", "integration": "Model"}),
    "billing": ("INSERT INTO pact.billing (tenant_id, vat_id) VALUES (%(t)s, 'NO 1') RETURNING tenant_id",
                "UPDATE pact.billing SET vat_id = 'NO 2', version = 7 WHERE tenant_id = %(id)s", {"vat_id": "NO 1"}, {"vat_id": "NO 2"},
                "DELETE FROM pact.billing WHERE tenant_id = %(id)s", {"vat_id": "NO 2"}),
    "scim_user": ("INSERT INTO pact.scim_user (tenant_id, user_id, user_name) SELECT %(t)s, u.id, 'vera' FROM pact.user_account u WHERE u.tenant_id = %(t)s "
                  "AND u.email LIKE 'viewer@%%' RETURNING user_id", "UPDATE pact.scim_user SET external_id = 'e', user_name = 'vera' WHERE user_id = %(id)s",
                  {"external_id": None}, {"external_id": "e"}, "DELETE FROM pact.scim_user WHERE user_id = %(id)s", {"user_name": "vera", "external_id": "e"}),
    "scim_group": ("INSERT INTO pact.scim_group (tenant_id, display_name) VALUES (%(t)s, 'Sales') RETURNING id",
                   "UPDATE pact.scim_group SET display_name = 'Field' WHERE id = %(id)s", {"display_name": "Sales"}, {"display_name": "Field"},
                   "DELETE FROM pact.scim_group WHERE id = %(id)s", {"display_name": "Field"}),
    "scim_group_member": ("WITH g AS (INSERT INTO pact.scim_group (tenant_id, display_name) VALUES (%(t)s, 'Sales') RETURNING id) "
                          "INSERT INTO pact.scim_group_member (tenant_id, group_id, user_id) SELECT %(t)s, g.id, u.id FROM g, pact.user_account u "
                          "WHERE u.tenant_id = %(t)s AND u.email LIKE 'viewer@%%' RETURNING user_id", None, None, None,
                          "DELETE FROM pact.scim_group_member WHERE user_id = %(id)s", {"group": "Sales"}),
    "custom_field": ("INSERT INTO pact.custom_field (tenant_id, key, label) VALUES (%(t)s, 'size', 'Size') RETURNING NULL::uuid",
                     "UPDATE pact.custom_field SET label = 'Größe' WHERE tenant_id = %(t)s AND key = 'size'", {"label": "Size"}, {"label": "Größe"},
                     "DELETE FROM pact.custom_field WHERE tenant_id = %(t)s AND key = 'size'", {"key": "size", "label": "Größe"}),
}


def log(cur, resource, after):
    cur.execute("SELECT action, resource_id, old, new, actor_email, request_id FROM pact.audit_event WHERE resource_type = %s AND id > %s "
                "AND tenant_id = app.tenant_id() ORDER BY id", (resource, after))
    return cur.fetchall()


def mark(cur):
    cur.execute("SELECT app.uuid7()")
    return cur.fetchone()[0]


def test_the_table_above_covers_every_audited_table(pg):
    with pg.superuser() as cur:
        cur.execute("SELECT resource_type FROM app.table_register WHERE audited")
        assert {r[0] for r in cur.fetchall()} == set(ROWS)


@pytest.mark.parametrize("resource", sorted(ROWS))
def test_insert_update_delete(pg, fresh, resource):
    insert, update, old, new, delete, deleted = ROWS[resource]
    with pg.owner(fresh) as cur:
        cur.execute("INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'Other')", (fresh.id,))
        start = mark(cur)
        cur.execute(insert, {"t": fresh.id})
        rid = cur.fetchone()[0]
        if resource != "workspace":
            (event,) = log(cur, resource, start)
            assert event[:3] == (f"{resource}.create", rid, None) and event[3] and event[4] == "test@example"
        if update:
            start = mark(cur)
            cur.execute(update, {"t": fresh.id, "id": rid})
            assert cur.rowcount == 1
            assert log(cur, resource, start) == [(f"{resource}.update", rid, old, new, "test@example", None)]
            start = mark(cur)
            cur.execute(update, {"t": fresh.id, "id": rid})
            assert log(cur, resource, start) == [], "nothing audited changed"
            if resource == "user":
                cur.execute("UPDATE pact.user_account SET status = 'active' WHERE id = %s", (rid,))
        if delete:
            start = mark(cur)
            cur.execute(delete, {"t": fresh.id, "id": rid})
            assert cur.rowcount == 1
            (event,) = log(cur, resource, start)
            assert event[:2] == (f"{resource}.delete", rid) and event[2] and event[3] is None
            if deleted:
                assert {k: event[2].get(k) for k in deleted} == {**deleted, **({"permissions": ["contact.read", "contact.write"]} if resource == "role" else {})}


def test_a_permission_change_names_the_role(pg, fresh):
    user = fresh.users["viewer"]
    with pg.owner(fresh) as cur:
        cur.execute("DELETE FROM pact.user_role WHERE user_id = %s", (user.id,))
    with pg.superuser() as cur:
        last = events(cur, user.id)[-1]
        assert (last["action"], last["old"]["role"]) == ("user_role.delete", "viewer")


def test_only_what_changed_and_never_a_secret(pg, fresh):
    with pg.superuser() as cur:
        cur.execute("SELECT old, new FROM pact.audit_event WHERE tenant_id = %s", (fresh.id,))
        keys = {k for row in cur.fetchall() for side in row if side for k in side}
    assert keys and not [k for k in keys if "hash" in k or "secret" in k or "sha256" in k or "password" in k]


def test_many_rows_in_one_statement(pg, fresh):
    """Each row its own old and new, in linear time, also when the plan was made for one row."""
    seconds = {}
    with pg.owner(fresh) as cur:
        for n in (1, 1, 1, 1, 1, 1, 1, 1000, 12000):
            start = mark(cur)
            cur.execute("INSERT INTO pact.account (tenant_id, name) SELECT %s, 'A' || i FROM generate_series(1, %s) i", (fresh.id, n))
            began = cpu(cur)
            cur.execute("UPDATE pact.account SET name = 'B' || name WHERE tenant_id = %s AND name LIKE 'A%%'", (fresh.id,))
            seconds[n] = cpu(cur) - began
            cur.execute("SELECT count(*), count(DISTINCT resource_id) FROM pact.audit_event WHERE id > %s AND action = 'account.update' "
                        "AND new ->> 'name' = 'B' || (old ->> 'name')", (start,))
            assert cur.fetchone() == (n, n)
    assert seconds[12000] < 40 * seconds[1000], "joined in quadratic time"


def test_on_conflict_writes_what_happened(pg, fresh):
    with pg.owner(fresh) as cur:
        cur.execute("INSERT INTO pact.custom_field (tenant_id, key, label) VALUES (%s, 'a', 'A')", (fresh.id,))
        start = mark(cur)
        cur.execute("INSERT INTO pact.custom_field (tenant_id, key, label) VALUES (%s, 'a', 'AA'), (%s, 'b', 'B') "
                    "ON CONFLICT (tenant_id, key) DO UPDATE SET label = excluded.label", (fresh.id, fresh.id))
        assert {(e[0], str(e[2]), str(e[3])) for e in log(cur, "custom_field", start)} == {
            ("custom_field.create", "None", "{'key': 'b', 'label': 'B'}"), ("custom_field.update", "{'label': 'A'}", "{'label': 'AA'}")}


def test_cascades_are_events_too(pg, fresh):
    with pg.owner(fresh) as cur:
        c = add_contact(cur, fresh, email="gone@x.example")["id"]
        cur.execute("INSERT INTO pact.activity (tenant_id, contact_id, kind, subject) SELECT %s, %s, 'note', 'S' || i FROM generate_series(1, 3) i", (fresh.id, c))
        start = mark(cur)
        cur.execute("DELETE FROM pact.contact WHERE id = %s", (c,))
        assert [e[2]["email"] for e in log(cur, "contact", start)] == ["gone@x.example"]
        assert sorted(e[2]["subject"] for e in log(cur, "activity", start)) == ["S1", "S2", "S3"]
        cur.execute("SELECT count(*) FROM pact.audit_event WHERE subject_id = %s AND action = 'activity.delete'", (c,))
        assert cur.fetchone() == (3,)
        start = mark(cur)
        cur.execute("DELETE FROM pact.user_account WHERE id = %s", (fresh.users["viewer"].id,))
        assert [e[0] for e in log(cur, "user", start)] == ["user.delete"]
        assert [(e[0], e[2]["role"]) for e in log(cur, "user_role", start)] == [("user_role.delete", "viewer")]


def test_an_event_says_who_when_where(pg, alpha):
    user = alpha.users["member"]
    with pg.user(user, "account.write") as cur:
        cur.execute("INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'Acme') RETURNING id", (alpha.id,))
        rid = cur.fetchone()[0]
    with pg.superuser() as cur:
        cur.execute("SELECT tenant_id, actor_kind, actor_id, actor_email, module, ip, request_id, resource_type, now() - at FROM pact.audit_event WHERE resource_id = %s", (rid,))
        row = cur.fetchone()
        assert row[:8] == (alpha.id, "user", user.id, user.email, "crm", "192.0.2.7", "req-1", "account")
        assert timedelta(0) <= row[8] < timedelta(minutes=1)


def test_a_change_that_is_rolled_back_leaves_no_event(pg, alpha):
    with pg.user(alpha.users["member"]) as cur:
        cur.execute("INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'Never') RETURNING id", (alpha.id,))
        rid = cur.fetchone()[0]
        cur.execute("ROLLBACK")
    with pg.superuser() as cur:
        assert events(cur, rid) == []


def test_nothing_audited_can_be_written_without_a_workspace(pg, alpha):
    with pg.superuser() as cur, pytest.raises(psycopg2.Error):
        cur.execute("INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'x')", (alpha.id,))


def test_operators_are_in_the_log_of_the_workspace(pg, fresh):
    with pg.program("pact_operator") as cur:
        cur.execute("SELECT slug FROM ops.workspace_list('eve@ops')")
        assert (fresh.slug,) in cur.fetchall()
        cur.execute("SELECT ops.workspace_suspend(%s, true, 'eve@ops')", (fresh.slug,))
    with pg.superuser() as cur:
        cur.execute("SELECT action, actor_kind, new FROM pact.audit_event WHERE tenant_id = %s AND actor_email = 'eve@ops' ORDER BY id", (fresh.id,))
        assert cur.fetchall() == [("workspace.list", "operator", None), ("workspace.update", "operator", {"status": "suspended"})]


@pytest.mark.parametrize("role", ["pact_auth", "pact_crm", "pact_audit"])
@pytest.mark.parametrize("action", ["contact.update", "contact.erase", "user_role.create", "auth.login", "workspace.list", "Robert'); --", "x", "",
    "auth.mfa_disable", "user.invite", "integration_credential.rotate", "import.finish", "audit.read", "nothing.known"])
def test_a_program_cannot_forge_what_others_write(pg, alpha, action, role):
    with pg.user(alpha.users["owner"], role=role) as cur, pytest.raises(psycopg2.Error, match="not for programs"):
        cur.execute("SELECT app.audit(%s, 'contact', NULL, NULL, NULL)", (action,))


def test_app_audit_is_for_what_is_not_a_row(pg, alpha):
    what = uuid.uuid4()
    with pg.user(alpha.users["owner"], role="pact_audit") as cur:
        cur.execute("SELECT app.audit('audit.export', 'audit_event', %s, NULL, %s)", (what, Json({"rows": 3})))
    with pg.superuser() as cur:
        (event,) = events(cur, what)
        assert (event["action"], event["module"], event["new"]) == ("audit.export", "audit", {"rows": 3})
    with pg.program("pact_audit") as cur, refused("unauthenticated"):
        cur.execute("SELECT app.audit('audit.export', 'audit_event', NULL, NULL, NULL)")


def test_no_program_reaches_a_past_event(pg, alpha):
    for role in ("pact_auth", "pact_crm", "pact_audit"):
        for sql in ("UPDATE pact.audit_event SET old = NULL", "DELETE FROM pact.audit_event", "TRUNCATE pact.audit_event",
                    "INSERT INTO pact.audit_event (tenant_id, action, resource_type) VALUES (app.tenant_id(), 'x.y', 'z')",
                    "UPDATE pact.contact_event SET evidence = NULL", "DELETE FROM pact.contact_event"):
            with pg.user(alpha.users["owner"], role=role) as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cur.execute(sql)


def test_retention_class_follows_the_plan(pg, fresh):
    with pg.owner(fresh) as cur:
        cur.execute("UPDATE pact.tenant SET plan = 'enterprise' WHERE tenant_id = %s", (fresh.id,))
        start = mark(cur)
        cur.execute("INSERT INTO pact.account (tenant_id, name) VALUES (%s, 'x')", (fresh.id,))
        cur.execute("SELECT retention_class, tableoid::regclass::text FROM pact.audit_event WHERE id > %s", (start,))
        (row,) = cur.fetchall()
        assert row[0] == "enterprise" and row[1].startswith("pact.audit_event_enterprise_20")


def test_partitions_come_and_go_with_time(pg, fresh):
    """Three months ahead, nothing in the default partitions, old audit partitions dropped by their class, the ledger kept."""
    now = datetime.now(timezone.utc)
    with pg.superuser() as cur:
        cur.execute("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'pact'::regnamespace AND c.relispartition AND c.relkind = 'r'")
        names = {r[0] for r in cur.fetchall()}
        for parent in ("contact_event", "activity", "audit_event_standard", "audit_event_enterprise"):
            for i in range(3):
                month = (now.year * 12 + now.month - 1) + i
                assert f"{parent}_{month // 12}_{month % 12 + 1:02}" in names
            cur.execute(f"SELECT count(*) FROM pact.{parent}_default")
            assert cur.fetchone() == (0,)
        for parent in ("audit_event_standard", "audit_event_enterprise", "contact_event"):
            for days in (30 * 5, 30 * 15):
                cur.execute("SELECT to_char(now() - %s * interval '1 day', '_YYYY_MM'), app.uuid7_floor(date_trunc('month', now() - %s * interval '1 day')), "
                            "app.uuid7_floor(date_trunc('month', now() - %s * interval '1 day') + interval '1 month')", (days, days, days))
                suffix, low, high = cur.fetchone()
                cur.execute(f"CREATE TABLE pact.{parent}{suffix} PARTITION OF pact.{parent} FOR VALUES FROM (%s) TO (%s)", (low, high))
                cur.execute(f"ALTER TABLE pact.{parent}{suffix} OWNER TO pact_owner")
    with pg.program("pact_audit") as cur:
        cur.execute("SELECT * FROM app.partitions_maintain()")
        done = sorted(r[0].rsplit("_", 2)[0] for r in cur.fetchall())
    assert done == ["dropped audit_event_enterprise", "dropped audit_event_standard", "dropped audit_event_standard"]
    with pg.program("pact_audit") as cur:
        cur.execute("SELECT * FROM app.partitions_maintain()")
        assert cur.fetchall() == []
    with pg.superuser() as cur:  # as it was, for the tests that follow
        cur.execute("SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'pact'::regnamespace AND c.relispartition "
                    "AND c.relkind = 'r' AND c.relname ~ '_20' AND right(c.relname, 7) < to_char(now(), 'YYYY_MM')")
        for (name,) in cur.fetchall():
            cur.execute(f"DROP TABLE {name}")


def test_a_uuid_is_a_version_7_of_its_time(pg):
    with pg.superuser() as cur:
        cur.execute("SELECT app.uuid7(t), app.uuid7_floor(t), app.uuid7_time(app.uuid7(t)) - t FROM unnest(ARRAY['1970-01-01 00:00:01Z', "
                    "'2026-11-21 12:00:00.123456Z', '2100-02-28 23:59:59.999Z']::timestamptz[]) t")
        for made, floor, off in cur.fetchall():
            assert (made.version, made.variant, floor.version) == (7, uuid.RFC_4122, 7)
            assert abs(off) <= timedelta(milliseconds=1) and made.bytes[:6] >= floor.bytes[:6]
        cur.execute("SELECT array_agg(app.uuid7() ORDER BY i) FROM generate_series(1, 2000) i")
        made = cur.fetchone()[0]
        assert len(set(made)) == 2000 and sum(a > b for a, b in zip(made, made[1:])) < 100
