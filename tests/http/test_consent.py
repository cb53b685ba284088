# SPDX-License-Identifier: GPL-3.0-or-later
"""C2, C4: consent and its ledger; one contact, a thousand by id, all that match."""
import datetime

import pytest
from client import Client
from samples import Things
from stack import address, unique


@pytest.fixture(scope="module")
def c(api):
    return api("member")


def make(c, **more):
    return c.ok("POST", "/v1/contacts", {"email": address()} | more)


def at(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ledger(c, contact, limit=50):
    return c.pages(f"/v1/contacts/{contact['public_id']}/consent", limit)


def change(c, contact, status, **more):
    return c.ok("POST", f"/v1/contacts/{contact['public_id']}/consent", {"status": status} | more)


def test_C2_the_default_is_pending(c):
    one = make(c)
    assert (one["consent_status"], one["consent_source"], one["suppressed"]) == ("pending", "policy", False)


@pytest.mark.parametrize("status", ["confirmed", "pending", "declined"])
def test_C2_as_said_by_a_program(c, status):
    one = make(c, consent_status=status)
    assert (one["consent_status"], one["consent_source"], one["suppressed"]) == (status, "api", status == "declined")


def test_C4_as_said_in_the_page(browser):
    b = browser("member")
    one = make(b, consent_status="confirmed", consent_source="Web form", consent_evidence={"page": "https://x.example/newsletter"})
    assert one["consent_source"] == "web_form"
    assert change(b, one, "declined")["consent_source"] == "manual"


def test_C4_the_ledger_holds_every_change(c):
    one = make(c, consent_status="pending")
    change(c, one, "confirmed", source="phone", evidence={"said": "yes, please"})
    change(c, one, "declined")
    events = ledger(c, one)
    assert [(e["kind"], e["status"], e["previous"], e["source"]) for e in events] == [
        ("consent", "declined", "confirmed", "api"), ("consent", "confirmed", "pending", "phone"), ("created", "pending", None, "api")]
    assert {e["actor"] for e in events} == {c.user.email}
    assert events[1]["evidence"] == {"said": "yes, please"}
    assert [e["at"] for e in events] == sorted((e["at"] for e in events), reverse=True)
    assert ledger(c, one, limit=1) == events, "page by page the same"


def test_C4_the_same_again_is_no_event_but_a_refusal_repeated_is(c):
    one = make(c, consent_status="confirmed")
    change(c, one, "confirmed")
    assert len(ledger(c, one)) == 1
    first = change(c, one, "declined", at=at(days=-2))
    again = change(c, one, "declined", at=at(days=-1))
    assert len(ledger(c, one)) == 3 and again["consent_at"] > first["consent_at"], "what lifts it must be later than the last one"
    change(c, one, "declined", at=at(days=-3))
    assert len(ledger(c, one)) == 3


def test_C4_patch_goes_through_the_ledger(c):
    one = make(c)
    two = c.ok("PATCH", f"/v1/contacts/{one['public_id']}", {"consent_status": "confirmed", "title": "Dr"})
    assert (two["consent_status"], two["title"]) == ("confirmed", "Dr")
    assert [e["status"] for e in ledger(c, one)] == ["confirmed", "pending"]


def test_C2_a_refusal_is_lifted_by_later_evidence_only(c):
    one = make(c, consent_status="confirmed")
    change(c, one, "declined")
    path = f"/v1/contacts/{one['public_id']}/consent"
    events = ledger(c, one)
    for body in ({"status": "confirmed"}, {"status": "pending"}, {"status": "confirmed", "evidence": {}},
            {"status": "confirmed", "evidence": {"page": "x", "at": at(days=-1)}}, {"status": "confirmed", "evidence": {"page": "x"}, "at": at(days=-1)}):
        e = c.refused(422, "consent-required", "POST", path, body)
        assert (e["contact"], e["consent_status"], e["ledger_event"]) == (one["public_id"], "declined", events[0]["id"])
    c.refused(422, "consent-required", "PATCH", f"/v1/contacts/{one['public_id']}", {"consent_status": "confirmed", "title": "x"})
    assert c.ok("GET", path.removesuffix("/consent"))["title"] is None, "all or nothing"
    assert ledger(c, one) == events
    back = change(c, one, "confirmed", evidence={"page": "https://x.example/again", "at": at(seconds=0)}, at=at(hours=1))
    assert (back["consent_status"], back["suppressed"]) == ("confirmed", False)
    assert back["consent_at"] <= at(seconds=1), "nobody consents in the future"


def test_C2_declining_puts_the_address_on_the_list(c):
    email = address()
    one = make(c, email=email)
    assert change(c, one, "declined")["suppressed"]
    c.ok("PATCH", f"/v1/contacts/{one['public_id']}", {"email": address()})
    # the address is free again, and still declined
    two = make(c, email=email, consent_status="confirmed")
    assert (two["consent_status"], two["suppressed"], two["consent_source"]) == ("declined", True, "suppression")


def test_C2_declined_without_an_address_is_declined(c):
    one = c.ok("POST", "/v1/contacts", {"last_name": unique("n"), "consent_status": "declined"})
    assert not one["suppressed"]
    two = c.ok("PATCH", f"/v1/contacts/{one['public_id']}", {"email": address()})
    assert (two["consent_status"], two["suppressed"]) == ("declined", True)


@pytest.mark.parametrize("body, pointer", [({}, "/status"), ({"status": "yes"}, "/status"), ({"status": None}, "/status"),
    ({"status": "pending", "evidence": 1}, "/evidence"), ({"status": "pending", "at": "yesterday"}, "/at"), ({"status": "pending", "source": "x" * 61}, "/source"),
    ({"status": "confirmed", "evidence": {"at": "soon"}}, "/evidence/at"), ({"status": "pending", "at": "2026-02-30T00:00:00Z"}, "/at")])
def test_C4_wrong_changes(c, body, pointer):
    one = make(c)
    e = c.refused(422, "invalid", "POST", f"/v1/contacts/{one['public_id']}/consent", body)
    assert [x["pointer"] for x in e["errors"]] == [pointer]
    assert len(ledger(c, one)) == 1


# ── many ──

def test_C4_bulk_by_id(c):
    ones = [make(c, consent_status=s) for s in ("pending", "declined", "confirmed")]
    missing = "01890000-0000-7000-8000-000000000000"
    r = c.ok("POST", "/v1/contacts/bulk-consent", {"contacts": [x["public_id"] for x in ones] + [missing, ones[0]["public_id"]],
        "status": "confirmed", "source": "fair"})
    assert (r["changed"], r["unchanged"]) == (1, 1)
    assert {(x["contact"], x["reason"]) for x in r["refused"]} == {(ones[1]["public_id"], "consent-required"), (missing, "not-found")}
    assert [e["source"] for e in ledger(c, ones[0])] == ["fair", "api"]


def test_C4_bulk_of_a_thousand_and_no_more(c):
    ids = [f"01890000-0000-7000-8000-{i:012d}" for i in range(1001)]
    r = c.ok("POST", "/v1/contacts/bulk-consent", {"contacts": ids[:1000], "status": "declined"})
    assert (r["changed"], len(r["refused"])) == (0, 1000)
    for body in ({"contacts": ids, "status": "declined"}, {"contacts": [], "status": "declined"}, {"status": "declined"},
            {"contacts": ids[:1], "filter": {}, "status": "declined"}, {"contacts": ["x"], "status": "declined"}):
        c.refused(422, "invalid", "POST", "/v1/contacts/bulk-consent", body)


def test_C4_bulk_by_filter_is_a_job(c):
    tag = unique("bulk")
    ones = [make(c, tags=[tag], consent_status="confirmed") for _ in range(5)]
    other = make(c, consent_status="confirmed")
    c.ok("POST", f"/v1/contacts/{ones[4]['public_id']}/archive")
    r = c.post("/v1/contacts/bulk-consent", {"filter": {"tag": tag}, "status": "declined", "source": "clean-up"})
    assert r.status_code == 202 and r.headers["Location"] == f"/v1/jobs/{r.json()['job']}"
    job = Things(c).wait_job(r.json()["job"])
    assert (job["status"], job["done"], job["total"]) == ("done", 4, 4)
    assert job["result"]["changed"] == 4
    for x in ones[:4]:
        event = ledger(c, x)[0]
        assert (event["status"], event["actor"]) == ("declined", c.user.email), "in the name of who asked for it"
    for x in (ones[4], other):
        assert c.ok("GET", f"/v1/contacts/{x['public_id']}")["consent_status"] == "confirmed"
    c.refused(422, "not-offered", "POST", "/v1/contacts/bulk-consent", {"filter": {"tag": tag, "q": "x"}, "status": "declined"})


def test_C4_bulk_of_everything_in_pages(stack, make_workspace, db):
    w = make_workspace(roles=())
    c = Client(stack).login(w.users["owner"])
    stack.edit(w.tenant, "INSERT INTO pact.contact (tenant_id, email) SELECT %s, 'many' || i || '@people.example' FROM generate_series(1, 2500) i", (w.tenant,))
    Things(c).archived()
    job = Things(c).wait_job(c.ok("POST", "/v1/contacts/bulk-consent", {"filter": {}, "status": "confirmed"})["job"])
    assert (job["status"], job["done"], job["result"]["changed"]) == ("done", 2500, 2500)
    assert c.ok("GET", "/v1/contacts?count=true&consent_status=confirmed&limit=1")["total"] == 2500


# ── timeline ──

def test_C4_timeline_is_everything_newest_first(c):
    one = make(c)
    path = f"/v1/contacts/{one['public_id']}"
    c.ok("POST", "/v1/activities", {"contact_id": one["public_id"], "kind": "call", "subject": "First call", "occurred_at": at(days=-3)})
    c.ok("POST", "/v1/activities", {"contact_id": one["public_id"], "kind": "note", "subject": "Just now", "body": "text"})
    c.ok("PATCH", path, {"title": "Dr"})
    change(c, one, "declined", source="phone")
    c.ok("POST", f"{path}/archive")
    items = c.pages(f"{path}/timeline")
    assert [i["kind"] for i in items] == ["archived", "consent", "change", "note", "created", "call"]
    assert [i["at"] for i in items] == sorted((i["at"] for i in items), reverse=True)
    consent, edit = items[1], items[2]
    assert (consent["status"], consent["previous"], consent["source"], consent["actor"]) == ("declined", "pending", "phone", c.user.email)
    assert edit["fields"] == ["title"] and "Dr" in edit["body"]
    for limit in (1, 2, 5):
        assert c.pages(f"{path}/timeline", limit) == items
