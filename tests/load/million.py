#!/usr/bin/env python3
"""Figures of a small and of a very large data folder.

Starts the release binary on an empty folder (start, memory, size), then writes
a million keys straight into the database of a stopped server and measures what
a start, cold verifications and memory are like then. Not part of the suite.

    cargo build --release
    tests/load/million.py [--keys 1000000] [--verify 20000]
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import pathlib
import random
import secrets
import sqlite3
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = ROOT / "target" / "release" / "unkey"
NOW_MS = int(time.time() * 1000)


class Server:
    def __init__(self, data, token):
        environment = {"PATH": os.environ["PATH"], "UNKEY_ROOT_KEY": token}
        command = [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)]
        begun = time.perf_counter()
        self.child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.child.stdout.readline().split("http://")[1].strip()
        self.connection = http.client.HTTPConnection(self.address)
        self.token = token
        self.call("apis.createApi", {"name": "first answer"})
        self.start_ms = (time.perf_counter() - begun) * 1000

    def call(self, route, body):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request("POST", f"/v2/{route}", json.dumps(body), headers)
        answer = json.load(self.connection.getresponse())
        return answer["data"]

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self):
        self.child.terminate()
        self.child.wait()


def secret(number):
    return f"load_{number:032d}"


def fill(database, api, count):
    """Rows like those createKey writes, for keys whose secrets `secret` names."""
    db = sqlite3.connect(database)
    workspace = db.execute("SELECT workspace_id FROM apis WHERE id = ?", [api]).fetchone()[0]

    def row(number):
        text = secret(number)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"key_load{number:012d}", workspace, api, digest, text[:9], text[-4:], 1, NOW_MS

    db.execute("PRAGMA synchronous = OFF")
    # Hashes are random: without room for the whole index every insert would read a page.
    db.execute("PRAGMA cache_size = -1000000")
    with db:
        db.executemany(
            "INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, enabled, created_at) VALUES (?,?,?,?,?,?,?,?)",
            map(row, range(count)),
        )
    db.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--verify", type=int, default=20_000)
    options = parser.parse_args()
    token = "unkey_" + secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        server = Server(data, token)
        print(f"| empty folder to first answer | {server.start_ms:.0f} ms |")
        api = server.call("apis.createApi", {"name": "load"})["apiId"]
        time.sleep(15)  # the writers of indexes close when nothing has happened for ten seconds
        print(f"| resident memory when idle | {server.resident_mib():.0f} MiB |")
        server.stop()
        print(f"| release binary | {BINARY.stat().st_size / 1e6:.1f} MB |")

        fill(data / "app.db", api, options.keys)
        print(f"| app.db with {options.keys:,} keys | {(data / 'app.db').stat().st_size / 1e6:.0f} MB |")
        server = Server(data, token)
        print(f"| start to first answer | {server.start_ms:.0f} ms |")
        took = []
        for number in random.sample(range(options.keys), options.verify):
            begun = time.perf_counter()
            assert server.call("keys.verifyKey", {"key": secret(number)})["valid"]
            took.append((time.perf_counter() - begun) * 1000)
        cuts = statistics.quantiles(took, n=100)
        print(f"| cold verification over HTTP, p50 / p99 | {cuts[49]:.2f} / {cuts[98]:.2f} ms |")
        print(f"| resident memory after {options.verify:,} cold verifications | {server.resident_mib():.0f} MiB |")
        server.stop()


if __name__ == "__main__":
    main()
