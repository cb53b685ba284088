# SPDX-License-Identifier: GPL-3.0-or-later
"""T1–T4 as somebody meets them who is logged in to the workspace next door."""
import pathlib
import uuid

import pytest
from samples import SAMPLES, Things, call
from stack import MARK, ROUTES, address, is_scim, unique

READS = sorted(k for k, op in ROUTES.items() if k.startswith("GET") and op["x-pact-door"] == "session")
BODIES = sorted(k for k, op in ROUTES.items() if "requestBody" in op and op["x-pact-door"] == "session" and not is_scim(k))


@pytest.fixture(scope="module")
def both(api):
    return api("owner"), api("owner", 1)


# ── T2 ──

TENANT_HEADERS = ("X-Tenant-Id", "X-Pact-Tenant", "X-Tenant", "Tenant", "X-Workspace", "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded")


@pytest.mark.parametrize("key", READS)
def test_T2_a_header_names_no_tenant(key, both, workspaces):
    mine, _ = both
    kw = SAMPLES[key].request(Things(mine))
    headers = {h: workspaces[1].tenant for h in TENANT_HEADERS}
    a, b = mine.get(**kw), mine.get(kw["path"], headers=headers)
    assert a.status_code == b.status_code == 200
    if not key.endswith(("/export", "/events")):  # these are different each time: they are events themselves
        assert a.content == b.content


@pytest.mark.parametrize("key", READS)
def test_T2_a_query_names_no_tenant(key, both, workspaces):
    path = SAMPLES[key].request(Things(both[0]))["path"]
    for name in ("tenant_id", "tenant", "workspace"):
        r = both[0].get(f"{path}{'&' if '?' in path else '?'}{name}={workspaces[1].tenant}")
        if is_scim(key):
            assert r.status_code == 400 and r.json()["detail"].startswith(f"/{name}: ")
        else:
            assert r.status_code == 422 and [e["pointer"] for e in r.json()["errors"]] == [f"/{name}"]


@pytest.mark.parametrize("key", BODIES)
def test_T2_a_body_names_no_tenant(key, both, workspaces):
    good = SAMPLES[key].request(Things(both[0]))
    for name in ("tenant_id", "tenant", "workspace_id"):
        r = both[0].request(key.split(" ")[0], good["path"], json=good.get("json", {}) | {name: workspaces[1].tenant})
        assert r.status_code == 422 and f"/{name}" in [e["pointer"] for e in r.json()["errors"]]


# ── T3: another's ids in bodies and filters ──

def test_T3_another_ones_ids_in_a_body_are_missing_ids(both):
    mine, theirs = both
    t, u = Things(mine), Things(theirs)
    account, contact = u.account(), u.contact()
    absent = str(uuid.uuid4())
    for path, name, foreign, rest in (("/v1/contacts", "account_id", account, {"last_name": "x"}),
            ("/v1/activities", "contact_id", contact, {"kind": "note"}), ("/v1/activities", "account_id", account, {"kind": "note"})):
        a, b = mine.post(path, rest | {name: foreign}), mine.post(path, rest | {name: absent})
        assert a.status_code == 422 and a.json() | {"instance": 0} == b.json() | {"instance": 0}
    own = t.contact()
    a, b = (mine.patch(f"/v1/contacts/{own}", {"account_id": x}) for x in (account, absent))
    assert a.status_code == 422 and a.json() | {"instance": 0} == b.json() | {"instance": 0}
    r = mine.ok("POST", "/v1/contacts/bulk-consent", {"contacts": [contact, absent, own], "status": "declined"})
    assert r["changed"] == 1 and {(x["contact"], x["reason"]) for x in r["refused"]} == {(contact, "not-found"), (absent, "not-found")}
    assert theirs.ok("GET", f"/v1/contacts/{contact}")["consent_status"] == "pending"


def test_T3_another_ones_ids_in_a_filter_find_nothing(both):
    mine, theirs = both
    u = Things(theirs)
    account = u.account()
    contact = u.contact(account_id=account, tags=[unique("tag")])
    u.activity(contact_id=contact, account_id=account)
    for path, params in (("/v1/contacts", {"account_id": account}), ("/v1/activities", {"contact_id": contact}), ("/v1/activities", {"account_id": account}),
            ("/v1/audit/events", {"resource_id": contact, "resource_type": "contact"})):
        page = mine.ok("GET", path, params=params)
        assert (page["items"], page["next"]) == ([], None), path


def test_T3_a_cursor_from_next_door_opens_no_door(both):
    mine, theirs = both
    ours = {x["public_id"] for x in mine.pages("/v1/contacts", 200)}
    for _ in range(3):
        Things(theirs).contact()
    for sort in ("created_at", "-created_at", "name", "email"):
        cursor = theirs.ok("GET", "/v1/contacts", params={"sort": sort, "limit": 1})["next"]
        assert {x["public_id"] for x in mine.ok("GET", "/v1/contacts", params={"sort": sort, "after": cursor, "limit": 200})["items"]} <= ours


def test_T3_nothing_of_the_other_shows_anywhere(both, workspaces):
    """A word that only the other workspace knows, looked for in every answer of every route."""
    mine, theirs = both
    word = MARK[2:] + uuid.uuid4().hex[:8]
    u = Things(theirs)
    key = theirs.ok("POST", "/v1/custom-fields", {"label": word})["key"]
    account = u.account(name=word)
    contact = u.contact(first_name=word, last_name=word, tags=[word], account_id=account, custom={key: word}, email=f"{word}@people.example")
    u.activity(contact_id=contact, subject=word, kind="task")
    assert word in theirs.get(f"/v1/contacts?q={word}").text
    for k in READS:
        answer = call(mine, k, Things(mine))
        assert word not in answer.text, k
    for path in ("/v1/contacts?q=" + word, "/v1/contacts?tag=" + word, "/v1/accounts?q=" + word, "/v1/activities?open_tasks=true",
            "/v1/contacts/export?format=csv", "/v1/contacts/export?format=json"):
        assert word not in mine.get(path).text.replace(path, ""), path
    # and the same address is free
    mine.ok("POST", "/v1/contacts", {"email": f"{word}@people.example"})


def test_T3_a_refusal_next_door_suppresses_nobody_here(both):
    mine, theirs = both
    email = address()
    theirs.ok("POST", "/v1/contacts", {"email": email, "consent_status": "declined"})
    assert mine.ok("POST", "/v1/contacts", {"email": email, "consent_status": "confirmed"})["consent_status"] == "confirmed"


def test_T3_an_idempotency_key_of_another_workspace(both):
    mine, theirs = both
    key, body = unique("k"), {"name": unique("n")}
    a = theirs.post("/v1/accounts", body, headers={"Idempotency-Key": key})
    b = mine.post("/v1/accounts", body, headers={"Idempotency-Key": key})
    assert a.status_code == b.status_code == 201 and a.json()["public_id"] != b.json()["public_id"]


def test_T1_every_row_made_here_is_ours(both, db, workspaces):
    """Whatever the route, what it wrote carries the tenant of who asked."""
    mine, _ = both
    seen = set()
    for key in sorted(SAMPLES):
        if key.startswith("POST") and SAMPLES[key].status == 201:
            made = call(mine, key, Things(mine)).json()
            seen.add(made.get("public_id"))
    seen.discard(None)
    db.execute("SELECT DISTINCT tenant_id FROM (SELECT tenant_id, id FROM pact.contact UNION ALL SELECT tenant_id, id FROM pact.account UNION ALL "
        "SELECT tenant_id, id FROM pact.activity) x WHERE id::text = ANY (%s)", (list(seen),))
    assert len(seen) >= 3 and [str(r[0]) for r in db.fetchall()] == [workspaces[0].tenant]


# ── T3, T4: keys ──

def test_T3_each_workspace_has_keys_of_its_own(db, workspaces):
    db.execute("SELECT data_key, suppression_ipad, suppression_opad FROM pact.tenant_key WHERE tenant_id IN %s", (tuple(w.tenant for w in workspaces),))
    a, b = [[bytes(x) for x in row] for row in db.fetchall()]
    assert all(x != y for x, y in zip(a, b))


def test_T4_the_master_key_is_not_in_the_database(db, stack):
    """No bytea anywhere holds it, nor the pepper; a wrapped key is nonce, ciphertext and tag."""
    db.execute("SELECT length(data_key) FROM pact.tenant_key")
    assert {n for n, in db.fetchall()} == {12 + 32 + 16}
    db.execute("SELECT n.nspname, c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE a.atttypid = 'bytea'::regtype AND c.relkind = 'r' AND n.nspname IN ('pact', 'app', 'directory')")
    columns = db.fetchall()
    assert len(columns) > 5
    for secret in ("master.key", "pepper"):
        value = (stack.dir / "keys" / secret).read_bytes()
        for schema, table, column in columns:
            db.execute(f'SELECT count(*) FROM {schema}."{table}" WHERE position(%s IN "{column}") > 0', (value,))
            assert db.fetchone() == (0,)


def test_T4_secrets_are_not_shown_by_the_processes(stack):
    """Keys are named by file: neither environment nor arguments of a running program hold them."""
    secret = (stack.dir / "keys/master.key").read_bytes().hex()
    found = 0
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            args, env = (p / "cmdline").read_bytes(), (p / "environ").read_bytes()
        except OSError:
            continue
        if str(stack.dir / "bin").encode() in args:
            found += 1
            assert secret not in env.hex() + args.hex()
            if b"/bin/auth\0" not in args:
                assert b"PACT_MASTER_KEY" not in env and b"PACT_PEPPER" not in env and b"PACT_SIGN_KEY" not in env
    assert found > 5
