#!/usr/bin/env python3
"""What the two engines cost: a file, and a database of Postgres on the same machine.

Prints one Markdown table. Needs wrk, and a Postgres that tests/postgres.sh starts;
the server, its database and the client share the machine. Not part of the suite.

    cargo build --release
    tests/postgres.sh tests/load/engines.py [--seconds 4]
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import random
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time

import run

BINARY = run.ROOT / "target" / "release" / "unkey"
KEYS = 2000


class Client:
    """One connection that is kept."""

    def __init__(self, base, token):
        self.connection = http.client.HTTPConnection(base.removeprefix("http://"))
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, route, body):
        self.connection.request("POST", f"/v2/{route}", json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)["data"]


def median_ms(client, calls):
    took = []
    for route, body in calls:
        begun = time.perf_counter()
        client.call(route, body)
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


def psql(url, sql):
    return subprocess.run(["psql", "-qAtX", "-c", sql, url], check=True, capture_output=True, text=True).stdout.strip()


def changes_a_second(base, token, api, seconds):
    """By 16 callers at once."""
    deadline = time.perf_counter() + seconds

    def work(_):
        client, done = Client(base, token), 0
        while time.perf_counter() < deadline:
            client.call("keys.createKey", {"apiId": api})
            done += 1
        return done

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return sum(pool.map(work, range(16))) / seconds


def measure(database, seconds):
    token = "unkey_" + secrets.token_urlsafe(16).replace("-", "a").replace("_", "b")
    data = tempfile.mkdtemp()
    environment = {"UNKEY_ROOT_KEY": token, **({"UNKEY_DATABASE_URL": database} if database else {})}
    command = [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data-dir", data]
    server = run.Process(command, False, environment)
    client, figures = Client(server.base, token), {}
    api = client.call("apis.createApi", {"name": "load"})["apiId"]
    creations = [("keys.createKey", {"apiId": api})] * 500
    figures["createKey, one caller, p50 ms"] = median_ms(client, creations)
    figures["createKey, 16 callers, a second"] = changes_a_second(server.base, token, api, seconds)
    options = {"apiId": api, "credits": {"remaining": 1_000_000_000}}
    paid = [client.call("keys.createKey", options)["key"] for _ in range(KEYS)]
    server.stop()
    server = run.Process(command, False, environment)
    client = Client(server.base, token)
    client.call("apis.createApi", {"name": "warm"})
    cold = [("keys.verifyKey", {"key": key, "credits": {"cost": 0}}) for key in paid]
    figures["cold verification, p50 ms"] = median_ms(client, cold)
    plain = client.call("keys.createKey", {"apiId": api})["key"]
    hit = run.wrk(server.base, "keys.verifyKey", token, {"key": plain}, seconds, False)
    figures["cached verifications a second"] = hit["rate"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as keys:
        # Keys made one after the other lie side by side, and are not used so.
        keys.write("\n".join(random.sample(paid, len(paid))))
        keys.flush()
        os.environ["KEYS"] = keys.name
        for callers in (64, 256):
            run.CONNECTIONS = callers
            spent = run.wrk(server.base, "keys.verifyKey", token, {"key": "KEY"}, seconds, False)
            figures[f"credits spent a second, {KEYS} keys, {callers} callers"] = spent["rate"]
        del os.environ["KEYS"]
    run.CONNECTIONS = 64
    spent = run.wrk(server.base, "keys.verifyKey", token, {"key": paid[0]}, seconds, False)
    figures["credits spent a second, one key, 64 callers"] = spent["rate"]
    server.stop()
    shutil.rmtree(data)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4)
    seconds = parser.parse_args().seconds
    place = os.environ["UNKEY_TEST_POSTGRES"]
    psql(place, "CREATE DATABASE engines")
    database = f"{place.rsplit('/', 1)[0]}/engines"
    file, server = measure(None, seconds), measure(database, seconds)
    print("| | file | Postgres |\n|---|---|---|")
    for name, figure in file.items():
        written = [f"{value:,.0f}" if value > 100 else f"{value:.2f}" for value in (figure, server[name])]
        print(f"| {name} | {written[0]} | {written[1]} |")
    hot = psql(database, "SELECT n_tup_hot_upd || ' of ' || n_tup_upd FROM pg_stat_user_tables WHERE relname = 'keys'")
    print(f"\nUpdates of keys that touched no index (HOT): {hot}")


if __name__ == "__main__":
    main()
