# SPDX-License-Identifier: GPL-3.0-or-later
"""A4 against a certified OpenID provider (npm oidc-provider), through its own login and consent pages."""
import html
import json
import os
import re
import secrets
import signal
import subprocess
import urllib.parse

import pytest
import requests
from client import Client, new_ip
from fake_op import free_port
from sso import Sso
from stack import ROOT

HOME = ROOT / "tests/idp/oidc"


class Provider:
    """The process, and what a person does with its pages."""

    def __init__(self, stack, sso, **more):
        self.stack, self.port = stack, free_port()
        self.issuer, self.client_id, self.secret = f"https://localhost:{self.port}", "pact", secrets.token_urlsafe(32)
        settings = {
            "port": self.port, "key": str(stack.dir / "tls/server.key"), "cert": str(stack.dir / "tls/server.pem"), "client_id": self.client_id,
            "client_secret": self.secret, "redirect_uri": f"{stack.base}/v1/auth/oidc/{sso.slug}/callback", "alg": "RS256",
            "logout_uri": f"{stack.base}/v1/auth/oidc/{sso.slug}/backchannel-logout", "back": f"{stack.base}/login",
        } | more
        # it has to trust the stack's certificate, to say that somebody has logged out
        self.process = subprocess.Popen(["node", "op.mjs"], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=os.environ | {"NODE_EXTRA_CA_CERTS": stack.ca}, start_new_session=True, text=True)
        self.process.stdin.write(json.dumps(settings))
        self.process.stdin.close()
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)

    def person(self):
        s = requests.Session()
        s.verify, s.trust_env = self.stack.ca, False
        return s

    def log_in(self, location, address, session=None):
        """From the authorization address to the one that the browser is sent back to."""
        s = session or self.person()
        url, form = location, None
        for _ in range(12):
            r = s.post(url, data=form, allow_redirects=False) if form else s.get(url, allow_redirects=False)
            form = None
            if r.status_code in (302, 303):
                url = urllib.parse.urljoin(url, r.headers["Location"])
                if url.startswith(self.stack.base):
                    return url
                continue
            assert r.status_code == 200, r.text
            action = html.unescape(re.search(r'<form[^>]* action="([^"]+)"', r.text)[1])
            prompt = re.search(r'name="prompt" value="(\w+)"', r.text)[1]
            form = {"prompt": prompt} | ({"login": address, "password": "anything"} if prompt == "login" else {})
            url = urllib.parse.urljoin(url, action)
        raise AssertionError(f"no way back from {url}")


@pytest.fixture(scope="module")
def sso(stack, make_workspace):
    workspace = make_workspace(roles=())
    return Sso(stack, workspace, Client(stack, new_ip()).login(workspace.users["owner"]))


@pytest.fixture(scope="module", params=["RS256", "ES256"])
def op(stack, sso, request):
    with Provider(stack, sso, alg=request.param, userinfo=request.param == "ES256") as op:
        now = sso.connect(type="oidc", issuer=op.issuer, client_id=op.client_id, client_secret=op.secret, jit=True, default_roles=["viewer"],
            role_mapping=[{"group": "sales", "role": "member"}])
        assert now["status"] == "ready", now
        assert request.param in now["facts"]["algs"]
        yield op


def test_A4_login_at_a_real_provider(sso, op):
    address = f"ada{secrets.token_hex(3)}+sales@{sso.domain}"
    browser = sso.browser()
    r = browser.follow(op.log_in(browser.begin(return_to="/contacts"), address))
    assert (r.status_code, r.headers["Location"]) == (303, "/contacts"), r.headers
    who = browser.who()
    assert (who["user"]["email"], who["user"]["name"], who["roles"]) == (address, f"Somebody {address}", ["member"])


def test_A4_a_code_of_a_real_provider_is_taken_once(sso, op):
    browser = sso.browser()
    back = op.log_in(browser.begin(), f"bob{secrets.token_hex(3)}@{sso.domain}")
    assert browser.follow(back).headers["Location"] == "/"
    again = sso.browser()
    assert again.refused(again.follow(back)) == "browser"


def test_A4_logout_here_goes_on_there_and_logout_there_ends_it_here(sso, op):
    person, address = op.person(), f"eve{secrets.token_hex(3)}@{sso.domain}"
    one, two = sso.browser(), sso.browser()
    one.follow(op.log_in(one.begin(), address, person))
    two.follow(op.log_in(two.begin(), address, person))  # single sign-on: it asks for nothing
    assert two.who()["user"]["email"] == address
    url = one.ok("POST", "/v1/auth/logout", headers={"Origin": sso.stack.base})["logout_url"]
    page = person.get(url)
    assert page.status_code == 200, page.text
    action = html.unescape(re.search(r'<form[^>]* action="([^"]+)"', page.text)[1])
    xsrf = re.search(r'name="xsrf" value="(\w+)"', page.text)[1]
    r = person.post(urllib.parse.urljoin(url, action), data={"xsrf": xsrf, "logout": "yes"}, allow_redirects=False)
    assert r.headers["Location"] == f"{sso.stack.base}/login", (r.status_code, r.headers, r.text)
    # the provider has told us meanwhile: the other browser is out
    assert two.get("/v1/auth/session").status_code == 401
    r = sso.browser().get(f"/v1/auth/oidc/{sso.slug}/login")
    assert person.get(r.headers["Location"]).text.find("login") > 0, "it asks who it is again"
