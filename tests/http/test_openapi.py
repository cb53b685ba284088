# SPDX-License-Identifier: GPL-3.0-or-later
"""The API document cannot drift: it is what the programs print, and every answer is held against it (stack.Contract)."""
import json
import re
import subprocess

import jsonschema
import pytest
from client import Client
from samples import SAMPLES, Things, call
from stack import METHODS, PROGRAMS, ROOT, ROUTES, unique


@pytest.fixture(scope="module")
def document(stack):
    r = Client(stack).get("/v1/openapi.json", check=False)
    assert r.status_code == 200 and r.headers["Content-Type"] == "application/json"
    return r.json()


def test_the_document_is_the_sum_of_the_programs(document, stack):
    paths, schemas = {}, {}
    for part in stack.parts.values():
        for path, item in part["paths"].items():
            assert not set(item) & set(paths.get(path, {})), f"{path} is declared by two programs"
            paths.setdefault(path, {}).update(item)
        schemas |= part["components"]["schemas"]
    assert document["paths"] == paths
    assert {k: v for k, v in document["components"]["schemas"].items() if k != "problem"} == schemas
    assert document["openapi"].startswith("3.1.")


def test_every_reference_leads_somewhere(document):
    for ref in set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document))):
        node = document
        for name in ref.removeprefix("#/").split("/"):
            assert name in node, ref
            node = node[name]


def test_every_schema_is_a_schema(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for path, item in document["paths"].items():
        for method, op in item.items():
            assert method in METHODS and op["summary"] and op["tags"][0] in PROGRAMS
            assert set(re.findall(r"\{(\w+)\}", path)) == {p["name"] for p in op["parameters"] if p["in"] == "path"}
            names = [(p["in"], p["name"]) for p in op["parameters"]]
            assert len(names) == len(set(names)), f"{method} {path} has a parameter twice"


@pytest.mark.parametrize("key", sorted(ROUTES))
def test_answer_is_as_documented(key, stack, api, make_user):
    """The check itself is in Client.request(); here it is made to happen for every route."""
    me = Client(stack).login(make_user("owner"))
    answer = call(me, key, Things(api("owner"), me))
    assert answer.status_code == SAMPLES[key].status, answer.text
    assert (key, answer.status_code) in stack.contract.seen
    assert str(answer.status_code) in ROUTES[key]["responses"]


def test_an_unknown_or_missing_member_would_be_seen(api, stack):
    c = api("owner")
    answer = c.get(f"/v1/contacts/{Things(c).contact()}")
    good = answer.json()
    for wrong in (good | {"tenant_id": "x"}, {k: v for k, v in good.items() if k != "suppressed"}, good | {"consent_status": "maybe"},
            good | {"created_at": "yesterday"}):
        answer._content = json.dumps(wrong).encode()
        with pytest.raises(AssertionError, match="not as documented"):
            stack.contract.check(answer)


def problem_slugs():
    return re.findall(r'\bX\(P_\w+, "([a-z-]+)"', (ROOT / "shared/app/problem.c").read_text())


def test_slugs_are_found_at_all():
    assert len(problem_slugs()) > 20


@pytest.mark.parametrize("slug", problem_slugs())
def test_every_problem_has_a_page(slug, anonymous, document):
    r = anonymous.get(f"/problems/{slug}", check=False)
    assert r.status_code == 200 and r.headers["Content-Type"].startswith("text/html")
    assert f"· {slug}<" in r.text and "What to do" in r.text
    assert f"/problems/{slug}" in document["components"]["schemas"]["problem"]["properties"]["type"]["enum"]


def test_programs_say_who_they_are(stack):
    for p in PROGRAMS:
        assert re.fullmatch(rf"{p} \d+\.\d+\.\d+\n", subprocess.check_output([stack.program(p), "-V"], text=True))


LISTS = sorted(key for key, op in ROUTES.items() if any(x["name"] == "after" for x in op["parameters"]))


@pytest.mark.parametrize("key", LISTS)
def test_count_gives_the_total_of_every_list(key, stack, make_workspace):
    me = Client(stack).login(make_workspace(roles=()).users["owner"])
    things = Things(me)
    for _ in range(3):
        things.account()
        things.activity(kind="task")
        me.ok("POST", "/v1/custom-fields", {"label": unique("f")})
        me.ok("POST", f"/v1/contacts/{things.contact(tags=[unique('t')])}/consent", {"status": "declined"})
        things.imported()
        things.invited()
        things.domain()
        things.key()
        things.integration()
        Client(stack).login(me.user)
    path = SAMPLES[key].request(things)["path"]
    if key == "GET /v1/activities":
        path = "/v1/activities?open_tasks=true"
    elif "{id}/consent" in key or "{id}/timeline" in key:
        me.ok("POST", path.rsplit("/", 1)[0] + "/consent", {"status": "declined"})
    elif key == "GET /v1/users/{id}/sessions":
        path = f"/v1/users/{me.user.id}/sessions"
    elif key == "GET /v1/audit/events":
        me.ok("GET", path)  # the first reading is an event, too
    n = len(me.pages(path, 1 if key != "GET /v1/audit/events" else 200))
    assert n > 1 or "errors" in key, "a total of more than a page"
    first = me.ok("GET", path, params={"limit": 1, "count": "true"})
    assert first["total"] == n and "total_is_estimate" not in first
    if first["next"]:
        assert me.ok("GET", path, params={"limit": 1, "count": "true", "after": first["next"]})["total"] == n, "of the list, not of what is left"
    assert "total" not in me.ok("GET", path, params={"limit": 1})
