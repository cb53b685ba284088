# SPDX-License-Identifier: GPL-3.0-or-later
"""What every route has in common: verbs, bodies, parameters, preconditions, idempotency, CSRF, round trips."""
import concurrent.futures
import json
import re
import uuid

import pytest
from client import Client, raw
from samples import SAMPLES, Things, call
from stack import ROUTES, address, is_scim, unique

READS = sorted(k for k, op in ROUTES.items() if op["x-pact-transaction"] == "read")
BODIES = sorted(k for k, op in ROUTES.items() if "requestBody" in op and not is_scim(k))
LISTS = sorted(k for k, op in ROUTES.items() if any(p["name"] == "after" for p in op["parameters"]))
PATHS = sorted({k.split(" ")[1] for k in ROUTES})
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture(scope="module")
def owner(api):
    return api("owner")


@pytest.fixture(scope="module")
def things(owner):
    return Things(owner)


def url(path):
    return path.replace("{id}", str(uuid.uuid4())).replace("{workspace}", "no-such-workspace")


# ── verbs ──

@pytest.mark.parametrize("path", PATHS)
def test_a_verb_not_offered_is_405_and_allow_says_what_is(path, owner):
    offered = {k.split(" ")[0] for k in ROUTES if k.split(" ")[1] == path}
    offered |= {"HEAD"} if "GET" in offered else set()
    # one path may be a value of another's parameter: POST /v1/contacts/export is nobody's, as /v1/contacts/{id} takes ids only
    for verb in set(VERBS) - offered:
        r = owner.request(verb, url(path), check=verb != "HEAD")
        assert r.status_code == 405, f"{verb} {path}: {r.text}"
        assert set(r.headers["Allow"].split(", ")) == offered


@pytest.mark.parametrize("key", [k for k in READS if k.startswith("GET")])
def test_head_is_get_without_a_body(key, owner, things):
    kw = SAMPLES[key].request(things)
    owner.get(**kw)  # looking at the log is itself in the log, once
    get, head = owner.get(**kw), owner.request("HEAD", **kw)
    assert head.status_code == get.status_code and head.content == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers.get(name) == get.headers.get(name), name


@pytest.mark.parametrize("path", ["/v1/contacts/", "/v1/contacts/x", "/v1/contacts//export", "/v1/contactsx", "/v1/contacts/../contacts/x",
    "/v1/contacts/%2e%2e", "/v1/contacts/" + "0" * 36, "/v1/contacts/" + str(uuid.uuid4()).upper(), "/v1/auth/nothing", "/v1/nothing", "/v1/"])
def test_no_such_path(path, owner):
    r = raw_get(owner, path)
    assert r.startswith(b"HTTP/1.1 404") and b"application/problem+json" in r, r[:200]


def raw_get(client, path):
    """Without a library's tidying of the path."""
    token = client.session.headers["Authorization"]
    return raw(client.stack, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n".encode())


# ── bodies ──

MALFORMED = {
    "nothing": b"", "truncated": b'{"email": "a@b.example"', "not JSON": b"email=a", "not UTF-8": b'{"email":"\xff\xfe@b.example"}',
    "a list": b"[]", "a number": b"1", "more after it": b"{} {}", "duplicate key": b'{"a":1,"a":2}', "NUL": b'{"a":"\\u0000"}',
    "lone surrogate": b'{"a":"\\ud800"}', "deep": b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "very deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "overlong UTF-8": b'{"a":"\xc0\xaf"}', "huge number": b'{"a":1e999999}',
}


@pytest.mark.parametrize("key", BODIES)
def test_malformed_bodies_are_refused(key, owner, things):
    good = SAMPLES[key].request(things)
    optional = not ROUTES[key]["requestBody"]["required"]
    for what, data in MALFORMED.items():
        if optional and not data:
            continue
        r = owner.request(key.split(" ")[0], good["path"], data=data, headers={"Content-Type": "application/json"})
        assert r.status_code == 400 and r.json()["type"] == "/problems/bad-request", f"{what}: {r.status_code} {r.text}"
        assert r.json().get("detail"), what


@pytest.mark.parametrize("key", BODIES)
def test_only_json_is_taken(key, owner, things):
    good = SAMPLES[key].request(things)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", None):
        r = owner.request(key.split(" ")[0], good["path"], data=json.dumps(good["json"]), headers={"Content-Type": kind})
        assert r.status_code == 415 and r.json()["type"] == "/problems/unsupported-media-type", f"{kind}: {r.text}"


@pytest.mark.parametrize("key", BODIES)
def test_an_unknown_member_is_an_error_with_a_pointer(key, owner, things):
    good = SAMPLES[key].request(things)
    r = owner.request(key.split(" ")[0], good["path"], json=good["json"] | {"tenant_id": str(uuid.uuid4()), "a/b~c": 1})
    assert r.status_code == 422 and r.json()["type"] == "/problems/invalid"
    assert {e["pointer"] for e in r.json()["errors"]} == {"/tenant_id", "/a~1b~0c"}


@pytest.mark.parametrize("key", BODIES)
def test_wrong_types_are_named_one_by_one(key, owner, things):
    good = SAMPLES[key].request(things)
    known = ROUTES[key]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    wrong = {name: [[1]] if s.get("type") != "array" and "array" not in s.get("type", []) else 1 for name, s in known.items()}
    r = owner.request(key.split(" ")[0], good["path"], json=wrong)
    assert r.status_code == 422
    assert {e["pointer"].split("/")[1] for e in r.json()["errors"]} == set(known)


def test_too_large_is_413_from_nginx_and_from_the_program(owner):
    for extra, status in ((1, 413), (0, 422)):
        data = b'{"x":"' + b"a" * (1048576 - 8 + extra) + b'"}'
        r = owner.request("POST", "/v1/contacts", data=data, headers={"Content-Type": "application/json"})
        assert r.status_code == status, r.text[:200]


def test_a_chunked_body_is_read(owner):
    data = json.dumps({"email": address()}).encode()
    r = owner.request("POST", "/v1/contacts", data=iter([data[:5], data[5:]]), headers={"Content-Type": "application/json"})
    assert r.status_code == 201, r.text


def test_merge_patch_has_its_own_media_type(owner, things):
    r = owner.request("PATCH", f"/v1/contacts/{things.contact()}", data=b'{"title":"Dr"}', headers={"Content-Type": "application/merge-patch+json"})
    assert r.status_code == 200 and r.json()["title"] == "Dr"


# ── parameters ──

@pytest.mark.parametrize("key", sorted(k for k in ROUTES if SAMPLES[k].request is not None and k.startswith("GET")))
def test_parameters_unknown_or_twice(key, owner, things):
    path = SAMPLES[key].request(things)["path"]
    sep = "&" if "?" in path else "?"
    r = owner.get(f"{path}{sep}tenant_id={uuid.uuid4()}")
    if is_scim(key):
        assert (r.status_code, r.json()["scimType"]) == (400, "invalidValue") and r.json()["detail"].startswith("/tenant_id: ")
        return
    # what a provider sends along is its own
    if not key.endswith("/callback"):
        assert r.status_code == 422 and [e["pointer"] for e in r.json()["errors"]] == ["/tenant_id"]
    for p in ROUTES[key]["parameters"]:
        if p["in"] == "query":
            r = owner.get(f"{path.split('?')[0]}?{p['name']}=1&{p['name']}=1")
            assert r.status_code == 422 and f"/{p['name']}" in [e["pointer"] for e in r.json()["errors"]], p["name"]


@pytest.mark.parametrize("query", ["%", "q=%zz", "q=%4", "limit=%00", "limit=%ff", "q=%c0%af", "&".join(f"a{i}=1" for i in range(65))])
def test_malformed_query_strings(query, owner):
    r = raw_get(owner, f"/v1/contacts?{query}")
    assert r.startswith(b"HTTP/1.1 400") and b"/problems/bad-request" in r, r[:300]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "x", "", "1e2", "99999999999999999999", "0x10", " 5", "+5"])
def test_limit_is_1_to_200(limit, owner):
    r = owner.get("/v1/contacts", params={"limit": limit})
    assert r.status_code == 422 and [e["pointer"] for e in r.json()["errors"]] == ["/limit"]


@pytest.mark.parametrize("key", LISTS)
def test_a_wrong_cursor_is_an_error_not_a_page(key, owner, things):
    path = SAMPLES[key].request(things)["path"]
    for cursor in ("x", "AAAA", "%00", "a" * 600, "Zm9v", "Zm9vH2Jhcg", "!!!!", "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwHx8fHx8"):
        if cursor == "Zm9v" and key in ("GET /v1/tags", "GET /v1/custom-fields", "GET /v1/users"):
            continue  # any text is a place in these
        r = owner.get(f"{path}{'&' if '?' in path else '?'}after={cursor}")
        if cursor == "%00":
            assert r.status_code == 400
        else:
            assert r.status_code == 422 and [e["pointer"] for e in r.json()["errors"]] == ["/after"], f"{cursor}: {r.text}"


# ── preconditions ──

ETAGS = ["contact", "account", "activity"]


def thing_url(things, what):
    return {"contact": "/v1/contacts/", "account": "/v1/accounts/", "activity": "/v1/activities/"}[what] + getattr(things, what)()


@pytest.mark.parametrize("what", ETAGS)
def test_etag_and_304(what, owner, things):
    path = thing_url(things, what)
    r = owner.get(path)
    tag = r.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f-]{36}-\d+(\.[0-9a-f]+)?"', tag) and r.headers["Cache-Control"] == "private, no-cache"
    for header in (tag, "W/" + tag, "*", f'"x", {tag}'):
        n = owner.get(path, headers={"If-None-Match": header})
        assert n.status_code == 304 and n.content == b"" and n.headers["ETag"] == tag, header
    for header in ('"x"', tag[:-1] + '0"', tag.strip('"')):
        assert owner.get(path, headers={"If-None-Match": header}).status_code == 200, header


@pytest.mark.parametrize("what", ETAGS)
def test_if_match(what, owner, things):
    path = thing_url(things, what)
    change = {"contact": {"title": "a"}, "account": {"phone": "1"}, "activity": {"body": "a"}}[what]
    old = owner.get(path).headers["ETag"]
    r = owner.patch(path, change, headers={"If-Match": old})
    assert r.status_code == 200 and r.headers["ETag"] != old
    other = {k: v + "b" for k, v in change.items()}
    for stale in (old, '"x"', "x", "W/" + r.headers["ETag"], old[:-2] + '9999"', f'"{uuid.uuid4()}-1"'):
        owner.refused(412, "precondition-failed", "PATCH", path, other, headers={"If-Match": stale})
        owner.refused(412, "precondition-failed", "DELETE", path, headers={"If-Match": stale})
    assert owner.get(path).headers["ETag"] == r.headers["ETag"], "nothing was changed"
    assert owner.patch(path, other, headers={"If-Match": "*"}).status_code == 200
    owner.ok("DELETE", path, headers={"If-Match": owner.get(path).headers["ETag"]})
    owner.refused(404, "not-found", "PATCH", path, change, headers={"If-Match": old})


def test_if_match_of_the_settings(make_workspace, login):
    c = login(make_workspace(roles=()).users["owner"])
    tag = c.get("/v1/settings/privacy").headers["ETag"]
    c.ok("PATCH", "/v1/settings/privacy", {"default_consent_policy": "declined"}, headers={"If-Match": tag})
    c.refused(412, "precondition-failed", "PATCH", "/v1/settings/privacy", {"default_consent_policy": "pending"}, headers={"If-Match": tag})
    assert c.ok("GET", "/v1/settings/privacy")["default_consent_policy"] == "declined"


def test_two_writers_with_one_etag_only_one_wins(owner, things, api):
    path = f"/v1/contacts/{things.contact()}"
    tag = owner.get(path).headers["ETag"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda i: Client(owner.stack).request("PATCH", path, json={"title": str(i)},
            headers={"If-Match": tag, "Authorization": owner.session.headers["Authorization"]}).status_code, range(8)))
    assert sorted(got) == [200] + [412] * 7


# ── Idempotency-Key ──

def keyed(key):
    return {"headers": {"Idempotency-Key": key}}


def test_idempotency_replays_the_same_bytes(owner):
    body, key = {"email": address()}, unique("key")
    first = owner.post("/v1/contacts", body, **keyed(key))
    again = owner.post("/v1/contacts", body, **keyed(key))
    assert first.status_code == again.status_code == 201
    assert again.content == first.content and again.headers["Idempotency-Replayed"] == "true"
    for h in ("Location", "ETag", "Content-Type"):
        assert again.headers[h] == first.headers[h]
    assert "Idempotency-Replayed" not in first.headers


def test_idempotency_key_with_another_body_conflicts(owner, api):
    key, email = unique("key"), address()
    owner.ok("POST", "/v1/contacts", {"email": email}, **keyed(key))
    owner.refused(409, "idempotency-conflict", "POST", "/v1/contacts", {"email": address()}, **keyed(key))
    # another route, another person: another key
    owner.ok("POST", "/v1/accounts", {"name": "x"}, **keyed(key))
    api("admin").refused(409, "duplicate", "POST", "/v1/contacts", {"email": email}, **keyed(key))


def test_idempotency_of_a_refusal_is_not_kept(owner):
    key = unique("key")
    owner.refused(422, "invalid", "POST", "/v1/accounts", {"name": ""}, **keyed(key))
    owner.ok("POST", "/v1/accounts", {"name": "x"}, **keyed(key))


def test_idempotency_of_something_in_flight(owner, db, workspaces, stack):
    """Somebody else holds the claim: the lock that app.idempotency_begin() takes."""
    key, body = unique("key"), {"name": "x"}
    conn = stack.db()
    conn.cursor().execute("SELECT pg_advisory_lock(hashtextextended(concat_ws(E'\\x1f', %s, %s, 'POST /v1/accounts', %s), 0))",
        (workspaces[0].tenant, owner.user.id, key))
    r = owner.post("/v1/accounts", body, **keyed(key))
    assert r.status_code == 409 and r.json()["type"] == "/problems/in-progress" and int(r.headers["Retry-After"]) > 0
    conn.cursor().execute("SELECT pg_advisory_unlock_all()")  # a connection that is closed lets go a little later
    conn.close()
    owner.ok("POST", "/v1/accounts", body, **keyed(key))


def test_idempotency_twenty_at_once_make_one(owner):
    key, body = unique("key"), {"name": unique("once")}

    def send(_):
        return Client(owner.stack).request("POST", "/v1/accounts", json=body, headers={"Idempotency-Key": key,
            "Authorization": owner.session.headers["Authorization"]})

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert {r.status_code for r in answers} <= {201, 409}
    assert {r.json()["type"] for r in answers if r.status_code == 409} <= {"/problems/in-progress"}
    assert len({r.json()["public_id"] for r in answers if r.status_code == 201}) == 1
    assert len(owner.pages("/v1/accounts", q=body["name"])) == 1


def test_idempotency_key_too_long(owner):
    assert owner.post("/v1/accounts", {"name": "x"}, **keyed("k" * 201)).status_code == 400
    assert owner.post("/v1/accounts", {"name": "x"}, **keyed("k" * 200)).status_code == 201


# ── request ids, round trips ──

def test_every_request_has_an_id_of_our_own(owner):
    seen = {owner.get("/v1/tags", headers={"X-Request-Id": "f" * 32}).headers["X-Request-Id"] for _ in range(5)}
    assert len(seen) == 5 and "f" * 32 not in seen


@pytest.mark.parametrize("key", READS)
def test_a_read_is_one_round_trip(key, owner, things):
    kw = SAMPLES[key].request(things)
    trips = set()
    # the first request of a process also looks at the schema's version: whichever process answers, warm is soon met
    for _ in range(8):
        r = owner.request("GET", **kw)
        trips.add(int(re.search(r'db;dur=[\d.]+;desc="(\d+)"', r.headers["Server-Timing"])[1]))
        if 1 in trips:
            return
    assert trips == {1}


def test_a_counted_list_is_one_round_trip(owner):
    trips = [int(re.search(r'desc="(\d+)"', owner.get("/v1/contacts?count=true").headers["Server-Timing"])[1]) for _ in range(8)]
    assert min(trips) == 1


# ── CSRF ──

def cookie_post(c, **headers):
    # None takes a header of the session's away
    return c.request("POST", "/v1/accounts", json={"name": "x"}, headers=headers).status_code


def test_csrf_a_cookie_needs_our_own_origin(browser, base_url):
    c = browser("member")
    assert cookie_post(c, Origin=base_url) == 201
    assert cookie_post(c, Origin=None, **{"Sec-Fetch-Site": "same-origin"}) == 201
    for headers in ({"Origin": None}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": base_url.replace("https", "http")},
            {"Origin": base_url + ".evil.example"}, {"Origin": base_url, "Sec-Fetch-Site": "cross-site"},
            {"Origin": None, "Sec-Fetch-Site": "same-site"}, {"Origin": None, "Sec-Fetch-Site": "cross-site"}):
        assert cookie_post(c, **headers) == 403, headers
    assert c.request("GET", "/v1/accounts", headers={"Origin": None, "Sec-Fetch-Site": "cross-site"}).status_code == 200
    c.refused(403, "csrf", "POST", "/v1/auth/logout", headers={"Origin": "https://evil.example"})
    assert c.get("/v1/auth/session").status_code == 200


def test_csrf_nobody_is_logged_in_from_elsewhere(anonymous, workspaces):
    u = workspaces[0].users["viewer"]
    anonymous.refused(403, "csrf", "POST", "/v1/auth/login", {"email": u.email, "password": u.password}, headers={"Origin": "https://evil.example"})


def test_csrf_does_not_meet_programs(owner):
    assert cookie_post(owner) == 201


def test_csrf_a_bad_bearer_does_not_fall_back_to_the_cookie(browser):
    c = browser("member")
    assert c.request("GET", "/v1/auth/session", headers={"Authorization": "Bearer x"}).status_code == 401


def test_no_answer_is_shared_with_other_origins(owner):
    r = owner.get("/v1/contacts", headers={"Origin": "https://evil.example"})
    assert not [h for h in r.headers if h.lower().startswith("access-control-")]
    assert r.headers["Cache-Control"] == "no-store"
