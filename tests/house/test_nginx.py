# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx: routes, its own refusals, headers, TLS, limits."""
import json
import pathlib
import re
import shutil
import ssl
import subprocess
import time
import uuid

import pytest

SECURITY = {
    'Content-Security-Policy': re.compile(r"default-src 'none'; .*frame-ancestors 'none'; .*require-trusted-types-for"),
    'X-Content-Type-Options': re.compile('nosniff'),
    'Referrer-Policy': re.compile('same-origin'),
    'Cross-Origin-Opener-Policy': re.compile('same-origin'),
    'Cross-Origin-Resource-Policy': re.compile('same-origin'),
    'Permissions-Policy': re.compile(r'camera=\(\)'),
    'X-Request-Id': re.compile('^[0-9a-f]{32}$'),
}


def problem(r, status, slug):
    body = r.json()
    assert (r.status_code, r.headers['Content-Type']) == (status, 'application/problem+json')
    assert body['type'] == '/problems/' + slug and body['status'] == status and body['title']
    assert body['instance'] == r.headers['X-Request-Id']
    assert r.headers['Cache-Control'] == 'no-store'
    return body


def test_each_route_goes_to_its_module(stack):
    """Every operation of the API document, asked without a session, reaches a pool of the module that declares it."""
    document = stack.ask('GET', '/v1/openapi.json').json()
    asked = {}
    for path, operations in document['paths'].items():
        url = re.sub(r'\{[^}]*\}', str(uuid.uuid4()), path)
        for method, operation in operations.items():
            if isinstance(operation, dict) and 'x-pact-module' in operation and not path.startswith('/metrics/'):
                asked[stack.ask(method.upper(), url).headers['X-Request-Id']] = (method, path, operation['x-pact-module'])
    assert len(asked) > 30
    for request, (method, path, module) in asked.items():
        pools = stack.upstreams(request)
        # an upload is asked about first; without a session it ends there
        if (method, path) != ('post', '/v1/imports'):
            assert ['saml' if p == 'auth-saml' else p.split('-')[0] for p in pools] == [module], (method, path, pools)


@pytest.mark.parametrize('method, path, pool', [
    ('POST', '/v1/auth/login', 'auth-hash'),
    ('POST', '/v1/auth/password', 'auth-hash'),
    ('GET', '/v1/auth/session', 'auth'),
    ('GET', '/v1/auth/oidc/nobody/login', 'auth-oidc'),
    ('GET', '/v1/auth/sso/nobody/finish', 'auth'),
    ('GET', '/v1/contacts', 'crm'),
    ('GET', '/v1/contacts/export', 'crm-bulk'),
    ('GET', '/v1/imports', 'crm'),
    ('POST', '/v1/imports', 'crm-bulk'),
    ('GET', '/v1/audit/events', 'audit'),
    ('GET', '/v1/auth/saml/nobody/metadata', 'auth-saml'),
])
def test_pools(stack, method, path, pool):
    r = stack.ask(method, path, headers=stack.login())
    assert stack.upstreams(r.headers['X-Request-Id']) == [pool]


@pytest.mark.parametrize('module', ['auth', 'crm', 'audit', 'mail', 'saml'])
def test_health_and_metrics(stack, module):
    assert stack.ask('GET', f'/healthz/{module}').status_code == 200
    assert stack.ask('GET', f'{stack.metrics}/healthz/{module}').status_code == 200
    metrics = stack.ask('GET', f'{stack.metrics}/metrics/{module}')
    assert metrics.status_code == 200 and metrics.headers['Content-Type'].startswith('text/plain')
    assert re.search(r'^pact_\w+(\{[^}]*\})? [0-9.e+]+$', metrics.text, re.M)
    problem(stack.ask('GET', f'/metrics/{module}'), 404, 'not-found')


def test_nothing_reaches_a_program_by_accident(stack):
    for path in '/v1/nothing', '/v1/', '/v1/settings', '/v1/dsar/requests', '//v1/contacts/x/../..//':
        r = stack.ask('GET', path)
        assert r.status_code == 404
    problem(stack.ask('GET', '/v1/nothing'), 404, 'not-found')
    problem(stack.ask('GET', f'{stack.metrics}/v1/contacts'), 404, 'not-found')


def test_people_get_a_page(stack):
    r = stack.ask('GET', '/no/such/page')
    assert r.status_code == 404 and r.headers['Content-Type'].startswith('text/html')
    assert '<h1>' in r.text and '/css/pact.css' in r.text
    r = stack.ask('POST', '/login', data=b'x')
    assert r.status_code == 405 and r.headers['Allow'] == 'GET, HEAD' and '<h1>' in r.text


def test_pages_are_revalidated_and_compressed(stack):
    r = stack.ask('GET', '/contacts')
    assert r.status_code == 200 and r.headers['Cache-Control'] == 'no-cache' and r.headers['ETag']
    assert r.headers['Content-Encoding'] == 'gzip'
    again = stack.ask('GET', '/contacts', headers={'If-None-Match': r.headers['ETag']})
    assert again.status_code == 304


def test_every_problem_has_a_page(stack):
    for status, slug in [(400, 'bad-request'), (404, 'not-found'), (413, 'too-large'), (503, 'unavailable')]:
        r = stack.ask('GET', '/problems/' + slug)
        assert r.status_code == 200 and r.headers['Content-Type'] == 'text/html; charset=utf-8', (status, slug)


def test_its_own_refusals_are_problems(stack):
    assert 'Content-Length' in problem(stack.ask('POST', '/v1/imports', headers={'Transfer-Encoding': 'chunked'}, data=iter([b'x'])),
                                       411, 'bad-request')['detail']
    problem(stack.ask('POST', '/v1/contacts', data=b'x' * (1024 * 1024 + 1)), 413, 'too-large')
    problem(stack.ask('POST', '/v1/imports', data=b'', headers={'Content-Length': str(300 * 1024 * 1024)}), 413, 'too-large')
    problem(stack.ask('PUT', '/v1/imports', data=b'x' * 1024 * 1024), 413, 'too-large')
    problem(stack.ask('GET', '/v1/contacts', headers={'X-Long': 'x' * 9000}), 431, 'too-large')
    problem(stack.ask('POST', '/v1/imports', data=b'email\n'), 401, 'unauthenticated')
    problem(stack.ask('GET', '/v1/contacts?q=' + 'x' * 9000), 414, 'too-large')
    problem(stack.ask('TRACE', '/v1/contacts'), 405, 'method-not-allowed')


@pytest.mark.parametrize('data, status', [
    (b'GARBAGE\r\n\r\n', 400),
    (b'GET /v1/contacts HTTP/1.1\r\n\r\n', 400),  # no Host
    (b'GET /v1/contacts HTTP/1.1\r\nHost: localhost\r\nHost: x\r\n\r\n', 400),
    (b'POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
    (b'GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400),
    (b'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n', 400),
])
def test_malformed_requests(stack, data, status):
    head, _, body = stack.say(data).partition(b'\r\n\r\n')
    assert head.startswith(b'HTTP/1.1 %d ' % status)
    assert b'\r\nX-Request-Id: ' in head
    if b'problem+json' in head:
        assert json.loads(body)['type'] == '/problems/bad-request'


def test_security_headers_everywhere(stack):
    for r in [stack.ask('GET', p) for p in ('/', '/contacts', '/css/pact.css', '/none', '/problems/not-found', '/v1/openapi.json',
                                            '/.well-known/security.txt', '/v1/contacts', '/v1/nothing', '/healthz/crm',
                                            '/v1/contacts/export', '/v1/imports', '/v1/auth/session', '/v1/audit/events', '/u/x')] \
            + [stack.ask('GET', stack.http + '/'), stack.ask('POST', stack.http + '/'), stack.ask('GET', stack.metrics + '/'),
               stack.ask('POST', '/v1/imports', data=b'x'), stack.ask('POST', '/v1/auth/login', json={})]:
        for name, value in SECURITY.items():
            # a program may add a stricter policy of its own; none may lack one, and none may come twice
            assert value.search(r.headers.get(name, '')), (r.request.method, r.url, name, r.headers.get(name))
        assert ',' not in r.headers['X-Request-Id']
        assert r.headers['Server'] == 'nginx'
        assert 'Strict-Transport-Security' not in r.headers


def test_request_id_is_not_the_clients(stack):
    r = stack.ask('GET', '/v1/contacts', headers={'X-Request-Id': 'a' * 32, 'Request-Id': 'b' * 32})
    assert r.headers['X-Request-Id'] not in ('a' * 32, 'b' * 32)
    assert r.json()['instance'] == r.headers['X-Request-Id']


def test_hsts_for_real_names_only(stack):
    assert stack.ask('GET', '/', headers={'Host': 'pact.example'}).headers['Strict-Transport-Security'].startswith('max-age=')
    assert 'Strict-Transport-Security' not in stack.ask('GET', stack.http + '/', headers={'Host': 'pact.example'}).headers


def test_plain_http_gives_no_content(stack):
    r = stack.ask('GET', stack.http + '/v1/contacts?q=1')
    assert r.status_code == 308 and r.headers['Location'] == stack.base + '/v1/contacts?q=1'
    assert stack.ask('HEAD', stack.http + '/').status_code == 308
    for method in 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS':
        assert 'https' in problem(stack.ask(method, stack.http + '/v1/auth/login'), 403, 'forbidden')['detail']
    # plain text at the TLS port
    problem(stack.ask('GET', f'http://localhost:{stack.port}/v1/contacts'), 400, 'bad-request')


def test_tls_versions(stack):
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        with stack.tls(version) as s:
            assert 'GCM' in s.cipher()[0] or 'CHACHA20' in s.cipher()[0]
    for version in ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            stack.tls(version)


def test_security_txt(stack):
    r = stack.ask('GET', '/.well-known/security.txt')
    assert r.headers['Content-Type'].startswith('text/plain')
    assert re.search('^Contact: (mailto|https):', r.text, re.M)
    expires = time.strptime(re.search(r'^Expires: (.*)Z$', r.text, re.M)[1], '%Y-%m-%dT%H:%M:%S')
    assert time.time() < time.mktime(expires) < time.time() + 365 * 86400


def test_an_upload_lies_in_no_file(stack):
    """16 MiB sent slowly: nothing of it in nginx's directories, no process held; a stranger is refused before he sends."""
    length = 16 * 1024 * 1024
    head = 'POST /v1/imports?mapping=manual HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n' % length
    with stack.tls() as s:
        s.sendall((head + '\r\n').encode())
        assert s.recv(65536).startswith(b'HTTP/1.1 401 ')
    owner = stack.login()
    with stack.tls() as s:
        s.sendall((head + f'Authorization: {owner["Authorization"]}\r\n\r\nemail\n').encode())
        s.sendall(b'x' * (length // 2))
        time.sleep(0.5)
        assert not [f for f in (stack.dir / 'nginx').rglob('*') if f.is_file() and f.stat().st_size > 100_000]
        for _ in range(4):  # twice as many as the pool has processes
            assert stack.ask('GET', '/v1/contacts/export?format=csv', headers=owner).status_code == 200


def test_logs_hold_no_search_and_no_token(stack):
    word = 'needle' + uuid.uuid4().hex
    stack.ask('GET', f'/v1/contacts?q={word}', headers=stack.login())
    stack.ask('GET', f'/u/{word}')
    stack.ask('GET', f'/t/c/{word}')
    stack.ask('GET', f'/v1/nothing?q={word}')
    time.sleep(0.3)
    for log in (stack.dir / 'log').iterdir():
        assert word not in log.read_text(errors='replace'), log


def test_it_fits_into_debians_own_nginx(stack, tmp_path):
    """The rendered configuration, dropped into conf.d of the nginx.conf that Debian ships."""
    shutil.copytree(stack.dir / 'nginx/snippets', tmp_path / 'snippets')
    for name in 'conf.d', 'modules-enabled', 'sites-enabled':
        (tmp_path / name).mkdir()
    shutil.copy(stack.dir / 'nginx/pact.conf', tmp_path / 'conf.d')
    shutil.copy('/etc/nginx/mime.types', tmp_path)
    own = pathlib.Path('/etc/nginx/nginx.conf').read_text()
    assert 'include /etc/nginx/conf.d/*.conf;' in own
    own = own.replace('/etc/nginx/', f'{tmp_path}/').replace('/var/log/nginx/', f'{tmp_path}/').replace('/run/nginx.pid', f'{tmp_path}/pid')
    (tmp_path / 'nginx.conf').write_text(own)
    r = subprocess.run(['/usr/sbin/nginx', '-t', '-q', '-c', tmp_path / 'nginx.conf', '-e', tmp_path / 'error.log'], capture_output=True, text=True)
    assert (r.returncode, r.stderr) == (0, '')
