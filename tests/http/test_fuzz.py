# SPDX-License-Identifier: GPL-3.0-or-later
"""No input is worth a 5xx: made-up JSON for every body, made-up parameters for every list, made-up paths and headers."""
import json
import os

import hypothesis
import pytest
from client import Client
from hypothesis import strategies as st
from samples import SAMPLES, Things
from stack import ROUTES, Contract, is_scim

BODIES = sorted(k for k, op in ROUTES.items() if "requestBody" in op and not is_scim(k))
GETS = sorted(k for k in ROUTES if k.startswith("GET"))
settings = hypothesis.settings(max_examples=int(os.environ.get("PACT_FUZZ_EXAMPLES", "30")), deadline=None, derandomize=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck))

text = st.text(max_size=30) | st.sampled_from(["", " ", "a@b.example", "\x00", "\ud800", "\U0010ffff", "\x1f", "\u202e", "'", "\\", "%", "=1", "null", "0", "-1", "NaN",
    "infinity", "2026-02-29T00:00:00Z", "2026-12-31T23:59:60Z", "2999-12-31T23:59:59+14:00", "1900-01-01T00:00:00-23:59", "294277-01-01T00:00:00Z", "x" * 5000,
    "01890000-0000-7000-8000-000000000000", "epoch", "{}", "confirmed", "declined", "note", "task"])
scalar = st.none() | st.booleans() | st.integers(-2**70, 2**70) | st.floats(allow_nan=False, allow_infinity=False) | text
anything = st.recursive(scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=5)


@pytest.fixture(scope="module")
def c(make_workspace, stack):
    """A workspace that may end up in any state."""
    return Client(stack).login(make_workspace(roles=()).users["owner"])


def shaped(schema):
    """What a schema asks for, more or less."""
    kind = schema.get("type", [])
    kind = kind if isinstance(kind, list) else [kind]
    options = [anything]
    if "enum" in schema:
        options += [st.sampled_from([v for v in schema["enum"] if v])] * 3
    elif "array" in kind:
        options += [st.lists(shaped(schema.get("items", {})), max_size=3)] * 3
    elif "object" in kind and "properties" in schema:
        options += [members(schema)] * 3
    elif "object" in kind:
        options += [st.dictionaries(text, text | st.none(), max_size=3)] * 3
    elif "integer" in kind:
        options += [st.integers(-2, 300)] * 3
    elif "boolean" in kind:
        options += [st.booleans()] * 3
    elif "string" in kind:
        options += [text] * 3
    return st.one_of(*options)


def members(schema):
    return st.fixed_dictionaries({}, optional={name: shaped(s) for name, s in schema["properties"].items()})


def send(c, method, path, **kw):
    r = c.request(method, path, check=False, **kw)
    assert r.status_code < 500, f"{method} {path}: {r.status_code} {r.text}"
    if r.status_code >= 400:
        Contract.check_problem(r)
    return r


@pytest.mark.parametrize("key", BODIES)
def test_any_json_is_answered(key, c):
    schema = ROUTES[key]["requestBody"]["content"]["application/json"]["schema"]
    path = SAMPLES[key].request(Things(c))["path"]
    if key == "POST /v1/auth/password":
        schema = {"properties": {k: s for k, s in schema["properties"].items() if k == "new_password"}}  # this session is still needed

    @settings
    @hypothesis.given(members(schema) | st.dictionaries(text, anything, max_size=3) | anything)
    def run(body):
        send(c, key.split(" ")[0], path, data=json.dumps(body), headers={"Content-Type": "application/json"})

    run()
    assert c.get("/v1/auth/session").status_code == 200


scim_names = st.sampled_from(["userName", "externalId", "active", "displayName", "name", "formatted", "givenName", "familyName", "emails", "value", "type", "primary", "members",
    "groups", "id", "meta", "Operations", "op", "path", "name.givenName", "urn:ietf:params:scim:schemas:core:2.0:User:userName", "schemas"]) | text
scim_values = scalar | st.sampled_from(["add", "Replace", "remove", "members", "work", "True", "a@b.example", 'members[value eq "x"]', 'emails[type eq "work"].value', "name.familyName"])
scim_anything = st.recursive(scim_values, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(scim_names, inner, max_size=4), max_leaves=8)
scim_operation = st.fixed_dictionaries({"op": st.sampled_from(["add", "replace", "remove", "Add", "x"])}, optional={"path": scim_names | scim_values, "value": scim_anything})


@pytest.mark.parametrize("key", sorted(k for k, op in ROUTES.items() if "requestBody" in op and is_scim(k)))
def test_any_scim_is_answered(key, c):
    path = SAMPLES[key].request(Things(c))["path"]

    @settings
    @hypothesis.given(st.dictionaries(scim_names, scim_anything, max_size=6) | st.fixed_dictionaries({"Operations": st.lists(scim_operation, max_size=4)}) | anything)
    def run(body):
        send(c, key.split(" ")[0], path, data=json.dumps(body), headers={"Content-Type": "application/scim+json"})

    run()


@pytest.mark.parametrize("key", GETS)
def test_any_parameters_are_answered(key, c):
    path = SAMPLES[key].request(Things(c))["path"].split("?")[0]
    known = {p["name"]: p["schema"] for p in ROUTES[key]["parameters"] if p["in"] == "query"}
    value = st.text(st.characters(blacklist_categories=("Cs",)), max_size=30) | st.sampled_from(["", "0", "1", "true", "-created_at", "2026-01-01T00:00:00Z", "\x00", "%", "_",
        "ber", "é", "😀", "\x1f", "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw", "01890000-0000-7000-8000-000000000000", "confirmed", "json", "csv"])

    @settings
    @hypothesis.given(st.dictionaries(st.sampled_from(sorted(known)) if known else value, value, max_size=4))
    def run(params):
        send(c, "GET", path, params=params)

    run()


def test_any_path_is_answered(c):
    words = st.sampled_from(["v1", "contacts", "accounts", "auth", "export", "..", ".", "", "%2e%2e", "%00", "%ff", "healthz", "metrics", "u", "t", "c",
        "01890000-0000-7000-8000-000000000000", "problems", "_problem", "500", "_may_import"]) | st.text("abc%/?#;\\é ", max_size=6)

    @settings
    @hypothesis.given(st.lists(words, max_size=5), st.sampled_from(["GET", "POST", "DELETE", "PATCH", "PUT", "OPTIONS"]))
    def run(parts, method):
        r = c.request(method, "/" + "/".join(parts), check=False)
        assert r.status_code < 500, r.text

    run()


def test_any_header_is_answered(c):
    value = st.text(st.characters(min_codepoint=32, max_codepoint=255, blacklist_characters="\x7f"), max_size=60).map(str.strip) | st.sampled_from(
        ["Bearer", "Bearer ", "Bearer a.b.c", "*", '"', '""', 'W/', '"x"', "__Host-pact=", "__Host-pact=a.b.c; __Host-pact=d", "k" * 300, "application/json; charset=",
            "multipart/form-data; boundary=", "null"])
    names = st.sampled_from(["Authorization", "Cookie", "If-Match", "If-None-Match", "Idempotency-Key", "Content-Type", "Origin", "Sec-Fetch-Site", "User-Agent", "Accept",
        "Range", "X-Forwarded-For", "Forwarded", "Accept-Encoding"])
    contact = Things(c).contact()

    @settings
    @hypothesis.given(st.dictionaries(names, value, max_size=4), st.sampled_from([("PATCH", f"/v1/contacts/{contact}"), ("GET", f"/v1/contacts/{contact}"), ("POST", "/v1/contacts"),
        ("POST", "/v1/auth/refresh"), ("POST", "/v1/imports"), ("GET", "/v1/contacts/export")]))
    def run(headers, target):
        r = c.request(*target, check=False, data=b"{}", headers={k: v.encode("latin-1") for k, v in headers.items()})
        assert r.status_code < 500, r.text

    run()


@pytest.mark.parametrize("user_agent", [b"\xff\xfe", b"\xc3\x28", b"a\tb", b"x" * 4000, "Zoë 🎉".encode()])
def test_a_strange_user_agent_logs_in(user_agent, stack, make_user):
    """It is stored with the session, so it must become text."""
    u = make_user()
    r = Client(stack).request("POST", "/v1/auth/login", json={"email": u.email, "password": u.password, "session": "bearer"}, headers={"User-Agent": user_agent})
    assert r.status_code == 200, r.text
    devices = Client(stack).ok("GET", "/v1/auth/sessions", headers={"Authorization": "Bearer " + r.json()["access_token"]})
    assert len(devices["items"]) == 1
