#!/usr/bin/env python3
"""What memory a server holds: started, used for the first time, under load, and at
rest after it; and what a verification costs it, events stored and indexed.

Heap and mapped files are told apart: pages of the program and of index files can be
dropped by the system whenever somebody else wants the room, those of the heap cannot.
Prints one Markdown table; every run ends by itself. Not part of the suite.

    cargo build --release --workspace
    tests/load/memory.py [--events 1000000] [--keys 10000] [--rest 30]
    tests/load/memory.py --server BINARY --set MALLOC_ARENA_MAX=2      # another allocator
"""

import argparse
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import busy
import million
import run

MIB = 1 << 20


def memory_of(pid):
    """What the process holds, in bytes: all that is resident, its share of it, heap and
    stacks, and pages of files."""
    process = pathlib.Path(f"/proc/{pid}")

    def kib(name, text):
        return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024

    rollup = (process / "smaps_rollup").read_text()
    rss, anonymous = kib("Rss", rollup), kib("Anonymous", rollup)
    return {"rss": rss, "pss": kib("Pss", rollup), "anonymous": anonymous, "files": rss - anonymous}


def processor_of(pid):
    """Seconds of a processor, of all threads and of those that serve requests."""
    ticks, serving = os.sysconf("SC_CLK_TCK"), 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name, fields = (thread / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except FileNotFoundError:
            continue
        serving += sum(map(int, fields.split()[11:13])) if name.startswith("tokio-rt") else 0
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    total = sum(map(int, fields[11:13]))
    return total / ticks, serving / ticks


class Peak:
    """The most heap there was while something ran: the system keeps no such figure."""

    def __init__(self, pid):
        self.pid, self.bytes, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self._look)

    def _look(self):
        while not self.over.wait(0.2):
            self.bytes = max(self.bytes, memory_of(self.pid)["anonymous"])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def start(options, data, token):
    settings = dict(setting.split("=", 1) for setting in options.set)
    command = [options.server, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)]
    assignments = [f"{name}={value}" for name, value in settings.items()]
    return run.Process(["env", *assignments, *command], False, {"UNKEY_ROOT_KEY": token})


def show(moment, pid, peak=None):
    held = memory_of(pid)
    cells = [held["rss"], held["pss"], held["anonymous"], held["files"]]
    most = "" if peak is None else f"{peak / MIB:.0f}"
    print(f"| {moment} | " + " | ".join(f"{cell / MIB:.0f}" for cell in cells) + f" | {most} |", flush=True)


def first_use(server, token):
    """What somebody does who looks at it: an API, a key, some verifications."""
    api = run.call(server.base, token, "apis.createApi", {"name": "load"})["apiId"]
    key = run.call(server.base, token, "keys.createKey", {"apiId": api})["key"]
    for _ in range(10):
        run.call(server.base, token, "keys.verifyKey", {"key": key})
    return api


def verify(server, token, keys, seconds):
    """Verifications of all keys in turn; says how many there were."""
    environment = {**os.environ, "BODY": json.dumps({"key": "KEY"}), "TOKEN": token, "KEYS": keys}
    command = ["wrk", "-t1", f"-c{run.CONNECTIONS}", f"-d{seconds}s", "-s", str(run.HERE / "post.lua"), f"{server.base}/v2/keys.verifyKey"]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    requests, *_, failed = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", output).groups())
    if failed:
        sys.exit(f"{failed} verifications failed")
    return requests


def is_complete(options, data):
    command = [options.server, "index", "status", "--format", "json", "--data-dir", str(data)]
    indexes = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return all(index["state"] == "complete" and index["behind"] == 0 for index in indexes)


def load(options, data, server, token, keys):
    """Verifies until there are enough events and every index has them."""
    pid, done = server.child.pid, 0
    before = processor_of(pid)
    with Peak(pid) as peak:
        while done < options.events:
            done += verify(server, token, keys, options.seconds)
            if options.pause:
                while not is_complete(options, data):
                    time.sleep(0.5)
        while not is_complete(options, data):
            time.sleep(0.5)
        after = processor_of(pid)
        show(f"{done:,} verifications of {options.keys:,} keys, indexes complete", pid)
        time.sleep(options.rest)
    show(f"{options.rest} s at rest", pid, peak.bytes)
    return [(late - early) * 1e6 / done for early, late in zip(before, after)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=5, help="how long a burst of verifications is")
    parser.add_argument("--pause", action="store_true", help="let indexes catch up after each burst")
    parser.add_argument("--rest", type=int, default=30)
    parser.add_argument("--server", default=str(run.ROOT / "target" / "release" / "unkey"))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="in the server's environment")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing (package wrk)")
    print("| MiB | resident | its own share of that | heap and stacks | of files | most heap |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data, token = pathlib.Path(folder) / "data", "unkey_" + secrets.token_hex(16)
        server = start(options, data, token)
        try:
            show("started", server.child.pid)
            api = first_use(server, token)
            time.sleep(options.rest)
            show(f"first use, {options.rest} s at rest", server.child.pid)
            server.stop()
            million.fill(data / "app.db", api, options.keys)
            keys = pathlib.Path(folder) / "keys"
            keys.write_text("".join(million.secret(number) + "\n" for number in range(options.keys)))
            server = start(options, data, token)
            show(f"started with {options.keys:,} keys", server.child.pid)
            cost, serving = load(options, data, server, token, str(keys))
        finally:
            server.stop()
    print(f"\nA verification took {cost:.1f} µs of a processor, {serving:.1f} of them on threads that serve requests.")


if __name__ == "__main__":
    main()
