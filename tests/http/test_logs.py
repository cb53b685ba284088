# SPDX-License-Identifier: GPL-3.0-or-later
"""What all the tests before wrote into the logs: JSON, and nobody's data. Runs last of all."""
import json
import re
import time

import pytest
from client import Client
from samples import Things
from stack import MARK, PROGRAMS, address, unique

pytestmark = pytest.mark.last(2)


def logs(stack):
    time.sleep(0.3)
    return {f.name: f.read_text(errors="replace") for f in (stack.dir / "log").iterdir() if f.is_file()}


@pytest.fixture(scope="module")
def busy(stack, workspaces, make_user):
    """One more round of everything that carries a name, also in ways that fail."""
    c = Client(stack).login(workspaces[0].users["owner"])
    email, word = address("log"), unique("log")
    one = c.ok("POST", "/v1/contacts", {"email": email, "first_name": word, "phone": "+47 900 00 000"})["public_id"]
    c.post("/v1/contacts", {"email": email})
    c.post("/v1/contacts", {"email": word, word: word})
    c.patch(f"/v1/contacts/{one}", {"title": word, "account_id": word})
    c.get("/v1/contacts", params={"q": word})
    c.get("/v1/contacts", params={word: word})
    c.get("/v1/audit/events", params={"actor": c.user.email})
    c.request("POST", "/v1/auth/login", json={"email": email, "password": word})
    c.request("POST", "/v1/contacts", data=f'{{"email":"{word}'.encode(), headers={"Content-Type": "application/json", "User-Agent": word, "Referer": word,
        "Idempotency-Key": word, "Cookie": f"__Host-pact={word}", "If-Match": word})
    c.get("/v1/contacts?q=" + word + "x" * 9000)
    c.get("/v1/contacts", headers={"Authorization": "Bearer " + word})
    Things(c).activity(subject=word)
    c.ok("DELETE", f"/v1/contacts/{one}")
    c.ok("POST", "/v1/auth/logout")
    return c


def test_no_log_holds_what_people_are_called(busy, stack):
    for name, text in logs(stack).items():
        hit = text.find(MARK)
        assert hit < 0, f"{name}: …{text[max(0, hit - 200):hit + 80]}…"


def test_no_log_holds_a_secret(busy, stack):
    secrets = [busy.user.password, busy.tokens["access_token"].split(".")[1][:60], busy.tokens["refresh_token"]]
    for name, text in logs(stack).items():
        assert not [s for s in secrets if s in text], name
        assert not re.search(r"eyJhbGciOiJFZERTQSIs|\$2b\$\d\d\$", text), name


def test_no_log_holds_a_whole_address_of_a_network(busy, stack):
    assert busy.ip not in "".join(logs(stack).values())


def test_programs_log_json_lines_with_the_request(busy, stack):
    requests = 0
    for name, text in logs(stack).items():
        if name.removesuffix(".log").split("-")[0] in PROGRAMS and not name.endswith("-check.log"):
            for line in text.splitlines():
                if line.startswith("Child["):
                    continue  # the supervisor's
                entry = json.loads(line)
                assert {"at", "level", "program", "pool", "msg"} <= set(entry), line
                if entry["msg"] == "request":
                    requests += 1
                    assert re.fullmatch(r"[0-9a-f]{32}", entry["request_id"]) and entry["route"].startswith(("/", "-"))
    assert requests > 50


def test_nothing_broke_on_our_side(busy, stack):
    """No 500, no unexpected SQLSTATE, no assertion, in all that the tests did."""
    bad = []
    for name, text in logs(stack).items():
        if name.removesuffix(".log").split("-")[0] in PROGRAMS:
            for line in text.splitlines():
                if '"level":"error"' in line and '"status":503' not in line or "Sanitizer" in line or "runtime error" in line:
                    bad.append(f"{name}: {line}")
    assert bad == []
