# SPDX-License-Identifier: GPL-3.0-or-later
"""A11: API keys, shown once, kept as SHA-256, no more than their roles and their user allow, revoked at once."""
import base64
import hashlib
import secrets
import uuid

import pytest
from client import Client
from samples import SAMPLES, Things, call
from stack import ROLES, ROUTES, address, is_scim, slug, unique
from test_matrix import pattern

SESSION = sorted(k for k, op in ROUTES.items() if op["x-pact-door"] == "session")
# what a key must not do even where its roles would let a person
PERSONS_ONLY = {"POST /v1/api-keys", "PATCH /v1/api-keys/{id}"}


@pytest.fixture
def house(make_workspace, login):
    w = make_workspace()
    w.c = {role: login(user) for role, user in w.users.items()}
    return w


@pytest.fixture
def keyed(stack):
    """keyed(client, "viewer"): a client with a new key of that person's."""
    def make(owner, *roles, **more):
        made = owner.ok("POST", "/v1/api-keys", {"name": unique("key"), "roles": list(roles)} | more)
        c = with_key(stack, made["key"])
        c.user, c.id = owner.user, made["public_id"]
        return c

    return make


def with_key(stack, text):
    c = Client(stack)
    c.session.headers["Authorization"] = "Bearer " + text
    return c


def parts(text):
    raw = base64.urlsafe_b64decode(text.removeprefix("pact_") + "==")
    return uuid.UUID(bytes=raw[:16]), uuid.UUID(bytes=raw[16:32]), raw[32:]


def text_of(tenant, key, secret):
    return "pact_" + base64.urlsafe_b64encode(tenant.bytes + key.bytes + secret).decode().rstrip("=")


def test_A11_a_key_is_shown_once_and_kept_as_sha256(house, db, stack):
    owner = house.c["owner"]
    made = owner.post("/v1/api-keys", {"name": "Nightly", "roles": ["member", "viewer"]}, headers={"Idempotency-Key": unique("once")})
    key, tenant, i, secret = made.json(), *parts(made.json()["key"])
    assert made.status_code == 201 and made.headers["Location"] == f"/v1/api-keys/{key['public_id']}"
    assert (str(tenant), str(i), len(secret)) == (house.tenant, key["public_id"], 32)
    assert key["key"].startswith(key["starts_with"]) and len(key["starts_with"]) == 47
    assert (key["name"], key["roles"], key["user"]["email"]) == ("Nightly", ["member", "viewer"], house.users["owner"].email)
    assert (key["expires_at"], key["last_used_at"]) == (None, None)
    for answer in (owner.get(made.headers["Location"]), owner.get("/v1/api-keys")):
        assert key["key"] not in answer.text and "key" not in answer.json().get("items", [answer.json()])[0]
    db.execute("SELECT to_jsonb(k) ->> 'secret_sha256' FROM pact.api_key k WHERE id = %s", (key["public_id"],))
    assert db.fetchone()[0] == "\\x" + hashlib.sha256(secret).hexdigest()
    db.execute("SELECT count(*) FROM pact.idempotency WHERE tenant_id = %s", (house.tenant,))
    assert db.fetchone()[0] == 0, "an answer with a secret is never stored"
    logs = "".join(p.read_text(errors="replace") for p in (stack.dir / "log").glob("**/*") if p.is_file())
    assert key["key"][-20:] not in logs


def test_A11_a_key_acts_for_its_user_and_the_log_says_which(house, keyed, db):
    key = keyed(house.c["owner"], "member")
    c = key.ok("POST", "/v1/contacts", {"email": address(), "last_name": unique("n"), "consent_status": "confirmed"})
    assert c["consent_source"] == "api"
    db.execute("SELECT actor_kind, actor_id, actor_email, key_id FROM pact.audit_event WHERE resource_id = %s", (c["public_id"],))
    me = house.users["owner"]
    assert db.fetchall() == [("api_key", uuid.UUID(me.id), me.email, uuid.UUID(key.id))]
    (event,) = house.c["owner"].ok("GET", "/v1/audit/events", params={"resource_id": c["public_id"]})["items"]
    assert (event["actor_kind"], event["key_id"]) == ("api_key", key.id)
    csv = house.c["owner"].get("/v1/audit/export", params={"resource_id": c["public_id"]}).text.splitlines()
    assert csv[0].endswith(",request_id,key_id") and csv[1].endswith("," + key.id)
    house.c["owner"].ok("PATCH", f"/v1/contacts/{c['public_id']}", {"title": "Dr"})
    db.execute("SELECT actor_kind, key_id FROM pact.audit_event WHERE resource_id = %s ORDER BY id DESC LIMIT 1", (c["public_id"],))
    assert db.fetchone() == ("user", None)


def test_A11_work_that_is_done_later_is_the_keys_too(house, keyed, db):
    key = keyed(house.c["owner"], "admin")
    key.user = house.users["owner"]
    things = Things(key)
    i = things.upload()
    things.wait_import(i, "done")
    db.execute("SELECT DISTINCT actor_kind, key_id, module FROM pact.audit_event WHERE tenant_id = %s AND action = 'import.finish'", (house.tenant,))
    assert db.fetchall() == [("api_key", uuid.UUID(key.id), "crm")]


def test_A11_a_wrong_key_is_nobody(house, keyed, stack, db):
    owner = house.c["owner"]
    good = keyed(owner, "viewer").session.headers["Authorization"].removeprefix("Bearer ")
    tenant, i, secret = parts(good)
    _, other, _ = parts(keyed(owner, "viewer").session.headers["Authorization"].removeprefix("Bearer "))
    expired, revoked = keyed(owner, "viewer"), keyed(owner, "viewer")
    stack.edit(house.tenant, "UPDATE pact.api_key SET expires_at = now() - interval '1 second' WHERE id = %s", (expired.id,))
    owner.ok("DELETE", f"/v1/api-keys/{revoked.id}")
    wrong = [text_of(tenant, i, secrets.token_bytes(32)), text_of(tenant, i, hashlib.sha256(secret).digest()), text_of(tenant, other, secret),
        text_of(tenant, uuid.uuid4(), secret), text_of(uuid.uuid4(), i, secret), good[:-1], good + "A", good + "=", good.removeprefix("pact_"),
        good.replace("pact_", "PACT_"), "pact_", "pact_" + "A" * 107, "pact_x",
        expired.session.headers["Authorization"].removeprefix("Bearer "), revoked.session.headers["Authorization"].removeprefix("Bearer ")]
    with_key(stack, good).ok("GET", "/v1/contacts")
    answers = set()
    for text in wrong:
        e = with_key(stack, text).get("/v1/contacts")
        assert (e.status_code, e.headers["WWW-Authenticate"]) == (401, "Bearer"), text
        answers.add(tuple(sorted((k, str(v)) for k, v in e.json().items() if k != "instance")))
    assert len(answers) == 1, "what is wrong with a key is not said"
    # nor is a key a cookie, and a header that is wrong is not made good by one
    c = Client(stack)
    c.session.headers["Cookie"] = "__Host-pact=" + good
    assert c.get("/v1/contacts").status_code == 401


def test_A11_a_key_comes_before_a_cookie(browser, keyed, api):
    c = browser("member")
    key = keyed(api("owner"), "viewer")
    c.ok("POST", "/v1/contacts", {"email": address()})
    del c.session.headers["Origin"]
    c.session.headers["Authorization"] = key.session.headers["Authorization"]
    # no same-origin check for a program; and it is the key that asks, which may not
    e = c.refused(403, "forbidden", "POST", "/v1/contacts", {"email": address()})
    assert "API key" in e["detail"]
    c.session.headers["Authorization"] = "Bearer pact_wrong"
    assert c.get("/v1/contacts").status_code == 401


def test_A11_revoking_and_suspending_work_at_once(house, keyed):
    owner, admin = house.c["owner"], house.c["admin"]
    key, other = keyed(admin, "viewer"), keyed(admin, "viewer")
    key.ok("GET", "/v1/contacts")
    owner.ok("DELETE", f"/v1/api-keys/{key.id}")
    key.refused(401, "unauthenticated", "GET", "/v1/contacts")
    other.ok("GET", "/v1/contacts")
    owner.ok("PATCH", f"/v1/users/{house.users['admin'].id}", {"status": "suspended"})
    other.refused(401, "unauthenticated", "GET", "/v1/contacts")
    owner.ok("PATCH", f"/v1/users/{house.users['admin'].id}", {"status": "active"})
    other.ok("GET", "/v1/contacts")
    owner.ok("DELETE", f"/v1/users/{house.users['admin'].id}")
    other.refused(401, "unauthenticated", "GET", "/v1/contacts")
    owner.refused(404, "not-found", "GET", f"/v1/api-keys/{other.id}")


def test_A11_a_suspended_workspace_takes_no_keys(house, keyed, stack):
    key = keyed(house.c["owner"], "viewer")
    stack.pactctl("workspace-suspend", house.slug)
    key.refused(403, "workspace-suspended", "GET", "/v1/contacts")
    stack.pactctl("workspace-resume", house.slug)
    key.ok("GET", "/v1/contacts")


def test_A11_a_key_has_what_its_roles_and_its_user_have_in_common(house, keyed, stack):
    owner, me = house.c["owner"], house.users["admin"].id
    key = keyed(house.c["admin"], "admin")
    key.ok("GET", "/v1/audit/events")
    key.ok("GET", "/v1/contacts")
    owner.ok("PATCH", f"/v1/users/{me}", {"roles": ["member"]})
    key.refused(403, "forbidden", "GET", "/v1/audit/events")
    key.ok("GET", "/v1/contacts")
    owner.ok("PATCH", f"/v1/users/{me}", {"roles": ["owner"]})
    key.ok("GET", "/v1/audit/events")
    # not more than its own roles either, whatever its user has become
    viewer = keyed(owner, "viewer")
    assert viewer.get("/v1/contacts").status_code == 200
    for method, path in (("POST", "/v1/contacts"), ("GET", "/v1/users"), ("GET", "/v1/audit/events"), ("GET", "/v1/settings/security")):
        viewer.refused(403, "forbidden", method, path, {} if method == "POST" else None)


def test_A11_nobody_makes_or_touches_a_key_that_may_do_more(house, keyed):
    owner, admin = house.c["owner"], house.c["admin"]
    for roles in (["owner"], ["viewer", "owner"]):
        admin.refused(403, "forbidden", "POST", "/v1/api-keys", {"name": "x", "roles": roles})
    mine = keyed(admin, "viewer")
    admin.refused(403, "forbidden", "PATCH", f"/v1/api-keys/{mine.id}", {"roles": ["owner"]})
    theirs, small = keyed(owner, "owner"), keyed(owner, "viewer")
    admin.refused(403, "forbidden", "PATCH", f"/v1/api-keys/{theirs.id}", {"name": "x"})
    admin.refused(403, "forbidden", "DELETE", f"/v1/api-keys/{theirs.id}")
    admin.ok("PATCH", f"/v1/api-keys/{small.id}", {"name": "renamed"})
    admin.ok("DELETE", f"/v1/api-keys/{small.id}")
    theirs.ok("GET", "/v1/contacts")


def test_A11_a_narrow_key_cannot_do_through_people_what_it_may_not_do_itself(house, keyed, stack):
    """The owner's key holds user.write and little else; the owner's own permissions do not lend it any."""
    owner = house.c["owner"]
    Things(owner).enterprise()
    owner.ok("POST", "/v1/roles", {"name": "people", "permissions": ["user.read", "user.write", "role.write", "key.write", "contact.read", "account.read", "activity.read"]})
    key = keyed(owner, "people")
    for roles in (["owner"], ["admin"], ["member"]):
        key.refused(403, "forbidden", "POST", "/v1/users/invite", {"email": address(), "roles": roles})
        key.refused(403, "forbidden", "PATCH", f"/v1/users/{house.users['viewer'].id}", {"roles": roles})
    key.ok("POST", "/v1/users/invite", {"email": address(), "roles": ["viewer"]}, status=(201,))
    key.refused(403, "forbidden", "PATCH", f"/v1/users/{house.users['owner'].id}", {"name": "x"})
    key.refused(403, "forbidden", "DELETE", f"/v1/users/{house.users['owner'].id}/totp")
    key.refused(403, "forbidden", "POST", "/v1/roles", {"name": "more", "permissions": ["contact.write"]})
    key.ok("POST", "/v1/roles", {"name": "less", "permissions": ["contact.read"]}, status=(201,))
    key.refused(403, "forbidden", "DELETE", f"/v1/api-keys/{keyed(owner, 'member').id}")
    key.ok("DELETE", f"/v1/api-keys/{keyed(owner, 'viewer').id}")


def test_A11_a_key_makes_no_keys_and_may_revoke_itself(house, keyed):
    key = keyed(house.c["owner"], "owner")
    e = key.refused(403, "forbidden", "POST", "/v1/api-keys", {"name": "x", "roles": ["viewer"]})
    assert "Log in" in e["detail"]
    key.refused(403, "forbidden", "PATCH", f"/v1/api-keys/{key.id}", {"expires_at": None})
    assert [k["public_id"] for k in key.pages("/v1/api-keys")] == [key.id]
    key.ok("DELETE", f"/v1/api-keys/{key.id}")
    key.refused(401, "unauthenticated", "GET", "/v1/api-keys")


def test_A11_changes_are_audited_without_the_secret(house, db):
    owner = house.c["owner"]
    made = owner.ok("POST", "/v1/api-keys", {"name": "first", "roles": ["viewer"], "expires_at": "2099-01-02T03:04:05Z"})
    path = f"/v1/api-keys/{made['public_id']}"
    assert made["expires_at"] == "2099-01-02T03:04:05.000Z"
    got = owner.ok("PATCH", path, {"name": "second", "roles": ["member"], "expires_at": None})
    assert (got["name"], got["roles"], got["expires_at"]) == ("second", ["member"], None)
    owner.ok("DELETE", path)
    db.execute("SELECT action, old, new FROM pact.audit_event WHERE resource_id = %s ORDER BY id", (made["public_id"],))
    events = db.fetchall()
    assert [a for a, _, _ in events if a.startswith("api_key.")] == ["api_key.create", "api_key.update", "api_key.delete"]
    assert [(a, (n or o)["role"]) for a, o, n in events if a.startswith("api_key_role.")] == [("api_key_role.create", "viewer"),
        ("api_key_role.delete", "viewer"), ("api_key_role.create", "member"), ("api_key_role.delete", "member")]
    update = next((o, n) for a, o, n in events if a == "api_key.update")
    assert update[0]["name"] == "first" and update[1] == {"name": "second", "expires_at": None}
    assert "sha256" not in str(events)


def test_A11_last_used_is_written_at_most_every_five_minutes(house, keyed, stack, db):
    key, owner = keyed(house.c["owner"], "viewer"), house.c["owner"]

    def row():
        db.execute("SELECT last_used_at, version, xmin::text FROM pact.api_key WHERE id = %s", (key.id,))
        return db.fetchone()

    assert row()[0] is None
    key.ok("GET", "/v1/contacts")
    first = row()
    assert first[0] is not None and owner.ok("GET", f"/v1/api-keys/{key.id}")["last_used_at"]
    key.ok("GET", "/v1/contacts")
    assert row() == first
    stack.edit(house.tenant, "UPDATE pact.api_key SET last_used_at = now() - interval '6 minutes' WHERE id = %s", (key.id,))
    tag = owner.get(f"/v1/api-keys/{key.id}").headers["ETag"]
    key.ok("GET", "/v1/contacts")
    assert row()[0] > first[0] and row()[1] == first[1], "that it was used does not move the version"
    owner.ok("PATCH", f"/v1/api-keys/{key.id}", {"name": "still the same"}, headers={"If-Match": tag})
    owner.refused(412, "precondition-failed", "PATCH", f"/v1/api-keys/{key.id}", {"name": "x"}, headers={"If-Match": tag})
    owner.refused(412, "precondition-failed", "DELETE", f"/v1/api-keys/{key.id}", headers={"If-Match": tag})


@pytest.mark.parametrize("body,pointer", [({"roles": ["viewer"]}, "/name"), ({"name": "x"}, "/roles"), ({"name": "x", "roles": []}, "/roles"),
    ({"name": "x", "roles": ["king"]}, "/roles"), ({"name": "x", "roles": ["viewer"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    ({"name": "x", "roles": ["viewer"], "expires_at": "soon"}, "/expires_at"), ({"name": "x", "roles": ["viewer"], "key": "mine"}, "/key"),
    ({"name": "x" * 101, "roles": ["viewer"]}, "/name")])
def test_A11_bad_keys(api, body, pointer):
    e = api("owner").refused(422, "invalid", "POST", "/v1/api-keys", body)
    assert e["errors"][0]["pointer"] == pointer


def test_A11_a_role_that_a_key_has_stays(house, keyed):
    owner = house.c["owner"]
    Things(owner).enterprise()
    role = owner.ok("POST", "/v1/roles", {"name": "robot", "permissions": ["contact.read"]})["public_id"]
    key = keyed(owner, "robot")
    e = owner.refused(409, "conflict", "DELETE", f"/v1/roles/{role}")
    assert "API key" in e["detail"]
    owner.ok("PATCH", f"/v1/roles/{role}", {"permissions": ["account.read"]})
    key.refused(403, "forbidden", "GET", "/v1/contacts")
    key.ok("GET", "/v1/accounts")
    owner.ok("DELETE", f"/v1/api-keys/{key.id}")
    owner.ok("DELETE", f"/v1/roles/{role}")


def test_A11_a_key_needs_no_second_factor_where_people_do(house, keyed, stack):
    owner = house.c["owner"]
    key = keyed(owner, "viewer")
    stack.edit(house.tenant, "UPDATE pact.tenant SET require_mfa = true WHERE tenant_id = app.tenant_id()", ())
    owner.refused(403, "mfa-required", "GET", "/v1/contacts")
    key.ok("GET", "/v1/contacts")


def test_A11_idempotency_keys_of_a_key_are_its_own(house, keyed):
    owner = house.c["owner"]
    one, two = keyed(owner, "member"), keyed(owner, "member")
    body, headers = {"email": address()}, {"Idempotency-Key": unique("idem")}
    first = one.post("/v1/contacts", body, headers=headers)
    again = one.post("/v1/contacts", body, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    one.refused(409, "idempotency-conflict", "POST", "/v1/contacts", {"email": address()}, headers=headers)
    assert two.post("/v1/contacts", {"email": address()}, headers=headers).status_code == 201


def test_A11_reading_the_log_by_a_key_is_an_event_of_its_own(house, keyed, db):
    keys = [keyed(house.c["owner"], "admin") for _ in range(2)]
    for c in (*keys, *keys, house.c["owner"]):
        c.ok("GET", "/v1/audit/events")
    db.execute("SELECT key_id::text FROM pact.audit_event WHERE tenant_id = %s AND action = 'audit.read'", (house.tenant,))
    assert sorted(db.fetchall(), key=str) == sorted([(k.id,) for k in keys] + [(None,)], key=str)


def test_A11_one_round_trip(keyed, api):
    key = keyed(api("owner"), "viewer")
    for _ in range(3):
        answer = key.get("/v1/contacts")
    assert 'desc="1"' in answer.headers["Server-Timing"]


@pytest.mark.parametrize("key", SESSION)
def test_A11_matrix(key, api, keyed, db):
    """Every route, by a key of the owner's with the role admin, and by one with viewer."""
    permission, sample = ROUTES[key]["x-pact-permission"], SAMPLES[key]
    for role in ("admin", "viewer"):
        if role == "viewer" and permission in ("self", "enrol"):
            continue
        c = keyed(api("owner"), role)
        answer = call(c, key, Things(api("owner")))
        if permission in ROLES[role] and key not in PERSONS_ONLY:
            assert answer.status_code == sample.status, answer.text
            continue
        assert answer.status_code == 403 and slug(answer) == "forbidden", answer.text
        if permission in ROLES[role]:
            continue
        assert is_scim(key) or answer.json()["permission"] == permission
        db.execute("SELECT actor_kind, key_id, new FROM pact.audit_event WHERE action = 'access.refused' AND request_id = %s",
            (answer.headers["X-Request-Id"],))
        assert db.fetchall() == [("api_key", uuid.UUID(c.id), {"route": pattern(key), "permission": permission})]


def test_A11_a_refusal_comes_before_a_complaint_about_the_input(keyed, api, db):
    c = keyed(api("owner"), "viewer")
    answer = c.post("/v1/contacts", {"no": "such"})
    assert answer.status_code == 403
    db.execute("SELECT key_id FROM pact.audit_event WHERE action = 'access.refused' AND request_id = %s", (answer.headers["X-Request-Id"],))
    assert db.fetchall() == [(uuid.UUID(c.id),)]
    c = keyed(api("owner"), "member")
    c.refused(422, "invalid", "POST", "/v1/contacts", {"no": "such"})


def test_A11_an_upload_by_a_key_passes_nginx(keyed, api):
    c = keyed(api("owner"), "member")
    assert Things(c).upload()
    c = keyed(api("owner"), "viewer")
    c.refused(403, "forbidden", "POST", "/v1/imports", data=b"Email\na@b.example\n", headers={"Content-Type": "text/csv"})
