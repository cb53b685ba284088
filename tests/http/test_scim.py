# SPDX-License-Identifier: GPL-3.0-or-later
"""SCIM 2.0 as identity providers send it: Okta, Entra ID, and what nobody should send."""
import concurrent.futures
import re
import socket
import ssl
import time
import urllib.parse
import uuid

import pytest
from client import Client, new_ip
from samples import Things
from stack import address, unique
from test_keys import with_key

USERS, GROUPS = "/scim/v2/Users", "/scim/v2/Groups"
URN = "urn:ietf:params:scim:"
ENTERPRISE = URN + "schemas:extension:enterprise:2.0:User"
JSON = "application/scim+json"


class Provider:
    """An identity provider: a key of the workspace, and bodies as SCIM's."""

    def __init__(self, stack, owner, *roles):
        made = owner.ok("POST", "/v1/api-keys", {"name": unique("idp"), "roles": list(roles)})
        self.c, self.key = with_key(stack, made["key"]), made["public_id"]
        self.c.session.headers["Content-Type"] = JSON

    def ok(self, method, path, body=None, status=None, **kw):
        r = self.c.request(method, path, json=body, **kw)
        assert r.status_code in ((status,) if status else (200, 201, 204)), f"{method} {path}: {r.status_code} {r.text}"
        return r.json() if r.content else None

    def refused(self, status, kind, method, path, body=None, **kw):
        r = self.c.request(method, path, json=body, **kw)
        assert (r.status_code, r.json().get("scimType")) == (status, kind), f"{method} {path}: {r.status_code} {r.text}"
        return r.json()["detail"]

    def find(self, what, value, where=USERS):
        return self.ok("GET", where, params={"filter": f'{what} eq "{value}"'})["Resources"]

    def create(self, **more):
        name = more.pop("userName", None) or address("scim")
        return self.ok("POST", USERS, {"schemas": [URN + "schemas:core:2.0:User"], "userName": name,
            "emails": [{"primary": True, "value": name, "type": "work"}], "active": True} | more, 201)

    def patch(self, path, *ops, **kw):
        return self.ok("PATCH", path, {"schemas": [URN + "api:messages:2.0:PatchOp"], "Operations": list(ops)}, **kw)

    def group(self, name, *members):
        return self.ok("POST", GROUPS, {"schemas": [URN + "schemas:core:2.0:Group"], "displayName": name, "members": [{"value": m} for m in members]}, 201)


@pytest.fixture
def house(make_workspace, login):
    w = make_workspace()
    w.c = {role: login(user) for role, user in w.users.items()}
    return w


@pytest.fixture
def okta(stack, house):
    return Provider(stack, house.c["owner"], "owner")


@pytest.fixture
def weak(stack, house):
    """A key that may look after people, but not do what owners may."""
    return Provider(stack, house.c["owner"], "admin")


@pytest.fixture
def maps(house, stack):
    """maps("Sales", "member"): the group stands for the role, as the owner would say in the settings."""
    def put(group, role):
        stack.edit(house.tenant, "INSERT INTO pact.group_role (tenant_id, group_name, role_id) SELECT r.tenant_id, %s, r.id FROM pact.role r "
            "WHERE r.tenant_id = app.tenant_id() AND r.name = %s", (group, role))

    return put


def roles(house, i):
    client = house if isinstance(house, Client) else house.c["owner"]
    return client.ok("GET", f"/v1/users/{i}")["roles"]


def actions(db, i, *columns):
    db.execute(f"SELECT action{''.join(', ' + c for c in columns)} FROM pact.audit_event WHERE resource_id = %s ORDER BY id", (i,))
    return db.fetchall()


# ── as Okta does it ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_okta_provisions_deactivates_and_reactivates_somebody(house, okta, db, stack):
    name = address("okta")
    assert okta.find("userName", name) == []
    r = okta.c.post(USERS, {"schemas": [URN + "schemas:core:2.0:User"], "userName": name, "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": True, "value": name, "type": "work"}], "displayName": "Ada Lovelace", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [], "password": "1mz050nq", "active": True})
    made = r.json()
    assert r.status_code == 201 and r.headers["Content-Type"] == JSON
    assert r.headers["Location"] == made["meta"]["location"] == f"{stack.base}{USERS}/{made['id']}"
    assert r.headers["ETag"] == made["meta"]["version"] and "password" not in r.text and "locale" not in r.text
    assert (made["userName"], made["externalId"], made["active"], made["displayName"]) == (name, "00ujl29u0le5T6Aj10h7", True, "Ada Lovelace")
    assert made["name"] == {"formatted": "Ada Lovelace", "givenName": "Ada", "familyName": "Lovelace"}
    assert made["emails"] == [{"value": name, "type": "work", "primary": True}]
    here = house.c["owner"].ok("GET", f"/v1/users/{made['id']}")
    assert (here["status"], here["email"], here["name"], here["roles"], here["scim"]) == ("active", name, "Ada Lovelace", [], True)
    db.execute("SELECT (SELECT count(*) FROM pact.user_password p WHERE p.user_id = %(i)s), (SELECT count(*) FROM directory.login l WHERE l.user_id = %(i)s)",
        {"i": made["id"]})
    assert db.fetchone() == (0, 1), "no password; the address is known to the login page"

    # Okta reads it back, then updates by PUT, then deactivates by PATCH
    path = f"{USERS}/{made['id']}"
    assert okta.ok("GET", path) == made and [u["id"] for u in okta.find("userName", name.upper())] == [made["id"]]
    changed = okta.ok("PUT", path, made | {"name": {"givenName": "Ada", "familyName": "King"}, "displayName": "Ada King", "nickName": "x"})
    assert changed["name"]["familyName"] == "King" and changed["displayName"] == "Ada King"
    assert okta.ok("PATCH", path, {"schemas": [URN + "api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "value": {"active": False}}]})["active"] is False
    assert house.c["owner"].ok("GET", f"/v1/users/{made['id']}")["status"] == "suspended"
    assert okta.ok("PUT", path, changed | {"active": True})["active"] is True
    okta.ok("DELETE", path, status=204)
    okta.refused(404, None, "GET", path)
    okta.refused(404, None, "DELETE", path)
    got = [a for (a,) in actions(db, made["id"])]
    assert {"user.create", "scim_user.create", "user.update", "scim_user.update", "user.delete"} <= set(got)
    db.execute("SELECT DISTINCT actor_kind, key_id, actor_email FROM pact.audit_event WHERE resource_id = %s", (made["id"],))
    assert db.fetchall() == [("api_key", uuid.UUID(okta.key), house.users["owner"].email)]


def test_okta_takes_over_who_is_here_already(house, okta):
    member = house.users["member"]
    (found,) = okta.find("userName", member.email)
    assert found["id"] == member.id and "externalId" not in found
    okta.refused(409, "uniqueness", "POST", USERS, {"userName": member.email})
    okta.refused(409, "uniqueness", "POST", USERS, {"userName": unique("n"), "emails": [{"value": member.email.upper()}]})
    got = okta.ok("PUT", f"{USERS}/{member.id}", {"userName": member.email, "externalId": "00u1", "active": True, "name": {"givenName": "M", "familyName": "B"}})
    assert (got["externalId"], got["emails"][0]["value"]) == ("00u1", member.email)
    assert roles(house, member.id) == ["member"], "what somebody was given here stays"
    house.c["member"].ok("GET", "/v1/contacts")
    assert house.c["owner"].ok("GET", f"/v1/users/{member.id}")["scim"] is True


def test_okta_pushes_groups(house, okta, maps, db):
    maps("Sales", "member")
    maps("Bosses", "admin")
    one, two = okta.create()["id"], okta.create()["id"]
    assert okta.find("displayName", "Sales", GROUPS) == []
    sales = okta.group("Sales", one)
    assert [m["value"] for m in sales["members"]] == [one] and roles(house, one) == ["member"]
    path = f"{GROUPS}/{sales['id']}"
    okta.patch(path, {"op": "add", "path": "members", "value": [{"value": two, "display": "x"}]}, status=204)
    okta.patch(path, {"op": "remove", "path": f'members[value eq "{one}"]'}, status=204)
    assert roles(house, one) == [] and roles(house, two) == ["member"]
    got = okta.ok("GET", f"{USERS}/{two}")
    assert [(g["value"], g["display"]) for g in got["groups"]] == [(sales["id"], "Sales")]
    # a rename is another name: roles follow it
    okta.patch(path, {"op": "replace", "value": {"id": sales["id"], "displayName": "Bosses"}}, status=204)
    assert roles(house, two) == ["admin"]
    okta.ok("PUT", path, {"displayName": "Sales", "members": [{"value": one}, {"value": two}]})
    assert roles(house, one) == roles(house, two) == ["member"]
    okta.ok("PUT", path, {"displayName": "Sales"})
    assert roles(house, one) == roles(house, two) == []
    okta.patch(path, {"op": "replace", "path": "members", "value": [{"value": one}]}, status=204)
    okta.ok("DELETE", path, status=204)
    assert roles(house, one) == []
    okta.refused(404, None, "GET", path)
    # the trail: who was put into which group, by which key
    got = actions(db, one, "coalesce(new, old) ->> 'group'", "coalesce(new, old) ->> 'role'", "key_id")
    assert got.count(("scim_group_member.create", "Sales", None, uuid.UUID(okta.key))) == 3
    assert ("user_role.create", None, "member", uuid.UUID(okta.key)) in got and ("scim_group_member.delete", "Sales", None, uuid.UUID(okta.key)) in got


def test_members_taken_out_one_by_one_cost_as_much_as_together(house, okta, stack):
    stack.edit(house.tenant, "INSERT INTO pact.user_account (tenant_id, email) SELECT app.tenant_id(), 'm' || n || '@many.example' FROM generate_series(1, 4000) n", ())
    ids = [u["id"] for start in range(1, 4000, 200) for u in okta.ok("GET", USERS, params={"startIndex": start, "count": 200, "attributes": "id"})["Resources"]]
    path = f"{GROUPS}/{okta.group(unique('large'), *ids)['id']}"
    took = {"one by one": [], "together": []}
    for _ in range(3):
        for how, ops in (("one by one", [{"op": "remove", "path": f'members[value eq "{i}"]'} for i in ids[:1000]]),
                ("together", [{"op": "Remove", "path": "members", "value": [{"value": i} for i in ids[:1000]]}])):
            start = time.monotonic()
            okta.patch(path, *ops, status=204)
            took[how].append(time.monotonic() - start)
            assert [m["value"] for m in okta.ok("GET", path)["members"]] == sorted(ids[1000:])
            okta.patch(path, *[{"op": "add", "path": "members", "value": [{"value": i}]} for i in ids[:1000]], status=204)
    assert min(took["one by one"]) < 10 * min(took["together"]), took  # 1.3 times; with a list for each, 80


# ── as Entra ID does it ──────────────────────────────────────────────────────────────────────────────────────────────
def test_entra_provisions_changes_and_deactivates_somebody(house, okta, stack):
    upn = address("upn")
    assert okta.ok("GET", USERS, params={"filter": f'userName eq "{uuid.uuid4()}"'}) == {"schemas": [URN + "api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}
    made = okta.ok("POST", USERS, {"schemas": [URN + "schemas:core:2.0:User", ENTERPRISE], "externalId": "58342554-38d6-4ec8-948c-50044d0a33fd",
        "userName": upn, "active": True, "emails": [{"primary": True, "type": "work", "value": upn}], "meta": {"resourceType": "User"},
        "name": {"formatted": "given family", "familyName": "family", "givenName": "given"}, ENTERPRISE: {"department": "bob"}, "title": "VP"}, 201)
    path = f"{USERS}/{made['id']}"
    (found,) = okta.find("externalId", "58342554-38d6-4ec8-948c-50044d0a33fd")
    assert found["id"] == made["id"] and made["displayName"] == "given family"
    # PATCH in Entra's words: capitals, a string for a boolean, values that nobody here knows
    got = okta.patch(path, {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"}, {"op": "Add", "path": "displayName", "value": "Given Updated"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "d"}, {"op": "Replace", "path": 'addresses[type eq "work"].country', "value": "NO"},
        {"op": "Add", "value": {"title": "CEO", f"{ENTERPRISE}:employeeNumber": "1"}}, {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"value": "2"}]})
    assert got["name"]["familyName"] == "updatedFamilyName" and got["displayName"] == "Given Updated"
    got = okta.patch(path, {"op": "Replace", "value": {"name.givenName": "New", "displayName": "New Name", f"{URN}schemas:core:2.0:User:externalId": "e2"}})
    assert (got["name"]["givenName"], got["displayName"], got["externalId"]) == ("New", "New Name", "e2")
    assert okta.patch(path, {"op": "Replace", "path": "active", "value": "False"})["active"] is False
    assert house.c["owner"].ok("GET", f"/v1/users/{made['id']}")["status"] == "suspended"
    assert okta.patch(path, {"op": "Replace", "path": "active", "value": "True"})["active"] is True
    assert okta.patch(path, {"op": "Remove", "path": "externalId"}, {"op": "remove", "path": "name.givenName"}).get("externalId") is None
    # an address of another kind is another address
    assert okta.patch(path, {"op": "replace", "path": 'emails[type eq "home"].value', "value": "private@people.example"})["emails"][0]["value"] == upn
    assert okta.patch(path, {"op": "replace", "path": 'emails[type eq "work"].value', "value": upn.upper()})["emails"][0]["value"] == upn.upper()
    # and the same without a path, where brackets are in the names of members
    got = okta.patch(path, {"op": "Add", "value": {'emails[type eq "work"].value': upn, 'emails[type eq "home"].value': "private@people.example",
        'phoneNumbers[type eq "mobile"].value': "1", 'addresses[type eq "work"]': {"country": "NO"}, "displayName": "Third Name"}})
    assert (got["emails"][0]["value"], got["displayName"]) == (upn, "Third Name")


def test_entra_pushes_groups(house, okta, maps):
    maps("Staff", "viewer")
    one, two, three = (okta.create()["id"] for _ in range(3))
    group = okta.ok("POST", GROUPS, {"schemas": [URN + "schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "Staff", "meta": {"resourceType": "Group"}}, 201)
    path = f"{GROUPS}/{group['id']}"
    assert "members" not in okta.ok("GET", path, params={"excludedAttributes": "members"})
    (found,) = okta.ok("GET", GROUPS, params={"excludedAttributes": "members", "filter": 'displayName eq "staff"'})["Resources"]
    assert found["id"] == group["id"] and "members" not in found and found["externalId"] == "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"
    okta.patch(path, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": one}, {"$ref": None, "value": two}]}, {"op": "Add", "path": "members",
        "value": [{"value": three}]}, status=204)
    assert [roles(house, i) for i in (one, two, three)] == [["viewer"]] * 3
    # a removal with values, which RFC 7644 does not know
    okta.patch(path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": one}, {"value": str(uuid.uuid4())}]}, status=204)
    assert [m["value"] for m in okta.ok("GET", path)["members"]] == sorted([two, three]) and roles(house, one) == []
    assert len(okta.ok("GET", GROUPS, params={"filter": f'id eq "{group["id"]}" and members[value eq "{two}"]'})["Resources"]) == 1
    assert okta.ok("GET", GROUPS, params={"filter": f'id eq "{group["id"]}" and members eq "{one}"'})["Resources"] == []
    okta.patch(path, {"op": "Remove", "path": "members"}, status=204)
    assert okta.ok("GET", path)["members"] == [] and roles(house, two) == []
    assert okta.ok("GET", path, params={"attributes": "displayName"}) == {"schemas": [URN + "schemas:core:2.0:Group"], "id": group["id"], "displayName": "Staff"}


# ── what it means here ───────────────────────────────────────────────────────────────────────────────────────────────
def test_deactivation_ends_sessions_at_once(house, okta, stack):
    member = house.users["member"]
    house.c["member"].ok("GET", "/v1/contacts")
    okta.patch(f"{USERS}/{member.id}", {"op": "replace", "path": "active", "value": False})
    house.c["member"].refused(401, "session-ended", "GET", "/v1/contacts")
    body = {"email": member.email, "password": member.password, "workspace": house.slug, "session": "bearer"}
    Client(stack).refused(401, "wrong-credentials", "POST", "/v1/auth/login", body)
    okta.patch(f"{USERS}/{member.id}", {"op": "replace", "path": "active", "value": True})
    house.c["member"].refused(401, "session-ended", "GET", "/v1/contacts")
    Client(stack).ok("POST", "/v1/auth/login", body)


def test_nobody_is_touched_who_may_do_more_than_the_key(house, weak, maps, db):
    owner, path = house.users["owner"], f"{USERS}/{house.users['owner'].id}"
    for method, body in (("PUT", {"userName": owner.email, "active": False}), ("DELETE", None),
            ("PATCH", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
            ("PATCH", {"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]})):
        weak.refused(403, None, method, path, body)
    house.c["owner"].ok("GET", "/v1/contacts")
    # nor through a group: neither given more than the key has, nor taken what it has not
    maps("Owners", "owner")
    maps("Viewers", "viewer")
    some = weak.create()["id"]
    assert "more" in weak.refused(403, None, "POST", GROUPS, {"displayName": "Owners", "members": [{"value": some}]})
    g = weak.group("Renamed", some)
    weak.refused(403, None, "PATCH", f"{GROUPS}/{g['id']}", {"Operations": [{"op": "replace", "path": "displayName", "value": "Owners"}]})
    assert roles(house, some) == []
    # the owner may be in a group that changes nothing for them
    viewers = weak.group("Viewers", some, owner.id)
    assert roles(house, some) == ["viewer"] and "owner" in roles(house, owner.id)
    weak.patch(f"{GROUPS}/{viewers['id']}", {"op": "remove", "path": "members"}, status=204)
    assert "owner" in roles(house, owner.id)
    db.execute("SELECT count(*) FROM pact.scim_group WHERE tenant_id = %s AND display_name = 'Owners'", (house.tenant,))
    assert db.fetchone() == (0,)


def test_an_owner_by_a_group_is_not_taken_away_by_a_weaker_key(house, okta, weak, maps):
    maps("Owners", "owner")
    i = okta.create()["id"]
    g = okta.group("Owners", i)
    assert roles(house, i) == ["owner"]
    for body in ({"op": "remove", "path": "members"}, {"op": "replace", "path": "displayName", "value": "Nobody"}):
        weak.refused(403, None, "PATCH", f"{GROUPS}/{g['id']}", {"Operations": [body]})
    weak.refused(403, None, "DELETE", f"{GROUPS}/{g['id']}")
    assert roles(house, i) == ["owner"]
    okta.ok("DELETE", f"{GROUPS}/{g['id']}", status=204)
    assert roles(house, i) == []


def test_the_last_owner_stays(house, stack, maps):
    """Also where the key is of another person who has as much."""
    owner = house.c["owner"]
    Things(owner).enterprise()
    everything = owner.ok("GET", "/v1/auth/session")["permissions"]
    owner.ok("POST", "/v1/roles", {"name": "all", "permissions": everything})
    owner.ok("PATCH", f"/v1/users/{house.users['admin'].id}", {"roles": ["all"]})
    idp = Provider(stack, house.c["admin"], "all")
    me = house.users["owner"].id
    idp.refused(409, None, "PATCH", f"{USERS}/{me}", {"Operations": [{"op": "replace", "path": "active", "value": False}]})
    idp.refused(409, None, "DELETE", f"{USERS}/{me}")
    idp.refused(409, None, "PATCH", f"{USERS}/{house.users['admin'].id}", {"Operations": [{"op": "replace", "value": {"active": "false"}}]})
    # nor by a group that stood for the role
    maps("Owners", "owner")
    g = idp.group("Owners", me)
    idp.patch(f"{GROUPS}/{g['id']}", {"op": "remove", "path": "members"}, status=204)
    assert roles(house, me) == ["owner"]
    owner.ok("GET", "/v1/contacts")


def test_A9_an_owner_whom_a_group_made_counts_once_there_is_a_way_in(house, okta, stack, maps):
    """Somebody new has no password: while no connection takes their address, an owner who is only listed is not the one who stays."""
    owner, me, domain = house.c["owner"], house.users["owner"].id, f"{unique('d')}.example"
    maps("Owners", "owner")
    i = okta.create(userName=f"chief@{domain}")["id"]
    okta.group("Owners", i)
    assert roles(house, i) == ["owner"]
    for body in ({"roles": ["admin"]}, {"roles": ["owner"], "status": "suspended"}):
        owner.refused(409, "conflict", "PATCH", f"/v1/users/{me}", body)
    owner.ok("PATCH", f"/v1/users/{house.users['admin'].id}", {"roles": ["owner"]})
    off = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    by_admin = Provider(stack, house.c["admin"], "owner")
    by_admin.ok("PATCH", f"{USERS}/{me}", off)
    by_admin.ok("PATCH", f"{USERS}/{me}", {"Operations": [{"op": "replace", "path": "active", "value": True}]})
    # the group gives the role to who has it by hand, too; out of it, whoever is needed keeps it
    g = by_admin.find("displayName", "Owners", GROUPS)[0]["id"]
    by_admin.patch(f"{GROUPS}/{g}", {"op": "add", "path": "members", "value": [{"value": house.users["admin"].id}]}, status=204)
    house.c["admin"].ok("PATCH", f"/v1/users/{me}", {"roles": ["viewer"]})
    by_admin.patch(f"{GROUPS}/{g}", {"op": "remove", "path": f'members[value eq "{house.users["admin"].id}"]'}, status=204)
    assert roles(house.c["admin"], house.users["admin"].id) == ["owner"] == roles(house.c["admin"], i)
    # by single sign-on that works, for an address that is the workspace's own, they come in
    Things(house.c["admin"]).connection()
    house.c["admin"].refused(409, "conflict", "PATCH", f"/v1/users/{house.users['admin'].id}", {"roles": ["admin"]})
    stack.edit(house.tenant, "INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), %s, 'x', now())", (domain,))
    house.c["admin"].ok("PATCH", f"/v1/users/{house.users['admin'].id}", {"roles": ["admin"]})


def test_members_follow_when_the_owner_maps_their_groups(house, okta, db):
    """Groups come first, what they stand for is said later; and unsaid."""
    owner = house.c["owner"]
    Things(owner).connection()
    one, two = okta.create()["id"], okta.create()["id"]
    okta.group("Sales", one, two)
    okta.group("Field", two)
    say = lambda *pairs: owner.ok("PATCH", "/v1/settings/security", {"sso": {"role_mapping": [{"group": g, "role": r} for g, r in pairs]}})  # noqa: E731
    say(("Sales", "member"))
    assert roles(house, one) == roles(house, two) == ["member"]
    say(("Sales", "member"), ("Field", "member"))
    before = actions(db, two)
    say(("Field", "member"))
    assert roles(house, one) == [] and roles(house, two) == ["member"]
    assert actions(db, two) == before, "what another group still gives is not taken and given again"
    say(("Sales", "viewer"), ("Field", "member"))
    assert roles(house, one) == ["viewer"] and roles(house, two) == ["member", "viewer"]
    owner.ok("PATCH", f"/v1/users/{one}", {"roles": ["viewer", "admin"]})
    say(("Field", "viewer"))
    assert roles(house, one) == ["admin"], "what somebody was given by hand stays"
    assert roles(house, two) == ["viewer"]
    say()
    assert roles(house, two) == []


def test_groups_stand_for_no_more_than_who_says_so_may_do(house, okta):
    """A role of the workspace's own that may set single sign-on up is not an owner by a line in its settings."""
    owner, member = house.c["owner"], house.c["member"]
    Things(owner).enterprise()
    Things(owner).connection()
    owner.ok("POST", "/v1/roles", {"name": "identity", "permissions": ["settings.read", "settings.write", "sso.write", "user.read"]})
    owner.ok("PATCH", f"/v1/users/{member.user.id}", {"roles": ["identity", "viewer"]})
    okta.group("Staff", member.user.id)
    chiefs = okta.group("Chiefs", okta.create()["id"])
    say = "PATCH", "/v1/settings/security"
    owner.ok(*say, {"sso": {"role_mapping": [{"group": "Chiefs", "role": "owner"}]}})
    mine = {"group": "Staff", "role": "viewer"}
    for sso in ({"role_mapping": [{"group": "Chiefs", "role": "owner"}, {"group": "Staff", "role": "owner"}]},
                {"role_mapping": [mine]}, {"default_roles": ["admin"]}):
        member.refused(403, "forbidden", *say, {"sso": sso})
    assert roles(house, member.user.id) == ["identity", "viewer"] and roles(house, chiefs["members"][0]["value"]) == ["owner"]
    # what is theirs to say goes beside what an owner said
    member.ok(*say, {"sso": {"role_mapping": [{"group": "Chiefs", "role": "owner"}, mine], "default_roles": ["viewer"]}})


def test_new_people_get_the_roles_of_everybody_unless_the_key_may_not_give_them(house, okta, weak, maps):
    maps("", "viewer")
    assert roles(house, weak.create()["id"]) == ["viewer"]
    maps("", "owner")
    weak.refused(403, None, "POST", USERS, {"userName": address()})
    assert sorted(roles(house, okta.create()["id"])) == ["owner", "viewer"]


def test_an_address_moves_only_to_a_domain_of_the_workspace(house, okta, stack, db):
    made = okta.create()
    path, name = f"{USERS}/{made['id']}", made["userName"]
    db.execute("SELECT address_hmac FROM directory.login WHERE user_id = %s", (made["id"],))
    before = db.fetchone()
    stack.edit(house.tenant, "INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), 'moved.example', 'x', now()), "
        "(app.tenant_id(), 'claimed.example', 'x', NULL)", ())
    for new in ("thief@elsewhere.example", "thief@claimed.example"):
        assert "verified" in okta.refused(400, "invalidValue", "PATCH", path, {"Operations": [{"op": "replace", "path": "emails", "value": [{"value": new}]}]})
        okta.refused(400, "invalidValue", "PUT", path, {"userName": new})
    # the userName is only a name where it is not the address
    new = f"{unique('a')}@moved.example"
    got = okta.patch(path, {"op": "replace", "path": 'emails[type eq "work"].value', "value": new})
    assert got["emails"][0]["value"] == new and got["userName"] == name
    assert okta.patch(path, {"op": "replace", "path": "userName", "value": "any name"})["emails"][0]["value"] == new
    assert [u["id"] for u in okta.find("userName", "ANY NAME")] == [made["id"]] == [u["id"] for u in okta.find("emails.value", new)]
    assert okta.find("userName", new) == [], "an address that is not the name is none"
    db.execute("SELECT address_hmac FROM directory.login WHERE user_id = %s", (made["id"],))
    assert db.fetchall() != [before]
    # where it is the address, it takes that along
    two = okta.create()
    follows = f"{unique('b')}@moved.example"
    assert okta.patch(f"{USERS}/{two['id']}", {"op": "replace", "path": "userName", "value": follows})["emails"][0]["value"] == follows
    okta.refused(409, "uniqueness", "PATCH", f"{USERS}/{two['id']}", {"Operations": [{"op": "replace", "path": "userName", "value": "Any Name"}]})
    okta.refused(409, "uniqueness", "PATCH", f"{USERS}/{two['id']}", {"Operations": [{"op": "replace", "path": "emails.value", "value": new}]})


def test_somebody_hears_at_the_old_address_of_the_new_one(house, okta, stack):
    member = house.users["member"]
    stack.edit(house.tenant, "INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), 'heard.example', 'x', now())", ())
    new = f"{unique('moved')}@heard.example"
    okta.patch(f"{USERS}/{member.id}", {"op": "replace", "path": 'emails[type eq "work"].value', "value": new})
    (mail,) = stack.mails(member.email, subject="The address of your account was changed")
    assert new in mail.get_content() and house.users["owner"].email in mail.get_content()


def test_A10_T3_who_had_a_password_is_not_inside_the_account_of_another_address(house, okta, weak, login, stack, db):
    """
    An administrator gives an account of theirs the address of somebody who is yet to come by the provider, who may do more. That
    one becomes the person of the account: the password, sessions and factor that were there would be a way in as them.
    """
    domain = f"{unique('d')}.example"
    stack.edit(house.tenant, "INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), %s, 'x', now())", (domain,))
    chief, mine = f"chief@{domain}", house.users["member"]
    inside = login(mine)
    assert weak.patch(f"{USERS}/{mine.id}", {"op": "replace", "path": "userName", "value": chief})["emails"][0]["value"] == chief
    assert inside.get("/v1/auth/session").status_code == 401
    for email in (mine.email, chief):
        r = Client(stack, new_ip()).post("/v1/auth/login", {"email": email, "password": mine.password, "workspace": house.slug})
        assert r.status_code == 401, r.text
    db.execute("SELECT status, (SELECT count(*) FROM pact.user_password p WHERE p.user_id = u.id) FROM pact.user_account u WHERE id = %s", (mine.id,))
    assert db.fetchone() == ("invited", 0)
    # it is as with somebody new: they come by the provider, or by the mail of an invitation
    assert house.c["owner"].post("/v1/users/invite", {"email": chief, "roles": ["member"]}).status_code in (200, 201)
    # an administrator's own key does not move the administrator
    me = house.users["owner"]
    okta.refused(409, None, "PATCH", f"{USERS}/{me.id}", {"Operations": [{"op": "replace", "path": "userName", "value": f"other@{domain}"}]})
    assert house.c["owner"].get("/v1/auth/session").status_code == 200


def test_A11_T3_keys_of_who_had_a_password_do_not_act_for_whoever_comes_by_another_address(house, okta, stack, db):
    """They are dead while nobody has come, and would live again with the one who does."""
    domain, admin = f"{unique('d')}.example", house.users["admin"]
    stack.edit(house.tenant, "INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), %s, 'x', now())", (domain,))
    made = house.c["admin"].ok("POST", "/v1/api-keys", {"name": "mine", "roles": ["admin"]})
    key = with_key(stack, made["key"])
    key.ok("GET", "/v1/users")
    okta.patch(f"{USERS}/{admin.id}", {"op": "replace", "path": "userName", "value": f"chief@{domain}"})
    stack.edit(house.tenant, "UPDATE pact.user_account SET status = 'active' WHERE tenant_id = app.tenant_id() AND id = %s", (admin.id,))
    key.refused(401, "unauthenticated", "GET", "/v1/users")
    assert ("api_key.delete",) in actions(db, made["public_id"])


def test_an_address_nobody_has_confirmed_does_not_come_first(make_workspace, stack, house, okta):
    """Somebody with a password elsewhere logs in there, though another workspace has just named the address."""
    other = make_workspace(roles=()).users["owner"]
    okta.create(userName=other.email)
    answer = Client(stack).ok("POST", "/v1/auth/login", {"email": other.email, "password": other.password, "session": "bearer"})
    assert "access_token" in answer


def test_an_outstanding_invitation_ends_with_deactivation(house, okta, stack):
    things = Things(house.c["owner"])
    i = things.invited()
    assert okta.ok("GET", f"{USERS}/{i}")["active"] is True
    link = stack.link(things.address, "invited")
    okta.patch(f"{USERS}/{i}", {"op": "replace", "path": "active", "value": False})
    Client(stack).refused(403, "link-ended", "POST", "/v1/auth/link", {"token": link})


def test_a_name_that_was_put_together_of_its_parts_goes_on_to_be(okta):
    made = okta.create(name={"givenName": "Ada", "familyName": "Byron"})
    path = f"{USERS}/{made['id']}"
    assert made["displayName"] == "Ada Byron"
    assert okta.patch(path, {"op": "replace", "path": "name.familyName", "value": "King"})["displayName"] == "Ada King"
    assert okta.patch(path, {"op": "replace", "path": "displayName", "value": "The Countess"})["name"]["familyName"] == "King"
    assert okta.patch(path, {"op": "replace", "path": "name.familyName", "value": "Lovelace"})["displayName"] == "The Countess"


def test_a_name_that_only_puts_the_parts_together_does_not_take_the_shown_ones_place(okta):
    """Entra ID maps two attributes to what is one name here, and sends whichever it does not find as it has it."""
    made = okta.create(displayName="King, Ada", name={"givenName": "Ada", "familyName": "King", "formatted": "Ada King"})
    path = f"{USERS}/{made['id']}"
    for one, two in (("King, Ada", "Ada King"), ("King, Ada", "Ada Queen")):
        got = okta.patch(path, {"op": "Replace", "path": "name.familyName", "value": two.split()[1]}, {"op": "Replace", "path": "name.formatted", "value": two})
        assert (got["displayName"], got["name"]["formatted"]) == (one, two)
    assert okta.patch(path, {"op": "Replace", "path": "name.formatted", "value": "Countess Ada"})["displayName"] == "Countess Ada"
    # where nobody says another, it is the name
    got = okta.ok("PUT", path, {"userName": made["userName"], "name": {"givenName": "Ada", "familyName": "Queen", "formatted": "Ada Queen"}})
    assert got["displayName"] == "Ada Queen"


# ── the protocol ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_service_describes_itself(stack):
    c = Client(stack)
    config = c.ok("GET", "/scim/v2/ServiceProviderConfig")
    assert config["patch"]["supported"] and config["filter"] == {"supported": True, "maxResults": 200} and not config["bulk"]["supported"]
    types = c.ok("GET", "/scim/v2/ResourceTypes")
    assert [(t["name"], t["endpoint"]) for t in types["Resources"]] == [("User", "/Users"), ("Group", "/Groups")]
    for t in types["Resources"]:
        assert c.ok("GET", t["meta"]["location"]) == t
        schema = c.ok("GET", f"/scim/v2/Schemas/{t['schema']}")
        assert schema["id"] == t["schema"]
    schemas = {s["name"]: {a["name"]: a for a in s["attributes"]} for s in c.ok("GET", "/scim/v2/Schemas")["Resources"]}
    assert schemas["User"]["userName"]["required"] and schemas["User"]["userName"]["uniqueness"] == "server"
    assert [a["name"] for a in schemas["User"]["name"]["subAttributes"]] == ["formatted", "givenName", "familyName"]
    assert schemas["User"]["emails"]["multiValued"] and schemas["User"]["groups"]["mutability"] == "readOnly"
    assert set(schemas["Group"]) == {"displayName", "externalId", "members"}
    for path in ("/scim/v2/Schemas/urn:x", "/scim/v2/ResourceTypes/Device", "/scim/v2/Bulk", "/scim/v2/Me", "/scim/v2/Users/2819c223"):
        assert c.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/scim/v2/ResourceTypes", "/scim/v2/Schemas"])
def test_what_describes_the_service_is_a_whole_list(stack, path):
    """RFC 7644 §4: pages and order are not looked at, and a filter is refused, so that nobody takes it for applied."""
    c = Client(stack)
    assert c.ok("GET", path, params={"startIndex": 2, "count": 1, "attributes": "id", "sortBy": "id"}) == c.ok("GET", path)
    r = c.get(path, params={"filter": 'id eq "User"'})
    assert (r.status_code, r.json()["status"]) == (403, "403")


def test_paging_counts_from_one(house, okta):
    ids = [u.id for u in house.users.values()] + [okta.create()["id"] for _ in range(3)]
    whole = okta.ok("GET", USERS)
    assert whole["totalResults"] == whole["itemsPerPage"] == 7 and sorted(u["id"] for u in whole["Resources"]) == sorted(ids)
    pages, start = [], 1
    while True:
        page = okta.ok("GET", USERS, params={"startIndex": start, "count": 3})
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (7, start, len(page["Resources"]))
        pages += page["Resources"]
        if not page["Resources"]:
            break
        start += 3
    assert pages == whole["Resources"]
    for params, n, first in (({"count": 0}, 0, 1), ({"count": -5}, 0, 1), ({"startIndex": 0}, 7, 1), ({"startIndex": -3, "count": 1}, 1, 1), ({"count": 100000}, 7, 1),
            ({"startIndex": 2147483647}, 0, 2147483647)):
        page = okta.ok("GET", USERS, params=params)
        assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (7, n, first), params
    assert okta.ok("GET", USERS, params={"filter": "active eq true", "count": 1})["totalResults"] == 7
    assert okta.ok("GET", USERS, params={"filter": "active eq false"})["totalResults"] == 0
    some = okta.ok("GET", USERS, params={"attributes": "userName,name.givenName, emails", "count": 1})["Resources"][0]
    assert set(some) <= {"schemas", "id", "userName", "name", "emails"} and some["userName"]
    assert "emails" not in okta.ok("GET", USERS, params={"excludedAttributes": f"{URN}schemas:core:2.0:User:emails", "count": 1})["Resources"][0]


def test_filters_find_what_they_say_and_nothing_else(house, okta):
    a = okta.create(externalId="same")
    b = okta.create(externalId="same")
    assert {u["id"] for u in okta.find("externalId", "same")} == {a["id"], b["id"]}
    assert okta.find("externalId", "SAME") == [], "an external id is exact"
    both = lambda f: [u["id"] for u in okta.ok("GET", USERS, params={"filter": f})["Resources"]]  # noqa: E731
    assert both(f'externalId eq "same" and userName eq "{a["userName"]}"') == [a["id"]]
    assert both(f'USERNAME EQ "{a["userName"]}" AND active eq true') == [a["id"]]
    assert both(f'{URN}schemas:core:2.0:User:userName eq "{a["userName"]}"') == [a["id"]]
    assert both(f'emails[type eq "work" and value eq "{b["userName"]}"]') == [b["id"]] == both(f'emails eq "{b["userName"]}"')
    assert both(f'userName eq "{a["userName"]}" and userName eq "{b["userName"]}"') == []
    assert both(f'id eq "{a["id"]}"') == [a["id"]] and both('id eq "nobody"') == []
    assert both('emails[type eq "home"]') == [] and both(f'id eq "{a["id"]}" and emails.type eq "work"') == [a["id"]]


@pytest.mark.parametrize("text", ["userName", "userName eq", 'userName eq "x', 'userName eq "x" or active eq true', 'not (userName eq "x")', '(userName eq "x")',
    'userName co "x"', 'title pr', 'title eq "x"', "userName eq true", 'active eq "true"', "userName eq null", "userName eq 1", 'userName eq "x" and', 'emails[value eq "x"',
    'emails[emails[value eq "x"]]', '[value eq "x"]', "eq", '"x" eq userName', 'userName eq "\\x"', 'userName eq "\\u0000"', "userName eq 'x'", 'userName="x"',
    'userName eq "x";', 'userName eq "x" -- ', " and ".join(['userName eq "x"'] * 11), "a" * 2001])
def test_filters_that_are_not_offered_are_refused(okta, text):
    if len(text) > 2000:
        assert okta.c.get(USERS, params={"filter": text}).status_code == 400
    else:
        assert okta.refused(400, "invalidFilter", "GET", USERS, params={"filter": text})


@pytest.mark.parametrize("value", ["' OR '1'='1", "x'; DROP TABLE pact.scim_user; --", '\\" or userName eq \\"', "%", "_%", "{x}", "\\\\", "${jndi:ldap://x}", "x\\nnext", "*"])
def test_nothing_gets_out_of_a_filters_text(house, okta, value):
    for what, where in (("userName", USERS), ("externalId", USERS), ("id", USERS), ("displayName", GROUPS), ("members", GROUPS)):
        assert okta.find(what, value, where) == []
    assert okta.ok("GET", USERS)["totalResults"] == 4


@pytest.mark.parametrize("ops,kind", [([], "invalidSyntax"), ("x", "invalidSyntax"), ([{}], "invalidSyntax"), ([7], "invalidSyntax"), ([{"op": "move", "path": "active"}], "invalidSyntax"),
    ([{"op": "remove"}], "noTarget"), ([{"op": "add", "path": "active"}], "invalidValue"), ([{"op": "add", "value": "x"}], "invalidValue"),
    ([{"op": "replace", "path": "emails[type eq", "value": 1}], "invalidPath"), ([{"op": "replace", "path": 7, "value": 1}], "invalidPath"),
    ([{"op": "replace", "value": {'emails[type eq "work"': "x"}}], "invalidPath"),
    ([{"op": "replace", "path": "", "value": {}}], "invalidPath"), ([{"op": "replace", "path": "id", "value": "x"}], "mutability"),
    ([{"op": "replace", "path": "groups", "value": []}], "mutability"), ([{"op": "remove", "path": "userName"}], "mutability"),
    ([{"op": "replace", "path": "userName", "value": ""}], "invalidValue"), ([{"op": "replace", "path": "userName", "value": ["a"]}], None),
    ([{"op": "replace", "path": "active", "value": "maybe"}], "invalidValue"), ([{"op": "replace", "path": "active", "value": 0}], "invalidValue"),
    ([{"op": "replace", "path": "displayName", "value": 7}], "invalidValue"), ([{"op": "replace", "path": "displayName", "value": "x" * 201}], "invalidValue"),
    ([{"op": "replace", "path": "emails", "value": [{"value": "no address"}]}], "invalidValue"), ([{"op": "add", "path": "userName", "value": "a\u0001b"}], "invalidValue"),
    ([{"op": "replace", "path": "active", "value": False}] * 1001, "invalidSyntax")])
def test_bad_changes_are_refused_and_change_nothing(okta, ops, kind):
    made = okta.create()
    path, body = f"{USERS}/{made['id']}", {"schemas": [URN + "api:messages:2.0:PatchOp"], "Operations": ops}
    if kind is None:
        assert okta.ok("PATCH", path, body)["userName"] == "a"
        return
    okta.refused(400, kind, "PATCH", path, body)
    if isinstance(ops, list) and ops and len(ops) < 1000:
        # one that is good before it does not stay
        body["Operations"] = [{"op": "replace", "path": "displayName", "value": "half"}] + ops
        okta.refused(400, kind, "PATCH", path, body)
    assert okta.ok("GET", path) == made


@pytest.mark.parametrize("body", [{}, {"userName": ""}, {"userName": 7}, {"userName": "no address"}, {"userName": "x" * 255}, {"userName": "a@b.example", "emails": [{"value": "x"}]},
    {"userName": None}, {"userName": "a@b.example", "active": "perhaps"}, {"emails": [{"value": "a@b.example"}]}])
def test_bad_people(okta, body):
    okta.refused(400, "invalidValue", "POST", USERS, body)


@pytest.mark.parametrize("body", [{}, {"displayName": ""}, {"displayName": "x", "members": [{"value": "nobody"}]}, {"displayName": "x", "members": ["x"]},
    {"displayName": "x", "members": [{}]}, {"displayName": "x", "members": "x"}, {"displayName": "x" * 257}, {"displayName": "x", "members": [{"value": str(uuid.uuid4())}]}])
def test_bad_groups(okta, body):
    okta.refused(400, "invalidValue", "POST", GROUPS, body)


def test_bad_group_changes(okta):
    i = okta.create()["id"]
    path = f"{GROUPS}/{okta.group(unique('g'), i)['id']}"
    for op, kind in (({"op": "add", "path": f'members[value eq "{i}"]', "value": 1}, "invalidPath"), ({"op": "remove", "path": 'members[display eq "x"]'}, "invalidPath"),
            ({"op": "remove", "path": "displayName"}, "mutability"), ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
            ({"op": "add", "path": "members", "value": [{"value": "x"}]}, "invalidValue"), ({"op": "add", "path": "members", "value": [{"value": str(uuid.uuid4())}]}, "invalidValue")):
        okta.refused(400, kind, "PATCH", path, {"Operations": [op]})
    assert [m["value"] for m in okta.ok("GET", path)["members"]] == [i]
    okta.refused(409, "uniqueness", "POST", GROUPS, {"displayName": okta.ok("GET", path)["displayName"].upper()})


def test_bad_json_and_media_types(okta):
    for data in (b"", b"{", b"[]", b"null", b'"x"', b"{} {}", b"\xff", b'{"userName":"a","userName":"b"}', b"[" * 100, b'{"a":' * 40 + b"1" + b"}" * 40):
        okta.refused(400, "invalidSyntax", "POST", USERS, data=data)
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", ""):
        assert okta.c.post(USERS, data=b'{"userName":"a@b.example"}', headers={"Content-Type": kind}).status_code == 415
    name = address()
    r = okta.c.post(USERS, data=b'{"USERNAME":"%s"}' % name.encode(), headers={"Content-Type": "application/json; charset=utf-8"})
    assert r.status_code == 201 and r.json()["userName"] == name, "names of attributes have no case; application/json is fine"


def test_bodies_that_are_too_large(okta, house, stack):
    r = okta.c.post(USERS, data=b'{"userName":"%s"}' % (b"x" * 1100000))
    assert r.status_code == 413 and r.json()["status"] == "413"
    # and just below: read, and refused for what it says
    assert okta.c.post(USERS, data=b'{"userName":"%s"}' % (b"x" * 1000000)).status_code == 400
    many = [{"value": str(uuid.uuid4())} for _ in range(10000)]
    okta.refused(400, "invalidValue", "POST", GROUPS, {"displayName": "x", "members": many})


def test_refusals_are_scims_own(house, stack, okta):
    anonymous, viewer = Client(stack), Provider(stack, house.c["owner"], "viewer")
    r = anonymous.get(USERS)
    assert (r.status_code, r.headers["WWW-Authenticate"], r.json()["status"]) == (401, "Bearer", "401")
    assert with_key(stack, "pact_x").get(USERS).status_code == 401
    assert viewer.c.get(USERS).status_code == 403 and viewer.c.post(USERS, {"userName": "a@b.example"}).status_code == 403
    r = okta.c.request("PUT", USERS, json={})
    assert (r.status_code, r.headers["Allow"]) == (405, "GET, HEAD, POST")
    okta.refused(400, "invalidValue", "GET", USERS, params={"nobody": "knows"})
    okta.refused(404, None, "PATCH", f"{USERS}/{uuid.uuid4()}", {"Operations": [{"op": "replace", "path": "active", "value": False}]})


def test_if_match(okta):
    made = okta.create()
    path, tag = f"{USERS}/{made['id']}", made["meta"]["version"]
    assert okta.c.get(path, headers={"If-None-Match": tag}).status_code == 304
    okta.ok("PATCH", path, {"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}, headers={"If-Match": tag})
    for method, body in (("PATCH", {"Operations": [{"op": "replace", "path": "displayName", "value": "y"}]}), ("PUT", {"userName": made["userName"]}), ("DELETE", None)):
        assert okta.c.request(method, path, json=body, headers={"If-Match": tag}).status_code == 412
    g = okta.group(unique("g"))
    gpath, tag = f"{GROUPS}/{g['id']}", g["meta"]["version"]
    okta.patch(gpath, {"op": "add", "path": "members", "value": [{"value": made["id"]}]}, headers={"If-Match": tag})
    assert okta.c.delete(gpath, headers={"If-Match": tag}).status_code == 412


def test_the_etag_moves_with_what_belongs_to_others(okta):
    made = okta.create()
    path, tag = f"{USERS}/{made['id']}", lambda p: okta.c.get(p).headers["ETag"]
    again = lambda p, etag: okta.c.get(p, headers={"If-None-Match": etag}).status_code  # noqa: E731
    first = tag(path)
    assert again(path, first) == 304
    group = okta.group("First", made["id"])
    assert again(path, first) == 200 and okta.ok("GET", path)["meta"]["version"] == tag(path) != first
    there, second = f"{GROUPS}/{group['id']}", tag(path)
    okta.patch(there, {"op": "replace", "path": "displayName", "value": "Second"}, status=204)
    assert again(path, second) == 200 and again(path, tag(path)) == 304
    last = tag(there)
    okta.ok("DELETE", path, status=204)
    assert again(there, last) == 200 and okta.ok("GET", there)["members"] == []


def test_other_workspaces_are_not_there(okta, stack, make_workspace, login):
    other = make_workspace(roles=())
    theirs = Provider(stack, login(other.users["owner"]), "owner")
    user, group = theirs.create(), theirs.group("Theirs")
    for path, body in ((f"{USERS}/{user['id']}", {"userName": user["userName"]}), (f"{GROUPS}/{group['id']}", {"displayName": "x"})):
        absent = re.sub(r"[0-9a-f-]{36}", str(uuid.uuid4()), path)
        for method, b in (("GET", None), ("PUT", body), ("PATCH", {"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}), ("DELETE", None)):
            one, two = okta.c.request(method, path, json=b), okta.c.request(method, absent, json=b)
            assert one.status_code == 404 and one.content == two.content
    okta.refused(400, "invalidValue", "POST", GROUPS, {"displayName": "x", "members": [{"value": user["id"]}]})
    assert okta.find("userName", user["userName"]) == [] and okta.find("displayName", "Theirs", GROUPS) == []
    # the same name here is another person's
    assert okta.create(userName=user["userName"])["id"] != user["id"] and okta.group("Theirs")["id"] != group["id"]
    assert theirs.ok("GET", f"{USERS}/{user['id']}") == user


def test_two_creates_at_once_make_one(okta):
    name = address("race")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for path, what in ((USERS, "userName"), (GROUPS, "displayName")):
            got = [(r.status_code, r.json().get("scimType")) for r in pool.map(lambda _, p=path, w=what: okta.c.post(p, {w: name}), range(8))]
            assert sorted(got, key=str) == [(201, None)] + [(409, "uniqueness")] * 7
    assert len(okta.find("userName", name)) == 1 == len(okta.find("displayName", name, GROUPS))


def test_idempotency_key(okta):
    headers, body = {"Idempotency-Key": unique("i")}, {"userName": address()}
    first, again = (okta.c.post(USERS, body, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 201 and again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true" and again.headers["Content-Type"] == JSON


def test_a_browsers_cookie_needs_its_own_page(browser):
    """SCIM is for programs; a session may use it, within the rules for sessions."""
    c = browser("owner")
    c.ok("GET", USERS)
    del c.session.headers["Origin"]
    r = c.post(USERS, {"userName": address()})
    assert r.status_code == 403 and r.json()["status"] == "403"


def test_nginx_refuses_in_scims_words(stack):
    """What never reaches the program: a body without a length that is too large."""
    port = urllib.parse.urlsplit(stack.base).port
    sock = ssl.create_default_context(cafile=stack.ca).wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname="localhost")
    sock.sendall(b"POST /scim/v2/Users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n")
    answer = b""
    while chunk := sock.recv(65536):
        answer += chunk
    sock.close()
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 413") and b"Content-Type: application/scim+json" in head
    assert body == b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"413","detail":"That is too large"}'
