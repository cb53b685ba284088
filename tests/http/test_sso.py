# SPDX-License-Identifier: GPL-3.0-or-later
"""A4, A5: domains, the settings of single sign-on, requiring it, and an owner's way in when the provider does not answer."""
import secrets
import time
import urllib.parse

import pytest
from client import Client, new_ip
from fake_dns import FakeDNS
from fake_op import FakeOP
from sso import Sso
from stack import otp, unique


@pytest.fixture
def place(stack, make_workspace):
    workspace = make_workspace(roles=("member",))
    return Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))


@pytest.fixture
def op(stack):
    with FakeOP(stack) as op:
        yield op


@pytest.fixture
def connected(place, op):
    now = place.connect(type="oidc", issuer=op.issuer, client_id=op.client_id, client_secret=op.secret, jit=True, default_roles=["viewer"], name="Corp IdP")
    assert now["status"] == "ready", now
    place.op = op
    return place


def second_factor(client):
    secret = client.ok("POST", "/v1/auth/totp")["secret"]
    client.ok("POST", "/v1/auth/totp/confirm", {"code": otp(secret, -1)})
    client.stack.second_factors = True
    return secret


def come(sso, **claims):
    browser = sso.browser()
    name = secrets.token_hex(5)
    person = {"sub": name, "email": f"{name}@{sso.domain}", "email_verified": True} | claims
    return browser, browser.follow(sso.op.answer(browser.begin(), **person))


def test_it(sso, **claims):
    browser = sso.browser()
    r = browser.get(sso.owner.ok("POST", "/v1/settings/security/sso/test")["url"])
    name = secrets.token_hex(5)
    r = browser.follow(sso.op.answer(r.headers["Location"], **({"sub": name, "email": f"{name}@{sso.domain}", "email_verified": True} | claims)))
    assert r.headers["Location"] == "/sso?tested", r.headers
    return sso.owner.ok("GET", "/v1/settings/security")["sso"]


test_it.__test__ = False


@pytest.fixture
def enforced(connected):
    connected.secret = second_factor(connected.owner)
    test_it(connected)
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso_enforced": True})
    return connected


# ── domains ──
def dns(stack):
    return FakeDNS(urllib.parse.urlsplit(stack.base).port)


def looked_at(sso, d):
    end = time.monotonic() + 30
    while True:
        now = sso.owner.ok("GET", f"/v1/settings/security/domains/{d['public_id']}")
        if now["checked_at"] not in (None, d["checked_at"]):
            return now
        assert time.monotonic() < end, now
        time.sleep(0.05)


def add(sso, domain):
    return sso.owner.ok("POST", "/v1/settings/security/domains", {"domain": domain})


def test_A5_a_domain_is_the_workspaces_when_its_record_is_in_the_dns(place, stack):
    with dns(stack) as names:
        d = add(place, f" D{secrets.token_hex(4)}.Example")
        assert d["record"]["name"] == f"_pact-verification.{d['domain']}" and d["record"]["value"].startswith("pact-verification=")
        first = looked_at(place, d)
        assert not first["verified"] and first["problem"] and names.asked[-1] == d["record"]["name"]
        # others' records beside it, and the text in two parts, are how the DNS is
        names.records[d["record"]["name"]] = ["v=spf1 -all", "pact-verification=somebody-else", d["record"]["value"]]
        place.owner.ok("POST", f"/v1/settings/security/domains/{d['public_id']}/check")
        second = looked_at(place, first)
        assert second["verified"] and second["problem"] is None
        # now the login page knows where its people go, once there is a provider
        assert place.browser().ok("GET", f"/v1/auth/discover?email=a@{d['domain']}")["sso"] == []


@pytest.mark.parametrize("texts", [["pact-verification="], ["pact-verification=x"], [], ["{value}x"], ["x{value}"], ["{VALUE}"]])
def test_A5_another_record_is_not_enough(place, stack, texts):
    with dns(stack) as names:
        domain = f"d{secrets.token_hex(4)}.example"
        d = looked_at(place, add(place, domain))
        names.records[d["record"]["name"]] = [t.replace("{value}", d["record"]["value"]).replace("{VALUE}", d["record"]["value"].upper()) for t in texts]
        place.owner.ok("POST", f"/v1/settings/security/domains/{d['public_id']}/check")
        assert not looked_at(place, d)["verified"]


def test_A5_T3_each_workspace_has_a_record_of_its_own(place, stack, make_workspace):
    workspace = make_workspace(roles=())
    other = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    domain = f"d{secrets.token_hex(4)}.example"
    with dns(stack) as names:
        one, two = (looked_at(sso, add(sso, domain)) for sso in (place, other))
        assert one["record"]["value"] != two["record"]["value"]
        names.records[one["record"]["name"]] = [one["record"]["value"]]
        for sso, d in ((place, one), (other, two)):
            sso.owner.ok("POST", f"/v1/settings/security/domains/{d['public_id']}/check")
        assert looked_at(place, one)["verified"] and not looked_at(other, two)["verified"]
        other.owner.refused(404, "not-found", "GET", f"/v1/settings/security/domains/{one['public_id']}")


def test_A5_a_name_server_that_lies_or_fails_verifies_nothing(place, stack):
    with dns(stack) as names:
        for say in (lambda q: q[:2] + b"\x81\x80" + q[4:] + b"\xff" * 40, lambda q: b"", lambda q: q[:3], lambda q: q[:2] + b"\x81\x82" + q[4:]):
            names.say = say
            d = add(place, f"d{secrets.token_hex(4)}.example")
            assert not looked_at(place, d)["verified"]


@pytest.mark.parametrize("domain", ["", "localhost", "a b.example", "-a.example", "a..example", "*.example.com", "corp.example/x", "1.2.3.4", "x" * 64 + ".example", "@corp.example"])
def test_A5_what_is_no_domain(place, domain):
    place.owner.refused(422, "invalid", "POST", "/v1/settings/security/domains", {"domain": domain})


def test_A5_a_domain_once_only(place):
    domain = f"d{secrets.token_hex(4)}.example"
    add(place, domain)
    place.owner.refused(422, "invalid", "POST", "/v1/settings/security/domains", {"domain": domain.upper()})


# ── discovery ──
def test_A5_the_login_page_learns_the_ways_of_an_address_and_nothing_of_people(connected, stack):
    connected.edit("INSERT INTO directory.domain SELECT %s, app.tenant_id()", connected.domain)
    ask = connected.browser()
    found = ask.ok("GET", f"/v1/auth/discover?email=anybody-at-all@{connected.domain}")
    assert found == {"password": True, "sso": [{"workspace": {"slug": connected.slug, "name": f"Tests {connected.slug}"}, "type": "oidc", "name": "Corp IdP",
        "url": f"/v1/auth/oidc/{connected.slug}/login", "enforced": False}]}
    assert ask.ok("GET", f"/v1/auth/discover?workspace={connected.slug}") == found
    nothing = {"password": True, "sso": []}
    assert ask.ok("GET", "/v1/auth/discover?email=x@nowhere.example") == nothing == ask.ok("GET", "/v1/auth/discover?workspace=no-such")
    # people's addresses are not what it knows: an owner's address is no better than anybody's
    assert ask.ok("GET", f"/v1/auth/discover?email={connected.workspace.users['owner'].email}") == nothing


@pytest.mark.parametrize("way", ["oidc", "saml"])
def test_A4_login_csrf_another_site_cannot_send_anybody_to_a_provider(place, stack, way):
    """A workspace's own provider answers as whoever it likes: a stranger would work in that workspace and not know it."""
    browser = place.browser()

    def begin(site, **params):
        return browser.get(f"/v1/auth/{way}/{place.slug}/login", params=params, headers={"Sec-Fetch-Site": site} if site else {})

    for site in ("cross-site", "same-site", "anything"):
        r = begin(site)
        assert (r.status_code, r.headers["Location"]) == (303, f"/login?workspace={place.slug}")
        assert "Set-Cookie" not in r.headers
        r = begin(site, return_to="/contacts?filter=mine&x=1")
        assert r.headers["Location"] == f"/login?workspace={place.slug}&next=%2Fcontacts%3Ffilter%3Dmine%26x%3D1"
        assert begin(site, return_to="//evil.example").headers["Location"] == f"/login?workspace={place.slug}"
    # from our own page, a bookmark, a program: on to the provider, or to what the program says of there being none
    for site in ("same-origin", "none", None):
        r = begin(site)
        assert r.status_code == 404 or not r.headers["Location"].startswith(f"/login?workspace={place.slug}&next"), r.text
        assert r.headers.get("Location") != f"/login?workspace={place.slug}"


def test_A5_an_address_of_two_workspaces_has_both_ways(connected, op, stack, make_workspace):
    workspace = make_workspace(roles=())
    other = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    other.connect(type="oidc", issuer=op.issuer, client_id=op.client_id, client_secret=op.secret)
    for sso in (connected, other):
        sso.edit("INSERT INTO directory.domain SELECT %s, app.tenant_id()", connected.domain)
    found = connected.browser().ok("GET", f"/v1/auth/discover?email=x@{connected.domain}")["sso"]
    assert sorted(w["workspace"]["slug"] for w in found) == sorted([connected.slug, other.slug])


# ── requiring it ──
def test_A5_it_cannot_be_required_before_somebody_came_all_the_way(connected):
    ask = ("PATCH", "/v1/settings/security", {"sso_enforced": True})
    assert "Test the connection" in connected.owner.refused(409, "conflict", *ask)["detail"]
    test_it(connected)
    assert "owner needs a password and two-factor" in connected.owner.refused(409, "conflict", *ask)["detail"]
    second_factor(connected.owner)
    connected.edit("UPDATE pact.sso_domain SET verified_at = NULL WHERE tenant_id = app.tenant_id()")
    assert "Verify a domain" in connected.owner.refused(409, "conflict", *ask)["detail"]
    connected.edit("UPDATE pact.sso_domain SET verified_at = now() WHERE tenant_id = app.tenant_id()")
    assert connected.owner.ok(*ask)["sso_enforced"] is True


def test_A5_a_test_that_nobody_could_come_in_by_does_not_count(connected):
    second_factor(connected.owner)
    got = test_it(connected, email="x@elsewhere.example")
    assert got["tested_at"] is None and got["test_result"]["refusal"] == "domain-unverified"
    connected.owner.refused(409, "conflict", "PATCH", "/v1/settings/security", {"sso_enforced": True})


def test_A4_a_new_client_secret_needs_nothing_beside_it(connected):
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"client_secret": "wrong"}})
    assert come(connected)[1].headers["Location"].startswith("/login")
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"client_secret": connected.op.secret}})
    browser, r = come(connected)
    assert r.headers["Location"] == "/" and browser.who()["method"] == "oidc"
    assert "sso_connection.secret 1" in connected.stack.pactctl("rekey", "data", "--dry-run", connected.slug).stdout


def test_A5_other_settings_are_to_be_tested_again(connected):
    second_factor(connected.owner)
    test_it(connected)
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"client_secret": "another"}})
    connected.owner.refused(409, "conflict", "PATCH", "/v1/settings/security", {"sso_enforced": True})


def test_A5_who_comes_in_is_no_concern_of_the_provider_and_needs_no_new_test(connected):
    second_factor(connected.owner)
    test_it(connected)
    now = connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"jit": False, "default_roles": [], "name": "Another name"}})["sso"]
    assert now["status"] == "ready" and now["tested_at"] and now["settings"]["jit"] is False
    now = connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"jit": True, "claim_groups": "teams"}})["sso"]
    assert now["status"] == "checking" and now["tested_at"] is None


def test_A5_passwords_are_refused_with_where_to_go(enforced, stack, login):
    member = enforced.workspace.users["member"]
    for workspace in ({"workspace": enforced.slug}, {}):
        r = Client(stack, new_ip()).refused(403, "sso-required", "POST", "/v1/auth/login",
            {"email": member.email, "password": member.password, "session": "bearer"} | workspace)
        assert r["login_url"] == f"/v1/auth/oidc/{enforced.slug}/login"
    # without the right password nothing is said of where the address belongs
    Client(stack, new_ip()).refused(401, "wrong-credentials", "POST", "/v1/auth/login", {"email": member.email, "password": "wrong", "session": "bearer"})


def test_A5_who_came_by_password_is_out_but_for_who_asked(connected, login):
    member = login(connected.workspace.users["member"])
    second_factor(connected.owner)
    test_it(connected)
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso_enforced": True})
    assert member.get("/v1/auth/session").status_code == 401
    connected.owner.ok("GET", "/v1/auth/session")
    # and new ones come in by the provider
    browser, r = come(connected)
    assert r.headers["Location"] == "/" and browser.who()["method"] == "oidc"


def test_A5_links_for_new_passwords_end_and_mails_say_where_to_go(enforced, stack):
    member = enforced.workspace.users["member"]
    Client(stack, new_ip()).ok("POST", "/v1/auth/password/forgot", {"email": member.email})
    mail = stack.mails(member.email, subject="")[-1]
    assert "/reset#" not in mail.get_content() and f"/login" in mail.get_content()


def test_A5_an_owner_in_need_comes_in_with_password_and_code_and_all_owners_hear_of_it(enforced, stack, make_user):
    owner = enforced.workspace.users["owner"]
    other = make_user("owner", enforced.slug)
    body = {"email": owner.email, "password": owner.password, "workspace": enforced.slug, "session": "bearer"}
    c = Client(stack, new_ip())
    c.refused(403, "sso-required", "POST", "/v1/auth/login", body)
    challenge = c.ok("POST", "/v1/auth/login", body | {"break_glass": True})["challenge"]
    answer = c.request("POST", "/v1/auth/mfa", json={"challenge": challenge, "code": otp(enforced.secret), "session": "bearer"})
    assert answer.status_code == 200, answer.text
    c.session.headers["Authorization"] = "Bearer " + answer.json()["access_token"]
    assert c.ok("GET", "/v1/auth/session")["roles"] == ["owner"]
    assert enforced.rows("SELECT count(*) FROM pact.audit_event WHERE tenant_id = %s AND action = 'auth.break_glass' AND resource_id = %s", enforced.tenant, owner.id) == [(1,)]
    for someone in (owner, other):
        assert any("without" in m["Subject"].lower() or "single sign-on" in m["Subject"].lower() for m in stack.mails(someone.email)), [m["Subject"] for m in stack.mails(someone.email)]


@pytest.mark.parametrize("who", ["member", "owner without a second factor"])
def test_A5_nobody_else_does(enforced, stack, make_user, who):
    user = enforced.workspace.users["member"] if who == "member" else make_user("owner", enforced.slug)
    Client(stack, new_ip()).refused(403, "sso-required", "POST", "/v1/auth/login",
        {"email": user.email, "password": user.password, "workspace": enforced.slug, "session": "bearer", "break_glass": True})


def test_A5_T3_what_is_required_cannot_be_taken_away_from_under_people(enforced):
    for sso in (None, {"type": "saml", "metadata": "<x/>"}, {"type": "oidc", "issuer": "https://other.example", "client_id": "x"}):
        enforced.owner.refused(409, "conflict", "PATCH", "/v1/settings/security", {"sso": sso})
    enforced.owner.ok("PATCH", "/v1/settings/security", {"sso_enforced": False})
    enforced.owner.ok("PATCH", "/v1/settings/security", {"sso": None})


def test_A9_admins_cannot_say_how_everybody_logs_in(connected, make_user, login):
    admin = login(make_user("admin", connected.slug))
    for body in ({"sso": None}, {"sso_enforced": True}, {"sso": {"client_id": "x"}}):
        admin.refused(403, "forbidden", "PATCH", "/v1/settings/security", body)
    admin.refused(403, "forbidden", "POST", "/v1/settings/security/sso/test")
    admin.refused(403, "forbidden", "POST", "/v1/settings/security/domains", {"domain": "corp.example"})
    assert admin.ok("GET", "/v1/settings/security")["sso"]["settings"]["issuer"] == connected.op.issuer


# ── people ──
def test_A4_an_invitation_is_accepted_by_coming(connected, stack):
    address = f"i{secrets.token_hex(4)}@{connected.domain}"
    invited = connected.owner.ok("POST", "/v1/users/invite", {"email": address, "roles": ["member"]})
    browser, r = come(connected, email=address)
    who = browser.who()
    assert who["user"]["public_id"] == invited["public_id"] and who["roles"] == ["member"]
    Client(stack, new_ip()).refused(403, "link-ended", "POST", "/v1/auth/link", {"token": stack.link(address, "invited")})


def test_A4_suspended_people_do_not_come_in_and_are_out_at_once(connected):
    address, sub = f"s{secrets.token_hex(4)}@{connected.domain}", unique("sub")
    browser, _ = come(connected, email=address, sub=sub)
    them = browser.who()["user"]["public_id"]
    connected.owner.ok("PATCH", f"/v1/users/{them}", {"status": "suspended"})
    assert browser.get("/v1/auth/session").status_code == 401
    browser, r = come(connected, email=address, sub=sub)
    assert browser.refused(r) == "suspended"


def test_A4_without_jit_only_known_people_come_in(connected):
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"jit": False}})
    connected.checked()
    browser, r = come(connected)
    assert browser.refused(r) == "unknown-user"


def test_A4_an_address_that_went_to_somebody_else_is_not_the_person_before(connected):
    address = f"r{secrets.token_hex(4)}@{connected.domain}"
    come(connected, email=address, sub="first")
    browser, r = come(connected, email=address, sub="second")
    assert browser.refused(r) == "identity-taken"


def test_A4_an_administrator_can_let_the_new_account_of_a_person_be_them(connected):
    address = f"n{secrets.token_hex(4)}@{connected.domain}"
    one, _ = come(connected, email=address, sub="old")
    them = one.who()["user"]["public_id"]
    assert connected.owner.ok("GET", f"/v1/users/{them}")["sso"] is True
    connected.owner.ok("DELETE", f"/v1/users/{them}/sso")
    assert one.get("/v1/auth/session").status_code == 401 and connected.owner.ok("GET", f"/v1/users/{them}")["sso"] is False
    two, _ = come(connected, email=address, sub="new")
    assert two.who()["user"]["public_id"] == them
    # and the account before is somebody else's now
    browser, r = come(connected, email=address, sub="old")
    assert browser.refused(r) == "identity-taken"
    assert connected.rows("SELECT count(*) FROM pact.audit_event WHERE tenant_id = %s AND action = 'auth.sso_unlink' AND resource_id = %s", connected.tenant, them) == [(1,)]


def test_A8_single_sign_on_is_not_asked_for_a_second_factor_of_ours(connected):
    second_factor(connected.owner)
    connected.edit("UPDATE pact.tenant SET require_mfa = true WHERE tenant_id = app.tenant_id()")
    browser, _ = come(connected)
    assert browser.who()["mfa_missing"] is False
    browser.ok("GET", "/v1/contacts")


def test_A10_the_last_owner_stays_whatever_the_groups_say(connected):
    connected.owner.ok("PATCH", "/v1/settings/security", {"sso": {"role_mapping": [{"group": "chiefs", "role": "owner"}]}})
    address = connected.workspace.users["owner"].email
    connected.edit("INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), %s, 't', now())", address.split("@")[1])
    browser, _ = come(connected, email=address, groups=[])
    assert "owner" in browser.who()["roles"]
