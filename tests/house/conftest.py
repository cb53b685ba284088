# SPDX-License-Identifier: GPL-3.0-or-later
"""The house around the programs: nginx and scripts/run. PACT_DEMO names the demo.json of a running stack."""
import json
import os
import pathlib
import socket
import ssl
import subprocess
import time
import warnings

import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Stack:
    """A running stack as demo.json tells of it."""

    def __init__(self, path):
        self.demo = json.loads(pathlib.Path(path).read_text())
        self.base, self.http, self.metrics = (self.demo[k] for k in ('base_url', 'http_url', 'metrics_url'))
        self.ca = str(ROOT / self.demo['ca'])
        self.dir = pathlib.Path(self.demo['dir'])
        self.port = int(self.base.rsplit(':', 1)[1])
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = self.ca

    def ask(self, method, url, **more):
        if url.startswith('/'):
            url = self.base + url
        return self.session.request(method, url, allow_redirects=False, timeout=30, **more)

    def tls(self, version=None, port=None):
        """A connection that has shaken hands, for what no HTTP library would say."""
        context = ssl.create_default_context(cafile=self.ca)
        warnings.simplefilter('ignore', DeprecationWarning)  # old versions are what some tests are about
        if version is not None:
            context.minimum_version = context.maximum_version = version
            context.set_ciphers('ALL:@SECLEVEL=0')
        raw = socket.create_connection(('127.0.0.1', port or self.port), timeout=30)
        return context.wrap_socket(raw, server_hostname='localhost')

    def say(self, data):
        with self.tls() as s:
            s.sendall(data)
            answer = b''
            while chunk := s.recv(65536):
                answer += chunk
        return answer

    def login(self, workspace=0, role='owner'):
        user = next(u for u in self.demo['workspaces'][workspace]['users'] if u['role'] == role)
        r = self.ask('POST', '/v1/auth/login', json={
            'email': user['email'], 'password': user['password'],
            'workspace': self.demo['workspaces'][workspace]['slug'], 'session': 'bearer'})
        assert r.status_code == 200, r.text
        return {'Authorization': 'Bearer ' + r.json()['access_token']}

    def run(self, *args, check=True):
        return subprocess.run([ROOT / 'scripts/run', *args, '--dir', str(self.dir)], check=check, capture_output=True,
                              text=True, timeout=120)

    def upstreams(self, request_id):
        """The sockets that nginx asked for a request, from its access log, which is written once the answer is sent."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for line in reversed((self.dir / 'log/nginx-access.log').read_text().splitlines(keepends=True)):
                if request_id in line and line.endswith('\n') and (entry := json.loads(line))['request'] == request_id:
                    return [os.path.basename(u).removesuffix('.sock:').removesuffix('.sock')
                            for u in entry['upstream'].split(', ') if u]
            time.sleep(0.05)
        raise AssertionError(f'{request_id} is not in the access log')


@pytest.fixture(scope='session')
def stack():
    return Stack(os.environ['PACT_DEMO'])
