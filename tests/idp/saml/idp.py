#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""
Debian's simplesamlphp for a browser: behind TLS, on another site than the stack's. Reads {"slug", "domain"} as a line of
JSON, says {"base", "metadata"} in another, and ends with its standard input. PACT_DEMO names the stack.
"""
import http.client
import http.server
import json
import os
import pathlib
import ssl
import sys
import threading
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "http"))
from fake_op import free_port  # noqa: E402
from saml_idp import SimpleSaml  # noqa: E402
from stack import Stack  # noqa: E402


def tls(stack, port, behind):
    """A server of one address that asks another, as a proxy does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            c = http.client.HTTPConnection("127.0.0.1", behind, timeout=20)
            c.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                c.putheader(name, value)
            c.endheaders(body)
            r = c.getresponse()
            data = r.read()
            self.send_response(r.status)
            for name, value in r.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stack.dir / "tls/server.pem", stack.dir / "tls/server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    stack, port = Stack(os.environ["PACT_DEMO"]), free_port()
    place = types.SimpleNamespace(stack=stack, **json.loads(sys.stdin.readline()))
    with SimpleSaml(place, f"https://127.0.0.1:{port}/") as idp:
        tls(stack, port, idp.port)
        print(json.dumps({"base": idp.base, "metadata": idp.metadata()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
