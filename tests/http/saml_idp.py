# SPDX-License-Identifier: GPL-3.0-or-later
"""
Identity providers for the tests of SAML: one that forges on demand (build/tests/saml_forge), and a real one (Debian's
simplesamlphp, whose XML is read and signed by other code than ours).
"""
import base64
import functools
import html
import http.server
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import xml.etree.ElementTree as xml
import zlib

import requests
from fake_op import free_port
from stack import ROOT

KEYS = ROOT / "tests/fixtures/saml"
NS = {"samlp": "urn:oasis:names:tc:SAML:2.0:protocol", "saml": "urn:oasis:names:tc:SAML:2.0:assertion", "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#"}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@functools.cache
def forger():
    """The program; made when it is not there yet, as the guide for new endpoints starts these tests without it."""
    subprocess.run(["make", "-s", "build/tests/saml_forge"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return ROOT / "build/tests/saml_forge"


def forge(*args):
    return subprocess.run([forger(), *args], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def body_of(pem):
    return "".join(pathlib.Path(pem).read_text().split("-----\n", 1)[1].split("-----END")[0].split())


def metadata(entity, *certificates, sso=None, slo=None):
    keys = "".join(f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{body_of(c)}</ds:X509Certificate></ds:X509Data>'
        '</ds:KeyInfo></md:KeyDescriptor>' for c in certificates)
    out = f'<md:SingleLogoutService Binding="{REDIRECT}" Location="{slo}"/>' if slo else ""
    return (f'<?xml version="1.0"?>\n<md:EntityDescriptor xmlns:md="{NS["md"]}" xmlns:ds="{NS["ds"]}" entityID="{entity}">'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{NS["samlp"]}">{keys}{out}<md:SingleSignOnService Binding="{REDIRECT}" '
        f'Location="{sso or entity + "/sso"}"/></md:IDPSSODescriptor></md:EntityDescriptor>')


def message(url):
    """The XML of a redirect that we have sent."""
    q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    data = q.get("SAMLRequest") or q["SAMLResponse"]
    return xml.fromstring(zlib.decompress(base64.b64decode(data), -15))


class Forge:
    """A provider of one workspace; keys are those of tests/fixtures/saml."""

    def __init__(self, sso, **more):
        self.sso, self.more = sso, more
        self.entity = f"https://idp-{secrets.token_hex(4)}.example/metadata"
        self.slo = self.entity.replace("/metadata", "/slo?x=1")
        self.base = f"{sso.stack.base}/v1/auth/saml/{sso.slug}"

    def metadata(self, *certificates):
        return metadata(self.entity, *(certificates or [KEYS / "idp.pem"]), slo=self.slo)

    def connect(self, **sso):
        now = self.sso.connect(type="saml", metadata=self.metadata(), **sso)
        assert now["status"] == "ready", now
        return now

    def answer(self, vector="good", request="", **variables):
        """request: the id of our AuthnRequest, or the address that we have sent the browser to with it."""
        if "://" in request:
            request = message(request).get("ID")
        who = secrets.token_hex(5)
        values = {"dir": KEYS, "issuer": self.entity, "acs": f"{self.base}/acs", "audience": f"{self.base}/metadata", "request": request,
            "id": secrets.token_hex(8), "subject": f"sub-{who}", "email": f"{who}@{self.sso.domain}", "group": "sales",
            "sp_certificate": self.sso.stack.dir / "keys/saml.pem"} | self.more | variables
        return forge(vector, *(f"{k}={v}" for k, v in values.items()))

    def post(self, browser, answer, relay=None, slug=None):
        """As the provider's page makes the browser do it."""
        form = {"SAMLResponse": answer} | ({"RelayState": relay} if relay else {})
        return browser.request("POST", f"/v1/auth/saml/{slug or self.sso.slug}/acs", data=form,
            headers={"Origin": "https://idp.example", "Sec-Fetch-Site": "cross-site"})

    def come(self, browser, vector="good", way=None, **variables):
        """All the way; the last answer."""
        r = self.post(browser, self.answer(vector, browser.begin("saml", **(way or {})), **variables))
        return browser.get(r.headers["Location"]) if "/finish" in r.headers.get("Location", "") else r


class Page:
    """An https address with a text that may change."""

    def __init__(self, stack, text):
        page = self
        self.text, self.status, self.asked = text, 200, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page.asked += 1
                self.send_response(page.status)
                self.end_headers()
                self.wfile.write(page.text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stack.dir / "tls/server.pem", stack.dir / "tls/server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{self.server.server_address[1]}/metadata"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# ── the real one ──
def php(value):
    """A Python value as PHP has it."""
    return f"json_decode({json.dumps(json.dumps(value)).replace('$', chr(92) + '$')}, true)"


class SimpleSaml:
    """
    simplesamlphp on loopback. Browsers of the tests take `base` (an https address that no name server knows) for its loopback
    address, which is what a name server and a TLS proxy do elsewhere.
    """
    PEOPLE = {"ada": {"uid": ["ada-1"], "displayName": ["Ada Lovelace"], "groups": ["sales", "everybody"]},
        "bo": {"uid": ["bo-2"], "displayName": ["Bo Ek"], "groups": ["else"]}}

    def __init__(self, sso, base=None):
        self.sso, self.port = sso, free_port()
        self.base, self.local = base or f"https://idp-{secrets.token_hex(4)}.example/", f"http://127.0.0.1:{self.port}/"
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="pact-idp."))
        for name in ("config", "metadata", "cert", "data", "tmp", "log"):
            (self.home / name).mkdir()
        for name in ("idp.key", "idp.pem"):
            shutil.copy(KEYS / name, self.home / "cert")
        self.configure()
        self.process = subprocess.Popen(["php", "-d", "display_errors=0", "-d", "opcache.enable=0", "-S", f"127.0.0.1:{self.port}", "-t", "/usr/share/simplesamlphp/www"],
            env=os.environ | {"SIMPLESAMLPHP_CONFIG_DIR": str(self.home / "config"), "PHP_CLI_SERVER_WORKERS": "2"}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self.wait()

    def wait(self):
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < end, "simplesamlphp does not answer"
                time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        shutil.rmtree(self.home)

    def write(self, name, text):
        (self.home / name).write_text("<?php\n" + text)

    def configure(self, idp=None, sp=None):
        """idp, sp: settings beside; the provider reads its files anew for each request."""
        ours = f"{self.sso.stack.base}/v1/auth/saml/{self.sso.slug}"
        people = {f"{n}:{n}-password": p | {"mail": [f"{n}@{self.sso.domain}"]} for n, p in self.PEOPLE.items()}
        self.write("config/config.php", "$config = " + php({
            "baseurlpath": self.base, "certdir": f"{self.home}/cert/", "datadir": f"{self.home}/data/", "tempdir": f"{self.home}/tmp",
            "loggingdir": f"{self.home}/log/", "logging.handler": "file", "logging.level": 4, "secretsalt": secrets.token_hex(16), "auth.adminpassword": secrets.token_hex(16),
            "timezone": "UTC", "enable.saml20-idp": True, "module.enable": {"exampleauth": True, "core": True, "saml": True}, "session.cookie.secure": False,
            "session.phpsession.savepath": f"{self.home}/tmp", "store.type": "sql", "store.sql.dsn": f"sqlite:{self.home}/data/store.sqlite",
            "metadatadir": f"{self.home}/metadata", "metadata.sources": [{"type": "flatfile", "directory": f"{self.home}/metadata"}],
            "language.default": "en", "theme.use": "default", "trusted.url.domains": None, "session.duration": 28800, "errorreporting": False,
        }) + ";\n")
        self.write("config/authsources.php", "$config = " + php({"admin": ["core:AdminPassword"], "people": {"0": "exampleauth:UserPass", **people}}) + ";\n")
        self.write("metadata/saml20-idp-hosted.php", f"$metadata[{json.dumps(self.base + 'idp')}] = " + php({
            "host": "__DEFAULT__", "privatekey": "idp.key", "certificate": "idp.pem", "auth": "people", "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "redirect.sign": True, "redirect.validate": True, "sign.logout": True, "validate.logout": True, "logouttype": "traditional",
            "SingleSignOnServiceBinding": [REDIRECT], "SingleLogoutServiceBinding": [REDIRECT],
            "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "authproc": {"3": {"class": "saml:AttributeNameID",
            "attribute": "uid", "identifyingAttribute": "uid", "Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"}},
        } | (idp or {})) + ";\n")
        self.write("metadata/saml20-sp-remote.php", f"$metadata[{json.dumps(ours + '/metadata')}] = " + php({
            "AssertionConsumerService": ours + "/acs", "SingleLogoutService": ours + "/slo", "certData": body_of(self.sso.stack.dir / "keys/saml.pem"),
            "validate.authnrequest": True, "validate.logout": True, "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            "simplesaml.attributes": True,
        } | (sp or {})) + ";\n")

    def metadata(self):
        r = requests.get(self.local + "saml2/idp/metadata.php", timeout=20)
        assert r.status_code == 200 and "EntityDescriptor" in r.text, r.text[:500]
        return r.text

    def person(self):
        s = requests.Session()
        s.trust_env = False
        return s

    def walk(self, person, url, name=None):
        """
        Until it leads to us: ("GET", address) or ("POST", address, form). Without a name: ("LOGIN",) where a password is asked for.
        ("STOP", status, text): at a page that leads nowhere.
        """
        form = None
        for _ in range(12):
            if url.startswith(self.sso.stack.base):
                return ("POST", url, form) if form else ("GET", url)
            assert url.startswith((self.base, self.local)), url
            url = url.replace(self.base, self.local)
            r = person.post(url, data=form, allow_redirects=False, timeout=20) if form else person.get(url, allow_redirects=False, timeout=20)
            form = None
            if r.status_code in (302, 303):
                url = urllib.parse.urljoin(url, r.headers["Location"])
                continue
            if r.status_code != 200 or "<form" not in r.text:
                return ("STOP", r.status_code, r.text)
            form = {html.unescape(k): html.unescape(v) for k, v in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', r.text)}
            action = re.search(r'<form[^>]* action="([^"]*)"', r.text)
            url = urllib.parse.urljoin(url, html.unescape(action[1])) if action and action[1] not in ("", "?") else url
            if 'name="password"' in r.text:
                if name is None:
                    return ("LOGIN",)
                form |= {"username": name, "password": f"{name}-password"}
        raise AssertionError(f"no way back from {url}")
