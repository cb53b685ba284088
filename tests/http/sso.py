# SPDX-License-Identifier: GPL-3.0-or-later
"""A workspace with an identity provider, and browsers that come by it."""
import secrets
import time
import urllib.parse

from client import Client, new_ip


class Sso:
    """owner: a client with a token. connect(): sets the connection and waits for the runner's word."""

    def __init__(self, stack, workspace, owner):
        self.stack, self.workspace, self.slug, self.tenant, self.owner = stack, workspace, workspace.slug, workspace.tenant, owner
        self.domain = f"d{secrets.token_hex(5)}.example"
        self.edit("INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) VALUES (app.tenant_id(), %s, 't', now())", self.domain)

    def edit(self, sql, *args):
        return self.stack.edit(self.tenant, sql, args)

    def rows(self, sql, *args):
        with self.stack.db() as conn, conn.cursor() as cur:
            cur.execute(sql, args)
            return cur.fetchall()

    def connect(self, wait=True, **sso):
        self.owner.ok("PATCH", "/v1/settings/security", {"sso": sso})
        return self.checked() if wait else None

    def checked(self, seconds=30):
        end = time.monotonic() + seconds
        while (now := self.owner.ok("GET", "/v1/settings/security")["sso"])["status"] == "checking":
            assert time.monotonic() < end, f"nobody looked at the connection: {now}"
            time.sleep(0.03)
        return now

    def check_again(self):
        """What the runner does each day; with its word, good or bad."""
        self.owner.ok("PATCH", "/v1/settings/security", {"sso": {"scopes": f"email profile {secrets.token_hex(3)}"}})
        return self.checked()

    def browser(self, ip=None):
        return Browser(self, ip)

    def reason(self, response):
        """Why the login of this answer was refused, as the audit log has it."""
        rows = self.rows("SELECT new ->> 'reason' FROM pact.audit_event WHERE tenant_id = %s AND request_id = %s AND action = 'auth.login_refused'",
            self.tenant, response.headers["X-Request-Id"])
        assert len(rows) == 1, f"{response.status_code} {response.headers.get('Location')} {response.text[:300]}: {rows}"
        return rows[0][0]


class Browser(Client):
    """A browser of somebody who logs in at the provider."""

    def __init__(self, sso, ip=None):
        super().__init__(sso.stack, ip or new_ip())
        self.sso = sso
        self.session.headers["Accept"] = "text/html"

    def begin(self, way="oidc", **params):
        """Where the provider's login page is."""
        r = self.get(f"/v1/auth/{way}/{self.sso.slug}/login", params=params)
        assert r.status_code == 303, r.text
        return r.headers["Location"]

    def follow(self, back):
        return self.get(back, check="?" in back and back.startswith(self.stack.base))

    def who(self):
        return self.ok("GET", "/v1/auth/session")

    def refused(self, r):
        """The answer sends to the login page with a problem, begins no session; the reason."""
        assert r.status_code == 303, f"{r.status_code} {r.text}"
        to = urllib.parse.urlsplit(r.headers["Location"])
        q = dict(urllib.parse.parse_qsl(to.query))
        assert to.path == "/login" and q["problem"] in ("sso-refused", "sso-unavailable") and not to.netloc, r.headers["Location"]
        assert [c.name for c in self.session.cookies if c.name != "__Host-pact-sso"] == []
        assert self.get("/v1/auth/session").status_code == 401
        return self.sso.reason(r)
