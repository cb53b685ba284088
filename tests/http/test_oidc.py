# SPDX-License-Identifier: GPL-3.0-or-later
"""A4: login by OpenID Connect, against a provider that says what the test tells it to. test_oidc_real.py has a real one."""
import json
import secrets
import threading
import time
import urllib.parse

import pytest
from client import Client, new_ip
from fake_op import BACKCHANNEL, FakeOP, Key, b64, free_port, hs256
from sso import Sso


@pytest.fixture(scope="module")
def place(stack, make_workspace):
    workspace = make_workspace(roles=())
    return Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))


@pytest.fixture(scope="module")
def shared_op(stack):
    with FakeOP(stack) as op:
        yield op


@pytest.fixture(scope="module")
def connected(place, shared_op):
    now = place.connect(type="oidc", issuer=shared_op.issuer, client_id=shared_op.client_id, client_secret=shared_op.secret, jit=True,
        default_roles=["viewer"], role_mapping=[{"group": "sales", "role": "member"}])
    assert now["status"] == "ready", now
    return place


@pytest.fixture
def op(connected, shared_op):
    """The provider, honest again, and the connection as at first."""
    keys = list(shared_op.keys)
    yield shared_op
    shared_op.lie.clear()
    shared_op.keys[:] = keys
    connected.edit("UPDATE pact.sso_connection SET failing_until = NULL WHERE tenant_id = app.tenant_id()")


def person(sso, **more):
    """Claims of somebody of the workspace's own domain."""
    name = secrets.token_hex(5)
    return {"sub": f"sub-{name}", "email": f"{name}@{sso.domain}", "email_verified": True, "name": f"Name {name}"} | more


def come(sso, op, browser=None, claims=None, **params):
    browser = browser or sso.browser()
    return browser, browser.follow(op.answer(browser.begin(**params), **(claims or person(sso))))


# ── the way in ──
def test_A4_somebody_new_comes_in_and_is_known_the_next_time(connected, op):
    claims = person(connected, groups=["sales", "else"])
    browser, r = come(connected, op, claims=claims, return_to="/contacts?filter=mine")
    assert (r.status_code, r.headers["Location"]) == (303, "/contacts?filter=mine")
    who = browser.who()
    assert who["user"]["email"] == claims["email"] and who["roles"] == ["member"] and who["user"]["name"] == claims["name"]
    # another address, name and no group: the subject is who it is; the roles of groups go
    again, r = come(connected, op, claims=claims | {"email": "other@elsewhere.example", "groups": []})
    assert again.who()["user"]["public_id"] == who["user"]["public_id"] and again.who()["roles"] == ["viewer"]


def by_teams(fresh, own):
    """A connection with a claim of groups that the owner has named: somebody's claims, and the roles they get who come with more of them."""
    fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, claim_groups="teams",
        default_roles=["viewer"], role_mapping=[{"group": "admins", "role": "admin"}])
    claims = person(fresh)
    return claims, lambda **more: come(fresh, own, claims=claims | more)[0].who()["roles"]


def test_A4_T3_groups_of_a_claim_that_the_owner_named_are_none_when_it_is_left_out(fresh, stack):
    """Of somebody who has left the last group Entra ID and Okta send no claim: what the group gave must not stay for ever."""
    with FakeOP(stack) as own:
        _, roles = by_teams(fresh, own)
        assert roles(teams=["admins"]) == ["admin"]
        # there are too many of them for a token
        assert roles(_claim_names={"teams": "src1"}) == ["admin"]
        assert roles(_claim_names={"other": "src1"}) == ["viewer"]
        assert "admin" in roles(teams="admins")
        assert roles() == ["viewer"]
        # nothing was named: a provider that says nothing of groups takes nothing from anybody
        fresh.connect(type="oidc", claim_groups=None)
        assert "admin" in roles(groups=["admins"]) and "admin" in roles()


def test_A4_the_discovery_document_and_keys_are_kept_not_asked_for_at_each_login(connected, op):
    op.asked.clear()
    come(connected, op)
    assert dict(op.asked) == {"/token": 1}


def test_A4_the_answer_sets_cookies_that_scripts_and_other_sites_cannot_use(connected, op):
    _, r = come(connected, op)
    cookies = r.raw.headers.getlist("Set-Cookie")
    assert len(cookies) == 2 and all("Secure; HttpOnly; SameSite=" in c for c in cookies)
    assert r.headers["Cache-Control"] == "no-store" and r.headers["Referrer-Policy"] in ("no-referrer", "same-origin", "strict-origin-when-cross-origin")


def test_A4_two_tabs_of_a_browser_both_come_in(connected, op):
    browser, claims = connected.browser(), person(connected)
    first, second = browser.begin(return_to="/a"), browser.begin(return_to="/b")
    assert browser.follow(op.answer(second, **claims)).headers["Location"] == "/b"
    assert browser.follow(op.answer(first, **claims)).headers["Location"] == "/a"


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
def test_A4_every_algorithm(place, stack, make_workspace, alg):
    workspace = make_workspace(roles=())
    sso = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    with FakeOP(stack, alg) as own:
        now = sso.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"])
        assert now["facts"]["algs"] == alg, now
        browser, r = come(sso, own)
        assert r.headers["Location"] == "/" and browser.who()["roles"] == ["viewer"]
        # a signature by another key of the same kind and name
        other = Key(alg)
        other.kid = own.keys[0].kid
        own.lie["id_token"] = lambda c: other.sign(c)
        browser, r = come(sso, own)
        assert browser.refused(r) == "token-signature"


def test_A4_a_client_without_a_secret_and_one_that_posts_it(place, stack, make_workspace):
    workspace = make_workspace(roles=())
    sso = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    with FakeOP(stack) as own:
        forms = []
        own.lie["document"] = lambda d: d | {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        own.token = lambda h, form: (forms.append((form, h.headers.get("Authorization"))), own.send(h, 400, {}))
        sso.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret)
        come(sso, own)
        sso.connect(type="oidc", client_secret=None)
        come(sso, own)
        assert [(f["client_id"], f.get("client_secret"), a) for f, a in forms] == [(own.client_id, own.secret, None), (own.client_id, None, None)]


def test_A4_userinfo_fills_in_what_the_token_leaves_out(connected, op):
    claims = person(connected)
    browser, r = come(connected, op, claims={"sub": claims["sub"], "userinfo": claims})
    assert browser.who()["user"]["email"] == claims["email"]


def test_A4_T3_groups_that_only_userinfo_knows(fresh, stack):
    """Okta's, OneLogin's and GitLab's tokens may hold the address and leave the groups to userinfo: that is not "in none"."""
    with FakeOP(stack) as own:
        claims, roles = by_teams(fresh, own)
        assert roles(userinfo={"teams": ["admins"]}) == ["admin"]
        # nothing else of it counts where the token has an address
        assert roles(email_verified=None, userinfo={"teams": ["admins"], "email": "x@elsewhere.example", "email_verified": True}) == ["admin"]
        # what the token says stands, and whoever is in no group by both is in none
        assert roles(teams=["else"], userinfo={"teams": ["admins"]}) == ["viewer"]
        assert "admin" in roles(userinfo={"teams": ["admins"]}) and roles() == ["viewer"]
        # one that has nothing to say there: ADFS without a resource for it
        own.lie["serve"] = {"/userinfo": lambda h: FakeOP.send(h, 401, {})}
        assert "admin" in roles(teams=["admins"]) and roles() == ["viewer"]
        # one that does not answer for a moment takes nobody's roles
        assert "admin" in roles(teams=["admins"])
        own.lie["serve"] = {"/userinfo": lambda h: FakeOP.send(h, 503, {})}
        browser, r = come(fresh, own, claims=claims)
        assert browser.refused(r) == "unavailable"
        assert fresh.rows("SELECT r.name FROM pact.user_role x JOIN pact.role r ON r.id = x.role_id JOIN pact.user_account u ON u.id = x.user_id "
            "WHERE u.email = %s AND u.tenant_id = %s AND r.name = 'admin'", claims["email"], fresh.tenant) == [("admin",)]


def extra(key, **more):
    """A key as those are that Entra ID and Keycloak publish beside: for something else, or without a word of what for."""
    return lambda d: {"keys": [key.jwk(**more)] + [{k: v for k, v in j.items() if k not in ("use", "alg")} | {"x5c": ["MIIB"], "x5t": "AAAA"} for j in d["keys"]]}


# name: path of the issuer, algorithm, what is different, the claims, the settings
PROVIDERS = {
    "Entra ID": ("/0b5a/v2.0", "RS256", {
        "document": lambda d: {k: v for k, v in d.items() if k != "code_challenge_methods_supported"} | {"authorization_response_iss_parameter_supported": False,
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"], "cloud_instance_name": "x"},
        "jwks": extra(Key("RS256")), "header": {"typ": "JWT", "x5t": "AAAA"}},
        lambda c: {k: v for k, v in c.items() if k != "email_verified"} | {"ver": "2.0", "tid": "0b5a", "oid": "77aa", "rh": "0.A", "nbf": int(time.time()),
            "groups": ["sales"], "preferred_username": c["email"], "xms_edov": True}, {"trust_email": True}),
    "Auth0, JumpCloud": ("/", "RS256", {
        "document": lambda d: d | {"code_challenge_methods_supported": ["S256", "plain"], "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}},
        lambda c: c | {"groups": "sales", "sid": "s1", "updated_at": "2026-01-01T00:00:00.000Z", "rat": int(time.time())}, {}),
    "Okta, Keycloak": ("/realms/x", "ES256", {"jwks": extra(Key("RS256"), use="enc", alg="RSA-OAEP"), "header": {"typ": "JWT"}},
        lambda c: c | {"typ": "ID", "azp": None, "acr": "1", "auth_time": int(time.time()), "groups": ["sales", "offline_access"], "sid": "s1"}, {}),
    "Cognito, Apple": ("", "RS256", {"document": lambda d: {k: v for k, v in d.items() if k not in ("userinfo_endpoint", "code_challenge_methods_supported")}},
        lambda c: c | {"email_verified": "true", "aud": None, "groups": ["sales"]}, {}),
    "PingFederate": ("", "PS256", {"jwks": extra(Key("ES512"))},
        lambda c: {"sub": c["sub"], "pi.sri": "x", "userinfo": c | {"groups": ["sales"]}}, {}),
    "ADFS": ("/adfs", "RS256", {"document": lambda d: d | {"access_token_issuer": "http://localhost/adfs/services/trust", "token_endpoint_auth_methods_supported":
            ["client_secret_post", "client_secret_basic", "private_key_jwt", "windows_client_authentication"]}, "header": {"typ": "JWT", "x5t": "AAAA"}},
        lambda c: {"sub": c["sub"], "upn": c["email"], "unique_name": "CORP\\ada", "pwd_exp": "1000", "groups": ["sales"], "name": c["name"]},
        {"claim_email": "upn", "trust_email": True}),
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_A4_tokens_as_providers_send_them(fresh, stack, provider):
    path, alg, lie, claims, settings = PROVIDERS[provider]
    with FakeOP(stack, alg, path) as own:
        own.lie.update(lie)
        now = fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"],
            role_mapping=[{"group": "sales", "role": "member"}], **settings)
        assert now["status"] == "ready", now
        them = person(fresh)
        said = claims(them)
        said |= {"azp": own.client_id} if "azp" in said else {}
        said |= {"aud": [own.client_id]} if "aud" in said else {}
        browser, r = come(fresh, own, claims=said)
        assert r.headers.get("Location") == "/", browser.refused(r)
        who = browser.who()
        assert (who["user"]["email"], who["user"]["name"], who["roles"]) == (them["email"], them["name"], ["member"])


# ── what is refused: one row a vector, and the reason that the audit log must give ──
def claim(**change):
    return lambda op: op.lie.update(claims=lambda c: {k: v for k, v in (c | change).items() if v is not None})


def token(make):
    return lambda op: op.lie.update(id_token=lambda c: make(op, c))


def header(**change):
    return lambda op: op.lie.update(header=change)


def answer(change):
    return lambda op: op.lie.update(token=change)


def flip(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


NOW = int(time.time())
REFUSED = {
    "alg none": (token(lambda op, c: f"{b64({'alg': 'none'})}.{b64(c)}."), "token-alg"),
    "alg None": (token(lambda op, c: f"{b64({'alg': 'None', 'kid': op.keys[0].kid})}.{b64(c)}.{b64(b'x')}"), "token-alg"),
    "no alg": (token(lambda op, c: op.keys[0].sign(c, alg=None)), "token-alg"),
    "alg that the provider does not name": (token(lambda op, c: op.keys[0].sign(c, alg="RS512")), "token-alg"),
    "HS256 keyed with the public key": (token(lambda op, c: hs256(op.keys[0].pem(), c, kid=op.keys[0].kid)), "token-alg"),
    "HS256 keyed with the secret": (token(lambda op, c: hs256(op.secret.encode(), c)), "token-alg"),
    "embedded jwk": (token(lambda op, c: (k := Key()).sign(c, jwk=k.jwk())), "token-key"),
    "embedded jwk under the known kid": (token(lambda op, c: (k := Key()).sign(c, kid=op.keys[0].kid, jwk=k.jwk())), "token-signature"),
    "jku": (token(lambda op, c: Key().sign(c, kid=op.keys[0].kid, jku="https://localhost:1/jwks")), "token-signature"),
    "foreign key": (token(lambda op, c: Key().sign(c)), "token-key"),
    "kid is no text": (header(kid=7), "token-malformed"),
    "crit": (header(crit=["b64"], b64=False), "token-crit"),
    "typ of another kind": (header(typ="at+jwt"), "token-type"),
    "a logout token for an ID token": (header(typ="logout+jwt"), "token-type"),
    "body changed": (token(lambda op, c: flip(op.keys[0].sign(c), 120)), "token-signature"),
    "signature changed": (token(lambda op, c: flip(t := op.keys[0].sign(c), len(t) - 20)), "token-signature"),
    "signature cut": (token(lambda op, c: op.keys[0].sign(c)[:-6]), "token-signature"),
    "no signature": (token(lambda op, c: op.keys[0].sign(c).rsplit(".", 1)[0] + "."), "token-signature"),
    "four parts": (token(lambda op, c: op.keys[0].sign(c) + ".x"), "token-malformed"),
    "two parts": (token(lambda op, c: op.keys[0].sign(c).rsplit(".", 1)[0]), "token-malformed"),
    "padded base64": (token(lambda op, c: op.keys[0].sign(c) + "="), "token-malformed"),
    "claims twice": (token(lambda op, c: (d := f"{b64({'alg': 'RS256', 'kid': op.keys[0].kid})}.{b64(json.dumps(c)[:-1] + ', ' + json.dumps({'sub': 'admin'})[1:])}")
        + "." + b64(op.keys[0].signature(d.encode()))), "token-malformed"),
    "claims are a list": (token(lambda op, c: (d := f"{b64({'alg': 'RS256', 'kid': op.keys[0].kid})}.{b64([c])}") + "." + b64(op.keys[0].signature(d.encode()))), "token-malformed"),
    "no token": (answer(lambda a: {k: v for k, v in a.items() if k != "id_token"}), "token-missing"),
    "token is no text": (answer(lambda a: a | {"id_token": {}}), "token-missing"),
    "answer is no JSON": (answer(lambda a: b"<html>"), "token-missing"),
    "answer is a list": (answer(lambda a: [a]), "token-missing"),
    "iss of another": (claim(iss="https://elsewhere.example"), "token-iss"),
    "iss with a slash": (lambda op: op.lie.update(claims=lambda c: c | {"iss": c["iss"] + "/"}), "token-iss"),
    "no iss": (claim(iss=None), "token-iss"),
    "aud of another": (claim(aud="somebody-else"), "token-aud"),
    "aud empty": (claim(aud=[]), "token-aud"),
    "no aud": (claim(aud=None), "token-aud"),
    "aud is no text": (claim(aud=[{"a": 1}]), "token-aud"),
    "several aud, no azp": (lambda op: op.lie.update(claims=lambda c: c | {"aud": [c["aud"], "other"]}), "token-azp"),
    "azp of another": (claim(azp="other"), "token-azp"),
    "azp is no text": (claim(azp=1), "token-azp"),
    "expired": (lambda op: op.lie.update(claims=lambda c: c | {"exp": int(time.time()) - 120}), "token-exp"),
    "exp is text": (claim(exp="9999999999"), "token-exp"),
    "exp overflows": (claim(exp=1e300), "token-exp"),
    "exp is negative": (claim(exp=-1), "token-exp"),
    "no exp": (claim(exp=None), "token-exp"),
    "iat to come": (claim(iat=NOW + 86400), "token-iat"),
    "no iat": (claim(iat=None), "token-iat"),
    "nbf to come": (claim(nbf=NOW + 86400), "token-nbf"),
    "nonce of another login": (claim(nonce="0" * 64), "token-nonce"),
    "no nonce": (claim(nonce=None), "token-nonce"),
    "nonce is no text": (claim(nonce=[]), "token-nonce"),
    "no sub": (claim(sub=None), "token-sub"),
    "sub empty": (claim(sub=""), "token-sub"),
    "sub is a number": (claim(sub=5), "token-sub"),
    "sub too long": (claim(sub="s" * 600), "token-sub"),
    "at_hash of another": (claim(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "token-at-hash"),
    "at_hash is no text": (claim(at_hash=1), "token-at-hash"),
    "address missing": (claim(email=None), "email-missing"),
    "address is no text": (claim(email={"a": 1}), "email-missing"),
    "address is none": (claim(email="<script>"), "email"),
    "address not verified": (claim(email_verified=False), "email-unverified"),
    "address verified left out": (claim(email_verified=None), "email-unverified"),
    "address verified as another text": (claim(email_verified="1"), "email-unverified"),
    "address of another domain": (claim(email="ceo@bigco.example"), "domain-unverified"),
    "address with a look-alike domain": (lambda op: op.lie.update(claims=lambda c: c | {"email": c["email"] + ".evil.example"}), "domain-unverified"),
}


@pytest.mark.parametrize("vector", REFUSED)
def test_A4_refused(connected, op, vector):
    lie, reason = REFUSED[vector]
    lie(op)
    browser, r = come(connected, op)
    assert browser.refused(r) == reason


def test_A4_how_people_must_have_logged_in_there_is_asked_for_and_looked_at(fresh, stack):
    with FakeOP(stack) as own:
        fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"], acr_values="phr urn:mfa")
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(fresh.browser().begin()).query))
        assert asked["acr_values"] == "phr urn:mfa"
        for acr in ("pwd", "", "phr urn:mfa", "urn", None, ["urn:mfa"], 1):
            own.lie["claims"] = lambda c, acr=acr: {k: v for k, v in (c | {"acr": acr}).items() if v is not None}
            browser, r = come(fresh, own)
            assert browser.refused(r) == "token-acr"
        for acr in ("phr", "urn:mfa"):
            own.lie["claims"] = lambda c, acr=acr: c | {"acr": acr}
            assert come(fresh, own)[1].headers["Location"] == "/"


def test_A4_at_hash_that_is_right_is_taken(connected, op):
    import hashlib
    tokens = {}

    def with_hash(c):
        return c | {"at_hash": b64(hashlib.sha256(tokens["at"].encode()).digest()[:16])}

    browser = connected.browser()
    back = op.answer(browser.begin(), **person(connected))
    tokens["at"] = "at-" + dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))["code"]
    op.lie["claims"] = with_hash
    assert browser.follow(back).headers["Location"] == "/"


def test_A4_an_address_of_another_claim_is_not_vouched_for_by_email_verified(fresh, stack):
    """What a person can choose at the provider, such as preferred_username, is not their address."""
    with FakeOP(stack) as own:
        fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"], claim_email="upn")
        claims = person(fresh)
        browser, r = come(fresh, own, claims=claims | {"upn": claims["email"], "email": "mine@elsewhere.example"})
        assert browser.refused(r) == "email-unverified"
        # unless the owner says that it is so, as Entra ID needs it
        fresh.connect(type="oidc", trust_email=True)
        browser, r = come(fresh, own, claims={k: v for k, v in claims.items() if k != "email"} | {"upn": claims["email"]})
        assert browser.who()["user"]["email"] == claims["email"]


# ── the answer's parameters ──
def change(url, drop=(), **more):
    s = urllib.parse.urlsplit(url)
    q = {k: v for k, v in urllib.parse.parse_qsl(s.query) if k not in drop} | more
    return urllib.parse.urlunsplit(s._replace(query=urllib.parse.urlencode(q)))


ANSWERS = {
    "state of nobody": (lambda u: change(u, state="x" * 43), "state"),
    "no state": (lambda u: change(u, drop=["state"]), "state"),
    "iss of another provider (mix-up)": (lambda u: change(u, iss="https://evil.example"), "iss"),
    "iss left out though offered": (lambda u: change(u, drop=["iss"]), "iss"),
    "no code": (lambda u: change(u, drop=["code"]), "code"),
    "code of nobody": (lambda u: change(u, code="stolen"), "code"),
    "the person said no": (lambda u: change(u, drop=["code"], error="access_denied"), "denied"),
    "another error": (lambda u: change(u, drop=["code"], error="<script>alert(1)</script>"), "provider"),
}


@pytest.mark.parametrize("vector", ANSWERS)
def test_A4_answer_refused(connected, op, vector):
    make, reason = ANSWERS[vector]
    browser = connected.browser()
    r = browser.follow(make(op.answer(browser.begin(), **person(connected))))
    assert browser.refused(r) == reason


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
def test_A4_parameters_that_are_there_twice_are_refused(connected, op, name):
    browser = connected.browser()
    back = op.answer(browser.begin(), **person(connected))
    r = browser.get(f"{back}&{name}=a&{name}=b", check=False)
    assert r.status_code in (400, 422), r.text
    assert browser.get("/v1/auth/session").status_code == 401
    # nothing was used up by it
    assert browser.follow(back).headers["Location"] == "/"


def test_A4_parameters_that_we_do_not_know_are_passed_over(connected, op):
    browser = connected.browser()
    back = op.answer(browser.begin(), **person(connected))
    assert browser.follow(back + "&session_state=abc&scope=openid&authuser=0").headers["Location"] == "/"


def test_A4_an_answer_is_taken_once(connected, op):
    browser = connected.browser()
    back = op.answer(browser.begin(), **person(connected))
    browser.follow(back)
    for thief in (browser, connected.browser()):
        r = thief.get(back)
        assert r.status_code == 303 and r.headers["Location"].startswith("/login?")
        assert connected.reason(r) in ("state", "browser")


def test_A4_a_code_is_taken_once_whatever_state_it_comes_with(connected, op):
    browser, back = come(connected, op)[0], None
    back = op.answer(browser.begin(), **person(connected))
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))["code"]
    browser.follow(back)
    victim = connected.browser()
    r = victim.follow(change(op.answer(victim.begin(), **person(connected)), code=code))
    assert victim.refused(r) == "code"


def test_A4_login_csrf_an_answer_is_for_the_browser_that_began(connected, op):
    attacker, victim = connected.browser(), connected.browser()
    back = op.answer(attacker.begin(), **person(connected))
    victim.begin()
    r = victim.follow(back)
    assert victim.refused(r) == "browser"
    stranger = connected.browser()
    assert stranger.refused(stranger.follow(back)) == "browser"
    # it was not used up by the others
    assert attacker.follow(back).headers["Location"] == "/"


def test_A4_T3_an_answer_of_one_workspace_is_nothing_in_another(connected, op, stack, make_workspace):
    workspace = make_workspace(roles=())
    other = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    other.connect(type="oidc", issuer=op.issuer, client_id=op.client_id, client_secret=op.secret, jit=True, default_roles=["viewer"])
    browser = connected.browser()
    back = op.answer(browser.begin(), **person(connected))
    r = browser.get(back.replace(f"/{connected.slug}/", f"/{other.slug}/"))
    assert r.headers["Location"].startswith(f"/login?workspace={other.slug}&problem=sso-refused")
    assert other.reason(r) == "state"


def test_A4_T3_a_workspace_cannot_become_somebody_of_another_by_its_own_provider(connected, op, stack, make_workspace, make_user):
    """Its provider says that somebody is a person of the other workspace: same address, same subject."""
    victim = person(connected)
    browser, _ = come(connected, op, claims=victim)
    them = browser.who()["user"]["public_id"]
    workspace = make_workspace(roles=())
    evil = Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))
    with FakeOP(stack) as own:
        evil.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"])
        b, r = come(evil, own, claims=victim)
        assert b.refused(r) == "domain-unverified"
        # even who has shown the same domain to be theirs gets a user of their own
        evil.edit("INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), %s, 't', now())", connected.domain)
        b, r = come(evil, own, claims=victim)
        assert b.who()["user"]["public_id"] != them and b.who()["workspace"]["slug"] == evil.slug


def test_A4_a_session_that_was_there_before_is_not_taken_over(connected, op):
    """Session fixation: the browser gets new tokens, whatever it came with."""
    browser, _ = come(connected, op)
    before = browser.session.cookies.get("__Host-pact")
    _, r = come(connected, op, browser)
    assert r.headers["Location"] == "/" and browser.session.cookies.get("__Host-pact") != before


RETURN_TO = ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "evil", "/a\tb", "/%0d%0aSet-Cookie:x", "///evil.example"]


@pytest.mark.parametrize("path", RETURN_TO)
def test_A4_open_redirect(connected, op, path):
    _, r = come(connected, op, return_to=path)
    to = urllib.parse.urlsplit(urllib.parse.urljoin(connected.stack.base, r.headers["Location"]))
    assert f"{to.scheme}://{to.netloc}" == connected.stack.base and "\r" not in r.headers["Location"]
    assert r.headers["Location"] in ("/", path)


# ── keys ──
def test_A4_new_keys_are_fetched_once_when_an_unknown_one_is_used(connected, op):
    connected.edit("DELETE FROM app.throttle")
    op.keys.insert(0, Key())
    op.asked.clear()
    browser, r = come(connected, op)
    assert r.headers["Location"] == "/" and op.asked["/jwks"] == 1
    # the next ones have them, and unknown keys do not make us ask again
    for _ in range(3):
        come(connected, op)
    op.lie["id_token"] = lambda c: Key().sign(c)
    for _ in range(3):
        browser, r = come(connected, op)
        assert browser.refused(r) == "token-key"
    assert op.asked["/jwks"] == 1


def test_A4_when_keys_cannot_be_had_the_old_ones_go_on(connected, op):
    connected.edit("DELETE FROM app.throttle")
    old = op.keys[0]
    op.lie["serve"] = {"/jwks": lambda h: op.send(h, 500, {})}
    op.keys.insert(0, Key())
    browser, r = come(connected, op)
    assert browser.refused(r) == "token-key"
    op.keys[:] = [old]
    assert come(connected, op)[1].headers["Location"] == "/"


def test_A4_without_kid_one_fitting_key_is_enough_and_two_are_not_tried_out(connected, op):
    connected.check_again()
    op.lie["header"] = {"kid": None}
    assert come(connected, op)[1].headers["Location"] == "/"
    connected.edit("DELETE FROM app.throttle")
    op.keys.append(Key())
    connected.check_again()
    browser, r = come(connected, op)
    assert browser.refused(r) == "token-key"
    op.keys.pop()
    connected.check_again()


# ── userinfo ──
USERINFO = {
    "sub of another": (lambda a: a | {"sub": "admin"}, "userinfo-sub"),
    "no sub": (lambda a: {k: v for k, v in a.items() if k != "sub"}, "userinfo-sub"),
    "no JSON": (lambda a: b"<html>", "userinfo"),
    "address not verified": (lambda a: a | {"email_verified": False}, "email-unverified"),
}


@pytest.mark.parametrize("vector", USERINFO)
def test_A4_userinfo_refused(connected, op, vector):
    lie, reason = USERINFO[vector]
    op.lie["userinfo"] = lie
    claims = person(connected)
    browser, r = come(connected, op, claims={"sub": claims["sub"], "userinfo": claims})
    assert browser.refused(r) == reason


def test_A4_userinfo_cannot_say_otherwise_than_the_token(connected, op):
    claims = person(connected)
    browser, _ = come(connected, op, claims={"sub": claims["sub"], "email_verified": False, "userinfo": claims})
    assert browser.get("/v1/auth/session").status_code == 401


# ── a provider that is slow, gone, huge, or somewhere else ──
def slow(h):
    time.sleep(60)


def endless(h):
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    h.end_headers()
    try:
        while True:
            h.wfile.write(b" " * 65536)
    except OSError:
        pass


def redirects(to):
    return lambda h: FakeOP.send(h, 302, {}, Location=to)


@pytest.mark.parametrize("what, reason", [("down", "unavailable"), ("slow", "unavailable"), ("endless", "unavailable"), ("redirect", "code"), ("error", "unavailable")])
def test_A4_token_endpoint(connected, op, what, reason):
    op.lie["serve"] = {"/token": {
        "down": lambda h: h.connection.close(), "slow": slow, "endless": endless, "redirect": redirects(f"{op.issuer}/other"), "error": lambda h: op.send(h, 500, {}),
    }[what]}
    browser = connected.browser()
    began = time.monotonic()
    back = op.answer(browser.begin(), **person(connected))
    r = browser.follow(back)
    assert browser.refused(r) == reason
    assert time.monotonic() - began < 20 and op.asked["/other"] == 0
    if reason == "unavailable":
        # half a minute nobody is sent there; others are not held up
        r = browser.get(f"/v1/auth/oidc/{connected.slug}/login")
        assert r.headers["Location"].startswith(f"/login?workspace={connected.slug}&problem=sso-unavailable")
    browser.session.cookies.clear()


def test_A4_one_slow_provider_holds_up_no_other_route(connected, op):
    op.lie["serve"] = {"/token": slow}
    browsers = [connected.browser() for _ in range(2)]
    backs = [op.answer(b.begin(), **person(connected)) for b in browsers]
    threads = [threading.Thread(target=b.follow, args=(u,)) for b, u in zip(browsers, backs)]
    for t in threads:
        t.start()
    time.sleep(0.3)
    began = time.monotonic()
    connected.owner.ok("GET", "/v1/auth/session")
    assert time.monotonic() - began < 4  # they wait for five
    for t in threads:
        t.join()


def together(calls):
    """What each of them returns, all of them at once."""
    got = [None] * len(calls)

    def call(i):
        got[i] = calls[i]()

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return got


def test_A4_T3_logins_that_are_under_way_do_not_wait_for_a_provider_that_fell_silent(fresh, stack):
    """All workspaces share the processes that wait: a dozen logins begun beforehand would keep them for a minute."""
    with FakeOP(stack) as own:
        fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"])
        browsers = [fresh.browser() for _ in range(12)]
        backs = [own.answer(b.begin(), **person(fresh)) for b in browsers]
        own.lie["serve"] = {"/token": slow}
        began = time.monotonic()
        got = together([lambda b=b, u=u: b.follow(u) for b, u in zip(browsers, backs)])
        assert time.monotonic() - began < 25 and own.asked["/token"] <= 3
        assert all(b.refused(r) == "unavailable" for b, r in zip(browsers, got))
        # nothing was taken from those who were not asked about: they go on when it answers again
        fresh.edit("UPDATE pact.sso_connection SET failing_until = NULL WHERE tenant_id = app.tenant_id()")
        own.lie.clear()
        assert sum(b.follow(u).headers["Location"] == "/" for b, u in zip(browsers, backs)) >= 9


def test_A4_T3_a_provider_that_takes_its_time_gets_its_share_of_ours(fresh, stack):
    """One that answers in the end, but late, is not silent, and holds up others all the same."""
    with FakeOP(stack) as own:
        fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret, jit=True, default_roles=["viewer"])

        def late(answer):
            time.sleep(3)
            return answer

        # late, twice in a login: more than anybody waits
        own.lie.update(token=late, userinfo=late)
        claims = person(fresh)
        browser, r = come(fresh, own, claims={"sub": claims["sub"], "userinfo": claims})
        assert browser.who()["user"]["email"] == claims["email"]
        r = browser.get(f"/v1/auth/oidc/{fresh.slug}/login")
        assert "problem=sso-unavailable" in r.headers["Location"]
        fresh.edit("UPDATE pact.sso_connection SET failing_until = NULL WHERE tenant_id = app.tenant_id()")
        # late each time: half a minute of our time in a minute
        own.lie.clear()
        own.lie["token"] = late
        browsers = [fresh.browser() for _ in range(14)]
        backs = [own.answer(b.begin(), **person(fresh)) for b in browsers]
        got = together([lambda b=b, u=u: b.follow(u) for b, u in zip(browsers, backs)])
        served = sum(r.headers["Location"] == "/" for r in got)
        assert 7 <= served <= 11, [r.headers["Location"] for r in got]
        assert "problem=sso-unavailable" in fresh.browser().get(f"/v1/auth/oidc/{fresh.slug}/login").headers["Location"]


def test_A4_T3_settings_that_change_again_and_again_are_looked_at_once(fresh, stack):
    """Looks at connections wait in one queue for all workspaces."""
    with FakeOP(stack) as own:
        gate = threading.Event()

        def held(h):  # as long as a look may take
            gate.wait(3)
            own.send(h, 200, own.document())

        own.lie["serve"] = {"/.well-known/openid-configuration": held}
        for i in range(10):
            fresh.connect(type="oidc", issuer=own.issuer, client_id=f"{own.client_id}-{i}", client_secret=own.secret, wait=False)
        waiting = fresh.rows("SELECT count(*) FROM app.job_queue WHERE tenant_id = %s AND kind = 'sso.check' AND lease IS NULL", fresh.tenant)
        assert waiting[0][0] <= 1
        gate.set()
        now = fresh.checked()
        # and what was set last is what was looked at
        assert now["status"] == "ready" and now["settings"]["client_id"] == f"{own.client_id}-9", now


# ── the connection ──
@pytest.fixture
def fresh(stack, make_workspace):
    workspace = make_workspace(roles=())
    return Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))


DOCUMENTS = {
    "issuer of another": (lambda d: d | {"issuer": "https://accounts.example"}, "calls itself https://accounts.example"),
    "issuer for every tenant": (lambda d: d | {"issuer": "https://login.example/{tenantid}/v2.0"}, "of your own tenant"),
    "no issuer": (lambda d: {k: v for k, v in d.items() if k != "issuer"}, "calls itself nothing"),
    "plain http": (lambda d: d | {"token_endpoint": "http://localhost/token"}, "https://"),
    "no keys": (lambda d: {k: v for k, v in d.items() if k != "jwks_uri"}, "https://"),
    "no algorithm of ours": (lambda d: d | {"id_token_signing_alg_values_supported": ["none", "HS256", "ES256K"]}, "signs ID tokens in no way"),
    "PKCE plain only": (lambda d: d | {"code_challenge_methods_supported": ["plain"]}, "PKCE"),
    "no client authentication of ours": (lambda d: d | {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "client secret"),
    "keys elsewhere inside": (lambda d: d | {"jwks_uri": "https://192.168.7.7/jwks"}, "not on the public internet"),
    "a list": (lambda d: [d], "no JSON"),
    "no JSON": (lambda d: b"<html>", "no JSON"),
}


@pytest.mark.parametrize("vector", DOCUMENTS)
def test_A4_a_provider_that_says_this_of_itself_is_refused_with_a_sentence(fresh, stack, vector):
    lie, says = DOCUMENTS[vector]
    with FakeOP(stack) as own:
        own.lie["document"] = lie
        now = fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret)
        assert now["status"] == "refused" and says in now["problem"], now
        r = fresh.browser().get(f"/v1/auth/oidc/{fresh.slug}/login")
        assert r.headers["Location"].startswith(f"/login?workspace={fresh.slug}&problem=sso-unavailable")


@pytest.mark.parametrize("lie, says", [
    ({"/jwks": lambda h: FakeOP.send(h, 200, {"keys": [{"kty": "oct", "k": "AAAA"}]})}, "no key"),
    ({"/jwks": lambda h: FakeOP.send(h, 200, {"keys": [Key("RS256", 1024).jwk()]})}, "no key"),
    ({"/jwks": endless}, "too large"),
    ({"/jwks": lambda h: FakeOP.send(h, 404, {})}, "status 404"),
    ({"/.well-known/openid-configuration": redirects("https://localhost/elsewhere")}, "status 302, which leads elsewhere"),
    ({"/.well-known/openid-configuration": endless}, "too large"),
    ({"/.well-known/openid-configuration": slow}, "in time"),
])
def test_A4_endpoints_that_do_not_serve(fresh, stack, lie, says):
    with FakeOP(stack) as own:
        own.lie["serve"] = lie
        now = fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id, client_secret=own.secret)
        assert now["status"] == "refused" and says in now["problem"], now


INSIDE = ["https://10.0.0.1", "https://169.254.169.254", "https://[::1]", "https://[fd00::1]", "https://0.0.0.0", "https://100.64.0.1", "https://[::ffff:10.0.0.1]",
    "https://192.168.0.1:8443/realms/x", "https://2130706433.nowhere.invalid", "https://0xa9fea9fe", "https://[64:ff9b::a00:1]", "https://[2002:a00:1::]"]


def test_A4_a_provider_with_a_long_name_in_other_letters_is_named_as_far_as_it_goes(fresh, stack):
    with FakeOP(stack) as op:
        op.lie["document"] = lambda d: d | {"issuer": "https://x" + "é" * 400}
        now = fresh.connect(type="oidc", issuer=op.issuer, client_id="x")
    assert now["status"] == "refused" and now["problem"].startswith("The provider calls itself https://xééé") and "Enter exactly" in now["problem"]


@pytest.mark.parametrize("issuer", INSIDE)
def test_A4_ssrf_no_address_inside_is_asked(fresh, issuer):
    """127.0.0.0/8 is allowed in this stack, as an operator can; nothing else inside is."""
    now = fresh.connect(type="oidc", issuer=issuer, client_id="pact")
    assert now["status"] == "refused" and ("not on the public internet" in now["problem"] or "no server of this name" in now["problem"]), now


@pytest.mark.parametrize("issuer", ["http://localhost", "file:///etc/passwd", "gopher://localhost", "localhost", "https://user:pw@localhost", "https://localhost/?q=1", "https://localhost/#f"])
def test_A4_an_issuer_is_an_https_address_without_query(fresh, issuer):
    fresh.owner.refused(422, "invalid", "PATCH", "/v1/settings/security", {"sso": {"type": "oidc", "issuer": issuer, "client_id": "pact"}})


def test_A4_a_provider_whose_certificate_is_not_trusted_is_refused(fresh, stack, tmp_path):
    import datetime
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    key = Key("ES256").private
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.utcnow()
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(key, hashes.SHA256()))
    pem = tmp_path / "own.pem"
    pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + cert.public_bytes(serialization.Encoding.PEM))
    with FakeOP(stack) as own:
        own.context.load_cert_chain(pem)
        got = fresh.connect(type="oidc", issuer=own.issuer, client_id=own.client_id)
        assert got["status"] == "refused" and "certificate is not trusted" in got["problem"], got


def test_A4_T4_the_secret_is_sealed_and_never_shown(connected, op):
    ((secret,),) = connected.rows("SELECT secret FROM pact.sso_connection WHERE tenant_id = %s", connected.tenant)
    assert op.secret.encode() not in bytes(secret)
    text = json.dumps(connected.owner.ok("GET", "/v1/settings/security"))
    assert op.secret not in text and json.loads(text)["sso"]["secret_set"] is True
    ((n,),) = connected.rows("SELECT count(*) FROM pact.audit_event WHERE tenant_id = %s AND (old::text || new::text) LIKE %s", connected.tenant, f"%{op.secret[:20]}%")
    assert n == 0


def test_A4_a_test_shows_what_came_and_lets_nobody_in(connected, op):
    url = connected.owner.ok("POST", "/v1/settings/security/sso/test")["url"]
    browser = connected.browser()
    r = browser.get(url)
    claims = person(connected, groups=["sales"])
    r = browser.follow(op.answer(r.headers["Location"], **claims))
    assert (r.status_code, r.headers["Location"]) == (303, "/sso?tested") and browser.get("/v1/auth/session").status_code == 401
    result = connected.owner.ok("GET", "/v1/settings/security")["sso"]
    assert result["tested_at"] and result["test_result"]["email"] == claims["email"] and result["test_result"]["groups"] == ["sales"]
    # the link is good once
    assert browser.get(url).headers["Location"].startswith("/login?")


# ── logout ──
def test_A4_logout_goes_on_at_the_provider(connected, op):
    browser, _ = come(connected, op)
    answer = browser.ok("POST", "/v1/auth/logout", headers={"Origin": connected.stack.base})
    to = urllib.parse.urlsplit(answer["logout_url"])
    q = dict(urllib.parse.parse_qsl(to.query))
    assert f"{to.scheme}://{to.netloc}{to.path}" == f"{op.issuer}/end"
    assert q["client_id"] == op.client_id and q["post_logout_redirect_uri"] == f"{connected.stack.base}/login" and q["id_token_hint"].count(".") == 2
    assert browser.get("/v1/auth/session").status_code == 401
    # it is sealed where it is kept
    rows = connected.rows("SELECT sso_hint FROM pact.session WHERE tenant_id = %s AND sso_hint IS NOT NULL", connected.tenant)
    assert rows and all(q["id_token_hint"].encode() not in bytes(h) for (h,) in rows)


def test_A6_who_came_with_a_password_logs_out_here_alone(login, make_user):
    c = login(make_user())
    assert c.ok("POST", "/v1/auth/logout") == {"logout_url": None}


def backchannel(sso, token, **kw):
    c = Client(sso.stack, new_ip())
    return c.request("POST", f"/v1/auth/oidc/{sso.slug}/backchannel-logout", data={"logout_token": token}, headers={"Origin": "https://op.example"}, **kw)


def test_A4_back_channel_logout_ends_the_sessions_at_once(connected, op):
    me = person(connected)
    one, _ = come(connected, op, claims=me | {"sid": "s1"})
    two, _ = come(connected, op, claims=me | {"sid": "s2"})
    other, _ = come(connected, op)
    r = backchannel(connected, op.logout_token(sub=me["sub"], sid="s1"))
    assert (r.status_code, r.headers["Cache-Control"]) == (200, "no-store")
    assert one.get("/v1/auth/session").status_code == 401 and two.get("/v1/auth/session").status_code == 200
    assert backchannel(connected, op.logout_token(sub=me["sub"])).status_code == 200
    assert two.get("/v1/auth/session").status_code == 401 and other.get("/v1/auth/session").status_code == 200
    # a session that is unknown is logged out already
    assert backchannel(connected, op.logout_token(sub="nobody")).status_code == 200


LOGOUTS = {
    "events missing": (lambda op: op.logout_token(sub="x", events=None), "token-events"),
    "events of another kind": (lambda op: op.logout_token(sub="x", events={"http://example/other": {}}), "token-events"),
    "event is no object": (lambda op: op.logout_token(sub="x", events={BACKCHANNEL: True}), "token-events"),
    "with a nonce, as an ID token has": (lambda op: op.logout_token(sub="x", nonce="n"), "token-nonce"),
    "no jti": (lambda op: op.logout_token(sub="x", jti=None), "token-jti"),
    "neither sub nor sid": (lambda op: op.logout_token(), "token-sub"),
    "iss of another": (lambda op: op.logout_token(sub="x", iss="https://evil.example"), "token-iss"),
    "aud of another": (lambda op: op.logout_token(sub="x", aud="other"), "token-aud"),
    "long ago": (lambda op: op.logout_token(sub="x", iat=int(time.time()) - 86400, exp=None), "token-iat"),
    "expired": (lambda op: op.logout_token(sub="x", exp=int(time.time()) - 300), "token-exp"),
    "foreign key": (lambda op: op.logout_token(key=Key(), sub="x"), "token-key"),
    "alg none": (lambda op: f"{b64({'alg': 'none'})}.{b64({'sub': 'x'})}.", "token-alg"),
    "an access token": (lambda op: op.logout_token(header={"typ": "at+jwt"}, sub="x"), "token-type"),
    "no token": (lambda op: "", "token-malformed"),
}


@pytest.mark.parametrize("vector", LOGOUTS)
def test_A4_back_channel_refused(connected, op, vector):
    make, reason = LOGOUTS[vector]
    r = backchannel(connected, make(op))
    assert (r.status_code, r.json()["type"]) == (400, "/problems/bad-request") and connected.reason(r) == reason


def test_A4_a_logout_token_is_taken_once(connected, op):
    token = op.logout_token(sub="x")
    assert backchannel(connected, token).status_code == 200
    r = backchannel(connected, token)
    assert r.status_code == 400 and connected.reason(r) == "replay"


def test_A4_nothing_is_logged_of_what_is_secret(connected, op, stack):
    browser, r = come(connected, op)
    back = op.answer(browser.begin(), **person(connected))
    browser.follow(back)
    q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    logs = "".join(p.read_text(errors="replace") for p in (stack.dir / "log").glob("*.log"))
    for secret in (q["code"], q["state"], op.secret, connected.domain):
        assert secret not in logs


def test_A4_a_port_where_nobody_is(fresh):
    now = fresh.connect(type="oidc", issuer=f"https://localhost:{free_port()}", client_id="pact")
    assert now["status"] == "refused" and "could not be reached" in now["problem"]
