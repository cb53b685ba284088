# SPDX-License-Identifier: GPL-3.0-or-later
"""T3, T4: what is sealed is declared, nothing but the functions reaches it, and new keys come in whole workspaces."""
import os
import re
import threading
import time
import uuid

import psycopg2
import pytest
from conftest import ROOT, events, refused

# Bytes that are not sealed, and why.
NOT_SEALED = {
    ("tenant_key", "data_key"): "wrapped by the master key: what is replaced, or wrapped anew",
    ("tenant_key", "suppression_ipad"): "SECURITY.md, what the keys protect",
    ("tenant_key", "suppression_opad"): "as above",
    ("contact", "email_hash"): "a keyed hash",
    ("suppression", "address_hash"): "a keyed hash",
    ("import", "sha256"): "a hash",
    ("import_chunk", "data"): "the file as it came",
    ("idempotency", "body"): "an answer",
}


def ask(pg, sql, *args):
    with pg.superuser() as cur:
        cur.execute(sql, args or None)
        return cur.fetchall()


def sealed_columns(pg):
    return {(t, c) for t, c in ask(pg, "SELECT table_name, column_name FROM app.sealed_column")}


def test_T4_every_sealed_column_is_declared(pg):
    """A column of bytes is a hash, or named above, or `pactctl rekey` knows it: a later one cannot be forgotten."""
    columns = ask(pg, """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'pact'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('bytea'::regtype, 'bytea[]'::regtype)""")
    assert len(columns) > 10
    unknown = {(t, c) for t, c in columns if not re.search("_sha256$", c)} - set(NOT_SEALED)
    assert unknown - sealed_columns(pg) == set(), "sealed, or say above why not"
    assert {("totp", "secret"), ("sso_connection", "secret"), ("integration_credential", "sealed"), ("session", "sso_hint"),
        ("sso_login", "claims")} <= sealed_columns(pg)


def test_T4_what_seals_says_the_purpose_that_is_declared():
    """Each seal() in the sources is for a purpose of the table: under another one a value could not be opened again."""
    sql = (ROOT / "sql/migrations/0008_integrations.sql").read_text()
    later = "".join(p.read_text() for p in sorted((ROOT / "sql/migrations").glob("*.sql")) if "sealed_column" in p.read_text())
    declared = set(re.findall(r"\$\$ '([a-z_]+)/' ", later)) | {"sso-hint"}  # a hint is dropped
    assert {"totp", "sso", "integration"} <= declared and sql
    used = set()
    for p in sorted((ROOT / "fcgi").glob("*/*.c")):
        for call in re.findall(r"(?<![a-z_])seal\(([^;]*);", p.read_text()):
            purposes = re.findall(r'"([a-z_]+)/', call) or re.findall(r'"([a-z]+-[a-z]+)"', call)
            if p.name not in ("seal.c", "rekey.c"):
                assert len(purposes) == 1, f"{p.name}: {call}"
                used |= set(purposes)
    assert {"totp", "integration"} <= used and used <= declared


def make(pg, user, name="Relay", kind="smtp", members=("password",)):
    """An integration as `auth` makes it, its credentials random bytes."""
    i = uuid.uuid4()
    with pg.user(user, "integration.write", "pact_auth") as cur:
        cur.execute("SELECT data_key FROM app.integration_begin(NULL, NULL)")
        cur.execute("SELECT body FROM app.integration_create(%s, %s, %s, '{}', %s, %s)", (i, kind, name, list(members), [os.urandom(40) for _ in members]))
        body = cur.fetchone()[0]
    return i, body


def test_T4_auth_sees_that_a_credential_is_there_and_not_the_credential(pg, fresh):
    i, body = make(pg, fresh.users["admin"])
    assert [c["name"] for c in body["credentials"]] == ["password"]
    for role in ("pact_auth", "pact_crm", "pact_audit", "pact_mail", "pact_operator"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), pg.program(role) as cur:
            cur.execute("SELECT sealed FROM pact.integration_credential")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), pg.user(fresh.users["owner"], role="pact_auth") as cur:
        cur.execute("UPDATE pact.integration SET settings = '{}'")


def test_T3_nothing_of_another_workspace(pg, fresh, alpha):
    i, _ = make(pg, fresh.users["owner"])
    owner = alpha.users["owner"]
    with pg.user(owner, role="pact_auth") as cur:
        cur.execute("SELECT count(*) FROM pact.integration WHERE id = %s", (i,))
        assert cur.fetchone() == (0,)
        cur.execute("SELECT * FROM app.integration_reply(%s, %s)", (fresh.id, i))
        assert cur.fetchall() == []
    for sql, args in (("SELECT app.integration_begin(%s, NULL)", (i,)), ("SELECT app.integration_delete(%s, NULL)", (i,))):
        with pg.user(owner, role="pact_auth") as cur, refused("not-found"):
            cur.execute(sql, args)
    with pg.user(owner, role="pact_auth") as cur:
        cur.execute("SELECT * FROM app.integration_patch(%s, 'Mine', '{}', '{}', '{}')", (i,))
        assert cur.fetchall() == []
    # not even a credential that says it is another workspace's integration
    with pytest.raises(psycopg2.errors.ForeignKeyViolation), pg.user(owner, role="pact_auth") as cur:
        cur.execute("SELECT app.integration_patch(%s, 'Mine', '{}', '{password}', ARRAY['\\x%s'::bytea])" % ("%s", "00" * 40), (i,))


def test_L1_rotation_is_an_event_without_the_value(pg, fresh):
    i, _ = make(pg, fresh.users["owner"])
    with pg.user(fresh.users["admin"], "integration.write", "pact_auth") as cur:
        cur.execute("SELECT 1 FROM app.integration_patch(%s, NULL, '{}', '{password}', ARRAY[%s]::bytea[])", (i, os.urandom(40)))
    with pg.superuser() as cur:
        got = [(e["action"], e["new"], e["actor_email"]) for e in events(cur, i)]
    assert got[-1] == ("integration_credential.rotate", {"member": "password", "integration": "Relay"}, fresh.users["admin"].email)


# ── new keys ──
def rekey(cur, workspace, how="data"):
    cur.execute("SELECT data_key, master_key_id FROM ops.rekey_open(%s, %s, 'ops@example')", (workspace.id, how))
    return cur.fetchone()


def test_T4_who_seals_is_waited_for_and_nobody_seals_with_a_key_that_is_gone(pg, fresh):
    """Someone has been handed the key and has not written yet: the new key waits, and sees what was written."""
    owner = fresh.users["owner"]
    begin = {
        "integration": ("SELECT data_key FROM app.integration_begin(NULL, NULL)",
            "SELECT app.integration_create(app.uuid7(), 'smtp', 'Late', '{}', '{password}', ARRAY[%s]::bytea[])"),
        "totp": ("SELECT data_key FROM app.totp_begin()", "SELECT app.totp_offer(%s)"),
        "sso": ("SELECT data_key FROM app.sso_seal_begin('{\"type\":\"oidc\"}', app.uuid7())",
            "SELECT app.security_patch(NULL, NULL, '{\"sso\":{\"type\":\"oidc\",\"issuer\":\"https://idp.example\",\"client_id\":\"x\"}}', app.uuid7(), %s)"),
    }
    for name, (ask_key, write) in begin.items():
        late, seen, went = os.urandom(48), [], threading.Event()

        def run():
            with pg.program("pact_operator") as cur:
                rekey(cur, fresh)
                went.set()
                cur.execute("SELECT sealed FROM ops.rekey_sealed(true)")
                seen.extend(bytes(r[0]) for r in cur.fetchall())

        with pg.user(owner, "sso.write", "pact_auth") as cur:
            cur.execute(ask_key)
            key = bytes(cur.fetchone()[0])
            t = threading.Thread(target=run)
            t.start()
            assert not went.wait(0.5), f"{name}: the key was replaced under somebody's hands"
            cur.execute(write, (late,))
        t.join(20)
        assert went.is_set() and len(key) == 60
        assert late in seen, name


def test_T4_a_new_data_key_replaces_what_is_declared_and_drops_the_rest(pg, fresh):
    i, _ = make(pg, fresh.users["owner"], members=("password",))
    user, login, other = fresh.users["member"], uuid.uuid4(), uuid.uuid4()
    with pg.owner(fresh) as cur:
        cur.execute("INSERT INTO pact.totp (tenant_id, user_id, secret) VALUES (%s, %s, %s)", (fresh.id, user.id, os.urandom(48)))
        cur.execute("INSERT INTO pact.sso_connection (tenant_id, id, type, name, secret) VALUES (%s, %s, 'oidc', 'Idp', %s)", (fresh.id, other, os.urandom(44)))
        cur.execute("UPDATE pact.session SET sso_hint = %s WHERE user_id = %s", (os.urandom(44), user.id))
        for x, status in ((login, "taken"), (uuid.uuid4(), "proved")):
            cur.execute("INSERT INTO pact.sso_login (tenant_id, id, connection_id, purpose, status, browser_sha256, state_sha256, claims) "
                "VALUES (%s, %s, %s, 'login', %s, 'b', %s, '{\"subject\":\"s\",\"hint\":\"00\"}')", (fresh.id, x, other, status, x.bytes))
    with pg.program("pact_operator") as cur:
        rekey(cur, fresh)
        cur.execute("SELECT ops.rekey_drop()")
        cur.execute("SELECT place, name, purpose, sealed FROM ops.rekey_sealed(true)")
        rows = cur.fetchall()
        assert {(r[1], r[2]) for r in rows} == {("totp.secret", f"totp/{user.id}"), ("sso_connection.secret", f"sso/{other}"),
            ("integration_credential.sealed", f"integration/{i}/password")}
        fresh_values = {}
        for place, name, _, old in rows:
            fresh_values[name] = os.urandom(44)
            cur.execute("SELECT n FROM ops.rekey_put(%s, ARRAY[%s]::bytea[], ARRAY[%s]::bytea[])", (place, bytes(old), fresh_values[name]))
            assert cur.fetchone() == (1,)
        cur.execute("SELECT ops.rekey_data(%s, 'k2', '{\"totp.secret\":1}')", (os.urandom(60),))
    with pg.owner(fresh) as cur:
        cur.execute("SELECT (SELECT secret FROM pact.totp), (SELECT secret FROM pact.sso_connection), (SELECT sealed FROM pact.integration_credential)")
        assert [bytes(b) for b in cur.fetchone()] == [fresh_values[n] for n in ("totp.secret", "sso_connection.secret", "integration_credential.sealed")]
        cur.execute("SELECT count(*) FROM pact.session WHERE sso_hint IS NOT NULL")
        assert cur.fetchone() == (0,)
        cur.execute("SELECT status, claims FROM pact.sso_login ORDER BY id = %s DESC", (login,))
        assert cur.fetchall() == [("done", {"subject": "s"}), ("proved", {"subject": "s"})]
        cur.execute("SELECT master_key_id, data_key_at > created_at FROM pact.tenant_key")
        assert cur.fetchone() == ("k2", True)
    with pg.superuser() as cur:
        last = events(cur, fresh.id)[-1]
    assert (last["action"], last["new"], last["actor_email"]) == ("workspace.rekey", {"key": "data", "master_key_id": "k2", "sealed": {"totp.secret": 1}}, "ops@example")


def test_T4_rekey_is_for_operators_in_a_workspace_that_they_opened(pg, fresh):
    for role in ("pact_auth", "pact_crm", "pact_audit", "pact_mail"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), pg.program(role) as cur:
            cur.execute("SELECT * FROM ops.rekey_list(NULL)")
    for sql in ("SELECT ops.rekey_sealed(false)", "SELECT ops.rekey_wrap('x', 'k')", "SELECT ops.rekey_drop()", "SELECT ops.rekey_put(30, '{}', '{}')",
            "SELECT ops.rekey_data('x', 'k', '{}')"):
        with pg.program("pact_operator") as cur, refused("unauthenticated"):
            cur.execute(sql)
    # only columns that are declared
    with pg.program("pact_operator") as cur, pytest.raises(psycopg2.errors.NoDataFound):
        rekey(cur, fresh)
        cur.execute("SELECT ops.rekey_put(999, '{}', '{}')")


def test_a_look_is_an_event_and_locks_nothing(pg, fresh):
    with pg.user(fresh.users["owner"], "integration.write", "pact_auth") as other:
        other.execute("SELECT data_key FROM app.integration_begin(NULL, NULL)")
        began = time.monotonic()
        with pg.program("pact_operator") as cur:
            rekey(cur, fresh, "look")
        with pg.program("pact_operator") as cur:
            rekey(cur, fresh, "wrap")  # the key itself stays: who seals may go on
            cur.execute("SELECT ops.rekey_wrap(%s, 'k2')", (os.urandom(60),))
        assert time.monotonic() - began < 4
    with pg.superuser() as cur:
        assert [e["action"] for e in events(cur, fresh.id)][-2:] == ["workspace.rekey_look", "workspace.rekey"]
