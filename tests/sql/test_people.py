# SPDX-License-Identifier: GPL-3.0-or-later
"""A2, A7, A9 as the program's own role meets them: links, second factors, the last owner."""
import threading
import time
import uuid

import psycopg2
import pytest
from conftest import hmac_of, refused


def link(pg, user, purpose, expires="1 hour"):
    """A link of somebody, as its id and what the program keeps of it."""
    i, sha = uuid.uuid4(), uuid.uuid4().bytes
    with pg.owner(user.workspace) as cur:
        cur.execute("INSERT INTO pact.user_token (tenant_id, id, user_id, purpose, secret_sha256, expires_at) VALUES (%s, %s, %s, %s, %s, now() + %s::interval)",
            (user.workspace.id, i, user.id, purpose, sha, expires))
    return i, sha


def use(cur, user, i, sha, purpose="reset"):
    cur.execute("SELECT app.link_use(%s, %s, %s, %s, 'hash', NULL, NULL, 'req')", (user.workspace.id, i, sha, purpose))


def test_A2_a_link_is_used_once_whatever_the_program_has_looked_at(pg, fresh):
    member = fresh.users["member"]
    i, sha = link(pg, member, "reset")
    with pg.program("pact_auth") as cur:
        use(cur, member, i, sha)
    with pg.program("pact_auth") as cur, refused("link-ended"):
        use(cur, member, i, sha)


@pytest.mark.parametrize("purpose,asked,sql", [("reset", "invite", None), ("invite", "reset", None), ("invite", "invite", None),
    ("reset", "reset", "UPDATE pact.user_account SET status = 'suspended' WHERE id = %s"), ("reset", "reset", "UPDATE pact.user_account SET status = 'invited' WHERE id = %s"),
    ("reset", "reset", "UPDATE pact.tenant SET status = 'suspended' WHERE tenant_id = (SELECT tenant_id FROM pact.user_account WHERE id = %s)"),
    ("reset", "reset", "UPDATE pact.user_token SET expires_at = now() WHERE user_id = %s")])
def test_A2_a_link_is_good_for_one_thing_while_its_owner_may_come_in(pg, fresh, purpose, asked, sql):
    member = fresh.users["member"]
    i, sha = link(pg, member, purpose)
    if sql:
        with pg.owner(fresh) as cur:
            cur.execute(sql, (member.id,))
    with pg.program("pact_auth") as cur, refused("link-ended"):
        use(cur, member, i, sha, asked)


def test_A2_a_link_with_another_secret_or_workspace_is_none(pg, fresh, alpha):
    member = fresh.users["member"]
    i, sha = link(pg, member, "reset")
    with pg.program("pact_auth") as cur, refused("link-ended"):
        use(cur, member, i, sha[::-1])
    with pg.program("pact_auth") as cur, refused("link-ended"):
        use(cur, alpha.users["member"], i, sha)


def test_A9_two_changes_of_owners_wait_for_each_other(pg, fresh):
    one, two = fresh.users["owner"], fresh.users["admin"]
    with pg.user(one, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"owner\"]}')", (two.id,))
    said = []

    def second():
        try:
            with pg.user(two, "user.write", "pact_auth") as cur:
                cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"viewer\"]}')", (one.id,))
                said.append("done")
        except psycopg2.Error as e:
            said.append(e.diag.message_primary)

    with pg.user(one, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"viewer\"]}')", (two.id,))
        t = threading.Thread(target=second)
        t.start()
        time.sleep(0.5)
        assert said == [], "it waits"
    t.join()
    assert said == ["forbidden"]
    with pg.owner(fresh) as cur:
        cur.execute("SELECT count(*) FROM pact.user_role x JOIN pact.role r ON r.id = x.role_id WHERE r.name = 'owner' AND x.tenant_id = %s", (fresh.id,))
        assert cur.fetchone() == (1,)


@pytest.mark.parametrize("sql", ["SELECT * FROM pact.user_token", "SELECT * FROM pact.totp", "SELECT * FROM pact.recovery_code", "SELECT * FROM pact.login_challenge",
    "SELECT data_key FROM pact.tenant_key", "SELECT * FROM app.reset_request", "SELECT app.totp_remove(%(u)s)", "SELECT app.user_out(%(u)s, 'x')",
    "SELECT app.session_begin(%(u)s, %(u)s, 'x', 'x', 'password', 'totp', 'cookie', NULL, NULL, NULL)", "SELECT app.mfa_take(%(u)s, 1, NULL)",
    "UPDATE pact.user_account SET status = 'active'", "INSERT INTO pact.user_role VALUES (%(t)s, %(u)s, %(u)s)", "UPDATE pact.tenant SET require_mfa = false"])
def test_A7_A9_no_way_around_the_functions(pg, fresh, sql):
    owner = fresh.users["owner"]
    with pg.user(owner, "user.write", "pact_auth") as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cur.execute(sql, {"u": owner.id, "t": fresh.id})
    # and other programs have none of auth's
    for role in ("pact_crm", "pact_audit", "pact_mail"):
        with pg.program(role) as cur, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cur.execute("SELECT * FROM app.mfa_begin(%(u)s, %(u)s, 'x', NULL, NULL)", {"u": owner.id})


def test_A9_who_is_suspended_while_waiting_changes_nobody_any_more(pg, fresh):
    owner, admin, viewer = (fresh.users[x] for x in ("owner", "admin", "viewer"))
    said = []

    def second():
        try:
            with pg.user(admin, "user.write", "pact_auth") as cur:
                cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"roles\": [\"admin\"]}')", (viewer.id,))
                said.append("done")
        except psycopg2.Error as e:
            said.append(e.diag.message_primary)

    with pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"status\": \"suspended\"}')", (admin.id,))
        t = threading.Thread(target=second)
        t.start()
        time.sleep(0.5)
        assert said == [], "it waits"
    t.join()
    assert said == ["session-ended"]


def test_A9_a_login_that_meets_a_suspension_begins_no_session(pg, fresh):
    """Else that session would be there again when its user is let in again."""
    owner, member = fresh.users["owner"], fresh.users["member"]
    said = []

    def come_in():
        try:
            said.append(fresh.log_in(member))
        except psycopg2.Error as e:
            said.append(e.diag.message_primary)

    with pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"status\": \"suspended\"}')", (member.id,))
        t = threading.Thread(target=come_in)
        t.start()
        time.sleep(0.5)
        assert said == [], "it waits"
    t.join()
    assert said == ["wrong-credentials"]
    with pg.owner(fresh) as cur:
        cur.execute("SELECT count(*) FROM pact.session WHERE user_id = %s AND ended_at IS NULL", (member.id,))
        assert cur.fetchone() == (0,)


def wait_for_waiters(pg, n):
    """Until so many wait for a lock."""
    end = time.monotonic() + 10
    with pg.superuser() as cur:
        while time.monotonic() < end:
            cur.execute("SELECT count(*) >= %s FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()", (n,))
            if cur.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("sql,said", [("SELECT * FROM app.scim_user_patch(%s, NULL, '{\"display_name\": \"x\"}', NULL, NULL, '')", []),
    ("SELECT * FROM app.user_delete(%s, NULL)", [("come", "PT000")])])
def test_A3_A9_a_login_by_single_sign_on_and_a_change_of_who_comes_wait_for_each_other(pg, fresh, sql, said):
    """In one order, however many changes are before them; who is removed meanwhile is refused."""
    from test_sso import Way

    way, owner, member = Way(pg, fresh), fresh.users["owner"], fresh.users["member"]
    way.map({"Staff": ["viewer"]})
    email = f"staff-{uuid.uuid4().hex[:6]}@{way.domain}"
    way.come("s", email, groups=["Staff"])
    (i,) = way.sql("SELECT user_id FROM pact.sso_identity WHERE subject = 's' AND tenant_id = %s", fresh.id)[0]
    login, state = way.start()
    way.take(state)
    way.prove(login, subject="s", email=email, groups=["Staff"])
    errors = []

    def change():
        try:
            with pg.user(owner, "user.write", "pact_auth") as cur:
                cur.execute(sql, (i,))
        except psycopg2.Error as e:
            errors.append(("change", e.pgcode))

    def come():
        try:
            way.succeed(login, email)
        except psycopg2.Error as e:
            errors.append(("come", e.pgcode))

    with pg.user(owner, "user.write", "pact_auth") as cur:
        cur.execute("SELECT * FROM app.user_patch(%s, NULL, '{\"name\": \"x\"}')", (member.id,))
        threads = [threading.Thread(target=change), threading.Thread(target=come)]
        for n, t in enumerate(threads, 1):
            t.start()
            wait_for_waiters(pg, n)
    for t in threads:
        t.join()
    assert errors == said


def threads(*work):
    """All at once; what each was refused as, or None."""
    said = [None] * len(work)

    def run(i):
        try:
            work[i]()
        except psycopg2.Error as e:
            said[i] = e.diag.message_primary

    started = [threading.Thread(target=run, args=(i,)) for i in range(len(work))]
    for t in started:
        t.start()
    return started, said


def alive(pg, user):
    with pg.owner(user.workspace) as cur:
        cur.execute("SELECT count(*) FROM pact.session WHERE user_id = %s AND ended_at IS NULL", (user.id,))
        return cur.fetchone()[0]


def test_A1_A2_a_login_with_the_old_password_begins_no_session_after_a_new_one(pg, fresh):
    """The program has found the old one right, and is about to begin the session."""
    member = fresh.users["member"]
    i, sha = link(pg, member, "reset")
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT app.link_use(%s, %s, %s, 'reset', 'another hash', NULL, NULL, 'req')", (fresh.id, i, sha))
        started, said = threads(lambda: fresh.log_in(member))
        time.sleep(0.5)
        assert started[0].is_alive(), "it waits"
    started[0].join()
    assert said == ["wrong-credentials"]
    with refused("wrong-credentials"):
        fresh.log_in(member)
    assert alive(pg, member) == 0


def test_A1_A2_a_login_that_comes_first_ends_with_the_old_password(pg, fresh):
    member = fresh.users["member"]
    i, sha = link(pg, member, "reset")

    def reset():
        with pg.program("pact_auth") as cur:
            use(cur, member, i, sha)

    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.login_succeed(%s, %s, %s, false, 'hash', %s, 's', 'r', 'cookie', NULL, NULL, 'req')",
            (fresh.id, member.id, hmac_of(member.email), uuid.uuid4()))
        started, said = threads(reset)
        time.sleep(0.5)
        assert started[0].is_alive(), "it waits"
    started[0].join()
    assert said == [None] and alive(pg, member) == 0


@pytest.mark.parametrize("end", ["reset", "change", "others"])
def test_A2_a_second_step_that_comes_first_ends_with_all_others(pg, fresh, end):
    """Half-way logins end before sessions do, so that one which becomes a session meanwhile is among those."""
    member = fresh.users["member"]
    i, sha = link(pg, member, "reset")
    challenge = uuid.uuid4()
    with pg.owner(fresh) as cur:
        cur.execute("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) VALUES (%s, %s, 'x', now())", (fresh.id, member.id))
        cur.execute("INSERT INTO pact.login_challenge (tenant_id, id, user_id, secret_sha256, method, expires_at) "
            "VALUES (%s, %s, %s, 'c', 'password', now() + interval '1 minute')", (fresh.id, challenge, member.id))

    def ending():
        if end == "reset":
            with pg.program("pact_auth") as cur:
                use(cur, member, i, sha)
            return
        with pg.user(member, role="pact_auth") as cur:
            cur.execute("SELECT app.password_set('new-hash', %(s)s)" if end == "change" else "SELECT app.sessions_end(%(u)s, %(s)s)",
                {"s": member.session, "u": member.id})

    with pg.program("pact_auth") as cur:
        cur.execute("SELECT body FROM app.mfa_succeed(%s, %s, 'c', 7, NULL, %s, 's', 'r', 'cookie', NULL, NULL, 'req')", (fresh.id, challenge, uuid.uuid4()))
        started, said = threads(ending)
        time.sleep(0.5)
        assert started[0].is_alive(), "it waits"
    started[0].join()
    assert said == [None] and alive(pg, member) == (0 if end == "reset" else 1)


def test_A1_who_was_logged_out_while_they_waited_sets_no_password(pg, fresh):
    """The owner of the account has reset it: who has the session and the old password is out, whatever they had under way."""
    member = fresh.users["member"]
    i, sha = link(pg, member, "reset")

    def change():
        with pg.user(member, role="pact_auth") as cur:
            cur.execute("SELECT app.password_set('of somebody else', %s)", (member.session,))

    with pg.program("pact_auth") as cur:
        use(cur, member, i, sha)
        started, said = threads(change)
        time.sleep(0.5)
        assert started[0].is_alive(), "it waits"
    started[0].join()
    assert said == ["session-ended"]
    with pg.owner(fresh) as cur:
        cur.execute("SELECT hash FROM pact.user_password WHERE user_id = %s", (member.id,))
        assert cur.fetchone() == ("hash",)
