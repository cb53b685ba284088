# SPDX-License-Identifier: GPL-3.0-or-later
"""
Fixtures of the black-box tests. PACT_DEMO names the demo.json of a running stack (scripts/test starts one of its own).
The tests make two workspaces for themselves, so that they find the same whatever else the stack holds:

    api("member")            a client with a bearer token: role, and workspace 0 or 1
    browser("owner", ws=1)   a client with cookies, logged in for this test alone
    make_user("viewer")      somebody new, who may lose their session or password without harm to others
    make_workspace()         a workspace whose settings a test may change
    db                       a superuser's connection (psycopg2)
"""
import dataclasses
import http.cookiejar
import os
import secrets
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from client import Client, new_ip  # noqa: E402
from stack import MARK, ROLES, Stack, unique  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "last(n=1): breaks things on purpose; runs after all others, in the order of n")


def pytest_collection_modifyitems(items):
    def order(item):
        last = item.get_closest_marker("last")
        return 0 if last is None else (last.args or (1,))[0]

    items.sort(key=order)


@dataclasses.dataclass
class User:
    email: str
    password: str
    role: str
    slug: str
    id: str = None


@dataclasses.dataclass
class Workspace:
    slug: str
    tenant: str
    users: dict


@pytest.fixture(scope="session")
def stack():
    demo = os.environ.get("PACT_DEMO", "")
    if not demo:
        pytest.exit("PACT_DEMO must name the demo.json of a running stack; scripts/test does all that", 2)
    return Stack(demo)


@pytest.fixture(scope="session")
def demo(stack):
    return stack.demo


@pytest.fixture(scope="session")
def base_url(stack):
    return stack.base


@pytest.fixture(scope="session")
def ca(stack):
    return stack.ca


@pytest.fixture(scope="session")
def db(stack):
    conn = stack.db()
    yield conn.cursor()
    conn.close()


@pytest.fixture(scope="session")
def make_user(stack, db):
    def make(role="member", slug=None, password=None, email=None):
        user = User(email or f"{unique(role)}@staff.example", password or secrets.token_urlsafe(12), role, slug or stack.slug)
        stack.pactctl("user-add", user.slug, user.email, f"{MARK} {role}", role, password=user.password)
        db.execute("SELECT u.id FROM pact.user_account u JOIN pact.tenant t USING (tenant_id) WHERE t.slug = %s AND u.email = %s",
            (user.slug, user.email))
        user.id = str(db.fetchone()[0])
        return user

    return make


@pytest.fixture(scope="session")
def make_workspace(stack, db, make_user):
    def make(roles=("admin", "member", "viewer")):
        slug = f"t-{secrets.token_hex(5)}"
        owner = User(f"{unique('owner')}@staff.example", secrets.token_urlsafe(12), "owner", slug)
        stack.pactctl("workspace-create", slug, f"Tests {slug}", owner.email, f"{MARK} owner", password=owner.password)
        db.execute("SELECT t.tenant_id, u.id FROM pact.tenant t JOIN pact.user_account u USING (tenant_id) WHERE slug = %s", (slug,))
        tenant, owner.id = map(str, db.fetchone())
        return Workspace(slug, tenant, {"owner": owner} | {r: make_user(r, slug) for r in roles})

    return make


@pytest.fixture(scope="session", autouse=True)
def workspaces(stack, make_workspace):
    both = [make_workspace(), make_workspace()]
    stack.slug = both[0].slug  # where make_user() puts people
    return both


@pytest.fixture(scope="session")
def api(stack, workspaces):
    """Clients with tokens, one login each for the whole run: tests that end sessions log in by themselves."""
    clients = {}

    def get(role="member", ws=0):
        if (role, ws) not in clients:
            clients[role, ws] = Client(stack).login(workspaces[ws].users[role])
        return clients[role, ws]

    return get


@pytest.fixture(autouse=True)
def no_second_factor_is_left(stack, workspaces):
    """Those whom all tests share log in with a password alone, whatever a test has set up for them."""
    yield
    if stack.second_factors:
        with stack.db() as conn, conn.cursor() as cur:
            for table in ("totp", "recovery_code"):
                cur.execute(f"DELETE FROM pact.{table} WHERE user_id = ANY (%s::uuid[])", ([u.id for w in workspaces for u in w.users.values()],))
        stack.second_factors = False


@pytest.fixture
def anonymous(stack):
    """Nobody: also cookies it is given are thrown away."""
    c = Client(stack)
    c.session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return c


@pytest.fixture
def login(stack):
    """login(user): a client of this test's own, from an address of its own."""

    def get(user, session="bearer", **kw):
        return Client(stack, new_ip()).login(user, session, **kw)

    return get


@pytest.fixture
def browser(stack, workspaces):
    def get(role="member", ws=0):
        return Client(stack).login(workspaces[ws].users[role], "cookie")

    return get


@pytest.fixture(scope="session")
def roles():
    return ROLES
