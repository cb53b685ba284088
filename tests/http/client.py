# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP clients: programs with a bearer token, browsers with cookies. Every answer is held against the API document."""
import random
import socket

import requests
import requests.adapters

TIMEOUT = 30


class From(requests.adapters.HTTPAdapter):
    """Connects from an address of its own (all of 127/8 is ours), because throttles count by address."""

    def __init__(self, ip, **kw):
        self.ip = ip
        super().__init__(**kw)

    def init_poolmanager(self, *args, **kw):
        super().init_poolmanager(*args, source_address=(self.ip, 0), **kw)


def new_ip():
    return f"127.{random.randint(1, 250)}.{random.randint(0, 250)}.{random.randint(1, 250)}"


class Client:
    """base_url + path; `check=False` for answers that are wrong on purpose or not from the API."""

    def __init__(self, stack, ip=None):
        self.stack = stack
        self.session = requests.Session()
        self.session.verify = stack.ca
        self.session.trust_env = False
        self.ip = ip or new_ip()
        self.session.mount("https://", From(self.ip, pool_maxsize=32))
        self.session.mount("http://", From(self.ip, pool_maxsize=32))
        self.user = None
        self.tokens = None

    def request(self, method, path, check=True, **kw):
        kw.setdefault("timeout", TIMEOUT)
        kw.setdefault("allow_redirects", False)
        url = path if "://" in path else self.stack.base + path
        response = self.session.request(method, url, **kw)
        if check:
            self.stack.contract.check(response)
            assert response.status_code not in (500, 504), f"{method} {path}: {response.text}"
        return response

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, json=None, **kw):
        return self.request("POST", path, json=json, **kw)

    def patch(self, path, json=None, **kw):
        return self.request("PATCH", path, json=json, **kw)

    def delete(self, path, **kw):
        return self.request("DELETE", path, **kw)

    def ok(self, method, path, json=None, status=(200, 201, 202, 204), **kw):
        """The body of an answer that must be a success."""
        r = self.request(method, path, json=json, **kw)
        assert r.status_code in status, f"{method} {path}: {r.status_code} {r.text}"
        return r.json() if r.content else None

    def refused(self, status, slug, method, path, json=None, **kw):
        """The problem of an answer that must be this refusal."""
        r = self.request(method, path, json=json, **kw)
        got = r.json().get("type") if "json" in r.headers.get("Content-Type", "") else r.text[:200]
        assert (r.status_code, got) == (status, f"/problems/{slug}"), f"{method} {path}: {r.status_code} {r.text}"
        return r.json()

    def pages(self, path, limit=50, **params):
        """Every item of a list, page by page."""
        items, after = [], None
        while True:
            page = self.ok("GET", path, params={**params, "limit": limit, **({"after": after} if after else {})})
            items += page["items"]
            after = page["next"]
            if after is None:
                return items
            assert len(page["items"]) == limit, "a page that is not the last is full"

    # ── logging in ──
    def login(self, user, session="bearer", **more):
        self.user = user
        body = {"email": user.email, "password": user.password, "workspace": user.slug, "session": session, **more}
        headers = {"Origin": self.stack.base} if session == "cookie" else {}
        answer = self.ok("POST", "/v1/auth/login", body, headers=headers)
        if session == "bearer":
            self.tokens = answer
            self.session.headers["Authorization"] = "Bearer " + answer["access_token"]
        else:
            self.session.headers["Origin"] = self.stack.base
        return self


def raw(stack, data, tls=True, port=None, ip="127.0.0.1"):
    """Bytes as they are; for what no HTTP library would send."""
    import ssl
    import urllib.parse

    sock = socket.create_connection((ip, port or urllib.parse.urlsplit(stack.base).port), timeout=10)
    if tls:
        sock = ssl.create_default_context(cafile=stack.ca).wrap_socket(sock, server_hostname="localhost")
    sock.sendall(data)
    out = b""
    try:
        while chunk := sock.recv(65536):
            out += chunk
    except (TimeoutError, ConnectionError, ssl.SSLError):
        pass
    sock.close()
    return out
