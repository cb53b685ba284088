# SPDX-License-Identifier: GPL-3.0-or-later
"""S1 and "nothing is lost": workers killed, modules stopped, the database gone, clients that dawdle. Runs after the others."""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import socket
import ssl
import threading
import time
import urllib.parse

import pytest
from client import Client
from fake_op import FakeOP
from samples import Things
from sso import Sso
from stack import address, unique

pytestmark = pytest.mark.last
READS = {"auth": "/v1/auth/session", "crm": "/v1/contacts?limit=1", "audit": "/v1/audit/events?limit=1"}


@pytest.fixture(scope="module")
def c(make_workspace, stack):
    return Client(stack).login(make_workspace(roles=()).users["owner"])


def workers(stack, pool):
    """Processes of a pool: the program, with the pool's name in its environment."""
    found = []
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = (p / "cmdline").read_bytes().split(b"\0")[0].decode()
            if program == stack.program(pool.split("-")[0]) and f"PACT_POOL={pool}".encode() in (p / "environ").read_bytes().split(b"\0"):
                found.append(int(p.name))
    return sorted(found)


class Load:
    """Asks again and again, from several sides, until told to stop; keeps every answer that was not a 200."""

    def __init__(self, c, path, sides=4):
        self.failed, self.n, self.on = [], 0, True
        self.threads = [threading.Thread(target=self.ask, args=(Client(c.stack), c.session.headers["Authorization"], path)) for _ in range(sides)]

    def ask(self, client, token, path):
        while self.on:
            try:
                r = client.get(path, headers={"Authorization": token}, check=False)
                if r.status_code != 200:
                    self.failed.append((r.status_code, r.text))
            except Exception as e:
                self.failed.append((0, repr(e)))
            self.n += 1

    def __enter__(self):
        for t in self.threads:
            t.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.on = False
        for t in self.threads:
            t.join()


@pytest.mark.parametrize("pool", sorted(READS))
def test_S1_a_killed_worker_costs_one_request_and_is_replaced_within_a_second(pool, c, stack):
    before = workers(stack, pool)
    assert len(before) >= 2
    with Load(c, READS[pool]) as load:
        os.kill(before[0], signal.SIGKILL)
        end = time.monotonic() + 1
        while len(workers(stack, pool)) < len(before) or before[0] in workers(stack, pool):
            assert time.monotonic() < end, "no new worker within a second"
            time.sleep(0.02)
        time.sleep(0.5)
    assert len(load.failed) <= 1 and load.n > 20, load.failed
    for status, text in load.failed:
        assert status == 503 and "/problems/unavailable" in text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM])  # systemd, multiwatch, the end of its time
def test_S1_workers_that_are_asked_to_end_cost_nothing(how, c, stack):
    with Load(c, READS["crm"]) as load:
        for _ in range(10):
            before = workers(stack, "crm")
            for pid in before:
                os.kill(pid, how)
                time.sleep(0.02)
            end = time.monotonic() + 5
            while set(before) & set(workers(stack, "crm")):
                assert time.monotonic() < end, "a worker that does not end"
                time.sleep(0.02)
    assert load.failed == [] and load.n > 100


def test_S1_a_module_fails_alone(c, stack):
    stack.run("stop", "crm")
    try:
        r = c.get(READS["crm"])
        assert r.status_code == 503 and r.json()["type"] == "/problems/unavailable" and r.headers["Retry-After"]
        for pool in ("auth", "audit"):
            assert c.get(READS[pool]).status_code == 200, pool
        Client(stack).login(c.user)
        assert c.get("/contacts", check=False).status_code == 200, "pages are there"
    finally:
        stack.run("start", "crm")
    end = time.monotonic() + 10
    while c.get(READS["crm"]).status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.1)


@contextlib.contextmanager
def database_away(stack):
    stack.run("stop", "postgres")
    try:
        yield
    finally:
        stack.run("start", "postgres")


def settled(c, stack):
    """Every process is well again, and none of them spends a request to find out."""
    time.sleep(0.3)  # a process that was refused asks again after 200 ms
    for path in READS.values():
        for _ in range(12):
            assert c.get(path).status_code == 200
    for _ in range(4):
        Client(stack).login(c.user)


def test_A4_the_database_goes_while_the_provider_is_asked(c, stack, make_workspace):
    """No transaction is open then, and none can be begun after it."""
    workspace = make_workspace(roles=())
    sso = Sso(stack, workspace, Client(stack).login(workspace.users["owner"]))
    cur = stack.db().cursor()
    with FakeOP(stack) as op:
        sso.connect(type="oidc", issuer=op.issuer, client_id=op.client_id, client_secret=op.secret, jit=True, default_roles=["viewer"])
        browser, before = sso.browser(), workers(stack, "auth-oidc")

        def away(answer):
            cur.execute("ALTER ROLE pact_auth NOLOGIN")
            cur.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'pact_auth'")
            return answer

        op.lie["token"] = away
        try:
            back = op.answer(browser.begin(), sub="s", email=f"s@{sso.domain}", email_verified=True)
            r = browser.get(back, check=False)
        finally:
            cur.execute("ALTER ROLE pact_auth LOGIN")
    assert r.status_code == 503 and r.json()["type"] == "/problems/unavailable"
    assert r.json()["instance"] == r.headers["X-Request-Id"] and "Server-Timing" in r.headers, "the program itself says so"
    assert workers(stack, "auth-oidc") == before, "no process ended for that"
    settled(c, stack)


def test_the_database_stops_in_the_middle_of_a_request(c, stack):
    """The request is told so, nothing of it stays, and everything goes on by itself."""
    contact = Things(c).contact()
    path = f"/v1/contacts/{contact}"
    holder = stack.db()
    holder.autocommit = False
    holder.cursor().execute("SELECT FROM pact.contact WHERE id = %s FOR UPDATE", (contact,))
    # whose lock goes only after the request's connection did: were it the first to be ended, the change might still be made,
    # and rightly be answered so
    lock = holder.info.backend_pid
    before = {pool: workers(stack, pool) for pool in READS}
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: Client(stack).request("PATCH", path, json={"title": "never"}, headers={"Authorization": c.session.headers["Authorization"]}))
        time.sleep(0.5)
        assert not waiting.done()
        os.kill(lock, signal.SIGSTOP)
        waiting.add_done_callback(lambda _: os.kill(lock, signal.SIGCONT))
        with database_away(stack):
            r = waiting.result(timeout=10)
            assert r.status_code == 503 and r.json()["type"] == "/problems/unavailable" and int(r.headers["Retry-After"]) > 0
            for url in READS.values():
                r = c.get(url)
                assert r.status_code == 503 and int(r.headers["Retry-After"]) > 0, url
            r = Client(stack).request("POST", "/v1/auth/login", json={"email": c.user.email, "password": c.user.password})
            assert r.status_code == 503
            assert c.get("/healthz/crm", check=False).status_code == 503
    settled(c, stack)
    assert c.ok("GET", path)["title"] is None
    assert c.ok("PATCH", path, {"title": "now"})["title"] == "now"
    assert {pool: workers(stack, pool) for pool in READS} == before, "no process ended for that"


def test_jobs_go_on_after_the_database_was_away(c, stack):
    tag = unique("tag")
    one = Things(c).contact(tags=[tag], consent_status="confirmed")
    with database_away(stack):
        pass
    settled(c, stack)
    job = Things(c).wait_job(c.ok("POST", "/v1/contacts/bulk-consent", {"filter": {"tag": tag}, "status": "declined"})["job"])
    assert job["status"] == "done"
    assert c.ok("GET", f"/v1/contacts/{one}")["consent_status"] == "declined"


def test_a_runner_that_is_killed_is_replaced_and_its_jobs_are_done(c, stack):
    runner, = workers(stack, "crm-job")
    os.kill(runner, signal.SIGKILL)
    tag = unique("tag")
    Things(c).contact(tags=[tag])
    assert Things(c).wait_job(c.ok("POST", "/v1/contacts/bulk-consent", {"filter": {"tag": tag}, "status": "declined"})["job"])["status"] == "done"
    assert workers(stack, "crm-job") != [runner]


# ── clients that dawdle ──

def connect(stack):
    port = urllib.parse.urlsplit(stack.base).port
    return ssl.create_default_context(cafile=stack.ca).wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname="localhost")


def quick(c, n=20):
    start = time.monotonic()
    for _ in range(n):
        assert c.get("/v1/contacts?limit=1").status_code == 200
    return time.monotonic() - start


def test_a_slow_writer_holds_no_process(c, stack):
    """Three times as many half requests as there are processes."""
    body = b'{"email":"' + address().encode() + b'"}'
    head = (f"POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: {c.session.headers['Authorization']}\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    slow = [connect(stack) for _ in range(12)]
    for s in slow:
        s.sendall(head + body[:10])
    assert quick(c) < 5
    for s in slow:
        s.sendall(body[10:])
    assert sorted(s.recv(65536).split(b" ")[1][:3] for s in slow) == [b"201"] + [b"409"] * 11


def test_a_slow_reader_holds_no_process(c, stack):
    for _ in range(30):
        Things(c).contact(title="t" * 200, tags=["x" * 60])
    slow = [connect(stack) for _ in range(12)]
    for s in slow:
        s.sendall(f"GET /v1/contacts?limit=200 HTTP/1.1\r\nHost: localhost\r\nAuthorization: {c.session.headers['Authorization']}\r\nConnection: close\r\n\r\n".encode())
    assert quick(c) < 5
    for s in slow:
        assert s.recv(16).startswith(b"HTTP/1.1 200")
        s.close()


def test_a_client_that_leaves_harms_nobody(c, stack):
    before = workers(stack, "crm")
    for _ in range(20):
        s = connect(stack)
        s.sendall(f"GET /v1/contacts/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: {c.session.headers['Authorization']}\r\n\r\n".encode())
        s.close()
    assert quick(c) < 5 and workers(stack, "crm") == before
    end = time.monotonic() + 10
    while c.get("/v1/contacts/export?format=jsonl").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
