# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/run: starting, stopping, crashing. Each test has a stack of its own."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT, Stack

RUN = str(ROOT / 'scripts/run')
ENV = dict(os.environ, PACT_TEST='1', PACT_HASH_COST='4', PACT_FSYNC='off', PACT_LOGIN_RATE='2000')
POOLS = 8  # of scripts/lib/pools.sh


def free_port():
    """Three free ports in a row."""
    for port in range(31000 + os.getpid() % 1000, 60000, 3):
        try:
            for n in range(3):
                with socket.socket() as s:
                    s.bind(('127.0.0.1', port + n))
            return port
        except OSError:
            continue
    raise AssertionError('no free ports')


class Own:
    def __init__(self):
        self.top = tempfile.mkdtemp(prefix='pact-test.', dir='/tmp')
        os.chmod(self.top, 0o711)
        self.dir, self.port = self.top + '/v', free_port()

    def run(self, *args, check=True):
        return subprocess.run([RUN, *args, '--dir', self.dir], env=ENV, capture_output=True, text=True, check=check, timeout=120)

    def start(self, *args, check=True):
        r = self.run('-d', '--port', str(self.port), *args, check=False)
        assert not check or r.returncode == 0, r.stdout + r.stderr
        return r

    def pids(self, name=None):
        rows = [line.split() for line in pathlib.Path(self.dir, 'run/pids').read_text().splitlines()]
        return {row[0]: int(row[1]) for row in rows if name in (None, row[0])}

    def mine(self):
        """Every process that runs out of this directory."""
        found = []
        for p in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                if self.dir in (p / 'cmdline').read_text() and 'scripts/run' not in (p / 'cmdline').read_text():
                    found.append(int(p.name))
            except OSError:
                pass
        return found

    @property
    def stack(self):
        return Stack(self.dir + '/demo.json')


@pytest.fixture
def own():
    o = Own()
    yield o
    o.run('stop', check=False)
    shutil.rmtree(o.top)


def workers(o, pool):
    leader = o.pids(pool)[pool]
    return [int(p) for p in pathlib.Path(f'/proc/{leader}/task/{leader}/children').read_text().split()]


def test_life(own):
    first = own.start()
    assert first.stdout.splitlines()[-1] == f'ready: https://localhost:{own.port}'
    demo = json.loads(pathlib.Path(own.dir, 'demo.json').read_text())
    assert os.stat(own.dir + '/demo.json').st_mode & 0o777 == 0o600
    assert {u['role'] for w in demo['workspaces'] for u in w['users']} == {'owner', 'admin', 'member', 'viewer'}
    contacts = [own.stack.ask('GET', '/v1/contacts?count=true', headers=own.stack.login(w, 'viewer')).json() for w in (0, 1)]
    assert [c['total'] for c in contacts] == [60, 60]
    assert contacts[0]['items'][0]['public_id'] != contacts[1]['items'][0]['public_id']

    again = own.start()
    assert 'already running' in again.stdout
    other = own.run('-d', '--port', str(own.port + 30), check=False)
    assert other.returncode == 1 and 'already running' in other.stderr
    assert own.run('status').stdout.count('answers') == POOLS

    assert own.run('stop').stdout == 'stopped\n'
    assert own.mine() == []
    assert own.run('status', check=False).returncode == 3
    assert own.run('stop').stdout == 'not running\n'

    started = time.monotonic()
    own.start()
    assert time.monotonic() - started < 10  # 5 on a quiet machine: scripts/bench
    assert own.stack.ask('GET', '/v1/contacts?count=true', headers=own.stack.login()).json()['total'] == 60
    assert json.loads(pathlib.Path(own.dir, 'demo.json').read_text()) == demo


def test_only_loopback_and_sockets(own):
    own.start('--no-seed')
    ports = set()
    for table in '/proc/net/tcp', '/proc/net/tcp6':
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            local, state, inode = line.split()[1], line.split()[3], line.split()[9]
            if state == '0A' and int(local.split(':')[1], 16) in range(own.port, own.port + 3):
                address = local.split(':')[0]
                assert address in ('0100007F', '00000000000000000000000001000000'), address
                ports.add(int(local.split(':')[1], 16))
    assert ports == {own.port, own.port + 1, own.port + 2}


def test_foreground_ends_all_it_started(own):
    # as from a terminal: what runs these tests may itself have been told to ignore interrupts, which a shell then leaves so
    p = subprocess.Popen([RUN, '--no-seed', '--dir', own.dir, '--port', str(own.port)], env=ENV, stdout=subprocess.PIPE, text=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    while not p.stdout.readline().startswith('ready: '):
        assert p.poll() is None
    bystander = subprocess.Popen(['sleep', '60'], cwd=own.top)
    p.send_signal(signal.SIGINT)
    assert p.wait(30) == 0
    assert own.mine() == []
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_busy_port(own):
    with socket.socket() as s:
        s.bind(('127.0.0.1', own.port + 1))
        s.listen()
        r = own.start('--no-seed', check=False)
    assert r.returncode == 1
    assert f'port {own.port + 1} is in use' in r.stderr and '--port' in r.stderr
    assert own.mine() == []


def test_a_crash_leaves_nothing_in_the_way(own):
    own.start('--no-seed')
    for pid in own.pids().values():
        os.kill(pid, signal.SIGKILL)
    r = own.start('--no-seed')
    assert 'ready' in r.stdout
    assert own.run('status').stdout.count('answers') == POOLS


def test_a_stale_record_kills_nobody(own):
    """A pid that belongs to somebody else by now."""
    own.start('--no-seed')
    own.run('stop')
    bystander = subprocess.Popen(['sleep', '60'], start_new_session=True)
    pathlib.Path(own.dir, 'run/pids').write_text(f'crm {bystander.pid} 1 TERM\n')
    own.run('stop')
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_killed_worker_is_replaced_within_a_second(own):
    own.start('--no-seed')
    stack = own.stack
    before = workers(own, 'crm')
    bad = 0
    os.kill(before[0], signal.SIGKILL)
    for _ in range(50):
        bad += stack.ask('GET', '/healthz/crm').status_code != 200
    assert bad <= 1
    end = time.monotonic() + 1
    while len(workers(own, 'crm')) < 4 or before[0] in workers(own, 'crm'):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_modules_fail_alone(own):
    own.start('--no-seed')
    stack = own.stack
    own.run('stop', 'crm')
    r = stack.ask('GET', '/v1/contacts')
    assert r.status_code == 503 and r.json()['type'] == '/problems/unavailable' and r.headers['Retry-After']
    for module in 'auth', 'audit', 'mail', 'saml':
        assert stack.ask('GET', f'/healthz/{module}').status_code == 200
    own.run('start', 'crm')
    assert stack.ask('GET', '/healthz/crm').status_code == 200


def test_the_database_comes_and_goes(own):
    own.start('--no-seed')
    stack = own.stack
    own.run('stop', 'postgres')
    for module in 'auth', 'crm', 'audit', 'mail', 'saml':
        assert stack.ask('GET', f'/healthz/{module}').status_code == 503
    own.run('start', 'postgres')
    end = time.monotonic() + 10
    for module in 'auth', 'crm', 'audit', 'mail', 'saml':
        while stack.ask('GET', f'/healthz/{module}').status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.1)
