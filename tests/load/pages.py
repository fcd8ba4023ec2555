#!/usr/bin/env python3
"""Measures the pages of the dashboard over a million keys and ten million events.

Writes the keys straight into the database of a stopped server, makes a month of
events of twenty thousand of them, waits until the index is complete, signs in,
and asks for every page some times. Prints one Markdown table, the slowest pages
first: the median of the time to the whole answer over one connection, that of the first
answer, and the size of it, plain and compressed. Not part of the suite.

    cargo build --release --workspace
    tests/load/pages.py [--keys 1000000] [--events 10000000] [--runs 9]
"""

import argparse
import gzip
import http.client
import os
import pathlib
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import busy
import million

GENERATOR = million.BINARY.parent / "load-events"


class Reader:
    """Somebody with a browser that keeps its cookies."""

    def __init__(self, address, email, password):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.cookies = {}
        _, page = self.get("/login")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page).group(1)
        form = urllib.parse.urlencode({"csrf": csrf, "email": email, "password": password, "next": ""})
        status, _ = self.ask("POST", "/login", form)
        assert status == 303, status

    def ask(self, method, path, body=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, value = header.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def get(self, path):
        return self.ask("GET", path)

    def link(self, path, pattern):
        """The first link of a page that looks like this."""
        _, page = self.get(path)
        found = re.search(f'href="({pattern})"', page)
        assert found, f"{path} links to nothing like {pattern}"
        return found.group(1)


def keys_of(database, api, count, file):
    """The keys whose events are made, as the generator reads them."""
    db = sqlite3.connect(database)
    keyspace = db.execute("SELECT keyspace_id FROM apis WHERE id = ?", [api]).fetchone()[0]
    with db:
        db.execute(
            "INSERT INTO identities (id, workspace_id, external_id, created_at) SELECT 'id_load' || rowid, workspace_id,"
            " 'user_' || rowid, created_at FROM keys WHERE api_id = ? ORDER BY id LIMIT 5000",
            [api],
        )
    identities = db.execute("SELECT id, external_id FROM identities ORDER BY id").fetchall()
    rows = db.execute("SELECT workspace_id, id FROM keys WHERE api_id = ? ORDER BY id LIMIT ?", [api, count]).fetchall()
    with open(file, "w") as out:
        for number, (workspace, key) in enumerate(rows):
            identity, external = identities[number % len(identities)] if identities else ("", "")
            out.write("\t".join([workspace, api, keyspace, key, identity, external]) + "\n")
    db.close()


def places(reader, api):
    key = reader.link(f"/apis/{api}/keys", r"/keys/[^/\"?]+")
    identity = reader.link("/identities", r"/identities/id_[^/\"?]+")
    audit = reader.link("/audit", r"/audit/[^/\"?]+")
    verification = reader.link("/keys/key_load000000000001/log?since=28d", r"/verifications/[^/\"?]+")
    return [
        "/", "/apis", f"/apis/{api}", f"/apis/{api}?since=28d", f"/apis/{api}/keys", f"/apis/{api}/keys?q=status:expired",
        f"/apis/{api}/keys?q=load_0000", f"/apis/{api}/keys/new", f"/apis/{api}/settings", key, "/keys/key_load000000000001",
        "/keys/key_load000000000001?since=28d", "/keys/key_load000000000001/log", "/keys/key_load000000000001/changes",
        "/keys/key_load000000000001/edit", "/identities", identity, "/ratelimits", "/roles", "/permissions", "/requests",
        verification, f"{verification}/explain", "/audit", audit, "/explain", "/sql", "/root-keys", "/jobs", "/import", "/export",
        "/search?q=user_77", "/search?q=key_load00000050", "/settings", "/settings/team", "/settings/security", "/start",
    ]


def settle(server):
    """Waits until the server rests: weeks that are over are sealed when nothing else is to do."""
    def cpu_s():
        fields = pathlib.Path(f"/proc/{server.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    time.sleep(15)  # sealing begins when nothing has happened for ten seconds
    for _ in range(100):
        before = cpu_s()
        time.sleep(3)
        if cpu_s() - before < 0.1:
            return
    sys.exit("the server does not rest")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    token = "unkey_" + secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        server = million.Server(data, token)
        api = server.call("apis.createApi", {"name": "load"})["apiId"]
        server.stop()
        million.fill(data / "app.db", api, options.keys)
        keys_of(data / "app.db", api, 20_000, f"{folder}/keys.tsv")
        command = [str(GENERATOR), str(options.events), "--into", str(data / "events.db"), f"{folder}/keys.tsv"]
        subprocess.run(command, check=True, capture_output=True)
        server = million.Server(data, token)
        command = [str(million.BINARY), "user", "create", "--email", "a@example.com", "--name", "A", "--role", "owner"]
        run = subprocess.run([*command, "--data-dir", str(data)], check=True, capture_output=True, text=True)
        busy.wait_until_complete(million.BINARY.parent, str(data))
        settle(server)
        reader = Reader(server.address, "a@example.com", run.stdout.strip())
        rows = []
        for place in places(reader, api):
            took = []
            for _ in range(options.runs):
                begun = time.perf_counter()
                status, page = reader.get(place)
                took.append((time.perf_counter() - begun) * 1000)
                assert status == 200, f"{place}: {status}"
            rows.append((statistics.median(took), took[0], place, len(page.encode()), len(gzip.compress(page.encode()))))
        print(f"| {options.keys:,} keys, {options.events:,} events | median ms | first ms | KB | KB compressed |\n|---|---|---|---|---|")
        for median, first, place, plain, compressed in sorted(rows, reverse=True):
            print(f"| `{place.replace(api, 'API')}` | {median:.1f} | {first:.1f} | {plain / 1000:.0f} | {compressed / 1000:.1f} |")
        server.stop()


if __name__ == "__main__":
    main()
