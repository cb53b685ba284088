# SPDX-License-Identifier: GPL-3.0-or-later
"""A3 against Debian's simplesamlphp, through its own login page: XML that is made, signed, read and checked by other code."""
import re
import secrets

import pytest
from client import Client, new_ip
from saml_idp import Page, SimpleSaml, message
from sso import Sso


@pytest.fixture(scope="module")
def place(stack, make_workspace):
    workspace = make_workspace(roles=())
    return Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))


@pytest.fixture(scope="module")
def real(place):
    with SimpleSaml(place) as idp:
        now = place.connect(type="saml", metadata=idp.metadata(), jit=True, default_roles=["viewer"], role_mapping=[{"group": "sales", "role": "member"}])
        assert now["status"] == "ready", now
        yield idp


@pytest.fixture(autouse=True)
def as_at_first(request):
    yield
    real, place = (request.getfixturevalue(n) for n in ("real", "place"))
    real.configure()
    place.connect(type="saml", sign_both=False, idp_initiated=False, force_authn=False, authn_context=None)


def there_and_back(place, real, name="ada", person=None, browser=None, **params):
    """Through the login page of the provider; the last answer of ours."""
    browser, person = browser or place.browser(), person or real.person()
    back = real.walk(person, browser.begin("saml", **params), name)
    assert back[0] == "POST", back
    return browser, person, post(browser, back)


def asked_again(place, real, person):
    """Does the provider want a password of somebody who comes to it now?"""
    return real.walk(person, place.browser().begin("saml")) == ("LOGIN",)


def post(browser, back):
    r = browser.request("POST", back[1], data=back[2], headers={"Origin": "https://idp.example", "Sec-Fetch-Site": "cross-site"})
    return browser.get(r.headers["Location"]) if "/finish" in r.headers.get("Location", "") else r


def test_A3_real_somebody_new_comes_in_with_the_roles_of_their_groups(place, real):
    browser, _, r = there_and_back(place, real, return_to="/contacts")
    assert (r.status_code, r.headers["Location"]) == (303, "/contacts"), place.reason(r)
    who = browser.who()
    assert (who["user"]["email"], who["user"]["name"], who["roles"]) == (f"ada@{place.domain}", "Ada Lovelace", ["member"])
    again, _, _ = there_and_back(place, real)
    assert again.who()["user"]["public_id"] == who["user"]["public_id"]
    other, _, _ = there_and_back(place, real, "bo")
    assert other.who()["roles"] == ["viewer"] and other.who()["user"]["public_id"] != who["user"]["public_id"]


@pytest.mark.parametrize("response, assertion, both, comes", [(True, True, False, True), (True, True, True, True), (False, True, False, True), (True, False, False, True),
    (False, True, True, False), (True, False, True, False)])
@pytest.mark.parametrize("encrypted", [False, True])
def test_A3_real_each_way_to_sign(place, real, response, assertion, both, comes, encrypted):
    real.configure(idp={"saml20.sign.response": response, "saml20.sign.assertion": assertion}, sp={"assertion.encryption": encrypted})
    place.connect(type="saml", sign_both=both)
    browser, _, r = there_and_back(place, real)
    if comes:
        assert r.headers["Location"] == "/", place.reason(r)
    else:
        assert browser.refused(r) == "unsigned"


def test_A3_real_an_answer_without_any_signature(place, real):
    real.configure(idp={"saml20.sign.response": False, "saml20.sign.assertion": False})
    browser, _, r = there_and_back(place, real)
    assert browser.refused(r) == "unsigned"


def test_A3_real_sha1_and_transient(place, real):
    real.configure(idp={"signature.algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"})
    browser, _, r = there_and_back(place, real)
    assert browser.refused(r) == "algorithm"
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    real.configure(idp={"NameIDFormat": transient}, sp={"NameIDFormat": transient})
    browser, _, r = there_and_back(place, real)
    assert browser.refused(r) == "name-id-format"


def test_A3_real_a_second_login_asks_for_no_password_unless_the_owner_does(place, real):
    person = real.person()
    there_and_back(place, real, person=person)
    browser = place.browser()
    back = real.walk(person, browser.begin("saml"))
    assert post(browser, back).headers["Location"] == "/"
    place.connect(type="saml", force_authn=True)
    assert asked_again(place, real, person)
    browser, _, r = there_and_back(place, real, person=person)
    assert r.headers["Location"] == "/", place.reason(r)


def test_A3_real_how_people_must_have_logged_in_there(place, real):
    classes = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
    place.connect(type="saml", authn_context=f"https://refeds.org/profile/mfa {classes}Password {classes}PasswordProtectedTransport")
    browser, _, r = there_and_back(place, real)
    assert r.headers["Location"] == "/", place.reason(r)
    place.connect(type="saml", authn_context="https://refeds.org/profile/mfa")
    browser, _, r = there_and_back(place, real)
    assert browser.refused(r) == "authn-context"


def test_A3_real_replay_another_browser_and_relay_state(place, real):
    browser, person = place.browser(), real.person()
    back = real.walk(person, browser.begin("saml"), "ada")
    thief = place.browser()
    thief.begin("saml")
    assert thief.refused(post(thief, back)) == "browser"
    back[2]["RelayState"] = "https://evil.example/"
    assert post(browser, back).headers["Location"] == "/"
    r = post(browser, back)
    assert r.headers["Location"].startswith("/login?") and place.reason(r) == "state"


def test_A3_real_the_provider_begins_only_where_the_owner_allows_it(place, real):
    url = f"{real.base}saml2/idp/SSOService.php?spentityid={place.stack.base}/v1/auth/saml/{place.slug}/metadata&RelayState=https://evil.example/"
    browser = place.browser()
    back = real.walk(real.person(), url, "ada")
    assert browser.refused(post(browser, back)) == "unsolicited"
    place.connect(type="saml", idp_initiated=True)
    browser = place.browser()
    back = real.walk(real.person(), url, "ada")
    # the login page asks whether this is meant, and goes on
    proved = re.fullmatch(f"/login\\?workspace={place.slug}&proved=([0-9a-f-]{{36}})", post(browser, back).headers["Location"])[1]
    assert browser.get(f"/v1/auth/sso/{place.slug}/finish?login={proved}").headers["Location"] == "/"
    assert browser.who()["user"]["email"] == f"ada@{place.domain}"
    thief = place.browser()
    assert thief.refused(post(thief, back)) == "replay"


def test_A3_real_a_logout_here_ends_the_session_there_too(place, real):
    browser, person, _ = there_and_back(place, real)
    url = browser.request("POST", "/v1/auth/logout", headers={"Origin": place.stack.base}).json()["logout_url"]
    to = browser.get(url).headers["Location"]
    assert message(to).get("Destination").startswith(real.base)
    back = real.walk(person, to)
    # the provider has taken our signature, and answers
    assert back[0] == "GET" and "SAMLResponse=" in back[1], back
    assert message(back[1]).find("{urn:oasis:names:tc:SAML:2.0:protocol}Status/{urn:oasis:names:tc:SAML:2.0:protocol}StatusCode").get("Value").endswith(":Success")
    assert browser.get(back[1]).headers["Location"] == "/login"
    # and asks for a password again
    assert asked_again(place, real, person)


def test_A3_real_a_logout_there_ends_the_session_here_at_once(place, real):
    browser, person, _ = there_and_back(place, real)
    bystander, _, _ = there_and_back(place, real, "bo")
    back = real.walk(person, f"{real.base}saml2/idp/SingleLogoutService.php?ReturnTo={real.base}done")
    assert back[0] == "GET" and "SAMLRequest=" in back[1], back
    r = browser.get(back[1])
    assert r.status_code == 303 and r.headers["Location"].startswith(real.base), place.reason(r)
    assert browser.get("/v1/auth/session").status_code == 401 and bystander.get("/v1/auth/session").status_code == 200
    # our answer is taken: the provider goes on to where it wanted to go, its own session is over
    end = real.walk(person, r.headers["Location"])
    assert end[0] == "STOP", end
    assert asked_again(place, real, person)


def test_A3_real_metadata_by_address(stack, make_workspace):
    workspace = make_workspace(roles=())
    own = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    with SimpleSaml(own) as idp, Page(stack, idp.metadata()) as page:
        now = own.connect(type="saml", metadata_url=page.url, jit=True, default_roles=["viewer"])
        assert now["status"] == "ready" and now["facts"]["entity_id"] == idp.base + "idp" and page.asked == 1
        browser = own.browser()
        back = idp.walk(idp.person(), browser.begin("saml"), "ada")
        assert post(browser, back).headers["Location"] == "/"


def test_A3_real_the_provider_of_another_workspace(place, real, stack, make_workspace):
    workspace = make_workspace(roles=())
    own = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    with SimpleSaml(own) as other:
        assert own.connect(type="saml", metadata=other.metadata(), jit=True, default_roles=["viewer"])["status"] == "ready"
        browser = own.browser()
        back = other.walk(other.person(), browser.begin("saml"), "ada")
        victim = place.browser()
        victim.begin("saml")
        back = (back[0], back[1].replace(own.slug, place.slug), back[2])
        assert victim.refused(post(victim, back)) == "issuer"
