# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of its own in a temporary directory, with the context module and everything scripts/migrate makes of it."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import psycopg2.extras
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("PG_BINDIR", "/usr/lib/postgresql/15/bin"))
PROGRAMS = ["pact_auth", "pact_crm", "pact_audit", "pact_mail", "pact_saml", "pact_operator"]
psycopg2.extras.register_uuid()


def as_postgres(*command):
    """PostgreSQL refuses to run as root; then it runs as the user Debian made for it."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run(prefix + [str(c) for c in command], check=True, stdout=subprocess.DEVNULL)


class Cluster:
    def __init__(self, preload=True):
        self.dir = Path(tempfile.mkdtemp(prefix="pact-sql-", dir="/tmp"))
        subprocess.run(["make", "-s", "-C", ROOT / "sql/preload", f"OUT={self.dir}/lib"], check=True)
        self.dir.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(self.dir, "postgres")
        as_postgres(BIN / "initdb", "-D", self.dir / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                    "--locale=C.UTF-8", "--no-sync")
        settings = ["-p 5432", f"-k {self.dir}", "-c listen_addresses=", "-c fsync=off", "-c max_connections=120",
                    "-c log_min_messages=fatal"]
        if preload:
            settings.append(f"-c shared_preload_libraries={self.dir}/lib/pact_context")
        as_postgres(BIN / "pg_ctl", "-D", self.dir / "data", "-w", "-l", self.dir / "log", "-o", " ".join(settings), "start")
        self.env = dict(os.environ, PGHOST=str(self.dir), PGPORT="5432", PGUSER="postgres", PGDATABASE="pact")
        try:
            subprocess.run(["createdb", "pact"], env=self.env, check=True)
        except Exception:
            self.stop()
            raise

    def migrate(self, root=ROOT):
        return subprocess.run([root / "scripts/migrate"], env=self.env, capture_output=True, text=True)

    def connect(self, user="postgres", **kw):
        return psycopg2.connect(host=str(self.dir), port=5432, user=user, dbname="pact", **kw)

    def stop(self):
        as_postgres(BIN / "pg_ctl", "-D", self.dir / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.dir, ignore_errors=True)


class User:
    def __init__(self, workspace, user_id, email, role):
        self.workspace, self.id, self.email, self.role, self.hash = workspace, user_id, email, role, "hash"
        self.session, self.secret, self.refresh = uuid.uuid4(), os.urandom(32), os.urandom(32)


class Workspace:
    def __init__(self, pg, slug):
        self.pg, self.slug, self.id = pg, slug, uuid.uuid4()
        self.users = {}
        with pg.program("pact_operator") as cur:
            owner = f"owner@{slug}.example"
            cur.execute("SELECT ops.workspace_create(%s, %s, %s, %s, 'k1', %s, 'Olga Owner', 'hash', %s, 'ops@example')",
                        (self.id, slug, slug.title(), os.urandom(60), owner, hmac_of(owner)))
            self.users["owner"] = User(self, cur.fetchone()[0], owner, "owner")
            for role in ("admin", "member", "viewer"):
                email = f"{role}@{slug}.example"
                cur.execute("SELECT ops.user_add(%s, %s, %s, %s, 'hash', %s, 'ops@example')",
                            (slug, email, role.title(), role, hmac_of(email)))
                self.users[role] = User(self, cur.fetchone()[0], email, role)
        for user in self.users.values():
            self.log_in(user)

    def log_in(self, user):
        user.session, user.secret, user.refresh = uuid.uuid4(), os.urandom(32), os.urandom(32)
        with self.pg.program("pact_auth") as cur:
            cur.execute("SELECT body FROM app.login_succeed(%s, %s, %s, false, %s, %s, %s, %s, 'cookie', '192.0.2.7', 'test', 'req-login')",
                        (self.id, user.id, hmac_of(user.email), user.hash, user.session, sha(user.secret), sha(user.refresh)))
            return cur.fetchone()[0]


def sha(b):
    return hashlib.sha256(b).digest()


def hmac_of(email):
    return sha(b"pepper" + email.lower().encode())


class Pg:
    """What tests need of the cluster: one transaction as a program, as a user of a workspace, or as the owner."""

    def __init__(self, cluster):
        self.cluster = cluster

    @contextmanager
    def program(self, role):
        conn = self.cluster.connect(role)
        try:
            with conn, conn.cursor() as cur:
                yield cur
        finally:
            conn.close()

    @contextmanager
    def user(self, user, permission="self", role="pact_crm", read_only=False):
        with self.program(role) as cur:
            enter(cur, user, permission, read_only)
            yield cur

    @contextmanager
    def superuser(self):
        with self.program("postgres") as cur:
            yield cur

    @contextmanager
    def owner(self, workspace):
        """pact_owner in the context of a workspace, as definer functions run."""
        with self.superuser() as cur:
            cur.execute("SELECT set_config('pact.tenant_id', %s, true), set_config('pact.actor_email', 'test@example', true)",
                        (str(workspace.id),))
            cur.execute("SET LOCAL ROLE pact_owner")
            yield cur


def enter(cur, user, permission="self", read_only=False):
    cur.execute("SELECT user_id, email FROM app.enter_session(%s, %s, %s, %s, '192.0.2.7', 'req-1', %s)",
                (user.workspace.id, user.session, user.secret, permission, read_only))
    return cur.fetchone()


def add_contact(cur, workspace, **columns):
    """Inserts as the current role does; returns the contact's row as a dict."""
    columns = {"tenant_id": workspace.id, "consent_status": "pending", "consent_source": "manual", **columns}
    columns = {k: psycopg2.extras.Json(v) if isinstance(v, dict) else v for k, v in columns.items()}
    cur.execute(f"INSERT INTO pact.contact ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) RETURNING id",
                list(columns.values()))
    return contact(cur, cur.fetchone()[0])


def contact(cur, contact_id):
    cur.execute("SELECT to_jsonb(c) FROM pact.contact c WHERE id = %s", (contact_id,))
    row = cur.fetchone()
    return row and {**row[0], "id": uuid.UUID(row[0]["id"])}


def cpu(cur):
    """Seconds of processor time that the server process behind cur has had: unlike the clock, blind to what else runs."""
    cur.execute("SELECT pg_backend_pid()")
    return int(Path(f"/proc/{cur.fetchone()[0]}/schedstat").read_text().split()[0]) / 1e9


def events(cur, resource_id):
    """The audit events of a resource, oldest first."""
    cur.execute("SELECT action, old, new, actor_email, module, ip, request_id FROM pact.audit_event WHERE resource_id = %s ORDER BY id",
                (resource_id,))
    return [dict(zip(("action", "old", "new", "actor_email", "module", "ip", "request_id"), r)) for r in cur.fetchall()]


@contextmanager
def refused(slug):
    """The statement is refused as the problem slug; the refusal is given to the caller."""
    box = {}
    with pytest.raises(psycopg2.Error) as e:
        yield box
    assert (e.value.pgcode, e.value.diag.message_primary) == ("PT000", slug)
    box["hint"] = e.value.diag.message_hint
    box["detail"] = json.loads(e.value.diag.message_detail) if e.value.diag.message_detail else None


@pytest.fixture(scope="session")
def cluster():
    c = Cluster()
    try:
        done = c.migrate()
        assert done.returncode == 0, done.stderr
        with c.connect() as conn, conn.cursor() as cur:
            cur.execute("ALTER ROLE pact_auth CONNECTION LIMIT 60")
        yield c
    finally:
        c.stop()


@pytest.fixture(scope="session")
def pg(cluster):
    return Pg(cluster)


@pytest.fixture(scope="session")
def alpha(pg):
    return Workspace(pg, "alpha")


@pytest.fixture(scope="session")
def beta(pg):
    return Workspace(pg, "beta")


@pytest.fixture
def fresh(pg):
    """A workspace that no other test has touched."""
    return Workspace(pg, f"w-{uuid.uuid4().hex[:12]}")
