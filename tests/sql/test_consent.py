# SPDX-License-Identifier: GPL-3.0-or-later
"""C2, C4, C8: the ledger, its projection, the suppression list, and the rules of "Consent on writing"."""
import threading
import uuid
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest
from conftest import add_contact, contact, cpu, events, refused
from psycopg2.extras import Json

NOW = datetime.now(timezone.utc)


def ago(days):
    return NOW - timedelta(days=days)


# Every contact changed since against the ledger and the list; rows are disagreements.
DISAGREE = """
SELECT c.id, c.consent_status, c.consent_source, e.status, e.source FROM pact.contact c
LEFT JOIN pact.contact_event e ON e.tenant_id = c.tenant_id AND e.id = c.consent_event_id AND e.contact_id = c.id
LEFT JOIN pact.tenant_key k ON k.tenant_id = c.tenant_id
LEFT JOIN pact.suppression s ON s.tenant_id = c.tenant_id AND s.address_hash = app.hmac(k.suppression_ipad, k.suppression_opad, c.email_norm)
WHERE c.updated_at >= %s AND ((e.status, e.source, coalesce(e.effective_at, e.at), e.evidence) IS DISTINCT FROM
		(c.consent_status, c.consent_source, c.consent_at, c.consent_evidence)
	OR e.id IS DISTINCT FROM (SELECT x.id FROM pact.contact_event x WHERE x.tenant_id = c.tenant_id AND x.contact_id = c.id
		AND x.status IS NOT NULL ORDER BY x.id DESC LIMIT 1)
	OR e.previous IS DISTINCT FROM (SELECT x.status FROM pact.contact_event x WHERE x.tenant_id = c.tenant_id AND x.contact_id = c.id
		AND x.status IS NOT NULL AND x.id < e.id ORDER BY x.id DESC LIMIT 1)
	OR c.email_hash IS DISTINCT FROM app.hmac(k.suppression_ipad, k.suppression_opad, c.email_norm)
	OR c.suppressed <> (s.address_hash IS NOT NULL)
	OR c.suppressed <> (c.consent_status = 'declined' AND c.email IS NOT NULL)
	OR (c.declined_at IS NULL) <> NOT EXISTS (SELECT FROM pact.contact_event x WHERE x.tenant_id = c.tenant_id AND x.contact_id = c.id
		AND x.status = 'declined' AND x.source <> 'reverted'))
"""


@pytest.fixture(autouse=True)
def ledger_and_projection_agree(pg):
    with pg.superuser() as cur:
        cur.execute("SELECT now()")
        start = cur.fetchone()
    yield
    with pg.superuser() as cur:
        cur.execute(DISAGREE, start)
        assert cur.fetchall() == []


def ledger(cur, contact_id):
    cur.execute("SELECT kind, status, previous, source, actor_email FROM pact.contact_event WHERE contact_id = %s ORDER BY id", (contact_id,))
    return cur.fetchall()


def address():
    return f"{uuid.uuid4().hex[:12]}@people.example"


def suppress(cur, workspace, email, reason, at=None):
    cur.execute("RESET ROLE")
    cur.execute("INSERT INTO pact.suppression (tenant_id, address_hash, reason, created_at) "
                "SELECT %s, app.address_hash(%s, app.email_norm(%s)), %s, coalesce(%s, now())", (workspace.id, workspace.id, email, reason, at))


# ── new contacts ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("policy,basis", [("pending", None), ("declined", None), ("confirmed", "customer relationship, section 15(3)")])
@pytest.mark.parametrize("bulk", [False, True])
def test_a_new_contact_without_status_gets_the_policy(pg, fresh, policy, basis, bulk):
    with pg.user(fresh.users["owner"]) as cur:
        cur.execute("UPDATE pact.tenant SET consent_policy = %s, consent_basis = %s WHERE tenant_id = %s", (policy, basis, fresh.id))
        c = insert(cur, fresh, bulk, email=address(), consent_status=None, consent_source=None)
        assert (c["consent_status"], c["consent_source"]) == (policy, "policy")
        assert c["consent_evidence"] == ({"basis": basis} if basis else None)
        assert c["suppressed"] == (policy == "declined")
        assert ledger(cur, c["id"]) == [("created", policy, None, "policy", "owner@" + fresh.slug + ".example")]


def test_a_policy_of_confirmed_needs_its_basis(pg, fresh):
    with pg.user(fresh.users["owner"]) as cur, pytest.raises(psycopg2.errors.CheckViolation):
        cur.execute("UPDATE pact.tenant SET consent_policy = 'confirmed' WHERE tenant_id = %s", (fresh.id,))


def insert(cur, workspace, bulk, **columns):
    """One contact, by a plain INSERT or by the set-based function."""
    if not bulk:
        return add_contact(cur, workspace, **columns)
    row = {"id": uuid.uuid4(), "consent_status": "pending", "consent_source": "manual", **columns}
    names = ["id", "email", "first_name", "last_name", "phone", "title", "account_id", "tags", "custom", "consent_status",
             "consent_source", "consent_at", "consent_evidence", "import_id"]
    values = [Json(row[n]) if isinstance(row.get(n), dict) else row.get(n) for n in names]
    cur.execute(f"SELECT * FROM app.contact_insert(ARRAY[ROW({', '.join(['%s'] * len(names))})::app.contact_new])", values)
    told = cur.fetchone()
    c = contact(cur, row["id"])
    assert told == (c["id"], c["consent_status"], c["suppressed"])
    return c


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize("status", ["confirmed", "pending", "declined"])
def test_a_new_contact_is_in_the_ledger(pg, alpha, status, bulk):
    with pg.user(alpha.users["member"]) as cur:
        c = insert(cur, alpha, bulk, email=address(), consent_status=status, consent_at=ago(30), consent_evidence={"form": "x"}, tags=["b", "a", "b"])
        assert (c["consent_status"], c["suppressed"]) == (status, status == "declined")
        assert ledger(cur, c["id"]) == [("created", status, None, "manual", "member@alpha.example")]
        cur.execute("SELECT effective_at, evidence FROM pact.contact_event WHERE contact_id = %s", (c["id"],))
        assert cur.fetchone() == (ago(30), {"form": "x"})
        cur.execute("SELECT tag FROM pact.contact_tag WHERE contact_id = %s ORDER BY tag", (c["id"],))
        assert cur.fetchall() == [("a",), ("b",)]


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize("status", ["confirmed", "pending", "declined", None])
@pytest.mark.parametrize("reason", ["unsubscribed", "declined", "erased", "bounced", "complaint", "objection"])
def test_a_suppressed_address_stays_declined_whatever_is_written(pg, alpha, reason, status, bulk):
    email = address().upper()
    with pg.owner(alpha) as cur:
        suppress(cur, alpha, email.lower(), reason, ago(100))
    with pg.user(alpha.users["owner"]) as cur:
        c = insert(cur, alpha, bulk, email=email, consent_status=status, consent_source="api", consent_evidence={"time": "now"})
        assert (c["consent_status"], c["suppressed"]) == ("declined", True)
        if status != "declined":
            assert (c["consent_source"], c["consent_evidence"]) == ("suppression", {"suppression": reason})
            assert ledger(cur, c["id"])[0][:4] == ("created", "declined", None, "suppression")


@pytest.mark.parametrize("bulk", [False, True])
def test_a_time_in_the_future_is_now(pg, alpha, bulk):
    with pg.user(alpha.users["owner"]) as cur:
        c = insert(cur, alpha, bulk, email=address(), consent_status="confirmed", consent_at=ago(-30))
        cur.execute("SELECT consent_at = now() FROM pact.contact WHERE id = %s", (c["id"],))
        assert cur.fetchone() == (True,)


def test_many_at_once_meet_the_list_and_the_other_workspace_does_not(pg, fresh, beta):
    emails = [address() for _ in range(300)]
    with pg.owner(fresh) as cur:
        for email in emails[:40]:
            suppress(cur, fresh, email, "unsubscribed")
    for workspace, listed in ((fresh, 40), (beta, 0)):
        with pg.user(workspace.users["owner"]) as cur:
            cur.execute("SELECT count(*) FROM app.suppressed(%s)", (emails,))
            assert cur.fetchone() == (listed,)
            cur.execute("SELECT count(*), count(*) FILTER (WHERE suppressed), count(*) FILTER (WHERE consent_status = 'confirmed') FROM app.contact_insert("
                        "(SELECT array_agg(ROW(NULL, e, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'confirmed', 'import', NULL, NULL, NULL)::app.contact_new) "
                        "FROM unnest(%s) e))", (emails,))
            assert cur.fetchone() == (300, listed, 300 - listed)


def test_only_the_function_may_bring_its_own_hash(pg, alpha):
    with pg.user(alpha.users["owner"]) as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        add_contact(cur, alpha, email=address(), email_hash=b"x")


@pytest.mark.parametrize("column", ["consent_status", "consent_source", "consent_at", "consent_evidence", "consent_event_id", "declined_at",
                                    "suppressed", "email_hash", "consent_import_id"])
def test_a_program_cannot_edit_the_projection(pg, alpha, column):
    with pg.user(alpha.users["owner"]) as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cur.execute(f"UPDATE pact.contact SET {column} = NULL WHERE tenant_id = %s", (alpha.id,))


def test_even_the_owner_of_the_table_cannot_change_state_without_the_ledger(pg, alpha):
    with pg.owner(alpha) as cur:
        c = add_contact(cur, alpha, email=address())
        cur.execute("UPDATE pact.contact SET consent_status = 'declined', consent_source = 'sql' WHERE id = %s", (c["id"],))
        assert [r[:4] for r in ledger(cur, c["id"])] == [("created", "pending", None, "manual"), ("consent", "declined", "pending", "sql")]


# ── contacts that are there: the rules ───────────────────────────────────────────────────────────────────────────────
# what it is · since (days ago) · what is asked · when (days ago) · evidence · strict (import) · outcome
S, U = True, False
RULES = [
    # the stricter of old and new
    ("confirmed", 10, "pending", None, False, S, "changed"), ("confirmed", 10, "declined", None, False, S, "changed"),
    ("pending", 10, "declined", None, False, S, "changed"), ("confirmed", 10, "declined", 50, True, S, "changed"),
    ("confirmed", 10, "pending", None, False, U, "changed"), ("pending", 10, "declined", None, False, U, "changed"),
    ("pending", 10, "confirmed", None, False, S, "kept"), ("pending", 10, "confirmed", 5, False, S, "kept"),
    ("pending", 10, "confirmed", None, True, S, "kept"), ("declined", 10, "pending", None, False, S, "kept"),
    ("declined", 10, "confirmed", None, False, S, "kept"), ("declined", 10, "confirmed", None, True, S, "kept"),
    # unless the evidence is later than the last decline
    ("pending", 10, "confirmed", 5, True, S, "changed"), ("pending", 10, "confirmed", 50, True, S, "changed"),
    ("declined", 10, "confirmed", 5, True, S, "changed"), ("declined", 10, "pending", 5, True, S, "changed"),
    ("declined", 10, "confirmed", 50, True, S, "kept"), ("declined", 10, "confirmed", 10, True, S, "kept"),
    # a user's own act
    ("pending", 10, "confirmed", None, False, U, "changed"), ("declined", 10, "confirmed", None, False, U, "consent-required"),
    ("declined", 10, "pending", None, False, U, "consent-required"), ("declined", 10, "confirmed", 5, False, U, "consent-required"),
    ("declined", 10, "confirmed", None, True, U, "consent-required"), ("declined", 10, "confirmed", 50, True, U, "consent-required"),
    ("declined", 10, "confirmed", 5, True, U, "changed"), ("declined", 10, "pending", 5, True, U, "changed"),
    ("declined", 10, "confirmed", -5, True, U, "changed"),  # the future counts as now
    # the same again
    ("pending", 10, "pending", None, False, S, "unchanged"), ("declined", 10, "declined", None, False, U, "unchanged"),
    ("confirmed", 10, "confirmed", None, False, S, "unchanged"), ("confirmed", 10, "confirmed", 50, True, S, "unchanged"),
    ("confirmed", 10, "confirmed", 10, True, S, "unchanged"), ("confirmed", 10, "confirmed", 5, True, S, "changed"),
    ("declined", 10, "declined", 5, False, S, "changed"),  # a later decline counts as the last one
    # nothing is asked
    ("confirmed", 10, None, None, False, S, "unchanged"),
]


@pytest.mark.parametrize("was,since,asked,at,evidence,strict,outcome", RULES)
@pytest.mark.parametrize("with_email", [True, False])
def test_rules(pg, alpha, was, since, asked, at, evidence, strict, outcome, with_email):
    with pg.user(alpha.users["owner"]) as cur:
        c = add_contact(cur, alpha, email=address() if with_email else None, first_name="Rule", consent_status=was, consent_at=ago(since))
        cur.execute("SELECT * FROM app.consent_apply(%s, %s::text[], %s::timestamptz[], %s::jsonb[], 'test', NULL, %s)",
                    ([c["id"]], [asked], [at if at is None else ago(at)], [Json({"form": "f"}) if evidence else None], strict))
        (row,) = cur.fetchall()
        now = contact(cur, c["id"])
        assert row[0] == c["id"] and row[1] == outcome
        assert (row[2], str(row[3])) == (now["consent_status"], now["consent_event_id"])
        assert now["consent_status"] == (asked if outcome == "changed" else was)
        assert now["suppressed"] == (now["consent_status"] == "declined" and with_email)
        assert len(ledger(cur, c["id"])) == (2 if outcome == "changed" else 1)
        if outcome == "changed":
            assert ledger(cur, c["id"])[1][:4] == ("consent", asked, was, "test")


@pytest.mark.parametrize("reason,lifted", [("unsubscribed", True), ("declined", True), ("objection", True), ("erased", False), ("bounced", False), ("complaint", False)])
def test_evidence_lifts_a_decline_but_never_an_erasure_bounce_or_complaint(pg, alpha, reason, lifted):
    email = address()
    with pg.owner(alpha) as cur:
        suppress(cur, alpha, email, reason, ago(10))
    with pg.user(alpha.users["owner"]) as cur:
        c = add_contact(cur, alpha, email=email, consent_status="confirmed")
        assert c["consent_status"] == "declined"
        if lifted:
            cur.execute("SELECT * FROM app.consent_set(%s, 'confirmed', 'api', %s, %s)", (c["id"], ago(5), Json({"form": "f"})))
            cur.execute("SELECT count(*) FROM app.suppressed(%s)", ([email],))
            assert cur.fetchone() == (0,)
            return
        cur.execute("SAVEPOINT s")
        with refused("consent-required") as problem:
            cur.execute("SELECT * FROM app.consent_set(%s, 'confirmed', 'api', %s, %s)", (c["id"], ago(5), Json({"form": "f"})))
        assert problem["detail"] == {"contact": str(c["id"]), "consent_status": "declined", "ledger_event": c["consent_event_id"]}
        cur.execute("ROLLBACK TO s")


def test_the_last_decline_counts_also_after_a_later_confirmation(pg, alpha):
    with pg.user(alpha.users["owner"]) as cur:
        c = add_contact(cur, alpha, email=address(), consent_status="declined", consent_at=ago(10))["id"]
        cur.execute("SELECT outcome FROM app.consent_set(%s, 'pending', 'api', %s, %s)", (c, ago(8), Json({"form": "f"})))
        assert cur.fetchone() == ("changed",)
        cur.execute("SAVEPOINT s")
        with refused("consent-required"):
            cur.execute("SELECT * FROM app.consent_set(%s, 'confirmed', 'manual', NULL, NULL)", (c,))
        cur.execute("ROLLBACK TO s")
        with refused("consent-required"):
            cur.execute("SELECT * FROM app.consent_set(%s, 'confirmed', 'api', %s, %s)", (c, ago(12), Json({"form": "f"})))


def test_consent_set_of_nothing_is_not_found(pg, alpha, beta):
    with pg.user(beta.users["owner"]) as cur:
        theirs = add_contact(cur, beta, email=address())["id"]
    for missing in (uuid.uuid4(), theirs, None):
        with pg.user(alpha.users["owner"]) as cur, refused("not-found"):
            cur.execute("SELECT * FROM app.consent_set(%s, 'declined', 'manual', NULL, NULL)", (missing,))
    with pg.user(beta.users["owner"]) as cur:
        assert contact(cur, theirs)["consent_status"] == "pending"


def test_a_source_is_a_name(pg, alpha):
    with pg.user(alpha.users["owner"]) as cur, refused("invalid"):
        cur.execute("SELECT * FROM app.consent_set(%s, 'declined', '<script>', NULL, NULL)", (uuid.uuid4(),))


def test_the_same_contact_twice_in_one_set_gets_the_strictest(pg, alpha):
    with pg.user(alpha.users["owner"]) as cur:
        c = add_contact(cur, alpha, email=address(), consent_status="confirmed")["id"]
        cur.execute("SELECT outcome, status FROM app.consent_apply(%s, '{confirmed,declined,pending}', '{NULL,NULL,NULL}', "
                    "'{NULL,NULL,NULL}', 'import', NULL, true)", ([c, c, c],))
        assert cur.fetchall() == [("changed", "declined")]


def test_a_decline_follows_the_person_to_a_new_address(pg, alpha):
    first, second, third = address(), address(), address()
    with pg.user(alpha.users["owner"]) as cur:
        c = add_contact(cur, alpha, email=first, consent_status="declined")["id"]
        cur.execute("UPDATE pact.contact SET email = %s WHERE tenant_id = %s AND id = %s", (second, alpha.id, c))
        cur.execute("SELECT email_norm FROM app.suppressed(%s) ORDER BY 1", (sorted([first, second, third]),))
        assert [r[0] for r in cur.fetchall()] == sorted([first, second])
        cur.execute("UPDATE pact.contact SET email = NULL WHERE id = %s", (c,))
        assert contact(cur, c)["suppressed"] is False
        cur.execute("UPDATE pact.contact SET email = %s WHERE id = %s", (third, c))
        assert contact(cur, c)["suppressed"] is True
        # and whoever gets a listed address is declined
        other = add_contact(cur, alpha, email=address(), consent_status="confirmed")["id"]
        cur.execute("UPDATE pact.contact SET email = %s WHERE id = %s", (first.upper(), other))
        assert contact(cur, other)["consent_status"] == "declined"
        assert ledger(cur, other)[-1][:4] == ("consent", "declined", "confirmed", "suppression")


def test_an_address_that_is_there_leaves_nothing_behind(pg, alpha):
    email = address()
    with pg.user(alpha.users["owner"]) as cur:
        c = add_contact(cur, alpha, email=email)["id"]
        cur.execute("INSERT INTO pact.contact (tenant_id, email, consent_status, consent_source) VALUES (%s, %s, 'declined', 'api') "
                    "ON CONFLICT (tenant_id, email_norm) DO NOTHING", (alpha.id, email.upper()))
        assert cur.rowcount == 0
        assert contact(cur, c)["consent_status"] == "pending" and len(ledger(cur, c)) == 1


def test_archiving_and_tags(pg, alpha):
    with pg.user(alpha.users["member"]) as cur:
        c = add_contact(cur, alpha, email=address(), tags=["a", "b"])["id"]
        cur.execute("UPDATE pact.contact SET archived_at = now(), tags = '{b,c}' WHERE id = %s", (c,))
        cur.execute("UPDATE pact.contact SET archived_at = NULL, title = 'x' WHERE id = %s", (c,))
        cur.execute("UPDATE pact.contact SET title = 'y' WHERE id = %s", (c,))
        assert [r[0] for r in ledger(cur, c)] == ["created", "archived", "restored"]
        cur.execute("SELECT tag FROM pact.contact_tag WHERE contact_id = %s ORDER BY 1", (c,))
        assert cur.fetchall() == [("b",), ("c",)]
        assert contact(cur, c)["version"] == 4


def test_an_import_can_be_taken_back_but_not_what_came_after(pg, fresh):
    run = uuid.uuid4()
    with pg.user(fresh.users["owner"]) as cur:
        a = add_contact(cur, fresh, email=address(), consent_status="confirmed", consent_at=ago(40), consent_evidence={"form": "f"})
        b = add_contact(cur, fresh, email=address(), consent_status="confirmed", consent_at=ago(40))
        d = add_contact(cur, fresh, email=address(), consent_status="declined", consent_at=ago(40))
        ids = [a["id"], b["id"], d["id"]]
        cur.execute("SELECT outcome FROM app.consent_apply(%s, '{declined,declined,confirmed}', %s, %s::jsonb[], 'import', %s, true)",
                    (ids, [None, None, ago(5)], [None, None, Json({"form": "g"})], run))
        assert cur.fetchall() == [("changed",)] * 3
        cur.execute("SELECT * FROM app.consent_set(%s, 'declined', 'unsubscribe', now(), NULL)", (d["id"],))
        cur.execute("SELECT app.consent_revert(%s, %s)", (run, ids))
        assert cur.fetchone() == (2,)
        a2, b2, d2 = (contact(cur, i) for i in ids)
        for key in ("consent_status", "consent_at", "consent_evidence", "suppressed", "declined_at"):
            assert a2[key] == a[key] and b2[key] == b[key], key
        assert ledger(cur, a["id"])[-1][:4] == ("consent", "confirmed", "declined", "import_revert")
        assert (d2["consent_status"], d2["consent_source"]) == ("declined", "unsubscribe")
        cur.execute("SELECT app.consent_revert(%s, %s)", (run, ids))
        assert cur.fetchone() == (0,)
    # what the taken-back import declined is not held against the contact later
    with pg.superuser() as cur:
        cur.execute("UPDATE pact.contact_event SET source = 'reverted' WHERE import_id = %s AND status = 'declined'", (run,))


def test_opposite_orders_do_not_deadlock(pg, fresh):
    """Bulk changes, inserts of suppressed addresses and logins of the same people, from several sides at once."""
    emails = [address() for _ in range(60)]
    with pg.user(fresh.users["owner"]) as cur:
        ids = [add_contact(cur, fresh, email=e)["id"] for e in emails]
    errors = []

    def work(n):
        order = ids[::1 if n % 2 else -1]
        try:
            for i in range(6):
                status = ("declined", "pending", "confirmed")[(i + n) % 3]
                with pg.user(fresh.users["owner"]) as cur:
                    cur.execute("SELECT count(*) FROM app.consent_apply(%s, %s, %s, %s::jsonb[], 'api', NULL, false)",
                                (order, [status] * len(order), [datetime.now(timezone.utc)] * len(order), [Json({"n": n})] * len(order)))
                    cur.execute("SELECT count(*) FROM app.contact_insert((SELECT array_agg(ROW(NULL, e, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                                "'declined', 'import', NULL, NULL, NULL)::app.contact_new) FROM unnest(%s) e))",
                                ([f"{n}.{i}.{e}" for e in emails][::1 if i % 2 else -1],))
        except Exception as e:  # noqa: BLE001 - told below, from the main thread
            errors.append(e)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []


def test_thousands_at_once_take_linear_time(pg, fresh):
    """With plans that were made for one."""
    seconds = {}
    with pg.user(fresh.users["owner"]) as cur:
        cur.execute("SET LOCAL statement_timeout = 0")
        for n in (1, 1, 1, 1, 1, 1, 1, 500, 6000):
            cur.execute("SELECT array_agg(id) FROM app.contact_insert((SELECT array_agg(ROW(NULL, gen_random_uuid() || '@x.example', NULL, NULL, NULL, NULL, "
                        "NULL, NULL, NULL, 'confirmed', 'api', NULL, NULL, NULL)::app.contact_new) FROM generate_series(1, %s)))", (n,))
            ids = cur.fetchone()[0]
            began = cpu(cur)
            cur.execute("SELECT count(*) FROM app.consent_apply(%s, array_fill('declined'::text, ARRAY[%s]), NULL, NULL, 'bulk', NULL, false) "
                        "WHERE outcome = 'changed'", (ids, n))
            assert cur.fetchone() == (n,)
            seconds[n] = cpu(cur) - began
    assert seconds[6000] < 40 * seconds[500], "quadratic"


def test_a_decline_and_a_confirmation_at_the_same_time_end_declined(pg, fresh):
    """The second waits for the first and decides on what it left."""
    with pg.user(fresh.users["owner"]) as cur:
        c = add_contact(cur, fresh, email=address())["id"]
    first = pg.cluster.connect("pact_crm")
    result = []

    def second():
        try:
            with pg.user(fresh.users["owner"]) as cur:
                cur.execute("SELECT outcome FROM app.consent_set(%s, 'confirmed', 'manual', NULL, NULL)", (c,))
                result.append(cur.fetchone()[0])
        except psycopg2.Error as e:
            result.append(e.diag.message_primary)

    with first, first.cursor() as cur:
        from conftest import enter
        enter(cur, fresh.users["owner"])
        cur.execute("SELECT outcome FROM app.consent_set(%s, 'declined', 'unsubscribe', NULL, NULL)", (c,))
        t = threading.Thread(target=second)
        t.start()
        t.join(0.3)
        assert t.is_alive()
    t.join()
    first.close()
    assert result == ["consent-required"]


def test_consent_changes_are_in_the_audit_log_too(pg, alpha):
    with pg.user(alpha.users["member"]) as cur:
        c = add_contact(cur, alpha, email=address(), consent_status="confirmed")["id"]
        cur.execute("SELECT * FROM app.consent_set(%s, 'declined', 'manual', NULL, NULL)", (c,))
    with pg.superuser() as cur:
        last = events(cur, c)[-1]
        assert (last["action"], last["old"]["consent_status"], last["new"]["consent_status"]) == ("contact.update", "confirmed", "declined")
        assert "consent_evidence" not in last["new"] and "email_hash" not in last["new"]
