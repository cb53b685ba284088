# SPDX-License-Identifier: GPL-3.0-or-later
"""T1, T3: every table, key, function, view and grant in the catalogue keeps the walls. Reads the live catalogue, so that a
table of a later module is held to the same rules without anybody remembering this file."""
import json
import re
import subprocess

import pytest
from conftest import PROGRAMS, ROOT

# Tables that know no tenant, and why.
WITHOUT_TENANT = {
    "app.table_register": "declares tables",
    "app.column_register": "declares columns",
    "app.schema_version": "the migrations applied",
    "app.sealed_column": "declares columns",
    "app.throttle": "keyed by hashes, asked before a tenant is known",
    "app.reset_request": "keyed by hashes, before anybody looks whose they are",
}
# Tables that name a tenant and are asked before one is known: reached through functions of pact_door alone.
BEFORE_TENANT = {"directory.workspace", "directory.login", "directory.domain", "app.job_queue"}
OURS = "('pact', 'directory', 'app', 'api', 'ops')"


def ask(pg, sql, *args):
    with pg.superuser() as cur:
        cur.execute(sql, args or None)
        return cur.fetchall()


def test_every_table_has_a_tenant_or_is_named(pg):
    rows = ask(pg, f"""SELECT n.nspname || '.' || c.relname, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
            AND a.attname = 'tenant_id' AND a.attnotnull AND a.atttypid = 'uuid'::regtype)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN {OURS} AND c.relkind IN ('r', 'p')""")
    assert {t for t, has in rows if not has} == set(WITHOUT_TENANT)
    assert {t for t, has in rows if has and not t.startswith("pact.")} == BEFORE_TENANT
    assert len([t for t, has in rows if has]) > 20


def test_row_level_security_is_forced_on_every_tenant_table_and_partition(pg):
    rows = ask(pg, """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
            (SELECT array_agg(concat_ws(' / ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), p.polcmd))
                FROM pg_policy p WHERE p.polrelid = c.oid)
        FROM pg_class c WHERE c.relnamespace = 'pact'::regnamespace AND c.relkind IN ('r', 'p')""")
    assert len(rows) > 30
    assert [r[0] for r in rows if r[1:] != (True, True, ["(tenant_id = app.tenant_id()) / (tenant_id = app.tenant_id()) / *"])] == []


def test_nobody_has_a_grant_on_a_partition(pg):
    rows = ask(pg, """SELECT c.relname, c.relacl, a.attacl FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'pact'::regnamespace AND c.relispartition AND c.relkind IN ('r', 'p')""")
    assert rows
    for name, table_acl, column_acl in rows:
        assert column_acl is None, name
        assert all(entry.startswith("pact_owner=") for entry in (table_acl or "").strip("{}").split(",") if entry), name


def test_tenant_is_first_in_every_key_index_and_foreign_key(pg):
    rows = ask(pg, f"""SELECT i.indexrelid::regclass::text, (SELECT a.attname FROM pg_attribute a
            WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'pact'::regnamespace""")
    assert len(rows) > 50
    assert [r[0] for r in rows if r[1] != "tenant_id"] == []
    rows = ask(pg, """SELECT k.conname, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]),
            (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1]), k.confdeltype
        FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'pact'::regnamespace""")
    assert len(rows) > 15
    assert [r for r in rows if r[1] != "tenant_id" or r[2] != "tenant_id"] == []
    assert [r for r in rows if r[3] == "n"] == [], "no ON DELETE SET NULL"


def test_every_tenant_table_has_its_primary_key_with_the_tenant(pg):
    rows = ask(pg, """SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'pact'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)""")
    assert rows == []


def test_no_column_type_that_indexes_cannot_serve(pg):
    """Enum and citext equality are not leakproof: such a column is never an index condition under a policy."""
    rows = ask(pg, """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relnamespace = 'pact'::regnamespace AND (t.typtype = 'e' OR t.typname = 'citext')""")
    assert rows == []


def test_every_column_is_declared_and_nothing_else(pg):
    there = set(ask(pg, """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'pact'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND a.attnum > 0 AND NOT a.attisdropped"""))
    declared = set(ask(pg, "SELECT table_name, column_name FROM app.column_register"))
    assert there - declared == set(), "columns that nobody has declared"
    assert declared - there == set(), "declared columns that are not there"


def test_register_makes_sense(pg):
    assert ask(pg, """SELECT g.table_name FROM app.table_register g, unnest(string_to_array(g.subject, ' ') || g.resource_id) s
        WHERE s IS NOT NULL AND g.audited AND NOT EXISTS (SELECT FROM app.column_register k WHERE k.table_name = g.table_name
            AND k.column_name = s)""") == []
    # a secret or its hash is never in a diff
    assert ask(pg, """SELECT table_name, column_name FROM app.column_register
        WHERE audited AND (column_name ~ 'hash|sha256|secret|_key$|pad$' OR table_name IN ('user_password', 'session', 'tenant_key'))""") == []
    # a table about a person either loses its rows or says of every personal column what becomes of it
    assert ask(pg, """SELECT g.table_name FROM app.table_register g JOIN app.column_register k USING (table_name)
        WHERE g.subject IS NOT NULL GROUP BY 1 HAVING NOT bool_or(k.on_erase IN ('delete', 'null'))""") == []


def test_functions_are_nailed_down(pg):
    rows = ask(pg, f"""SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig, pg_get_userbyid(p.proowner), p.proacl::text, p.prosrc
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN {OURS}""")
    assert len(rows) > 60
    for name, definer, config, owner, acl, source in rows:
        # text_like is the superuser's: only one may mark it leakproof
        assert owner in ("pact_owner", "pact_door") or name.startswith("app.text_like"), name
        assert acl is not None and "{=" not in acl and ",=" not in acl, f"{name}: PUBLIC may execute it"
        if definer:
            assert "search_path=pg_catalog, pg_temp" in (config or []), name
        if "set_config('pact." in source:
            assert owner == "pact_door", f"{name} sets the context"


# What the frame runs without declaring it.
FRAME = {"app.rollback"}
# Imports call these with their owner's rights; what they do crm may do by itself, and tests hold them to it as crm.
CRM = {"app.contact_insert", "app.consent_revert", "app.suppressed"}


def named(text, known):
    return {n for n in re.findall(r"\b((?:app|api|ops)\.\w+)\s*\(", text or "") if n in known}


@pytest.mark.parametrize("program", ["auth", "crm", "audit", "mail", "saml"])
def test_T1_a_program_has_no_function_with_rights_that_it_does_not_come_to(pg, program):
    """By one of its statements (`prog -Q`), or by what those call with the program's own rights."""
    rows = ask(pg, f"""SELECT n.nspname || '.' || p.proname, p.prosecdef, p.prosrc, has_function_privilege('pact_{program}', p.oid, 'EXECUTE')
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN {OURS} AND p.prorettype <> 'trigger'::regtype""")
    # what tables do by themselves runs with the rights of whoever writes them
    by_tables = ask(pg, """SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef UNION ALL SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
        UNION ALL SELECT prosrc FROM pg_proc WHERE prorettype = 'trigger'::regtype AND NOT prosecdef AND pronamespace = 'app'::regnamespace""")
    known, definer = {r[0] for r in rows}, {r[0] for r in rows if r[1]}
    inside = {}
    for name, is_definer, source, _ in rows:
        if not is_definer:
            inside.setdefault(name, set()).update(named(source, known))
    statements = json.loads(subprocess.run([ROOT / "build" / program, "-Q"], check=True, capture_output=True, text=True).stdout)
    todo, come_to = FRAME | (CRM if program == "crm" else set()), set()
    for text in [q["sql"] for q in statements] + [t for (t,) in by_tables]:
        todo |= named(text, known)
    while todo:
        name = todo.pop()
        come_to.add(name)
        todo |= inside.get(name, set()) - come_to
    assert {r[0] for r in rows if r[3] and r[0] in definer} - come_to == set()


def test_the_context_primitives_are_for_the_doors_alone(pg):
    for function in ("app.context(uuid,text,uuid,text,text,text)", "app.context_clear()", "app.erasing(uuid)", "app.job_add(text,text,jsonb,timestamptz)",
                     "app.audit_write(text,text,uuid,jsonb,jsonb)", "app.address_hash(uuid,text)",
                     "app.hmac(bytea,bytea,text)"):
        for role in PROGRAMS:
            assert ask(pg, "SELECT has_function_privilege(%s, %s, 'EXECUTE')", role, function) == [(False,)], (role, function)


def test_views_use_the_callers_rights(pg):
    rows = ask(pg, f"""SELECT c.oid::regclass::text, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN {OURS} AND c.relkind IN ('v', 'm')""")
    assert [r[0] for r in rows if "security_invoker=true" not in (r[1] or [])] == []


def test_roles_are_ordinary(pg):
    rows = ask(pg, """SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication, rolcanlogin, rolconnlimit,
            EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid OR m.roleid = r.oid)
        FROM pg_roles r WHERE rolname LIKE 'pact\\_%'""")
    assert {r[0] for r in rows} == {"pact_owner", "pact_door", *PROGRAMS}
    for name, powerful, login, limit, member in rows:
        assert not powerful and not member, name
        assert login == (name in PROGRAMS), name
        assert limit > 0 or not login, name


def test_nothing_is_granted_to_public(pg):
    assert ask(pg, f"""SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) x
        WHERE n.nspname IN {OURS} AND x.grantee = 0""") == []
    assert ask(pg, f"SELECT nspname FROM pg_namespace n, aclexplode(n.nspacl) x WHERE nspname IN {OURS} AND x.grantee = 0") == []
    for role in PROGRAMS:
        assert ask(pg, "SELECT has_database_privilege(%s, 'pact', 'CREATE'), has_database_privilege(%s, 'pact', 'TEMP'), "
                   "has_schema_privilege(%s, 'public', 'CREATE')", role, role, role) == [(False, False, False)]
        assert ask(pg, "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'CREATE')", role) == []


def test_what_each_program_must_not_reach(pg):
    def can(role, table, *privileges):
        return [p for p in privileges for t in [f"pact.{table}"] if ask(
            pg, "SELECT has_table_privilege(%s, %s, %s) OR has_any_column_privilege(%s, %s, %s)", role, t, p, role, t, p)[0][0]]

    write = ("INSERT", "UPDATE")
    for role in PROGRAMS:
        assert can(role, "audit_event", *write) == [], role
        assert can(role, "contact_event", *write) == [], role
        assert can(role, "suppression", "SELECT", *write) == [], role
        assert can(role, "tenant_key", "SELECT", *write) == [], role
        assert can(role, "user_password", "SELECT", *write) == [], role
        assert can(role, "idempotency", "SELECT", *write) == [], role
        assert can(role, "session", *write) == [], role
        assert can(role, "integration", *write) == [], role
        assert can(role, "integration_credential", "SELECT", *write) == [], role
        assert can(role, "billing", "SELECT", *write) == [], role
        for table in ("audit_event", "contact_event", "contact"):
            assert ask(pg, "SELECT has_table_privilege(%s, %s, 'DELETE'), has_table_privilege(%s, %s, 'TRUNCATE')",
                       role, f"pact.{table}", role, f"pact.{table}") == [(False, False)], (role, table)
    assert can("pact_crm", "session", "SELECT") == []
    for role in ("pact_audit", "pact_mail", "pact_auth"):
        assert can(role, "contact", "SELECT", *write) == [], role
    assert can("pact_crm", "audit_event", "SELECT") == []
    assert can("pact_operator", "tenant", "SELECT") == []
    # consent of a contact that is there changes through functions only
    assert ask(pg, """SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'pact.contact'::regclass AND a.attnum > 0
        AND has_column_privilege('pact_crm', 'pact.contact', a.attname, 'UPDATE')
        AND (a.attname ~ '^consent|suppressed|declined|email_|^version|_id$') AND a.attname <> 'account_id'""") == []
    assert ask(pg, "SELECT has_column_privilege('pact_crm', 'pact.contact', 'email_hash', 'INSERT')") == [(False,)]
    # the erasing marker and the log are the owner's: no program is given the definer functions behind them
    assert ask(pg, "SELECT has_function_privilege('pact_audit', 'app.erase_contact(uuid)', 'EXECUTE')") == [(False,)]


def test_every_audited_table_has_its_three_triggers(pg):
    rows = ask(pg, """SELECT g.table_name, (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = ('pact.' || g.table_name)::regclass
        AND t.tgname LIKE 'zz\\_audit\\_%' AND t.tgenabled = 'O') FROM app.table_register g WHERE g.audited""")
    assert len(rows) >= 9
    assert [r for r in rows if r[1] != 3] == []


def test_every_table_with_a_version_moves_it(pg):
    rows = ask(pg, """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version'
        JOIN pg_attribute u ON u.attrelid = c.oid AND u.attname = 'updated_at'
        WHERE c.relnamespace = 'pact'::regnamespace AND NOT c.relispartition
            AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'touch')""")
    assert rows == []
