# SPDX-License-Identifier: GPL-3.0-or-later
"""A1, A6: login, throttling, refresh tokens, sessions, own password."""
import os
import threading
import uuid
from collections import Counter

import pytest
from conftest import hmac_of, refused, sha


def begin(pg, email, ip="198.51.100.1", workspace=None):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT retry_after, tenant_id, user_id, password_hash, usable, workspaces FROM app.login_begin(%s, %s, %s, false)",
                    (hmac_of(email), ip, workspace))
        rows = cur.fetchall()
        assert len(rows) == 1, "always one row"
        cur.execute("SELECT app.tenant_id()")
        assert cur.fetchone() == (None,), "no context before the password is known"
        return rows[0]


def refresh(pg, user, presented, following=None):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT outcome, user_id, transport FROM app.refresh(%s, %s, %s, %s, '192.0.2.7', 'req-r')",
                    (user.workspace.id, user.session, sha(presented), sha(following or b"next" + presented)))
        return cur.fetchone()


def refusals(pg, workspace):
    with pg.superuser() as cur:
        cur.execute("SELECT action, new FROM pact.audit_event WHERE tenant_id = %s AND action LIKE 'auth.%%' ORDER BY id", (workspace.id,))
        return cur.fetchall()


def unthrottle(pg):
    with pg.superuser() as cur:
        cur.execute("DELETE FROM app.throttle")


@pytest.fixture(autouse=True)
def no_throttle(pg):
    unthrottle(pg)


def test_begin_finds_the_user(pg, fresh):
    owner = fresh.users["owner"]
    assert begin(pg, owner.email.upper()) == (None, fresh.id, owner.id, "hash", True, 1)
    assert begin(pg, owner.email, workspace=fresh.slug)[1] == fresh.id
    assert begin(pg, owner.email, workspace="alpha") == (None, None, None, None, False, 1)
    assert begin(pg, "nobody@x.example") == (None, None, None, None, False, 0)


def test_one_address_in_two_workspaces(pg, alpha, fresh):
    email = f"{uuid.uuid4().hex}@both.example"
    with pg.program("pact_operator") as cur:
        for w in (alpha, fresh):
            cur.execute("SELECT ops.user_add(%s, %s, '', 'member', %s, %s, 'x')", (w.slug, email, "h-" + w.slug, hmac_of(email)))
    assert begin(pg, email, workspace=alpha.slug)[1:6:2] == (alpha.id, "h-alpha", 2)
    with pg.program("pact_auth") as cur:  # the one last used is tried without a name
        _, tenant, user, digest, _, _ = begin(pg, email, workspace=fresh.slug)
        cur.execute("SELECT body FROM app.login_succeed(%s, %s, %s, false, %s, %s, 's', 'r', 'bearer', NULL, NULL, NULL)", (tenant, user, hmac_of(email), digest, uuid.uuid4()))
    assert begin(pg, email)[1] == fresh.id
    with pg.program("pact_operator") as cur, refused("duplicate"):
        cur.execute("SELECT ops.user_add(%s, %s, '', 'member', 'h', %s, 'x')", (fresh.slug, email, hmac_of(email)))


@pytest.mark.parametrize("sql", ["UPDATE pact.user_account SET status = 'suspended' WHERE id = %(u)s", "DELETE FROM pact.user_password WHERE user_id = %(u)s",
                                 "UPDATE pact.tenant SET status = 'suspended' WHERE tenant_id = %(t)s"])
def test_who_may_not_log_in(pg, fresh, sql):
    owner = fresh.users["owner"]
    with pg.owner(fresh) as cur:
        cur.execute(sql, {"u": owner.id, "t": fresh.id})
    assert begin(pg, owner.email)[4] is False
    if "password" not in sql:
        with pg.program("pact_auth") as cur, refused("workspace-suspended" if "tenant" in sql else "wrong-credentials"):
            cur.execute("SELECT * FROM app.login_succeed(%s, %s, %s, false, 'hash', %s, 's', 'r', 'cookie', NULL, NULL, NULL)", (fresh.id, owner.id, hmac_of(owner.email), uuid.uuid4()))


def test_succeed_opens_a_session_and_is_in_the_log(pg, fresh):
    member = fresh.users["member"]
    body = fresh.log_in(member)
    assert body == {"user": {"public_id": str(member.id), "email": member.email, "name": "Member"}, "workspace": {"slug": fresh.slug, "name": fresh.slug.title()},
                    "roles": ["member"], "permissions": sorted(body["permissions"]), "method": "password", "mfa": False, "mfa_missing": False}
    assert set(body["permissions"]) == {"contact.read", "contact.write", "contact.export", "contact.import", "account.read", "account.write",
                                        "activity.read", "activity.write"}
    with pg.superuser() as cur:
        cur.execute("SELECT actor_id, actor_email, ip, request_id, resource_id FROM pact.audit_event WHERE tenant_id = %s AND action = 'auth.login' ORDER BY id DESC LIMIT 1", (fresh.id,))
        assert cur.fetchone() == (member.id, member.email, "192.0.2.7", "req-login", member.session)
        cur.execute("SELECT last_login_at > now() - interval '1 minute' FROM pact.user_account WHERE id = %s", (member.id,))
        assert cur.fetchone() == (True,)


def test_built_in_roles(pg, fresh):
    permissions = {role: set(fresh.log_in(user)["permissions"]) for role, user in fresh.users.items()}
    assert permissions["owner"] - permissions["admin"] == {"billing.write", "sso.write"} and len(permissions["owner"]) == 20
    assert permissions["viewer"] == {"contact.read", "account.read", "activity.read"}
    assert permissions["viewer"] < permissions["member"] < permissions["admin"] < permissions["owner"]


def test_a_refused_login_is_in_the_log_where_the_address_is_known(pg, fresh):
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT app.login_refuse(%s, %s, '198.51.100.1', 'req-x', 'wrong-password')", (fresh.id, fresh.users["owner"].id))
        cur.execute("SELECT app.login_refuse(NULL, NULL, '198.51.100.1', 'req-x', 'unknown')")
        cur.execute("SELECT app.tenant_id()")
        assert cur.fetchone() == (None,)
    assert refusals(pg, fresh)[-1] == ("auth.login_refused", {"reason": "wrong-password"})


# ── throttling ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_ten_attempts_for_an_address_from_one_place(pg, fresh):
    email = fresh.users["owner"].email
    assert [begin(pg, email)[0] for _ in range(10)] == [None] * 10
    refused_row = begin(pg, email)
    assert 0 < refused_row[0] <= 900 and refused_row[1:4] == (None, None, None)
    assert begin(pg, email, ip="198.51.100.2")[0] is None, "another place"
    assert begin(pg, fresh.users["admin"].email)[0] is None, "another address"
    with pg.superuser() as cur:
        cur.execute("UPDATE app.throttle SET window_start = window_start - interval '16 minutes'")
    assert begin(pg, email)[0] is None, "the window is over"


def test_a_success_clears_the_place(pg, fresh):
    owner = fresh.users["owner"]
    for _ in range(9):
        begin(pg, owner.email, ip="192.0.2.7")
    fresh.log_in(owner)
    assert [begin(pg, owner.email, ip="192.0.2.7")[0] for _ in range(10)] == [None] * 10


def test_a_hundred_for_an_address_from_anywhere_and_two_hundred_from_one_place(pg):
    with pg.program("pact_auth") as cur:
        def attempts(n, address, ip):
            cur.execute("SELECT count(*) FILTER (WHERE b.retry_after IS NULL) FROM generate_series(1, %s) i, LATERAL app.login_begin(%s, %s, NULL, false) b "
                        "WHERE i > 0" % (n, address, ip))
            return cur.fetchone()[0]
        assert attempts(130, "'\\x01'", "'10.0.0.' || i") == 100
        assert attempts(230, "sha256(i::text::bytea)", "'2001:db8::' || to_hex(i)") == 200, "an IPv6 network counts as one place"


def test_logins_at_once_do_not_deadlock_and_are_all_counted(pg):
    counted = []

    def work(n):
        counted.extend(begin(pg, f"{n % 3}@x.example", ip="203.0.113.9")[0] for _ in range(6))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(counted) == 60 and sum(c is None for c in counted) == 30


# ── refresh tokens ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_rotation(pg, fresh):
    user = fresh.users["owner"]
    first, second, third = user.refresh, b"second", b"third"
    assert refresh(pg, user, first, second) == ("rotated", user.id, "cookie")
    assert refresh(pg, user, second, third)[0] == "rotated"
    with pg.user(user):
        pass


def test_parallel_tabs_get_the_same_successor(pg, fresh):
    user = fresh.users["owner"]
    assert refresh(pg, user, user.refresh, b"next")[0] == "rotated"
    assert refresh(pg, user, user.refresh, b"next") == ("grace", user.id, "cookie")
    assert refresh(pg, user, b"next", b"after")[0] == "rotated"


def test_fifty_at_once_rotate_once(pg, fresh):
    user, outcomes = fresh.users["owner"], []
    threads = [threading.Thread(target=lambda: outcomes.append(refresh(pg, user, user.refresh, b"next")[0])) for _ in range(50)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert Counter(outcomes) == {"rotated": 1, "grace": 49}
    assert refresh(pg, user, b"next", b"after")[0] == "rotated"


@pytest.mark.parametrize("presented", ["previous", "older", "unknown"])
def test_a_copied_token_ends_the_family(pg, fresh, presented):
    user = fresh.users["owner"]
    assert refresh(pg, user, user.refresh, b"second")[0] == "rotated"
    if presented == "older":
        assert refresh(pg, user, b"second", b"third")[0] == "rotated"
    elif presented == "previous":
        with pg.superuser() as cur:
            cur.execute("UPDATE pact.session SET refresh_prev_until = now() - interval '1 second' WHERE id = %s", (user.session,))
    assert refresh(pg, user, os.urandom(32) if presented == "unknown" else user.refresh)[0] == "reuse"
    assert refusals(pg, fresh)[-1][0] == "auth.refresh_reuse"
    for token in (user.refresh, b"second", b"third"):
        assert refresh(pg, user, token) == ("gone", None, None)
    with pg.program("pact_crm") as cur, refused("session-ended"):
        from conftest import enter
        enter(cur, user)
    with pg.user(fresh.users["admin"]):
        pass  # another family lives


@pytest.mark.parametrize("sql", ["UPDATE pact.session SET ended_at = now() WHERE id = %(s)s", "UPDATE pact.session SET expires_at = now() - interval '1 second' WHERE id = %(s)s",
                                 "UPDATE pact.user_account SET status = 'suspended' WHERE id = %(u)s", "UPDATE pact.tenant SET status = 'suspended' WHERE tenant_id = %(t)s"])
def test_what_has_ended_is_gone(pg, fresh, sql):
    user = fresh.users["owner"]
    with pg.owner(fresh) as cur:
        cur.execute(sql, {"s": user.session, "u": user.id, "t": fresh.id})
    assert refresh(pg, user, user.refresh) == ("gone", None, None)


def test_a_token_of_another_workspace_is_gone(pg, alpha, fresh):
    user = fresh.users["owner"]
    with pg.program("pact_auth") as cur:
        cur.execute("SELECT outcome FROM app.refresh(%s, %s, %s, 'x', '', '')", (alpha.id, user.session, sha(user.refresh)))
        assert cur.fetchone() == ("gone",)
    assert refresh(pg, user, user.refresh)[0] == "rotated"


# ── sessions and passwords ───────────────────────────────────────────────────────────────────────────────────────────
def test_logout_works_at_once(pg, fresh):
    user = fresh.users["owner"]
    with pg.user(user, role="pact_auth") as cur:
        cur.execute("SELECT app.session_end(%s, 'logout')", (user.session,))
        cur.execute("SELECT app.session_end(%s, 'logout')", (user.session,))
    assert [a for a, _ in refusals(pg, fresh)].count("auth.logout") == 1
    with pg.program("pact_crm") as cur, refused("session-ended"):
        from conftest import enter
        enter(cur, user)
    assert refresh(pg, user, user.refresh)[0] == "gone"


def test_only_own_sessions_can_be_ended(pg, fresh, beta):
    for victim in (fresh.users["admin"], beta.users["owner"]):
        with pg.user(fresh.users["owner"], role="pact_auth") as cur, refused("not-found"):
            cur.execute("SELECT app.session_end(%s, 'x')", (victim.session,))
        with pg.user(victim):
            pass


def test_own_password(pg, fresh):
    user, other = fresh.users["owner"], fresh.users["admin"]
    first = (user.session, user.secret, user.refresh)
    fresh.log_in(user)
    with pg.user(user, role="pact_auth") as cur:
        cur.execute("SELECT hash, email, retry_after FROM app.password_hash()")
        assert cur.fetchone() == ("hash", user.email, None)
        cur.execute("SELECT app.password_set('new-hash', %s)", (user.session,))
        cur.execute("SELECT hash FROM app.password_hash()")
        assert cur.fetchone() == ("new-hash",)
    with pg.user(user), pg.user(other):
        pass  # the session that changed it goes on, and so do other people's
    user.session, user.secret, user.refresh = first
    with pg.program("pact_crm") as cur, refused("session-ended"):
        from conftest import enter
        enter(cur, user)
    with pg.superuser() as cur:
        cur.execute("SELECT user_id, template FROM pact.outbox WHERE tenant_id = %s AND template = 'password-changed'", (fresh.id,))
        assert cur.fetchall() == [(user.id, "password-changed")]
        cur.execute("SELECT count(*) FROM app.job_queue WHERE tenant_id = %s AND module = 'mail' AND kind = 'deliver'", (fresh.id,))
        assert cur.fetchone()[0] >= 1
        cur.execute("SELECT hash FROM pact.user_password WHERE tenant_id = %s AND user_id = %s", (fresh.id, other.id))
        assert cur.fetchone() == ("hash",)
        cur.execute("SELECT actor_id, old, new FROM pact.audit_event WHERE tenant_id = %s AND action = 'auth.password_change'", (fresh.id,))
        assert cur.fetchall() == [(user.id, None, None)]
    with pg.program("pact_auth") as cur, refused("unauthenticated"):
        cur.execute("SELECT app.password_set('x', NULL)")


def test_a_workspace_is_made_whole_or_not_at_all(pg, alpha):
    with pg.program("pact_operator") as cur, refused("duplicate"):
        cur.execute("SELECT ops.workspace_create(%s, 'alpha', 'x', 'k', 'k1', 'a@b.example', '', 'h', 'x', 'op')", (uuid.uuid4(),))
    for call, slug in (("ops.user_add('no-such', 'a@b.example', '', 'member', 'h', 'x', 'op')", "not-found"),
                       ("ops.user_add('alpha', 'a@b.example', '', 'emperor', 'h', 'x', 'op')", "invalid"),
                       ("ops.workspace_suspend('no-such', true, 'op')", "not-found")):
        with pg.program("pact_operator") as cur, refused(slug):
            cur.execute(f"SELECT {call}")


def test_suppression_keys_differ_and_hash_as_rfc_2104_says(pg, alpha, beta):
    import hashlib
    import hmac
    with pg.superuser() as cur:
        keys = []
        for w in (alpha, beta):
            cur.execute("SELECT suppression_ipad, suppression_opad, app.hmac(suppression_ipad, suppression_opad, 'é@x.example') FROM pact.tenant_key WHERE tenant_id = %s", (w.id,))
            ipad, opad, got = (bytes(x) for x in cur.fetchone())
            key = bytes(b ^ 0x36 for b in ipad)
            assert key == bytes(b ^ 0x5C for b in opad) and key[32:] == bytes(32) and any(key[:32])
            assert got == hmac.new(key, "é@x.example".encode(), hashlib.sha256).digest()
            keys.append(key)
        assert keys[0] != keys[1]
