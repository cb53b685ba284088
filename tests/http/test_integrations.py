# SPDX-License-Identifier: GPL-3.0-or-later
"""T3, T4: credentials of other systems: sealed before they reach the database, and shown to nobody."""
import json
import pathlib

import pytest
from samples import INTEGRATIONS, SAMPLES, integration
from stack import unique

PATH = "/v1/settings/integrations"


@pytest.fixture
def house(make_workspace, login):
    w = make_workspace()
    w.c = {role: login(user) for role, user in w.users.items()}
    return w


def everything_about(db, tenant):
    """All that the database holds of a workspace, as text; bytes as they are, hex and base64 text of them too."""
    db.execute("""SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'pact'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition""")
    out = []
    for (table,) in db.fetchall():
        db.execute(f"SELECT coalesce(string_agg(to_jsonb(t)::text, ' '), '') FROM pact.{table} t WHERE tenant_id = %s", (tenant,))
        out.append(db.fetchone()[0])
    return " ".join(out)


@pytest.mark.parametrize("kind", sorted(INTEGRATIONS))
def test_T4_a_credential_is_never_shown(kind, house, stack, db):
    owner, body = house.c["owner"], integration(kind)
    secrets = list(body["credentials"].values())
    answers = [owner.post(PATH, body)]
    made = answers[0].json()
    assert answers[0].status_code == 201 and answers[0].headers["Location"] == f"{PATH}/{made['public_id']}"
    assert [c["name"] for c in made["credentials"]] == sorted(body["credentials"]) and made["settings"] == body["settings"]
    member = sorted(body["credentials"])[0]
    secrets.append(unique("secret-again"))
    answers += [owner.get(f"{PATH}/{made['public_id']}"), owner.get(PATH), owner.post(PATH, body),
        owner.patch(f"{PATH}/{made['public_id']}", {"credentials": {member: secrets[-1]}}),
        owner.patch(f"{PATH}/{made['public_id']}", {"credentials": {member: secrets[-1]}, "settings": {"nonsense": 1}}),
        owner.patch(f"{PATH}/{made['public_id']}", {"credentials": {member: secrets[-1]}}, headers={"If-Match": '"0-1.0"'}),
        owner.get("/v1/audit/events?limit=200"), owner.delete(f"{PATH}/{made['public_id']}")]
    assert [a.status_code for a in answers] == [201, 200, 200, 409, 200, 422, 412, 200, 204]
    held = everything_about(db, house.tenant)
    logs = "".join(p.read_text(errors="replace") for p in pathlib.Path(stack.dir / "log").glob("*.log"))
    for secret in secrets:
        for text in (secret, secret.encode().hex()):
            assert text not in held and text not in logs
            for a in answers:
                assert text not in a.text


def test_T4_what_is_stored_is_sealed(house, db):
    body = integration("smtp", credentials={"password": "x" * 40})
    i = house.c["owner"].ok("POST", PATH, body)["public_id"]
    db.execute("SELECT sealed FROM pact.integration_credential WHERE integration_id = %s", (i,))
    first = bytes(db.fetchone()[0])
    assert len(first) == 40 + 28 and b"xxxx" not in first
    # the same once more is another text: a nonce is never used twice
    house.c["owner"].ok("PATCH", f"{PATH}/{i}", {"credentials": {"password": "x" * 40}})
    db.execute("SELECT sealed FROM pact.integration_credential WHERE integration_id = %s", (i,))
    assert bytes(db.fetchone()[0]) != first


def test_T4_set_when_and_rotated_when(house):
    owner = house.c["owner"]
    made = owner.ok("POST", PATH, integration("oauth"))
    was = {c["name"]: c for c in made["credentials"]}
    assert {c["rotated_at"] for c in was.values()} == {None}
    r = owner.patch(f"{PATH}/{made['public_id']}", {"credentials": {"refresh_token": unique("t"), "access_token": unique("t")}})
    now = {c["name"]: c for c in r.json()["credentials"]}
    assert sorted(now) == ["access_token", "client_secret", "refresh_token"]
    assert now["client_secret"] == was["client_secret"] and now["access_token"]["rotated_at"] is None
    assert now["refresh_token"]["set_at"] == was["refresh_token"]["set_at"] < now["refresh_token"]["rotated_at"]
    gone = owner.ok("PATCH", f"{PATH}/{made['public_id']}", {"credentials": {"refresh_token": None, "access_token": None}})
    assert [c["name"] for c in gone["credentials"]] == ["client_secret"]


def test_T4_a_credential_does_not_follow_to_another_place(house):
    """Else whoever may change settings could have the password sent to a server of their own."""
    owner = house.c["owner"]
    for kind, change, member in (("smtp", {"host": "evil.example"}, "password"), ("smtp", {"port": 26}, "password"), ("smtp", {"port": None}, "password"),
            ("ai", {"base_url": "https://evil.example"}, "api_key"), ("ai", {"provider": "other"}, "api_key"),
            ("oauth", {"token_url": "https://evil.example"}, "client_secret"), ("webhook", {"url": "https://evil.example"}, "signing_secret")):
        at = f"{PATH}/{owner.ok('POST', PATH, integration(kind))['public_id']}"
        p = owner.refused(422, "invalid", "PATCH", at, {"settings": change})
        assert f"/credentials/{member}" in [e["pointer"] for e in p["errors"]]
        assert owner.ok("GET", at)["settings"] == INTEGRATIONS[kind][0]
        anew = {m: unique("s") for m in INTEGRATIONS[kind][1]}
        assert owner.ok("PATCH", at, {"settings": change, "credentials": anew})["settings"] == {k: v for k, v in (INTEGRATIONS[kind][0] | change).items() if v is not None}
    # what does not say where it goes can be changed alone
    i = owner.ok("POST", PATH, integration("smtp"))["public_id"]
    assert owner.ok("PATCH", f"{PATH}/{i}", {"settings": {"from": "a@people.example", "username": None}})["settings"] == {
        "host": "smtp.people.example", "port": 587, "from": "a@people.example"}


@pytest.mark.parametrize("body,pointer", [
    (integration("smtp", settings={}), "/settings/host"),
    (integration("smtp", settings={"host": "a", "security": "none"}), "/settings/security"),
    (integration("smtp", settings={"host": "a", "client_id": "b"}), "/settings/client_id"),
    (integration("smtp", credentials={"api_key": "k"}), "/credentials/api_key"),
    (integration("smtp", settings={"host": "a", "password": "p"}), "/settings/password"),
    (integration("ai", credentials={}), "/credentials/api_key"),
    (integration("ai", credentials={"api_key": None}), "/credentials/api_key"),
    (integration("ai", credentials={"api_key": ""}), "/credentials/api_key"),
    (integration("webhook", settings={"url": "http://people.example"}), "/settings/url"),
    (integration("webhook", settings={"url": "https://a:b@people.example"}), "/settings/url"),
    (integration("webhook", settings={"url": "https://"}), "/settings/url"),
    (integration("webhook", credentials={"signing_secret": "short"}), "/credentials/signing_secret"),
    (integration("ai") | {"kind": "fax"}, "/kind"),
])
def test_T4_what_an_integration_cannot_be(body, pointer, house):
    p = house.c["owner"].refused(422, "invalid", "POST", PATH, body)
    assert pointer in [e["pointer"] for e in p["errors"]]
    assert house.c["owner"].ok("GET", PATH)["items"] == []


def test_T4_needed_credentials_cannot_be_taken_away(house):
    owner = house.c["owner"]
    i = owner.ok("POST", PATH, integration("ai"))["public_id"]
    owner.refused(422, "invalid", "PATCH", f"{PATH}/{i}", {"credentials": {"api_key": None}})
    owner.refused(422, "invalid", "PATCH", f"{PATH}/{i}", {"settings": {"provider": None}, "credentials": {"api_key": unique("k")}})


def test_A9_who_may(house):
    body = integration()
    i = house.c["admin"].ok("POST", PATH, body)["public_id"]
    assert [x["public_id"] for x in house.c["owner"].pages(PATH)] == [i]
    for role in ("member", "viewer"):
        house.c[role].refused(403, "forbidden", "GET", PATH)
        house.c[role].refused(403, "forbidden", "DELETE", f"{PATH}/{i}")
    house.c["admin"].ok("DELETE", f"{PATH}/{i}")


def test_T3_of_another_workspace_there_is_nothing(house, api):
    i = house.c["owner"].ok("POST", PATH, integration())["public_id"]
    for method, json_body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        api("owner").refused(404, "not-found", method, f"{PATH}/{i}", json_body)
    assert house.c["owner"].ok("GET", f"{PATH}/{i}")["name"] != "Mine"


def test_names_are_the_workspaces_own(house):
    owner = house.c["owner"]
    a, b = (owner.ok("POST", PATH, integration()) for _ in range(2))
    p = owner.refused(409, "duplicate", "POST", PATH, integration(name=a["name"]))
    assert p["existing"] == a["public_id"]
    owner.refused(409, "duplicate", "PATCH", f"{PATH}/{b['public_id']}", {"name": a["name"]})
    assert owner.ok("PATCH", f"{PATH}/{b['public_id']}", {"name": b["name"]})["name"] == b["name"]


def test_if_match_and_no_key_for_a_body_with_a_secret(house, db):
    owner = house.c["owner"]
    key = unique("key")
    r = owner.post(PATH, integration(), headers={"Idempotency-Key": key})
    db.execute("SELECT count(*) FROM pact.idempotency WHERE key = %s", (key,))
    assert r.status_code == 201 and db.fetchone() == (0,), "a hash of the body would let guesses of the secret be tried"
    at, tag = f"{PATH}/{r.json()['public_id']}", r.headers["ETag"]
    moved = owner.patch(at, {"credentials": {"password": unique("p")}}, headers={"If-Match": tag})
    assert moved.status_code == 200 and moved.headers["ETag"] != tag
    owner.refused(412, "precondition-failed", "PATCH", at, {"name": "N"}, headers={"If-Match": tag})
    owner.refused(412, "precondition-failed", "DELETE", at, headers={"If-Match": tag})
    owner.ok("DELETE", at, headers={"If-Match": moved.headers["ETag"]})


def test_L1_events_say_what_and_never_the_value(house):
    owner = house.c["owner"]
    i = owner.ok("POST", PATH, integration("smtp", name="Relay"))["public_id"]
    owner.ok("PATCH", f"{PATH}/{i}", {"credentials": {"password": unique("p")}, "settings": {"username": "other"}})
    owner.ok("PATCH", f"{PATH}/{i}", {"credentials": {"password": None}})
    owner.ok("DELETE", f"{PATH}/{i}")
    events = [(e["action"], e["old"], e["new"]) for e in reversed(owner.pages("/v1/audit/events", resource_id=i))]
    settings = INTEGRATIONS["smtp"][0]
    assert ("integration.create", None, {"kind": "smtp", "name": "Relay", "settings": settings}) in events
    assert ("integration.update", {"settings": settings}, {"settings": settings | {"username": "other"}}) in events
    assert ("integration_credential.create", None, {"member": "password", "integration": "Relay"}) in events
    assert ("integration_credential.rotate", None, {"member": "password", "integration": "Relay"}) in events
    assert ("integration_credential.delete", {"member": "password", "integration": "Relay"}, None) in events
    assert "sealed" not in json.dumps(events)


def test_kinds_say_what_each_takes(house):
    kinds = {k["kind"]: k for k in house.c["admin"].ok("GET", f"{PATH}/kinds")["items"]}
    assert set(kinds) == set(INTEGRATIONS) and "POST /v1/settings/integrations" in SAMPLES
    assert {m["name"]: (m["type"], m["required"]) for m in kinds["webhook"]["settings"] + kinds["webhook"]["credentials"]} == {
        "url": ("url", True), "signing_secret": ("secret", True)}
    security = next(m for m in kinds["smtp"]["settings"] if m["name"] == "security")
    assert security["choices"] == ["starttls", "tls"]


def test_no_more_than_a_hundred(house, db):
    db.execute("SELECT set_config('pact.tenant_id', %s, false)", (house.tenant,))
    db.execute("INSERT INTO pact.integration (tenant_id, kind, name) SELECT %s, 'ai', 'n' || i FROM generate_series(1, 100) i", (house.tenant,))
    db.execute("SELECT set_config('pact.tenant_id', '', false)")
    house.c["owner"].refused(409, "conflict", "POST", PATH, integration())
