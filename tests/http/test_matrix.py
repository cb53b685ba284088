# SPDX-License-Identifier: GPL-3.0-or-later
"""A9, T3: every route × {owner, admin, member, viewer} × {own workspace, another's ids, no session}, from `prog -R`."""
import re
import uuid

import pytest
from client import Client
from samples import SAMPLES, Things, call
from stack import ROLES, ROUTES

SESSION = sorted(k for k, op in ROUTES.items() if op["x-pact-door"] == "session")
PUBLIC = {"POST /v1/auth/login", "POST /v1/auth/refresh"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def test_every_route_has_a_sample_and_every_sample_a_route():
    assert sorted(SAMPLES) == sorted(ROUTES)


def test_public_routes_are_the_ones_we_know():
    assert {k for k, op in ROUTES.items() if op["x-pact-door"] == "none"} == PUBLIC


@pytest.mark.parametrize("key", SESSION)
def test_permissions_fit_the_verb(key):
    method, permission, op = key.split(" ")[0], ROUTES[key]["x-pact-permission"], ROUTES[key]
    assert permission == "self" or permission in ROLES["owner"]
    if method == "GET":
        # an export is an event of its own, so it writes; nothing else does on GET
        assert op["x-pact-transaction"] == ("write" if permission.endswith(".export") else "read")
    else:
        assert op["x-pact-transaction"] == "write" and not permission.endswith((".read", ".export"))


@pytest.mark.parametrize("key", SESSION)
@pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
def test_A9_role(key, role, stack, api, make_user, db):
    sample, permission = SAMPLES[key], ROUTES[key]["x-pact-permission"]
    me = Client(stack).login(make_user(role)) if sample.disruptive else api(role)
    answer = call(me, key, Things(api("owner"), me))
    if permission == "self" or permission in ROLES[role]:
        assert answer.status_code == sample.status, answer.text
        return
    assert answer.status_code == 403 and answer.json()["type"] == "/problems/forbidden", answer.text
    assert answer.json()["permission"] == permission
    db.execute("SELECT actor_email, new FROM pact.audit_event WHERE action = 'access.refused' AND request_id = %s",
        (answer.headers["X-Request-Id"],))
    assert db.fetchall() == [(me.user.email, {"route": pattern(key), "permission": permission})]


def pattern(key):
    """What the program calls the route: ids have their type there."""
    return key.replace("{id}", "{id:uuid}")


@pytest.mark.parametrize("key", SESSION)
def test_A9_no_session(key, anonymous, api):
    answer = call(anonymous, key, Things(api("owner")))
    assert answer.status_code == 401 and answer.json()["type"] == "/problems/unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def without(answer):
    """All that an answer says, but for what names the request."""
    body = {k: v for k, v in answer.json().items() if k != "instance"}
    assert answer.text.count(answer.headers["X-Request-Id"]) == 1
    return answer.status_code, body, len(answer.content), {k: v for k, v in answer.headers.items() if k not in
        ("X-Request-Id", "Server-Timing", "Date")}


@pytest.mark.parametrize("key", [k for k in SESSION if "{id}" in k])
def test_T3_foreign_id_is_a_missing_id(key, api, stack, make_user):
    me = api("owner")
    theirs = SAMPLES[key].request(Things(api("owner", 1)))
    path = theirs.pop("path")
    method = key.split(" ")[0]
    foreign = me.request(method, path, **theirs)
    absent = me.request(method, UUID.sub(str(uuid.uuid4()), path), **theirs)
    assert foreign.status_code == 404 and foreign.json()["type"] == "/problems/not-found", foreign.text
    assert without(foreign) == without(absent)
    # and it is still there for those whose it is
    if method != "DELETE":
        return
    assert api("owner", 1).request(method, path, **theirs).status_code == SAMPLES[key].status
