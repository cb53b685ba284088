# SPDX-License-Identifier: GPL-3.0-or-later
"""A3: what `saml` may do with its role: prove a login that a browser has begun, once, of a SAML connection, and no more."""
import contextlib
import json
import uuid

import psycopg2
import pytest
from conftest import refused, sha
from test_sso import Way


@contextlib.contextmanager
def refused_for(reason):
    with refused("sso-refused") as e:
        yield
    assert e["hint"] == reason


class Saml(Way):
    def __init__(self, pg, workspace, **settings):
        super().__init__(pg, workspace, "saml", settings)

    def program(self):
        return self.pg.program("pact_saml")

    @property
    def revision(self):
        return self.sql("SELECT revision FROM pact.sso_connection WHERE tenant_id = app.tenant_id()")[0][0]

    def begin(self, browser=None):
        message = "_" + uuid.uuid4().hex
        with self.program() as cur:
            cur.execute("SELECT app.uuid7()")
            login = cur.fetchone()[0]
            cur.execute("SELECT (s).settings FROM app.saml_start(%s, %s, %s, %s, %s, '/tasks', NULL, '192.0.2.9', 'r') s",
                (self.w.slug, login, sha(message.encode()), browser or self.browser, message))
            assert cur.fetchone()[0]["jit"] is True
        return login, message

    def proved(self, message, once=None, browser=None, revision=None, connection=None, authn="now()", **claims):
        with self.program() as cur:
            cur.execute(f"SELECT app.saml_proved(%s, %s, %s, %s, %s, %s, now() + interval '5 minutes', {authn}, %s, NULL, 'r')",
                (self.w.slug, connection or self.id, revision or self.revision, message, browser or self.browser, once or sha(uuid.uuid4().bytes),
                    json.dumps({"subject": "s", "email": f"ada@{self.domain}", "email_verified": True} | claims)))
            return cur.fetchone()[0]

    def unsolicited(self, once=None):
        with self.program() as cur:
            cur.execute("SELECT app.uuid7()")
            login = cur.fetchone()[0]
            cur.execute("SELECT app.saml_unsolicited(%s, %s, %s, %s, %s, %s, now() + interval '5 minutes', '{\"subject\": \"s\"}', NULL, 'r')",
                (self.w.slug, self.id, self.revision, login, self.browser, once or sha(uuid.uuid4().bytes)))
            return cur.fetchone()[0] == login

    def status(self, login):
        return self.sql("SELECT status FROM pact.sso_login WHERE tenant_id = app.tenant_id() AND id = %s", login)[0][0]


@pytest.fixture
def saml(pg, fresh):
    return Saml(pg, fresh)


def test_a_login_is_taken_seen_and_proved_in_one(saml):
    login, message = saml.begin()
    assert saml.proved(message) == login and saml.status(login) == "proved"
    with refused_for("state"):
        saml.proved(message)


def test_what_is_refused_takes_nothing(saml):
    once = sha(b"assertion" + saml.id.bytes)
    login, message = saml.begin()
    saml.proved(message, once)
    other, message = saml.begin()
    for hint, more in (("replay", {"once": once}), ("browser", {"browser": sha(b"another")}), ("again", {"revision": 999}), ("again", {"connection": uuid.uuid4()})):
        with refused_for(hint):
            saml.proved(message, **more)
        assert saml.status(other) == "open"
    assert saml.proved(message) == other


def test_a_login_there_of_before_the_question_does_where_the_owner_does_not_mind(pg, fresh):
    saml = Saml(pg, fresh)
    saml.proved(saml.begin()[1], authn="now() - interval '1 hour'")
    saml.sql("UPDATE pact.sso_connection SET settings = settings || '{\"force_authn\": true}' WHERE tenant_id = app.tenant_id()")
    login, message = saml.begin()
    with refused_for("authn-old"):
        saml.proved(message, authn="now() - interval '2 minutes'")
    assert saml.proved(message, authn="now() - interval '30 seconds'") == login


def test_an_answer_that_nobody_asked_for(pg, fresh):
    saml = Saml(pg, fresh)
    once = sha(b"x" + saml.id.bytes)
    with refused_for("unsolicited"):
        saml.unsolicited(once)
    saml.sql("UPDATE pact.sso_connection SET settings = settings || '{\"idp_initiated\": true}' WHERE tenant_id = app.tenant_id()")
    assert saml.unsolicited(once)
    with refused_for("replay"):
        saml.unsolicited(once)


def test_it_knows_no_connection_of_another_kind(pg, fresh):
    way = Way(pg, fresh, "oidc")
    for sql, args in (("SELECT app.saml_connection(%s, NULL, 'r')", (fresh.slug,)),
            ("SELECT app.saml_start(%s, app.uuid7(), 'a', 'b', '_c', '/', NULL, NULL, 'r')", (fresh.slug,)),
            ("SELECT app.saml_logout(%s, %s, 's', '{}', 'a', NULL, 'r')", (fresh.slug, way.id))):
        with refused("not-found"), pg.program("pact_saml") as cur:
            cur.execute(sql, args)


@pytest.mark.parametrize("call", ["app.sso_start('x', 'oidc', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", "app.sso_connection('x', 'oidc', NULL, NULL)",
    "app.sso_prove(NULL, NULL, NULL)", "app.sso_succeed(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", "app.sso_unsolicited(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "app.sso_way_of(NULL)", "app.session_begin(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", "app.sso_logout_user(NULL, NULL, NULL)", "app.context(NULL, NULL, NULL, NULL, NULL, NULL)"])
def test_it_cannot_go_around_that(pg, call):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), pg.program("pact_saml") as cur:
        cur.execute(f"SELECT {call}")


def test_a_logout_is_of_its_subject_and_once(pg, fresh, saml):
    other = uuid.uuid4()

    def logout(once, connection=None):
        with saml.program() as cur:
            cur.execute("SELECT app.saml_logout(%s, %s, 's', '{}', %s, NULL, 'r')", (fresh.slug, connection or saml.id, once))
            return cur.fetchone()[0]

    assert logout(sha(b"1" + saml.id.bytes)) == 0
    with refused_for("replay"):
        logout(sha(b"1" + saml.id.bytes))
    with refused("not-found"):
        logout(sha(b"2"), other)


def test_only_its_runner_asks_for_looks(pg):
    with pg.program("pact_saml") as cur:
        cur.execute("SELECT app.sso_refresh_due('saml', '1 day')")
    with refused("forbidden"), pg.program("pact_saml") as cur:
        cur.execute("SELECT app.sso_refresh_due('oidc', '1 day')")


def test_owners_hear_a_month_and_a_week_before_the_last_certificate_ends(saml):
    def ends(*days):
        saml.sql("UPDATE pact.sso_connection SET facts = facts || jsonb_build_object('certificates', (SELECT jsonb_agg(jsonb_build_object("
            "'not_after', app.rfc3339(now() + d * interval '1 day'))) FROM unnest(%s::int[]) d)), checked_at = now()", list(days))

    def told():
        with saml.program() as cur:
            cur.execute("SELECT app.sso_refresh_due('saml', '1 day')")
        return [v for (v,) in saml.sql("DELETE FROM pact.outbox WHERE template = 'sso-certificate' RETURNING vars ->> 'provider'")]

    ends(31, 400)
    assert told() == []
    ends(10, 31)  # a new one beside the old one is enough
    assert told() == []
    ends(10, 29)
    assert len(told()) == 1 and told() == [], "once"
    saml.sql("UPDATE pact.sso_connection SET warned_at = now() - interval '23 days'")
    ends(6)
    assert len(told()) == 1 and told() == []
    ends(-1)
    saml.sql("UPDATE pact.sso_connection SET warned_at = now()")
    assert told() == []
    ends(400)
    assert told() == []
