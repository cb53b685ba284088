# SPDX-License-Identifier: GPL-3.0-or-later
"""A2, A7, A9 as the program's own role meets them: links, second factors, the last owner."""
import uuid

import psycopg2
import pytest
from conftest import refused


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
