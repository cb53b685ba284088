# SPDX-License-Identifier: GPL-3.0-or-later
"""A9, A10, L4: the plan, what it allows, what is used, and what becomes of things when it changes."""
import pytest
from samples import Things, integration
from stack import unique

PATH = "/v1/settings/billing"


@pytest.fixture
def house(make_workspace, login):
    w = make_workspace()
    w.c = {role: login(user) for role, user in w.users.items()}
    return w


def test_A9_owners_alone(house):
    for role in ("admin", "member", "viewer"):
        house.c[role].refused(403, "forbidden", "GET", PATH)
        house.c[role].refused(403, "forbidden", "PATCH", PATH, {"requested_plan": "enterprise"})
    assert house.c["owner"].ok("GET", PATH)["plan"] == "standard"


def test_usage_is_counted(house):
    owner, things = house.c["owner"], Things(house.c["owner"])
    for _ in range(3):
        things.contact()
    things.invited()
    owner.ok("POST", "/v1/settings/integrations", integration())
    role = things.role()
    owner.ok("PATCH", f"/v1/users/{house.users['viewer'].id}", {"roles": [owner.ok("GET", f"/v1/roles/{role}")["name"], "viewer"]})
    got = owner.ok("GET", PATH)
    assert got["usage"] == {"users": 4, "invited": 1, "contacts": 3, "contacts_is_estimate": False, "custom_roles": 1, "custom_role_users": 1,
        "integrations": 1, "api_keys": 0}
    assert got["limits"] == {"users": None, "contacts": None, "integrations": 100, "custom_roles": True, "audit_retention_days": 365}


def test_more_than_ten_thousand_contacts_are_estimated(house, db):
    db.execute("SELECT set_config('pact.tenant_id', %s, false)", (house.tenant,))
    db.execute("INSERT INTO pact.contact (tenant_id, last_name, consent_status, consent_source) SELECT %s, 'n' || i, 'pending', 'manual' FROM generate_series(1, 10050) i", (house.tenant,))
    db.execute("SELECT set_config('pact.tenant_id', '', false)")
    db.execute("ANALYZE pact.contact")
    usage = house.c["owner"].ok("GET", PATH)["usage"]
    assert usage["contacts_is_estimate"] and 10001 <= usage["contacts"] < 20000


def test_asking_changes_nothing_but_that_it_was_asked(house, stack):
    owner = house.c["owner"]
    first = owner.get(PATH)
    assert "Whoever runs this Pact" in first.json()["how_to_change"]
    assert [p["consequences"] != [] for p in first.json()["plans"]] == [False, True]
    r = owner.patch(PATH, {"requested_plan": "enterprise"}, headers={"If-Match": first.headers["ETag"]})
    asked = r.json()
    assert (asked["plan"], asked["requested_plan"]) == ("standard", "enterprise") and asked["requested_at"]
    owner.refused(412, "precondition-failed", "PATCH", PATH, {"requested_plan": None}, headers={"If-Match": first.headers["ETag"]})
    owner.refused(403, "plan-required", "POST", "/v1/roles", {"name": unique("role"), "permissions": []})
    lines = [line.split("\t") for line in stack.pactctl("plan-requests").stdout.splitlines()]
    assert [house.slug, "standard", "enterprise", asked["requested_at"]] in lines
    owner.refused(422, "invalid", "PATCH", PATH, {"requested_plan": "standard"})
    owner.refused(422, "invalid", "PATCH", PATH, {"requested_plan": "platinum"})
    owner.refused(422, "invalid", "PATCH", PATH, {"plan": "enterprise"})
    back = owner.ok("PATCH", PATH, {"requested_plan": None})
    assert (back["requested_plan"], back["requested_at"]) == (None, None)
    assert house.slug not in stack.pactctl("plan-requests").stdout


def test_the_operator_sets_it_and_owners_are_told(house, stack, db):
    owner = house.c["owner"]
    owner.ok("PATCH", PATH, {"requested_plan": "enterprise", "contact": {"name": "AP", "email": "ap@people.example"}})
    stack.pactctl("workspace-plan", house.slug, "enterprise")
    now = owner.ok("GET", PATH)
    assert (now["plan"], now["requested_plan"], now["limits"]["custom_roles"]) == ("enterprise", None, True)
    assert now["contact"]["email"] == "ap@people.example"
    (mail,) = stack.mails(house.users["owner"].email, subject="The plan of")
    assert "Enterprise, before Standard" in mail.get_content()
    db.execute("SELECT old ->> 'plan', new ->> 'plan', actor_email, actor_kind FROM pact.audit_event WHERE tenant_id = %s AND action = 'workspace.update' "
        "AND new ? 'plan'", (house.tenant,))
    assert db.fetchall() == [("standard", "enterprise", "tester", "operator")]
    stack.pactctl("workspace-plan", house.slug, "enterprise")  # once more: nobody is told twice
    db.execute("SELECT count(*) FROM pact.outbox WHERE tenant_id = %s AND template = 'plan-changed'", (house.tenant,))
    assert db.fetchone() == (1,)
    for words in (("workspace-plan", house.slug, "platinum"), ("workspace-plan", "nobody-here", "standard")):
        assert stack.pactctl(*words, check=False).returncode == 1


def test_A10_L4_what_becomes_of_roles_and_log_on_a_smaller_plan(house, stack, login, db):
    owner = house.c["owner"]
    stack.pactctl("workspace-plan", house.slug, "enterprise")
    role = owner.ok("POST", "/v1/roles", {"name": "Reader", "permissions": ["contact.read", "audit.read"]})
    owner.ok("PATCH", f"/v1/users/{house.users['viewer'].id}", {"roles": ["Reader"]})
    told = next(p for p in owner.ok("GET", PATH)["plans"] if p["plan"] == "standard")["consequences"]
    assert "(1, held by 1 person)" in told[0] and "90 days" in told[1]
    stack.pactctl("workspace-plan", house.slug, "standard")
    # who had it keeps it, and it is what it was
    viewer = login(house.users["viewer"])
    assert viewer.ok("GET", "/v1/auth/session")["permissions"] == ["audit.read", "contact.read"]
    viewer.ok("GET", "/v1/audit/events")
    owner.refused(403, "plan-required", "PATCH", f"/v1/roles/{role['public_id']}", {"permissions": ["contact.read"]})
    owner.refused(403, "plan-required", "POST", "/v1/roles", {"name": "More", "permissions": []})
    # given and taken it can be, and deleted
    owner.ok("PATCH", f"/v1/users/{house.users['member'].id}", {"roles": ["member", "Reader"]})
    for who, roles in (("member", ["member"]), ("viewer", ["viewer"])):
        owner.ok("PATCH", f"/v1/users/{house.users[who].id}", {"roles": roles})
    owner.ok("DELETE", f"/v1/roles/{role['public_id']}")
    # each event stays as long as it was promised when it was written
    db.execute("SELECT action, retention_class FROM pact.audit_event WHERE tenant_id = %s AND action IN ('role.create', 'role.delete') AND "
        "coalesce(old, new) ->> 'name' = 'Reader' ORDER BY id", (house.tenant,))
    assert db.fetchall() == [("role.create", "enterprise"), ("role.delete", "standard")]


def test_whom_to_bill(house):
    owner = house.c["owner"]
    whole = {"name": "Nordlys AS", "email": "ap@people.example", "address": "Storgata 1\n0155 Oslo", "vat_id": "NO 987654321 MVA", "reference": "PO 7"}
    assert owner.ok("PATCH", PATH, {"contact": whole})["contact"] == whole
    assert owner.ok("PATCH", PATH, {"contact": {"reference": None, "name": "  "}})["contact"] == whole | {"reference": None, "name": None}
    owner.refused(422, "invalid", "PATCH", PATH, {"contact": {"email": "nobody"}})
    (event,) = [e for e in owner.pages("/v1/audit/events", action="billing.update")]
    assert event["old"] == {"name": "Nordlys AS", "reference": "PO 7"}
