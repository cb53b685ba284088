# SPDX-License-Identifier: GPL-3.0-or-later
"""
One good request for every route that `prog -R` prints. The matrix, the API document, the frame and the fuzz tests go
through this table, and fail on a route that is not in it.
"""
import dataclasses
import time
import types
import typing

from fake_op import FakeOP
from saml_idp import Forge
from stack import address, otp, unique

CSV = "Email Address,First Name,Last Name,OPTIN_TIME\n{},Ada,{},2024-05-01 10:00:00\n"


class Things:
    """Makes what a request needs in one workspace, as its owner; `me` is who will send the request."""

    def __init__(self, owner, me=None):
        self.owner, self.me = owner, me or owner

    def make(self, path, json, **kw):
        return self.owner.ok("POST", path, json, **kw)["public_id"]

    def contact(self, **more):
        return self.make("/v1/contacts", {"email": address("c"), "last_name": unique("n")} | more)

    def archived(self):
        c = self.contact()
        self.owner.ok("POST", f"/v1/contacts/{c}/archive")
        return c

    def account(self, **more):
        return self.make("/v1/accounts", {"name": unique("account")} | more)

    def activity(self, **more):
        return self.make("/v1/activities", {"contact_id": self.contact(), "kind": "note", "subject": unique("s")} | more)

    def job(self):
        tag = unique("tag")
        self.contact(tags=[tag])
        job = self.owner.ok("POST", "/v1/contacts/bulk-consent", {"filter": {"tag": tag}, "status": "declined"}, status=(202,))["job"]
        self.wait_job(job)
        return job

    def upload(self, query="", rows=1):
        data = "".join(CSV.format(address("i"), unique("n")).split("\n", 1)[i > 0] for i in range(rows)).encode()
        return self.owner.ok("POST", "/v1/imports" + query, data=data, headers={"Content-Type": "text/csv"})["public_id"]

    def imported(self):
        i = self.upload()
        self.wait_import(i, "done")
        return i

    def wait_import(self, i, *states, seconds=60):
        end = time.monotonic() + seconds
        while (now := self.owner.ok("GET", f"/v1/imports/{i}"))["status"] not in states:
            assert time.monotonic() < end and now["status"] in ("queued", "running", "uploading"), f"import is {now}"
            time.sleep(0.05)
        return now

    def wait_job(self, j, seconds=60):
        end = time.monotonic() + seconds
        while (now := self.owner.ok("GET", f"/v1/jobs/{j}"))["status"] not in ("done", "failed", "dead"):
            assert time.monotonic() < end, f"job is {now}"
            time.sleep(0.05)
        return now

    def invited(self, **more):
        """Somebody who has not come yet."""
        self.address = address("staff")
        return self.make("/v1/users/invite", {"email": self.address, "roles": ["viewer"]} | more)

    def domain(self):
        """One that was looked for and not found: no name server answers."""
        d = self.make("/v1/settings/security/domains", {"domain": f"{unique('d')}.example"})
        end = time.monotonic() + 30
        while self.owner.ok("GET", f"/v1/settings/security/domains/{d}")["checked_at"] is None:
            assert time.monotonic() < end, "the domain was not looked for"
            time.sleep(0.05)
        return d

    def connection(self):
        """A connection that was found good once; nobody answers there."""
        self.owner.ok("PATCH", "/v1/settings/security", {"sso": {"type": "oidc", "issuer": "https://idp.invalid", "client_id": "pact"}})
        self.behind("UPDATE pact.sso_connection SET checked_at = now(), status = 'ready', facts = %s WHERE tenant_id = app.tenant_id()",
            '{"authorization_endpoint": "https://idp.invalid/authorize"}')

    def saml(self):
        """A provider whose metadata was found good."""
        stack = self.owner.stack
        slug = self.owner.user.slug
        idp = Forge(types.SimpleNamespace(stack=stack, slug=slug, domain="people.example"))
        self.owner.ok("PATCH", "/v1/settings/security", {"sso": {"type": "saml", "metadata": idp.metadata()}})
        end = time.monotonic() + 30
        while self.owner.ok("GET", "/v1/settings/security")["sso"]["status"] != "ready":
            assert time.monotonic() < end, "nobody looked at the connection"
            time.sleep(0.03)
        return idp

    def logout_token(self):
        """Of a provider that answers."""
        op = FakeOP(self.owner.stack)
        self.owner.ok("PATCH", "/v1/settings/security", {"sso": {"type": "oidc", "issuer": op.issuer, "client_id": op.client_id}})
        end = time.monotonic() + 30
        while self.owner.ok("GET", "/v1/settings/security")["sso"]["status"] != "ready":
            assert time.monotonic() < end, "nobody looked at the connection"
            time.sleep(0.03)
        return op.logout_token(sub="somebody")

    def link(self):
        self.invited()
        return self.owner.stack.link(self.address, "invited")

    def colleague(self):
        """Somebody who has accepted, as the user's id."""
        i = self.invited()
        self.password = unique("password")
        self.owner.ok("POST", "/v1/auth/invitation", {"token": self.owner.stack.link(self.address, "invited"), "password": self.password})
        return i

    def role(self):
        """A role of the workspace's own, which comes with the Enterprise plan."""
        self.enterprise()
        return self.make("/v1/roles", {"name": unique("role"), "permissions": ["contact.read"]})

    def key(self, *roles, **more):
        """An API key of the owner's; self.text is what opens the door."""
        made = self.owner.ok("POST", "/v1/api-keys", {"name": unique("key"), "roles": list(roles) or ["viewer"]} | more)
        self.text = made["key"]
        return made["public_id"]

    def integration(self, kind="smtp"):
        return self.make("/v1/settings/integrations", integration(kind))

    def group(self):
        """A group of an identity provider's."""
        return self.owner.ok("POST", "/scim/v2/Groups", {"displayName": unique("group"), "members": [{"value": self.invited()}]})["id"]

    def behind(self, sql, *args):
        """Changes rows of the workspace behind everybody's back."""
        stack = self.owner.stack
        with stack.db() as conn, conn.cursor() as cur:
            cur.execute("SELECT tenant_id FROM directory.workspace WHERE slug = %s", (self.owner.user.slug,))
            stack.edit(str(cur.fetchone()[0]), sql, args)

    def enterprise(self):
        self.behind("UPDATE pact.tenant SET plan = 'enterprise' WHERE tenant_id = app.tenant_id()")

    def second_factor(self, client=None):
        """Turns it on with the code of the half minute before, so that the one of now can still be used. Secret and recovery codes."""
        client = client or self.me
        self.owner.stack.second_factors = True
        secret = client.ok("POST", "/v1/auth/totp")["secret"]
        return secret, client.ok("POST", "/v1/auth/totp/confirm", {"code": otp(secret, -1)})["recovery_codes"]

    def challenge(self):
        """The challenge of somebody with a second factor, and a code for it."""
        from client import Client

        self.colleague()
        body = {"email": self.address, "password": self.password, "workspace": self.owner.user.slug, "session": "bearer"}
        c = Client(self.owner.stack)
        c.session.headers["Authorization"] = "Bearer " + c.ok("POST", "/v1/auth/login", body)["access_token"]
        secret, _ = self.second_factor(c)
        del c.session.headers["Authorization"]
        return c.ok("POST", "/v1/auth/login", body)["challenge"], otp(secret)

    def other_session(self):
        """A second session of whoever asks."""
        from client import Client

        Client(self.me.stack, self.me.ip).login(self.me.user)
        return next(s["public_id"] for s in self.me.pages("/v1/auth/sessions") if not s["current"])


INTEGRATIONS = {
    "smtp": ({"host": "smtp.people.example", "port": 587, "username": "pact"}, {"password"}),
    "ai": ({"provider": "example"}, {"api_key"}),
    "oauth": ({"token_url": "https://id.people.example/token", "client_id": "pact"}, {"client_secret", "refresh_token"}),
    "webhook": ({"url": "https://people.example/hook?a=b"}, {"signing_secret"}),
}


def integration(kind="smtp", **more):
    """The body of a new one; its secrets are unique texts."""
    settings, secrets = INTEGRATIONS[kind]
    return {"kind": kind, "name": unique("integration"), "settings": dict(settings), "credentials": {m: unique("secret") for m in secrets}} | more


@dataclasses.dataclass
class Sample:
    request: typing.Callable  # (Things) -> keywords of Client.request()
    status: int = 200
    disruptive: bool = False  # ends sessions of whoever sends it


SAMPLES: dict[str, Sample] = {}


def sample(key, status=200, disruptive=False):
    def register(fn):
        SAMPLES[key] = Sample(fn, status, disruptive)
        return fn

    return register


def plain(key, path=None, status=200, **kw):
    SAMPLES[key] = Sample(lambda t: {"path": path or key.split(" ")[1], **kw}, status)


def about(key, maker, status=200, **kw):
    """A route with {id}, of a thing that Things.<maker>() makes."""
    SAMPLES[key] = Sample(lambda t: {"path": key.split(" ")[1].replace("{id}", getattr(t, maker)()), **kw}, status)


# ── auth ──
@sample("POST /v1/auth/login")
def _(t):
    u = t.me.user
    return {"path": "/v1/auth/login", "json": {"email": u.email, "password": u.password, "workspace": u.slug, "session": "bearer"}}


@sample("POST /v1/auth/refresh")
def _(t):
    from client import Client

    return {"path": "/v1/auth/refresh", "json": {"refresh_token": Client(t.me.stack, t.me.ip).login(t.me.user).tokens["refresh_token"]}}


@sample("POST /v1/auth/logout", 200, disruptive=True)
def _(t):
    return {"path": "/v1/auth/logout"}


@sample("POST /v1/auth/password", 204, disruptive=True)
def _(t):
    return {"path": "/v1/auth/password", "json": {"current_password": t.me.user.password, "new_password": unique("password")}}


@sample("DELETE /v1/auth/sessions/{id}", 204)
def _(t):
    return {"path": f"/v1/auth/sessions/{t.other_session()}"}


@sample("DELETE /v1/auth/sessions", 204, disruptive=True)
def _(t):
    return {"path": "/v1/auth/sessions"}


@sample("POST /v1/auth/mfa")
def _(t):
    challenge, code = t.challenge()
    return {"path": "/v1/auth/mfa", "json": {"challenge": challenge, "code": code, "session": "bearer"}}


plain("GET /v1/auth/totp")
plain("POST /v1/auth/totp")


@sample("POST /v1/auth/totp/confirm", disruptive=True)
def _(t):
    t.owner.stack.second_factors = True
    return {"path": "/v1/auth/totp/confirm", "json": {"code": otp(t.me.ok("POST", "/v1/auth/totp")["secret"])}}


@sample("DELETE /v1/auth/totp", 204)
def _(t):
    return {"path": "/v1/auth/totp", "json": {"password": t.me.user.password}}


@sample("POST /v1/auth/totp/recovery-codes", disruptive=True)
def _(t):
    t.second_factor()
    return {"path": "/v1/auth/totp/recovery-codes", "json": {"password": t.me.user.password}}


plain("POST /v1/auth/password/forgot", status=204, json={"email": "nobody@people.example"})


@sample("POST /v1/auth/password/reset", 204)
def _(t):
    t.colleague()
    t.owner.ok("POST", "/v1/auth/password/forgot", {"email": t.address})
    return {"path": "/v1/auth/password/reset", "json": {"token": t.owner.stack.link(t.address, "reset"), "password": unique("password")}}


@sample("POST /v1/auth/invitation", 204)
def _(t):
    return {"path": "/v1/auth/invitation", "json": {"token": t.link(), "password": unique("password"), "name": unique("n")}}


@sample("POST /v1/auth/link")
def _(t):
    return {"path": "/v1/auth/link", "json": {"token": t.link()}}


# ── people ──
plain("GET /v1/users")
plain("GET /v1/roles")
plain("GET /v1/settings/security")
plain("PATCH /v1/settings/security", json={"require_mfa": False})
plain("GET /v1/settings/security/domains")
plain("GET /v1/auth/discover", "/v1/auth/discover?email=somebody@people.example")
plain("GET /v1/auth/sso/{workspace}/finish", "/v1/auth/sso/nobody/finish?login=00000000-0000-7000-8000-000000000000", status=303)
plain("GET /v1/auth/oidc/{workspace}/callback", "/v1/auth/oidc/nobody/callback?state=x&code=y", status=303)


@sample("GET /v1/auth/oidc/{workspace}/login", 303)
def _(t):
    t.connection()
    return {"path": f"/v1/auth/oidc/{t.owner.user.slug}/login"}


@sample("POST /v1/auth/oidc/{workspace}/backchannel-logout", 200)
def _(t):
    return {"path": f"/v1/auth/oidc/{t.owner.user.slug}/backchannel-logout", "data": {"logout_token": t.logout_token()}}


# ── saml ──
plain("GET /v1/auth/saml/{workspace}/metadata", "/v1/auth/saml/nobody/metadata")


@sample("GET /v1/auth/saml/{workspace}/login", 303)
def _(t):
    t.saml()
    return {"path": f"/v1/auth/saml/{t.owner.user.slug}/login"}


@sample("POST /v1/auth/saml/{workspace}/acs", 303)
def _(t):
    return {"path": f"/v1/auth/saml/{t.owner.user.slug}/acs", "data": {"SAMLResponse": t.saml().answer()}}


@sample("GET /v1/auth/saml/{workspace}/slo", 303)
def _(t):
    return {"path": f"/v1/auth/saml/{t.owner.user.slug}/slo?SAMLResponse=x"}


@sample("POST /v1/auth/saml/{workspace}/slo", 303)
def _(t):
    idp = t.saml()
    return {"path": f"/v1/auth/saml/{t.owner.user.slug}/slo", "data": {"SAMLRequest": idp.answer("logout", acs=f"{idp.base}/slo")}}


about("GET /v1/settings/security/domains/{id}", "domain")
about("DELETE /v1/settings/security/domains/{id}", "domain", 204)
about("POST /v1/settings/security/domains/{id}/check", "domain", 202)


@sample("POST /v1/settings/security/domains", 201)
def _(t):
    return {"path": "/v1/settings/security/domains", "json": {"domain": f"{unique('d')}.example"}}


@sample("POST /v1/settings/security/sso/test", 201)
def _(t):
    t.connection()
    return {"path": "/v1/settings/security/sso/test"}


about("GET /v1/users/{id}", "invited")
about("PATCH /v1/users/{id}", "colleague", json={"name": "New Name"})
about("DELETE /v1/users/{id}", "invited", 204)
about("DELETE /v1/users/{id}/totp", "colleague", 204)
about("DELETE /v1/users/{id}/sso", "colleague", 204)
about("GET /v1/users/{id}/sessions", "colleague")
about("DELETE /v1/users/{id}/sessions", "colleague", 204)
about("GET /v1/roles/{id}", "role")
about("PATCH /v1/roles/{id}", "role", json={"permissions": ["contact.read", "account.read"]})
about("DELETE /v1/roles/{id}", "role", 204)


@sample("POST /v1/users/invite", 201)
def _(t):
    return {"path": "/v1/users/invite", "json": {"email": address("staff"), "roles": ["viewer"]}}


@sample("POST /v1/roles", 201)
def _(t):
    t.enterprise()
    return {"path": "/v1/roles", "json": {"name": unique("role"), "permissions": ["contact.read"]}}


# ── API keys ──
plain("GET /v1/api-keys")
about("GET /v1/api-keys/{id}", "key")
about("PATCH /v1/api-keys/{id}", "key", json={"name": "Other name"})
about("DELETE /v1/api-keys/{id}", "key", 204)


@sample("POST /v1/api-keys", 201)
def _(t):
    return {"path": "/v1/api-keys", "json": {"name": unique("key"), "roles": ["viewer"]}}


# ── SCIM ──
plain("GET /scim/v2/ServiceProviderConfig")
plain("GET /scim/v2/ResourceTypes")
plain("GET /scim/v2/ResourceTypes/{name}", "/scim/v2/ResourceTypes/User")
plain("GET /scim/v2/Schemas")
plain("GET /scim/v2/Schemas/{schema}", "/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
plain("GET /scim/v2/Users")
plain("GET /scim/v2/Groups")
about("GET /scim/v2/Users/{id}", "invited")
about("DELETE /scim/v2/Users/{id}", "invited", 204)
about("PATCH /scim/v2/Users/{id}", "invited", json={"Operations": [{"op": "replace", "path": "active", "value": False}]})
about("GET /scim/v2/Groups/{id}", "group")
about("DELETE /scim/v2/Groups/{id}", "group", 204)
about("PATCH /scim/v2/Groups/{id}", "group", 204, json={"Operations": [{"op": "remove", "path": "members"}]})


@sample("POST /scim/v2/Users", 201)
def _(t):
    return {"path": "/scim/v2/Users", "json": {"userName": address("scim")}}


@sample("PUT /scim/v2/Users/{id}")
def _(t):
    i = t.invited()
    return {"path": f"/scim/v2/Users/{i}", "json": {"userName": t.address, "displayName": unique("n")}}


@sample("POST /scim/v2/Groups", 201)
def _(t):
    return {"path": "/scim/v2/Groups", "json": {"displayName": unique("group")}}


@sample("PUT /scim/v2/Groups/{id}")
def _(t):
    return {"path": f"/scim/v2/Groups/{t.group()}", "json": {"displayName": unique("group")}}


plain("GET /v1/auth/session")
plain("GET /v1/auth/sessions")

# ── crm: contacts ──
plain("GET /v1/contacts")
plain("GET /v1/contacts/export", "/v1/contacts/export?format=jsonl")
plain("GET /v1/tags")
about("GET /v1/contacts/{id}", "contact")
about("PATCH /v1/contacts/{id}", "contact", json={"title": "Dr"})
about("DELETE /v1/contacts/{id}", "contact", 204)
about("POST /v1/contacts/{id}/archive", "contact")
about("POST /v1/contacts/{id}/restore", "archived")
about("GET /v1/contacts/{id}/consent", "contact")
about("POST /v1/contacts/{id}/consent", "contact", json={"status": "declined"})
about("GET /v1/contacts/{id}/timeline", "contact")
about("GET /v1/contacts/{id}/export", "contact")


@sample("POST /v1/contacts", 201)
def _(t):
    return {"path": "/v1/contacts", "json": {"email": address("c"), "last_name": unique("n")}}


@sample("POST /v1/contacts/bulk-consent")
def _(t):
    return {"path": "/v1/contacts/bulk-consent", "json": {"contacts": [t.contact()], "status": "declined"}}


# ── crm: accounts, activities, the rest ──
plain("GET /v1/accounts")
plain("GET /v1/custom-fields")
plain("GET /v1/settings/privacy")
about("GET /v1/accounts/{id}", "account")
about("PATCH /v1/accounts/{id}", "account", json={"phone": "+47 1"})
about("DELETE /v1/accounts/{id}", "account", 204)
about("GET /v1/activities/{id}", "activity")
about("PATCH /v1/activities/{id}", "activity", json={"body": "more"})
about("DELETE /v1/activities/{id}", "activity", 204)
about("GET /v1/jobs/{id}", "job")


@sample("POST /v1/accounts", 201)
def _(t):
    return {"path": "/v1/accounts", "json": {"name": unique("account")}}


@sample("GET /v1/activities")
def _(t):
    return {"path": f"/v1/activities?contact_id={t.contact()}"}


@sample("POST /v1/activities", 201)
def _(t):
    return {"path": "/v1/activities", "json": {"contact_id": t.contact(), "kind": "call", "subject": unique("s"), "body": "b"}}


@sample("POST /v1/custom-fields", 201)
def _(t):
    return {"path": "/v1/custom-fields", "json": {"label": unique("f")}}


@sample("PATCH /v1/settings/privacy")
def _(t):
    return {"path": "/v1/settings/privacy", "json": {"default_consent_policy": "pending"}}


# ── crm: imports ──
plain("GET /v1/imports")
about("GET /v1/imports/{id}", "imported")
about("GET /v1/imports/{id}/errors", "imported")
about("POST /v1/imports/{id}/revert", "imported", 202)


@sample("POST /v1/imports", 202)
def _(t):
    return {"path": "/v1/imports?filename=people.csv", "data": CSV.format(address("i"), unique("n")).encode(),
        "headers": {"Content-Type": "text/csv"}}


@sample("PATCH /v1/imports/{id}")
def _(t):
    return {"path": f"/v1/imports/{t.upload('?mapping=manual')}", "json": {"dry_run": True}}


@sample("POST /v1/imports/{id}/start", 202)
def _(t):
    return {"path": f"/v1/imports/{t.upload('?mapping=manual')}/start", "json": {}}


@sample("POST /v1/imports/{id}/cancel", 202)
def _(t):
    return {"path": f"/v1/imports/{t.upload('?mapping=manual')}/cancel"}


# ── audit ──
plain("GET /v1/audit/events")
plain("GET /v1/audit/export", "/v1/audit/export?format=csv")

# ── integrations, billing ──
plain("GET /v1/settings/integrations")
plain("GET /v1/settings/integrations/kinds")
about("GET /v1/settings/integrations/{id}", "integration")
about("PATCH /v1/settings/integrations/{id}", "integration", json={"credentials": {"password": "another one"}})
about("DELETE /v1/settings/integrations/{id}", "integration", 204)
plain("GET /v1/settings/billing")
plain("PATCH /v1/settings/billing", json={"contact": {"name": "Accounts payable"}})


@sample("POST /v1/settings/integrations", 201)
def _(t):
    return {"path": "/v1/settings/integrations", "json": integration()}


def call(client, key, things, **more):
    """Sends the sample of a route; keywords replace those of the sample."""
    kw = SAMPLES[key].request(things) | more
    return client.request(key.split(" ")[0], kw.pop("path"), **kw)
