# SPDX-License-Identifier: GPL-3.0-or-later
"""C8: the default consent policy, and the legal basis that `confirmed` needs."""
import pytest
from client import Client
from stack import address


@pytest.fixture
def c(make_workspace, stack):
    return Client(stack).login(make_workspace(roles=()).users["owner"])


def policy(c, **fields):
    return c.ok("PATCH", "/v1/settings/privacy", fields)


def test_C8_out_of_the_box_it_is_pending(c):
    s = c.ok("GET", "/v1/settings/privacy")
    assert (s["default_consent_policy"], s["legal_basis"]) == ("pending", None)
    assert c.ok("POST", "/v1/contacts", {"email": address()})["consent_status"] == "pending"


def test_C8_confirmed_needs_a_basis_and_the_basis_is_the_evidence(c):
    e = c.refused(422, "invalid", "PATCH", "/v1/settings/privacy", {"default_consent_policy": "confirmed"})
    assert [x["pointer"] for x in e["errors"]] == ["/legal_basis"]
    c.refused(422, "invalid", "PATCH", "/v1/settings/privacy", {"default_consent_policy": "confirmed", "legal_basis": "  "})
    assert c.ok("GET", "/v1/settings/privacy")["default_consent_policy"] == "pending"
    policy(c, default_consent_policy="confirmed", legal_basis="Customers, Art. 13(2) ePrivacy")
    one = c.ok("POST", "/v1/contacts", {"email": address()})
    assert (one["consent_status"], one["consent_source"]) == ("confirmed", "policy")
    event, = c.pages(f"/v1/contacts/{one['public_id']}/consent")
    assert event["evidence"] == {"basis": "Customers, Art. 13(2) ePrivacy"}
    c.refused(422, "invalid", "PATCH", "/v1/settings/privacy", {"legal_basis": None})
    assert policy(c, default_consent_policy="pending", legal_basis=None)["legal_basis"] is None


def test_C8_declined_by_default(c):
    policy(c, default_consent_policy="declined")
    one = c.ok("POST", "/v1/contacts", {"email": address()})
    assert (one["consent_status"], one["suppressed"]) == ("declined", True)
    two = c.ok("POST", "/v1/contacts", {"email": address(), "consent_status": "confirmed"})
    assert two["consent_status"] == "confirmed", "what is said counts before what is assumed"


def test_C8_those_who_are_there_keep_what_they_have(c):
    one = c.ok("POST", "/v1/contacts", {"email": address()})
    policy(c, default_consent_policy="declined")
    assert c.ok("GET", f"/v1/contacts/{one['public_id']}")["consent_status"] == "pending"


@pytest.mark.parametrize("body", [{"default_consent_policy": "maybe"}, {"default_consent_policy": None}, {"legal_basis": "x" * 2001}, {"plan": "enterprise"}])
def test_C8_wrong_settings(c, body):
    e = c.refused(422, "invalid", "PATCH", "/v1/settings/privacy", body)
    assert [x["pointer"] for x in e["errors"]] == [f"/{next(iter(body))}"]


def test_C8_one_workspace_only(c, api):
    policy(c, default_consent_policy="declined")
    assert api("owner").ok("GET", "/v1/settings/privacy")["default_consent_policy"] == "pending"


def test_L1_a_changed_policy_is_in_the_log(c, db):
    policy(c, default_consent_policy="declined")
    db.execute("SELECT old, new, actor_email FROM pact.audit_event WHERE action = 'workspace.update' AND actor_id = %s", (c.user.id,))
    assert db.fetchall() == [({"consent_policy": "pending"}, {"consent_policy": "declined"}, c.user.email)]
