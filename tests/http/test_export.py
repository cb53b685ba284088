# SPDX-License-Identifier: GPL-3.0-or-later
"""C5, C6: data out; one contact, all of them, in every format."""
import csv
import io
import json

import pytest
from client import Client
from samples import Things
from stack import address, unique

FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "-"]
NASTY = ['say "hi"', "a,b", "semi;colon", "Ærøskøbing", "李", "-", "' quoted"]


@pytest.fixture(scope="module")
def c(make_workspace, stack):
    return Client(stack).login(make_workspace(roles=()).users["owner"])


@pytest.fixture(scope="module")
def book(c):
    """Contacts whose names are formulas, line noise and long; one archived."""
    acc = Things(c).account(name="=Evil AS")
    key = c.ok("POST", "/v1/custom-fields", {"label": "=Label"})["key"]
    made = [c.ok("POST", "/v1/contacts", {"email": address("e"), "last_name": n, "phone": "+47 22 00 00 00", "account_id": acc,
        "tags": ["=t", "u"], "custom": {key: n}, "consent_status": "confirmed"}) for n in FORMULAS + NASTY]
    made.append(c.ok("POST", "/v1/contacts", {"last_name": "No Address"}))
    c.ok("POST", f"/v1/contacts/{made[0]['public_id']}/archive")
    return made


def export(c, format=None):
    r = c.get("/v1/contacts/export", params={"format": format} if format else {})
    assert r.status_code == 200 and r.headers["Content-Disposition"].startswith("attachment; filename=\"contacts-")
    return r


def test_C6_json_is_every_contact_and_says_how_many(c, book):
    for format in (None, "json"):
        r = export(c, format)
        assert r.headers["Content-Type"] == "application/json"
        assert r.json()["count"] == len(r.json()["items"]) == len(book), "archived ones too"
    assert r.json()["items"][1] == c.ok("GET", f"/v1/contacts/{book[1]['public_id']}"), "as the API shows it"


def test_C6_jsonl_is_a_contact_a_line(c, book):
    r = export(c, "jsonl")
    assert r.headers["Content-Type"] == "application/jsonl"
    assert [json.loads(line) for line in r.text.splitlines()] == export(c, "json").json()["items"]


def test_C6_csv_is_the_same(c, book):
    r = export(c, "csv")
    assert r.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(r.text, newline="")))
    items = export(c, "json").json()["items"]
    assert [x["public_id"] for x in rows] == [x["public_id"] for x in items]
    for row, item in zip(rows, items):
        assert row["email"] == (item["email"] or "")
        assert row["last_name"].removeprefix("'") == (item["last_name"] or "").removeprefix("'")
        assert row["consent_status"] == item["consent_status"] and row["account"].removeprefix("'") == (item["account"] or {"name": ""})["name"]


def test_C6_no_cell_of_the_csv_is_a_formula(c, book):
    rows = list(csv.reader(io.StringIO(export(c, "csv").text, newline="")))
    phone = rows[0].index("phone")
    for row in rows:
        for i, cell in enumerate(row):
            assert not cell.startswith(("=", "@", "-", "\t", "\r")), cell
            assert not cell.startswith("+") or i == phone and cell == "+47 22 00 00 00", cell
    names = {row[rows[0].index("last_name")] for row in rows[1:]}
    assert {"'=1+1", "a,b", 'say "hi"'} <= names


def test_C6_C8_tags_come_back_as_they_were(make_workspace, stack):
    one, two = (Client(stack).login(make_workspace(roles=()).users["owner"]) for _ in range(2))
    for tags in (["a, b", 'say "x"', "c; d", "e"], ["plain", "two words"], ['"', ","], ["k ::: l", "m"], []):
        one.ok("POST", "/v1/contacts", {"email": address("t"), "tags": tags})
    made = two.ok("POST", "/v1/imports?filename=back.csv", data=export(one, "csv").content, headers={"Content-Type": "text/csv"})["public_id"]
    assert Things(two).wait_import(made, "done")["imported"] == 5
    tags = lambda c: {x["email"]: x["tags"] for x in c.pages("/v1/contacts")}
    assert tags(two) == tags(one)


def test_C6_an_export_is_in_the_audit_log(c, book, db):
    r = export(c, "csv")
    db.execute("SELECT action, actor_email, new ->> 'format' FROM pact.audit_event WHERE request_id = %s", (r.headers["X-Request-Id"],))
    assert db.fetchall() == [("contact.export", c.user.email, "csv")]


def test_C6_an_empty_workspace(make_workspace, stack):
    c = Client(stack).login(make_workspace(roles=()).users["owner"])
    assert export(c).json() == {"items": [], "count": 0}
    assert export(c, "jsonl").text == ""
    assert len(export(c, "csv").text.splitlines()) == 1
    c.refused(422, "invalid", "GET", "/v1/contacts/export", params={"format": "xml"})


def test_C6_refused_before_anything_is_sent(api):
    r = api("viewer").get("/v1/contacts/export")
    assert r.status_code == 403 and r.headers["Content-Type"] == "application/problem+json"


def test_C6_head_sends_nothing(c, book):
    r = c.request("HEAD", "/v1/contacts/export")
    assert r.status_code == 200 and r.content == b""


def test_C6_many_contacts_come_whole(make_workspace, stack):
    w = make_workspace(roles=())
    c = Client(stack).login(w.users["owner"])
    n = 5000
    stack.edit(w.tenant, "INSERT INTO pact.contact (tenant_id, email, last_name) SELECT %s, 'm' || i || '@people.example', repeat('n', 100) "
        "FROM generate_series(1, %s) i", (w.tenant, n))
    assert export(c).json()["count"] == n
    assert export(c, "csv").text.count("\r\n") == n + 1
    lines = export(c, "jsonl").text.splitlines()
    assert len(lines) == n and len({json.loads(line)["public_id"] for line in lines}) == n


def test_C5_everything_about_one_contact(c):
    t = Things(c)
    key = c.ok("POST", "/v1/custom-fields", {"label": unique("f")})["key"]
    one = c.ok("POST", "/v1/contacts", {"email": address(), "custom": {key: "v"}, "tags": ["t"], "consent_status": "confirmed"})["public_id"]
    path = f"/v1/contacts/{one}"
    for kind in ("note", "call", "meeting", "email", "task"):
        t.activity(contact_id=one, kind=kind, subject=kind)
    c.ok("POST", f"{path}/consent", {"status": "declined", "evidence": {"mail": "stop"}})
    r = c.get(f"{path}/export")
    assert r.status_code == 200 and r.headers["Content-Disposition"] == f'attachment; filename="contact-{one}.json"'
    x = r.json()
    assert x["contact"] == c.ok("GET", path)
    assert list(x["custom_fields"]) == [key]
    assert {a["kind"] for a in x["activities"]} == {"note", "call", "meeting", "email", "task"}
    assert [(e["status"], e["source"]) for e in x["consent"]] == [("declined", "api"), ("confirmed", "api")]
    assert x["consent"] == c.pages(f"{path}/consent") and x["sequences"] == []
