# SPDX-License-Identifier: GPL-3.0-or-later
"""A3, A4, A5, T3: a login by single sign-on as the programs' roles meet it: begun, taken once, proved, a session; whom a provider
speaks for; requiring it of everybody."""
import json
import uuid

import psycopg2
import pytest
from conftest import Workspace, hmac_of, refused, sha


class Way:
    """A connection of a workspace, ready, with a verified domain; and a browser."""

    def __init__(self, pg, workspace, kind="oidc", settings=None, secret=None):
        self.pg, self.w, self.kind, self.browser = pg, workspace, kind, sha(uuid.uuid4().bytes)
        self.domain = f"{workspace.slug}.example"
        with pg.owner(workspace) as cur:
            cur.execute("INSERT INTO pact.sso_connection (tenant_id, type, name, settings, facts, status, checked_at, secret) "
                "VALUES (%s, %s, 'Provider', %s, '{\"entity_id\": \"idp\"}', 'ready', now(), %s) RETURNING id",
                (workspace.id, kind, json.dumps({"jit": True} | (settings or {})), secret))
            self.id = cur.fetchone()[0]
            cur.execute("INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (%s, %s, 't', now())", (workspace.id, self.domain))
        self.map({"": ["viewer"]})

    def sql(self, text, *args):
        with self.pg.owner(self.w) as cur:
            cur.execute(text, args or None)
            return cur.fetchall() if cur.description else None

    def map(self, groups):
        self.sql("DELETE FROM pact.group_role WHERE tenant_id = app.tenant_id()")
        for group, roles in groups.items():
            self.sql("INSERT INTO pact.group_role (tenant_id, group_name, role_id) SELECT r.tenant_id, %s, r.id FROM pact.role r "
                "WHERE r.tenant_id = app.tenant_id() AND r.name = ANY (%s)", group, roles)

    def program(self):
        return self.pg.program("pact_auth")

    def start(self, browser=None, state=None, message=None, test=None, slug=None, kind=None):
        state = state or sha(uuid.uuid4().bytes)
        with self.program() as cur:
            cur.execute("SELECT app.uuid7()")
            login = cur.fetchone()[0]
            cur.execute("SELECT (s).* FROM app.sso_start(%s, %s, %s, %s, %s, %s, '/tasks', %s, '192.0.2.9', 'r') s",
                (slug or self.w.slug, kind or self.kind, login, state, browser or self.browser, message, test))
            assert cur.fetchone()[:3] == (self.w.id, login, self.id)
        return login, state

    def take(self, state=None, message=None, browser=None, slug=None, kind=None):
        with self.program() as cur:
            cur.execute("SELECT login_id, purpose FROM app.sso_take(%s, %s, %s, %s, %s, NULL, 'r')",
                (slug or self.w.slug, kind or self.kind, state, message, browser or self.browser))
            return cur.fetchone()

    def prove(self, login, **claims):
        with self.program() as cur:
            cur.execute("SELECT app.sso_prove(%s, %s, %s)", (self.w.id, login, json.dumps({"email_verified": True} | claims)))

    def succeed(self, login, email="x@x", browser=None, workspace=None):
        session = uuid.uuid4()
        with self.program() as cur:
            cur.execute("SELECT body, user_id, purpose, return_to FROM app.sso_succeed(%s, %s, %s, %s, %s, 's', 'f', 'cookie', '192.0.2.9', 'ua', 'r')",
                (workspace or self.w.id, login, browser or self.browser, hmac_of(email), session))
            return cur.fetchone()

    def come(self, subject, email=None, **claims):
        """All the way: the session's body."""
        login, state = self.start()
        self.take(state)
        self.prove(login, subject=subject, **({"email": email} if email else {}), **claims)
        return self.succeed(login, email or "none")[0]

    def address(self, name="new"):
        return f"{name}-{uuid.uuid4().hex[:6]}@{self.domain}"


@pytest.fixture
def way(pg, fresh):
    return Way(pg, fresh)


def reason(box):
    return box["hint"]


def test_A4_a_login_comes_to_a_session_once(way):
    email = way.address()
    login, state = way.start()
    assert way.take(state)[:2] == (login, "login")
    way.prove(login, subject="s-1", email=email, name="Ada")
    body, user, purpose, back = way.succeed(login, email)
    assert (body["user"]["email"], body["user"]["name"], body["roles"], body["method"], purpose, back) == (email, "Ada", ["viewer"], "oidc", "login", "/tasks")
    with refused("sso-refused") as box:
        way.succeed(login, email)
    assert reason(box) == "state"
    assert way.sql("SELECT claims, status FROM pact.sso_login WHERE id = %s", login) == [(None, "done")]
    with way.pg.superuser() as cur:
        cur.execute("SELECT action FROM pact.audit_event WHERE tenant_id = %s AND action LIKE 'auth.%%' AND new ->> 'method' = 'oidc'", (way.w.id,))
        assert cur.fetchall() == [("auth.login",)]
        cur.execute("SELECT count(*) FROM directory.login WHERE user_id = %s AND address_hmac = %s", (user, hmac_of(email)))
        assert cur.fetchone() == (1,)


def test_A4_a_state_is_taken_once_by_the_browser_that_began_it(way):
    login, state = way.start()
    with refused("sso-refused") as box:
        way.take(state, browser=sha(b"another"))
    assert reason(box) == "browser"
    way.take(state)
    for again in (state, sha(b"never")):
        with refused("sso-refused") as box:
            way.take(again)
        assert reason(box) == "state"


def test_A3_a_message_is_taken_by_its_id(pg, fresh):
    way = Way(pg, fresh, "saml")
    login, _ = way.start(message="_m1")
    with refused("sso-refused"):
        way.take(message="_m2")
    assert way.take(message="_m1")[0] == login


def test_A4_a_login_that_is_too_old_is_none(way):
    login, state = way.start()
    way.sql("UPDATE pact.sso_login SET expires_at = now() WHERE id = %s", login)
    with refused("sso-refused"):
        way.take(state)
    login, state = way.start()
    way.take(state)
    way.prove(login, subject="s")
    way.sql("UPDATE pact.sso_login SET expires_at = now() WHERE id = %s", login)
    with refused("sso-refused"):
        way.succeed(login)


def test_A4_nothing_is_proved_that_was_not_taken_nor_finished_that_was_not_proved(way):
    login, state = way.start()
    for step in (lambda: way.prove(login, subject="s"), lambda: way.succeed(login)):
        with refused("sso-refused"):
            step()
    way.take(state)
    with refused("sso-refused"):
        way.succeed(login)
    way.prove(login, subject="s", email=way.address())
    with refused("sso-refused"):
        way.prove(login, subject="other")
    with refused("sso-refused"):
        way.succeed(login, browser=sha(b"another"))


def test_A4_a_browser_has_twenty_logins_open(way):
    states = [way.start()[1] for _ in range(22)]
    for state in states[:2]:
        with refused("sso-refused"):
            way.take(state)
    assert all(way.take(s) for s in states[2:])


def test_T3_another_workspaces_login_state_and_connection_are_none(pg, way, alpha):
    other = getattr(alpha, "way", None) or Way(pg, alpha)
    alpha.way = other
    login, state = way.start()
    with refused("sso-refused") as box:
        other.take(state, browser=way.browser)
    assert reason(box) == "state"
    way.take(state)
    way.prove(login, subject="s", email=way.address())
    with refused("sso-refused"):
        way.succeed(login, workspace=alpha.id)


@pytest.mark.parametrize("slug,kind", [("no-such-workspace", "oidc"), (None, "saml")])
def test_A4_no_connection_of_this_kind_is_like_no_workspace(way, slug, kind):
    with refused("not-found"):
        way.start(slug=slug, kind=kind)


def test_A4_a_provider_that_is_not_ready_or_fails_is_not_begun_with(way):
    with way.program() as cur:
        cur.execute("SELECT app.sso_failed(%s, %s)", (way.w.id, way.id))
    with refused("sso-unavailable"):
        way.start()
    way.sql("UPDATE pact.sso_connection SET failing_until = now() - interval '1 second'")
    way.start()
    way.sql("UPDATE pact.sso_connection SET checked_at = NULL, status = 'checking'")
    with refused("sso-unavailable"):
        way.start()


# ── whom a provider speaks for ──
def test_A4_who_came_before_is_known_by_subject_whatever_the_address(way):
    first = way.come("s-1", way.address())
    again = way.come("s-1", "elsewhere@other.example", email_verified=False)
    assert again["user"] == first["user"]
    assert way.come("s-1")["user"] == first["user"]


@pytest.mark.parametrize("email,claims,why", [
    (None, {}, "email-missing"),
    ("own", {"email_verified": False}, "email-unverified"),
    ("own", {"email_verified": None}, "email-unverified"),
    ("someone@other.example", {}, "domain-unverified"),
    ("someone@sub.{domain}", {}, "domain-unverified"),
    ("member", {"subject": "taken"}, "identity-taken"),
])
def test_A4_addresses_count_in_own_domains_only_as_far_as_vouched_for(way, email, claims, why):
    member = way.w.users["member"].email
    assert member.endswith("@" + way.domain)
    if why == "identity-taken":
        way.come("first", member)
    email = {"own": way.address(), "member": member}.get(email, email and email.format(domain=way.domain))
    with refused("sso-refused") as box:
        way.come(claims.pop("subject", "s"), email, **claims)
    assert reason(box) == why


def test_A4_an_owner_may_take_addresses_on_the_providers_word(pg, fresh):
    way = Way(pg, fresh, settings={"trust_email": True})
    assert way.come("s", way.address(), email_verified=False)


def test_A4_a_member_is_linked_by_address_and_keeps_their_roles(way):
    admin = way.w.users["admin"]
    assert way.come("s", admin.email.upper())["roles"] == ["admin"]
    assert way.sql("SELECT user_id FROM pact.sso_identity") == [(admin.id,)]


def test_A4_without_jit_only_people_who_are_here_come_in(pg, fresh):
    way = Way(pg, fresh, settings={"jit": False})
    with refused("sso-refused") as box:
        way.come("s", way.address())
    assert reason(box) == "unknown-user"
    assert way.come("m", fresh.users["member"].email)


def test_A9_who_is_suspended_stays_out_and_who_is_invited_comes_in(way):
    member, viewer = way.w.users["member"], way.w.users["viewer"]
    way.come("m", member.email)
    way.sql("UPDATE pact.user_account SET status = 'suspended' WHERE id = %s", member.id)
    with refused("sso-refused") as box:
        way.come("m", member.email)
    assert reason(box) == "suspended"
    way.sql("UPDATE pact.user_account SET status = 'invited' WHERE id = %s", viewer.id)
    way.sql("INSERT INTO pact.user_token (tenant_id, id, user_id, purpose, secret_sha256, expires_at) VALUES (app.tenant_id(), gen_random_uuid(), %s, 'invite', 'x', now() + interval '1 day')", viewer.id)
    assert way.come("v", viewer.email)["user"]["email"] == viewer.email
    assert way.sql("SELECT status FROM pact.user_account WHERE id = %s", viewer.id) == [("active",)]
    assert way.sql("SELECT count(*) FROM pact.user_token WHERE user_id = %s", viewer.id) == [(0,)]


def test_A4_a_suspended_workspace_lets_nobody_in(way):
    login, state = way.start()
    way.take(state)
    way.prove(login, subject="s", email=way.address())
    way.sql("UPDATE pact.tenant SET status = 'suspended' WHERE tenant_id = app.tenant_id()")
    with refused("workspace-suspended"):
        way.succeed(login)


# ── roles by groups ──
def test_A9_roles_follow_the_groups(way):
    way.map({"": ["viewer"], "sales": ["member"], "heads": ["member", "admin"]})
    email = way.address()
    assert way.come("s", email)["roles"] == ["viewer"], "the provider says nothing of groups"
    assert way.come("s", email, groups=["sales", "other"])["roles"] == ["member", "viewer"]
    assert way.come("s", email, groups=["heads"])["roles"] == ["admin", "member", "viewer"]
    assert way.come("s", email)["roles"] == ["admin", "member", "viewer"], "no word on groups changes nothing"
    assert way.come("s", email, groups=[])["roles"] == ["viewer"]


def test_A9_a_role_that_somebody_gave_stays(way):
    way.map({"sales": ["member"]})
    admin = way.w.users["admin"]
    assert way.come("a", admin.email, groups=["sales"])["roles"] == ["admin", "member"]
    assert way.come("a", admin.email, groups=[])["roles"] == ["admin"]


def test_A9_without_any_role_nobody_comes_in(way):
    way.map({"sales": ["member"]})
    with refused("sso-refused") as box:
        way.come("s", way.address(), groups=["other"])
    assert reason(box) == "no-role"
    assert way.come("s", way.address(), groups=["sales"])["roles"] == ["member"]


def test_A9_groups_do_not_take_the_last_owner(way):
    way.map({"": ["viewer"], "boss": ["owner"]})
    owner = way.w.users["owner"]
    assert "owner" in way.come("o", owner.email, groups=[])["roles"]
    way.come("second", way.address(), groups=["boss"])
    assert "owner" not in way.come("o", owner.email, groups=[])["roles"], "somebody else is one"


# ── the test, and requiring it ──
def test_A3_a_test_logs_nobody_in_and_says_what_came(way):
    owner = way.w.users["owner"]
    handle = sha(b"test" + uuid.uuid4().bytes)
    with way.pg.user(owner, "sso.write", "pact_auth") as cur:
        cur.execute("SELECT url FROM app.sso_test_begin(%s, %s)", (uuid.uuid4(), handle))
        assert cur.fetchone()[0] == f"/v1/auth/oidc/{way.w.slug}/login"
    login, state = way.start(test=handle)
    with refused("sso-refused") as box:
        way.start(test=handle)
    assert reason(box) == "test-ended"
    assert way.take(state)[1] == "test"
    way.prove(login, subject="t", email="x@other.example", groups=["g"])
    assert way.succeed(login)[:3] == (None, None, "test")
    ((tested, result),) = way.sql("SELECT tested_at, test_result FROM pact.sso_connection")
    assert tested is None and (result["refusal"], result["groups"], result["by"]) == ("domain-unverified", ["g"], str(owner.id))
    assert way.sql("SELECT count(*) FROM pact.session WHERE method = 'oidc'") == [(0,)]


def owner_ready(way):
    """An owner who can come in when the provider does not answer, and a test that went all the way."""
    owner = way.w.users["owner"]
    way.sql("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) VALUES (app.tenant_id(), %s, 's', now())", owner.id)
    way.sql("UPDATE pact.sso_connection SET tested_at = now()")
    return owner


def patch(way, user, body, secret=None):
    with way.pg.user(user, "settings.write", "pact_auth") as cur:
        cur.execute("SELECT body FROM app.security_patch(%s, NULL, %s, gen_random_uuid(), %s)", (user.session, json.dumps(body), secret))
        return cur.fetchone()[0]


@pytest.mark.parametrize("undo", ["UPDATE pact.sso_connection SET tested_at = NULL", "UPDATE pact.sso_connection SET status = 'refused', checked_at = NULL",
    "UPDATE pact.sso_domain SET verified_at = NULL", "DELETE FROM pact.totp", "UPDATE pact.totp SET confirmed_at = NULL", "DELETE FROM pact.user_password"])
def test_A5_it_cannot_be_required_before_everything_is_there(way, undo):
    owner = owner_ready(way)
    way.sql(undo)
    with refused("conflict"):
        patch(way, owner, {"sso_enforced": True})
    assert way.sql("SELECT sso_enforced FROM pact.tenant") == [(False,)]


def log_in(way, user, break_glass=False, challenge=None):
    with way.program() as cur:
        cur.execute("SELECT body FROM app.login_succeed(%s, %s, %s, %s, 'hash', %s, 's', 'c', 'cookie', NULL, NULL, 'r')",
            (way.w.id, user.id, hmac_of(user.email), break_glass, challenge or uuid.uuid4()))
        return cur.fetchone()[0]


def test_A5_required_means_no_password_but_an_owners_in_need(way):
    owner, member = owner_ready(way), way.w.users["member"]
    assert patch(way, owner, {"sso_enforced": True})["sso_enforced"] is True
    # who came by password is out, but for who asked
    assert way.sql("SELECT user_id, ended_reason FROM pact.session WHERE user_id = ANY (%s::uuid[]) AND ended_at IS NOT NULL", [owner.id, member.id]) == [(member.id, "sso-enforced")]
    for user, glass in ((member, False), (member, True), (owner, False), (way.w.users["admin"], True)):
        with refused("sso-required") as box:
            log_in(way, user, glass)
        assert box["detail"] == {"login_url": f"/v1/auth/oidc/{way.w.slug}/login"}
    challenge = uuid.uuid4()
    assert log_in(way, owner, True, challenge) is None, "asked for the second factor"
    with way.program() as cur:
        cur.execute("SELECT body FROM app.mfa_succeed(%s, %s, 'c', 7, NULL, %s, 's', 'r', 'cookie', NULL, NULL, 'r')", (way.w.id, challenge, uuid.uuid4()))
        assert cur.fetchone()[0]["user"]["email"] == owner.email
    with way.pg.superuser() as cur:
        cur.execute("SELECT count(*) FROM pact.audit_event WHERE tenant_id = %s AND action = 'auth.break_glass' AND resource_id = %s", (way.w.id, owner.id))
        assert cur.fetchone() == (1,)
        cur.execute("SELECT template FROM pact.outbox WHERE tenant_id = %s AND user_id = %s ORDER BY id", (way.w.id, owner.id))
        assert {"sso-enforced", "break-glass"} <= {t for (t,) in cur.fetchall()}
    with way.program() as cur:
        cur.execute("SELECT login_url, user_id FROM app.login_begin('\\x01', '192.0.2.1', %s, false)", (way.w.slug,))
        assert cur.fetchone() == (f"/v1/auth/oidc/{way.w.slug}/login", None)
    assert way.come("m", member.email)["user"]["email"] == member.email


def test_A5_a_login_begun_before_it_was_required_is_over(way):
    owner = owner_ready(way)
    challenge = uuid.uuid4()
    log_in(way, owner, False, challenge)
    patch(way, owner, {"sso_enforced": True})
    way.sql("UPDATE pact.login_challenge SET ended_at = NULL")
    with way.program() as cur, refused("session-ended"):
        cur.execute("SELECT body FROM app.mfa_succeed(%s, %s, 'c', 7, NULL, %s, 's', 'r', 'cookie', NULL, NULL, 'r')", (way.w.id, challenge, uuid.uuid4()))


def test_A5_while_it_is_required_the_provider_stays(way):
    owner = owner_ready(way)
    patch(way, owner, {"sso_enforced": True})
    for body in ({"sso": None}, {"sso": {"issuer": "https://other.example"}}, {"sso": {"type": "saml", "metadata": "<x/>"}}):
        with refused("conflict"):
            patch(way, owner, body)
    with way.pg.user(owner, "sso.write", "pact_auth") as cur, refused("conflict"):
        cur.execute("SELECT app.domain_remove(id) FROM pact.sso_domain WHERE tenant_id = app.tenant_id()")
    assert patch(way, owner, {"sso_enforced": False})["sso_enforced"] is False


def test_A9_only_owners_say_how_everybody_logs_in(way):
    admin = way.w.users["admin"]
    for body in ({"sso": {"name": "Mine"}}, {"sso_enforced": False}, {"sso": None}):
        with refused("forbidden"):
            patch(way, admin, body)
    assert patch(way, admin, {"require_mfa": False})


def test_A4_another_issuer_is_another_connection_that_knows_nobody(way):
    owner = way.w.users["owner"]
    way.sql("UPDATE pact.sso_connection SET settings = '{\"issuer\": \"https://one.example\", \"client_id\": \"c\", \"jit\": true}', tested_at = now()")
    way.come("s", way.address())
    body = patch(way, owner, {"sso": {"name": "Renamed", "default_roles": ["member"]}})["sso"]
    assert (body["name"], body["people"], body["default_roles"], body["status"], bool(body["tested_at"])) == ("Renamed", 1, ["member"], "ready", True)
    body = patch(way, owner, {"sso": {"client_id": "d"}})["sso"]
    assert (body["people"], body["tested_at"], body["status"]) == (1, None, "checking")
    body = patch(way, owner, {"sso": {"issuer": "https://two.example", "client_id": "c"}})["sso"]
    assert (body["people"], body["settings"]) == (0, {"issuer": "https://two.example", "client_id": "c"})
    assert way.sql("SELECT kind, payload ->> 'connection' = (SELECT id::text FROM pact.sso_connection) FROM pact.job WHERE kind = 'sso.check' ORDER BY id DESC LIMIT 1") == [("sso.check", True)]


@pytest.mark.parametrize("sso,pointer", [({"issuer": "http://x.example", "client_id": "c"}, "/sso/issuer"), ({"issuer": "https://x.example/?a", "client_id": "c"}, "/sso/issuer"),
    ({"issuer": "https://x.example"}, "/sso/client_id"),
    ({"metadata": "<x/>"}, "/sso/metadata"), ({"sign_both": True}, "/sso/sign_both"), ({"type": "saml"}, "/sso/metadata"),
    ({"type": "saml", "metadata_url": "https://x.example", "client_secret": True}, "/sso/client_secret"), ({"default_roles": ["no such"]}, "/sso/default_roles/0"),
    ({"role_mapping": [{"group": "g", "role": "viewer"}, {"group": "g", "role": "none"}]}, "/sso/role_mapping/1/role"),
    ({"type": "saml", "metadata_url": "https://x.example", "metadata": "<x/>"}, "/sso/metadata"), ({"issuer": None, "client_id": "c"}, "/sso/issuer")])
def test_A3_settings_that_make_no_sense_are_named(way, sso, pointer):
    way.sql("UPDATE pact.sso_connection SET settings = '{\"issuer\": \"https://one.example\", \"client_id\": \"c\"}'")
    with refused("invalid") as box:
        patch(way, way.w.users["owner"], {"sso": sso})
    assert [e["pointer"] for e in box["detail"]["errors"]] == [pointer]


# ── what a runner finds out ──
def checked(way, facts, problem=None, source=None, revision=None):
    with way.pg.owner(way.w) as cur:
        cur.execute("SELECT revision FROM pact.sso_connection WHERE id = %s", (way.id,))
        revision = revision or cur.fetchone()[0]
        cur.execute(f"SET LOCAL SESSION AUTHORIZATION {'pact_saml' if way.kind == 'saml' else 'pact_auth'}")
        cur.execute("SELECT app.sso_checked(%s, %s, %s, %s, %s)", (way.id, revision, source, json.dumps(facts) if facts else None, problem))
        return cur.fetchone()[0]


def test_A3_what_was_found_good_goes_on_when_a_refresh_fails(pg, fresh):
    way = Way(pg, fresh, "saml")
    assert checked(way, None, "The address does not answer.")
    assert way.sql("SELECT status, problem, facts ->> 'entity_id' FROM pact.sso_connection") == [("ready", "The address does not answer.", "idp")]
    assert checked(way, {"entity_id": "idp", "certificates": [1, 2]}, source="<new/>")
    assert way.sql("SELECT problem, source, revision FROM pact.sso_connection") == [(None, "<new/>", 2)]
    assert not checked(way, {"entity_id": "idp"}, revision=1), "of settings that are no more"


def test_A3_metadata_of_another_provider_forgets_who_came_and_an_address_may_not_change_so(pg, fresh):
    way = Way(pg, fresh, "saml")
    login, _ = way.start(message="_1")
    way.take(message="_1")
    way.prove(login, subject="s", email=way.address())
    way.succeed(login)
    assert checked(way, {"entity_id": "evil"})
    assert way.sql("SELECT facts ->> 'entity_id', problem LIKE '%%another identity provider%%' FROM pact.sso_connection") == [("idp", True)]
    way.sql("UPDATE pact.sso_connection SET source_new = '<other/>', tested_at = now()")
    assert checked(way, {"entity_id": "other"})
    assert way.sql("SELECT c.facts ->> 'entity_id', c.source, c.tested_at, (SELECT count(*) FROM pact.sso_identity) FROM pact.sso_connection c") == [("other", "<other/>", None, 0)]


# ── before a login ──
def discover(pg, domain, workspace=None):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.discover(%s, %s)", (domain, workspace))
        return cur.fetchone()[0]


def test_A5_ways_in_depend_on_the_domain_and_the_workspace_alone(way):
    nothing = {"password": True, "sso": []}
    assert discover(way.pg, "other.example") == nothing == discover(way.pg, None, "no-such") == discover(way.pg, None, None)
    assert discover(way.pg, way.domain) == nothing, "the list of domains is not the directory"
    with way.pg.superuser() as cur:
        cur.execute("INSERT INTO directory.domain VALUES (%s, %s)", (way.domain, way.w.id))
    one = {"workspace": {"slug": way.w.slug, "name": way.w.slug.title()}, "type": "oidc", "name": "Provider", "url": f"/v1/auth/oidc/{way.w.slug}/login", "enforced": False}
    assert discover(way.pg, way.domain) == {"password": True, "sso": [one]} == discover(way.pg, None, way.w.slug)
    way.sql("UPDATE pact.tenant SET sso_enforced = true WHERE tenant_id = app.tenant_id()")
    assert discover(way.pg, way.domain) == {"password": False, "sso": [one | {"enforced": True}]}
    with way.pg.superuser() as cur:
        cur.execute("UPDATE directory.workspace SET suspended = true WHERE tenant_id = %s", (way.w.id,))
    assert discover(way.pg, way.domain) == nothing


def test_A3_a_domain_is_verified_and_lost_by_its_record(pg, fresh):
    owner = fresh.users["owner"]
    with pg.user(owner, "sso.write", "pact_auth") as cur:
        cur.execute("SELECT body FROM app.domain_add('{\"domain\": \"Corp.Example\"}', 'tok')")
        d = cur.fetchone()[0]
    assert (d["domain"], d["verified"], d["record"]) == ("corp.example", False, {"name": "_pact-verification.corp.example", "type": "TXT", "value": "pact-verification=tok"})

    def looked(found, sql=None):
        with pg.owner(fresh) as cur:
            if sql:
                cur.execute(sql)
            cur.execute("RESET ROLE")
            cur.execute("SELECT app.domain_checked(%s, %s, 'gone')", (d["public_id"], found))
            cur.execute("SELECT verified_at IS NOT NULL, problem, EXISTS (SELECT FROM directory.domain x WHERE x.domain = 'corp.example' AND x.tenant_id = s.tenant_id) "
                "FROM pact.sso_domain s WHERE id = %s", (d["public_id"],))
            return cur.fetchone()

    assert looked(False) == (False, "gone", False)
    assert looked(True) == (True, None, True)
    assert looked(False) == (True, "gone", True), "name servers fail"
    assert looked(False, "UPDATE pact.sso_domain SET failing_since = now() - interval '15 days'") == (False, "gone", False)


@pytest.mark.parametrize("domain", ["localhost", "a b.example", "x..example", "-x.example", "x.example.", "https://x.example", "x.1", "ü.example", "x" * 64 + ".example"])
def test_A3_what_is_no_domain_is_refused(pg, alpha, domain):
    with pg.user(alpha.users["owner"], "sso.write", "pact_auth") as cur, refused("invalid"):
        cur.execute("SELECT body FROM app.domain_add(%s, 'tok')", (json.dumps({"domain": domain}),))


# ── walls ──
def test_T4_the_secret_is_sealed_for_its_connection_and_only_auth_is_given_it(pg, fresh):
    way = Way(pg, fresh, secret=b"sealed")
    login, state = way.start()
    with way.program() as cur:
        cur.execute("SELECT secret, data_key IS NOT NULL FROM app.sso_connection(%s, 'oidc', NULL, NULL)", (fresh.slug,))
        assert (bytes(cur.fetchone()[0]), True) == (b"sealed", True)
    with pg.program("pact_auth") as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cur.execute("SELECT secret FROM pact.sso_connection")


@pytest.mark.parametrize("role", ["pact_crm", "pact_audit", "pact_mail"])
@pytest.mark.parametrize("call", ["app.sso_prove(gen_random_uuid(), gen_random_uuid(), '{}')", "app.sso_take('x', 'oidc', '', NULL, '', NULL, NULL)",
    "app.sso_succeed(gen_random_uuid(), gen_random_uuid(), '', '', gen_random_uuid(), '', '', '', '', '', '')"])
def test_T3_other_programs_have_no_part_in_logins(pg, role, call):
    with pg.program(role) as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cur.execute(f"SELECT {call}")


def test_T3_a_program_has_no_word_on_the_others_connections(pg, fresh, beta):
    """`saml` taken over, knowing the id of an OpenID connection, could have put keys of its own in the provider's place."""
    for way, role in ((Way(pg, fresh), "pact_saml"), (Way(pg, beta, "saml"), "pact_auth")):
        with pg.program(role) as cur:
            cur.execute("SELECT app.sso_refuse(%s, NULL, NULL, NULL, 'x')", (way.w.slug,))
            cur.execute("SELECT * FROM app.sso_to_check(%s)", (way.id,))
            assert cur.fetchall() == []
            cur.execute("SELECT app.sso_checked(%s, 1, NULL, '{\"jwks\": {}}', NULL)", (way.id,))
            assert cur.fetchone() == (False,)
        assert way.sql("SELECT facts FROM pact.sso_connection WHERE id = %s", way.id) == [({"entity_id": "idp"},)]


@pytest.mark.parametrize("sql", ["SELECT * FROM app.user_patch(%(i)s, NULL, '{\"roles\": [\"member\"]}')", "SELECT * FROM app.user_patch(%(i)s, NULL, '{\"status\": \"suspended\"}')",
    "SELECT * FROM app.user_delete(%(i)s, NULL)", "SELECT * FROM app.user_mfa_remove(%(i)s)",
    "SELECT * FROM app.scim_user_patch(%(i)s, NULL, '{\"active\": false}', NULL, NULL, '')", "own"])
def test_A5_while_it_is_required_the_owner_in_need_stays(way, sql):
    """Else nobody comes in when the provider does not answer; another owner who has no second factor is none who could."""
    owner, other = owner_ready(way), way.w.users["admin"]
    with way.pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"owner\"]}')", (other.id,))
    patch(way, owner, {"sso_enforced": True})
    way.sql("UPDATE pact.session SET ended_at = NULL, method = 'oidc'")

    def do():
        with way.pg.user(owner if sql == "own" else other, "self", "pact_auth") as cur:
            cur.execute("SELECT app.totp_remove_own()" if sql == "own" else sql, {"i": owner.id})

    with refused("conflict") as box:
        do()
    assert "two-factor" in box["hint"]
    with way.pg.user(other, "user.write", "pact_auth") as cur:  # what has nothing to do with it goes on
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"name\": \"x\"}')", (owner.id,))
        cur.execute("SELECT * FROM app.user_delete(%s, NULL)", (way.w.users["viewer"].id,))
    way.sql("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) VALUES (app.tenant_id(), %s, 's', now())", other.id)
    do()
    # and where there is none any more, changes are not stopped for it
    way.sql("DELETE FROM pact.totp")
    with way.pg.user(other, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"name\": \"y\"}')", (way.w.users["member"].id,))


def test_A5_groups_do_not_take_the_owner_in_need_away(way):
    owner, other = owner_ready(way), way.w.users["admin"]
    with way.pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"owner\"]}')", (other.id,))
    way.map({"": ["viewer"], "Chiefs": ["owner"]})
    patch(way, owner, {"sso_enforced": True})
    roles = lambda user: [r for (r,) in way.sql("SELECT r.name FROM pact.user_role u JOIN pact.role r ON r.id = u.role_id WHERE u.user_id = %s ORDER BY 1", user.id)]  # noqa: E731
    for user, after in ((owner, ["owner", "viewer"]), (other, ["viewer"])):
        login, state = way.start()
        way.take(state)
        way.prove(login, subject=user.email, email=user.email, groups=[])
        way.succeed(login, user.email)
        assert roles(user) == after


def test_L1_another_secret_and_other_certificates_are_events(pg, fresh):
    """Who holds the key that opens the door for everybody is the last thing that may change without a word."""
    def told(way):
        with pg.superuser() as cur:
            cur.execute("SELECT action, old, new FROM pact.audit_event WHERE tenant_id = %s AND resource_id = %s AND action LIKE 'auth.sso%%' ORDER BY id",
                (way.w.id, way.id))
            return cur.fetchall()

    way = Way(pg, fresh, settings={"issuer": "https://idp.example", "client_id": "pact"})
    for sealed in (b"one", b"two", None):
        patch(way, fresh.users["owner"], {"sso": {"client_secret": sealed and True}}, sealed)
    assert told(way) == [("auth.sso_secret", None, {"set": True})] * 2 + [("auth.sso_secret", None, {"set": False})]
    checked(way, {"entity_id": "idp", "jwks": {"keys": [1]}})
    assert len(told(way)) == 3, "its own keys are the provider's to turn"

    way = Way(pg, Workspace(pg, f"w-{uuid.uuid4().hex[:12]}"), "saml")
    cert = lambda n: {"sha256": n * 64, "not_after": "2030-01-01T00:00:00Z", "x509": "MII" + n}  # noqa: E731
    said = lambda *n: {"entity_id": "idp", "certificates": [{k: v for k, v in cert(x).items() if k != "x509"} for x in n]}  # noqa: E731
    for certificates in ([cert("a")], [cert("a")], [cert("a"), cert("b")]):
        assert checked(way, {"entity_id": "idp", "certificates": certificates}, source="<x/>")
    assert told(way) == [("auth.sso_provider", {"entity_id": "idp"}, said("a")), ("auth.sso_provider", said("a"), said("a", "b"))]
