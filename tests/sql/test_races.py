# SPDX-License-Identifier: GPL-3.0-or-later
"""
A1 to A9: logins, changes of people, and what ends either, at the same moment: nobody comes in by what has just ended, nobody changes
anything who may not any more, and nobody waits in a ring.
"""
import threading
import time
import uuid

import psycopg2
import pytest
from conftest import hmac_of, refused, sha
from test_people import link, use
from test_sso import Way


def log_in(pg, user, challenge=None):
    with pg.program("pact_auth") as cur:
        begin(cur, user, challenge)
        return cur.fetchone()[0]


def begin(cur, user, challenge=None):
    cur.execute("SELECT body FROM app.login_succeed(%s, %s, %s, false, %s, %s, 's', %s, 'cookie', NULL, NULL, 'r')",
        (user.workspace.id, user.id, hmac_of(user.email), user.hash, challenge or uuid.uuid4(), sha(b"c")))


def second_step(pg, user, challenge):
    with pg.program("pact_auth") as cur:
        finish(cur, user, challenge)
        return cur.fetchone()[0]


def finish(cur, user, challenge):
    cur.execute("SELECT body FROM app.mfa_succeed(%s, %s, %s, 7, NULL, %s, 's', 'r', 'cookie', NULL, NULL, 'r')",
        (user.workspace.id, challenge, sha(b"c"), uuid.uuid4()))


def half_way(pg, user):
    """Somebody with a second factor who has shown the password."""
    with pg.owner(user.workspace) as cur:
        cur.execute("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) VALUES (app.tenant_id(), %s, 's', now())", (user.id,))
    challenge = uuid.uuid4()
    assert log_in(pg, user, challenge) is None
    return challenge


def waiting(pg):
    with pg.superuser() as cur:
        cur.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        return cur.fetchone()[0]


def meanwhile(pg, call, *args):
    """call in a thread of its own, which waits by now for what the caller holds; what came of it, after join()."""
    said, before, end = [], waiting(pg), time.monotonic() + 10

    def run():
        try:
            said.append(call(*args))
        except psycopg2.Error as e:
            said.append(e.diag.message_primary)

    t = threading.Thread(target=run)
    t.start()
    while waiting(pg) <= before:
        assert not said and time.monotonic() < end, "it waits"
        time.sleep(0.02)
    return t, said


def as_user(pg, user, permission, sql, *args):
    with pg.user(user, permission, "pact_auth") as cur:
        cur.execute(sql, args)


def roles(pg, by, of, *names):
    as_user(pg, by, "user.write", "SELECT * FROM app.user_patch(%s, NULL, jsonb_build_object('roles', %s))", of.id, list(names))


def living(pg, user):
    with pg.owner(user.workspace) as cur:
        cur.execute("SELECT id FROM pact.session WHERE user_id = %s AND ended_at IS NULL", (user.id,))
        return [i for (i,) in cur.fetchall()]


def new_password(pg, user, how):
    """Of one's own or by a link, in a transaction that is left open."""
    if how == "by a link":
        made = link(pg, user, "reset")
    with (pg.program("pact_auth") if how == "by a link" else pg.user(user, role="pact_auth")) as cur:
        if how == "by a link":
            cur.execute("SELECT app.link_use(%s, %s, %s, 'reset', 'new-hash', NULL, NULL, 'r')", (user.workspace.id, *made))
        else:
            cur.execute("SELECT app.password_set('new-hash', %s)", (user.session,))
        yield


HOW = pytest.mark.parametrize("how", ["one's own", "by a link"])


@HOW
def test_A1_A2_a_password_that_was_replaced_while_it_was_looked_at_lets_nobody_in(pg, fresh, how):
    """Who knows the old one logs in again and again: one of those logins is always under way."""
    user = fresh.users["member"]
    for _ in new_password(pg, user, how):
        t, said = meanwhile(pg, log_in, pg, user)
    t.join()
    assert said == ["wrong-credentials"]
    with refused("wrong-credentials"):
        log_in(pg, user)
    assert living(pg, user) == ([user.session] if how == "one's own" else [])


def test_A1_A2_a_login_that_comes_first_ends_with_the_old_password(pg, fresh):
    user = fresh.users["member"]
    with pg.program("pact_auth") as cur:
        begin(cur, user)
        t, said = meanwhile(pg, lambda: [0 for _ in new_password(pg, user, "by a link")])
    t.join()
    assert said == [[0]] and living(pg, user) == []


def test_A1_who_was_logged_out_while_they_waited_sets_no_password(pg, fresh):
    """The owner of the account has reset it: who has the session and the old password is out, whatever they had under way."""
    user = fresh.users["member"]
    for _ in new_password(pg, user, "by a link"):
        t, said = meanwhile(pg, as_user, pg, user, "self", "SELECT app.password_set('of somebody else', %s)", user.session)
    t.join()
    assert said == ["session-ended"]
    with pg.owner(fresh) as cur:
        cur.execute("SELECT hash FROM pact.user_password WHERE user_id = %s", (user.id,))
        assert cur.fetchone() == ("new-hash",)


@HOW
def test_A1_A7_a_new_password_ends_logins_that_are_half_way_and_links(pg, fresh, how):
    user = fresh.users["member"]
    challenge, other = half_way(pg, user), link(pg, user, "reset")
    for _ in new_password(pg, user, how):
        pass
    with refused("session-ended"):
        second_step(pg, user, challenge)
    with pg.program("pact_auth") as cur, refused("link-ended"):
        use(cur, user, *other)


@pytest.mark.parametrize("how", ["one's own", "by a link", "out everywhere"])
def test_A2_A6_A7_a_login_that_is_just_being_finished_ends_with_the_others(pg, fresh, how):
    """Half-way logins end before sessions do, so that one which becomes a session meanwhile is among those."""
    user = fresh.users["member"]
    challenge = half_way(pg, user)

    def end():
        if how == "out everywhere":
            as_user(pg, user, "self", "SELECT ended FROM app.sessions_end(%s, %s)", user.id, user.session)
        else:
            for _ in new_password(pg, user, how):
                pass

    with pg.program("pact_auth") as cur:
        finish(cur, user, challenge)
        t, said = meanwhile(pg, end)
    t.join()
    assert said == [None] and living(pg, user) == ([] if how == "by a link" else [user.session])


def test_A5_a_login_that_meets_the_requirement_of_single_sign_on_is_refused(pg, fresh):
    way, user = Way(pg, fresh), fresh.users["member"]
    challenge = half_way(pg, fresh.users["viewer"])
    with pg.owner(fresh) as cur:
        cur.execute("UPDATE pact.tenant SET sso_enforced = true WHERE tenant_id = app.tenant_id()")
        logins = [meanwhile(pg, log_in, pg, user), meanwhile(pg, second_step, pg, fresh.users["viewer"], challenge)]
    for t, _ in logins:
        t.join()
    assert [said for _, said in logins] == [["sso-required"], ["session-ended"]] and way.sql("SELECT sso_enforced FROM pact.tenant") == [(True,)]


def proven(pg, fresh, **groups):
    """A login by single sign-on of somebody who has come before, which only has to begin its session; and who it is."""
    way = Way(pg, fresh)
    way.map(groups)
    email = f"staff-{uuid.uuid4().hex[:6]}@{way.domain}"
    way.come("s", email, groups=["staff"])
    (i,) = way.sql("SELECT user_id FROM pact.sso_identity WHERE subject = 's' AND tenant_id = %s", fresh.id)[0]
    login, state = way.start()
    way.take(state)
    way.prove(login, subject="s", email=email, groups=["staff"])
    return i, lambda: way.succeed(login, email)


@pytest.mark.parametrize("what", ["a login by single sign-on", "a second step"])
def test_A4_A7_A9_a_login_and_a_change_of_people_do_not_wait_in_a_ring(pg, fresh, what):
    """Whoever changes people locks them, then the person, then what is theirs. A login that has the person and waits for the people would
    be in their way for a second, and then one of the two is lost."""
    if what == "a second step":
        i = fresh.users["member"].id
        challenge = half_way(pg, fresh.users["member"])
        call = lambda: second_step(pg, fresh.users["member"], challenge)  # noqa: E731
    else:
        i, call = proven(pg, fresh, staff=["member"])
    with pg.owner(fresh) as cur:
        cur.execute("SET LOCAL lock_timeout = '500ms'")
        cur.execute("SELECT FROM pact.tenant WHERE tenant_id = app.tenant_id() FOR NO KEY UPDATE")
        t, said = meanwhile(pg, call)
        cur.execute("SELECT FROM pact.user_account WHERE id = %s FOR UPDATE", (i,))
        cur.execute("SELECT FROM pact.login_challenge WHERE user_id = %s FOR UPDATE", (i,))
    t.join()
    assert said and not isinstance(said[0], str), said


@pytest.mark.parametrize("sql,outcome", [("SELECT * FROM app.scim_user_patch(%s, NULL, '{\"display_name\": \"x\"}', NULL, NULL, '')", None),
    ("SELECT * FROM app.user_delete(%s, NULL)", "sso-refused")])
def test_A3_A9_who_comes_by_single_sign_on_after_a_change_of_them(pg, fresh, sql, outcome):
    """However many changes are before it: the change is done first, and who is removed by it is refused."""
    owner = fresh.users["owner"]
    i, come = proven(pg, fresh, staff=["viewer"])
    with pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"name\": \"x\"}')", (fresh.users["member"].id,))
        (change, changed), (login, said) = meanwhile(pg, as_user, pg, owner, "user.write", sql, i), meanwhile(pg, come)
    change.join()
    login.join()
    assert changed == [None] and (said == [outcome] if outcome else not isinstance(said[0], str)), (changed, said)


# ── changes of people ──
def test_A9_two_changes_of_owners_wait_for_each_other(pg, fresh):
    one, two = fresh.users["owner"], fresh.users["admin"]
    roles(pg, one, two, "owner")
    with pg.user(one, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"viewer\"]}')", (two.id,))
        t, said = meanwhile(pg, roles, pg, two, one, "viewer")
    t.join()
    assert said == ["forbidden"]
    with pg.owner(fresh) as cur:
        cur.execute("SELECT count(*) FROM pact.user_role x JOIN pact.role r ON r.id = x.role_id WHERE r.name = 'owner' AND x.tenant_id = %s", (fresh.id,))
        assert cur.fetchone() == (1,)


def test_A9_who_is_suspended_while_waiting_changes_nobody_any_more(pg, fresh):
    owner, admin, viewer = (fresh.users[x] for x in ("owner", "admin", "viewer"))
    with pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"status\": \"suspended\"}')", (admin.id,))
        t, said = meanwhile(pg, roles, pg, admin, viewer, "admin")
    t.join()
    assert said == ["session-ended"]


def test_A9_a_login_that_meets_a_suspension_begins_no_session(pg, fresh):
    """Else that session would be there again when its user is let in again."""
    owner, member = fresh.users["owner"], fresh.users["member"]
    with pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"status\": \"suspended\"}')", (member.id,))
        t, said = meanwhile(pg, log_in, pg, member)
    t.join()
    assert said == ["wrong-credentials"] and living(pg, member) == []
