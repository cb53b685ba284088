# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/migrate: forward only, each file once and whole, again at any time."""
import re
import shutil
import time

import pytest
from conftest import ROOT, Cluster


@pytest.fixture(scope="module")
def own():
    c = Cluster()
    yield c
    c.stop()


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/migrate", tmp_path / "scripts")
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    return tmp_path


def ask(cluster, sql):
    with cluster.connect() as conn, conn.cursor() as cur:
        cur.execute(sql)
        return cur.fetchall()


def dump(cluster):
    """The whole catalogue of ours, as far as a second run could change it."""
    return ask(cluster, """SELECT 'f', p.oid::regprocedure::text, pg_get_functiondef(p.oid) || p.proacl::text FROM pg_proc p
            WHERE p.pronamespace IN ('app'::regnamespace, 'api'::regnamespace, 'ops'::regnamespace) AND p.prokind = 'f'
        UNION ALL SELECT 't', c.oid::regclass::text, coalesce(c.relacl::text, '') || (SELECT coalesce(string_agg(a.attname || a.attacl::text, ' ' ORDER BY a.attnum), '')
            FROM pg_attribute a WHERE a.attrelid = c.oid) FROM pg_class c WHERE c.relnamespace = 'pact'::regnamespace
        UNION ALL SELECT 'g', g.tgname, pg_get_triggerdef(g.oid) FROM pg_trigger g WHERE NOT g.tgisinternal ORDER BY 1, 2, 3""")


def test_first_and_second_run(own):
    first = own.migrate()
    assert first.returncode == 0 and first.stderr == "", first.stderr
    assert "applied 0001_schema" in first.stdout
    assert own.migrate().returncode == 0  # makes the privileges of new partitions explicit, and changes nothing
    before = dump(own)
    started = time.monotonic()
    second = own.migrate()
    assert time.monotonic() - started < 10
    assert second.returncode == 0 and second.stdout.startswith("migrate: 0 applied"), second.stderr
    assert dump(own) == before
    versions = ask(own, "SELECT version, name, length(sha256) FROM app.schema_version ORDER BY version")
    assert [v[0] for v in versions] == list(range(1, len(versions) + 1)) and {v[2] for v in versions} == {64}


def test_a_changed_migration_is_refused(own, checkout):
    with open(checkout / "sql/migrations/0002_tables.sql", "a") as f:
        f.write("-- changed\n")
    done = own.migrate(checkout)
    assert done.returncode != 0 and "0002_tables was changed after it had been applied" in done.stderr


def test_a_broken_migration_leaves_nothing(own, checkout):
    (checkout / "sql/migrations/9000_broken.sql").write_text("CREATE TABLE public.half (x int);\nSELECT 1 / 0;\n")
    done = own.migrate(checkout)
    assert done.returncode != 0 and "9000_broken failed" in done.stderr
    assert ask(own, "SELECT to_regclass('public.half'), (SELECT count(*) FROM app.schema_version WHERE version = 9000)") == [(None, 0)]


def test_broken_functions_or_grants_leave_the_old_ones(own, checkout):
    before = dump(own)
    (checkout / "sql/api/zz.sql").write_text("DROP FUNCTION app.rollback();\nSELECT nonsense;\n")
    done = own.migrate(checkout)
    assert done.returncode != 0 and "nothing of them was kept" in done.stderr
    assert dump(own) == before


def test_a_grant_that_is_taken_out_is_taken_away(own, checkout):
    grants = checkout / "sql/grants.sql"
    line = "GRANT SELECT ON pact.audit_event TO pact_audit;\n"
    text = grants.read_text()
    assert line in text
    grants.write_text(text.replace(line, ""))
    assert own.migrate(checkout).returncode == 0
    assert ask(own, "SELECT has_table_privilege('pact_audit', 'pact.audit_event', 'SELECT')") == [(False,)]
    assert own.migrate().returncode == 0
    assert ask(own, "SELECT has_table_privilege('pact_audit', 'pact.audit_event', 'SELECT')") == [(True,)]


def test_a_new_migration_is_applied_once(own, checkout):
    (checkout / "sql/migrations/9001_new.sql").write_text("CREATE TABLE public.once (x int);\n")
    assert "applied 9001_new" in own.migrate(checkout).stdout
    assert own.migrate(checkout).stdout.startswith("migrate: 0 applied")
    assert ask(own, "SELECT name FROM app.schema_version WHERE version = 9001") == [("9001_new",)]


def test_a_function_that_no_file_makes_any_more_is_gone(own, checkout):
    before = dump(own)
    extra = checkout / "sql/api/zz.sql"
    extra.write_text("CREATE OR REPLACE FUNCTION app.shape(a int) RETURNS int LANGUAGE sql AS 'SELECT a';\n")
    assert own.migrate(checkout).returncode == 0
    extra.write_text("CREATE OR REPLACE FUNCTION app.shape(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b';\n"
                     "CREATE OR REPLACE FUNCTION app.shape(a text) RETURNS text LANGUAGE sql AS 'SELECT a';\n")
    assert own.migrate(checkout).returncode == 0
    assert ask(own, "SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'shape' ORDER BY 1") == [("app.shape(integer,integer)",), ("app.shape(text)",)]
    # and one that no file makes any more is gone, but for those that tables need
    extra.unlink()
    assert own.migrate(checkout).returncode == 0
    assert dump(own) == before


def test_a_file_that_replaces_one_is_taken_where_that_one_ran(own, checkout):
    (path,) = (checkout / "sql/migrations").glob("0006_*.sql")
    was = re.search(r"^-- replaces ([0-9a-f]{64})$", path.read_text(), re.M)[1]
    ((now,),) = ask(own, "SELECT sha256 FROM app.schema_version WHERE version = 6")
    for known, good in ((was, True), ("0" * 64, False), (now, True)):
        ask(own, f"UPDATE app.schema_version SET sha256 = '{known}' WHERE version = 6; SELECT 1")
        assert (own.migrate(checkout).returncode == 0) is good


def migrations(after):
    return [p for p in sorted((ROOT / "sql/migrations").glob("*.sql")) if int(p.name[:4]) > after]


def test_a_migration_that_changes_rows_says_whose_they_are(pg):
    """A database with workspaces: past the policies rows change only for a superuser, and their audit triggers want a workspace."""
    with pg.superuser() as cur:
        cur.execute("SELECT table_name FROM app.table_register WHERE audited")
        audited = {t for (t,) in cur.fetchall()}
    for path in migrations(after=5):
        role = None
        for line in path.read_text().splitlines():
            if line.startswith(("SET ROLE ", "RESET ROLE")):
                role = line
            if m := re.match(r"(?:UPDATE|INSERT INTO|DELETE FROM) pact\.(\w+)", line):
                assert m[1] not in audited, f"{path.name}: {line}"
                assert role == "RESET ROLE;", f"{path.name}: {line}: forced row-level security hides the rows from their owner"


def test_new_permissions_reach_the_workspaces_that_are_there(pg, fresh, alpha):
    new = {"sso.write", "key.write"}
    with pg.owner(fresh) as cur:
        cur.execute("SELECT name, permissions FROM pact.role WHERE tenant_id = %s", (fresh.id,))
        before = {name: set(permissions) for name, permissions in cur.fetchall()}
        cur.execute("UPDATE pact.role SET permissions = ARRAY(SELECT p FROM unnest(permissions) p WHERE NOT p = ANY (%s)) WHERE tenant_id = %s", (list(new), fresh.id))
        cur.execute("SELECT app.uuid7()")
        mark = cur.fetchone()[0]
    blocks = [b for path in migrations(after=5) for b in re.findall(r"^DO \$\$.*?^END \$\$;", path.read_text(), re.M | re.S) if "pact.role" in b]
    assert len(blocks) >= len(new)
    with pg.superuser() as cur:
        for block in blocks:
            cur.execute(block)
        cur.execute("SELECT app.tenant_id()")
        assert cur.fetchone() == (None,)
    with pg.owner(fresh) as cur:
        cur.execute("SELECT name, permissions FROM pact.role WHERE tenant_id = %s", (fresh.id,))
        assert {name: set(permissions) for name, permissions in cur.fetchall()} == before
        cur.execute("SELECT DISTINCT action, actor_kind FROM pact.audit_event WHERE tenant_id = %s AND id > %s", (fresh.id, mark))
        assert cur.fetchall() == [("role.update", "system")]


def test_a_database_with_people_in_it_goes_all_the_way_up(checkout):
    """What the first five migrations made, with a workspace in it, meets those that came later."""
    cluster = Cluster()
    try:
        kept = {path: path.read_bytes() for path in [*migrations(after=5), *(ROOT / "sql/api").glob("*.sql"), *(ROOT / "sql").glob("grants*.sql")]}
        for path in kept:
            (checkout / path.relative_to(ROOT)).unlink()
        (checkout / "sql/grants.sql").write_text("")
        cluster.migrate(checkout)  # without the functions, which are of today
        assert ask(cluster, "SELECT max(version) FROM app.schema_version") == [(5,)]
        ask(cluster, """SELECT set_config('pact.tenant_id', '019ab000-0000-7000-8000-000000000001', false);
            INSERT INTO directory.workspace (slug, tenant_id) VALUES ('old', '019ab000-0000-7000-8000-000000000001');
            INSERT INTO pact.tenant (tenant_id, slug, name) VALUES ('019ab000-0000-7000-8000-000000000001', 'old', 'Old');
            INSERT INTO pact.tenant_key (tenant_id, data_key, master_key_id, suppression_ipad, suppression_opad)
                VALUES ('019ab000-0000-7000-8000-000000000001', 'k', 'm', decode(repeat('00', 64), 'hex'), decode(repeat('00', 64), 'hex'));
            INSERT INTO pact.role (tenant_id, name, builtin, permissions) SELECT '019ab000-0000-7000-8000-000000000001', n, true, '{contact.read}'
                FROM unnest(ARRAY['owner', 'admin', 'member', 'viewer']) n;
            INSERT INTO pact.user_account (tenant_id, email, name) VALUES ('019ab000-0000-7000-8000-000000000001', 'ada@old.example', 'Ada');
            INSERT INTO pact.session (tenant_id, id, user_id, secret_sha256, refresh_sha256, method, transport, expires_at)
                SELECT tenant_id, app.uuid7(), id, 'x', 'y', 'password', 'cookie', now() + interval '1 day' FROM pact.user_account;
            SELECT 1""")
        for path, text in kept.items():
            (checkout / path.relative_to(ROOT)).write_bytes(text)
        done = cluster.migrate(checkout)
        assert done.returncode == 0, done.stderr
        assert dict(ask(cluster, "SELECT name, array_to_string(permissions, ' ') FROM pact.role WHERE name IN ('owner', 'viewer')")) == {
            "owner": "contact.read sso.write key.write integration.write", "viewer": "contact.read"}
    finally:
        cluster.stop()
