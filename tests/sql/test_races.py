# SPDX-License-Identifier: GPL-3.0-or-later
"""A1, A4, A5, A7: logins, and what ends them, at the same moment: nobody comes in by what has just ended, and nobody waits in a ring."""
import threading
import time
import uuid

import psycopg2
import pytest
from conftest import hmac_of, refused, sha
from test_people import link
from test_sso import Way


def log_in(pg, user, challenge=None):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.login_succeed(%s, %s, %s, false, %s, %s, 's', %s, 'cookie', NULL, NULL, 'r')",
            (user.workspace.id, user.id, hmac_of(user.email), user.hash, challenge or uuid.uuid4(), sha(b"c")))
        return cur.fetchone()[0]


def second_step(pg, user, challenge):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.mfa_succeed(%s, %s, %s, 7, NULL, %s, 's', 'r', 'cookie', NULL, NULL, 'r')",
            (user.workspace.id, challenge, sha(b"c"), uuid.uuid4()))
        return cur.fetchone()[0]


def half_way(pg, user):
    """Somebody with a second factor who has shown the password."""
    with pg.owner(user.workspace) as cur:
        cur.execute("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) VALUES (app.tenant_id(), %s, 's', now())", (user.id,))
    challenge = uuid.uuid4()
    assert log_in(pg, user, challenge) is None
    return challenge


def meanwhile(call, *args):
    """call in a thread of its own, which has begun to wait for what the caller holds; what came of it, after join()."""
    said = []

    def run():
        try:
            said.append(call(*args))
        except psycopg2.Error as e:
            said.append(e.diag.message_primary)

    t = threading.Thread(target=run)
    t.start()
    time.sleep(0.5)
    return t, said


def set_password(cur, user):
    cur.execute("SELECT app.password_set('new-hash', %s)", (user.session,))


def living(pg, user):
    with pg.owner(user.workspace) as cur:
        cur.execute("SELECT id FROM pact.session WHERE user_id = %s AND ended_at IS NULL", (user.id,))
        return [i for (i,) in cur.fetchall()]


def test_A1_a_password_that_was_replaced_while_it_was_looked_at_lets_nobody_in(pg, fresh):
    """Who knows the old one logs in again and again: one of those logins is always under way."""
    user = fresh.users["member"]
    with pg.user(user, role="pact_auth") as cur:
        set_password(cur, user)
        t, said = meanwhile(log_in, pg, user)
        assert said == [], "it waits"
    t.join()
    assert said == ["wrong-credentials"]
    with refused("wrong-credentials"):
        log_in(pg, user)
    assert living(pg, user) == [user.session]


@pytest.mark.parametrize("how", ["one's own", "by a link"])
def test_A1_A7_a_new_password_ends_logins_that_are_half_way_and_links(pg, fresh, how):
    user = fresh.users["member"]
    challenge, (other, other_sha), (used, used_sha) = half_way(pg, user), link(pg, user, "reset"), link(pg, user, "reset")
    if how == "by a link":
        with pg.program("pact_auth") as cur:
            cur.execute("SELECT app.link_use(%s, %s, %s, 'reset', 'new-hash', NULL, NULL, 'r')", (fresh.id, used, used_sha))
    else:
        with pg.user(user, role="pact_auth") as cur:
            set_password(cur, user)
    with refused("session-ended"):
        second_step(pg, user, challenge)
    with pg.program("pact_auth") as cur, refused("link-ended"):
        cur.execute("SELECT app.link_use(%s, %s, %s, 'reset', 'newer-hash', NULL, NULL, 'r')", (fresh.id, other, other_sha))


@pytest.mark.parametrize("how", ["password", "out everywhere"])
def test_A6_A7_a_login_that_is_just_being_finished_ends_with_the_others(pg, fresh, how):
    user = fresh.users["member"]
    challenge = half_way(pg, user)

    def end():
        with pg.user(user, role="pact_auth") as cur:
            if how == "password":
                set_password(cur, user)
            else:
                cur.execute("SELECT ended FROM app.sessions_end(%s, %s)", (user.id, user.session))

    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.mfa_succeed(%s, %s, %s, 7, NULL, %s, 's', 'r', 'cookie', NULL, NULL, 'r')",
            (fresh.id, challenge, sha(b"c"), uuid.uuid4()))
        t, said = meanwhile(end)
        assert said == [], "it waits"
    t.join()
    assert said == [None] and living(pg, user) == [user.session]


def test_A5_a_login_that_meets_the_requirement_of_single_sign_on_is_refused(pg, fresh):
    way, user = Way(pg, fresh), fresh.users["member"]
    challenge = half_way(pg, fresh.users["viewer"])
    with pg.owner(fresh) as cur:
        cur.execute("UPDATE pact.tenant SET sso_enforced = true WHERE tenant_id = app.tenant_id()")
        waiting = [meanwhile(log_in, pg, user), meanwhile(second_step, pg, fresh.users["viewer"], challenge)]
        assert [said for _, said in waiting] == [[], []], "they wait"
    for t, _ in waiting:
        t.join()
    assert [said for _, said in waiting] == [["sso-required"], ["session-ended"]] and way.sql("SELECT sso_enforced FROM pact.tenant") == [(True,)]


@pytest.mark.parametrize("what", ["a login by single sign-on", "a second step"])
def test_A4_A7_A9_a_login_and_a_change_of_people_do_not_wait_in_a_ring(pg, fresh, what):
    """Whoever changes people locks them, then the person, then what is theirs. A login that has the person and waits for the people would
    be in their way for a second, and then one of the two is lost."""
    user = fresh.users["member"]
    if what == "a second step":
        challenge = half_way(pg, user)
        call, args = second_step, (pg, user, challenge)
    else:
        way = Way(pg, fresh)
        way.map({"": ["viewer"], "sales": ["member"]})
        login, state = way.start()
        way.take(state)
        way.prove(login, subject="s", email=f"{fresh.slug}@{way.domain}", groups=["sales"])
        way.sql("UPDATE pact.user_account SET email = %s WHERE id = %s", f"{fresh.slug}@{way.domain}", user.id)
        call, args = way.succeed, (login,)
    with pg.owner(fresh) as cur:
        cur.execute("SET LOCAL lock_timeout = '500ms'")
        cur.execute("SELECT FROM pact.tenant WHERE tenant_id = app.tenant_id() FOR NO KEY UPDATE")
        t, said = meanwhile(call, *args)
        assert said == [], "it waits"
        cur.execute("SELECT FROM pact.user_account WHERE id = %s FOR UPDATE", (user.id,))
        cur.execute("SELECT FROM pact.login_challenge WHERE user_id = %s FOR UPDATE", (user.id,))
    t.join()
    assert said and not isinstance(said[0], str), said
