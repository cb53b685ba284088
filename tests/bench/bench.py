#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures. Ratios are taken side by side in one run; every number is a median of several rounds."""
import argparse
import csv
import http.client
import io
import json
import os
import random
import re
import ssl
import statistics
import subprocess
import sys
import time

import bench_auth

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULTS = os.path.join(ROOT, "tests/bench/RESULTS.md")
PASSWORD = "bench password 1"
FIRST = "Ada Bo Cem Dag Eva Finn Gro Hedda Ivar Jon Kari Liv Mona Nils Ola Per Rune Siri Tor Una Vidar Wenche Ylva Zoe".split()
LAST = "Berg Dahl Eide Foss Gran Haug Iversen Jensen Krog Lund Moen Nilsen Olsen Pettersen Ruud Solberg Tangen Ulven Vik".split()
NAMES = "Alpha Brygge Cirrus Delta Ekko Fjord Granitt Havn Isbre Jord".split()


class Bench:
    root, password = ROOT, PASSWORD

    def __init__(self, args):
        self.args = args
        self.results = []
        self.context = ssl.create_default_context(cafile=f"{args.dir}/tls/ca.pem")
        # everything the stack was told, for pactctl and the floor
        self.operator = f"{args.dir}/operator.env"

    # ── plumbing ────────────────────────────────────────────────────────────────────────────────────────────────
    def say(self, name, value, target, ok):
        line = (name, value, target, "yes" if ok else "no" if ok is not None else "–")
        self.results.append(line)
        print("%-66s %-22s %-14s %s" % line, flush=True)

    def connection(self):
        return http.client.HTTPSConnection("localhost", self.args.port, context=self.context, timeout=600)

    def call(self, method, path, body=None, token=None, headers=None, conn=None):
        h = dict(headers or {})
        if token:
            h["Authorization"] = "Bearer " + token
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            h["Content-Type"] = "application/json"
        c = conn or self.connection()
        c.request(method, path, body, h)
        r = c.getresponse()
        data = r.read()
        if r.status >= 400:
            raise SystemExit(f"{method} {path}: {r.status} {data[:300]}")
        return r, (json.loads(data) if data[:1] in (b"{", b"[") else data)

    def pactctl(self, *words):
        script = f'set -a; . "{self.operator}"; exec "{self.args.dir}/bin/auth" -o "$@"'
        run = subprocess.run(["bash", "-c", script, "pactctl", *words], input=PASSWORD + "\n", text=True, capture_output=True)
        if run.returncode and "exists" not in run.stderr + run.stdout:
            print("pactctl:", run.stderr.strip(), file=sys.stderr)
        return run.returncode == 0

    def workspace(self, slug):
        self.pactctl("workspace-create", slug, slug.title(), f"owner@{slug}.example", "Owner")
        _, body = self.call("POST", "/v1/auth/login", {"email": f"owner@{slug}.example", "password": PASSWORD,
                                                       "workspace": slug, "session": "bearer"})
        return body["access_token"]

    def wrk(self, path, token, seconds=6, script=None, connections=8):
        lua = "wrk.headers['Authorization'] = 'Bearer %s'\n" % token + (script or "")
        lua += "\ndone = function(s) io.write(string.format('errors %d\\n', s.errors.status)) end\n"
        name = f"{self.args.dir}/wrk.lua"
        with open(name, "w") as f:
            f.write(lua)
        out = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", name, f"https://localhost:{self.args.port}{path}"],
                             capture_output=True, text=True).stdout
        if not re.search(r"errors 0\b", out):
            raise SystemExit("wrk met errors on " + path + "\n" + out)
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])

    def p95(self, path, token, n=200, conn=None):
        """95th percentile of the time in the program and its database, as the program itself says, in ms."""
        conn = conn or self.connection()
        times = []
        for _ in range(n):
            r, _ = self.call("GET", path, token=token, conn=conn)
            times.append(sum(float(x) for x in re.findall(r"dur=([\d.]+)", r.getheader("Server-Timing"))))
        return statistics.quantiles(times, n=20)[18]

    # ── data ────────────────────────────────────────────────────────────────────────────────────────────────────
    def rows(self, slug, n):
        rnd = random.Random(slug)
        out = io.StringIO()
        w = csv.writer(out)
        w.writerow(["Email", "First Name", "Last Name", "Phone", "Title", "Company", "Tags", "consent_status", "OPTIN_TIME"])
        for i in range(n):
            first, last = rnd.choice(FIRST), rnd.choice(LAST)
            # a surname of one's own in a hundred: something rare to look for
            last = last if i % 100 else f"{last}{i:x}quist"
            kind = i % 10
            status, optin = ("confirmed", "2025-03-01 10:00:00") if kind < 6 else ("declined", "") if kind == 9 else ("", "")
            w.writerow([f"{first}.{last}.{i}@{slug}.example".lower(), first, last, f"+47 4{i % 10000000:07d}", "Buyer",
                        f"{rnd.choice(NAMES)} {i % 500}", "prospect" if i % 50 == 0 else "", status, optin])
        return out.getvalue().encode()

    def load(self, token, slug, n):
        data = self.rows(slug, n)
        _, job = self.call("POST", f"/v1/imports?filename={slug}.csv", data, token, {"Content-Type": "text/csv"})
        start = time.time()
        while True:
            _, job = self.call("GET", "/v1/imports/" + job["public_id"], token=token)
            if job["status"] not in ("queued", "running"):
                break
            time.sleep(0.25)
        took = time.time() - start
        if job["status"] != "done" or job["imported"] != n:
            raise SystemExit(f"import of {n}: {job}")
        return n / took

    def ensure(self, slug, n):
        token = self.workspace(slug)
        _, page = self.call("GET", "/v1/contacts?limit=1", token=token)
        rate = None if page["items"] else self.load(token, slug, n)
        return token, rate

    def pids(self, pool):
        out = subprocess.run(["pgrep", "-f", f"{self.args.dir}/bin/{pool.split('-')[0]}"], capture_output=True, text=True).stdout.split()
        found = []
        for pid in out:
            try:
                exe = os.readlink(f"/proc/{pid}/exe")
                env = open(f"/proc/{pid}/environ").read()
            except OSError:
                continue
            if exe.startswith(self.args.dir) and f"PACT_POOL={pool}\0" in env:
                found.append(int(pid))
        return found

    @staticmethod
    def rss(pid):
        try:
            return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024
        except (OSError, TypeError):
            return 0

    # ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────
    def memory(self):
        for pool in ("auth", "crm", "audit", "mail"):
            worst = max(self.rss(p) for p in self.pids(pool))
            self.say(f"resident memory of an idle `{pool}` worker", f"{worst:.1f} MiB", "< 12 MiB", worst < 12)

    def imports(self):
        rates = []
        for i in range(3):
            token = self.workspace(f"bench-import{i}-{int(time.time())}")
            rates.append(self.load(token, f"import{i}", 200000))
        rate = statistics.median(rates)
        self.say("import, 200 000 rows with ledger and audit", f"{rate:,.0f} rows/s", "≥ 10 000", rate >= 10000)

    def floor_socket(self, on):
        run = f"{self.args.dir}/run"
        if not os.path.islink(f"{run}/crm.sock"):
            os.rename(f"{run}/crm.sock", f"{run}/crm.real.sock")
        os.symlink("floor.sock" if on else "crm.real.sock", f"{run}/swap")
        os.rename(f"{run}/swap", f"{run}/crm.sock")

    def floor_start(self):
        queries = {q["name"]: q["sql"] for q in json.loads(subprocess.check_output([f"{self.args.dir}/bin/crm", "-Q"]))}
        env = {}
        for line in open(f"/proc/{self.pids('crm')[0]}/environ").read().split("\0"):
            if line.startswith("PACT_"):
                env.update([line.split("=", 1)])
        env.update(FLOOR_GET=queries["q_contact_get"], FLOOR_LIST=queries["q_contacts_new"],
                   FLOOR_CREATE="INSERT INTO pact.contact (tenant_id, email, first_name, last_name, phone, title, consent_status, "
                   "consent_source, consent_at) SELECT $1::uuid, b->>'email', b->>'first_name', b->>'last_name', b->>'phone', "
                   "b->>'title', 'confirmed', 'api', now() FROM (SELECT $2::jsonb) x(b) RETURNING id",
                   PATH=os.environ["PATH"])
        sock = f"{self.args.dir}/run/floor.sock"
        if os.path.exists(sock):
            os.unlink(sock)
        user = ["setpriv", "--reuid=pact", "--regid=pact", "--init-groups"] if os.geteuid() == 0 else []
        binary = f"{self.args.dir}/bin/floor"
        subprocess.check_call(["install", "-m", "755", f"{ROOT}/build/floor", binary])
        p = subprocess.Popen(user + ["spawn-fcgi", "-n", "-s", sock, "-M", "0660", "--", "/usr/bin/multiwatch", "-f", "4", "--", binary],
                             env=env, stderr=subprocess.PIPE)
        time.sleep(1)
        if p.poll() is not None:
            raise SystemExit("floor: " + p.stderr.read().decode())
        return p

    def side_by_side(self, name, path, token, target, script=None, rounds=5):
        ratios, ours, floors = [], [], []
        for i in range(rounds):
            both = {}
            for on in ((True, False) if i % 2 else (False, True)):
                self.floor_socket(on)
                both[on] = self.wrk(path, token, 4, script.replace("ROUND", f"{i}{int(on)}{int(time.time())}") if script else None)
            ours.append(both[False])
            floors.append(both[True])
            ratios.append(both[False] / both[True])
        self.floor_socket(False)
        r = statistics.median(ratios)
        self.say(f"{name}: {statistics.median(ours):,.0f}/s against a floor of {statistics.median(floors):,.0f}/s", f"{r:.2f}",
                 f"≥ {target}", r >= target)

    def floor(self):
        token, _ = self.ensure("bench-small", 10000)
        _, page = self.call("GET", "/v1/contacts?limit=1", token=token)
        floor = self.floor_start()
        post = """
local n = 0
local id = 0
setup = function(t) id = id + 1; t:set('me', id) end
request = function()
  n = n + 1
  wrk.headers['Content-Type'] = 'application/json'
  return wrk.format('POST', nil, nil, string.format('{"email":"x%s.%d.%d@create.example","first_name":"Ada","last_name":"Berg","phone":"+47 1","title":"Buyer","consent_status":"confirmed"}', 'ROUND', me, n))
end
"""
        try:
            self.side_by_side("`GET /v1/contacts/{id}`", "/v1/contacts/" + page["items"][0]["public_id"], token, 0.85)
            self.side_by_side("list of 50", "/v1/contacts", token, 0.8)
            scratch = self.workspace(f"bench-create-{int(time.time())}")
            self.side_by_side("create with ledger and audit", "/v1/contacts", scratch, 0.6, post)
        finally:
            self.floor_socket(False)
            floor.terminate()
            floor.wait()

    def deep_cursor(self, token, pages):
        cursor, conn = "", self.connection()
        for _ in range(pages):
            _, page = self.call("GET", "/v1/contacts?limit=10" + cursor, token=token, conn=conn)
            if not page["next"]:
                break
            cursor = "&after=" + page["next"]
        return cursor

    def flat(self):
        small, _ = self.ensure("bench-small", 10000)
        big, rate = self.ensure("bench-big", self.args.rows)
        if rate:
            self.say(f"import of {self.args.rows:,} rows in one file", f"{rate:,.0f} rows/s", "≥ 10 000", rate >= 10000)
            self.psql("VACUUM ANALYZE")
        paths = {}
        rows = 20
        for name, token in (("small", small), ("big", big)):
            _, one = self.call("GET", "/v1/contacts?limit=1&consent_status=pending", token=token)
            account = one["items"][0]["account_id"]
            # an account of the small one has two or three contacts: pages of one length are compared
            rows = min(rows, self.call("GET", f"/v1/contacts?account_id={account}&count=true&limit=1", token=token)[1]["total"])
            deep = self.deep_cursor(token, 1000 if name == "big" else 900)
            paths[name] = {
                "one contact": "/v1/contacts/" + one["items"][0]["public_id"],
                "first page": "/v1/contacts",
                "page 1000 by cursor": "/v1/contacts?limit=10" + deep,
                "oldest first": "/v1/contacts?sort=created_at",
                "by name": "/v1/contacts?sort=name",
                "by address": "/v1/contacts?sort=email",
                "consent filter": "/v1/contacts?consent_status=confirmed",
                "consent filter, oldest first": "/v1/contacts?consent_status=declined&sort=created_at",
                "account filter": f"/v1/contacts?account_id={account}&limit={rows}",
                "account filter, oldest first": f"/v1/contacts?account_id={account}&sort=created_at&limit={rows}",
                "tag filter": "/v1/contacts?tag=prospect",
                "tag filter, oldest first": "/v1/contacts?tag=prospect&sort=created_at",
                "archived": "/v1/contacts?archived=true",
                "prefix search": "/v1/contacts?q=be",
                "prefix search, address": "/v1/contacts?q=ada.b@",
            }
        conns = {name: self.connection() for name in paths}
        for what in paths["small"]:
            ratios, bigs = [], []
            for _ in range(3):
                s = self.p95(paths["small"][what], small, conn=conns["small"])
                b = self.p95(paths["big"][what], big, conn=conns["big"])
                ratios.append(b / s)
                bigs.append(b)
            r = statistics.median(ratios)
            self.say(f"p95 at {self.args.rows:,} against 10 000 contacts: {what} ({statistics.median(bigs):.2f} ms)", f"{r:.2f} ×", "≤ 1.5", r <= 1.5)
        for what, q in (("common", "son"), ("common", "berg"), ("rare", "63quist"), ("absent", "qqqzzz")):
            p = statistics.median(self.p95("/v1/contacts?q=" + q, big, 60, conns["big"]) for _ in range(3))
            self.say(f"p95 of substring search, {what} (`{q}`), {self.args.rows:,} contacts", f"{p:.1f} ms", "≤ 50 ms", p <= 50)

    def export(self):
        big, _ = self.ensure("bench-big", self.args.rows)
        for kind in ("jsonl", "csv"):
            start, size, peak = time.time(), 0, 0
            conn = self.connection()
            conn.request("GET", f"/v1/contacts/export?format={kind}", headers={"Authorization": "Bearer " + big})
            r = conn.getresponse()
            pids = self.pids("crm-bulk")
            i = 0
            while True:
                block = r.read(1 << 20)
                if not block:
                    break
                size += len(block)
                i += 1
                if i % 8 == 0:
                    peak = max([peak] + [self.rss(p) for p in pids])
            took = time.time() - start
            self.say(f"export of {self.args.rows:,} contacts as {kind} ({size / 1e6:.0f} MB in {took:.1f} s)", f"{peak:.1f} MiB resident", "< 64 MiB",
                     peak < 64)

    def start(self):
        times = []
        for _ in range(3):
            subprocess.check_call([f"{ROOT}/scripts/run", "stop", "--dir", self.args.dir], stdout=subprocess.DEVNULL)
            t = time.time()
            subprocess.check_call([f"{ROOT}/scripts/run", "start", "-d", "--no-seed", "--dir", self.args.dir, "--port", str(self.args.port)],
                                  stdout=subprocess.DEVNULL)
            times.append(time.time() - t)
        t = statistics.median(times)
        self.say("second start of scripts/run", f"{t:.1f} s", "< 5 s", t < 5)

    def saml(self):
        """A process alone, its cache of providers full; by its own processor time, for the load generator is in it."""
        subprocess.check_call(["make", "-s", "-C", ROOT, "build/bench/saml"], stdout=subprocess.DEVNULL)
        rounds = [dict(line.split() for line in subprocess.check_output([f"{ROOT}/build/bench/saml", "2"], cwd=ROOT, text=True).splitlines()) for _ in range(3)]
        for name, what in (("accept", "signed twice"), ("accept-encrypted", "encrypted")):
            n = statistics.median(float(r[name + "-cpu"]) for r in rounds)
            self.say(f"SAML answers checked by a process, {what}", f"{n:,.0f}/s", "≥ 300", n >= 300)
        n = statistics.median(float(r["gate-cpu"]) for r in rounds)
        self.say("SAML answers that the gate alone looks at", f"{n:,.0f}/s", "–", None)
        worst = max(float(r["rss-mib"]) for r in rounds)
        self.say("resident memory of a `saml` process with 64 providers", f"{worst:.1f} MiB", "< 32 MiB", worst < 32)

    def ask(self, sql):
        """What the superuser gets, line by line."""
        return self.psql(sql, "-At").split()

    def psql(self, sql, *how):
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        env = dict(os.environ, PGHOST=f"{self.args.dir}/run", PGUSER="postgres", PGDATABASE="pact")
        return subprocess.run(user + ["psql", "-q", *how, "-c", sql], env=env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout

    def merge(self, before, commit):
        """A run of some parts: their figures take the place of those before, which stay as they are."""
        def key(figure):
            return re.sub(r"[\d.,]+", "#", figure)

        new = {key(line[0]): line for line in self.results}
        out = []
        for line in before:
            cells = [c.strip() for c in line.strip("|").split("|")] if line.startswith("| ") else []
            line_now = new.pop(key(cells[0]), None) if len(cells) == 4 else None
            out.append("| %s | %s | %s | %s |" % line_now if line_now else line)
        out += ["| %s | %s | %s | %s |" % line for line in new.values()]
        at = next(i for i, line in enumerate(out) if line.startswith("- "))
        out.insert(at + 1, f"- {time.strftime('%Y-%m-%d')}, commit {commit}: {self.args.only.replace(',', ', ')} anew")
        open(RESULTS, "w").write("\n".join(out) + "\n")
        print("put into tests/bench/RESULTS.md")

    def write(self):
        model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
        memory = int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo").read())[1]) / 1048576
        version = subprocess.run(["/usr/lib/postgresql/15/bin/postgres", "--version"], capture_output=True, text=True).stdout.strip()
        commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
        whole = self.args.only == self.every
        before = [] if whole else open(RESULTS).read().splitlines()
        if before:
            self.merge(before, commit)
            return
        with open(RESULTS, "w") as f:
            f.write("# Figures\n\nMade by `scripts/bench`; do not edit. Ratios are medians of rounds taken side by side in one run, the "
                    "rest medians of several runs.\nTimes are the program's and its database's own (`Server-Timing`).\n\n")
            f.write(f"- {time.strftime('%Y-%m-%d')}, commit {commit}, {self.args.rows:,} contacts in the large workspace\n")
            f.write(f"- {os.cpu_count()} cores ({model[1] if model else os.uname().machine}), {memory:.0f} GiB, Linux {os.uname().release}\n")
            f.write(f"- {version}; fsync and synchronous_commit on; load generator, nginx, programs and PostgreSQL share the cores\n\n")
            f.write("| figure | measured | promised | kept |\n|---|---|---|---|\n")
            for line in self.results:
                f.write("| %s | %s | %s | %s |\n" % line)
        print("written to tests/bench/RESULTS.md")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--dir", required=True)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--rows", type=int, default=1000000)
    p.add_argument("--only", default="memory,start,floor,auth,saml,import,flat,export")
    b = Bench(p.parse_args())
    b.every = p.get_default("only")
    steps = {"memory": b.memory, "start": b.start, "floor": b.floor, "import": b.imports, "auth": lambda: bench_auth.run(b), "saml": b.saml, "flat": b.flat, "export": b.export}
    for name in b.args.only.split(","):
        steps[name]()
    b.write()


if __name__ == "__main__":
    main()
