# SPDX-License-Identifier: GPL-3.0-or-later
"""S4: a workspace in which twenty thousand people work: nothing asks them one by one."""
import pytest
from conftest import Workspace

N = 20000


@pytest.fixture(scope="module")
def crowd(pg):
    w = Workspace(pg, "crowd")
    with pg.superuser() as cur:
        cur.execute("SET session_replication_role = replica")
        cur.execute("INSERT INTO pact.user_account (tenant_id, email, name) SELECT %s, 'p' || i || '@crowd.example', 'P' FROM generate_series(1, %s) i", (w.id, N))
        cur.execute("INSERT INTO pact.scim_user (tenant_id, user_id, user_name, external_id) SELECT tenant_id, id, email, 'x-' || email FROM pact.user_account "
            "WHERE tenant_id = %s AND name = 'P'", (w.id,))
        cur.execute("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) SELECT tenant_id, id, 's', now() FROM pact.user_account "
            "WHERE tenant_id = %s AND name = 'P'", (w.id,))
        cur.execute("INSERT INTO pact.user_role (tenant_id, user_id, role_id) SELECT u.tenant_id, u.id, r.id FROM pact.user_account u JOIN pact.role r "
            "ON r.tenant_id = u.tenant_id AND r.name = 'viewer' WHERE u.tenant_id = %s AND u.name = 'P'", (w.id,))
        # required, and one owner could come in without the provider
        cur.execute("UPDATE pact.tenant SET sso_enforced = true WHERE tenant_id = %s", (w.id,))
        cur.execute("INSERT INTO pact.totp (tenant_id, user_id, secret, confirmed_at) VALUES (%s, %s, 's', now())", (w.id, w.users["owner"].id))
        cur.execute("SET session_replication_role = origin")
    conn = pg.cluster.connect()
    conn.autocommit = True
    conn.cursor().execute("ANALYZE pact.user_account, pact.scim_user, pact.totp, pact.user_role")
    conn.close()
    return w


@pytest.mark.parametrize("role,sql,most", [
    ("pact_auth", "SELECT body FROM app.security_json()", 20000),  # counts everybody, once
    ("pact_auth", "SELECT body FROM app.scim_users('b', '{\"user_name\": \"p77@crowd.example\"}', 1, 100, NULL, NULL)", 200),
    ("pact_auth", "SELECT body FROM app.scim_users('b', '{\"external_id\": \"x-p77@crowd.example\"}', 1, 100, NULL, NULL)", 200),
    ("pact_door", "SELECT app.owner_in_need()", 2000),
    ("pact_door", "SELECT app.mail_owners('welcome', '{}')", 5000)])
def test_S4_how_much_is_read(pg, crowd, role, sql, most):
    """In pages: what a look by index takes, and not what twenty thousand looks take."""
    owner = crowd.users["owner"]
    with pg.superuser() as cur:
        cur.execute("SELECT set_config('pact.tenant_id', %s, true), set_config('pact.actor_id', %s, true), set_config('pact.actor_kind', 'user', true)",
            (str(crowd.id), str(owner.id)))
        cur.execute(f"SET LOCAL ROLE {role}")
        # as programs run it
        cur.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        for _ in range(2):  # the second time without reading the catalogue
            cur.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql)
            plan = cur.fetchone()[0][0]["Plan"]
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < most, plan
