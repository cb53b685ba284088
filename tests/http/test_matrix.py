# SPDX-License-Identifier: GPL-3.0-or-later
"""A9, T3: every route × {owner, admin, member, viewer} × {own workspace, another's ids, no session}, from `prog -R`."""
import re
import uuid

import pytest
from client import Client
from samples import SAMPLES, Things, call
from stack import ROLES, ROUTES, is_scim, slug

SESSION = sorted(k for k, op in ROUTES.items() if op["x-pact-door"] == "session")
PUBLIC = {"POST /v1/auth/login", "POST /v1/auth/refresh", "POST /v1/auth/mfa", "POST /v1/auth/password/forgot", "POST /v1/auth/password/reset",
    "POST /v1/auth/invitation", "POST /v1/auth/link", "GET /v1/auth/discover", "GET /v1/auth/sso/{workspace}/finish",
    "GET /v1/auth/oidc/{workspace}/login", "GET /v1/auth/oidc/{workspace}/callback", "POST /v1/auth/oidc/{workspace}/backchannel-logout",
    "GET /v1/auth/saml/{workspace}/metadata", "GET /v1/auth/saml/{workspace}/login", "POST /v1/auth/saml/{workspace}/acs",
    "GET /v1/auth/saml/{workspace}/slo", "POST /v1/auth/saml/{workspace}/slo",
    # what SCIM says of itself
    "GET /scim/v2/ServiceProviderConfig", "GET /scim/v2/ResourceTypes", "GET /scim/v2/ResourceTypes/{name}", "GET /scim/v2/Schemas", "GET /scim/v2/Schemas/{schema}"}
# what somebody may do who has yet to set up the second factor that the workspace asks for
ENROL = {"GET /v1/auth/session", "POST /v1/auth/logout", "GET /v1/auth/totp", "POST /v1/auth/totp", "POST /v1/auth/totp/confirm", "DELETE /v1/auth/totp"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def test_every_route_has_a_sample_and_every_sample_a_route():
    assert sorted(SAMPLES) == sorted(ROUTES)


def test_public_routes_are_the_ones_we_know():
    assert {k for k, op in ROUTES.items() if op["x-pact-door"] == "none"} == PUBLIC


def needed(method, path):
    """The permission a route should ask for, by what it is about: a slip in a route table is then seen."""
    about = path.split("/")[2]
    if about == "v2":
        return f"user.{'read' if method == 'GET' else 'write'}"
    if about == "auth":
        return "enrol" if f"{method} {path}" in ENROL else "self"
    if path == "/v1/users/{id}/sessions":
        return "user.write"  # where a colleague is logged in is for those who can do something about it
    if about == "users" or (about, method) == ("roles", "GET"):
        return f"user.{'read' if method == 'GET' else 'write'}"
    if about == "roles":
        return "role.write"
    if about == "api-keys":
        return "user.read" if method == "GET" else "key.write"
    if about == "imports":
        return "contact.import"
    if path.startswith("/v1/settings/security/") and method != "GET":
        return "sso.write"
    if path == "/v1/settings/billing":
        return "billing.write"
    if path.startswith("/v1/settings/integrations") and method != "GET":
        return "integration.write"
    if path.endswith("/export"):
        return "audit.export" if about == "audit" else "contact.export"
    if (method, path) == ("DELETE", "/v1/contacts/{id}"):
        return "contact.erase"
    domain = {"contacts": "contact", "accounts": "account", "activities": "activity", "settings": "settings", "audit": "audit"}.get(about, "contact")
    return f"{domain}.{'read' if method == 'GET' else 'write'}"


@pytest.mark.parametrize("key", SESSION)
def test_A9_each_route_asks_for_what_it_is_about(key):
    method, path = key.split(" ")
    assert ROUTES[key]["x-pact-permission"] == needed(method, path)
    # an export is an event of its own, so it writes; nothing else does on GET
    writes = method != "GET" or path.endswith("/export")
    assert ROUTES[key]["x-pact-transaction"] == ("write" if writes else "read")


@pytest.mark.parametrize("key", SESSION)
@pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
def test_A9_role(key, role, stack, api, make_user, db):
    sample, permission = SAMPLES[key], ROUTES[key]["x-pact-permission"]
    me = Client(stack).login(make_user(role)) if sample.disruptive else api(role)
    answer = call(me, key, Things(api("owner"), me))
    if permission in ("self", "enrol") or permission in ROLES[role]:
        assert answer.status_code == sample.status, answer.text
        return
    assert answer.status_code == 403 and slug(answer) == "forbidden", answer.text
    assert is_scim(key) or answer.json()["permission"] == permission
    db.execute("SELECT actor_email, new FROM pact.audit_event WHERE action = 'access.refused' AND request_id = %s",
        (answer.headers["X-Request-Id"],))
    assert db.fetchall() == [(me.user.email, {"route": pattern(key), "permission": permission})]


def pattern(key):
    """What the program calls the route: ids have their type there."""
    return key.replace("{id}", "{id:uuid}")


@pytest.mark.parametrize("key", SESSION)
def test_A9_no_session(key, anonymous, api):
    answer = call(anonymous, key, Things(api("owner")))
    assert answer.status_code == 401 and slug(answer) == "unauthenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def without(answer):
    """All that an answer says, but for what names the request."""
    body = {k: v for k, v in answer.json().items() if k != "instance"}
    assert answer.text.count(answer.headers["X-Request-Id"]) == ("instance" in answer.json())
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
    assert foreign.status_code == 404 and slug(foreign) == "not-found", foreign.text
    assert without(foreign) == without(absent)
    # and it is still there for those whose it is
    if method != "DELETE":
        return
    assert api("owner", 1).request(method, path, **theirs).status_code == SAMPLES[key].status
