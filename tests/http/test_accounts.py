# SPDX-License-Identifier: GPL-3.0-or-later
"""C1: accounts, and what hangs on them."""
import pytest
from samples import Things
from stack import address, unique


@pytest.fixture(scope="module")
def c(api):
    return api("member")


def test_C1_account_life(c):
    r = c.post("/v1/accounts", {"name": " Fjord AS ", "domain": "fjord.example", "note": "Two\nlines"})
    assert r.status_code == 201
    a = r.json()
    assert (a["name"], a["note"], a["contacts"], a["phone"]) == ("Fjord AS", "Two\nlines", 0, None)
    path = r.headers["Location"]
    assert path == f"/v1/accounts/{a['public_id']}" and c.ok("GET", path) == a
    b = c.ok("PATCH", path, {"name": "Fjord ASA", "domain": None})
    assert (b["name"], b["domain"], b["note"]) == ("Fjord ASA", None, "Two\nlines")
    c.ok("DELETE", path)
    c.refused(404, "not-found", "GET", path)


@pytest.mark.parametrize("body, pointer", [({}, "/name"), ({"name": ""}, "/name"), ({"name": None}, "/name"), ({"name": "a" * 201}, "/name"),
    ({"name": "x", "domain": "d" * 254}, "/domain"), ({"name": "x", "note": "n" * 10001}, "/note"), ({"name": "a\nb"}, "/name")])
def test_C1_account_fields(c, body, pointer):
    assert [e["pointer"] for e in c.refused(422, "invalid", "POST", "/v1/accounts", body)["errors"]] == [pointer]


def test_C1_name_cannot_be_taken_away(c):
    c.refused(422, "invalid", "PATCH", f"/v1/accounts/{Things(c).account()}", {"name": None})


def test_C1_list_by_name_by_age_and_by_beginning(stack, make_workspace, login):
    c = login(make_workspace(roles=()).users["owner"])
    names = ["Åland", "alpha", "Alpha", "Beta", "béta", "%", "Zulu"]
    made = [c.ok("POST", "/v1/accounts", {"name": n})["public_id"] for n in names]
    for limit in (1, 3, 50):
        by_name = [a["name"] for a in c.pages("/v1/accounts", limit)]
        assert by_name == sorted(names, key=lambda n: (n.lower(), made[names.index(n)]))
        assert [a["public_id"] for a in c.pages("/v1/accounts", limit, sort="-created_at")] == made[::-1]
        assert [a["name"] for a in c.pages("/v1/accounts", limit, q="ALP")] == ["alpha", "Alpha"]
    assert [a["name"] for a in c.pages("/v1/accounts", q="%")] == ["%"]
    c.refused(422, "not-offered", "GET", "/v1/accounts", params={"q": "a", "sort": "-created_at"})
    c.refused(422, "invalid", "GET", "/v1/accounts", params={"sort": "phone"})


def test_C1_an_account_in_use_is_kept_unless_detached(c):
    t = Things(c)
    a = t.account()
    one = t.contact(account_id=a)
    about_both = t.activity(contact_id=one, account_id=a)
    about_it = t.activity(contact_id=None, account_id=a)
    assert c.ok("GET", f"/v1/accounts/{a}")["contacts"] == 1
    c.refused(409, "conflict", "DELETE", f"/v1/accounts/{a}")
    c.ok("DELETE", f"/v1/accounts/{a}?detach=true")
    assert c.ok("GET", f"/v1/contacts/{one}")["account_id"] is None
    assert c.ok("GET", f"/v1/activities/{about_both}")["account_id"] is None
    c.refused(404, "not-found", "GET", f"/v1/activities/{about_it}")


def test_C1_a_contact_belongs_to_an_account_that_is_there(c):
    e = c.refused(422, "invalid", "POST", "/v1/contacts", {"email": address(), "account_id": "01890000-0000-7000-8000-000000000000"})
    assert [x["pointer"] for x in e["errors"]] == ["/account_id"]
    one = c.ok("POST", "/v1/contacts", {"email": address(), "account_id": Things(c).account(name=unique("n"))})
    assert one["account"]["public_id"] == one["account_id"]
    assert c.ok("PATCH", f"/v1/contacts/{one['public_id']}", {"account_id": None})["account"] is None
