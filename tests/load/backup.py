#!/usr/bin/env python3
"""How long a backup of a million keys and ten million events takes, and whom it holds up.

Fills the databases of a stopped server as pages.py does, verifies keys over one
connection per client, first alone and then while `unkey backup` runs, restores the
backup and compares what both servers hold. Prints one Markdown table, and fails if
the backup takes 60 s or the p99 of verifications more than doubles. Not part of the
suite.

    cargo build --release --workspace
    tests/load/backup.py [--keys 1000000] [--events 10000000] [--clients 1]
"""

import argparse
import pathlib
import random
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import million

GENERATOR = million.BINARY.parent / "load-events"
IDLE_S = 30
MOST_S = 60
MOST_FACTOR = 2


class Load(threading.Thread):
    """Verifies keys that are in memory, at a steady pace."""

    def __init__(self, server, keys, ends):
        super().__init__()
        self.connection = million.http.client.HTTPConnection(server.address)
        self.server, self.keys, self.ends, self.took = server, keys, ends, []

    def run(self):
        headers = {"Authorization": f"Bearer {self.server.token}", "Content-Type": "application/json"}
        while not self.ends.is_set():
            body = million.json.dumps({"key": random.choice(self.keys)})
            begun = time.perf_counter()
            self.connection.request("POST", "/v2/keys.verifyKey", body, headers)
            answer = million.json.load(self.connection.getresponse())
            self.took.append((time.perf_counter() - begun) * 1000)
            assert answer["data"]["valid"], answer
            time.sleep(0.0005)


def verify_while(server, keys, clients, work):
    """Quantiles of verifications in ms while `work` runs."""
    ends = threading.Event()
    load = [Load(server, keys, ends) for _ in range(clients)]
    for client in load:
        client.start()
    try:
        work()
    finally:
        ends.set()
        for client in load:
            client.join()
    cuts = statistics.quantiles([ms for client in load for ms in client.took], n=100)
    return cuts[49], cuts[98]


def run(*arguments):
    """A command; how long it took, its highest use of memory, and what it said."""
    begun = time.perf_counter()
    child = subprocess.Popen([str(million.BINARY), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    most_kib = 0
    while child.poll() is None:
        found = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text())
        most_kib = int(found.group(1)) if found else most_kib
        time.sleep(0.05)
    said = child.stdout.read() + child.stderr.read()
    assert child.returncode == 0, said
    return time.perf_counter() - begun, most_kib / 1024, said


def counts(data):
    """Rows of every table of both databases."""
    found = {}
    for name in ("app.db", "events.db"):
        db = sqlite3.connect(data / name)
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            found[f"{name} {table}"] = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        db.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--clients", type=int, default=1, help="more than one wait for each other here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data, target, restored = folder / "data", folder / "backup.tar.zst", folder / "restored"
        token = "unkey_" + secrets.token_hex(16)
        server = million.Server(data, token)
        api = server.call("apis.createApi", {"name": "load"})["apiId"]
        server.stop()
        million.fill(data / "app.db", api, options.keys)
        subprocess.run([str(GENERATOR), str(options.events), "--into", str(data / "events.db")], check=True)
        sizes = [(data / name).stat().st_size / 1e6 for name in ("app.db", "events.db")]
        print(f"| app.db / events.db | {sizes[0]:.0f} / {sizes[1]:.0f} MB |")

        server = million.Server(data, token)
        keys = [million.secret(number) for number in random.sample(range(options.keys), min(2000, options.keys))]
        for key in keys:
            server.call("keys.verifyKey", {"key": key})
        # The index of so many events takes a while, and the measure is not about it.
        before = None
        while before != (before := sum(file.stat().st_size for file in (data / "index").rglob("*") if file.is_file())):
            time.sleep(10)
        idle = verify_while(server, keys, options.clients, lambda: time.sleep(IDLE_S))
        outcome = []
        busy = verify_while(
            server, keys, options.clients, lambda: outcome.append(run("backup", str(target), "--data-dir", str(data)))
        )
        took, memory, _ = outcome[0]
        print(f"| verification without a backup, p50 / p99 | {idle[0]:.2f} / {idle[1]:.2f} ms |")
        print(f"| verification during a backup, p50 / p99 | {busy[0]:.2f} / {busy[1]:.2f} ms |")
        print(f"| backup | {took:.1f} s, {target.stat().st_size / 1e6:.0f} MB, {memory:.0f} MiB of memory at most |")
        server.stop()

        verified = run("backup", "verify", str(target), "--temp-dir", str(folder))
        print(f"| verify | {verified[0]:.1f} s, {verified[1]:.0f} MiB |")
        back = run("restore", str(target), "--data-dir", str(restored))
        print(f"| restore | {back[0]:.1f} s, {back[1]:.0f} MiB |")
        here, there = counts(data), counts(restored)
        assert there["app.db keys"] == here["app.db keys"] == options.keys, (here, there)
        assert there["events.db chunks"] <= here["events.db chunks"], (here, there)
    if took >= MOST_S or busy[1] > MOST_FACTOR * idle[1]:
        sys.exit("the backup takes too long, or holds verifications up")


if __name__ == "__main__":
    main()
