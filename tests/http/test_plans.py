# SPDX-License-Identifier: GPL-3.0-or-later
"""
Every statement a program can run (`prog -Q`), planned as the program's own role over a workspace of 50,000 contacts: nothing
reads a large tenant table from end to end, also not inside the functions that statements call. And each statement names
the tenant for every table it touches (scale-out rule 2), with row-level security out of the way.
"""
import hashlib
import json
import os
import re
import uuid

import pytest
from stack import PROGRAMS, Stack, unique

N = 50000
LARGE = ("contact", "contact_tag", "contact_event", "activity", "audit_event", "account", "suppression")
SECRET = b"s" * 32
# These do read everything, in the order of a key: that is what they are for.
WHOLE = {("crm", "q_export_json"), ("crm", "q_export_csv"), ("audit", "q_export_csv"), ("audit", "q_export_jsonl")}
QUERIES = [(p, q) for p in PROGRAMS for q in Stack(os.environ["PACT_DEMO"]).queries(p)] if os.environ.get("PACT_DEMO") else []
TENANT = [(p, q) for p, q in QUERIES if q["scope"] == "tenant"]



def named(value):
    return value if isinstance(value, str) else value["name"]


FILL = """
SET session_replication_role = replica;  -- no triggers: the rows they would write are below
INSERT INTO pact.account (tenant_id, id, name) SELECT %(t)s, app.uuid7(), 'Account ' || i FROM generate_series(1, %(n)s / 10) i;
INSERT INTO pact.contact (tenant_id, email, email_hash, first_name, last_name, account_id, tags, consent_status, consent_source, archived_at)
	SELECT %(t)s, 'p' || i || '@people.example', sha256(i::text::bytea), (ARRAY['Ada','Bo','Cleo','Dag'])[i %% 4 + 1], 'Name' || i, a.id, ARRAY['t' || i %% 50],
		(ARRAY['confirmed','pending','declined'])[i %% 3 + 1], 'api', CASE WHEN i %% 20 = 0 THEN now() END
	FROM generate_series(1, %(n)s) i JOIN (SELECT id, row_number() OVER () AS k FROM pact.account WHERE tenant_id = %(t)s) a ON a.k = i / 10 + 1;
INSERT INTO pact.contact_tag (tenant_id, tag, contact_id) SELECT tenant_id, tags[1], id FROM pact.contact WHERE tenant_id = %(t)s;
INSERT INTO pact.contact_event (tenant_id, id, contact_id, kind, status, source) SELECT tenant_id, consent_event_id, id, 'created', consent_status, 'api'
	FROM pact.contact WHERE tenant_id = %(t)s;
INSERT INTO pact.suppression (tenant_id, address_hash, reason) SELECT tenant_id, email_hash, 'declined' FROM pact.contact
	WHERE tenant_id = %(t)s AND consent_status = 'declined';
INSERT INTO pact.activity (tenant_id, contact_id, account_id, kind, due_at) SELECT tenant_id, id, account_id,
	CASE WHEN archived_at IS NULL THEN 'note' ELSE 'task' END, archived_at FROM pact.contact WHERE tenant_id = %(t)s;
INSERT INTO pact.audit_event (tenant_id, action, module, actor_kind, actor_id, actor_email, resource_type, resource_id, ip)
	SELECT tenant_id, (ARRAY['contact.create','contact.update','auth.login'])[random()::int + 1], 'crm', 'user', %(u)s, 'a@staff.example', 'contact', id, '127.0.0.1'
	FROM pact.contact WHERE tenant_id = %(t)s;
SET session_replication_role = origin;
ANALYZE pact.account, pact.contact, pact.contact_tag, pact.contact_event, pact.suppression, pact.activity, pact.audit_event
"""


class Big:
    pass


@pytest.fixture(scope="module")
def big(stack, make_workspace):
    w, b = make_workspace(roles=()), Big()
    b.tenant, b.user, b.session, b.slug = w.tenant, w.users["owner"].id, str(uuid.uuid4()), w.slug
    with stack.db() as conn:
        conn.autocommit = True
        cur = conn.cursor()
        for statement in FILL.split(";\n"):
            cur.execute(statement, {"t": b.tenant, "n": N, "u": b.user})
        cur.execute("INSERT INTO pact.session (tenant_id, id, user_id, secret_sha256, refresh_sha256, method, transport, expires_at) "
            "VALUES (%s, %s, %s, %s, '', 'password', 'bearer', now() + interval '1 day')", (b.tenant, b.session, b.user, hashlib.sha256(SECRET).digest()))
        cur.execute("SELECT id, email, account_id FROM pact.contact WHERE tenant_id = %s AND archived_at IS NULL OFFSET 777 LIMIT 1", (b.tenant,))
        b.contact, b.email, b.account = cur.fetchone()
        cur.execute("SELECT id FROM pact.activity WHERE tenant_id = %s AND contact_id = %s", (b.tenant, b.contact))
        b.activity, = cur.fetchone()
    yield b


def enter(cur, big):
    """The door, as a program opens it."""
    cur.execute("SELECT * FROM app.enter_session(%s, %s, %s, 'self', '127.0.0.1', %s, false)", (big.tenant, big.session, SECRET, "0" * 32))


def argument(big, position, kind):
    """Something of the type; text is "0", which is a cursor's number, a status nobody has and a search alike."""
    if position == 0 and kind == "uuid":
        return f"'{big.tenant}'"
    return {"uuid": f"'{big.contact}'", "text": "'0'", "integer": "50", "bigint": "NULL", "boolean": "false", "jsonb": "'{}'", "uuid[]": "'{}'",
        "text[]": "'{}'", "timestamp with time zone": "now()", "bytea": "'\\x00'"}.get(kind, "NULL")


def explain(cur, big, query, how=""):
    cur.execute("PREPARE x AS " + query["sql"])
    cur.execute("SELECT ARRAY(SELECT unnest(parameter_types)::text) FROM pg_prepared_statements WHERE name = 'x'")
    args = ", ".join(argument(big, i, t) for i, t in enumerate(cur.fetchone()[0]))
    cur.execute(f"EXPLAIN ({how}FORMAT JSON) EXECUTE x{f'({args})' if args else ''}")
    plan = cur.fetchone()[0][0]["Plan"]
    cur.execute("DEALLOCATE x")
    return plan


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def table_of(relation):
    """Which of the large tables a table, a partition or one of their indexes belongs to."""
    return next((t for t in sorted(LARGE, key=len, reverse=True) if re.match(rf"{t}(_|$)", relation)), None)


BLOCKING = ("Sort", "Aggregate", "Hash", "WindowAgg", "Materialize", "Unique", "ModifyTable")


def slow(n, limited=False):
    """
    Scans of large tables that read all of a tenant: sequential ones, and those by an index of which only the tenant is
    used, unless a LIMIT stops them. An empty partition is left out: its scan costs next to nothing whatever the plan is.
    """
    limited = (limited and n["Node Type"] not in BLOCKING) or n["Node Type"] == "Limit"
    if table_of(n.get("Relation Name", n.get("Index Name", ""))) and n["Total Cost"] > 50 and not limited:
        columns = set(re.findall(r"\b(\w+) (?:[<>=~^@]|IS|OPERATOR)", n.get("Index Cond", "") + n.get("Recheck Cond", "")))
        if n["Node Type"] == "Seq Scan" or ("Index" in n["Node Type"] and columns <= {"tenant_id"}):
            yield f"{n['Node Type']} on {n.get('Relation Name', n.get('Index Name'))}"
    for child in n.get("Plans", []):
        yield from slow(child, limited)


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("program, query", [(p, q) for p, q in TENANT if (p, q["name"]) not in WHOLE], ids=named)
def test_no_statement_reads_a_large_table_from_end_to_end(program, query, mode, stack, big):
    conn = stack.role(program)
    try:
        cur = conn.cursor()
        if program != "mail":
            enter(cur, big)
        cur.execute(f"SET LOCAL plan_cache_mode = {mode}")
        plan = explain(cur, big, query)
    finally:
        conn.close()
    assert list(slow(plan)) == [], json.dumps(plan, indent=1)


def test_the_test_above_can_fail(stack, big):
    conn = stack.role("crm")
    cur = conn.cursor()
    enter(cur, big)
    for condition in ("lower(c.email) = $2::text", "c.last_name LIKE $2::text", "c.tags @> ARRAY[$2::text]", "true ORDER BY c.title LIMIT 10"):
        plan = explain(cur, big, {"sql": "SELECT c.id FROM pact.contact c WHERE c.tenant_id = $1::uuid AND " + condition})
        assert list(slow(plan)), condition
    conn.close()


# ── scale-out rule 2 ──

def unbound(plan):
    """Scans of tenant tables that no condition of the plan ties to $1, be it by way of other tables."""
    conditions = " ".join(str(n[k]) for n in nodes(plan) for k in n if k.endswith(("Cond", "Filter")))
    bound = set(re.findall(r"(\w+)\.tenant_id = \$1\b", conditions))
    # what a CTE or a subquery gives has been looked at where it comes from
    bound |= {n["Alias"] for n in nodes(plan) if n["Node Type"] in ("CTE Scan", "Subquery Scan", "Function Scan")}
    # partitions v_1, v_2 … of what the statement calls v
    bound |= {n["Alias"].rsplit("_", 1)[0] for n in nodes(plan) if n.get("Alias") in bound and re.search(r"_(default|\d{4}_\d\d)$", n.get("Relation Name", ""))}
    ties = re.findall(r"(\w+)\.tenant_id = (\w+)\.tenant_id", conditions)
    while more := {y for pair in ties for x, y in (pair, pair[::-1]) if x in bound} - bound:
        bound |= more
    return [n["Relation Name"] for n in nodes(plan) if n.get("Schema") == "pact" and n["Node Type"] != "ModifyTable" and n["Alias"] not in bound]


@pytest.mark.parametrize("program, query", TENANT, ids=named)
def test_rule_2_each_table_is_tied_to_the_tenant(program, query, stack, big):
    """As a superuser, whom no policy binds: what ties a table to the tenant is the statement itself."""
    assert re.search(r"\$1\b", query["sql"])
    with stack.db() as conn:
        cur = conn.cursor()
        cur.execute("SET plan_cache_mode = force_generic_plan")
        plan = explain(cur, big, query, "VERBOSE, ")
    conn.close()
    assert unbound(plan) == [], json.dumps(plan, indent=1)


def test_rule_2_can_fail(stack, big):
    with stack.db() as conn:
        cur = conn.cursor()
        cur.execute("SET plan_cache_mode = force_generic_plan")
        for sql in ("SELECT c.id FROM pact.contact c WHERE c.id = $1::uuid",
                "SELECT c.id FROM pact.contact c JOIN pact.account a ON a.id = c.account_id WHERE c.tenant_id = $1::uuid AND c.id = $2::uuid",
                "SELECT c.id FROM pact.contact c JOIN pact.account a ON a.id = c.account_id AND a.tenant_id = c.tenant_id WHERE c.id = $1::uuid"):
            assert unbound(explain(cur, big, {"sql": sql}, "VERBOSE, ")) != [], sql
    conn.close()


@pytest.mark.parametrize("program, query", [(p, q) for p, q in QUERIES if q["scope"] == "door"], ids=named)
def test_doors_name_no_tenant_table(program, query):
    assert "pact." not in query["sql"]


# ── inside the functions ──

def calls(big):
    """One realistic call for each route's statement that is a function: sql, arguments after the tenant."""
    new = unique("plan")
    return {
        "q_contact_get": [big.contact], "q_contact_known": [big.contact],
        "q_contact_create": [json.dumps({"email": f"{new}@people.example", "tags": ["t1"], "account_id": str(big.account)}), "api"],
        "q_contact_patch": [big.contact, None, json.dumps({"email": f"x{new}@people.example", "title": "Dr", "tags": ["t2"]}), "api"],
        "q_contact_archive": [big.contact], "q_contact_restore": [big.contact],
        "q_consent_set": [big.contact, json.dumps({"status": "declined"}), "api"],
        "q_consent_bulk": [json.dumps({"contacts": [str(big.contact)], "status": "declined"}), "api"],
        "q_consent_list": [big.contact, "ffffffff-ffff-ffff-ffff-ffffffffffff", 51],
        "q_contact_export": [big.contact], "q_account_get": [big.account], "q_activity_get": [big.activity],
        "q_account_patch": [big.account, None, json.dumps({"name": new})],
        "q_account_delete": [big.account, None, True],
        "q_activity_create": [json.dumps({"contact_id": str(big.contact), "kind": "note"})],
        "q_activity_patch": [big.activity, None, json.dumps({"body": "b"})], "q_activity_delete": [big.activity, None],
        "q_privacy_get": [], "q_privacy_patch": [None, json.dumps({"default_consent_policy": "declined"})],
        "q_contact_erase": [big.contact, None],
    }


def test_functions_read_no_large_table_from_end_to_end(stack, big):
    """
    auto_explain tells the plan of every statement inside a function. Only a superuser may load it, so this session begins
    as one and goes on as the program; erasing looks through other people's texts by design, so that part is left out.
    """
    conn = stack.db()
    conn.autocommit = False
    cur = conn.cursor()
    cur.execute("LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = json; "
        "SET client_min_messages = log; SET log_min_messages = fatal; SET plan_cache_mode = force_generic_plan; SET jit = off; SET search_path = pact, pg_catalog")
    cur.execute("SET SESSION AUTHORIZATION pact_crm")
    conn.commit()
    statements = {q["name"]: q["sql"] for p, q in TENANT if p == "crm"}
    found, seen = [], 0
    for name, args in calls(big).items():
        enter(cur, big)
        conn.notices.clear()
        numbered = re.sub(r"\$(\d+)", r"%(p\1)s", statements[name].replace("%", "%%"))
        cur.execute(numbered, {f"p{i + 1}": None if a is None else str(a) for i, a in enumerate([big.tenant, *args])})
        assert cur.fetchone(), name
        conn.rollback()
        for notice in conn.notices:
            if "plan:" in notice:
                entry = json.loads(notice.split("plan:", 1)[1])
                seen += 1
                if "position(n IN" not in entry["Query Text"]:
                    found += [(name, t, entry["Query Text"][:200]) for t in slow(entry["Plan"])]
    conn.close()
    assert seen > 3 * len(calls(big)), "functions were looked into"
    assert found == []
