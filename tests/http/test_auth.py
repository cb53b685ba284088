# SPDX-License-Identifier: GPL-3.0-or-later
"""A1, A6, A9, A12: logging in, going on, and ending at once."""
import base64
import concurrent.futures
import datetime
import json
import re
import subprocess
import time
import uuid

import pytest
from client import Client, new_ip
from samples import Things
from stack import ROLES, address, unique


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def session_row(db, client, *columns):
    db.execute(f"SELECT {', '.join(columns)} FROM pact.session WHERE id = %s", (claims(client.tokens["access_token"])["sid"],))
    return db.fetchone()


def refresh(client, token):
    return client.request("POST", "/v1/auth/refresh", json={"refresh_token": token})


def audit(db, action, tenant):
    db.execute("SELECT count(*) FROM pact.audit_event WHERE action = %s AND tenant_id = %s", (action, tenant))
    return db.fetchone()[0]


def try_login(client, email, password, **more):
    return client.request("POST", "/v1/auth/login", json={"email": email, "password": password, **more})


# ── A1 ──

def test_A1_bcrypt_with_the_configured_cost(db, make_user, stack):
    u = make_user()
    db.execute("SELECT hash FROM pact.user_password WHERE user_id = %s", (u.id,))
    assert re.fullmatch(rf"p1:\$2b\${stack.hash_cost:02d}\$[./A-Za-z0-9]{{53}}", db.fetchone()[0])


def test_A1_cost_is_12_unless_a_test_says_otherwise(db, stack, workspaces):
    env = {k: v for k, v in stack.env.items() if k not in ("PACT_TEST", "PACT_HASH_COST")}
    email = address("cost")
    args = [stack.program("auth"), "-o", "user-add", workspaces[0].slug, email, "N", "viewer"]
    subprocess.run(args, input="a long password", env=env | {"PACT_OPERATOR": "t"}, check=True, text=True, capture_output=True)
    db.execute("SELECT hash FROM pact.user_password JOIN pact.user_account u ON u.id = user_id WHERE email = %s", (email,))
    assert db.fetchone()[0].startswith("p1:$2b$12$")
    weak = subprocess.run([stack.program("auth"), "-t"], env=env | {"PACT_HASH_COST": "11"}, text=True, capture_output=True)
    assert weak.returncode != 0 and "PACT_HASH_COST" in weak.stderr


def test_A1_every_byte_of_a_long_password_counts(make_user, anonymous):
    u = make_user(password="x" * 72 + "right")
    assert try_login(anonymous, u.email, "x" * 72 + "wrong").status_code == 401
    assert try_login(anonymous, u.email, "x" * 72).status_code == 401
    assert try_login(anonymous, u.email, u.password).status_code == 200


def test_A1_wrong_password_and_unknown_address_answer_alike(make_user, login, stack):
    c = Client(stack)
    wrong, unknown = try_login(c, make_user().email, "not the password"), try_login(c, address(), "not the password")
    for r in (wrong, unknown):
        assert r.status_code == 401 and r.json()["type"] == "/problems/wrong-credentials"
    drop = ("X-Request-Id", "Date", "Server-Timing")
    assert wrong.json() | {"instance": 0} == unknown.json() | {"instance": 0}
    assert {k: v for k, v in wrong.headers.items() if k not in drop} == {k: v for k, v in unknown.headers.items() if k not in drop}


def test_A1_the_workspace_named_is_the_one_entered(make_user, make_workspace, workspaces, stack):
    other = make_workspace(roles=())
    u = make_user("viewer")
    v = make_user("admin", other.slug, password=u.password, email=u.email)
    for user in (u, v):
        assert Client(stack).login(user).ok("GET", "/v1/auth/session")["workspace"]["slug"] == user.slug
    # without one: where they were last
    c = Client(stack)
    c.session.headers["Authorization"] = "Bearer " + try_login(c, u.email, u.password, session="bearer").json()["access_token"]
    assert c.ok("GET", "/v1/auth/session")["workspace"]["slug"] == other.slug
    assert try_login(c, u.email, u.password, workspace="no-such-workspace").status_code == 401


# ── what a session is ──

def test_A6_cookie_session(stack, workspaces):
    c = Client(stack)
    u = workspaces[0].users["member"]
    r = try_login(c, u.email, u.password)
    assert r.status_code == 200 and "token" not in r.text
    cookies = {h.split("=")[0]: h for h in r.raw.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-pact", "__Secure-pact-refresh"}
    assert cookies["__Host-pact"].endswith("; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax")
    assert cookies["__Secure-pact-refresh"].endswith("; Path=/v1/auth; Max-Age=604800; Secure; HttpOnly; SameSite=Strict")
    assert r.json()["user"]["email"] == u.email


def test_A6_bearer_session_sets_no_cookie(stack, workspaces):
    u = workspaces[0].users["member"]
    r = try_login(Client(stack), u.email, u.password, session="bearer")
    assert set(r.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert "Set-Cookie" not in r.headers


def test_A6_one_hour_and_seven_days(login, make_user, db):
    c = login(make_user())
    t = claims(c.tokens["access_token"])
    assert t["exp"] - t["iat"] == c.tokens["expires_in"] == 3600
    expires, = session_row(db, c, "expires_at - now()")
    assert datetime.timedelta(days=7, minutes=-5) < expires <= datetime.timedelta(days=7)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_A9_permissions_of_a_role(api, role):
    s = api(role).ok("GET", "/v1/auth/session")
    assert s["roles"] == [role] and set(s["permissions"]) == ROLES[role]


# ── A6: rotation ──

def test_A6_refresh_rotates(login, make_user, db):
    c = login(make_user())
    old = c.tokens["refresh_token"]
    new = refresh(c, old).json()
    assert new["refresh_token"] != old
    c.session.headers["Authorization"] = "Bearer " + new["access_token"]
    assert c.get("/v1/auth/session").status_code == 200
    # within the grace the one before gets the same successor, as a second tab needs it
    assert refresh(c, old).json()["refresh_token"] == new["refresh_token"]
    assert refresh(c, new["refresh_token"]).status_code == 200


def test_A6_a_hundred_tabs_refresh_at_once(login, make_user, db):
    c = login(make_user())
    old = c.tokens["refresh_token"]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refresh(c, old), range(100)))
    assert {r.status_code for r in answers} == {200}
    assert len({r.json()["refresh_token"] for r in answers}) == 1, "one family, one successor"
    c.session.headers["Authorization"] = "Bearer " + answers[0].json()["access_token"]
    assert c.get("/v1/auth/session").status_code == 200, "nobody is logged out"
    db.execute("SELECT count(*) FROM pact.session WHERE user_id = %s", (c.user.id,))
    assert db.fetchone() == (1,)


def test_A6_reuse_after_the_grace_ends_the_family(login, make_user, db, workspaces):
    c = login(make_user())
    old, sid = c.tokens["refresh_token"], claims(c.tokens["access_token"])["sid"]
    new = refresh(c, old).json()
    before = audit(db, "auth.refresh_reuse", workspaces[0].tenant)
    db.execute("UPDATE pact.session SET refresh_prev_until = now() - interval '1 second' WHERE id = %s", (sid,))
    r = refresh(c, old)
    assert r.status_code == 401 and r.json()["type"] == "/problems/session-ended"
    assert refresh(c, new["refresh_token"]).status_code == 401, "the thief and the owner alike"
    assert c.get("/v1/auth/session").json()["type"] == "/problems/session-ended"
    assert session_row(db, c, "ended_reason") == ("reuse",)
    assert audit(db, "auth.refresh_reuse", workspaces[0].tenant) == before + 1


def test_A6_refresh_of_a_session_that_ran_out(login, make_user, db):
    c = login(make_user())
    db.execute("UPDATE pact.session SET expires_at = now() - interval '1 second' WHERE id = %s", (claims(c.tokens["access_token"])["sid"],))
    assert refresh(c, c.tokens["refresh_token"]).status_code == 401
    c.refused(401, "session-ended", "GET", "/v1/auth/session")


@pytest.mark.parametrize("method, days", [("password", 30), ("oidc", 7)])
def test_A6_a_session_ends_however_often_it_is_refreshed(login, make_user, stack, workspaces, db, method, days):
    c = login(make_user())
    session = session_row(db, c, "id")[0]
    stack.edit(workspaces[0].tenant, "UPDATE pact.session SET created_at = now() - %s * interval '24 hours' + interval '1 hour', method = %s WHERE id = %s",
        (days, method, session))
    assert refresh(c, c.tokens["refresh_token"]).status_code == 200
    db.execute("SELECT expires_at - now() < interval '1 hour' FROM pact.session WHERE id = %s", (session,))
    assert db.fetchone() == (True,)
    stack.edit(workspaces[0].tenant, "UPDATE pact.session SET expires_at = now() WHERE id = %s", (session,))
    assert c.get("/v1/auth/session").status_code == 401


def test_A6_a_cookie_session_stays_with_cookies(browser):
    c = browser("viewer")
    token = c.session.cookies["__Secure-pact-refresh"]
    assert refresh(c, token).status_code == 401, "no script may turn a cookie into tokens it can read"
    c = browser("viewer")
    before = c.session.cookies["__Secure-pact-refresh"]
    r = c.request("POST", "/v1/auth/refresh")
    assert r.status_code == 200 and "token" not in r.text and len(r.raw.headers.getlist("Set-Cookie")) == 2
    assert c.session.cookies["__Secure-pact-refresh"] != before
    assert c.get("/v1/auth/session").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "AAAA", "A" * 107, "A" * 150, "!" * 107, None])
def test_A6_refresh_with_nonsense(anonymous, token):
    r = anonymous.request("POST", "/v1/auth/refresh", json={} if token is None else {"refresh_token": token})
    assert r.status_code in (401, 422)


# ── tokens that lie ──

def forged(stack, payload, key=None):
    """A token signed with the stack's own key: even that opens nothing without the session's secret."""
    b64 = lambda b: base64.urlsafe_b64encode(b).rstrip(b"=")  # noqa: E731
    text = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9".encode() + b"." + b64(json.dumps(payload, separators=(",", ":")).encode())
    file = stack.dir / "run" / f"forge-{uuid.uuid4().hex}"
    file.write_bytes(text)
    try:
        sig = subprocess.check_output(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key or stack.dir / "keys/sign.pem"), "-in", str(file)])
    finally:
        file.unlink()
    return (text + b"." + b64(sig)).decode()


@pytest.fixture
def token(login, make_user):
    c = login(make_user())
    return c, claims(c.tokens["access_token"])


def opens(c, text):
    return c.request("GET", "/v1/auth/session", headers={"Authorization": "Bearer " + text})


def test_A6_a_forged_token_needs_the_secret_too(token, stack):
    c, t = token
    assert opens(c, forged(stack, t)).status_code == 200, "the forgery itself is sound"
    wrong = t | {"ses": base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()}
    assert opens(c, forged(stack, wrong)).json()["type"] == "/problems/unauthenticated"


def test_A6_expired_token(token, stack):
    c, t = token
    now = int(time.time())
    assert opens(c, forged(stack, t | {"iat": now - 3600, "exp": now - 1})).status_code == 401
    assert opens(c, forged(stack, t | {"iat": now + 3600, "exp": now + 7200})).status_code == 401, "not yet"


def test_A6_token_of_another_workspace(token, stack, workspaces):
    c, t = token
    assert opens(c, forged(stack, t | {"tid": workspaces[1].tenant})).status_code == 401


def test_A6_token_signed_by_somebody_else(token, stack, tmp_path):
    c, t = token
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / "k")], check=True)
    assert opens(c, forged(stack, t, tmp_path / "k")).status_code == 401


def test_A6_token_that_chooses_its_algorithm(token):
    c, _ = token
    head, body, sig = c.tokens["access_token"].split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    for text in (f"{none}.{body}.", f"{none}.{body}.{sig}", f"{head}.{body}.", f"{head}.{body}", f"{head}..{sig}", "", "a.b.c", sig * 9):
        assert opens(c, text).status_code == 401


# ── ending ──

def test_A6_logout_works_at_once(login, make_user, db):
    c = login(make_user())
    c.ok("POST", "/v1/auth/logout")
    assert c.get("/v1/auth/session").json()["type"] == "/problems/session-ended"
    assert refresh(c, c.tokens["refresh_token"]).status_code == 401
    assert session_row(db, c, "ended_reason") == ("logout",)


def test_A6_logout_takes_the_cookies_back(browser):
    c = browser("viewer")
    r = c.post("/v1/auth/logout")
    assert r.json() == {"logout_url": None}
    for h in r.raw.headers.getlist("Set-Cookie"):
        assert re.match(r"[\w-]+=; Path=[/\w]+; Max-Age=0;", h), h
    assert not c.session.cookies


def test_A6_ending_another_device_works_at_once(login, make_user):
    u = make_user()
    here, there = login(u), login(u)
    devices = here.pages("/v1/auth/sessions")
    assert sorted(d["current"] for d in devices) == [False, True]
    other = next(d["public_id"] for d in devices if not d["current"])
    assert there.get("/v1/auth/session").status_code == 200
    here.ok("DELETE", f"/v1/auth/sessions/{other}")
    assert there.get("/v1/auth/session").json()["type"] == "/problems/session-ended"
    assert here.get("/v1/auth/session").status_code == 200
    assert len(here.pages("/v1/auth/sessions")) == 1


def test_A6_all_others_end_at_once_however_many(login, make_user, db):
    u, colleague = make_user(), login(make_user())
    here, *there = [login(u) for _ in range(3)]
    assert here.request("DELETE", "/v1/auth/sessions").status_code == 204
    for c in there:
        assert c.get("/v1/auth/session").json()["type"] == "/problems/session-ended"
        assert refresh(c, c.tokens["refresh_token"]).status_code == 401
    assert [d["current"] for d in here.pages("/v1/auth/sessions")] == [True]
    assert colleague.get("/v1/auth/session").status_code == 200
    db.execute("SELECT actor_email, new FROM pact.audit_event WHERE action = 'auth.session_end' AND resource_id = %s", (u.id,))
    assert db.fetchall() == [(u.email, {"reason": "ended by the user", "sessions": 2})]


def test_A6_nobody_ends_a_colleagues_session(login, make_user):
    mine, theirs = login(make_user()), login(make_user("owner"))
    mine.refused(404, "not-found", "DELETE", f"/v1/auth/sessions/{claims(theirs.tokens['access_token'])['sid']}")
    assert theirs.get("/v1/auth/session").status_code == 200


def test_A6_sessions_page_by_cursor(login, make_user):
    u = make_user()
    here = [login(u) for _ in range(5)][0]
    assert len({s["public_id"] for s in here.pages("/v1/auth/sessions", limit=2)}) == 5


def test_a_role_taken_away_is_gone_at_once(login, make_user, stack, workspaces):
    c = login(make_user("admin"))
    assert c.get("/v1/settings/privacy").status_code == 200
    assert 1 == stack.edit(workspaces[0].tenant, "UPDATE pact.user_role SET role_id = (SELECT id FROM pact.role r WHERE r.tenant_id = "
        "user_role.tenant_id AND name = 'viewer') WHERE user_id = %s", (c.user.id,))
    c.refused(403, "forbidden", "GET", "/v1/settings/privacy")


def test_a_suspended_user_is_out_at_once(login, make_user, stack, workspaces):
    c = login(make_user())
    assert 1 == stack.edit(workspaces[0].tenant, "UPDATE pact.user_account SET status = 'suspended' WHERE id = %s", (c.user.id,))
    c.refused(401, "session-ended", "GET", "/v1/auth/session")
    assert refresh(c, c.tokens["refresh_token"]).status_code == 401
    assert try_login(c, c.user.email, c.user.password).json()["type"] == "/problems/wrong-credentials"


def test_a_suspended_workspace_is_closed_until_it_resumes(stack, make_workspace, login):
    w = make_workspace(roles=())
    c = login(w.users["owner"])
    stack.pactctl("workspace-suspend", w.slug)
    c.refused(403, "workspace-suspended", "GET", "/v1/auth/session")
    c.refused(403, "workspace-suspended", "GET", "/v1/contacts")
    assert try_login(c, c.user.email, c.user.password).status_code == 401
    stack.pactctl("workspace-resume", w.slug)
    assert c.get("/v1/auth/session").status_code == 200


# ── own password ──

def test_A1_password_change_ends_the_other_sessions(login, make_user, db, workspaces):
    u = make_user()
    here, there = login(u), login(u)
    before = audit(db, "auth.password_change", workspaces[0].tenant)
    e = here.refused(422, "invalid", "POST", "/v1/auth/password", {"current_password": "not this", "new_password": "something new"})
    assert [x["pointer"] for x in e["errors"]] == ["/current_password"]
    for bad in ("short", "x" * 257, u.password):
        e = here.refused(422, "invalid", "POST", "/v1/auth/password", {"current_password": u.password, "new_password": bad})
        assert [x["pointer"] for x in e["errors"]] == ["/new_password"]
    assert there.get("/v1/auth/session").status_code == 200
    fresh = unique("pass")
    here.ok("POST", "/v1/auth/password", {"current_password": u.password, "new_password": fresh})
    assert here.get("/v1/auth/session").status_code == 200
    there.refused(401, "session-ended", "GET", "/v1/auth/session")
    assert try_login(here, u.email, u.password).status_code == 401
    assert try_login(here, u.email, fresh).status_code == 200
    assert audit(db, "auth.password_change", workspaces[0].tenant) == before + 1
    db.execute("SELECT template FROM pact.outbox WHERE user_id = %s AND template <> 'login-unusual'", (u.id,))
    assert db.fetchall() == [("password-changed",)], "a mail says so"


# ── throttle ──

def test_throttle_meets_the_address_from_one_place_only(stack, make_user):
    u, ip = make_user(), new_ip()
    c = Client(stack, ip)
    for _ in range(10):
        assert try_login(c, u.email, "not the password").status_code == 401
    r = try_login(c, u.email, u.password)
    assert r.status_code == 429 and r.json()["type"] == "/problems/throttled", "refused before the password is looked at"
    assert 0 < int(r.headers["Retry-After"]) <= 900
    assert try_login(c, make_user().email, "not the password").status_code == 401, "somebody else at the same place"
    Client(stack, new_ip()).login(u)  # the same person elsewhere


def test_throttle_from_everywhere_locks_nobody_out_of_where_they_have_been(stack, make_user, db):
    """A hundred wrong tries an hour, from ten networks, would keep anybody out for good whose address is known."""
    user = make_user("member")
    home, body = new_ip(), {"email": user.email, "workspace": user.slug, "session": "bearer"}
    right = body | {"password": user.password}
    Client(stack, home).ok("POST", "/v1/auth/login", right)
    for _ in range(11):
        stranger = Client(stack, new_ip())
        for _ in range(10):
            stranger.post("/v1/auth/login", body | {"password": "wrong"})
    assert Client(stack, new_ip()).post("/v1/auth/login", right).status_code == 429, "from elsewhere it is closed"
    Client(stack, home).ok("POST", "/v1/auth/login", right)
    # and from there it is closed as always, by what was tried there
    for _ in range(10):
        assert Client(stack, home).post("/v1/auth/login", body | {"password": "wrong"}).status_code == 401
    assert Client(stack, home).post("/v1/auth/login", right).status_code == 429
    db.execute("DELETE FROM app.throttle")


def test_throttle_opens_again_and_forgets_after_a_login(stack, make_user, db):
    u, c = make_user(), Client(stack)
    for _ in range(2):
        for _ in range(9):
            assert try_login(c, u.email, "not the password").status_code == 401
        assert try_login(c, u.email, u.password).status_code == 200
    for _ in range(10):
        try_login(c, u.email, "not the password")
    assert try_login(c, u.email, u.password).status_code == 429
    db.execute("UPDATE app.throttle SET window_start = window_start - interval '15 minutes' WHERE n = 11")
    assert try_login(c, u.email, u.password).status_code == 200


def test_throttle_of_a_whole_network(stack, db):
    c = Client(stack)
    assert try_login(c, address(), "not the password").status_code == 401
    db.execute("UPDATE app.throttle SET n = 200 WHERE key = app.throttle_key('ip', NULL, %s)", (c.ip,))
    assert db.rowcount == 1
    assert try_login(c, address(), "not the password").status_code == 429


# ── A12 ──

def test_A12_security_txt(anonymous):
    r = anonymous.get("/.well-known/security.txt", check=False)
    assert r.status_code == 200 and r.headers["Content-Type"].startswith("text/plain")
    fields = dict(line.split(": ", 1) for line in r.text.splitlines())
    assert re.match(r"(mailto|https):", fields["Contact"])
    until = datetime.datetime.fromisoformat(fields["Expires"].replace("Z", "+00:00")) - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=30) < until < datetime.timedelta(days=366)


# ── logins that somebody should hear of ──
def log_in_from(stack, user, ip, agent="Firefox/140"):
    c = Client(stack, ip)
    c.ok("POST", "/v1/auth/login", {"email": user.email, "password": user.password, "workspace": user.slug, "session": "bearer"}, headers={"User-Agent": agent})
    return c


def told(stack, db, user, subject):
    """The mails of a subject that somebody got; nothing of theirs is still on its way."""
    end = time.monotonic() + 20
    while True:
        db.execute("SELECT count(*) FILTER (WHERE status <> 'sent'), count(*) FROM pact.outbox WHERE user_id = %s", (user.id,))
        waiting, n = db.fetchone()
        if not waiting:
            return [m for m in (stack.mails(user.email, n) if n else []) if m["Subject"] == subject]
        assert time.monotonic() < end
        time.sleep(0.1)


UNUSUAL, GUESSED = "A login from a place that is new", "Somebody may know your password"


@pytest.mark.parametrize("ip, agent, mails", [("127.20.1.1", "Firefox/140", 0), ("127.20.1.1", "curl/8", 0), ("127.20.77.9", "Firefox/140", 0), ("127.20.77.9", "curl/8", 1),
    ("127.21.1.1", "Firefox/140", 1), ("127.20.77.9", None, 1), ("127.20.77.9", b"\xff", 1), ("127.20.1.1", None, 0)])
def test_A1_somebody_hears_of_a_login_from_elsewhere(stack, db, make_user, ip, agent, mails):
    user = make_user("member")
    log_in_from(stack, user, "127.20.1.1")
    log_in_from(stack, user, ip, agent)
    log_in_from(stack, user, ip, agent)  # known by now
    found = told(stack, db, user, UNUSUAL)
    assert len(found) == mails
    db.execute("SELECT count(*) FROM pact.audit_event WHERE action = 'auth.login' AND actor_id = %s AND new ->> 'unusual' = 'true'", (user.id,))
    assert db.fetchone()[0] == mails
    for m in found:
        text = m.get_content()
        assert ip in text and (agent if isinstance(agent, str) else "") in text


def test_A7_somebody_hears_that_their_password_is_known(stack, db, make_user, login):
    user = make_user("member")
    Things(login(user)).second_factor()
    for times in (4, 1, 3):
        c = Client(stack, new_ip())
        challenge = c.ok("POST", "/v1/auth/login", {"email": user.email, "password": user.password, "workspace": user.slug, "session": "bearer"})["challenge"]
        for _ in range(times):
            c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": challenge, "code": "000000"})
        assert len(told(stack, db, user, GUESSED)) == (times != 4)
    # and not again on the same day
    db.execute("DELETE FROM app.throttle")
    c = Client(stack, new_ip())
    challenge = c.ok("POST", "/v1/auth/login", {"email": user.email, "password": user.password, "workspace": user.slug, "session": "bearer"})["challenge"]
    for _ in range(5):
        c.refused(401, "wrong-code", "POST", "/v1/auth/mfa", {"challenge": challenge, "code": "000000"})
    assert len(told(stack, db, user, GUESSED)) == 1
