# SPDX-License-Identifier: GPL-3.0-or-later
"""A7, A8: second factors. oathtool plays the authenticator."""
import concurrent.futures
from xml.etree import ElementTree

import pytest
from client import Client, new_ip
from samples import Things
from stack import otp, unique
from test_keys import with_key


@pytest.fixture
def user(make_user):
    return make_user("member")


@pytest.fixture
def enrolled(user, login):
    """A client whose second factor is on, its secret and its recovery codes."""
    c = login(user)
    secret, codes = Things(c).second_factor()
    return c, secret, codes


def begin(stack, user, **more):
    """The first step of a login, from an address of its own."""
    c = Client(stack, new_ip())
    return c, c.ok("POST", "/v1/auth/login", {"email": user.email, "password": user.password, "workspace": user.slug, "session": "bearer"} | more)


def finish(c, challenge, code, **more):
    return c.ok("POST", "/v1/auth/mfa", {"challenge": challenge, "code": code, "session": "bearer"} | more)


def events(db, user):
    db.execute("SELECT action, new FROM pact.audit_event WHERE resource_id = %s OR actor_id = %s ORDER BY id", (user.id, user.id))
    return db.fetchall()


def test_A7_setting_it_up(user, login, db, stack):
    c = login(user)
    assert c.ok("GET", "/v1/auth/totp") == {"enabled": False, "since": None, "recovery_codes_left": 0, "required": False}
    offer = c.ok("POST", "/v1/auth/totp")
    assert len(offer["secret"]) == 32 and f"secret={offer['secret']}&" in offer["otpauth_uri"]
    assert offer["otpauth_uri"].startswith("otpauth://totp/Pact%20") and user.email.replace("@", "%40") in offer["otpauth_uri"]
    svg = ElementTree.fromstring(offer["qr_svg"])
    assert svg.tag.endswith("svg") and len(svg.findall("*")) == 2
    e = c.refused(422, "invalid", "POST", "/v1/auth/totp/confirm", {"code": "000000"})
    assert e["errors"][0]["pointer"] == "/code"
    # not on before its first code: a login goes on as before
    assert "access_token" in begin(stack, user)[1]
    code = otp(offer["secret"])
    codes = c.ok("POST", "/v1/auth/totp/confirm", {"code": f"{code[:3]} {code[3:]}"})["recovery_codes"]
    assert len(set(codes)) == 10 and all(len(x) == 29 and x.count("-") == 5 for x in codes)
    state = c.ok("GET", "/v1/auth/totp")
    assert state["enabled"] and state["recovery_codes_left"] == 10
    assert c.ok("GET", "/v1/auth/session")["mfa"] is True
    c.refused(409, "conflict", "POST", "/v1/auth/totp")
    assert ("auth.mfa_enable", {"factor": "totp"}) in events(db, user)
    assert stack.mails(user.email, 1, "Two-factor authentication is on")
    # at rest: sealed, and hashes
    db.execute("SELECT encode(t.secret, 'escape') || string_agg(encode(r.code_sha256, 'escape'), '') FROM pact.totp t JOIN pact.recovery_code r "
        "USING (tenant_id, user_id) WHERE user_id = %s GROUP BY t.secret", (user.id,))
    held = db.fetchone()[0]
    assert offer["secret"] not in held and not any(x.replace("-", "") in held for x in codes)


def test_A7_the_secret_is_bound_to_its_owner(enrolled, user, make_user, login, stack, db):
    """A sealed secret that is moved to another user does not open, so it lets nobody in."""
    _, secret, _ = enrolled
    other = make_user("member")
    Things(login(other)).second_factor()
    db.execute("UPDATE pact.totp SET secret = (SELECT secret FROM pact.totp WHERE user_id = %s) WHERE user_id = %s", (user.id, other.id))
    c, answer = begin(stack, other)
    c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(secret), "session": "bearer"})


@pytest.mark.parametrize("session", ["bearer", "cookie"])
def test_A7_login_takes_two_steps(enrolled, user, stack, session, db):
    c, answer = begin(stack, user, session=session)
    assert set(answer) == {"mfa_required", "challenge", "expires_in"} and not c.session.cookies
    c.refused(401, "unauthenticated", "GET", "/v1/auth/session")
    done = finish(c, answer["challenge"], otp(enrolled[1]), session=session)
    if session == "bearer":
        c.session.headers["Authorization"] = "Bearer " + done["access_token"]
    s = c.ok("GET", "/v1/auth/session")
    assert s["mfa"] is True and s["method"] == "password" and s["user"]["email"] == user.email
    assert {k: v for k, v in [new for action, new in events(db, user) if action == "auth.login"][-1].items() if k != "unusual"} == {"method": "password", "second_factor": "totp", "transport": session}


def test_A7_a_code_is_good_once(enrolled, user, stack, db):
    code = otp(enrolled[1])
    c, answer = begin(stack, user)
    finish(c, answer["challenge"], code)
    c, answer = begin(stack, user)
    c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": code})
    # nor one of a step before the one taken
    c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(enrolled[1], -1)})
    assert [new for action, new in events(db, user) if action == "auth.login_refused"][-1] == {"reason": "code"}


@pytest.mark.parametrize("offset", [-4, -3, 2, 3])  # no nearer: a step may end meanwhile
def test_A7_a_code_of_another_time_is_wrong(enrolled, user, stack, offset):
    c, answer = begin(stack, user)
    c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(enrolled[1], offset)})


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "０１２３４５", "", "-" * 30, "A" * 24, "1 2 3 4 5"])
def test_A7_other_codes_are_wrong(enrolled, user, stack, code):
    c, answer = begin(stack, user)
    r = c.post("/v1/auth/mfa", {"challenge": answer["challenge"], "code": code})
    assert r.status_code in (401, 422)


def test_A7_parallel_use_of_one_code_lets_one_in(enrolled, user, stack):
    code = otp(enrolled[1])
    both = [begin(stack, user) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda x: x[0].post("/v1/auth/mfa", {"challenge": x[1]["challenge"], "code": code, "session": "bearer"}).status_code, both))
    assert sorted(got) == [200] + [401] * 7


def test_A7_a_challenge_is_good_once_and_takes_five_tries(enrolled, user, stack, db):
    c, answer = begin(stack, user)
    finish(c, answer["challenge"], otp(enrolled[1]))
    c.refused(401, "session-ended", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": enrolled[2][0]})
    c, answer = begin(stack, user)
    for _ in range(5):
        c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": "000000"})
    c.refused(401, "session-ended", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": enrolled[2][0]})


def test_A7_ten_wrong_codes_are_throttled_across_logins(enrolled, user, stack):
    for _ in range(2):
        c, answer = begin(stack, user)
        for _ in range(5):
            c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": "000000"})
    c, answer = begin(stack, user)
    r = c.post("/v1/auth/mfa", {"challenge": answer["challenge"], "code": enrolled[2][0]})
    assert r.status_code == 429 and 0 < int(r.headers["Retry-After"]) <= 900


def test_A7_a_challenge_dies_with_time(enrolled, user, stack, db):
    c, answer = begin(stack, user)
    db.execute("UPDATE pact.login_challenge SET expires_at = now() WHERE user_id = %s", (user.id,))
    c.refused(401, "session-ended", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": enrolled[2][0]})


def test_A7_a_second_step_that_is_refused_is_in_the_log(make_workspace, login, stack, db):
    w = make_workspace(roles=())
    owner = w.users["owner"]
    secret, _ = Things(login(owner)).second_factor()
    c, answer = begin(stack, owner)
    stack.pactctl("workspace-suspend", w.slug)
    c.refused(403, "workspace-suspended", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(secret)})
    assert ("auth.login_refused", {"reason": "workspace-suspended"}) in events(db, owner)


def test_A7_a_challenge_of_another_workspace_or_none(enrolled, stack):
    c = Client(stack)
    for challenge in ("x", "A" * 107, "A" * 150, "=" * 86):
        c.refused(401, "session-ended", "POST", "/v1/auth/mfa", {"challenge": challenge, "code": "000000"})


def test_A7_recovery_codes_are_good_once_each(enrolled, user, stack, db):
    for left, code in ((9, enrolled[2][0]), (8, enrolled[2][1].lower().replace("-", ""))):
        c, answer = begin(stack, user)
        done = finish(c, answer["challenge"], code)
        c.session.headers["Authorization"] = "Bearer " + done["access_token"]
        assert c.ok("GET", "/v1/auth/totp")["recovery_codes_left"] == left
        assert ("auth.recovery_code", {"left": left}) in events(db, user)
    c, answer = begin(stack, user)
    c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": enrolled[2][0]})
    assert stack.mails(user.email, 2, "A recovery code was used")


def test_A7_parallel_use_of_one_recovery_code_lets_one_in(enrolled, user, stack):
    both = [begin(stack, user) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda x: x[0].post("/v1/auth/mfa", {"challenge": x[1]["challenge"], "code": enrolled[2][3], "session": "bearer"}).status_code, both))
    assert sorted(got) == [200] + [401] * 7


def test_A7_new_recovery_codes_replace_the_old(enrolled, user, stack):
    c, _, old = enrolled
    c.refused(422, "invalid", "POST", "/v1/auth/totp/recovery-codes", {"password": "not mine"})
    new = c.ok("POST", "/v1/auth/totp/recovery-codes", {"password": user.password})["recovery_codes"]
    assert len(new) == 10 and not set(new) & set(old)
    fresh, answer = begin(stack, user)
    fresh.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": old[0]})
    finish(fresh, answer["challenge"], new[0])


def test_A7_turning_it_off_takes_the_password(enrolled, user, stack, db):
    c = enrolled[0]
    e = c.refused(422, "invalid", "DELETE", "/v1/auth/totp", {"password": "not mine"})
    assert e["errors"][0]["pointer"] == "/password"
    c.ok("DELETE", "/v1/auth/totp", {"password": user.password})
    assert "access_token" in begin(stack, user)[1] and c.ok("GET", "/v1/auth/session")["mfa"] is False
    assert ("auth.mfa_disable", {"factor": "totp"}) in events(db, user)
    assert stack.mails(user.email, 1, "Two-factor authentication is off")


def test_A7_secrets_are_never_kept_for_a_repeated_request(user, login, db):
    c = login(user)
    first, second = (c.ok("POST", "/v1/auth/totp", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first["secret"] != second["secret"]
    # a hash of this body is one to try passwords on, without bcrypt and without the pepper
    c.ok("POST", "/v1/auth/password", {"current_password": user.password, "new_password": unique("another one ")}, headers={"Idempotency-Key": "k"})
    db.execute("SELECT count(*) FROM pact.idempotency WHERE actor_id = %s", (user.id,))
    assert db.fetchone() == (0,)


def test_A6_guessing_ones_own_password_is_throttled_and_leaves_traces(user, login, db):
    """Who has stolen a session does not have the password."""
    c = login(user)
    for _ in range(10):
        c.refused(422, "invalid", "DELETE", "/v1/auth/totp", {"password": "not mine"})
    assert c.delete("/v1/auth/totp", json={"password": user.password}).status_code == 429
    assert [new for action, new in events(db, user) if action == "auth.password_refused"] == [None] * 10


# ── required of all ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def strict(make_workspace, login):
    """A workspace that asks for a second factor, and its owner, who has one."""
    w = make_workspace(roles=("member", "admin"))
    c = login(w.users["owner"])
    c.refused(409, "conflict", "PATCH", "/v1/settings/security", {"require_mfa": True})
    secret, codes = Things(c).second_factor()
    return w, c, codes


def test_A8_whoever_is_without_is_led_to_set_it_up(strict, login, db):
    w, owner, _ = strict
    before = login(w.users["member"])
    now = owner.ok("PATCH", "/v1/settings/security", {"require_mfa": True})
    assert (now["require_mfa"], now["users"], now["users_without_mfa"]) == (True, 3, 2)
    for member in (before, login(w.users["member"])):
        member.refused(403, "mfa-required", "GET", "/v1/contacts")
        member.refused(403, "mfa-required", "POST", "/v1/auth/password", {"current_password": w.users["member"].password, "new_password": unique("p")})
        s = member.ok("GET", "/v1/auth/session")
        assert s["mfa_missing"] is True and s["mfa"] is False
    Things(before).second_factor()
    assert before.ok("GET", "/v1/auth/session")["mfa_missing"] is False
    before.ok("GET", "/v1/contacts")
    # the other session was not there when it was set up
    member.refused(403, "mfa-required", "GET", "/v1/contacts")
    owner.ok("GET", "/v1/contacts")
    db.execute("SELECT old, new FROM pact.audit_event WHERE tenant_id = %s AND action = 'workspace.update' ORDER BY id DESC LIMIT 1", (w.tenant,))
    assert db.fetchone() == ({"require_mfa": False}, {"require_mfa": True})


def test_A8_somebody_who_lost_it_is_helped_by_an_admin(strict, login, stack, db):
    w, owner, _ = strict
    member = w.users["member"]
    c = login(member)
    Things(c).second_factor()
    owner.ok("DELETE", f"/v1/users/{member.id}/totp")
    c.refused(401, "session-ended", "GET", "/v1/auth/session")
    assert "access_token" in begin(stack, member)[1]
    assert stack.mails(member.email, 1, "Two-factor authentication is off")
    # but an admin cannot take an owner's
    login(w.users["admin"]).refused(403, "forbidden", "DELETE", f"/v1/users/{w.users['owner'].id}/totp")


def test_A7_nobody_helps_themselves_without_the_password(make_workspace, login, stack):
    """Who has stolen a session or a key of somebody who looks after people does not get rid of their second factor."""
    owner = login(make_workspace(roles=()).users["owner"])
    Things(owner).second_factor()
    mine = f"/v1/users/{owner.user.id}/totp"
    assert "password" in owner.refused(409, "conflict", "DELETE", mine)["detail"]
    with_key(stack, owner.ok("POST", "/v1/api-keys", {"name": "k", "roles": ["owner"]})["key"]).refused(409, "conflict", "DELETE", mine)
    assert owner.ok("GET", "/v1/auth/totp")["enabled"] is True


def test_A8_refresh_keeps_what_the_session_has_shown(enrolled, user, stack):
    c, answer = begin(stack, user)
    tokens = finish(c, answer["challenge"], otp(enrolled[1]))
    fresh = c.ok("POST", "/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    c.session.headers["Authorization"] = "Bearer " + fresh["access_token"]
    assert c.ok("GET", "/v1/auth/session")["mfa"] is True
