# SPDX-License-Identifier: GPL-3.0-or-later
"""A9, A10: people, invitations and roles."""
import concurrent.futures

import pytest
from client import Client, new_ip
from samples import Things
from stack import ROLES, address, unique


@pytest.fixture
def house(make_workspace, login):
    """A workspace of the test's own, with a client for each role."""
    w = make_workspace()
    w.c = {role: login(user) for role, user in w.users.items()}
    return w


def test_A9_people_are_listed(house):
    people = house.c["admin"].pages("/v1/users", 2)
    assert [p["email"] for p in people] == sorted(u.email for u in house.users.values())
    assert {p["email"]: p["roles"] for p in people} == {u.email: [role] for role, u in house.users.items()}
    me = house.c["owner"].ok("GET", f"/v1/users/{house.users['owner'].id}")
    assert me["status"] == "active" and me["mfa"] is False and me["last_login_at"]


def test_A9_an_invitation(house, stack, db):
    owner = house.c["owner"]
    email = address("new")
    made = owner.post("/v1/users/invite", {"email": email, "roles": ["member", "viewer"]})
    assert made.status_code == 201 and made.headers["Location"] == f"/v1/users/{made.json()['public_id']}"
    assert (made.json()["status"], made.json()["roles"], made.json()["name"]) == ("invited", ["member", "viewer"], "")
    (mail,) = stack.mails(email)
    assert house.users["owner"].email in mail.get_content() and "seven days" in mail.get_content()
    token, password = stack.link(email, "invited"), unique("password")
    c = Client(stack)
    body = {"email": email, "password": password, "workspace": house.slug, "session": "bearer"}
    c.refused(401, "wrong-credentials", "POST", "/v1/auth/login", body)
    look = c.ok("POST", "/v1/auth/link", {"token": token})
    assert (look["purpose"], look["email"], look["workspace"]["slug"]) == ("invite", email, house.slug)
    c.ok("POST", "/v1/auth/invitation", {"token": token, "name": "Ada", "password": password})
    c.session.headers["Authorization"] = "Bearer " + c.ok("POST", "/v1/auth/login", body)["access_token"]
    s = c.ok("GET", "/v1/auth/session")
    assert s["user"]["name"] == "Ada" and set(s["permissions"]) == ROLES["member"]
    c.refused(403, "link-ended", "POST", "/v1/auth/invitation", {"token": token, "password": password})
    db.execute("SELECT action FROM pact.audit_event WHERE resource_id = %s ORDER BY id", (made.json()["public_id"],))
    got = [a for (a,) in db.fetchall()]
    assert got[0] == "user.create" and {"user.invite", "user_role.create", "user.update", "auth.invitation_accept"} <= set(got)


def test_A9_an_invitation_again_replaces_the_link_and_the_roles(house, stack):
    owner, email = house.c["owner"], address("again")
    first = owner.ok("POST", "/v1/users/invite", {"email": email, "roles": ["viewer"]})
    old = stack.link(email, "invited")
    second = owner.ok("POST", "/v1/users/invite", {"email": email.upper(), "roles": ["member"]})
    assert second["public_id"] == first["public_id"] and second["roles"] == ["member"]
    new = stack.link(email, "invited", 2)
    c = Client(stack)
    c.refused(403, "link-ended", "POST", "/v1/auth/link", {"token": old})
    c.ok("POST", "/v1/auth/link", {"token": new})
    e = owner.refused(409, "duplicate", "POST", "/v1/users/invite", {"email": house.users["member"].email, "roles": ["viewer"]})
    assert e["existing"] == house.users["member"].id


def test_A9_nobody_is_showered_with_invitations(house, api):
    """By an administrator who means it, or whoever has their session."""
    owner, body = house.c["owner"], {"email": address("enough"), "roles": ["viewer"]}
    for _ in range(9):
        owner.ok("POST", "/v1/users/invite", body)
    i = owner.ok("POST", "/v1/users/invite", body)["public_id"]
    e = owner.refused(429, "throttled", "POST", "/v1/users/invite", body)
    assert 0 < e["retry_after"] <= 3600
    # nor once more from the beginning, or in other letters
    owner.ok("DELETE", f"/v1/users/{i}")
    owner.refused(429, "throttled", "POST", "/v1/users/invite", body | {"email": body["email"].upper()})
    # others, and somebody else's workspace, are another matter
    owner.ok("POST", "/v1/users/invite", body | {"email": address("other")})
    api("owner", 1).ok("POST", "/v1/users/invite", body)


def test_A9_an_invitation_can_be_taken_back(house, stack):
    things = Things(house.c["owner"])
    i = things.invited()
    token = stack.link(things.address, "invited")
    house.c["owner"].ok("DELETE", f"/v1/users/{i}")
    Client(stack).refused(403, "link-ended", "POST", "/v1/auth/link", {"token": token})


@pytest.mark.parametrize("body,pointer", [({"roles": ["viewer"]}, "/email"), ({"email": "x", "roles": ["viewer"]}, "/email"),
    ({"email": "a@b.example"}, "/roles"), ({"email": "a@b.example", "roles": []}, "/roles"), ({"email": "a@b.example", "roles": ["king"]}, "/roles"),
    ({"email": "a@b.example", "roles": ["viewer"], "status": "active"}, "/status")])
def test_A9_bad_invitations(house, body, pointer):
    e = house.c["owner"].refused(422, "invalid", "POST", "/v1/users/invite", body)
    assert e["errors"][0]["pointer"] == pointer


def test_A9_roles_are_changed_at_once_and_audited(house, db):
    owner, member = house.c["owner"], house.users["member"]
    house.c["member"].refused(403, "forbidden", "GET", "/v1/users")
    assert owner.ok("PATCH", f"/v1/users/{member.id}", {"roles": ["admin"]})["roles"] == ["admin"]
    house.c["member"].ok("GET", "/v1/users")
    owner.ok("PATCH", f"/v1/users/{member.id}", {"roles": ["viewer", "member"]})
    house.c["member"].refused(403, "forbidden", "GET", "/v1/users")
    db.execute("SELECT action, coalesce(new, old) ->> 'role' FROM pact.audit_event WHERE tenant_id = %s AND resource_type = 'user_role' AND resource_id = %s "
        "ORDER BY id", (house.tenant, member.id))
    got = db.fetchall()[1:]
    assert got[:3] == [("user_role.delete", "member"), ("user_role.create", "admin"), ("user_role.delete", "admin")]
    assert sorted(got[3:]) == [("user_role.create", "member"), ("user_role.create", "viewer")]


def test_A9_nobody_gives_more_than_they_have(house):
    admin, owner = house.c["admin"], house.users["owner"]
    for body in ({"roles": ["owner"]}, {"roles": ["viewer", "owner"]}):
        admin.refused(403, "forbidden", "PATCH", f"/v1/users/{house.users['admin'].id}", body)
        admin.refused(403, "forbidden", "PATCH", f"/v1/users/{house.users['viewer'].id}", body)
        admin.refused(403, "forbidden", "POST", "/v1/users/invite", {"email": address(), **body})
    # nor touches somebody who has more
    for body in ({"roles": ["viewer"]}, {"status": "suspended"}, {"name": "x"}):
        admin.refused(403, "forbidden", "PATCH", f"/v1/users/{owner.id}", body)
    admin.refused(403, "forbidden", "DELETE", f"/v1/users/{owner.id}")
    house.c["owner"].ok("GET", "/v1/contacts")


def test_A9_an_invited_owner_is_not_an_admins_to_change(house):
    i = Things(house.c["owner"]).invited(roles=["owner"])
    admin = house.c["admin"]
    email = house.c["owner"].ok("GET", f"/v1/users/{i}")["email"]
    admin.refused(403, "forbidden", "POST", "/v1/users/invite", {"email": email, "roles": ["viewer"]})
    admin.refused(403, "forbidden", "DELETE", f"/v1/users/{i}")


def test_A9_the_last_owner_stays(house):
    owner, me = house.c["owner"], house.users["owner"].id
    for method, body in (("PATCH", {"roles": ["admin"]}), ("PATCH", {"status": "suspended"}), ("DELETE", None)):
        owner.refused(409, "conflict", method, f"/v1/users/{me}", body)
    # one who has not come yet is none
    i = Things(owner).invited(roles=["owner"])
    owner.refused(409, "conflict", "PATCH", f"/v1/users/{me}", {"roles": ["admin"]})
    owner.ok("PATCH", f"/v1/users/{house.users['member'].id}", {"roles": ["owner"]})
    assert owner.ok("PATCH", f"/v1/users/{me}", {"roles": ["admin"]})["roles"] == ["admin"]
    assert i


def test_A9_an_owner_without_a_password_does_not_take_the_way_in_away(house, stack):
    """Nobody could say any more how everybody logs in."""
    owner, me = house.c["owner"], house.users["owner"].id
    Things(owner).connection()
    stack.edit(house.tenant, "DELETE FROM pact.user_password WHERE tenant_id = app.tenant_id() AND user_id = %s", (me,))
    stack.edit(house.tenant, "INSERT INTO pact.sso_identity (tenant_id, connection_id, subject, user_id) SELECT c.tenant_id, c.id, 's', %s FROM pact.sso_connection c "
        "WHERE c.tenant_id = app.tenant_id()", (me,))
    assert "log in" in owner.refused(409, "conflict", "PATCH", "/v1/settings/security", {"sso": None})["detail"]
    assert owner.ok("GET", "/v1/settings/security")["sso"]["status"] == "ready"
    owner.ok("PATCH", f"/v1/users/{house.users['member'].id}", {"roles": ["owner"]})
    assert owner.ok("PATCH", "/v1/settings/security", {"sso": None})["sso"] is None
    # nobody is stopped for what is so already
    stack.edit(house.tenant, "DELETE FROM pact.user_password WHERE tenant_id = app.tenant_id()", ())
    owner.ok("PATCH", f"/v1/users/{house.users['viewer'].id}", {"status": "suspended"})


def test_A9_two_owners_who_remove_each_other_leave_one(house, login):
    owner = house.c["owner"]
    owner.ok("PATCH", f"/v1/users/{house.users['member'].id}", {"roles": ["owner"]})
    pairs = [(owner, house.users["member"].id), (house.c["member"], house.users["owner"].id)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        got = sorted(pool.map(lambda p: p[0].patch(f"/v1/users/{p[1]}", {"roles": ["viewer"]}).status_code, pairs))
    assert got[0] == 200 and got[1] in (200, 403, 409)
    with pytest.raises(AssertionError):
        # not both
        owner.ok("GET", "/v1/settings/security") and house.c["member"].ok("GET", "/v1/settings/security")


def test_A9_who_is_suspended_is_out_at_once(house, stack):
    owner, member = house.c["owner"], house.users["member"]
    assert owner.ok("PATCH", f"/v1/users/{member.id}", {"status": "suspended"})["status"] == "suspended"
    house.c["member"].refused(401, "session-ended", "GET", "/v1/contacts")
    body = {"email": member.email, "password": member.password, "workspace": house.slug, "session": "bearer"}
    Client(stack).refused(401, "wrong-credentials", "POST", "/v1/auth/login", body)
    owner.ok("PATCH", f"/v1/users/{member.id}", {"status": "active"})
    house.c["member"].refused(401, "session-ended", "GET", "/v1/contacts")
    Client(stack).ok("POST", "/v1/auth/login", body)


def test_A9_an_administrator_logs_somebody_out_everywhere(house, stack, db, api):
    admin, member = house.c["admin"], house.users["member"]
    second = Client(stack, new_ip()).login(member, "cookie")
    path = f"/v1/users/{member.id}/sessions"
    found = admin.pages(path, 1)
    assert [(s["transport"], s["current"]) for s in found] == [("cookie", False), ("bearer", False)]
    assert {s["ip"] for s in found} == {second.ip, house.c["member"].ip}
    # who may not change people does not see where they are; somebody of another workspace is nobody
    for role in ("member", "viewer"):
        house.c[role].refused(403, "forbidden", "GET", path)
        house.c[role].refused(403, "forbidden", "DELETE", path)
    for other in api("owner", 0), api("owner", 1):
        other.refused(404, "not-found", "GET", path)
        other.refused(404, "not-found", "DELETE", path)
    # nobody ends what belongs to somebody with more rights
    admin.refused(403, "forbidden", "DELETE", f"/v1/users/{house.users['owner'].id}/sessions")
    assert admin.delete(path).status_code == 204
    for c in house.c["member"], second:
        c.refused(401, "session-ended", "GET", "/v1/auth/session")
    assert admin.pages(path) == []
    db.execute("SELECT actor_email, new FROM pact.audit_event WHERE action = 'auth.session_end' AND resource_id = %s", (member.id,))
    assert db.fetchall() == [(house.users["admin"].email, {"reason": "ended by an administrator", "sessions": 2})]
    # one's own: all but this one
    own = f"/v1/users/{house.users['admin'].id}/sessions"
    Client(stack, new_ip()).login(house.users["admin"])
    assert admin.delete(own).status_code == 204
    assert [s["current"] for s in admin.pages(own)] == [True]


def test_A9_who_is_removed_is_gone_and_what_they_did_stays(house, stack, db):
    owner, member = house.c["owner"], house.users["member"]
    note = house.c["member"].ok("POST", "/v1/activities", {"contact_id": Things(house.c["member"]).contact(), "kind": "note", "body": "b"})["public_id"]
    owner.ok("DELETE", f"/v1/users/{member.id}")
    house.c["member"].refused(401, "unauthenticated", "GET", "/v1/contacts")
    owner.refused(404, "not-found", "GET", f"/v1/users/{member.id}")
    assert owner.ok("GET", f"/v1/activities/{note}")["actor"] is None
    db.execute("SELECT old ->> 'email' FROM pact.audit_event WHERE tenant_id = %s AND action = 'user.delete'", (house.tenant,))
    assert db.fetchall() == [(member.email,)]
    # and the address can come again
    owner.ok("POST", "/v1/users/invite", {"email": member.email, "roles": ["viewer"]})


def test_A9_if_match(house):
    owner, path = house.c["owner"], f"/v1/users/{house.users['viewer'].id}"
    tag = owner.get(path).headers["ETag"]
    owner.ok("PATCH", path, {"roles": ["member"]}, headers={"If-Match": tag})
    owner.refused(412, "precondition-failed", "PATCH", path, {"roles": ["viewer"]}, headers={"If-Match": tag})


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_A9_the_built_in_roles(house):
    roles = {r["name"]: r for r in house.c["admin"].pages("/v1/roles")}
    assert {n: set(r["permissions"]) for n, r in roles.items()} == ROLES and all(r["builtin"] and r["users"] == 1 for r in roles.values())
    for r in roles.values():
        house.c["owner"].refused(409, "conflict", "PATCH", f"/v1/roles/{r['public_id']}", {"name": "x"})
        house.c["owner"].refused(409, "conflict", "DELETE", f"/v1/roles/{r['public_id']}")


def test_A10_own_roles_come_with_the_enterprise_plan(house):
    e = house.c["owner"].refused(403, "plan-required", "POST", "/v1/roles", {"name": "x", "permissions": []})
    assert "Enterprise" in e["detail"]


def test_A10_a_role_of_ones_own(house, db):
    owner = house.c["owner"]
    Things(owner).enterprise()
    made = owner.post("/v1/roles", {"name": "Auditor", "permissions": ["audit.read", "contact.read", "audit.read"]})
    role = made.json()
    assert made.status_code == 201 and role["permissions"] == ["audit.read", "contact.read"] and not role["builtin"]
    path = made.headers["Location"]
    owner.ok("PATCH", f"/v1/users/{house.users['viewer'].id}", {"roles": ["Auditor"]})
    house.c["viewer"].ok("GET", "/v1/audit/events")
    house.c["viewer"].refused(403, "forbidden", "GET", "/v1/accounts")
    owner.ok("PATCH", path, {"permissions": ["account.read"]})
    house.c["viewer"].ok("GET", "/v1/accounts")
    house.c["viewer"].refused(403, "forbidden", "GET", "/v1/audit/events")
    owner.refused(409, "conflict", "DELETE", path)
    owner.ok("PATCH", f"/v1/users/{house.users['viewer'].id}", {"roles": ["viewer"]})
    owner.ok("DELETE", path)
    db.execute("SELECT action, old, new FROM pact.audit_event WHERE tenant_id = %s AND action = 'role.update'", (house.tenant,))
    assert db.fetchall() == [("role.update", {"permissions": ["audit.read", "contact.read"]}, {"permissions": ["account.read"]})]


@pytest.mark.parametrize("body,pointer", [({"name": "OWNER", "permissions": []}, "/name"), ({"name": "x", "permissions": ["contact.fly"]}, "/permissions"),
    ({"name": "", "permissions": []}, "/name"), ({"name": "x"}, "/permissions")])
def test_A10_bad_roles(house, body, pointer):
    Things(house.c["owner"]).enterprise()
    e = house.c["owner"].refused(422, "invalid", "POST", "/v1/roles", body)
    assert e["errors"][0]["pointer"] == pointer


def test_A10_an_admin_makes_no_role_with_more_than_an_admin_has(house):
    Things(house.c["owner"]).enterprise()
    admin = house.c["admin"]
    admin.refused(403, "forbidden", "POST", "/v1/roles", {"name": "x", "permissions": ["billing.write"]})
    path = "/v1/roles/" + admin.ok("POST", "/v1/roles", {"name": "x", "permissions": ["contact.read"]})["public_id"]
    admin.refused(403, "forbidden", "PATCH", path, {"permissions": ["contact.read", "billing.write"]})
    owners = "/v1/roles/" + house.c["owner"].ok("POST", "/v1/roles", {"name": "y", "permissions": ["billing.write"]})["public_id"]
    admin.refused(403, "forbidden", "PATCH", owners, {"permissions": []})
    admin.refused(403, "forbidden", "DELETE", owners)


def test_A9_an_invitation_does_not_come_before_the_workspace_that_somebody_uses(stack, api, make_user, workspaces):
    """Anybody can invite anybody: who logs in without naming a workspace is still taken to their own."""
    them = make_user("member")
    api("owner", 1).ok("POST", "/v1/users/invite", {"email": them.email, "roles": ["viewer"]})
    body = {"email": them.email, "password": them.password, "session": "cookie"}
    answer = Client(stack, new_ip()).ok("POST", "/v1/auth/login", body, headers={"Origin": stack.base})
    assert answer["workspace"]["slug"] == workspaces[0].slug
