# SPDX-License-Identifier: GPL-3.0-or-later
"""
T3, T4: new keys for old while people log in, with the command killed at any moment. What is sealed is opened here by other
means than ours (python3-cryptography), and what each value is bound to is said here once more.
"""
import base64
import os
import pathlib
import random
import secrets
import shutil
import subprocess
import threading
import time

import psycopg2
import psycopg2.extras
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conftest import ROOT
from test_run import ENV, Own

psycopg2.extras.register_uuid()

SEALED = {
    'totp': "SELECT secret, 'totp/' || user_id FROM pact.totp WHERE tenant_id = %s",
    'sso': "SELECT secret, 'sso/' || id FROM pact.sso_connection WHERE tenant_id = %s AND secret IS NOT NULL",
    'integration': "SELECT sealed, 'integration/' || integration_id || '/' || member FROM pact.integration_credential WHERE tenant_id = %s",
}


def opened(key, sealed, aad):
    """The plain text, or None."""
    try:
        return AESGCM(key).decrypt(bytes(sealed[:12]), bytes(sealed[12:]), aad.encode())
    except InvalidTag:
        return None


class House:
    """A stack of its own with a few workspaces, each with second factors, a connection and an integration."""

    def __init__(self, workspaces=6):
        self.own = Own()
        self.own.start('--no-seed')
        self.stack, self.keys = self.own.stack, pathlib.Path(self.own.dir) / 'keys'
        self.db = psycopg2.connect(host=self.own.dir + '/run', dbname='pact', user='postgres')
        self.db.autocommit = True
        self.output = ''
        self.spaces = [self.make(f'w-{i}-{secrets.token_hex(4)}') for i in range(workspaces)]

    def make(self, slug):
        email, password = f'owner@{slug}.example', secrets.token_urlsafe(12)
        self.pactctl('workspace-create', slug, slug, email, 'Owner', stdin=password)
        w = {'slug': slug, 'tenant': self.ask('SELECT tenant_id FROM directory.workspace WHERE slug = %s', slug)[0][0],
            'login': {'email': email, 'password': password, 'workspace': slug, 'session': 'bearer'}}
        token = self.post('/v1/auth/login', w['login'])['access_token']
        w['auth'] = {'Authorization': 'Bearer ' + token}
        w['otp'] = self.post('/v1/auth/totp', None, w['auth'])['secret']
        self.post('/v1/auth/totp/confirm', {'code': otp(w['otp'])}, w['auth'])
        self.post('/v1/settings/security', {'sso': {'type': 'oidc', 'issuer': 'https://idp.invalid', 'client_id': 'pact',
            'client_secret': 'the client'}}, w['auth'], method='PATCH')
        w['integration'] = self.post('/v1/settings/integrations', {'kind': 'smtp', 'name': 'Relay', 'settings': {'host': 'smtp.invalid'},
            'credentials': {'password': 'the relay'}}, w['auth'])['public_id']
        return w

    def ask(self, sql, *args):
        with self.db.cursor() as cur:
            cur.execute(sql, args or None)
            return cur.fetchall()

    def post(self, path, body, headers=None, method='POST'):
        r = self.stack.ask(method, path, json=body, headers=headers)
        assert r.status_code < 300, f'{method} {path}: {r.status_code} {r.text}'
        return r.json()

    def command(self, *args, env=None):
        settings = pathlib.Path(self.own.dir, 'operator.env')
        if env:
            changed = pathlib.Path(self.own.dir, 'changed.env')
            changed.write_text(settings.read_text() + ''.join(f"export {k}='{v}'\n" for k, v in env.items()))
            settings = changed
        own = os.environ | {'PACT_ENV': str(settings), 'PACT_AUTH': self.own.dir + '/bin/auth', 'PACT_OPERATOR': 'tester'}
        # `exec` all the way: its process id is the program's
        return subprocess.Popen([str(ROOT / 'scripts/pactctl'), *args], env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def pactctl(self, *args, stdin='', env=None, status=0):
        p = self.command(*args, env=env)
        out, _ = p.communicate(stdin, timeout=120)
        self.output += out
        assert p.returncode == status, out
        return out

    def killed(self, *args, after):
        """Begins a command and kills it so many seconds later; whether it was killed before it had ended."""
        p = self.command(*args)
        time.sleep(after)
        p.kill()
        out, _ = p.communicate(timeout=30)
        self.output += out
        return p.returncode == -9

    def master(self, name='master.key'):
        return (self.keys / name).read_bytes()

    def next_key(self, name='master-next.key'):
        path = self.keys / name
        path.write_bytes(os.urandom(32))
        path.chmod(0o600)
        shutil.chown(path, *(2 * [(self.keys / 'master.key').owner()]))
        return path

    def restart(self):
        """The programs that hold the master key, with the files that are there now."""
        for pool in ('auth', 'auth-hash', 'auth-job'):
            self.own.run('stop', pool)
            self.own.run('start', pool)
        end = time.monotonic() + 20
        while self.stack.ask('GET', '/healthz/auth').status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.05)

    def data_keys(self, *masters):
        """{tenant: (data key, index of the master key that opens it)}; one that none opens is a failure."""
        out = {}
        for tenant, wrapped in self.ask('SELECT tenant_id, data_key FROM pact.tenant_key'):
            keys = [(k, i) for i, m in enumerate(masters) for k in [opened(m, wrapped, str(tenant))] if k]
            assert len(keys) == 1, f'{len(keys)} master keys open the data key of {tenant}'
            out[tenant] = keys[0]
        return out

    def values(self, tenant):
        return [(what, sealed, f'{purpose}/{tenant}') for what, sql in SEALED.items() for sealed, purpose in self.ask(sql, tenant)]

    def everything_opens(self, *masters, never=()):
        """Under the data key that is there, and under none of those that were."""
        keys, n = self.data_keys(*masters), 0
        for tenant, (key, _) in keys.items():
            for what, sealed, aad in self.values(tenant):
                assert opened(key, sealed, aad), f'{what} of {tenant} does not open'
                assert all(opened(k, sealed, aad) is None for k in never), f'{what} of {tenant} is under a key that is gone'
                n += 1
        assert n >= 3 * len(self.spaces)
        return keys

    def log_in(self, w):
        """With both factors, whatever code was used before."""
        self.ask("UPDATE pact.totp SET last_step = 0 WHERE tenant_id = %s RETURNING 1", w['tenant'])
        begun = self.post('/v1/auth/login', w['login'])
        assert begun['mfa_required']
        return self.post('/v1/auth/mfa', {'challenge': begun['challenge'], 'code': otp(w['otp']), 'session': 'bearer'})['access_token']

    def close(self):
        self.db.close()
        self.own.run('stop', check=False)
        shutil.rmtree(self.own.top)


def otp(secret):
    return subprocess.run(['oathtool', '--totp', '-b', secret], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def house():
    h = House()
    yield h
    h.close()


class Busy:
    """People who log in with second factors, and others who seal something, until the block ends."""

    def __init__(self, house):
        self.house, self.stop, self.errors, self.n = house, threading.Event(), [], {'login': 0, 'seal': 0}
        self.threads = [threading.Thread(target=self.work, args=(what, i)) for i, what in enumerate(('login', 'login', 'seal'))]

    def work(self, what, i):
        h, turn = self.house, i
        db = psycopg2.connect(host=h.own.dir + '/run', dbname='pact', user='postgres')
        db.autocommit = True
        while not self.stop.is_set():
            w = h.spaces[turn % len(h.spaces)]
            turn += 1
            try:
                if what == 'seal':
                    h.post(f"/v1/settings/integrations/{w['integration']}", {'credentials': {'password': secrets.token_hex(20)}}, w['auth'], method='PATCH')
                elif w['lock'].acquire(blocking=False):
                    # one login of a person at a time: a code is good once
                    try:
                        with db.cursor() as cur:
                            cur.execute('UPDATE pact.totp SET last_step = 0 WHERE tenant_id = %s', (w['tenant'],))
                            cur.execute('DELETE FROM app.throttle')
                        begun = h.post('/v1/auth/login', w['login'])
                        h.post('/v1/auth/mfa', {'challenge': begun['challenge'], 'code': otp(w['otp']), 'session': 'bearer'})
                    finally:
                        w['lock'].release()
                else:
                    continue
                self.n[what] += 1
            except AssertionError as e:
                self.errors.append(f'{what}: {e}')
        db.close()

    def __enter__(self):
        for w in self.house.spaces:
            w['lock'] = threading.Lock()
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for t in self.threads:
            t.join(60)


def says_no_key(house, *keys):
    """Nothing that the command printed, and nothing in the logs, holds a key in any form."""
    text = house.output + ''.join(p.read_text(errors='replace') for p in pathlib.Path(house.own.dir, 'log').glob('*.log'))
    assert 'done' in house.output
    for key in keys:
        for form in (key.hex(), base64.b64encode(key).decode().rstrip('='), base64.urlsafe_b64encode(key).decode().rstrip('='), repr(key)[2:-1]):
            assert form not in text


def test_T4_a_master_key_is_replaced_while_people_log_in_whatever_is_killed(house):
    old = house.master()
    before = house.everything_opens(old)
    path = house.next_key()
    new = house.master('master-next.key')
    house.restart()  # from here on auth opens under either
    looked = house.pactctl('rekey', 'master', '--dry-run', str(path))
    assert looked.count('is under the one in use') == len(house.spaces) and house.data_keys(old, new) == before
    started = time.monotonic()
    house.pactctl('rekey', 'master', '--dry-run', str(path))
    took = time.monotonic() - started
    kills = 0
    with Busy(house) as busy:
        for _ in range(12):
            kills += house.killed('rekey', 'master', str(path), after=random.uniform(0, 1.5 * took))
            now = house.everything_opens(old, new)
            assert {t: k for t, (k, _) in now.items()} == {t: k for t, (k, _) in before.items()}, 'a data key is another one'
        out = house.pactctl('rekey', 'master', str(path))
        time.sleep(0.5)
    assert kills >= 3 and busy.errors == [] and busy.n['login'] > 3, (kills, busy.errors[:3], busy.n)
    assert all(by == 1 for _, by in house.everything_opens(old, new).values())
    assert house.everything_opens(new).keys() == before.keys()
    assert f'All {len(house.spaces)} workspaces are under master key' in out
    (ids,) = {tuple(r) for r in house.ask('SELECT DISTINCT master_key_id FROM pact.tenant_key')}
    assert ids[0] in out
    # again: there is nothing left to do, and no event says so
    n = len(events(house, 'workspace.rekey'))
    assert house.pactctl('rekey', 'master', str(path)).count('is under it already') == len(house.spaces)
    assert len(events(house, 'workspace.rekey')) == n == len(house.spaces)
    assert {e[1]['key'] for e in events(house, 'workspace.rekey')} == {'master'} and {e[2] for e in events(house, 'workspace.rekey')} == {'tester'}
    # a workspace that is made now is under the next one, too; then the next one is the one in use
    house.pactctl('workspace-create', 'later', 'Later', 'later@later.example', 'L', stdin=secrets.token_urlsafe(12), env={'PACT_MASTER_KEY_NEXT': str(path)})
    house.data_keys(new)
    os.replace(path, house.keys / 'master.key')
    house.restart()
    house.log_in(house.spaces[0])
    says_no_key(house, old, new, *(k for k, _ in before.values()))


def test_T4_data_keys_are_replaced_while_people_log_in_whatever_is_killed(house):
    master = house.master()
    before = house.everything_opens(master)
    crowd(house, house.spaces[0], before[house.spaces[0]['tenant']][0], 1500)  # more than one batch
    # beside what is sealed, what is dropped with its key: a hint, and a login under way
    w = house.spaces[1]
    house.ask("SELECT set_config('pact.tenant_id', %s, false)", str(w['tenant']))
    house.ask("UPDATE pact.session SET sso_hint = 'sealed' WHERE tenant_id = %s RETURNING 1", w['tenant'])
    assert house.pactctl('rekey', 'data', '--all', '--dry-run').count('opens: totp.secret 1') == len(house.spaces)
    assert house.data_keys(master) == before
    started = time.monotonic()
    house.pactctl('rekey', 'data', '--all')
    took = time.monotonic() - started
    gone, kills = {k for k, _ in before.values()}, 0
    with Busy(house) as busy:
        for _ in range(12):
            was = house.data_keys(master)
            kills += house.killed('rekey', 'data', '--all', after=random.uniform(0, 1.5 * took))
            now = house.everything_opens(master)  # in whole workspaces, whatever was killed
            gone |= {k for k, _ in was.values()} - {k for k, _ in now.values()}
        was = {k for k, _ in house.data_keys(master).values()}
        out = house.pactctl('rekey', 'data', '--all')
        time.sleep(0.5)
    assert kills >= 3 and busy.errors == [] and min(busy.n.values()) > 3, (kills, busy.errors[:3], busy.n)
    after = house.everything_opens(master, never=gone | was)
    assert not {k for k, _ in after.values()} & (gone | was) and out.count('done: totp.secret') == len(house.spaces)
    assert house.ask('SELECT count(*) FROM pact.session WHERE sso_hint IS NOT NULL') == [(0,)]
    last = events(house, 'workspace.rekey')[-1][1]
    assert last['key'] == 'data' and last['sealed']['totp.secret'] >= 1 and last['sealed']['integration_credential.sealed'] == 1
    # one workspace alone
    house.pactctl('rekey', 'data', w['slug'])
    alone = house.everything_opens(master)
    assert [t for t in alone if alone[t] != after[t]] == [w['tenant']]
    # what the two secrets are has not changed
    key = alone[house.spaces[2]['tenant']][0]
    assert b'the client' in [opened(key, s, aad) for what, s, aad in house.values(house.spaces[2]['tenant']) if what == 'sso']
    says_no_key(house, master, *gone, *(k for k, _ in alone.values()))


def test_T4_a_value_that_does_not_open_stops_its_workspace_alone(house):
    master = house.master()
    before, w = house.everything_opens(master), house.spaces[2]
    house.ask("UPDATE pact.totp SET secret = set_byte(secret, 20, 255 - get_byte(secret, 20)) WHERE tenant_id = %s RETURNING 1", w['tenant'])
    out = house.pactctl('rekey', 'data', '--all', status=1)
    assert f"{w['slug']}: 1 of 3 values do not open, the first of totp.secret" in out and '1 of 6 workspaces are as they were' in out
    now = house.data_keys(master)
    assert [t for t in now if now[t] == before[t]] == [w['tenant']]
    assert '1 of 1 workspaces are not in order' in house.pactctl('rekey', 'data', w['slug'], '--dry-run', status=1)
    # a value of another column, integration or workspace does not open in the place of this one
    a, b = house.spaces[0]['tenant'], house.spaces[1]['tenant']
    house.ask('UPDATE pact.integration_credential SET sealed = (SELECT sealed FROM pact.integration_credential WHERE tenant_id = %s) WHERE tenant_id = %s RETURNING 1', a, b)
    assert 'integration_credential.sealed' in house.pactctl('rekey', 'data', house.spaces[1]['slug'], '--dry-run', status=1)


def test_T4_a_row_that_somebody_holds_is_waited_for(house):
    """Longer than the statement may wait for a lock: the workspace is tried again, as a whole."""
    master, w = house.master(), house.spaces[1]
    before = house.everything_opens(master)
    other = psycopg2.connect(host=house.own.dir + '/run', dbname='pact', user='postgres')
    with other.cursor() as cur:
        cur.execute('SELECT FROM pact.totp WHERE tenant_id = %s FOR UPDATE', (w['tenant'],))
        p = house.command('rekey', 'data', w['slug'])
        time.sleep(7)
        assert p.poll() is None, 'it is still waiting'
        other.rollback()
    out, _ = p.communicate(timeout=60)
    other.close()
    assert p.returncode == 0 and 'done: totp.secret 1' in out, out
    assert house.everything_opens(master)[w['tenant']] != before[w['tenant']]


def test_T4_wrong_files_change_nothing(house, tmp_path):
    master = house.master()
    before = house.data_keys(master)
    files = {}
    for name, data in (('short', os.urandom(31)), ('long', os.urandom(33)), ('other', os.urandom(32)), ('same', master)):
        files[name] = tmp_path / name
        files[name].write_bytes(data)
    for file in (files['short'], files['long'], tmp_path / 'none'):
        assert 'does not hold 32 bytes' in house.pactctl('rekey', 'master', str(file), status=1)
        assert 'PACT_MASTER_KEY_NEXT does not name a file of 32 bytes' in house.pactctl('rekey', 'data', '--all', env={'PACT_MASTER_KEY_NEXT': str(file)}, status=1)
    assert 'is the one in use' in house.pactctl('rekey', 'master', str(files['same']), status=1)
    assert 'name the file' in house.pactctl('rekey', 'master', status=1)
    assert 'There is no workspace nobody' in house.pactctl('rekey', 'data', 'nobody', status=1)
    for words in (('rekey', 'data'), ('rekey', 'data', '--all', 'slug'), ('rekey', 'master', '--all'), ('rekey', 'pepper'), ('rekey', 'data', '--al'), ('rekey',)):
        assert 'usage:' in house.pactctl(*words, status=2)
    # started with a key that is not the one in use: the operator's file is not this database's
    env = {'PACT_MASTER_KEY': str(files['other'])}
    assert house.pactctl('rekey', 'data', '--all', env=env, status=1).count('opens under no master key') == len(house.spaces)
    assert house.pactctl('rekey', 'master', str(files['short']), env=env, status=1)
    next_file = house.next_key('another.key')
    assert house.pactctl('rekey', 'master', str(next_file), env=env, status=1).count('opens under no master key') == len(house.spaces)
    assert house.data_keys(master) == before
    house.everything_opens(master)
    assert events(house, 'workspace.rekey') == []


def events(house, action):
    return house.ask('SELECT tenant_id, new, actor_email FROM pact.audit_event WHERE action = %s ORDER BY id', action)


def crowd(house, w, key, n):
    """So many more people with a second factor."""
    house.ask("SELECT set_config('pact.tenant_id', %s, false)", str(w['tenant']))
    ids = house.ask("INSERT INTO pact.user_account (tenant_id, email) SELECT %s, i || '@crowd.example' FROM generate_series(1, %s) i RETURNING id", w['tenant'], n)
    rows = []
    for (i,) in ids:
        nonce = os.urandom(12)
        rows.append((w['tenant'], i, nonce + AESGCM(key).encrypt(nonce, os.urandom(20), f"totp/{i}/{w['tenant']}".encode())))
    with house.db.cursor() as cur:
        psycopg2.extras.execute_values(cur, 'INSERT INTO pact.totp (tenant_id, user_id, secret) VALUES %s', rows)
    house.ask("SELECT set_config('pact.tenant_id', '', false)")
