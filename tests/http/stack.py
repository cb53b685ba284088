# SPDX-License-Identifier: GPL-3.0-or-later
"""The running stack as the tests see it: what it says in demo.json, its programs, its database, and its API document."""
import email
import email.policy
import functools
import json
import os
import pathlib
import re
import secrets
import shlex
import subprocess
import time

import jsonschema
import psycopg2
import psycopg2.extras

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("auth", "crm", "audit", "mail", "saml")
METHODS = ("get", "post", "put", "patch", "delete")
HEX32 = re.compile(r"[0-9a-f]{32}")
ROLES = {  # promise A9, spelled out once more so that a slip in the database shows
    "viewer": {"contact.read", "account.read", "activity.read"},
    "member": {
        "contact.read", "contact.write", "contact.import", "contact.export", "account.read", "account.write",
        "activity.read", "activity.write",
    },
    "admin": {
        "contact.read", "contact.write", "contact.erase", "contact.export", "contact.import", "account.read", "account.write",
        "activity.read", "activity.write", "audit.read", "audit.export", "settings.read", "settings.write", "user.read",
        "user.write", "role.write", "key.write", "integration.write",
    },
}
ROLES["owner"] = ROLES["admin"] | {"billing.write", "sso.write"}

psycopg2.extras.register_uuid()

# Every personal text the tests make up begins with this, so that a log that holds one is found by looking for it.
MARK = "zq" + secrets.token_hex(4)


def unique(what="x"):
    return f"{MARK}{what}{secrets.token_hex(5)}"


def address(what="p"):
    return f"{unique(what)}@people.example"


class Stack:
    def __init__(self, demo_file):
        self.demo = json.loads(pathlib.Path(demo_file).read_text())
        self.base = self.demo["base_url"]
        self.http = self.demo["http_url"]
        self.metrics = self.demo["metrics_url"]
        self.ca = str(ROOT / self.demo["ca"])
        self.dir = pathlib.Path(self.demo["dir"])
        self.host = os.environ.get("PACT_PGHOST", str(self.dir / "run"))
        self.second_factors = False  # whether a test has set one up
        self.hash_cost = int(self.env.get("PACT_HASH_COST", "12"))

    @functools.cached_property
    def env(self):
        """The environment that the stack's programs were started with, as far as operators may know it."""
        words = shlex.split((self.dir / "operator.env").read_text())
        return dict(w.split("=", 1) for w in words if w != "export")

    def program(self, name):
        return str(self.dir / "bin" / name)

    @functools.cached_property
    def parts(self):
        """The API document of each program, from its own tables."""
        return {p: json.loads(subprocess.check_output([self.program(p), "-R"])) for p in PROGRAMS}

    def queries(self, program):
        return json.loads(subprocess.check_output([self.program(program), "-Q"]))

    @functools.cached_property
    def routes(self):
        """{"GET /v1/contacts": operation} of all programs."""
        return {
            f"{m.upper()} {path}": op
            for part in self.parts.values() for path, item in part["paths"].items() for m, op in item.items() if m in METHODS
        }

    @functools.cached_property
    def contract(self):
        return Contract(self)

    def db(self):
        """A connection of the superuser, for looking behind the scenes and for moving clocks."""
        conn = psycopg2.connect(host=self.host, dbname="pact", user="postgres")
        conn.autocommit = True
        return conn

    def edit(self, tenant, sql, args):
        """Changes rows of a tenant behind everybody's back; the audit triggers want to know whose they are."""
        conn = self.db()
        with conn.cursor() as cur:
            cur.execute("SELECT set_config('pact.tenant_id', %s, false)", (tenant,))
            cur.execute(sql, args)
            n = cur.rowcount
        conn.close()
        return n

    def role(self, program):
        """A connection with no more rights than a program has."""
        return psycopg2.connect(host=self.host, dbname="pact", user=f"pact_{program}", passfile=str(self.dir / f"keys/pgpass-{program}"))

    def run(self, *args, timeout=90):
        """scripts/run of this stack, such as run("stop", "crm")."""
        keep = {k: v for k, v in self.env.items() if k.startswith("PACT_TEST") or k.startswith("PACT_HASH") or k in ("PACT_RESOLVER", "PACT_BREACHED_PASSWORDS") or k.startswith("PACT_FETCH") or k.endswith("SAN_OPTIONS")}
        return subprocess.run([str(ROOT / "scripts/run"), *args, "--dir", str(self.dir)], env=os.environ | keep, check=True,
            capture_output=True, text=True, timeout=timeout).stdout

    def pactctl(self, *args, password="", env=None, check=True):
        """What an operator does; the program is the one that the stack runs."""
        own = os.environ | {"PACT_ENV": str(self.dir / "operator.env"), "PACT_AUTH": self.program("auth"), "PACT_OPERATOR": "tester"}
        return subprocess.run([str(ROOT / "scripts/pactctl"), *args], input=password, env=own | (env or {}), check=check,
            capture_output=True, text=True)


    def mails(self, address, n=1, subject="", seconds=20):
        """The mails to an address, oldest first, once there are n of them; of a subject that begins so."""
        end = time.monotonic() + seconds
        while True:
            all_of_them = [email.message_from_bytes(p.read_bytes(), policy=email.policy.default)
                for p in sorted(pathlib.Path(self.demo["mail_dir"]).glob("new/*"))]
            found = [m for m in all_of_them if m["To"].addresses[0].addr_spec == address and m["Subject"].startswith(subject)]
            if len(found) >= n:
                return found
            assert time.monotonic() < end, f"{len(found)} mails to {address} instead of {n}"
            time.sleep(0.1)

    def link(self, address, page, n=1, seconds=20):
        """What stands behind the # of the n-th link to a page that was mailed to an address."""
        end = time.monotonic() + seconds
        while True:
            links = [x for m in self.mails(address) for x in re.findall(rf"{re.escape(self.base)}/{page}#(\S+)", m.get_content())]
            if len(links) >= n:
                return links[n - 1]
            assert time.monotonic() < end, f"{len(links)} links to /{page} for {address} instead of {n}"
            time.sleep(0.1)


def otp(secret, offset=0):
    """What an authenticator shows; oathtool is not of our making."""
    at = f"--now=@{int(time.time()) + 30 * offset}"
    return subprocess.run(["oathtool", "--totp", "-b", at, secret], check=True, capture_output=True, text=True).stdout.strip()


formats = jsonschema.FormatChecker(())
formats.checks("date-time")(lambda v: not isinstance(v, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", v))
formats.checks("uuid")(lambda v: not isinstance(v, str) or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", v))
formats.checks("email")(lambda v: not isinstance(v, str) or "@" in v)


class Contract:
    """Holds an answer against the API document. Whatever a client of these tests gets goes through here."""

    def __init__(self, stack):
        self.schemas = {}
        for part in stack.parts.values():
            self.schemas |= part["components"]["schemas"]
        self.paths = []
        for key, op in stack.routes.items():
            method, path = key.split(" ")
            pattern = re.sub(r"\\{(\w+)\\}", r"[^/]+", re.escape(path))
            self.paths.append((method, re.compile(pattern), path.count("{"), key, op))
        self.paths.sort(key=lambda p: p[2])  # literal paths first, as the programs do
        self.seen = set()

    def route(self, method, path):
        method = "GET" if method == "HEAD" else method
        for m, pattern, _, key, op in self.paths:
            if m == method and pattern.fullmatch(path):
                return key, op
        return None, None

    @functools.cache
    def validator(self, key, status):
        op = next(op for _, _, _, k, op in self.paths if k == key)
        answer = op["responses"].get(str(status))
        contents = (answer or {}).get("content", {})
        if not contents:
            return answer, None
        ((kind, content),) = contents.items()
        assert kind == ("application/scim+json" if key.split(" ")[1].startswith("/scim/") else "application/json")
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content["schema"], "components": {"schemas": self.schemas}}
        return answer, jsonschema.Draft202012Validator(schema, format_checker=formats)

    def check(self, response):
        """Raises AssertionError when the answer is not one that the document allows."""
        method, path = response.request.method, response.request.path_url.split("?")[0]
        status, kind = response.status_code, response.headers.get("Content-Type", "")
        assert HEX32.fullmatch(response.headers.get("X-Request-Id", "")), f"no request id on {method} {path}"
        if status >= 400:
            self.check_problem(response)
            return
        key, op = self.route(method, path)
        if key is None or status == 304 or method == "HEAD":
            return
        answer, validator = self.validator(key, status)
        assert answer is not None, f"{key} answered {status}, which the document does not name"
        self.seen.add((key, status))
        streams = status == 200 and "content" not in answer  # its length and time are not known when it begins
        assert streams or "Server-Timing" in response.headers, f"no Server-Timing on {key}"
        if validator is not None:
            assert kind == ("application/scim+json" if path.startswith("/scim/") else "application/json"), f"{key} answered {kind}"
            errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(response.json())]
            assert not errors, f"{key} {status} is not as documented: {errors}"
        elif status == 204:
            assert response.content == b"", f"{key} answered 204 with a body"

    @staticmethod
    def check_problem(response):
        where = f"{response.request.method} {response.request.path_url}: {response.text[:300]}"
        if response.request.path_url.startswith("/scim/"):
            Contract.check_scim_problem(response, where)
            return
        assert response.headers.get("Content-Type") == "application/problem+json", where
        if response.request.method == "HEAD":
            return
        body = response.json()
        assert {"type", "title", "status", "instance"} <= set(body), where
        assert body["status"] == response.status_code, where
        assert body["instance"] == response.headers["X-Request-Id"], where
        assert re.fullmatch(r"/problems/[a-z-]+", body["type"]), where
        for e in body.get("errors", []):
            assert set(e) == {"pointer", "detail"} and e["pointer"].startswith("/"), where
        if response.status_code in (429, 503):
            assert int(response.headers["Retry-After"]) > 0, where

    @staticmethod
    def check_scim_problem(response, where):
        """RFC 7644 §3.12."""
        assert response.headers.get("Content-Type") == "application/scim+json", where
        if response.request.method == "HEAD":
            return
        body = response.json()
        assert set(body) - {"scimType"} == {"schemas", "status", "detail"}, where
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"] and body["status"] == str(response.status_code), where
        assert body["detail"] and response.status_code != 422, where


def is_scim(key):
    """Bodies and problems of these have the form of RFC 7644 (test_scim.py)."""
    return key.split(" ")[1].startswith("/scim/")


def slug(answer):
    """Which problem an answer is. SCIM's do not say, beyond their status."""
    if answer.headers.get("Content-Type") == "application/scim+json":
        return {401: "unauthenticated", 403: "forbidden", 404: "not-found"}.get(answer.status_code)
    return answer.json()["type"].removeprefix("/problems/")


# Routes are known before fixtures are, so that each has a test of its own name.
ROUTES = dict(Stack(os.environ["PACT_DEMO"]).routes) if os.environ.get("PACT_DEMO") else {}
