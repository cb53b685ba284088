# SPDX-License-Identifier: GPL-3.0-or-later
"""C7, D8: permanent erasure leaves no residue, keeps the skeleton, and the person is never mailed again."""
import uuid
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest
from conftest import add_contact, contact, events, refused
from psycopg2.extras import Json

EMAIL, FIRST, LAST, PHONE = "Zyx.Canary@quill-feather.example", "Zyxandra", "Quillfeather", "+47 55 51 23 99"
NEEDLES = ["zyx.canary", "zyxandra", "quillfeather", "55 51 23 99", "old.canary@"]
# Where a needle may stand after an erasure, and why (also in the register).
KEPT = {("import_chunk", "data"): "the uploaded file, kept a day at most"}


def residue(cur, workspace):
    """Every text, array, json and bytea column of every table of ours that contains a needle: a workspace's rows, and rows
    that belong to none."""
    cur.execute("""SELECT c.oid::regclass::text, c.relname, a.attname, a.atttypid = 'bytea'::regtype FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relnamespace IN ('pact'::regnamespace, 'app'::regnamespace, 'directory'::regnamespace) AND c.relkind IN ('r', 'p')
            AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
            AND (t.typcategory IN ('S', 'A') OR t.typname IN ('json', 'jsonb', 'bytea'))""")
    columns = cur.fetchall()
    assert len(columns) > 60
    found = []
    for table, name, column, binary in columns:
        text = f"encode({column}, 'escape')" if binary else f"{column}::text"
        cur.execute(f"SELECT count(*) FROM {table} t WHERE lower({text}) LIKE ANY (%s) "
                    "AND coalesce(to_jsonb(t) ->> 'tenant_id', %s) = %s", ([f"%{n}%" for n in NEEDLES], str(workspace.id), str(workspace.id)))
        if cur.fetchone()[0]:
            found.append((name, column))
    return sorted(found)


@pytest.fixture
def canary(pg, fresh):
    """A person who is everywhere a person can be."""
    owner = fresh.users["owner"]
    with pg.user(owner, "contact.write") as cur:
        c = add_contact(cur, fresh, email="old.canary@quill-feather.example", first_name=FIRST, last_name=LAST, phone=PHONE, title="Head of Quillfeather",
                        tags=["quillfeather", "vip"], custom={"nick": "Zyxandra"}, consent_status="confirmed",
                        consent_at=datetime.now(timezone.utc) - timedelta(days=90), consent_evidence={"form": "by Zyxandra Quillfeather"})["id"]
        bystander = add_contact(cur, fresh, email="bystander@x.example", first_name="By", last_name="Stander")["id"]
        cur.execute("UPDATE pact.contact SET email = %s WHERE id = %s", (EMAIL, c))
        cur.execute("SELECT * FROM app.consent_set(%s, 'pending', 'manual', NULL, %s)", (c, Json({"note": "called Quillfeather"})))
        cur.execute("INSERT INTO pact.activity (tenant_id, contact_id, kind, subject, body) VALUES (%s, %s, 'call', 'Quillfeather', 'Zyxandra said yes'), "
                    "(%s, %s, 'note', 'gone', 'about Quillfeather') RETURNING id", (fresh.id, c, fresh.id, c))
        gone = cur.fetchall()[1][0]
        cur.execute("UPDATE pact.activity SET body = 'Quillfeather again' WHERE id = %s", (gone,))
        cur.execute("DELETE FROM pact.activity WHERE id = %s", (gone,))
        cur.execute("INSERT INTO pact.import (tenant_id, filename, guess, options, problem) VALUES (%s, 'Zyxandra Quillfeather.csv', %s, %s, %s) RETURNING id",
                    (fresh.id, Json({"sample": [["Email", EMAIL], ["Phone", PHONE]]}), Json({"note": EMAIL}), f"{EMAIL} broke it"))
        i = cur.fetchone()[0]
        cur.execute("INSERT INTO pact.import_error (tenant_id, import_id, line, seq, column_name, value, detail) VALUES (%s, %s, 1, 0, 'email', %s, 'bad'), "
                    "(%s, %s, 2, 0, 'email', 'other@x.example', 'bad'), (%s, %s, 3, 0, 'phone', %s, %s)",
                    (fresh.id, i, EMAIL.upper(), fresh.id, i, fresh.id, i, PHONE, f"{PHONE} is not a number"))
        cur.execute("INSERT INTO pact.import_change (tenant_id, import_id, contact_id, before, version) VALUES (%s, %s, %s, %s, 1)",
                    (fresh.id, i, c, Json({"last_name": LAST})))
        cur.execute("SELECT app.enqueue('crm', 'bulk', %s)", (Json({"filter": {"q": EMAIL}}),))
        for key, resource in (("a", c), ("b", None)):
            cur.execute("SELECT app.idempotency_begin('r', %s, 'x')", (key,))
            cur.execute("SELECT app.idempotency_store('r', %s, 201, '{}', %s, %s)", (key, f'{{"email":"{EMAIL}","name":"{LAST}"}}'.encode(), resource))
    with pg.superuser() as cur:
        before = residue(cur, fresh)
    assert {("contact", "email"), ("contact_event", "evidence"), ("audit_event", "old"), ("audit_event", "new"), ("activity", "body"),
            ("import", "guess"), ("import_error", "value"), ("import_change", "before"), ("job", "payload"), ("idempotency", "body"),
            ("contact_tag", "tag")} <= set(before)
    return c, bystander


def erase(pg, user, contact_id):
    with pg.user(user, "contact.erase") as cur:
        cur.execute("SELECT app.erase_contact(%s)", (contact_id,))


def test_no_residue(pg, fresh, canary):
    erase(pg, fresh.users["owner"], canary[0])
    with pg.superuser() as cur:
        assert [f for f in residue(cur, fresh) if f not in KEPT] == []


def test_an_archived_contact_can_be_erased(pg, fresh, canary):
    with pg.user(fresh.users["owner"]) as cur:
        cur.execute("UPDATE pact.contact SET archived_at = now() WHERE id = %s", (canary[0],))
    erase(pg, fresh.users["owner"], canary[0])
    with pg.superuser() as cur:
        assert [f for f in residue(cur, fresh) if f not in KEPT] == []


def test_what_stays(pg, fresh, canary):
    c, bystander = canary
    with pg.superuser() as cur:
        cur.execute("SELECT count(*) FROM pact.audit_event WHERE resource_id = %s", (c,))
        (n_before,) = cur.fetchone()
    erase(pg, fresh.users["owner"], c)
    with pg.superuser() as cur:
        assert contact(cur, c) is None
        cur.execute("SELECT kind, status, evidence IS NULL, actor_email FROM pact.contact_event WHERE contact_id = %s ORDER BY id", (c,))
        email = fresh.users["owner"].email
        assert cur.fetchall() == [("created", "confirmed", True, email), ("consent", "pending", True, email),
                                  ("erasure_executed", None, True, email)]
        log = events(cur, c)
        assert len(log) == n_before + 1, "past events stay, without what they said"
        assert all(e["old"] is None and e["new"] is None for e in log)
        assert [e["action"] for e in log][-1] == "contact.erase" and "contact.delete" not in [e["action"] for e in log]
        assert log[-1]["actor_email"] == email and log[-1]["ip"] == "192.0.2.7"
        # others' data is untouched
        assert contact(cur, bystander)["first_name"] == "By"
        assert events(cur, bystander)[0]["new"]["email"] == "bystander@x.example"
        cur.execute("SELECT value FROM pact.import_error WHERE tenant_id = %s ORDER BY line", (fresh.id,))
        assert cur.fetchall() == [(None,), ("other@x.example",), (None,)]


@pytest.mark.parametrize("bulk", [False, True])
def test_an_import_cannot_bring_the_person_back_into_mailings(pg, fresh, canary, bulk):
    erase(pg, fresh.users["owner"], canary[0])
    with pg.user(fresh.users["owner"], "contact.write") as cur:
        if bulk:
            cur.execute("SELECT consent_status, suppressed FROM app.contact_insert(ARRAY[ROW(NULL, %s, 'New', NULL, NULL, NULL, NULL, NULL, NULL, "
                        "'confirmed', 'import', now(), %s, NULL)::app.contact_new])", (EMAIL.lower(), Json({"OPTIN_TIME": "2026-01-01"})))
            assert cur.fetchone() == ("declined", True)
        else:
            again = add_contact(cur, fresh, email=EMAIL.upper(), consent_status="confirmed", consent_evidence={"f": "x"})
            assert (again["consent_status"], again["suppressed"]) == ("declined", True)
            with refused("consent-required"):
                cur.execute("SELECT * FROM app.consent_set(%s, 'confirmed', 'manual', now(), %s)", (again["id"], Json({"f": "x"})))


def test_erasing_a_person_who_declined_keeps_the_stronger_reason(pg, fresh):
    with pg.user(fresh.users["owner"]) as cur:
        c = add_contact(cur, fresh, email="gone@x.example", consent_status="declined")["id"]
        cur.execute("SELECT reason FROM app.suppressed('{gone@x.example}')")
        assert cur.fetchone() == ("declined",)
    erase(pg, fresh.users["owner"], c)
    with pg.user(fresh.users["owner"]) as cur:
        cur.execute("SELECT reason FROM app.suppressed('{gone@x.example}')")
        assert cur.fetchone() == ("erased",)


def test_without_an_address_the_name_is_what_is_looked_for(pg, fresh):
    with pg.user(fresh.users["owner"]) as cur:
        c = add_contact(cur, fresh, first_name=FIRST, last_name=LAST)["id"]
        cur.execute("INSERT INTO pact.import (tenant_id, filename) VALUES (%s, 'zyxandra quillfeather.vcf')", (fresh.id,))
    erase(pg, fresh.users["owner"], c)
    with pg.superuser() as cur:
        assert residue(cur, fresh) == []
        cur.execute("SELECT count(*) FROM pact.suppression WHERE tenant_id = %s", (fresh.id,))
        assert cur.fetchone() == (0,)


def test_patterns_in_a_name_are_not_patterns(pg, fresh):
    """Somebody called % _ \\ must not take everybody's data along."""
    with pg.user(fresh.users["owner"]) as cur:
        cur.execute("INSERT INTO pact.import (tenant_id, filename) VALUES (%s, 'all of them.csv') RETURNING id", (fresh.id,))
        i = cur.fetchone()[0]
        for first, last, phone in (("%", "%", "%%%%%%"), ("_", "\\", "......"), ("", "", ".*.*.*"), (" ", " ", "      ")):
            c = add_contact(cur, fresh, first_name=first, last_name=last, phone=phone)["id"]
            cur.execute("SELECT app.erase_contact(%s)", (c,))
        cur.execute("SELECT filename FROM pact.import WHERE id = %s", (i,))
        assert cur.fetchone() == ("all of them.csv",)


def test_missing_foreign_and_erased_contacts_are_not_found(pg, fresh, beta):
    with pg.user(beta.users["owner"]) as cur:
        theirs = add_contact(cur, beta, email=f"{uuid.uuid4()}@x.example")["id"]
    with pg.user(fresh.users["owner"]) as cur:
        mine = add_contact(cur, fresh, email="mine@x.example")["id"]
        cur.execute("SELECT app.erase_contact(%s)", (mine,))
    for c in (uuid.uuid4(), theirs, mine, None):
        with pg.user(fresh.users["owner"]) as cur, refused("not-found"):
            cur.execute("SELECT app.erase_contact(%s)", (c,))
    with pg.program("pact_crm") as cur, refused("not-found"):
        cur.execute("SELECT app.erase_contact(%s)", (theirs,))
    with pg.superuser() as cur:
        assert contact(cur, theirs)["email"]


def test_the_log_writes_values_again_after_an_erasure_in_the_same_transaction(pg, fresh):
    with pg.user(fresh.users["owner"]) as cur:
        a, b = (add_contact(cur, fresh, email=f"{n}@x.example")["id"] for n in "ab")
        cur.execute("SELECT app.erase_contact(%s)", (a,))
        cur.execute("UPDATE pact.contact SET first_name = 'B' WHERE id = %s", (b,))
    with pg.superuser() as cur:
        assert events(cur, b)[-1]["new"] == {"first_name": "B"}


def test_a_failed_erasure_changes_nothing(pg, fresh, canary):
    with pg.superuser() as cur:
        cur.execute("CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'")
        cur.execute("CREATE TRIGGER zzz_no BEFORE DELETE ON pact.contact FOR EACH ROW EXECUTE FUNCTION public.no()")
    try:
        with pg.user(fresh.users["owner"]) as cur, pytest.raises(psycopg2.Error, match="no"):
            cur.execute("SELECT app.erase_contact(%s)", (canary[0],))
        with pg.superuser() as cur:
            assert contact(cur, canary[0])["last_name"] == LAST
            assert ("contact_event", "evidence") in residue(cur, fresh)
            cur.execute("SELECT count(*) FROM pact.suppression WHERE tenant_id = %s", (fresh.id,))
            assert cur.fetchone() == (0,)
    finally:
        with pg.superuser() as cur:
            cur.execute("DROP FUNCTION public.no CASCADE")
    erase(pg, fresh.users["owner"], canary[0])


def test_a_new_module_is_covered_when_its_columns_are_declared(pg, fresh):
    """A table nobody here has heard of: erased and audited from the register alone."""
    with pg.superuser() as cur:
        cur.execute("SET ROLE pact_owner")
        cur.execute("CREATE TABLE pact.enrolment (tenant_id uuid NOT NULL, id uuid NOT NULL DEFAULT app.uuid7(), person_id uuid NOT NULL, "
                    "answer text, PRIMARY KEY (tenant_id, id))")
        cur.execute("SELECT app.tenant_table('enrolment'), app.declare_table('enrolment', 'enrolment', 'person_id', true, "
                    "'tenant_id keep -\nid keep -\nperson_id keep p a number\nanswer null pd'), app.audit_install()")
    try:
        with pg.owner(fresh) as cur:
            c = add_contact(cur, fresh, email="e@x.example")["id"]
            cur.execute("INSERT INTO pact.enrolment (tenant_id, person_id, answer) VALUES (%s, %s, 'Quillfeather') RETURNING id", (fresh.id, c))
            e = cur.fetchone()[0]
        erase(pg, fresh.users["owner"], c)
        with pg.superuser() as cur:
            assert residue(cur, fresh) == []
            assert [x["action"] for x in events(cur, e)] == ["enrolment.create", "enrolment.update"]
    finally:
        with pg.superuser() as cur:
            cur.execute("DROP TABLE pact.enrolment")
            cur.execute("DROP FUNCTION app.audit_t_enrolment")
            cur.execute("DELETE FROM app.column_register WHERE table_name = 'enrolment'")
            cur.execute("DELETE FROM app.table_register WHERE table_name = 'enrolment'")
