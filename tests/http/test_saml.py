# SPDX-License-Identifier: GPL-3.0-or-later
"""A3: login by SAML, against a provider that forges. The whole table of attacks is in tests/unit; test_saml_real.py has a real one."""
import base64
import re
import secrets
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as xml

import pytest
from client import Client, new_ip
from saml_idp import KEYS, NS, Forge, Page, forge, message
from sso import Sso
from stack import ROOT


@pytest.fixture(scope="module")
def make_place(stack, make_workspace):
    def make(**sso):
        workspace = make_workspace(roles=())
        place = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
        place.idp = Forge(place)
        place.idp.connect(jit=True, default_roles=["viewer"], **sso)
        return place

    return make


@pytest.fixture(scope="module")
def place(make_place):
    return make_place(role_mapping=[{"group": "sales", "role": "member"}])


@pytest.fixture
def idp(place):
    return place.idp


def come(place, browser=None, vector="good", way=None, **variables):
    browser = browser or place.browser()
    return browser, place.idp.come(browser, vector, way, **variables)


# ── the way in ──
def test_A3_somebody_new_comes_in_and_is_known_the_next_time(place):
    who = {"subject": f"s-{secrets.token_hex(4)}", "email": f"{secrets.token_hex(4)}@{place.domain}"}
    browser, r = come(place, way={"return_to": "/contacts?filter=mine"}, **who)
    assert (r.status_code, r.headers["Location"]) == (303, "/contacts?filter=mine")
    first = browser.who()
    assert first["user"]["email"] == who["email"] and first["user"]["name"] == "Ada Lovelace" and first["roles"] == ["member"]
    # the subject is who it is; roles follow the groups
    again, r = come(place, subject=who["subject"], email="other@elsewhere.example", group="nothing")
    assert again.who()["user"]["public_id"] == first["user"]["public_id"] and again.who()["roles"] == ["viewer"]


def test_A3_two_round_trips_for_an_answer_and_one_for_a_question(place, idp):
    browser = place.browser()
    r = browser.get(f"/v1/auth/saml/{place.slug}/login")
    assert 'desc="1"' in r.headers["Server-Timing"]
    idp.come(place.browser())  # prepares the statements
    for _ in range(4):
        r = idp.post(browser, idp.answer(request=browser.begin("saml")))
        if 'desc="2"' in r.headers["Server-Timing"]:
            return
    raise AssertionError(r.headers["Server-Timing"])


def test_A3_what_we_ask_is_signed_and_names_nothing_but_us(place, idp, stack):
    url = place.browser().begin("saml", return_to="/contacts")
    assert url.startswith(idp.entity + "/sso?SAMLRequest=")
    q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert set(q) == {"SAMLRequest", "SigAlg", "Signature"}
    ask = message(url)
    assert ask.get("AssertionConsumerServiceURL") == f"{idp.base}/acs" and ask.get("Destination") == idp.entity + "/sso"
    assert ask.findtext("saml:Issuer", namespaces=NS) == f"{idp.base}/metadata"
    assert re.fullmatch(r"_[0-9a-f]{32}", ask.get("ID")) and ask.get("ForceAuthn") is None
    # by other code than ours
    signed = url.split("?", 1)[1].split("&Signature=")[0].encode()
    key = subprocess.run(["openssl", "x509", "-in", stack.dir / "keys/saml.pem", "-noout", "-pubkey"], check=True, capture_output=True).stdout
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    serialization.load_pem_public_key(key).verify(base64.b64decode(q["Signature"]), signed, padding.PKCS1v15(), hashes.SHA256())
    assert ask.get("ID") != message(place.browser().begin("saml")).get("ID")


def test_A3_our_metadata(place, idp, anonymous, stack):
    r = anonymous.get(f"/v1/auth/saml/{place.slug}/metadata")
    assert r.status_code == 200 and r.headers["Content-Type"] == "application/samlmetadata+xml"
    root = xml.fromstring(r.content)
    assert root.get("entityID") == f"{idp.base}/metadata"
    sp = root.find("md:SPSSODescriptor", NS)
    assert sp.get("AuthnRequestsSigned") == sp.get("WantAssertionsSigned") == "true"
    assert [a.get("Location") for a in sp.findall("md:AssertionConsumerService", NS)] == [f"{idp.base}/acs"]
    assert {k.get("use") for k in sp.findall("md:KeyDescriptor", NS)} == {"signing", "encryption"}
    # a workspace that does not exist has the same: there is nothing to find out
    assert anonymous.get("/v1/auth/saml/nobody-at-all/metadata").status_code == 200


def test_A3_settings_go_into_the_question(make_place):
    place = make_place(force_authn=True, nameid_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
    ask = message(place.browser().begin("saml"))
    assert ask.get("ForceAuthn") == "true"
    assert ask.find("samlp:NameIDPolicy", NS).get("Format") == "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    # and an answer of a login before the question is none
    browser = place.browser()
    url = browser.begin("saml")
    place.edit("UPDATE pact.sso_login SET created_at = now() + interval '5 minutes' WHERE tenant_id = app.tenant_id() AND message_id = %s", message(url).get("ID"))
    assert browser.refused(place.idp.post(browser, place.idp.answer(request=url))) == "authn-old"


@pytest.mark.parametrize("style", [1, 2, 4, 8, 16])
def test_A3_each_way_to_sign_and_encrypt(place, style):
    browser, r = come(place, style=style)
    assert r.headers["Location"] == "/" and browser.who()["roles"] == ["member"]


def test_A3_attributes_by_the_owners_names(make_place):
    place = make_place(attribute_email="displayName", attribute_groups="mail")
    browser = place.browser()
    assert browser.refused(place.idp.come(browser)) == "email-missing"  # "Ada Lovelace" is no address
    place.connect(type="saml", attribute_email="mail", attribute_name="groups")
    browser = place.browser()
    assert browser.refused(place.idp.come(browser)) == "attribute-count"  # two groups are no name


# ── what is refused: a sample of the table, over HTTP, with the reason in the audit log ──
VECTORS = [line.split() for line in forge("list").splitlines()]
SAMPLE = {"xsw1", "xsw3", "xsw4", "xsw8", "stripped", "tampered", "foreign-key", "rsa-sha1", "hmac-by-the-certificate", "xpath-transform",
    "comment-in-name-id", "cdata-in-attribute", "external-entity", "bomb", "encrypted-unsigned", "rsa-1-5", "another-issuer", "another-destination", "status-denied",
    "transient", "another-recipient", "answers-another-request", "confirmation-unsolicited", "no-conditions", "expired", "not-yet", "two-audiences-without-us",
    "no-authn-statement", "two-addresses", "not-base64", "many-nodes"}


@pytest.mark.parametrize("vector, reason", [(name, reason) for name, reason, _ in VECTORS if name in SAMPLE])
def test_A3_refused(place, vector, reason):
    browser, r = come(place, vector=vector)
    assert browser.refused(r) == reason


def test_A3_the_sample_is_of_the_table():
    assert SAMPLE <= {name for name, _, _ in VECTORS}


def test_A3_both_signatures_where_the_owner_asks_for_them(make_place):
    place = make_place(sign_both=True)
    for style, reason in ((1, "unsigned"), (2, "unsigned"), (8, "unsigned")):
        browser, r = come(place, style=style)
        assert browser.refused(r) == reason
    for style in (4, 16):
        assert come(place, style=style)[1].headers["Location"] == "/"


@pytest.mark.parametrize("problem", ["no-answer", "two-answers", "json", "too-large", "both"])
def test_A3_a_form_that_is_none(place, problem):
    browser = place.browser()
    path = f"/v1/auth/saml/{place.slug}/acs"
    bodies = {"no-answer": dict(data={"RelayState": "x"}), "two-answers": dict(data=[("SAMLResponse", "QQ=="), ("SAMLResponse", "QQ==")]), "json": dict(json={"SAMLResponse": "QQ=="}),
        "too-large": dict(data={"SAMLResponse": "A" * 900000}), "both": dict(data={"SAMLResponse": "QQ==", "SAMLRequest": "QQ=="})}
    r = browser.request("POST", path, **bodies[problem])
    assert r.status_code == {"json": 415, "too-large": 413}.get(problem, 400), r.text


# ── once, and by whom ──
def test_A3_an_answer_is_taken_once(place, idp):
    browser = place.browser()
    answer = idp.answer(request=browser.begin("saml"))
    browser.get(idp.post(browser, answer).headers["Location"])
    for thief in (browser, place.browser()):
        thief.session.cookies.set("x", "y")
        r = idp.post(thief, answer)
        assert r.headers["Location"].startswith("/login?") and place.reason(r) in ("state", "browser")


def test_A3_an_assertion_is_taken_once_whatever_message_it_comes_in(make_place):
    """Unsolicited, so that no login stands in the way: what is remembered is the assertion."""
    place = make_place(idp_initiated=True)
    answer = place.idp.answer(request="")
    browser = place.browser()
    assert goes_on(place, browser, place.idp.post(browser, answer)).headers["Location"] == "/"
    thief = place.browser()
    assert thief.refused(place.idp.post(thief, answer)) == "replay"


def test_A3_the_same_assertion_for_another_login_is_no_new_one(place, idp):
    browser = place.browser()
    ids = {"id": secrets.token_hex(8)}
    browser.get(idp.post(browser, idp.answer(request=browser.begin("saml"), **ids)).headers["Location"])
    other = place.browser()
    assert other.refused(idp.post(other, idp.answer(request=other.begin("saml"), **ids))) == "replay"


def test_A3_an_answer_is_for_the_browser_that_asked(place, idp):
    attacker, victim = place.browser(), place.browser()
    answer = idp.answer(request=attacker.begin("saml"))
    victim.begin("saml")
    assert victim.refused(idp.post(victim, answer)) == "browser"
    stranger = place.browser()
    assert stranger.refused(idp.post(stranger, answer)) == "browser"
    # it was not used up by the others
    assert attacker.get(idp.post(attacker, answer).headers["Location"]).headers["Location"] == "/"


def test_A3_the_proof_is_for_the_browser_that_asked(place, idp):
    browser, thief = place.browser(), place.browser()
    finish = idp.post(browser, idp.answer(request=browser.begin("saml"))).headers["Location"]
    thief.begin("saml")
    assert thief.refused(thief.get(finish)) == "state"


def test_A3_two_tabs_of_a_browser_both_come_in(place, idp):
    browser, who = place.browser(), {"subject": secrets.token_hex(4), "email": f"{secrets.token_hex(4)}@{place.domain}"}
    first, second = browser.begin("saml", return_to="/a"), browser.begin("saml", return_to="/b")
    for url, to in ((second, "/b"), (first, "/a")):
        assert browser.get(idp.post(browser, idp.answer(request=url, **who)).headers["Location"]).headers["Location"] == to


@pytest.mark.parametrize("relay", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "x" * 300])
def test_A3_relay_state_leads_nowhere(place, idp, relay):
    browser = place.browser()
    r = idp.post(browser, idp.answer(request=browser.begin("saml", return_to="/tasks")), relay=relay)
    assert r.headers["Location"].startswith(f"/v1/auth/sso/{place.slug}/finish?login=")
    assert browser.get(r.headers["Location"]).headers["Location"] == "/tasks"


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "contacts"])
def test_A3_return_to_is_a_path_of_ours(place, idp, to):
    browser, r = come(place, way={"return_to": to})
    assert r.headers["Location"] == "/"


def test_A3_T3_an_answer_of_one_workspace_is_nothing_in_another(place, idp, make_place):
    other = make_place()
    browser = other.browser()
    # signed by the same key, of the other's provider, addressed to us: by another entity id
    r = idp.post(browser, idp.answer(request=browser.begin("saml")), slug=other.slug)
    assert browser.refused(r) == "issuer"
    # with the right entity id, but addressed to the workspace it was made for
    browser = other.browser()
    answer = idp.answer(request=browser.begin("saml"), issuer=other.idp.entity)
    assert browser.refused(idp.post(browser, answer, slug=other.slug)) == "destination"
    # another workspace's provider, with its own key, that says it is ours
    browser = place.browser()
    answer = idp.answer("foreign-key", request=browser.begin("saml"))
    assert browser.refused(idp.post(browser, answer)) == "signature"
    # a login of one, answered in the other
    browser = other.browser()
    url = place.browser().begin("saml")
    assert browser.refused(other.idp.post(browser, other.idp.answer(request=url))) == "browser"
    browser.begin("saml")
    assert browser.refused(other.idp.post(browser, other.idp.answer(request=url))) == "state"


def test_A3_an_address_opens_only_accounts_of_domains_that_are_the_workspaces(place):
    browser, r = come(place, email="ceo@bigco.example")
    assert browser.refused(r) == "domain-unverified"


def goes_on(place, browser, r):
    """Somebody whom the provider sent presses the button of the login page."""
    proved = re.fullmatch(f"/login\\?workspace={place.slug}&proved=([0-9a-f-]{{36}})", r.headers["Location"])[1]
    return browser.get(f"/v1/auth/sso/{place.slug}/finish?login={proved}")


def test_A3_who_was_not_asked_for_does_not_come_in(place, idp):
    browser = place.browser()
    assert browser.refused(idp.post(browser, idp.answer(request=""))) == "unsolicited"


def test_A3_who_was_not_asked_for_comes_in_where_the_owner_allows_it(make_place):
    place = make_place(idp_initiated=True)
    browser = place.browser()
    r = place.idp.post(browser, place.idp.answer(request=""), relay="https://evil.example/")
    # any page can post somebody's answer: it begins no session by itself, the login page asks
    assert browser.get("/v1/auth/session").status_code == 401
    assert place.reason(goes_on(place, place.browser(), r)) in ("browser", "state")  # the proof is of this browser
    assert goes_on(place, browser, r).headers["Location"] == "/"
    assert browser.who()["roles"] == ["viewer"]


def test_A3_a_login_ends_after_a_quarter_of_an_hour(place, idp):
    browser = place.browser()
    url = browser.begin("saml")
    place.edit("UPDATE pact.sso_login SET expires_at = now() WHERE tenant_id = app.tenant_id() AND message_id = %s", message(url).get("ID"))
    assert browser.refused(idp.post(browser, idp.answer(request=url))) == "state"


def test_A3_the_connection_may_change_meanwhile(place, idp):
    """An answer is held against the connection as it is when it comes; a key that was taken away is not good any more."""
    browser = place.browser()
    url = browser.begin("saml")
    now = place.connect(type="saml", metadata=idp.metadata(KEYS / "idp-new.pem"))
    try:
        assert now["status"] == "ready"
        assert browser.refused(idp.post(browser, idp.answer(request=url))) == "signature"
    finally:
        place.connect(type="saml", metadata=idp.metadata())
    assert come(place)[1].headers["Location"] == "/"


# ── the owner's test ──
def test_A3_the_owner_tries_it_before_anybody_must(make_place):
    place = make_place()
    url = place.owner.ok("POST", "/v1/settings/security/sso/test", status=(201,))["url"]
    browser = place.browser()
    r = browser.get(url)
    back = place.idp.post(browser, place.idp.answer(request=r.headers["Location"], email=f"somebody@{place.domain}"))
    assert browser.get(back.headers["Location"]).headers["Location"] == "/sso?tested"
    assert browser.get("/v1/auth/session").status_code == 401
    now = place.owner.ok("GET", "/v1/settings/security")["sso"]
    assert now["tested_at"] and now["test_result"]["email"] == f"somebody@{place.domain}"
    assert place.reason(browser.get(url)) == "test-ended"
    assert place.reason(browser.get(f"/v1/auth/saml/{place.slug}/login?test=nonsense")) == "test-ended"


# ── logout ──
def sessions(place, browser):
    return browser.get("/v1/auth/session").status_code == 200


def two_devices(place):
    who = {"subject": f"s-{secrets.token_hex(4)}", "email": f"{secrets.token_hex(4)}@{place.domain}"}
    ids = [secrets.token_hex(8), secrets.token_hex(8)]
    browsers = [come(place, id=i, **who)[0] for i in ids]
    assert all(sessions(place, b) for b in browsers)
    return who["subject"], ids, browsers


def slo(place, browser, data):
    return browser.request("POST", f"/v1/auth/saml/{place.slug}/slo", data=data, headers={"Origin": "https://idp.example", "Sec-Fetch-Site": "cross-site"})


def test_A3_a_logout_at_the_provider_ends_that_session_at_once(place, idp):
    subject, ids, (one, two) = two_devices(place)
    r = slo(place, place.browser(), {"SAMLRequest": idp.answer("logout", acs=f"{idp.base}/slo", subject=subject, id=ids[0]), "RelayState": "a=b&c"})
    assert r.headers["Location"].startswith(idp.slo + "&SAMLResponse=")
    answer = message(r.headers["Location"])
    assert answer.get("InResponseTo") == f"_l{ids[0]}" and answer.get("Destination") == idp.slo
    assert answer.find("samlp:Status/samlp:StatusCode", NS).get("Value").endswith(":Success")
    assert dict(urllib.parse.parse_qsl(r.headers["Location"]))["RelayState"] == "a=b&c"
    assert not sessions(place, one) and sessions(place, two)
    events = place.rows("SELECT new ->> 'reason' FROM pact.audit_event WHERE tenant_id = %s AND request_id = %s AND action = 'auth.logout'", place.tenant, r.headers["X-Request-Id"])
    assert events == [("sso-logout",)]


def test_A3_a_logout_without_a_session_ends_all_of_them(place, idp):
    subject, ids, browsers = two_devices(place)
    _, _, (somebody, _) = two_devices(place)
    r = slo(place, place.browser(), {"SAMLRequest": idp.answer("logout-everywhere", acs=f"{idp.base}/slo", subject=subject)})
    assert r.status_code == 303 and not any(sessions(place, b) for b in browsers)
    assert sessions(place, somebody)


@pytest.mark.parametrize("vector", ["logout-unsigned", "logout-foreign-key", "logout-sha1", "logout-tampered", "logout-wrapped", "logout-old", "logout-destination", "logout-comment"])
def test_A3_a_logout_that_is_forged_ends_nothing(place, idp, vector):
    subject, ids, browsers = two_devices(place)
    r = slo(place, place.browser(), {"SAMLRequest": idp.answer(vector, acs=f"{idp.base}/slo", subject=subject, id=ids[0])})
    assert r.headers["Location"].startswith("/login?")
    expected = {"logout-unsigned": "unsigned", "logout-foreign-key": "signature", "logout-sha1": "algorithm", "logout-tampered": "signature", "logout-wrapped": "nested",
        "logout-old": "issue-instant", "logout-destination": "destination", "logout-comment": "comment"}
    assert place.reason(r) == "logout-" + expected[vector]
    assert all(sessions(place, b) for b in browsers)


def test_A3_a_logout_is_taken_once(place, idp):
    subject, ids, _ = two_devices(place)
    data = {"SAMLRequest": idp.answer("logout-everywhere", acs=f"{idp.base}/slo", subject=subject)}
    assert slo(place, place.browser(), data).headers["Location"].startswith(idp.slo)
    back, _ = come(place, subject=subject, email=f"x@{place.domain}")
    r = slo(place, place.browser(), data)
    assert place.reason(r) == "logout-replay" and sessions(place, back)


def test_A3_a_logout_here_goes_on_to_the_provider(place, idp):
    browser, _ = come(place, id="feed01")
    url = browser.request("POST", "/v1/auth/logout", headers={"Origin": place.stack.base}).json()["logout_url"]
    assert browser.get("/v1/auth/session").status_code == 401
    r = browser.get(url)
    assert r.headers["Location"].startswith(idp.slo + "&SAMLRequest=")
    ask = message(r.headers["Location"])
    assert ask.get("Destination") == idp.slo and ask.findtext("samlp:SessionIndex", namespaces=NS) == "_sfeed01"
    name = ask.find("saml:NameID", NS)
    assert name.text.startswith("sub-") and name.attrib == {"Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}
    # once; and nothing that the provider answers leads anywhere else
    assert browser.get(url).headers["Location"] == "/login"
    for r in (browser.get(f"/v1/auth/saml/{place.slug}/slo?SAMLResponse=anything&RelayState=%2F%2Fevil.example"), slo(place, browser, {"SAMLResponse": "anything"})):
        assert r.headers["Location"] == "/login"
    assert browser.get(f"/v1/auth/saml/{place.slug}/slo?handle=nonsense").headers["Location"] == "/login"
    assert browser.get(f"/v1/auth/saml/{place.slug}/slo").status_code == 400


# ── metadata ──
@pytest.mark.parametrize("text, words", [("<x/>", "SAML 2.0"), ("not xml", "no XML"), ("<!DOCTYPE x><x/>", "DTD")])
def test_A3_metadata_that_is_none_says_why(make_place, text, words):
    place = make_place()
    now = place.connect(type="saml", metadata=text)
    # what was good goes on
    assert words in now["problem"] and now["status"] == "ready" and now["facts"]["entity_id"] == place.idp.entity
    assert come(place)[1].headers["Location"] == "/"


def test_A3_metadata_of_a_curve_says_what_to_do(stack, make_workspace):
    workspace = make_workspace(roles=())
    place = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    now = place.connect(type="saml", metadata=Forge(place).metadata(KEYS / "ec.pem"))
    assert now["status"] == "refused" and "RSA" in now["problem"]
    r = place.browser().get(f"/v1/auth/saml/{place.slug}/login")
    assert "problem=sso-unavailable" in r.headers["Location"]


def test_A3_what_the_settings_page_shows(place, idp):
    facts = place.owner.ok("GET", "/v1/settings/security")["sso"]["facts"]
    assert facts["entity_id"] == idp.entity and facts["sso_url"] == idp.entity + "/sso" and facts["slo_url"] == idp.slo
    (one,) = facts["certificates"]
    fingerprint = subprocess.run(["openssl", "x509", "-in", KEYS / "idp.pem", "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True, text=True).stdout
    assert one["sha256"] == fingerprint.split("=")[1].strip().replace(":", "").lower()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["not_after"]) and "CN=idp.example" in one["subject"]


def runner_again(place):
    """The runner's clock comes round: a start is a tick."""
    place.edit("SET session_replication_role = replica; UPDATE pact.sso_connection SET checked_at = now() - interval '2 days', updated_at = now() - interval '2 days' WHERE tenant_id = app.tenant_id()")
    place.stack.run("stop", "saml-job")
    place.stack.run("start", "saml-job")
    end = time.monotonic() + 20
    while place.rows("SELECT checked_at < now() - interval '1 day' FROM pact.sso_connection WHERE tenant_id = %s AND problem IS NULL", place.tenant) == [(True,)]:
        assert time.monotonic() < end, "nobody looked at the metadata"
        time.sleep(0.05)


def test_A3_a_new_certificate_is_taken_without_anybodys_doing(stack, make_workspace):
    workspace = make_workspace(roles=())
    place = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    idp = place.idp = Forge(place)
    with Page(stack, idp.metadata()) as page:
        now = place.connect(type="saml", metadata_url=page.url, jit=True, default_roles=["viewer"])
        assert now["status"] == "ready" and len(now["facts"]["certificates"]) == 1, now
        assert come(place)[1].headers["Location"] == "/"
        browser, r = come(place, vector="foreign-key")
        assert browser.refused(r) == "signature"
        # the provider announces its next key (foreign.pem), then signs with it, then takes the old one back
        page.text = idp.metadata(KEYS / "idp.pem", KEYS / "foreign.pem")
        runner_again(place)
        assert come(place)[1].headers["Location"] == "/"
        assert come(place, vector="foreign-key")[1].headers["Location"] == "/"
        page.text = idp.metadata(KEYS / "foreign.pem")
        runner_again(place)
        browser, r = come(place)
        assert browser.refused(r) == "signature"
        assert come(place, vector="foreign-key")[1].headers["Location"] == "/"
        # another provider at that address is not taken, nor is an error; what was good goes on
        page.text = idp.metadata(KEYS / "idp.pem").replace(idp.entity + '">', 'https://evil.example">')
        runner_again(place)
        assert "another identity provider" in place.owner.ok("GET", "/v1/settings/security")["sso"]["problem"]
        assert come(place, vector="foreign-key")[1].headers["Location"] == "/"
        page.status = 500
        place.edit("UPDATE pact.sso_connection SET problem = NULL WHERE tenant_id = app.tenant_id()")
        runner_again(place)
        assert "status 500" in place.owner.ok("GET", "/v1/settings/security")["sso"]["problem"]
        assert come(place, vector="foreign-key")[1].headers["Location"] == "/"


def test_A3_metadata_is_not_fetched_from_inside_or_without_tls(place):
    for url in ("http://localhost/metadata", "file:///etc/passwd", "gopher://localhost/"):
        place.owner.refused(422, "invalid", "PATCH", "/v1/settings/security", {"sso": {"type": "saml", "metadata_url": url}})


# ── processes ──
def test_A3_a_crash_costs_one_request(place, stack):
    import os
    import signal
    pids = [int(p) for p in subprocess.run(["pgrep", "-f", str(stack.dir / "bin/saml")], capture_output=True, text=True).stdout.split()]
    workers = [p for p in pids if os.path.realpath(f"/proc/{p}/exe") == str(stack.dir / "bin/saml") and b"PACT_POOL=auth-saml\0" in open(f"/proc/{p}/environ", "rb").read()]
    assert len(workers) == 2
    for p in workers:
        os.kill(p, signal.SIGABRT)
    end = time.monotonic() + 10
    while True:
        r = place.browser().get(f"/v1/auth/saml/{place.slug}/login", check=False)
        if r.status_code == 303:
            break
        assert time.monotonic() < end, r.status_code
        time.sleep(0.1)
    assert come(place)[1].headers["Location"] == "/"


def test_A3_the_program_has_no_key_of_ours_and_reads_no_table(stack):
    env = subprocess.run(["bash", "-c", f'. {ROOT}/scripts/lib/pools.sh; run=R keys=K base_url=B; program_env saml auth-saml'], check=True, capture_output=True, text=True).stdout
    assert not re.search("SIGN_KEY|PEPPER|MASTER", env) and "PACT_SAML_KEY" in env
    with stack.role("saml") as conn, conn.cursor() as cur:
        cur.execute("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('pact', 'directory', 'app') "
            "AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')")
        assert cur.fetchall() == [("app.schema_version",)]
