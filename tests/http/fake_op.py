# SPDX-License-Identifier: GPL-3.0-or-later
"""
An OpenID provider for tests that says what it is told to say. Its certificate is the stack's own, so the stack trusts it.

    with FakeOP(stack) as op:                  op.issuer, op.client_id, op.secret
        back = op.answer(location, sub="me")   what its login page would do: the address the browser is sent back to
        op.lie["id_token"] = lambda t: …       what it sends instead; see `lie` below
        op.asked                               {"/token": 1, …}
"""
import base64
import collections
import hashlib
import http.server
import json
import secrets
import socket
import ssl
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

CURVES = {"ES256": ("P-256", ec.SECP256R1, hashes.SHA256, 32), "ES384": ("P-384", ec.SECP384R1, hashes.SHA384, 48), "ES512": ("P-521", ec.SECP521R1, hashes.SHA512, 66)}
SHA = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
BACKCHANNEL = "http://schemas.openid.net/event/backchannel-logout"


def b64(data):
    if isinstance(data, (dict, list)):
        data = json.dumps(data)
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()


def number(n):
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


class Key:
    """A signing key of one algorithm, as a JWK and in use."""

    def __init__(self, alg="RS256", bits=2048):
        self.alg, self.kid = alg, secrets.token_hex(4)
        if alg in CURVES:
            self.private = ec.generate_private_key(CURVES[alg][1]())
        elif alg == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, bits)

    def jwk(self, **more):
        public = self.private.public_key()
        if self.alg in CURVES:
            n, half = public.public_numbers(), CURVES[self.alg][3]
            own = {"kty": "EC", "crv": CURVES[self.alg][0], "x": b64(n.x.to_bytes(half, "big")), "y": b64(n.y.to_bytes(half, "big"))}
        elif self.alg == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            own = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        else:
            own = {"kty": "RSA", "n": number(public.public_numbers().n), "e": number(public.public_numbers().e)}
        return own | {"kid": self.kid, "use": "sig", "alg": self.alg} | more

    def pem(self):
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def signature(self, data):
        if self.alg in CURVES:
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(CURVES[self.alg][2]())))
            return r.to_bytes(CURVES[self.alg][3], "big") + s.to_bytes(CURVES[self.alg][3], "big")
        if self.alg == "EdDSA":
            return self.private.sign(data)
        sha = SHA[self.alg[2:]]()
        pad = padding.PKCS1v15() if self.alg[0] == "R" else padding.PSS(padding.MGF1(sha), sha.digest_size)
        return self.private.sign(data, pad, sha)

    def sign(self, claims, **header):
        head = {"alg": self.alg, "kid": self.kid} | header
        data = f"{b64({k: v for k, v in head.items() if v is not None})}.{b64(claims)}"
        return f"{data}.{b64(self.signature(data.encode()))}"


def hs256(secret, claims, **header):
    """A token "signed" with a shared secret, such as the public key itself."""
    data = f"{b64({'alg': 'HS256'} | header)}.{b64(claims)}"
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(data.encode())
    return f"{data}.{b64(mac.finalize())}"


class FakeOP:
    """
    lie: what is different from what an honest provider sends:
        claims      function on the claims of an ID token
        header      members of its header (None takes one away)
        id_token    function (claims) → the whole token
        token       function (answer) → the token endpoint's answer
        userinfo    function (answer) → the userinfo endpoint's
        document    function (document) → the discovery document
        jwks        function (set) → the published keys
        serve       {path: function (handler)} instead of the endpoint
    """

    def __init__(self, stack, alg="RS256", path=""):
        self.client_id, self.secret = f"pact-{secrets.token_hex(4)}", secrets.token_urlsafe(24) + ":/%+ é"
        self.keys = [Key(alg)]
        self.codes, self.lie, self.asked, self.seen = {}, {}, collections.Counter(), []
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context = context
        context.load_cert_chain(stack.dir / "tls/server.pem", stack.dir / "tls/server.key")
        op = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                op.serve(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, address):
                request.settimeout(10)
                super().finish_request(context.wrap_socket(request, server_side=True), address)

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.path = path
        self.issuer = f"https://localhost:{self.port}{path}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # ── what it says ──
    def document(self):
        at = self.issuer.rstrip("/")
        d = {
            "issuer": self.issuer, "authorization_endpoint": f"{at}/authorize?fixed=1", "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/jwks", "userinfo_endpoint": f"{at}/userinfo", "end_session_endpoint": f"{at}/end",
            "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["HS256", "none", self.keys[0].alg],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
        }
        return self.lie.get("document", lambda d: d)(d)

    def answer(self, location, sub="somebody", error=None, **claims):
        """Logs somebody in. The claims come in the ID token, or `userinfo={…}` in that."""
        q = {k: v[0] for k, v in urllib.parse.parse_qs(urllib.parse.urlsplit(location).query).items()}
        assert q["response_type"] == "code" and q["client_id"] == self.client_id and q["code_challenge_method"] == "S256" and q["fixed"] == "1"
        assert "openid" in q["scope"].split() and len(q["state"]) >= 32 and len(q["nonce"]) >= 32 and len(q["code_challenge"]) == 43
        code = secrets.token_urlsafe(16)
        self.codes[code] = q | {"sub": sub, "claims": {k: v for k, v in claims.items() if k != "userinfo"}, "userinfo": claims.get("userinfo")}
        back = {"state": q["state"], "iss": self.issuer} | ({"error": error} if error else {"code": code})
        return q["redirect_uri"] + "?" + urllib.parse.urlencode(back)

    def claims(self, code):
        q, now = self.codes[code], int(time.time())
        c = {"iss": self.issuer, "aud": self.client_id, "sub": q["sub"], "iat": now, "exp": now + 300, "nonce": q["nonce"]} | q["claims"]
        return self.lie.get("claims", lambda c: c)(c)

    def id_token(self, claims):
        if "id_token" in self.lie:
            return self.lie["id_token"](claims)
        return self.keys[0].sign(claims, **self.lie.get("header", {}))

    def logout_token(self, key=None, header=None, **claims):
        now = int(time.time())
        c = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8), "events": {BACKCHANNEL: {}}} | claims
        return (key or self.keys[0]).sign({k: v for k, v in c.items() if v is not None}, **({"typ": "logout+jwt"} | (header or {})))

    # ── its endpoints ──
    def serve(self, h):
        path = urllib.parse.urlsplit(h.path).path.removeprefix(self.path.rstrip("/"))
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0)).decode()
        with self.lock:
            self.asked[path] += 1
        if path in self.lie.get("serve", {}):
            return self.lie["serve"][path](h)
        if path == "/.well-known/openid-configuration":
            return self.send(h, 200, self.document())
        if path == "/jwks":
            return self.send(h, 200, self.lie.get("jwks", lambda a: a)({"keys": [k.jwk() for k in self.keys]}))
        if path == "/token":
            return self.token(h, dict(urllib.parse.parse_qsl(body)))
        if path == "/userinfo":
            code = h.headers.get("Authorization", "").removeprefix("Bearer at-")
            q = self.codes.get(code)
            if q is None:
                return self.send(h, 401, {})
            return self.send(h, 200, self.lie.get("userinfo", lambda a: a)({"sub": q["sub"]} | (q["userinfo"] or {})))
        return self.send(h, 404, {})

    def token(self, h, form):
        basic = base64.b64decode(h.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        who, _, password = basic.partition(":")
        who, password = urllib.parse.unquote(who), urllib.parse.unquote(password)
        with self.lock:
            q = self.codes.get(form.get("code"))
            used = q is None or q.get("used")
            if q is not None:
                q["used"] = True
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (who, password) != (self.client_id, self.secret):
            return self.send(h, 401, {"error": "invalid_client"})
        if used or form.get("redirect_uri") != q["redirect_uri"] or b64(verifier) != q["code_challenge"] or form.get("grant_type") != "authorization_code":
            return self.send(h, 400, {"error": "invalid_grant"})
        answer = {"access_token": f"at-{form['code']}", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token(self.claims(form["code"]))}
        return self.send(h, 200, self.lie.get("token", lambda a: a)(answer))

    @staticmethod
    def send(h, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        h.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
            h.send_header(name.replace("_", "-"), value)
        h.end_headers()
        h.wfile.write(data)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]
