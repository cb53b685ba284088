# SPDX-License-Identifier: GPL-3.0-or-later
"""C1, C7: contacts made, read, changed, archived, erased; lists in every order that is offered."""
import base64
import concurrent.futures
import itertools
import uuid

import pytest
from client import Client
from samples import Things
from stack import MARK, address, unique


@pytest.fixture(scope="module")
def c(api):
    return api("member")


@pytest.fixture(scope="module")
def own(make_workspace, stack):
    """A workspace that only this file writes to."""
    return Client(stack).login(make_workspace(roles=()).users["owner"])


def make(c, **fields):
    return c.ok("POST", "/v1/contacts", fields)


# ── one contact ──

def test_C1_create_read_and_where_it_is(c):
    acc = Things(c).account(name="Fjord AS")
    r = c.post("/v1/contacts", {"email": " Ada.Lovelace@Example.COM ".replace("Example", unique("x")), "first_name": " Ada ", "last_name": "Lovelace",
        "phone": "+47 900 00 001", "title": "Countess", "account_id": acc, "tags": ["b", "a", "b"]})
    assert r.status_code == 201
    made = r.json()
    assert made["email"].startswith("Ada.Lovelace@") and made["first_name"] == "Ada" and made["tags"] == ["b", "a"]
    assert made["account"] == {"public_id": acc, "name": "Fjord AS"} and made["custom"] == {} and made["archived_at"] is None
    assert r.headers["Location"] == f"/v1/contacts/{made['public_id']}"
    got = c.get(r.headers["Location"])
    assert got.json() == made and got.headers["ETag"] == r.headers["ETag"]
    assert uuid.UUID(made["public_id"]).version == 7


def test_C1_a_contact_without_an_address(c):
    a, b = make(c, last_name=unique("n")), make(c, last_name=unique("n"))
    assert a["email"] is None and b["email"] is None and a["public_id"] != b["public_id"]
    c.refused(422, "invalid", "POST", "/v1/contacts", {})
    c.refused(422, "invalid", "POST", "/v1/contacts", {"email": "", "first_name": "  "})


@pytest.mark.parametrize("email", ["x", "@x.example", "a@", "a b@x.example", "a@x@y.example", "a@-x-.example", "a\n@x.example", "a@x.example\x00",
    "<script>@x.example>", "a" * 250 + "@x.example", "a@" + "x" * 260, 1, ["a@x.example"], {}])
def test_C1_addresses_that_are_none(c, email):
    r = c.post("/v1/contacts", {"email": email})
    assert r.status_code in (400, 422)
    if r.status_code == 422:
        assert [e["pointer"] for e in r.json()["errors"]] == ["/email"]


@pytest.mark.parametrize("email", ["{}+tag@sub.x.example", "{}o'brien@x.example", "{}@xn--bcher-kva.example", "{}_-@x.example", "{}@bücher.example"])
def test_C1_addresses_that_are_some(c, email):
    email = email.format(unique())
    assert make(c, email=email)["email"] == email


@pytest.mark.parametrize("text", ["Zoë", "Ørsted", "李小龍", "🎉 party", "O'Brien; DROP TABLE contact", "<b>&\"'", "\u202eright", "a" * 200, "%_\\", "=1+1"])
def test_C1_names_come_back_as_they_were(c, text):
    made = make(c, last_name=text, first_name=text, email=address())
    assert (made["last_name"], made["first_name"]) == (text, text)
    assert c.ok("GET", f"/v1/contacts/{made['public_id']}")["last_name"] == text


def test_C1_too_long_is_named(c):
    e = c.refused(422, "invalid", "POST", "/v1/contacts", {"first_name": "a" * 201, "phone": "1" * 61, "tags": ["x" * 61]})
    assert [x["pointer"] for x in e["errors"]] == ["/first_name", "/phone", "/tags/0"]
    c.refused(422, "invalid", "POST", "/v1/contacts", {"last_name": "x", "tags": [str(i) for i in range(101)]})
    c.refused(422, "invalid", "POST", "/v1/contacts", {"last_name": "a\u0007b"})


def test_C1_merge_patch(c):
    one = make(c, email=address(), first_name="A", title="T", tags=["x", "y"])
    path = f"/v1/contacts/{one['public_id']}"
    two = c.ok("PATCH", path, {"first_name": "B", "title": None, "tags": ["y", "z"]})
    assert (two["first_name"], two["title"], two["tags"], two["email"]) == ("B", None, ["y", "z"], one["email"])
    assert two["updated_at"] > one["updated_at"] and two["created_at"] == one["created_at"]
    tag = c.get(path).headers["ETag"]
    assert c.ok("PATCH", path, {}) == two and c.get(path).headers["ETag"] == tag, "nothing sent, nothing changed"
    assert c.ok("PATCH", path, {"first_name": "B"}) == two and c.get(path).headers["ETag"] == tag, "the same again is no change"
    for read_only in ("public_id", "suppressed", "created_at", "consent_at", "archived_at", "account"):
        e = c.refused(422, "invalid", "PATCH", path, {read_only: two[read_only]})
        assert [x["pointer"] for x in e["errors"]] == [f"/{read_only}"]


# ── duplicates ──

def test_C1_a_duplicate_links_to_the_other(c):
    email = address()
    one = make(c, email=email)
    for again in (email, email.upper(), f"  {email} "):
        assert c.refused(409, "duplicate", "POST", "/v1/contacts", {"email": again})["existing"] == one["public_id"]
    two = make(c, email=address())
    e = c.refused(409, "duplicate", "PATCH", f"/v1/contacts/{two['public_id']}", {"email": email.upper(), "title": "no"})
    assert e["existing"] == one["public_id"]
    assert c.ok("GET", f"/v1/contacts/{two['public_id']}")["title"] is None, "nothing of it was done"
    c.ok("PATCH", f"/v1/contacts/{one['public_id']}", {"email": email.upper()})  # one's own is no duplicate


def test_C1_twenty_at_once_make_one(c):
    email = address("race")

    def send(_):
        return Client(c.stack).request("POST", "/v1/contacts", json={"email": email}, headers={"Authorization": c.session.headers["Authorization"]})

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert sorted(r.status_code for r in answers) == [201] + [409] * 19
    made = next(r.json()["public_id"] for r in answers if r.status_code == 201)
    assert {r.json()["existing"] for r in answers if r.status_code == 409} == {made}


def test_C1_the_same_address_in_two_workspaces(api):
    email = address()
    make(api("owner"), email=email), make(api("owner", 1), email=email)


# ── archiving and erasure ──

def test_C7_archive_and_restore(c):
    one = make(c, email=address(), last_name=unique("n"), tags=[unique("t")])
    path = f"/v1/contacts/{one['public_id']}"
    gone = c.ok("POST", f"{path}/archive")
    assert gone["archived_at"] and c.ok("GET", path) == gone
    assert c.ok("POST", f"{path}/archive")["archived_at"] == gone["archived_at"], "twice is once"
    tag = one["tags"][0]
    assert one["public_id"] not in [x["public_id"] for x in c.pages("/v1/contacts", tag=tag)]
    assert one["public_id"] in [x["public_id"] for x in c.pages("/v1/contacts", archived="true", limit=200)]
    assert c.refused(409, "duplicate", "POST", "/v1/contacts", {"email": one["email"]})["existing"] == one["public_id"]
    back = c.ok("POST", f"{path}/restore")
    assert back["archived_at"] is None
    assert [x["public_id"] for x in c.pages("/v1/contacts", tag=tag)] == [one["public_id"]]
    assert c.ok("POST", f"{path}/restore")["archived_at"] is None
    assert [e["kind"] for e in c.pages(f"{path}/timeline") if e["kind"] in ("archived", "restored")] == ["restored", "archived"]


def test_C7_thirty_days_after_archiving_it_is_too_late(c, stack, workspaces):
    path = f"/v1/contacts/{Things(c).archived()}"
    assert 1 == stack.edit(workspaces[0].tenant, "UPDATE pact.contact SET archived_at = now() - interval '31 days' WHERE id = %s", (path[-36:],))
    c.refused(409, "conflict", "POST", f"{path}/restore")


def rows_with(db, needle):
    """Every row of every table that shows a text, in whatever type it is kept."""
    db.execute("SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('pact', 'directory', 'app') AND c.relkind = 'r' AND a.attnum > 0 "
        "AND NOT a.attisdropped")
    found = []
    for schema, table, column, kind in db.fetchall():
        text = f"encode({column}, 'escape')" if kind == "bytea" else f"{column}::text"
        db.execute(f'SELECT count(*) FROM {schema}."{table}" WHERE strpos(lower({text}), %s) > 0', (needle.lower(),))
        if db.fetchone()[0]:
            found.append(f"{schema}.{table}.{column}")
    return found


def test_C7_erased_means_nothing_is_left(api, db, workspaces):
    """Fields, activities, consent history, stored answers, audit values: no table shows the person any more."""
    c = api("owner")
    needle = unique("erase")
    key = c.ok("POST", "/v1/custom-fields", {"label": unique("f")})["key"]
    body = {"email": f"{needle}@people.example", "first_name": needle, "last_name": needle + "son", "phone": "+47 900 11 222", "title": needle,
        "tags": [needle], "custom": {key: needle}, "consent_status": "confirmed", "consent_evidence": {"page": needle}}
    one = c.ok("POST", "/v1/contacts", body, headers={"Idempotency-Key": unique("k")})["public_id"]
    path = f"/v1/contacts/{one}"
    c.ok("PATCH", path, {"title": needle + " II"})
    c.ok("POST", "/v1/activities", {"contact_id": one, "kind": "note", "subject": needle, "body": f"Spoke with {needle}"},
        headers={"Idempotency-Key": unique("k")})
    c.ok("POST", f"{path}/consent", {"status": "declined", "evidence": {"mail": needle}}, headers={"Idempotency-Key": unique("k")})
    c.ok("POST", f"{path}/archive")
    assert len(rows_with(db, needle)) > 5, "the search finds what is there"
    c.ok("DELETE", path)
    assert rows_with(db, needle) == []
    for verb, sub in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/restore"), ("GET", "/consent"), ("GET", "/timeline"), ("GET", "/export")):
        c.refused(404, "not-found", verb, path + sub, {} if verb == "PATCH" else None)
    db.execute("SELECT kind FROM pact.contact_event WHERE contact_id = %s ORDER BY id DESC LIMIT 1", (one,))
    assert db.fetchone() == ("erasure_executed",)
    db.execute("SELECT actor_email, old, new FROM pact.audit_event WHERE action = 'contact.erase' AND resource_id = %s", (one,))
    assert db.fetchall() == [(c.user.email, None, None)], "who erased stays, what was erased does not"


def test_C7_an_erased_address_stays_suppressed(api):
    c = api("owner")
    email = address("again")
    one = make(c, email=email, consent_status="confirmed")
    c.ok("DELETE", f"/v1/contacts/{one['public_id']}")
    two = make(c, email=email.upper(), consent_status="confirmed")
    assert two["public_id"] != one["public_id"]
    assert (two["consent_status"], two["suppressed"]) == ("declined", True), "whatever is sent"
    e = c.refused(422, "consent-required", "POST", f"/v1/contacts/{two['public_id']}/consent", {"status": "confirmed", "evidence":
        {"at": "2999-01-01T00:00:00Z", "page": "x"}})
    assert e["consent_status"] == "declined"
    # and whoever gets the address by a change
    three = make(c, email=address(), consent_status="confirmed")
    c.ok("DELETE", f"/v1/contacts/{two['public_id']}")
    assert c.ok("PATCH", f"/v1/contacts/{three['public_id']}", {"email": email})["consent_status"] == "declined"


def test_C7_erasing_one_leaves_the_others_alone(api):
    c = api("owner")
    acc = Things(c).account()
    a, b = make(c, email=address(), account_id=acc), make(c, email=address(), account_id=acc)
    note = c.ok("POST", "/v1/activities", {"contact_id": b["public_id"], "account_id": acc, "kind": "note", "subject": "stays"})
    c.ok("DELETE", f"/v1/contacts/{a['public_id']}")
    assert c.ok("GET", f"/v1/contacts/{b['public_id']}") == b
    assert c.ok("GET", f"/v1/activities/{note['public_id']}")["subject"] == "stays"
    assert c.ok("GET", f"/v1/accounts/{acc}")["contacts"] == 1


# ── lists ──

NAMES = [("Ada", "Berg"), ("ada", "berg"), ("Åse", "Dahl"), ("", "Dahl"), ("Élodie", "D'Arc"), ("Zoe", "van Zee"), ("李", "小龍"), ("Bo", "")]


@pytest.fixture(scope="module")
def crowd(own):
    acc = Things(own).account()
    made = []
    for i in range(26):
        first, last = NAMES[i % len(NAMES)]
        fields = {"first_name": first or None, "last_name": last or f"{MARK}{i}", "account_id": acc if i % 2 else None, "tags": ["all"] + ["odd"] * (i % 2),
            "consent_status": ("confirmed", "pending", "declined")[i % 3]}
        made.append(make(own, **fields, **({"email": f"{MARK}{25 - i:02d}@list.example"} if i % 4 else {})))
    for x in made[:3]:
        own.ok("POST", f"/v1/contacts/{x['public_id']}/archive")
    return acc, made[:3], made[3:]


def ids(items):
    return [x["public_id"] for x in items]


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
@pytest.mark.parametrize("sort", ["created_at", "-created_at", "name", "email"])
def test_C1_every_order_pages_without_gap_or_repeat(own, crowd, sort, limit):
    _, _, live = crowd
    got = ids(own.pages("/v1/contacts", limit, sort=sort))
    assert sorted(got) == sorted(ids(live))
    if sort == "created_at":
        assert got == ids(live)
    elif sort == "-created_at":
        assert got == ids(live)[::-1]
    elif sort == "email":
        with_address = [x for x in live if x["email"]]
        assert got[:len(with_address)] == ids(sorted(with_address, key=lambda x: x["email"].lower())), "those without an address come last"
    else:
        rows = {x["public_id"]: ((x["last_name"] or "").lower(), (x["first_name"] or "").lower(), x["public_id"]) for x in live}
        assert got == sorted(rows, key=rows.get)


def test_C1_the_default_order_is_newest_first(own, crowd):
    assert ids(own.pages("/v1/contacts")) == ids(crowd[2])[::-1]


FILTERS = {"consent_status": "pending", "tag": "odd", "archived": "true", "q": "ber"}
ALONE = [{}, {"consent_status": "pending"}, {"tag": "odd"}, {"archived": "true"}, {"account_id": "ACC"}, {"q": "berg"}, {"q": "berg", "consent_status": "pending"}]


@pytest.mark.parametrize("sort", [None, "created_at", "-created_at"])
@pytest.mark.parametrize("filters", ALONE, ids=lambda f: "+".join(f) or "none")
def test_C1_filters_that_are_offered(own, crowd, filters, sort):
    acc, archived, live = crowd
    params = {k: acc if v == "ACC" else v for k, v in filters.items()} | ({"sort": sort} if sort else {})
    want = archived if "archived" in filters else live
    if "consent_status" in filters:
        want = [x for x in want if x["consent_status"] == filters["consent_status"]]
    if "tag" in filters:
        want = [x for x in want if filters["tag"] in x["tags"]]
    if "account_id" in filters:
        want = [x for x in want if x["account_id"] == acc]
    if "q" in filters:
        want = [x for x in want if "berg" in f"{x['first_name']} {x['last_name']}".lower()]
    assert want
    for limit in (2, 200):
        assert ids(own.pages("/v1/contacts", limit, **params)) == ids(want)[::1 if sort == "created_at" else -1]
    page = own.ok("GET", "/v1/contacts", params=params | {"count": "true", "limit": 1})
    assert page["total"] == len(want) and not page.get("total_is_estimate")


def test_C1_combinations_that_no_index_serves_are_not_offered(own, crowd):
    offers = [{"q", "consent_status"}]
    values = FILTERS | {"account_id": crowd[0]}
    for a, b in itertools.combinations(values, 2):
        r = own.get("/v1/contacts", params={a: values[a], b: values[b]})
        if {a, b} in offers:
            assert r.status_code == 200
        else:
            assert (r.status_code, r.json()["type"]) == (422, "/problems/not-offered") and "consent_status" in r.json()["detail"], (a, b)
    for name, sort in itertools.product(values, ("name", "email")):
        own.refused(422, "not-offered", "GET", "/v1/contacts", params={name: values[name], "sort": sort})
    own.refused(422, "invalid", "GET", "/v1/contacts", params={"sort": "title"})


@pytest.mark.parametrize("q, n", [("berg", 6), ("BERG", 6), ("ada b", 6), ("dahl", 6), ("åse", 3), ("ÅSE", 3), ("élodie", 3), ("d'arc", 3), ("%", 0), ("_", 0),
    ("\\", 0), ("be%rg", 0), ("van zee", 3), ("小", 3), ("nobody at all", 0), ("' OR 1=1", 0), ("list.example", 0)])
def test_C1_search(own, crowd, q, n):
    """Counts are of 26 rows, the first three archived, eight names in turn."""
    live = crowd[2]
    folded = q.lower()
    want = [x for x in live if folded in f"{x['first_name'] or ''} {x['last_name'] or ''}".lower() or (x["email"] or "").lower().startswith(folded)]
    got = own.pages("/v1/contacts", 2, q=q)
    assert sorted(ids(got)) == sorted(ids(want))
    assert (len(got) > 0) == (n > 0)


def test_C1_search_by_the_beginning_of_an_address(own, crowd):
    for x in crowd[2]:
        if x["email"]:
            assert ids(own.pages("/v1/contacts", q=x["email"].upper()[:len(MARK) + 3])) == [x["public_id"]]


def test_C1_short_searches_page_through_every_part(own, crowd):
    """One or two letters come in the order of what matches: address, last name, first name; each contact once."""
    for q in ("z", "b", "d", "a", MARK[:2], "@"):
        got = ids(own.pages("/v1/contacts", 1, q=q))
        assert len(got) == len(set(got)) and got == ids(own.pages("/v1/contacts", 200, q=q)), q


def test_C1_pages_stay_put_while_others_write(stack, make_workspace):
    """Added and erased rows neither repeat nor hide a row that was there all along."""
    c = Client(stack).login(make_workspace(roles=()).users["owner"])
    stay = [make(c, last_name=f"m{i:02d}", email=address())["public_id"] for i in range(12)]
    for sort in ("-created_at", "created_at", "name", "email"):
        doomed = [make(c, last_name=f"m{i:02d}x", email=address())["public_id"] for i in range(4)]
        got, after = [], None
        while True:
            page = c.ok("GET", "/v1/contacts", params={"sort": sort, "limit": 3} | ({"after": after} if after else {}))
            got += ids(page["items"])
            make(c, last_name="a", email=address("a"))
            make(c, last_name="z", email=address("z"))
            if doomed:
                c.ok("DELETE", f"/v1/contacts/{doomed.pop()}")
            after = page["next"]
            if after is None or len(got) > 60:
                break
        assert sorted(x for x in got if x in stay) == sorted(stay), sort
        assert len(got) == len(set(got)), sort
        for x in c.pages("/v1/contacts", 200):
            if x["public_id"] not in stay:
                c.ok("DELETE", f"/v1/contacts/{x['public_id']}")


def test_C1_totals_are_exact_to_ten_thousand(stack, make_workspace):
    """10,300 contacts, the first 600 archived, half of the others pending."""
    w = make_workspace(roles=())
    c = Client(stack).login(w.users["owner"])
    acc = Things(c).account()
    conn = stack.db()
    cur = conn.cursor()
    cur.execute("SET session_replication_role = replica")
    cur.execute("INSERT INTO pact.contact (tenant_id, last_name, tags, account_id, consent_status, consent_source, archived_at) SELECT %s, 'Total', '{t}', %s, "
        "CASE WHEN i %% 2 = 0 THEN 'pending' ELSE 'confirmed' END, 'api', CASE WHEN i <= 600 THEN now() END FROM generate_series(1, 10300) i", (w.tenant, acc))
    tags = "INSERT INTO pact.contact_tag (tenant_id, tag, contact_id) SELECT tenant_id, 't', id FROM pact.contact WHERE tenant_id = %s AND archived_at IS NULL ON CONFLICT DO NOTHING"
    cur.execute(tags, (w.tenant,))
    cur.execute("ANALYZE pact.contact, pact.contact_tag")
    for live, params in ((9700, {}), (9700, {"tag": "t"}), (9700, {"account_id": acc}), (4850, {"consent_status": "pending"}), (9700, {"q": "total"}),
            (600, {"archived": "true"}), (4850, {"q": "total", "consent_status": "pending"})):
        page = c.ok("GET", "/v1/contacts", params=params | {"count": "true", "limit": 1})
        assert page["total"] == live and not page.get("total_is_estimate"), params
    cur.execute("UPDATE pact.contact SET archived_at = NULL WHERE tenant_id = %s", (w.tenant,))
    cur.execute(tags, (w.tenant,))
    cur.execute("ANALYZE pact.contact")
    for params in ({}, {"tag": "t"}, {"account_id": acc}, {"q": "total"}):
        page = c.ok("GET", "/v1/contacts", params=params | {"count": "true", "limit": 1})
        assert page["total_is_estimate"] and 5000 < page["total"] < 21000, params
    conn.close()


def test_C1_a_cursor_of_another_order_is_an_error(own, crowd):
    cursor = own.ok("GET", "/v1/contacts", params={"sort": "name", "limit": 1})["next"]
    own.refused(422, "invalid", "GET", "/v1/contacts", params={"sort": "created_at", "after": cursor})
    inside = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    bad = base64.urlsafe_b64encode(("x" + inside[1:]).encode()).decode().rstrip("=")
    own.refused(422, "invalid", "GET", "/v1/contacts", params={"sort": "name", "after": bad})


# ── tags, custom fields ──

def test_tags_in_use(own, crowd):
    assert {"all", "odd"} <= {t["tag"] for t in own.pages("/v1/tags", 1)}
    one = make(own, last_name="x", tags=["once"])
    assert "once" in [t["tag"] for t in own.pages("/v1/tags")]
    own.ok("PATCH", f"/v1/contacts/{one['public_id']}", {"tags": []})
    assert "once" not in [t["tag"] for t in own.pages("/v1/tags")]
    own.ok("DELETE", f"/v1/contacts/{one['public_id']}")


def test_custom_fields(own):
    f = own.ok("POST", "/v1/custom-fields", {"label": "Favourite colour"})
    assert f["key"] == "favourite_colour"
    own.refused(409, "conflict", "POST", "/v1/custom-fields", {"label": "Favourite  Colour!"})
    own.refused(422, "invalid", "POST", "/v1/custom-fields", {"label": "x", "key": "Bad Key"})
    assert f in own.pages("/v1/custom-fields", 1)
    one = make(own, last_name="x", custom={"favourite_colour": "green"})
    path = f"/v1/contacts/{one['public_id']}"
    assert one["custom"] == {"favourite_colour": "green"}
    own.ok("POST", "/v1/custom-fields", {"label": "Shoe", "key": "shoe"})
    assert own.ok("PATCH", path, {"custom": {"shoe": "43"}})["custom"] == {"favourite_colour": "green", "shoe": "43"}
    assert own.ok("PATCH", path, {"custom": {"favourite_colour": None}})["custom"] == {"shoe": "43"}, "RFC 7396"
    assert own.ok("PATCH", path, {"custom": None})["custom"] == {}
    e = own.refused(422, "invalid", "PATCH", path, {"custom": {"no/such": "x"}})
    assert [x["pointer"] for x in e["errors"]] == ["/custom/no~1such"]
    own.refused(422, "invalid", "PATCH", path, {"custom": {"shoe": 43}})
    own.ok("DELETE", path)
