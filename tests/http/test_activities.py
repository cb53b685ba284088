# SPDX-License-Identifier: GPL-3.0-or-later
"""C1: notes, calls, meetings, mails and tasks."""
import pytest
from samples import Things
from stack import unique


@pytest.fixture(scope="module")
def c(api):
    return api("member")


@pytest.mark.parametrize("kind", ["note", "call", "meeting", "email", "task"])
def test_C1_activity_life(c, kind):
    contact = Things(c).contact()
    due = {"due_at": "2031-05-01T12:00:00Z"} if kind == "task" else {}
    r = c.post("/v1/activities", {"contact_id": contact, "kind": kind, "subject": "S", "body": "a\nb", "occurred_at": "2026-01-31T23:30:00+02:00"} | due)
    assert r.status_code == 201
    a = r.json()
    assert (a["kind"], a["subject"], a["body"], a["occurred_at"]) == (kind, "S", "a\nb", "2026-01-31T21:30:00.000Z")
    assert a["contact"]["public_id"] == contact and a["actor"] == c.user.email
    path = r.headers["Location"]
    assert c.ok("GET", path) == a
    b = c.ok("PATCH", path, {"subject": "T", "body": None})
    assert (b["subject"], b["body"], b["kind"]) == ("T", "", kind)
    c.ok("DELETE", path)
    c.refused(404, "not-found", "GET", path)


@pytest.mark.parametrize("body, pointer", [
    ({"kind": "note"}, "/contact_id"), ({"contact_id": "01890000-0000-7000-8000-000000000000", "kind": "note"}, "/contact_id"),
    ({"account_id": "01890000-0000-7000-8000-000000000000", "kind": "note"}, "/account_id"), ({"contact_id": "C"}, "/kind"),
    ({"contact_id": "C", "kind": "fax"}, "/kind"), ({"contact_id": "C", "kind": "note", "due_at": "2031-05-01T12:00:00Z"}, "/due_at"),
    ({"contact_id": "C", "kind": "task", "due_at": "tomorrow"}, "/due_at"), ({"contact_id": "C", "kind": "note", "occurred_at": "2026-13-01T00:00:00Z"}, "/occurred_at"),
    ({"contact_id": "C", "kind": "note", "subject": "s" * 301}, "/subject"), ({"contact_id": "C", "kind": "note", "body": "b" * 20001}, "/body")])
def test_C1_activity_fields(c, body, pointer):
    body = {k: Things(c).contact() if v == "C" else v for k, v in body.items()}
    assert [e["pointer"] for e in c.refused(422, "invalid", "POST", "/v1/activities", body)["errors"]] == [pointer]


def test_C1_of_a_contact_or_an_account_newest_first(c):
    t = Things(c)
    contact, account = t.contact(), t.account()
    days = [3, 1, 7, 5]
    made = {d: t.activity(contact_id=contact, account_id=account, subject=str(d), occurred_at=f"2026-01-0{d}T00:00:00Z") for d in days}
    same = [t.activity(contact_id=contact, subject="same", occurred_at="2026-01-02T00:00:00Z") for _ in range(3)]
    for limit in (1, 2, 50):
        assert [a["subject"] for a in c.pages("/v1/activities", limit, account_id=account)] == ["7", "5", "3", "1"]
        got = [a["public_id"] for a in c.pages("/v1/activities", limit, contact_id=contact)]
        assert got == [made[7], made[5], made[3]] + same[::-1] + [made[1]]


def test_C1_a_list_is_about_one_thing(c):
    contact = Things(c).contact()
    for params in ({}, {"contact_id": contact, "open_tasks": "true"}, {"open_tasks": "false"}):
        c.refused(422, "not-offered", "GET", "/v1/activities", params=params)


def test_C1_open_tasks_those_due_first(make_workspace, login):
    c = login(make_workspace(roles=()).users["owner"])
    t = Things(c)
    late, soon, some_day = (t.activity(kind="task", subject=unique("t"), **due) for due in (
        {"due_at": "2020-01-01T00:00:00Z"}, {"due_at": "2031-01-01T00:00:00Z"}, {}))
    t.activity(kind="note")
    for limit in (1, 50):
        assert [a["public_id"] for a in c.pages("/v1/activities", limit, open_tasks="true")] == [late, soon, some_day]
    c.ok("PATCH", f"/v1/activities/{soon}", {"done_at": "2026-01-01T00:00:00Z"})
    assert [a["public_id"] for a in c.pages("/v1/activities", open_tasks="true")] == [late, some_day]
    c.ok("PATCH", f"/v1/activities/{soon}", {"done_at": None})
    assert len(c.pages("/v1/activities", open_tasks="true")) == 3
