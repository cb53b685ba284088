# SPDX-License-Identifier: GPL-3.0-or-later
"""C8: files of contacts come in with what they say about consent, and no more than that."""
import csv
import io
import json
import os
import pathlib
import secrets
import signal
import time

import pytest
from client import Client
from stack import ROOT, address, unique

FILES = ROOT / "tests/fixtures/imports"
EXPECTED = json.loads((FILES / "expected.json").read_text())
COUNTS = ("rows_total", "rows_done", "imported", "updated", "skipped", "errors", "mailable", "needs_confirming", "suppressed")
LATE = "2026-01-02T03:04:05Z"


class Importer:
    def __init__(self, client):
        self.c = client

    def upload(self, data, name="people.csv", status=202, **params):
        r = self.c.post("/v1/imports", params={"filename": name} | params, data=data if isinstance(data, bytes) else data.encode(),
            headers={"Content-Type": "text/csv"})
        assert r.status_code == status, r.text
        return r.json()

    def wait(self, i, seconds=120):
        end = time.monotonic() + seconds
        while (now := self.c.ok("GET", f"/v1/imports/{i}"))["status"] in ("queued", "running"):
            assert time.monotonic() < end, now
            time.sleep(0.05)
        return now

    def run(self, data, name="people.csv", **params):
        return self.wait(self.upload(data, name, **params)["public_id"])

    def errors(self, i):
        return self.c.pages(f"/v1/imports/{i['public_id']}/errors", 200)

    def both(self, data, name="people.csv"):
        """Tried first, then run: the two say the same. Returns the real one."""
        tried, done = self.run(data, name, dry_run="true"), None
        done = self.run(data, name)
        assert counts(tried) == counts(done)
        assert (tried["status"], done["status"], tried["dry_run"], done["dry_run"]) == ("done", "done", True, False)
        return done

    def contact(self, email):
        found = self.c.ok("GET", "/v1/contacts", params={"q": email.lower()})["items"]
        return next((c for c in found if c["email"].lower() == email.lower()), None)

    def ledger(self, contact):
        return self.c.pages(f"/v1/contacts/{contact['public_id']}/consent", 50)


def kill_runner(stack):
    """kill -9 of every runner of crm; how many there were. Their supervisor starts new ones."""
    killed = 0
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            mine = str(stack.dir) in os.readlink(proc / "exe") and b"PACT_POOL=crm-job\0" in (proc / "environ").read_bytes()
            if mine and os.path.basename(os.readlink(proc / "exe")) == "crm":
                os.kill(int(proc.name), signal.SIGKILL)
                killed += 1
        except (OSError, ProcessLookupError):
            pass
    return killed


def counts(i):
    return {k: i[k] for k in COUNTS}


def table(*rows, head=("Email", "First Name", "Last Name", "Phone", "consent_status", "CONFIRM_TIME")):
    out = io.StringIO()
    w = csv.writer(out)
    w.writerow(head)
    w.writerows(rows)
    return out.getvalue()


def row(email, first="", last="", phone="", status="", at=""):
    return email, first, last, phone, status, at


@pytest.fixture(scope="module")
def fresh(stack, make_workspace):
    """A workspace that holds nothing yet."""
    def make():
        w = make_workspace(roles=())
        i = Importer(Client(stack).login(w.users["owner"]))
        i.workspace = w
        return i

    return make


@pytest.fixture(scope="module")
def imports(api):
    return Importer(api("member"))


# ── the files that people have ──
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_C8_files_come_out_as_expected(name, fresh):
    i, want = fresh(), EXPECTED[name]
    done = i.both((FILES / name).read_bytes(), name)
    assert done["rows_total"] == done["rows_done"] == want["rows"]
    for k in ("imported", "errors"):
        assert done[k] == want.get(k, done[k])
    held = i.c.pages("/v1/contacts", 200)
    assert len(held) == done["imported"]
    for status in ("confirmed", "declined"):
        assert sum(c["consent_status"] == status for c in held) == want.get(status, 0 if "note" not in want else 0)
    again = i.both((FILES / name).read_bytes(), name)
    assert (again["imported"], again["updated"]) == (sum(1 for c in held if c["email"] is None), 0)


def test_bad_rows_are_named_and_the_others_go_in(fresh):
    i = fresh()
    done = i.run((FILES / "bad-rows.csv").read_bytes(), "bad-rows.csv")
    assert [(e["line"], e["column"], e["value"]) for e in i.errors(done)] == [
        (3, "Email", "not an address"), (7, "consent_status", "maybe"), (8, "Email", '=HYPERLINK("http://e")@bad-rows.example')]
    assert i.contact("dup@bad-rows.example")["consent_status"] == "pending", "confirmed without evidence, twice"
    assert {c["email"] for c in i.c.pages("/v1/contacts", 200)} == {"good@bad-rows.example", "dup@bad-rows.example", "x@bad-rows.example", None}
    r = i.c.get(f"/v1/imports/{done['public_id']}/errors", params={"format": "csv"}, check=False)
    assert r.headers["Content-Type"].startswith("text/csv") and "attachment" in r.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(r.content.decode())))
    assert lines[0] == ["line", "column", "value", "detail"] and [x[0] for x in lines[1:]] == ["3", "7", "8"]
    assert lines[3][2].startswith("'="), "no formula for a spreadsheet"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator,end", [(",", "\r\n"), (";", "\n"), ("\t", "\r")])
def test_C8_encodings_and_separators(encoding, separator, end, imports):
    emails = [address("enc") for _ in range(3)]
    name = unique("Zoë Åkesson")
    text = end.join([separator.join(["Email", "First Name", "Last Name"])] + [separator.join([e, name, "Müller"]) for e in emails]) + end
    done = imports.run(text.encode(encoding))
    assert (done["imported"], done["errors"]) == (3, 0), done
    one = imports.contact(emails[1])
    assert (one["first_name"], one["last_name"]) == (name, "Müller")


def test_junk_lines_before_the_header(imports):
    e = address("li")
    text = f'Notes:\n"When exporting your connection data, you may notice that some are missing."\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\nAda,L,,{e},Acme,CTO,01 Mar 2024\n'
    done = imports.run(text, "Connections.csv")
    assert (done["imported"], done["guess"]["tool"]) == (1, "LinkedIn")
    one = imports.contact(e)
    assert (one["title"], one["account"]["name"]) == ("CTO", "Acme")


# ── consent on writing ──
def test_C8_without_a_status_the_policy_speaks(fresh):
    i, e = fresh(), [address("pol") for _ in range(3)]
    i.run(table(row(e[0])))
    i.c.ok("PATCH", "/v1/settings/privacy", {"default_consent_policy": "confirmed", "legal_basis": "contract, clause 4"})
    done = i.both(table(row(e[1])))
    assert done["mailable"] == 1
    i.c.ok("PATCH", "/v1/settings/privacy", {"default_consent_policy": "declined"})
    assert i.both(table(row(e[2])))["suppressed"] == 1
    got = [i.contact(x) for x in e]
    assert [(c["consent_status"], c["consent_source"]) for c in got] == [("pending", "policy"), ("confirmed", "policy"), ("declined", "policy")]
    assert i.ledger(got[1])[0]["evidence"] == {"basis": "contract, clause 4"}


def test_C8_confirmed_only_with_evidence_in_the_row(imports):
    with_time, without, plain = address("ev"), address("ev"), address("ev")
    done = imports.both(table(row(with_time, status="confirmed", at="2024-05-06 07:08:09"), row(without, status="confirmed"),
        row(plain, status="pending")))
    assert (done["mailable"], done["needs_confirming"]) == (1, 2)
    one = imports.contact(with_time)
    assert (one["consent_status"], one["consent_source"], one["consent_at"]) == ("confirmed", "import", "2024-05-06T07:08:09.000Z")
    event = imports.ledger(one)[0]
    assert (event["import_id"], event["evidence"]["line"], event["evidence"]["at"]) == (done["public_id"], 2, "2024-05-06T07:08:09.000Z")
    assert event["actor"] == imports.c.user.email
    assert imports.contact(without)["consent_status"] == "pending"


# existing state, what the row says, its time, what comes out
EXISTING = [
    ("confirmed", "pending", "", "pending"), ("confirmed", "declined", "", "declined"), ("confirmed", "", "", "confirmed"),
    ("pending", "confirmed", "", "pending"), ("pending", "confirmed", LATE, "confirmed"), ("pending", "", "", "pending"),
    ("pending", "declined", "", "declined"), ("declined", "pending", "", "declined"), ("declined", "confirmed", "", "declined"),
    ("declined", "confirmed", "2001-02-03T04:05:06Z", "declined"), ("declined", "", "", "declined"),
]


def test_C8_the_stricter_of_old_and_new(imports):
    emails = [address("ex") for _ in EXISTING]
    for e, (old, *_) in zip(emails, EXISTING):
        imports.c.ok("POST", "/v1/contacts", {"email": e, "consent_status": old})
    imports.both(table(*(row(e, status=says, at=when) for e, (_, says, when, _) in zip(emails, EXISTING))))
    got = [imports.contact(e)["consent_status"] for e in emails]
    assert got == [want for *_, want in EXISTING]


def test_C8_evidence_later_than_the_decline_frees(imports):
    e = address("free")
    c = imports.c.ok("POST", "/v1/contacts", {"email": e, "consent_status": "confirmed"})
    imports.c.ok("POST", f"/v1/contacts/{c['public_id']}/consent", {"status": "declined", "evidence": {"at": "2025-01-01T00:00:00Z"}})
    assert imports.both(table(row(e, status="confirmed", at="2024-12-31 23:59:59")))["suppressed"] == 1
    done = imports.both(table(row(e.upper(), status="confirmed", at="2025-01-02 00:00:00")))
    assert (done["updated"], done["mailable"]) == (1, 1)
    one = imports.contact(e)
    assert (one["consent_status"], one["suppressed"]) == ("confirmed", False)


def test_C8_a_suppressed_address_stays_declined(api, imports):
    e = address("gone")
    c = imports.c.ok("POST", "/v1/contacts", {"email": e, "consent_status": "confirmed"})
    api("owner").ok("DELETE", f"/v1/contacts/{c['public_id']}")
    done = imports.both(table(row(e, status="confirmed", at=LATE)))
    assert (done["imported"], done["suppressed"], done["mailable"]) == (1, 1, 0)
    assert (imports.contact(e)["consent_status"], imports.contact(e)["suppressed"]) == ("declined", True)


@pytest.mark.parametrize("apart", [0, 6000], ids=["together", "chunks apart"])
def test_C8_the_same_address_twice_is_the_strictest(apart, imports):
    e = [address("twice") for _ in range(4)]
    old = address("old")
    imports.c.ok("POST", "/v1/contacts", {"email": old, "consent_status": "pending"})
    first = [row(e[0], "A", status="confirmed", at=LATE), row(e[1].upper(), status="declined"), row(e[2], status="confirmed", at=LATE),
        row(e[3], status="pending"), row(old, status="pending")]
    fill = [row(f"{unique('f')}@fill.example") for _ in range(apart)]
    second = [row(e[0].upper(), "B", phone="+47 1", status="pending"), row(e[1], status="confirmed", at=LATE), row(e[2]),
        row(e[3], status="confirmed", at=LATE), row(old, status="confirmed", at=LATE)]
    done = imports.both(table(*first, *fill, *second))
    assert done["imported"] == 4 + apart and done["updated"] + done["skipped"] == 6 and done["errors"] == 0
    assert done["mailable"] + done["needs_confirming"] + done["suppressed"] == 5 + apart, "each contact once"
    got = [imports.contact(x) for x in e + [old]]
    assert [c["consent_status"] for c in got] == ["pending", "declined", "pending", "pending", "pending"]
    assert (got[0]["first_name"], got[0]["phone"]) == ("A", "+47 1"), "empty fields are filled, others are not replaced"


def test_C8_people_who_left(imports):
    e = [address("left") for _ in range(3)]
    imports.c.ok("POST", "/v1/contacts", {"email": e[0], "consent_status": "confirmed"})
    done = imports.both(table(*(row(x) for x in e)), "unsubscribed_members_export_1234.csv")
    assert done["guess"]["departures"] is True and done["suppressed"] == 3
    assert [imports.contact(x)["consent_status"] for x in e] == ["declined"] * 3


# ── fields ──
def test_fields_tags_accounts_and_own_fields(imports, api):
    e, company, tag = address("f"), unique("Company"), unique("t")
    label = "Shoe " + secrets.token_hex(3)
    head = ("Email", "First Name", "Company", "Tags", "Job Title", label, "Notes")
    text = table((e, "Ada", company, f"{tag}, second", "CTO", "42", "met at the fair"), (address("f"), "Bo", company.upper(), "", "", "", ""), head=head)
    key = "shoe_" + secrets.token_hex(3)
    made = imports.upload(text, mapping="manual")
    assert made["status"] == "mapping" and made["guess"]["header"] == list(head) and made["file_kept"]
    mapping = [m for m in made["guess"]["mapping"] if m["column"] != 5] + [{"column": 5, "field": f"custom:{key}"}]
    path = f"/v1/imports/{made['public_id']}"
    tried = imports.c.ok("PATCH", path, {"mapping": mapping, "dry_run": True})
    assert tried["dry_run"] and {m["field"] for m in tried["mapping"]} >= {"email", "account", "tags", f"custom:{key}"}
    imports.c.ok("POST", path + "/start", {})
    tried = imports.wait(made["public_id"])
    assert (tried["imported"], tried["file_kept"]) == (2, True)
    assert imports.contact(e) is None and imports.c.ok("GET", "/v1/accounts", params={"q": company})["items"] == []
    assert key not in {f["key"] for f in imports.c.pages("/v1/custom-fields", 200)}
    imports.c.ok("POST", path + "/start", {"dry_run": False})
    done = imports.wait(made["public_id"])
    assert (counts(done), done["file_kept"]) == (counts(tried), False)
    one = imports.contact(e)
    assert (one["account"]["name"], one["tags"], one["title"], one["custom"]) == (company, [tag, "second"], "CTO", {key: "42"})
    assert len(imports.c.ok("GET", "/v1/accounts", params={"q": company})["items"]) == 1, "the same name in other letters"
    assert {f["key"]: f["label"] for f in imports.c.pages("/v1/custom-fields", 200)}[key] == label
    notes = imports.c.ok("GET", "/v1/activities", params={"contact_id": one["public_id"]})["items"]
    assert [n["body"] for n in notes] == ["met at the fair"]


def test_what_is_there_is_kept_unless_asked(imports):
    e = address("ow")
    c = imports.c.ok("POST", "/v1/contacts", {"email": e, "first_name": "Old", "tags": ["a"]})
    text = table((e, "New", "Last", "b"), head=("Email", "First Name", "Last Name", "Tags"))
    assert imports.both(text)["updated"] == 1
    one = imports.contact(e)
    assert (one["first_name"], one["last_name"], one["tags"]) == ("Old", "Last", ["a", "b"])
    assert imports.both(text)["skipped"] == 1
    made = imports.upload(text, mapping="manual")
    imports.c.ok("PATCH", f"/v1/imports/{made['public_id']}", {"options": {"overwrite": True}})
    imports.c.ok("POST", f"/v1/imports/{made['public_id']}/start")
    assert imports.wait(made["public_id"])["updated"] == 1
    assert imports.contact(e)["first_name"] == "New"
    imports.c.ok("POST", f"/v1/contacts/{c['public_id']}/archive")
    imports.run(table(row(e, phone="+47 5")))
    assert imports.c.ok("GET", f"/v1/contacts/{c['public_id']}")["archived_at"] is not None, "archived contacts stay archived"


# ── uploads ──
def test_multipart_as_a_browser_sends_it(browser, stack):
    b = browser("member")
    e = address("mp")
    r = b.post("/v1/imports", params={"mapping": "manual"}, files={"file": ("C:\\old\\Zoës list.csv", table(row(e)), "application/vnd.ms-excel")})
    assert r.status_code == 202 and r.json()["filename"] == "Zoës list.csv", r.text
    assert r.headers["Location"] == f"/v1/imports/{r.json()['public_id']}"
    options, mapping = json.dumps({"departures": True}), json.dumps([{"column": 0, "field": "email"}])
    r = b.post("/v1/imports", files={"options": (None, options), "file": ("x.csv", table(row(e))), "mapping": (None, mapping)})
    done = Importer(b).wait(r.json()["public_id"])
    assert (done["suppressed"], done["mapping"], done["options"]) == (1, json.loads(mapping), json.loads(options))


def test_uploads_that_are_refused(imports, stack, db):
    c = imports.c
    send = lambda data, kind="text/csv", **kw: c.refused(*kw.pop("want"), "POST", "/v1/imports", data=data, headers={"Content-Type": kind}, **kw)  # noqa: E731
    db.execute("SELECT count(*) FROM pact.import")
    before = db.fetchone()
    send(b"", want=(422, "invalid"))
    send(b"{}", "application/json", want=(415, "unsupported-media-type"))
    assert send(b"PK\x03\x04" + b"\0" * 3000, want=(422, "invalid"))["errors"][0]["pointer"] == "/file"
    send(b"a,b\n1,2\n", want=(422, "invalid"))
    send(b"--x\r\n", "multipart/form-data", want=(400, "bad-request"))
    send(b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nEmail\r\na@b.example", "multipart/form-data; boundary=x", want=(400, "bad-request"))
    send(b"--x\r\nContent-Disposition: form-data; name=other\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x", want=(422, "invalid"))
    send(b"--x--", "multipart/form-data; boundary=x", want=(422, "invalid"))
    both = b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\nEmail\r\na@b.example\r\n--x\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n--x--"
    for part, text in ((b"file", b"Email"), (b"mapping", b"[{]"), (b"mapping", b'[{"column":9,"field":"email"}]'), (b"mapping", b'[{"column":0,"field":"no"}]'),
        (b"options", b'{"no":1}'), (b"options", b'{"encoding":"klingon"}')):
        got = send(both % (part, text), "multipart/form-data; boundary=x", want=(422, "invalid"))
        assert got["errors"][0]["pointer"].startswith("/" + part.decode())
    db.execute("SELECT count(*) FROM pact.import")
    assert db.fetchone() == before, "a refused upload leaves nothing"


def test_the_same_key_uploads_once(imports):
    data, headers = table(row(address("k"))).encode(), {"Idempotency-Key": secrets.token_hex(8), "Content-Type": "text/csv"}
    first = imports.c.ok("POST", "/v1/imports", data=data, headers=headers)
    again = imports.c.post("/v1/imports", data=data, headers=headers)
    assert again.json()["public_id"] == first["public_id"] and again.headers["Idempotency-Replayed"] == "true"
    imports.c.refused(409, "idempotency-conflict", "POST", "/v1/imports", data=data + b"x@y.example\n", headers=headers)


# ── its life ──
def test_what_may_be_done_when(imports):
    made = imports.upload(table(row(address("st"))), mapping="manual")
    path = f"/v1/imports/{made['public_id']}"
    imports.c.refused(409, "conflict", "POST", path + "/revert")
    assert imports.c.refused(422, "invalid", "PATCH", path, {"mapping": [{"column": 0, "field": "first"}]})["errors"][0]["pointer"] == "/mapping"
    imports.c.refused(412, "precondition-failed", "PATCH", path, {"dry_run": True}, headers={"If-Match": f'"{made["public_id"]}-99"'})
    etag = imports.c.get(path).headers["ETag"]
    assert imports.c.patch(path, {"dry_run": True}, headers={"If-Match": etag}).status_code == 200
    cancelled = imports.c.ok("POST", path + "/cancel")
    assert (cancelled["status"], cancelled["file_kept"]) == ("cancelled", False)
    imports.c.refused(409, "conflict", "POST", path + "/start")
    imports.c.refused(409, "conflict", "POST", path + "/cancel")
    imports.c.refused(409, "conflict", "PATCH", path, {"dry_run": False})
    assert made["public_id"] in [i["public_id"] for i in imports.c.ok("GET", "/v1/imports")["items"]]


def test_cancel_between_chunks_keeps_what_is_in(fresh):
    i = fresh()
    made = i.upload(table(*(row(f"{unique('c')}@c.example") for _ in range(40000))))
    path = f"/v1/imports/{made['public_id']}"
    while i.c.ok("GET", path)["rows_done"] == 0:
        time.sleep(0.02)
    i.c.ok("POST", path + "/cancel")
    done = i.wait(made["public_id"])
    assert done["status"] == "cancelled" and 0 < done["rows_done"] < 40000 and done["rows_done"] == done["imported"]
    assert i.c.ok("GET", "/v1/contacts", params={"count": "true", "limit": 1})["total"] == min(done["imported"], 10000) or done["imported"] > 10000
    i.c.ok("POST", path + "/revert")
    assert i.wait(made["public_id"])["status"] == "reverted"
    assert i.c.ok("GET", "/v1/contacts")["items"] == []


def test_a_runner_that_is_killed_is_followed_by_one_that_goes_on(fresh, stack):
    i = fresh()
    rows = [row(f"{unique('k')}@k.example", status="declined" if n % 10 == 0 else "") for n in range(60000)]
    made = i.upload(table(*rows, *rows[:50]))
    path = f"/v1/imports/{made['public_id']}"
    kills = 0
    for at in (1, 20000):
        while (now := i.c.ok("GET", path))["rows_done"] < at and now["status"] in ("queued", "running"):
            time.sleep(0.02)
        if now["status"] == "running":
            kills += kill_runner(stack)
    done = i.wait(made["public_id"], 300)
    assert kills, "it was over before it could be killed"
    assert counts(done) == dict(rows_total=60050, rows_done=60050, imported=60000, updated=0, skipped=50, errors=0, mailable=0,
        needs_confirming=54000, suppressed=6000)


def test_revert_takes_back_what_nobody_has_touched(fresh, db):
    i = fresh()
    t = i.workspace.tenant
    old, lowered, raised, edited, fresh_one, touched, noted = (address(x) for x in ("old", "low", "rise", "edit", "new", "touch", "note"))
    company = unique("Co")
    c = {e: i.c.ok("POST", "/v1/contacts", {"email": e, "consent_status": s}) for e, s in
        ((old, "confirmed"), (lowered, "confirmed"), (raised, "pending"), (edited, "pending"))}
    head = ("Email", "First Name", "Company", "consent_status", "CONFIRM_TIME", "Tags")
    done = i.run(table((old, "Filled", company, "", "", "t1"), (lowered, "", "", "declined", "", ""), (raised, "", "", "confirmed", LATE, ""),
        (edited, "Filled", company, "", "", ""), (fresh_one, "N", company, "declined", "", "t1"), (touched, "T", "", "", "", ""),
        (noted, "No", "", "", "", ""), head=head))
    assert (done["imported"], done["updated"]) == (3, 4)
    kept = {e: i.contact(e)["public_id"] for e in (touched, noted, fresh_one)}
    i.c.ok("PATCH", f"/v1/contacts/{c[edited]['public_id']}", {"last_name": "Mine"})
    i.c.ok("PATCH", f"/v1/contacts/{kept[touched]}", {"last_name": "Mine"})
    i.c.ok("POST", "/v1/activities", {"contact_id": kept[noted], "kind": "note", "subject": "mine"})
    assert i.c.ok("POST", f"/v1/imports/{done['public_id']}/revert")["status"] in ("queued", "running", "reverted")
    back = i.wait(done["public_id"])
    assert (back["status"], back["imported"]) == ("reverted", 3)
    got = {e: i.contact(e) for e in (old, lowered, raised, edited, fresh_one, touched, noted)}
    assert got[fresh_one] is None and got[touched] and got[noted], "made by it and untouched: gone"
    assert (got[old]["first_name"], got[old]["tags"], got[old]["account"], got[old]["consent_status"]) == (None, [], None, "confirmed")
    assert (got[lowered]["consent_status"], got[raised]["consent_status"]) == ("declined", "pending")
    assert (got[edited]["first_name"], got[edited]["last_name"]) == ("Filled", "Mine"), "somebody's edit is not lost"
    assert i.c.ok("GET", "/v1/accounts", params={"q": company})["items"][0]["contacts"] == 1
    i.c.refused(409, "conflict", "POST", f"/v1/imports/{done['public_id']}/revert")
    # as erased, but nobody asked to be forgotten: the address may come again
    assert i.run(table(row(fresh_one, status="confirmed", at=LATE)))["mailable"] == 1
    db.execute("SELECT count(*) FROM pact.audit_event WHERE tenant_id = %s AND resource_id = %s AND (old IS NOT NULL OR new IS NOT NULL)", (t, kept[fresh_one]))
    assert db.fetchone() == (0,)
    db.execute("SELECT kind, source, evidence FROM pact.contact_event WHERE tenant_id = %s AND contact_id = %s ORDER BY id", (t, kept[fresh_one]))
    assert db.fetchall() == [("created", "import", None), ("erasure_executed", "import_reverted", None)]


def test_the_log_tells_the_story(fresh):
    i = fresh()
    done = i.run(table(row(address("log"))))
    i.c.ok("POST", f"/v1/imports/{done['public_id']}/revert")
    i.wait(done["public_id"])
    cancelled = i.upload(table(row(address("log"))), mapping="manual")
    i.c.ok("POST", f"/v1/imports/{cancelled['public_id']}/cancel")
    events = i.c.pages("/v1/audit/events", 200, resource_type="import")
    story = [e["action"] for e in reversed(events)]
    assert story == ["import.create", "import.start", "import.finish", "import.revert", "import.create", "import.cancel"]
    finish = next(e for e in events if e["action"] == "import.finish")
    assert (finish["new"]["imported"], finish["actor_email"], finish["resource_id"]) == (1, i.c.user.email, done["public_id"])
    made = [e for e in i.c.pages("/v1/audit/events", 200, resource_type="contact") if e["action"] == "contact.create"]
    assert len(made) == 1 and made[0]["request_id"]


def test_only_those_who_may(api, imports):
    one = imports.run(table(row(address("perm"))))
    for verb, path in (("GET", "/v1/imports"), ("GET", f"/v1/imports/{one['public_id']}"), ("GET", f"/v1/imports/{one['public_id']}/errors"),
        ("POST", f"/v1/imports/{one['public_id']}/revert")):
        api("viewer").refused(403, "forbidden", verb, path)
    other = api("owner", 1)
    for path in ("", "/errors", "/errors?format=csv"):
        other.refused(404, "not-found", "GET", f"/v1/imports/{one['public_id']}{path}")
