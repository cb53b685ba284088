# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log over HTTP (L1-L3): what an event says, every filter against the whole log, the export, the walls."""
import csv
import datetime
import io
import json
import time

import pytest
import requests
from client import Client
from stack import address, unique

EVENTS, EXPORT = "/v1/audit/events", "/v1/audit/export"
COLUMNS = ["id", "at", "action", "module", "actor_kind", "actor_id", "actor_email", "resource_type", "resource_id", "old", "new",
    "ip", "request_id", "key_id"]


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture(scope="module")
def made(make_workspace, stack):
    """A workspace with a log of several people, kinds of things and addresses, and all of it, newest first."""
    w = make_workspace()
    owner, admin, member = (Client(stack, f"127.9.9.{i}").login(w.users[r]) for i, r in enumerate(("owner", "admin", "member"), 1))
    contacts = []
    for i, who in enumerate([owner, admin, member] * 3):
        c = who.ok("POST", "/v1/contacts", {"email": address(), "first_name": "Ada"})["public_id"]
        who.ok("PATCH", f"/v1/contacts/{c}", {"first_name": f"Ada{i}", "title": "Countess"})
        contacts.append(c)
    member.ok("POST", "/v1/accounts", {"name": unique("account")})
    Client(stack, "127.9.9.9").refused(401, "wrong-credentials", "POST", "/v1/auth/login",
        {"email": w.users["member"].email, "password": "not this one", "workspace": w.slug})
    owner.pages(EVENTS, limit=200)  # reading is an event, once: here it is
    w.owner, w.admin, w.member, w.contacts = owner, admin, member, contacts
    w.events = owner.pages(EVENTS, limit=7)
    return w


def of(events, **want):
    return [e for e in events if all(e[k] == v for k, v in want.items())]


# ── an event ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_change_says_who_what_when_and_from_where(made):
    contact = made.contacts[0]
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = made.admin.patch(f"/v1/contacts/{contact}", {"last_name": "Lovelace", "first_name": "Augusta"})
    event = made.owner.ok("GET", EVENTS, params={"resource_id": contact, "limit": 1})["items"][0]
    assert abs((when(event["at"]) - before).total_seconds()) < 5
    assert event["id"].replace("-", "")[:12] == f"{int(when(event['at']).timestamp() * 1000):012x}"
    del event["id"], event["at"]
    assert event == {"action": "contact.update", "module": "crm", "actor_kind": "user", "actor_id": made.admin.user.id,
        "actor_email": made.admin.user.email, "key_id": None, "resource_type": "contact", "resource_id": contact,
        "old": {"first_name": "Ada0", "last_name": None}, "new": {"first_name": "Augusta", "last_name": "Lovelace"},
        "ip": made.admin.ip, "request_id": answer.headers["X-Request-Id"]}


def test_logins_logouts_and_refusals_are_there(made, login):
    user = made.users["viewer"]
    c = login(user)
    c.refused(403, "forbidden", "GET", EVENTS)
    c.refused(403, "forbidden", "GET", EXPORT)
    c.ok("POST", "/v1/auth/logout")
    events = made.owner.ok("GET", EVENTS, params={"actor": user.id})["items"]
    assert [e["action"] for e in events] == ["auth.logout", "access.refused", "access.refused", "auth.login"]
    assert {e["ip"] for e in events} == {c.ip}
    assert events[1]["new"] == {"route": f"GET {EXPORT}", "permission": "audit.export"}
    refused = of(made.events, action="auth.login_refused")
    assert [(e["actor_email"] or e["resource_id"], e["ip"]) for e in refused] != [] and refused[0]["ip"] == "127.9.9.9"


def test_what_an_operator_does_is_there(made, stack):
    stack.pactctl("workspace-suspend", made.slug)
    stack.pactctl("workspace-resume", made.slug)
    events = made.owner.ok("GET", EVENTS, params={"action": "workspace.update"})["items"]
    assert [(e["actor_kind"], e["actor_email"], e["actor_id"], e["new"]["status"]) for e in events] == \
        [("operator", "tester", None, "active"), ("operator", "tester", None, "suspended")]


# ── filters: each against the whole log ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name,member", [("actor", "actor_id"), ("actor", "actor_email"), ("action", "action"),
    ("resource_type", "resource_type"), ("resource_id", "resource_id"), ("ip", "ip")])
def test_a_filter_finds_what_it_names_and_nothing_else(made, name, member):
    newest = made.events[0]["at"]
    values = {e[member] for e in made.events} - {None}
    assert len(values) > 1 or name == "resource_id"
    for value in sorted(values):
        if member == "actor_email" and "@" not in value:
            continue  # an operator's name
        found = made.owner.pages(EVENTS, limit=3, **{name: value.upper() if member == "actor_email" else value}, to=later(newest))
        assert found == of(made.events, **{member: value}), f"{name}={value}"


def later(at, ms=1):
    return (when(at) + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_what_nobody_did_is_an_empty_page(made):
    for params in ({"actor": "nobody@people.example"}, {"actor": "01900000-0000-7000-8000-000000000000"}, {"ip": "192.0.2.77"},
            {"action": "contact.explode"}, {"resource_type": "teapot"}, {"resource_id": "01900000-0000-7000-8000-000000000000"},
            {"to": "2001-01-01T00:00:00Z"}, {"from": "2999-01-01T00:00:00Z"}):
        assert made.owner.ok("GET", EVENTS, params=params) == {"items": [], "next": None}


def test_a_span_of_time_begins_with_from_and_ends_before_to(made):
    events = [e for e in made.events]
    at = sorted({e["at"] for e in events})
    first, last = at[len(at) // 3], at[2 * len(at) // 3]
    want = [e for e in events if first <= e["at"] < last]
    assert 0 < len(want) < len(events)
    assert made.owner.pages(EVENTS, limit=5, **{"from": first, "to": last}) == want
    zoned = when(first).astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30))).isoformat(timespec="milliseconds")
    assert made.owner.pages(EVENTS, **{"from": zoned, "to": last}) == want
    # together with each filter
    for e in want[:3]:
        for name, member in (("actor", "actor_id"), ("action", "action"), ("resource_type", "resource_type"), ("ip", "ip")):
            if e[member]:
                assert made.owner.pages(EVENTS, **{"from": first, "to": last, name: e[member]}) == of(want, **{member: e[member]})


def test_a_resource_goes_together_with_the_others(made):
    c = made.contacts[1]
    mine = of(made.events, resource_id=c)
    assert len(mine) > 1
    for member, name in (("action", "action"), ("actor_id", "actor"), ("actor_email", "actor"), ("resource_type", "resource_type"), ("ip", "ip")):
        assert made.owner.pages(EVENTS, resource_id=c, **{name: mine[0][member]}) == of(mine, **{member: mine[0][member]})
    one = mine[-1]
    assert made.owner.pages(EVENTS, resource_id=c, action=one["action"], ip=one["ip"], actor=one["actor_id"], resource_type="contact") == [one]
    assert made.owner.pages(EVENTS, resource_id=c, ip="192.0.2.1") == []


def test_what_no_index_serves_is_not_offered(made):
    me = made.owner.user
    for params in ({"actor": me.id, "action": "auth.login"}, {"actor": me.email, "ip": "127.0.0.1"}, {"action": "auth.login", "ip": "127.0.0.1"},
            {"resource_type": "contact", "action": "contact.update"}):
        for path in (EVENTS, EXPORT):
            p = made.owner.refused(422, "not-offered", "GET", path, params=params)
            assert "resource_id" in p["detail"]


def test_values_that_are_none_are_told(made):
    for params, pointer in (({"from": "yesterday"}, "/from"), ({"to": "2026-02-30T00:00:00Z"}, "/to"), ({"actor": "ada"}, "/actor"),
            ({"resource_id": "7"}, "/resource_id"), ({"from": "2026-03-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, "/to"),
            ({"colour": "red"}, "/colour"), ({"after": "bm90IGFuIGlk"}, "/after"), ({"after": "%%"}, "/after"), ({"limit": "201"}, "/limit")):
        p = made.owner.refused(422, "invalid", "GET", EVENTS, params=params)
        assert [e["pointer"] for e in p["errors"]] == [pointer]
    made.owner.refused(422, "invalid", "GET", EXPORT, params={"format": "xlsx"})
    r = made.owner.delete(EVENTS)
    assert (r.status_code, r.headers["Allow"]) == (405, "GET, HEAD")


def test_pages_join_without_gap_or_double(made):
    newest = {"to": later(made.events[0]["at"])}
    whole = made.owner.pages(EVENTS, limit=200, **newest)
    assert whole == made.events
    assert len({e["id"] for e in whole}) == len(whole)
    assert [e["id"] for e in whole] == sorted((e["id"] for e in whole), reverse=True)
    assert made.owner.pages(EVENTS, limit=1, **newest) == whole


def test_the_total_is_exact(made):
    params = {"to": later(made.events[0]["at"]), "count": "true", "limit": 2}
    page = made.owner.ok("GET", EVENTS, params=params)
    assert page["total"] == len(made.events) and "total_is_estimate" not in page
    assert made.owner.ok("GET", EVENTS, params=params | {"action": "contact.update"})["total"] == len(of(made.events, action="contact.update"))


# ── reading and exporting ────────────────────────────────────────────────────────────────────────────────────────────
def test_reading_the_log_is_an_event_of_it_once_an_hour(made, make_user, login):
    if time.time() % 3600 > 3570:
        time.sleep(31)  # the hour that counts is the clock's
    c = login(make_user("admin", made.slug))
    for _ in range(9):
        page = c.ok("GET", EVENTS, params={"actor": c.user.id})
    assert [e["action"] for e in page["items"]] == ["audit.read", "auth.login"]


def test_a_page_is_one_round_trip(made):
    made.owner.get(EVENTS)
    trips = []
    for _ in range(8):  # each process asks for an hour at first
        trips.append(made.owner.get(EVENTS).headers["Server-Timing"])
    assert 'desc="1"' in trips[-1], trips


def test_the_csv_is_the_list(made):
    r = made.owner.get(EXPORT, params={"to": later(made.events[0]["at"])})
    assert r.headers["Content-Type"].startswith("text/csv")
    assert r.headers["Content-Disposition"] == f'attachment; filename="audit-{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}.csv"'
    assert "\n" not in r.text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(r.text, newline="")))
    assert rows[0] == COLUMNS
    assert [dict(zip(COLUMNS, row)) for row in rows[1:]] == [
        {k: "" if v is None else v if isinstance(v, str) else json.dumps(v) for k, v in e.items()} | same_json(e, row) for e, row in zip(made.events, rows[1:])]
    assert len(rows) == 1 + len(made.events)


def same_json(event, row):
    """old and new as the file has them, if they say what the event says."""
    cells = dict(zip(COLUMNS, row))
    return {k: cells[k] for k in ("old", "new") if cells[k] and json.loads(cells[k]) == event[k]}


def test_jsonl_is_the_list_and_takes_the_same_filters(made):
    to = later(made.events[0]["at"])
    for params in ({}, {"action": "contact.update"}, {"actor": made.admin.user.email}, {"actor": made.member.user.id},
            {"resource_type": "contact"}, {"ip": made.owner.ip}, {"resource_id": made.contacts[2]},
            {"resource_id": made.contacts[2], "action": "contact.create"}, {"from": made.events[5]["at"]}):
        r = made.owner.get(EXPORT, params={"format": "jsonl", "to": to, **params})
        assert [json.loads(line) for line in r.text.splitlines()] == made.owner.pages(EVENTS, limit=200, to=to, **params)
    assert r.headers["Content-Disposition"].endswith('.jsonl"')
    assert made.owner.get(EXPORT, params={"format": "jsonl", "action": "no.such"}).text == ""
    assert made.owner.get(EXPORT, params={"action": "no.such"}).text == ",".join(COLUMNS) + "\r\n"


def test_an_export_is_its_own_newest_event(made):
    r = made.owner.get(EXPORT, params={"format": "jsonl", "action": "audit.export"})
    newest = json.loads(r.text.splitlines()[0])
    assert newest["request_id"] == r.headers["X-Request-Id"]
    assert (newest["actor_email"], newest["new"]) == (made.owner.user.email, {"format": "jsonl", "action": "audit.export"})


def test_no_cell_is_a_formula(made, make_user, login):
    evil = [f"{c}{unique('f')}@staff.example" for c in "=+-"]
    for email in evil:
        login(make_user("admin", made.slug, email=email))
    made.owner.ok("POST", "/v1/accounts", {"name": '=HYPERLINK("https://evil.example","x")'})
    rows = list(csv.DictReader(io.StringIO(made.owner.get(EXPORT).text, newline="")))
    assert {"'" + e for e in evil} <= {row["actor_email"] for row in rows}
    assert [c for row in rows for c in row.values() if c[:1] in tuple("=+-@\t\r")] == []


# ── walls ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_another_workspace_sees_nothing_of_it(made, api):
    theirs = api("owner", 0)
    for params in ({"resource_id": made.contacts[0]}, {"actor": made.owner.user.id}, {"actor": made.owner.user.email}, {"ip": made.owner.ip}):
        assert theirs.ok("GET", EVENTS, params=params)["items"] == []
        assert theirs.get(EXPORT, params={"format": "jsonl", **params}).text == ""
    ours = {e["id"] for e in made.events}
    assert ours.isdisjoint(e["id"] for e in theirs.pages(EVENTS, limit=200))
    # a cursor of another workspace's log is a place in time, no more
    page = made.owner.ok("GET", EVENTS, params={"limit": 1})
    assert ours.isdisjoint(e["id"] for e in theirs.ok("GET", EVENTS, params={"after": page["next"]})["items"])


@pytest.mark.parametrize("role,may", [("owner", True), ("admin", True), ("member", False), ("viewer", False)])
def test_who_may_read_and_export(api, role, may):
    for path in (EVENTS, EXPORT):
        assert api(role).get(path).status_code == (200 if may else 403)


def test_who_may_not_read_is_not_told_what_is_offered(api, make_user, login):
    for who in (api("member"), login(make_user("viewer"))):
        for path in (EVENTS, EXPORT):
            for params in ({"action": "auth.login", "ip": "127.0.0.1"}, {"actor": "nobody"}, {"after": "bm90IGFuIGlk"} if path == EVENTS else {}):
                who.refused(403, "forbidden", "GET", path, params=params)


def test_nobody_is_asked_to_log_in(anonymous):
    for path in (EVENTS, EXPORT):
        anonymous.refused(401, "unauthenticated", "GET", path)


# ── a large log ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def large(make_workspace, stack):
    """60 000 events, 40 MB as a file: more than the buffers between the program and us hold."""
    w = make_workspace(roles=())
    stack.edit(w.tenant, """INSERT INTO pact.audit_event (tenant_id, id, at, action, resource_type, new)
        SELECT %s, app.uuid7(t), t, 'contact.create', 'contact', jsonb_build_object('n', g, 'pad', repeat('x', 500))
        FROM (SELECT g, now() - interval '1 day' + g * interval '1 second' AS t FROM generate_series(1, 60000) g) s""", (w.tenant,))
    w.owner = Client(stack).login(w.users["owner"])
    return w


def test_a_large_export_is_whole_and_in_order(large):
    last, n = None, 0
    with large.owner.get(EXPORT, params={"format": "jsonl", "action": "contact.create"}, stream=True, check=False) as r:
        for line in r.iter_lines():
            event = json.loads(line)
            assert last is None or event["id"] < last
            last, n = event["id"], n + 1
    assert n == 60000


def test_a_large_total_is_an_estimate(large):
    page = large.owner.ok("GET", EVENTS, params={"action": "contact.create", "count": "true", "limit": 1})
    assert page["total_is_estimate"] is True
    assert 50000 < page["total"] < 70000


@pytest.mark.last
def test_a_stream_that_is_cut_does_not_look_whole(large, db):
    """The database goes while the file is being sent: the client gets an error, not a shorter file."""
    with large.owner.get(EXPORT, params={"format": "jsonl"}, stream=True, check=False) as r:
        assert r.status_code == 200
        lines = r.iter_lines(chunk_size=1024)
        next(lines)
        db.execute("SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'pact_audit' AND query LIKE '%%json(e) AS item%%' AND state = 'active') t")
        assert db.fetchone()[0] == 1
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
            for _ in lines:
                pass
    assert large.owner.get(EVENTS).status_code == 200  # and it goes on


@pytest.mark.last
def test_a_reader_who_leaves_is_not_waited_for(large, db):
    r = large.owner.get(EXPORT, params={"format": "jsonl"}, stream=True, check=False)
    next(r.iter_lines(chunk_size=1024))
    r.close()
    end = time.monotonic() + 10
    while True:
        db.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'pact_audit' AND state = 'active'")
        if db.fetchone()[0] == 0:
            break
        assert time.monotonic() < end, "the export still runs"
        time.sleep(0.1)
    assert large.owner.get(EVENTS).status_code == 200


# ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.last
def test_the_runner_makes_partitions_and_forgets(stack, db, made):
    db.execute("SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = "
        "'pact.audit_event_standard'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1 DESC LIMIT 1")
    (newest,) = db.fetchone()
    db.execute(f"DROP TABLE pact.{newest}")
    db.execute("INSERT INTO app.throttle (key, window_start, n) VALUES ('\\x00ff', now() - interval '3 days', 1) ON CONFLICT DO NOTHING")
    stack.run("stop", "audit-job")
    stack.run("start", "audit-job")
    end = time.monotonic() + 15
    while True:
        db.execute("SELECT to_regclass(%s) IS NOT NULL AND NOT EXISTS (SELECT FROM app.throttle WHERE key = '\\x00ff')", (f"pact.{newest}",))
        if db.fetchone()[0]:
            break
        assert time.monotonic() < end, f"{newest} was not made again"
        time.sleep(0.1)
