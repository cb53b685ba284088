# SPDX-License-Identifier: GPL-3.0-or-later
"""A2: links in mails, a new password and an invitation; and what passwords are taken."""
import concurrent.futures
import re
import time

import pytest
from client import Client, new_ip
from samples import Things
from stack import address, otp, unique

FORGOT, RESET = "/v1/auth/password/forgot", "/v1/auth/password/reset"


@pytest.fixture
def user(make_user):
    return make_user("member")


@pytest.fixture
def ask(stack):
    """Asks for a link from an address of its own, and reads the mail."""
    def get(user, n=1):
        Client(stack, new_ip()).ok("POST", FORGOT, {"email": user.email, "workspace": user.slug})
        return stack.link(user.email, "reset", n)

    return get


def taken(db, seconds=10):
    """The runner has looked at all that was asked."""
    end = time.monotonic() + seconds
    while True:
        db.execute("SELECT count(*) FROM app.reset_request")
        if db.fetchone() == (0,):
            return
        assert time.monotonic() < end, "requests that nobody takes"
        time.sleep(0.1)


def actions(db, user):
    db.execute("SELECT action FROM pact.audit_event WHERE resource_id = %s ORDER BY id", (user.id,))
    return [a for (a,) in db.fetchall()]


def test_A2_a_new_password_by_mail(user, ask, login, stack, db):
    old = login(user)
    token = ask(user)
    (mail,) = stack.mails(user.email)
    assert mail["Subject"].startswith("A new password") and "within an hour" in mail.get_content()
    c = Client(stack)
    look = c.ok("POST", "/v1/auth/link", {"token": token})
    assert (look["purpose"], look["email"], look["workspace"]["slug"]) == ("reset", user.email, user.slug)
    password = unique("a new one ")
    c.ok("POST", RESET, {"token": token, "password": password})
    # every session has ended, and none has begun
    old.refused(401, "session-ended", "GET", "/v1/auth/session")
    assert not c.session.cookies
    body = {"email": user.email, "workspace": user.slug, "session": "bearer"}
    c.refused(401, "wrong-credentials", "POST", "/v1/auth/login", body | {"password": user.password})
    c.ok("POST", "/v1/auth/login", body | {"password": password})
    assert {"auth.password_reset_sent", "auth.password_reset"} <= set(actions(db, user))
    assert stack.mails(user.email, 2)[1]["Subject"] == "Your password was changed"
    # good once
    c.refused(403, "link-ended", "POST", RESET, {"token": token, "password": unique("another")})
    c.refused(403, "link-ended", "POST", "/v1/auth/link", {"token": token})


def test_A2_the_link_is_dead_after_an_hour(user, ask, stack, db):
    token = ask(user)
    db.execute("SELECT expires_at - created_at = interval '1 hour', secret_sha256 FROM pact.user_token WHERE user_id = %s", (user.id,))
    exact, digest = db.fetchone()
    assert exact and len(bytes(digest)) == 32
    db.execute("UPDATE pact.user_token SET expires_at = now() - interval '1 second' WHERE user_id = %s", (user.id,))
    c = Client(stack)
    c.refused(403, "link-ended", "POST", "/v1/auth/link", {"token": token})
    c.refused(403, "link-ended", "POST", RESET, {"token": token, "password": unique("late")})


def test_A2_a_newer_link_ends_the_one_before(user, ask, stack):
    first, second = ask(user), ask(user, 2)
    c = Client(stack)
    c.refused(403, "link-ended", "POST", "/v1/auth/link", {"token": first})
    c.ok("POST", "/v1/auth/link", {"token": second})


def test_A2_parallel_use_of_one_link_sets_one_password(user, ask, stack):
    token = ask(user)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda i: Client(stack, new_ip()).post(RESET, {"token": token, "password": unique(f"p{i}")}).status_code, range(6)))
    assert sorted(got) == [204] + [403] * 5


def test_A2_no_way_to_tell_who_is_a_user(user, stack, db):
    """The same answer, and the same work: what is looked up is looked up by the runner, later."""
    def shape(r):
        return r.status_code, r.content, sorted(k for k in r.headers)

    known = Client(stack).post(FORGOT, {"email": user.email})
    unknown = Client(stack).post(FORGOT, {"email": address("nobody")})
    assert shape(known) == shape(unknown) and known.status_code == 204
    assert stack.mails(user.email)
    taken(db)


def test_A2_a_mail_for_each_workspace_of_an_address(make_user, make_workspace, stack):
    w = make_workspace(roles=())
    one = make_user("member")
    make_user("member", slug=w.slug, email=one.email)
    Client(stack).ok("POST", FORGOT, {"email": one.email.upper()})
    links = {re.search(r"#(\S+)", m.get_content())[1] for m in stack.mails(one.email, 2)}
    slugs = {Client(stack).ok("POST", "/v1/auth/link", {"token": t})["workspace"]["slug"] for t in links}
    assert slugs == {one.slug, w.slug}


def test_A2_no_more_than_three_mails_an_hour(user, ask, stack, db):
    for n in (1, 2, 3):
        ask(user, n)
    for _ in range(3):  # nor in other words
        Client(stack, new_ip()).ok("POST", FORGOT, {"email": user.email})
    taken(db)
    assert len(stack.mails(user.email)) == 3


def test_A2_strangers_who_ask_in_vain_keep_nobody_from_a_link(user, ask, workspaces, stack, db):
    """What a stranger asks for where the address is nobody's is not counted where it is somebody's."""
    for slug in ["no-such-workspace", workspaces[1].slug] * 3:
        Client(stack, new_ip()).ok("POST", FORGOT, {"email": user.email, "workspace": slug})
    taken(db)
    Client(stack).ok("POST", "/v1/auth/link", {"token": ask(user)})


def test_A2_a_flood_from_one_network_is_throttled(stack):
    c = Client(stack, new_ip())
    got = [c.post(FORGOT, {"email": address("x")}) for _ in range(31)]
    assert [r.status_code for r in got] == [204] * 30 + [429] and int(got[-1].headers["Retry-After"]) > 0


def test_A2_a_second_factor_is_still_asked_for(user, ask, login, stack):
    secret, _ = Things(login(user)).second_factor()
    password = unique("a new one ")
    c = Client(stack)
    c.ok("POST", RESET, {"token": ask(user), "password": password})
    answer = c.ok("POST", "/v1/auth/login", {"email": user.email, "password": password, "workspace": user.slug, "session": "bearer"})
    assert answer["mfa_required"]
    c.ok("POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(secret), "session": "bearer"})


def test_A2_a_reset_ends_a_login_that_is_half_done(user, ask, login, stack):
    secret, _ = Things(login(user)).second_factor()
    c = Client(stack)
    answer = c.ok("POST", "/v1/auth/login", {"email": user.email, "password": user.password, "workspace": user.slug, "session": "bearer"})
    c.ok("POST", RESET, {"token": ask(user), "password": unique("a new one ")})
    c.refused(401, "session-ended", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(secret)})


def test_A1_A2_a_password_change_ends_what_was_begun_before_it(user, ask, login, stack):
    """A login that is half done by who knew the old password, and a link in a mail that was sent before."""
    c, begun = login(user), Client(stack)
    secret, _ = Things(c).second_factor()
    answer = begun.ok("POST", "/v1/auth/login", {"email": user.email, "password": user.password, "workspace": user.slug, "session": "bearer"})
    token = ask(user)
    c.ok("POST", "/v1/auth/password", {"current_password": user.password, "new_password": unique("a new one ")})
    begun.refused(401, "session-ended", "POST", "/v1/auth/mfa", {"challenge": answer["challenge"], "code": otp(secret), "session": "bearer"})
    begun.refused(403, "link-ended", "POST", RESET, {"token": token, "password": unique("not mine ")})


def test_A2_suspended_people_and_workspaces_get_no_link(make_user, make_workspace, login, stack, db):
    w = make_workspace(roles=("member",))
    login(w.users["owner"]).ok("PATCH", f"/v1/users/{w.users['member'].id}", {"status": "suspended"})
    Client(stack).ok("POST", FORGOT, {"email": w.users["member"].email})
    sentinel = make_user("member")
    Client(stack).ok("POST", FORGOT, {"email": sentinel.email})
    stack.mails(sentinel.email)
    assert "auth.password_reset_sent" not in actions(db, w.users["member"])


def test_A2_the_token_is_no_longer_kept_when_the_mail_is_gone(user, ask, db):
    token = ask(user)
    db.execute("SELECT vars::text FROM pact.outbox WHERE user_id = %s", (user.id,))
    assert all(token not in v for (v,) in db.fetchall())


@pytest.mark.parametrize("token", ["", "x", "A" * 86, "A" * 107, "A" * 200, "ÿ" * 50])
def test_A2_what_is_no_token(token, stack):
    r = Client(stack).post(RESET, {"token": token, "password": unique("p")})
    assert r.status_code in (403, 422)


def test_A2_a_token_for_something_else_is_none(api, stack, user, ask):
    things = Things(api("owner"))
    c = Client(stack)
    c.refused(403, "link-ended", "POST", RESET, {"token": things.link(), "password": unique("p")})
    c.refused(403, "link-ended", "POST", "/v1/auth/invitation", {"token": ask(user), "password": unique("p")})


# ── passwords ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("password", ["1234567890", "qwertyuiop", "Password123!", "iloveyou123", "aaaaaaaaaaaa", "Summer2026!", "1q2w3e4r5t",
    "letmein1234", "passwordpassword", "abcdefghijkl", "hunter2hunter2"])
def test_A1_a_password_on_the_lists_is_not_taken(password, login, user):
    e = login(user).refused(422, "invalid", "POST", "/v1/auth/password", {"current_password": user.password, "new_password": password})
    assert e["errors"][0]["pointer"] == "/new_password" and "guessed" in e["errors"][0]["detail"]


@pytest.mark.parametrize("password", ["😀🦉🏔", "密码密码密码", "пароль123"])
def test_A1_a_few_characters_of_many_bytes_are_too_short(password, login, user):
    e = login(user).refused(422, "invalid", "POST", "/v1/auth/password", {"current_password": user.password, "new_password": password})
    assert e["errors"] == [{"pointer": "/new_password", "detail": "Must have at least 10 characters."}]


@pytest.mark.parametrize("password, taken", [("lysegrønt fjellvann over 7 broer", False), ("Correct-Zebra-Battery-Staple-91", False), ("Correct-Zebra-Battery-Staple-92", True)])
def test_A1_a_password_of_a_breach_is_not_taken(password, taken, login, user):
    ask = ("POST", "/v1/auth/password", {"current_password": user.password, "new_password": password})
    if taken:
        return login(user).ok(*ask)
    e = login(user).refused(422, "invalid", *ask)
    assert e["errors"][0]["pointer"] == "/new_password" and "breach" in e["errors"][0]["detail"]


def test_A1_nor_one_made_of_ones_own_words(stack, api):
    things = Things(api("owner"))
    things.invited()
    token = stack.link(things.address, "invited")
    e = Client(stack).refused(422, "invalid", "POST", "/v1/auth/invitation", {"token": token, "password": things.address.split("@")[0] + "1"})
    assert e["errors"][0]["pointer"] == "/password"


@pytest.mark.parametrize("password", ["correct horse battery", "blå lampe sofa 🛋", "x7" * 10 + unique("ü") * 3])
def test_A1_what_people_and_managers_make_is_taken(password, login, user, stack):
    login(user).ok("POST", "/v1/auth/password", {"current_password": user.password, "new_password": password[:250]})
    Client(stack).ok("POST", "/v1/auth/login", {"email": user.email, "password": password[:250], "workspace": user.slug, "session": "bearer"})
