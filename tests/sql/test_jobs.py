# SPDX-License-Identifier: GPL-3.0-or-later
"""Background jobs and idempotency keys."""
import threading
import uuid

import psycopg2
import pytest
from conftest import Workspace, enter, refused
from psycopg2.extras import Json


@pytest.fixture
def empty(pg):
    """No job of crm is in the queue but the test's own."""
    with pg.superuser() as cur:
        cur.execute("DELETE FROM app.job_queue WHERE module = 'crm'")


def enqueue(pg, user, payload=None, run_at=None):
    with pg.user(user) as cur:
        cur.execute("SELECT app.enqueue('crm', 'test', %s, coalesce(%s, now()))", (Json(payload or {}), run_at))
        return cur.fetchone()[0]


class Runner:
    """One connection that claims, enters and ends jobs, each step a transaction, as a runner does."""

    def __init__(self, pg, role="pact_crm"):
        self.conn, self.module = pg.cluster.connect(role), role.removeprefix("pact_")

    def step(self, *calls):
        with self.conn, self.conn.cursor() as cur:
            for sql, args in calls:
                cur.execute(sql, args)
            return cur.fetchall()

    def claim(self, lease="1 minute"):
        rows = self.step(("SELECT tenant_id, job_id FROM app.claim(%s, %s)", (self.module, lease)))
        return rows[0] if rows else None

    def enter(self, claimed, *then):
        return self.step(("SELECT kind, payload, attempts, max_attempts FROM app.enter_job(%s, %s)", claimed), *then)

    def done(self, claimed):
        self.enter(claimed, ("SELECT app.job_done(%s)", (claimed[1],)))

    def failed(self, claimed, error="broke", retry="0 seconds"):
        self.enter(claimed, ("SELECT app.job_failed(%s, %s, %s)", (claimed[1], error, retry)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.conn.close()


def job(pg, job_id):
    with pg.superuser() as cur:
        cur.execute("SELECT j.status, j.attempts, j.last_error, j.payload, q.job_id IS NOT NULL FROM pact.job j LEFT JOIN app.job_queue q "
                    "ON q.tenant_id = j.tenant_id AND q.job_id = j.id WHERE j.id = %s", (job_id,))
        return cur.fetchone()


def expire(pg, job_id):
    with pg.superuser() as cur:
        cur.execute("UPDATE app.job_queue SET lease = now() - interval '1 second' WHERE job_id = %s", (job_id,))


def test_a_job_from_start_to_end(pg, alpha, empty):
    user = alpha.users["member"]
    j = enqueue(pg, user, {"n": 1})
    with Runner(pg) as r:
        claimed = r.claim()
        assert claimed == (alpha.id, j)
        assert r.claim() is None, "taken"
        assert r.enter(claimed) == [("test", {"n": 1}, 1, 5)]
        assert job(pg, j)[:2] == ("running", 1)
        assert r.enter(claimed, ("SELECT app.actor_kind(), app.actor_id(), app.actor_email(), app.ip(), app.request_id(), app.tenant_id()", None)) == [
            ("user", user.id, user.email, "192.0.2.7", "req-1", alpha.id)]
        r.enter(claimed, ("SELECT app.job_extend(%s, '5 minutes')", (j,)))
        r.done(claimed)
        assert job(pg, j) == ("done", 1, None, {}, False), "what it was about is forgotten"
        assert r.claim() is None
        with refused("not-found"):
            r.enter(claimed)


def test_two_runners_never_share_a_job(pg, alpha, empty):
    jobs = {enqueue(pg, alpha.users["owner"]) for _ in range(40)}
    got = []

    def run():
        with Runner(pg) as r:
            while claimed := r.claim():
                got.append(claimed[1])
                r.done(claimed)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(got) == 40 and set(got) == jobs


def test_claiming_does_not_wait_for_another_claim(pg, alpha, empty):
    first, second = enqueue(pg, alpha.users["owner"]), enqueue(pg, alpha.users["owner"])
    with Runner(pg) as a, Runner(pg) as b:
        with a.conn.cursor() as cur:
            cur.execute("SELECT job_id FROM app.claim('crm', '1 minute')")
            assert cur.fetchone() == (first,)
            b.step(("SET statement_timeout = '2s'", None), ("SELECT 1", None))
            assert b.claim()[1] == second
        a.conn.rollback()


def test_a_lost_runner(pg, alpha, empty):
    """Its job is taken again when the lease has run out, and it cannot go on with what is another's now."""
    j = enqueue(pg, alpha.users["owner"])
    with Runner(pg) as lost, Runner(pg) as other:
        claimed = lost.claim()
        assert other.claim() is None
        with refused("not-found"):
            other.enter(claimed)
        expire(pg, j)
        with refused("not-found"):
            lost.enter(claimed)
        assert other.claim() == claimed
        assert other.enter(claimed)[0][2] == 2
        for call in ("app.job_done(%s)", "app.job_extend(%s, '1 minute')", "app.job_failed(%s, 'x', '0')"):
            with refused("not-found"):
                lost.enter(claimed, (f"SELECT {call}", (j,)))
        other.done(claimed)


def test_a_lease_that_runs_out_in_a_transaction_is_not_taken_before_its_end(pg, alpha, empty):
    j = enqueue(pg, alpha.users["owner"])
    with Runner(pg) as slow, Runner(pg) as other:
        claimed = slow.claim("250 milliseconds")
        with slow.conn.cursor() as cur:
            cur.execute("SELECT * FROM app.enter_job(%s, %s)", claimed)
            cur.execute("SELECT pg_sleep(0.3)")
            assert other.claim() is None
            cur.execute("SELECT app.job_done(%s)", (j,))
        slow.conn.commit()
        assert job(pg, j)[0] == "done" and other.claim() is None


def test_retries_and_the_dead_letter(pg, alpha, empty):
    j = enqueue(pg, alpha.users["owner"], {"n": 1})
    with Runner(pg) as r:
        for attempt in range(1, 6):
            claimed = r.claim()
            assert claimed[1] == j
            r.failed(claimed, "x" * 600, "0 seconds")
            assert job(pg, j)[:2] == ("dead" if attempt == 5 else "queued", attempt)
        assert r.claim() is None
        status, _, error, payload, queued = job(pg, j)
        assert (len(error), payload, queued) == (500, {"n": 1}, False)
        j = enqueue(pg, alpha.users["owner"])
        r.failed(r.claim(), "later", "1 hour")
        assert r.claim() is None and job(pg, j)[0] == "queued"
        j = enqueue(pg, alpha.users["owner"])
        r.failed(r.claim(), "never", None)
        assert job(pg, j)[::4] == ("failed", False)


def test_a_job_that_kills_its_runner_ends_dead(pg, alpha, empty):
    j = enqueue(pg, alpha.users["owner"])
    for _ in range(5):
        with Runner(pg) as r:
            assert r.claim()[1] == j
        expire(pg, j)
    with Runner(pg) as r:
        assert r.claim() is None
    assert job(pg, j) == ("dead", 0, "the runner was lost", {}, False)


def test_jobs_wait_for_their_time_and_for_their_workspace(pg, fresh, empty):
    later = enqueue(pg, fresh.users["owner"], run_at="2999-01-01")
    now = enqueue(pg, fresh.users["owner"])
    with pg.program("pact_operator") as cur:
        cur.execute("SELECT ops.workspace_suspend(%s, true, 'x')", (fresh.slug,))
    with Runner(pg) as r:
        assert r.claim() is None
        with pg.program("pact_operator") as cur:
            cur.execute("SELECT ops.workspace_suspend(%s, false, 'x')", (fresh.slug,))
        assert r.claim()[1] == now
        assert r.claim() is None
    assert job(pg, later)[0] == "queued"


def test_a_program_has_its_own_jobs_only(pg, alpha, empty):
    j = enqueue(pg, alpha.users["owner"])
    with Runner(pg, "pact_audit") as r:
        assert r.claim() is None
        with refused("forbidden"):
            r.step(("SELECT * FROM app.claim('crm', '1 minute')", None))
        with refused("not-found"):
            r.enter((alpha.id, j))
    with pg.user(alpha.users["owner"]) as cur, refused("forbidden"):
        cur.execute("SELECT app.enqueue('mail', 'deliver', '{}')")
    with pg.program("pact_crm") as cur, refused("unauthenticated"):
        cur.execute("SELECT app.enqueue('crm', 'x', '{}')")
    with pg.user(alpha.users["owner"]) as cur, refused("forbidden"):
        cur.execute("SELECT * FROM app.claim('crm', '1 minute')")


def test_enqueueing_tells_the_runner(pg, alpha, empty):
    conn = pg.cluster.connect("pact_crm")
    conn.autocommit = True
    with conn.cursor() as cur:
        cur.execute("LISTEN pact_job_crm")
        enqueue(pg, alpha.users["owner"])
        cur.execute("SELECT 1")
        conn.poll()
        assert [(n.channel, n.payload) for n in conn.notifies] == [("pact_job_crm", "")]
    conn.close()


# ── idempotency ──────────────────────────────────────────────────────────────────────────────────────────────────────
BODY, OTHER = b"\x01" * 32, b"\x02" * 32


def begin(cur, key, body=BODY, route="POST /v1/contacts"):
    cur.execute("SELECT app.idempotency_begin(%s, %s, %s)", (route, key, body))


def store(cur, key, route="POST /v1/contacts"):
    cur.execute("SELECT app.idempotency_store(%s, %s, 201, %s, %s, NULL)", (route, key, Json({"Location": "/x"}), b"\x00{}"))


def get(cur, key, body=BODY, route="POST /v1/contacts"):
    cur.execute("SELECT status, headers, body FROM app.idempotency_get(%s, %s, %s)", (route, key, body))
    return [(s, h, bytes(b)) for s, h, b in cur.fetchall()]


def test_the_same_answer_once(pg, alpha):
    key, user = str(uuid.uuid4()), alpha.users["owner"]
    with pg.user(user) as cur:
        begin(cur, key)
        assert get(cur, key) == []
        store(cur, key)
    with pg.user(user) as cur, refused("idempotency-replay"):
        begin(cur, key)
    with pg.user(user) as cur:
        assert get(cur, key) == [(201, {"Location": "/x"}, b"\x00{}")]
        assert get(cur, key, OTHER) == []
    with pg.user(user) as cur, refused("idempotency-conflict"):
        begin(cur, key, OTHER)


def test_a_key_is_its_users_and_its_routes(pg, alpha, beta):
    key = str(uuid.uuid4())
    with pg.user(alpha.users["owner"]) as cur:
        begin(cur, key)
        store(cur, key)
        begin(cur, key, OTHER, "POST /v1/accounts")
    for other in (alpha.users["member"], beta.users["owner"]):
        with pg.user(other) as cur:
            assert get(cur, key) == []
            begin(cur, key, OTHER)


def test_work_that_failed_leaves_the_key_free(pg, alpha):
    key, user = str(uuid.uuid4()), alpha.users["owner"]
    with pg.user(user) as cur:
        begin(cur, key)
        cur.execute("ROLLBACK")
    with pg.user(user) as cur:
        begin(cur, key, OTHER)


def test_the_second_of_two_at_once_is_told_to_wait_and_does_not(pg, alpha):
    key, user = str(uuid.uuid4()), alpha.users["owner"]
    with pg.user(user) as first:
        begin(first, key)
        with pg.user(user) as second:
            second.execute("SET LOCAL statement_timeout = '2s'")
            with refused("in-progress") as problem:
                begin(second, key)
        assert problem["detail"] == {"retry_after": 1}
        store(first, key)
    with pg.user(user) as cur, refused("idempotency-replay"):
        begin(cur, key)


def test_many_at_once_do_the_work_once(pg, alpha):
    key, user, done = str(uuid.uuid4()), alpha.users["owner"], []

    def work():
        try:
            with pg.user(user) as cur:
                begin(cur, key)
                store(cur, key)
            done.append("work")
        except psycopg2.Error as e:
            done.append(e.diag.message_primary)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert done.count("work") == 1 and set(done) <= {"work", "in-progress", "idempotency-replay"}


def test_an_answer_is_kept_a_day(pg, alpha):
    key, user = str(uuid.uuid4()), alpha.users["owner"]
    with pg.user(user) as cur:
        begin(cur, key)
        store(cur, key)
    with pg.superuser() as cur:
        cur.execute("UPDATE pact.idempotency SET created_at = now() - interval '25 hours' WHERE key = %s", (key,))
    with pg.user(user) as cur:
        assert get(cur, key) == []
        begin(cur, key, OTHER)
        cur.execute("ROLLBACK")
    with pg.program("pact_audit") as cur:
        cur.execute("SELECT n FROM app.purge() WHERE what = 'idempotency'")
        assert cur.fetchone()[0] >= 1
    with pg.superuser() as cur:
        cur.execute("SELECT count(*) FROM pact.idempotency WHERE key = %s", (key,))
        assert cur.fetchone() == (0,)


def test_purge_forgets_what_is_old_and_nothing_else(pg):
    w = Workspace(pg, f"p-{uuid.uuid4().hex[:8]}")
    old, new = "interval '31 days'", "interval '1 hour'"
    with pg.owner(w) as cur:
        for age in (old, new):
            cur.execute(f"INSERT INTO pact.job (tenant_id, module, kind, status, finished_at) VALUES (%s, 'x', 'x', 'done', now() - {age})", (w.id,))
            cur.execute(f"INSERT INTO pact.outbox (tenant_id, user_id, template, sent_at) VALUES (%s, %s, 't', now() - {age})", (w.id, w.users["owner"].id))
            cur.execute(f"INSERT INTO pact.outbox (tenant_id, user_id, template, status, created_at) VALUES (%s, %s, 't', 'failed', now() - {age})",
                (w.id, w.users["owner"].id))
            cur.execute(f"INSERT INTO pact.import (tenant_id, status, created_at, guess) VALUES (%s, 'mapping', now() - {age}, '{{\"sample\":[]}}') RETURNING id", (w.id,))
            cur.execute("INSERT INTO pact.import_chunk VALUES (%s, %s, 0, 'x')", (w.id, cur.fetchone()[0]))
        cur.execute(f"UPDATE pact.session SET ended_at = now() - {old} WHERE id = %s", (w.users["viewer"].session,))
    with pg.program("pact_audit") as cur:
        cur.execute("SELECT what FROM app.purge() WHERE n > 0")
        assert {r[0] for r in cur.fetchall()} >= {"import_chunk", "session", "job", "outbox"}
    with pg.superuser() as cur:
        for table, left in (("import_chunk", 1), ("session", 3)):
            cur.execute(f"SELECT count(*) FROM pact.{table} WHERE tenant_id = %s", (w.id,))
            assert cur.fetchone() == (left,), table
        cur.execute("SELECT count(*) FROM pact.job WHERE tenant_id = %s AND module = 'x'", (w.id,))
        assert cur.fetchone() == (1,)
        cur.execute("SELECT count(*) FROM pact.outbox WHERE tenant_id = %s AND template = 't'", (w.id,))
        assert cur.fetchone() == (2,), "one that was sent, one that could not be"
        cur.execute("SELECT status, guess FROM pact.import WHERE tenant_id = %s ORDER BY created_at", (w.id,))
        assert cur.fetchall() == [("cancelled", {}), ("mapping", {"sample": []})]
    with pg.user(w.users["owner"], role="pact_audit") as cur, refused("forbidden"):
        cur.execute("SELECT * FROM app.purge()")
    with pg.program("pact_crm") as cur:
        enter(cur, w.users["owner"])
