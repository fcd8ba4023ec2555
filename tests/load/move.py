#!/usr/bin/env python3
"""How long a million keys take to Postgres and back.

Fills the database of a stopped server as million.py does, moves it there and back
and compares the dumps. Pass a file of events to have it lie beside them. Not part
of the suite.

    cargo build --release
    tests/postgres.sh tests/load/move.py [--keys 1000000] [--events FILE]
"""

import argparse
import hashlib
import os
import pathlib
import re
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import time

import million

NOTES = ("moves", "seaql_migrations")


def dump(path):
    """A digest of every object and row, but for what a database notes of itself."""
    db, digest = sqlite3.connect(path), hashlib.sha256()
    objects = db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
    digest.update(repr(objects).encode())
    for table in (name for kind, name, _ in objects if kind == "table" and name not in NOTES):
        key = [row[1] for row in sorted(db.execute(f"PRAGMA table_info({table})"), key=lambda row: row[5]) if row[5]]
        for row in db.execute(f"SELECT * FROM {table} ORDER BY {', '.join(key)}"):
            digest.update(repr(row).encode())
    db.close()
    return digest.hexdigest()


def digest(path):
    return hashlib.file_digest(path.open("rb"), "sha256").hexdigest()


def move(data, target, database):
    environment = {**os.environ, "UNKEY_DATABASE_URL": database}
    command = [str(million.BINARY), "migrate-to", target, "--data-dir", str(data)]
    begun = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most_kib = 0
    while child.poll() is None:
        found = re.search(r"VmHWM:\s*(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text())
        most_kib = int(found.group(1)) if found else most_kib
        time.sleep(0.1)
    assert child.returncode == 0, f"{target} failed"
    print(f"| to {target} | {time.perf_counter() - begun:.0f} s, {most_kib / 1024:.0f} MiB of memory at most |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--events", type=pathlib.Path)
    options = parser.parse_args()
    place = os.environ["UNKEY_TEST_POSTGRES"]
    subprocess.run(["psql", "-qc", "CREATE DATABASE move", place], check=True)
    database = f"{place.rsplit('/', 1)[0]}/move"
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        server = million.Server(data, "unkey_" + secrets.token_hex(16))
        api = server.call("apis.createApi", {"name": "load"})["apiId"]
        server.stop()
        million.fill(data / "app.db", api, options.keys)
        if options.events:
            shutil.copy(options.events, data / "events.db")
        app, events = dump(data / "app.db"), digest(data / "events.db")
        move(data, "postgres", database)
        assert not (data / "app.db").exists()
        move(data, "sqlite", database)
        assert dump(data / "app.db") == app, "the dumps differ"
        assert digest(data / "events.db") == events, "events were touched"
        print(f"| {options.keys:,} keys, {(data / 'events.db').stat().st_size / 1e6:.0f} MB of events | as they were |")


if __name__ == "__main__":
    main()
