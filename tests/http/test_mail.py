# SPDX-License-Identifier: GPL-3.0-or-later
"""
The outbox: mail of the running stack goes to its maildir; for SMTP a runner of the test's own takes its place and speaks to a
server that does what the test says.
"""
import email
import email.header
import email.policy
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import time

import pytest
import smtp_sink
from stack import MARK, address, unique

TENANT = "SELECT set_config('pact.tenant_id', %s, false)"


def until(what, seconds=15):
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return value


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.default)


@pytest.fixture(scope="module")
def conn(stack):
    conn = stack.db()
    yield conn.cursor()
    conn.close()


@pytest.fixture(scope="module")
def outbox(conn, workspaces):
    """The outbox of a workspace: add() puts a message in, as functions of the database do, row() looks at one."""
    w = workspaces[0]

    class Outbox:
        tenant, user = w.tenant, w.users["member"]

        def add(self, template="password-changed", user=None, n=1, **variables):
            conn.execute(TENANT, (self.tenant,))
            conn.execute("SELECT app.outbox_add(%s, %s, %s::jsonb) FROM generate_series(1, %s)",
                (user or self.user.id, template, json.dumps(variables), n))
            ids = [str(i) for (i,) in conn.fetchall()]
            return ids[0] if n == 1 else ids

        def row(self, i):
            conn.execute("SELECT status, attempts, last_error, message_id, sent_at, vars FROM pact.outbox WHERE id = %s", (i,))
            return dict(zip(("status", "attempts", "last_error", "message_id", "sent_at", "vars"), conn.fetchone()))

        def job(self, i):
            conn.execute("SELECT j.status FROM pact.job j WHERE j.id = %s", (self.job_id(i),))
            return conn.fetchone()[0]

        def job_id(self, i):
            """Jobs are made right behind their rows; their payload is emptied when they are done."""
            conn.execute("SELECT id FROM pact.job WHERE tenant_id = %s AND module = 'mail' AND id > %s ORDER BY id LIMIT 1", (self.tenant, i))
            return conn.fetchone()[0]

        def hurry(self, i, lease=False):
            """As if the wait, or the lease of a runner that is gone, were over."""
            conn.execute("UPDATE app.job_queue SET run_at = now() - interval '1 s'" + (", lease = now() - interval '1 s'" if lease else "") +
                " WHERE job_id = %s", (self.job_id(i),))
            assert conn.rowcount == 1
            conn.execute("NOTIFY pact_job_mail")

        def reaches(self, i, status):
            until(lambda: self.row(i)["status"] == status)
            return self.row(i)

    return Outbox()


# ── the maildir of the stack ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def maildir(demo):
    return pathlib.Path(demo["mail_dir"])


def mail_to(maildir, address):
    found = [parse(p.read_bytes()) for p in sorted(maildir.glob("new/*"))]
    return [m for m in found if m["To"].addresses[0].addr_spec == address]


def display_name(maildir, address):
    """The name before an address in To, by the older of Python's parsers: it joins encoded words as RFC 2047 says."""
    (raw,) = [email.message_from_bytes(p.read_bytes())["To"] for p in maildir.glob("new/*") if f"<{address}>".encode() in p.read_bytes()]
    text = str(email.header.make_header(email.header.decode_header(raw))).replace("\n", "")
    assert text.endswith(f"<{address}>")
    text = text.removesuffix(f"<{address}>").strip()
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if raw.startswith('"') else text


def test_a_changed_password_is_told_by_mail(make_user, login, maildir, outbox, conn, stack):
    user = make_user("member")
    c = login(user)
    c.ok("POST", "/v1/auth/password", {"current_password": user.password, "new_password": "a much longer sentence"})
    (m,) = until(lambda: mail_to(maildir, user.email))
    assert m["Subject"] == "Your password was changed"
    assert str(m["To"]) == f"{MARK} member <{user.email}>"
    assert m["From"].addresses[0].addr_spec == "pact@localhost"
    assert m["Auto-Submitted"] == "auto-generated" and m["MIME-Version"] == "1.0"
    assert m.get_content_type() == "text/plain" and m.get_content_charset() == "utf-8"
    assert abs(m["Date"].datetime.timestamp() - time.time()) < 60
    text = m.get_content()
    assert f"Hello {MARK} member," in text and f"From:       {c.ip}" in text and "UTC" in text
    conn.execute("SELECT id FROM pact.outbox WHERE user_id = %s", (user.id,))
    (i,) = conn.fetchone()
    assert m["Message-ID"] == f"<{i}@localhost>"
    row = outbox.reaches(i, "sent")
    assert row["sent_at"] and row["vars"] == {} and row["attempts"] == 1 and row["last_error"] is None
    assert not list(maildir.glob("tmp/*"))


def test_a_new_workspace_welcomes_its_owner(make_workspace, maildir, base_url):
    w = make_workspace(roles=())
    (m,) = until(lambda: mail_to(maildir, w.users["owner"].email))
    assert m["Subject"] == f"Your workspace Tests {w.slug} is ready"
    assert base_url + "/login" in m.get_content()


@pytest.mark.parametrize("name", ["Zoë O'Neil", "Ærlig Ånd, \"Ø\"", "名前 🙂 " * 12, "x\r\nBcc: everyone@people.example\r\n\r\nBuy!", "=?UTF-8?Q?no?=",
    "<evil@people.example>, y"])
def test_a_name_is_a_name(stack, make_user, maildir, outbox, name):
    user = make_user("viewer")
    assert stack.edit(outbox.tenant, "UPDATE pact.user_account SET name = %s WHERE id = %s", (name, user.id)) == 1
    outbox.add("welcome", user.id)
    (m,) = until(lambda: mail_to(maildir, user.email))
    assert not m.defects and [a.addr_spec for a in m["To"].addresses] == [user.email]
    harmless = re.sub(r"[\r\n]", " ", name)
    assert display_name(maildir, user.email) == harmless.strip()
    assert sorted(m.keys()) == sorted(["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding"])
    assert f"Hello {harmless}," in m.get_content()


def test_what_an_import_came_to(maildir, make_user, outbox, base_url):
    user = make_user("member")
    outbox.add("import-finished", user.id, **{"status": "done", "filename": "=kontakter æøå.csv", "imported": 12, "updated": 0, "skipped": 1,
        "errors": 2, "mailable": 7, "needs_confirming": 5, "suppressed": 0, "import": "01900000-0000-7000-8000-000000000001"})
    (m,) = until(lambda: mail_to(maildir, user.email))
    assert m["Subject"] == "Import done: =kontakter æøå.csv"
    text = m.get_content()
    assert "New contacts:       12\n" in text and "Updated contacts:   0\n" in text and "Why:" not in text
    assert f"{base_url}/import?id=01900000-0000-7000-8000-000000000001" in text


def test_an_import_that_ends_is_told_to_whom_it_was_for(maildir, make_user, login):
    user = make_user("member")
    data = f"Email Address,First Name\n{address()},Ada\nnot an address,Bob\n".encode()
    i = login(user).ok("POST", "/v1/imports?filename=people.csv", data=data, headers={"Content-Type": "text/csv"})["public_id"]
    (m,) = until(lambda: mail_to(maildir, user.email))
    assert m["Subject"] == "Import done: people.csv"
    text = m.get_content()
    assert "New contacts:       1\n" in text and "Rows with errors:   1\n" in text and f"/import?id={i}" in text


def test_a_message_nobody_can_write_fails_at_once(outbox):
    i = outbox.add("no-such-template")
    assert outbox.reaches(i, "failed")["last_error"] == "no such template"
    until(lambda: outbox.job(i) == "failed")


def test_a_message_is_in_the_maildir_once(maildir, make_user, outbox, conn):
    """A crash between the file and the record: the row is tried again, the file is not there twice, read or unread."""
    user = make_user("viewer")
    for read in (False, True):
        i = outbox.add("welcome", user.id)
        outbox.reaches(i, "sent")
        file = maildir / "new" / f"{i}.pact"
        assert file.stat().st_mode & 0o777 == 0o600
        if read:
            file.rename(maildir / "cur" / f"{i}.pact:2,S")
        conn.execute("UPDATE pact.outbox SET status = 'sending', sent_at = NULL WHERE id = %s", (i,))
        conn.execute(TENANT, (outbox.tenant,))
        conn.execute("SELECT app.job_add('mail', 'deliver', jsonb_build_object('outbox', %s::text), now())", (i,))
        assert outbox.reaches(i, "sent")["attempts"] == 2
        assert len(list(maildir.glob(f"*/{i}*"))) == 1


# ── SMTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def no_other_runner(stack):
    stack.run("stop", "mail-job")
    yield
    stack.run("start", "mail-job")


@pytest.fixture
def runner(stack, no_other_runner, tmp_path):
    """runner(url): a `mail -j` of the test's own; killed at its end."""
    started = []

    def start(url, **env):
        log = (tmp_path / f"runner{len(started)}.log").open("wb")
        keep = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        p = subprocess.Popen([stack.program("mail"), "-j"], stderr=log, env=keep | {
            "PACT_DB": f"host='{stack.host}' dbname=pact user=pact_mail passfile='{stack.dir}/keys/pgpass-mail'",
            "PACT_BASE_URL": stack.base, "PACT_VERIFY_KEY": f"{stack.dir}/keys/verify.pem", "PACT_SMTP_URL": url,
            "PACT_MAIL_FROM": "Pact <pact@sender.example>", **env})
        p.log = pathlib.Path(log.name)
        started.append(p)
        return p

    yield start
    for p in started:
        p.kill()
        p.wait()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A server's TLS, for localhost and mx.localhost, and the file of the authority behind it."""
    d = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", d / "key", "-out",
        d / "pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:mx.localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(d / "pem", d / "key")
    return context, str(d / "pem")


def test_smtp_delivers(runner, outbox):
    with smtp_sink.Sink() as sink:
        runner(f"smtp://127.0.0.1:{sink.port}")
        i = outbox.add("password-changed", ip="192.0.2.1")
        row = outbox.reaches(i, "sent")
        ((sender, to, data),) = sink.messages
    assert (sender, to) == ("pact@sender.example", (outbox.user.email,))
    m = parse(data)
    assert m["Message-ID"] == f"<{i}@sender.example>" == f"<{row['message_id']}>"
    assert b"\n" not in data.replace(b"\r\n", b"") and max(map(len, data.split(b"\r\n"))) <= 78
    assert "192.0.2.1" in m.get_content()


def test_a_server_that_asks_for_patience_gets_it(runner, outbox):
    with smtp_sink.Sink(RCPT=["450 4.2.0 greylisted", "451 4.7.1 later"]) as sink:
        runner(f"smtp://localhost:{sink.port}")
        i = outbox.add()
        for attempt, reply in ((1, 450), (2, 451)):
            until(lambda: (r := outbox.row(i))["attempts"] == attempt and r["status"] == "queued")
            assert re.fullmatch(rf"smtp: .*{reply}", outbox.row(i)["last_error"])
            until(lambda: outbox.job(i) == "queued")
            outbox.hurry(i)
        row = outbox.reaches(i, "sent")
        assert row["attempts"] == 3 and row["last_error"] is None
        assert parse(sink.messages[0][2])["Message-ID"] == f"<{row['message_id']}>" and len(sink.messages) == 1


def test_waits_grow(runner, outbox, conn):
    with smtp_sink.Sink(RCPT="450 later") as sink:
        runner(f"smtp://localhost:{sink.port}")
        i, waits = outbox.add(), []
        for attempt in (1, 2, 3):
            until(lambda: outbox.row(i)["attempts"] == attempt and outbox.job(i) == "queued")
            conn.execute("SELECT extract(epoch FROM run_at - now()) FROM app.job_queue WHERE job_id = %s", (outbox.job_id(i),))
            waits.append(round(float(conn.fetchone()[0])))
            outbox.hurry(i)
    assert [round(w, -1) for w in waits] == [60, 120, 240]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_a_refusal_of_the_message_is_final(runner, outbox, verb):
    with smtp_sink.Sink(**{verb: "550 5.1.1 no such person"}) as sink:
        runner(f"smtp://localhost:{sink.port}")
        i = outbox.add()
        row = outbox.reaches(i, "failed")
        until(lambda: outbox.job(i) == "failed")
        assert row["last_error"].endswith("550") and row["sent_at"] is None and sink.messages == []


@pytest.mark.parametrize("say", [{"connect": "554 we do not like your address"}, {"connect": ""}, {"EHLO": "554 no"}, {".": ""},
    {"auth": ("pact", "another"), "AUTH": "535 5.7.8 wrong"}, {".": "452 4.3.1 disk full"}])
def test_trouble_with_the_server_loses_nothing(runner, outbox, say):
    with smtp_sink.Sink(**say) as sink:
        runner(f"smtp://{'pact:secret@' if 'auth' in say else ''}localhost:{sink.port}")
        i = outbox.add()
        until(lambda: (r := outbox.row(i))["attempts"] == 1 and r["status"] == "queued")
        assert outbox.row(i)["last_error"].startswith("smtp: ") and sink.messages == []
        until(lambda: outbox.job(i) == "queued")
        sink.say, sink.auth = {}, sink.auth and ("pact", "secret")
        outbox.hurry(i)
        outbox.reaches(i, "sent")
        assert len(sink.messages) == 1


def test_a_server_that_is_away_loses_nothing(runner, outbox):
    with smtp_sink.Sink() as sink:
        port = sink.port
    runner(f"smtp://localhost:{port}")
    i = outbox.add()
    until(lambda: (r := outbox.row(i))["attempts"] == 1 and r["status"] == "queued")


def test_the_last_attempt_fails_for_good(runner, outbox, conn):
    with smtp_sink.Sink(RCPT="450 later") as sink:
        runner(f"smtp://localhost:{sink.port}")
        i = outbox.add()
        until(lambda: outbox.job(i) == "queued" and outbox.row(i)["attempts"] == 1)
        conn.execute("UPDATE app.job_queue SET attempts = max_attempts - 1 WHERE job_id = %s RETURNING max_attempts", (outbox.job_id(i),))
        assert conn.fetchone()[0] == 12
        outbox.hurry(i)
        assert outbox.reaches(i, "failed")["last_error"].endswith("450")


def test_passwords_and_mail_only_through_tls(runner, outbox, certificate):
    """Off this machine TLS is not a matter of taste; mx.localhost is this machine, but its name does not say so."""
    tls, ca = certificate
    with smtp_sink.Sink(auth=("pact", "s3cret")) as sink:
        first = runner(f"smtp://pact:s3cret@mx.localhost:{sink.port}", PACT_SMTP_CA=ca)
        i = outbox.add()
        until(lambda: (r := outbox.row(i))["attempts"] == 1 and r["status"] == "queued")
        assert sink.messages == [] and sink.logins == [] and not {"AUTH", "MAIL"} & set(sink.verbs)
        until(lambda: outbox.job(i) == "queued")
        first.kill()
        first.wait()
        sink.tls, sink.starttls = tls, True
        runner(f"smtp://pact:s3cret@mx.localhost:{sink.port}", PACT_SMTP_CA=ca)
        outbox.hurry(i)
        outbox.reaches(i, "sent")
        assert sink.logins == [("pact", "s3cret")] and len(sink.messages) == 1
        assert not [line for line in sink.in_clear if not line.startswith(("EHLO", "STARTTLS", "QUIT"))]


@pytest.mark.parametrize("scheme,host", [("smtps", "localhost"), ("smtp", "mx.localhost"), ("smtp", "localhost")])
def test_a_certificate_is_checked(runner, outbox, certificate, scheme, host):
    tls, ca = certificate
    with smtp_sink.Sink(tls=tls, implicit=scheme == "smtps", starttls=True) as sink:
        first = runner(f"{scheme}://{host}:{sink.port}")
        i = outbox.add()
        until(lambda: (r := outbox.row(i))["attempts"] == 1 and r["status"] == "queued")
        assert sink.messages == [] and "MAIL" not in sink.verbs
        until(lambda: outbox.job(i) == "queued")
        first.kill()
        first.wait()
        runner(f"{scheme}://{host}:{sink.port}", PACT_SMTP_CA=ca)
        outbox.hurry(i)
        outbox.reaches(i, "sent")
        assert len(sink.messages) == 1 and not [line for line in sink.in_clear if line.startswith("MAIL")]


def test_a_crash_while_sending_is_waited_out_and_tried_with_the_same_id(runner, outbox, conn):
    hung = []

    def hang():
        hung.append(1)
        time.sleep(60 if len(hung) == 1 else 0)

    with smtp_sink.Sink(**{".": hang}) as sink:
        first = runner(f"smtp://localhost:{sink.port}")
        i = outbox.add()
        until(lambda: hung)
        assert outbox.row(i)["status"] == "sending"
        first.send_signal(signal.SIGKILL)
        first.wait()
        runner(f"smtp://localhost:{sink.port}")
        time.sleep(4)  # two polls: it is not taken while the lease lasts
        row = outbox.row(i)
        assert (row["status"], row["attempts"], len(hung)) == ("sending", 1, 1)
        conn.execute("SELECT extract(epoch FROM lease - now()) FROM app.job_queue WHERE job_id = %s", (outbox.job_id(i),))
        assert 75 < conn.fetchone()[0] <= 120, "the lease is longer than a delivery may take"
        outbox.hurry(i, lease=True)
        after = outbox.reaches(i, "sent")
        assert after["attempts"] == 2 and after["message_id"] == row["message_id"]
        assert [parse(m[2])["Message-ID"] for m in sink.messages] == [f"<{row['message_id']}>"]


def test_a_message_that_ends_every_runner_fails(runner, outbox, conn):
    """All attempts lost with their runners: the queue gives up, and the row does not wait for ever."""
    with smtp_sink.Sink(**{".": lambda: time.sleep(30)}) as sink:
        p = runner(f"smtp://localhost:{sink.port}")
        i = outbox.add()
        outbox.reaches(i, "sending")
        p.kill()
        p.wait()
        conn.execute("UPDATE app.job_queue SET attempts = max_attempts WHERE job_id = %s", (outbox.job_id(i),))
        outbox.hurry(i, lease=True)
        runner(f"smtp://localhost:{sink.port}")
        assert outbox.reaches(i, "failed")["last_error"] == "the runner was lost"
        assert outbox.job(i) == "dead" and sink.messages == []


def test_many_runners_send_each_message_once(runner, outbox):
    with smtp_sink.Sink() as sink:
        ids = outbox.add(n=120)
        for _ in range(3):
            runner(f"smtp://localhost:{sink.port}")
        until(lambda: all(outbox.row(i)["status"] == "sent" for i in ids), 60)
        got = sorted(str(parse(m[2])["Message-ID"]) for m in sink.messages)
    assert got == sorted(f"<{i}@sender.example>" for i in ids)


def test_the_log_of_a_runner_names_nobody(runner, outbox):
    with smtp_sink.Sink(RCPT=["550 <somebody@people.example> unknown"]) as sink:
        p = runner(f"smtp://pact:s3cret@localhost:{sink.port}")
        outbox.reaches(outbox.add(name=unique()), "failed")
        outbox.reaches(outbox.add(), "sent")
        p.terminate()
        assert p.wait(10) == 0
    text = p.log.read_text()
    assert '"msg":"job"' in text
    for secret in (outbox.user.email, "people.example", "s3cret", MARK):
        assert secret not in text


def test_settings_that_cannot_work_are_told(stack):
    good = {"PACT_DB": f"host='{stack.host}' dbname=pact user=pact_mail passfile='{stack.dir}/keys/pgpass-mail'",
        "PACT_BASE_URL": stack.base, "PACT_VERIFY_KEY": f"{stack.dir}/keys/verify.pem", "PACT_SMTP_URL": "smtp://localhost", "PACT_MAIL_FROM": "a@b.example"}

    def check(**change):
        env = {k: v for k, v in (good | change).items() if v is not None}
        return subprocess.run([stack.program("mail"), "-t"], env=env, capture_output=True, text=True)

    assert check().returncode == 0
    for change, word in (({"PACT_SMTP_URL": None}, "PACT_MAIL_DIR"), ({"PACT_MAIL_DIR": "/tmp"}, "PACT_MAIL_DIR"),
            ({"PACT_SMTP_URL": "http://localhost"}, "PACT_SMTP_URL"), ({"PACT_MAIL_FROM": None}, "PACT_MAIL_FROM"),
            ({"PACT_MAIL_FROM": "Pact"}, "PACT_MAIL_FROM"), ({"PACT_SMTP_URL": None, "PACT_MAIL_DIR": "/proc/nowhere"}, "PACT_MAIL_DIR")):
        answer = check(**change)
        assert answer.returncode == 1 and word in answer.stderr, (change, answer.stderr)
