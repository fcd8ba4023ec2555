"""Starts the built binary, and calls a generated client in either of its two styles.

The binary is UNKEY_BIN, or the debug build of this checkout.
"""

import asyncio
import os
import pathlib
import re
import subprocess

ROOT_KEY = "unkey_python0000000000000000000"
BUILT = pathlib.Path(__file__).parents[2] / "target" / "debug" / "unkey"
BINARY = os.environ.get("UNKEY_BIN", str(BUILT))


class Server:
    def __init__(self, data):
        self.data = data
        self.log = (data.parent / "server.log").open("w")
        environment = {"PATH": os.environ["PATH"], "UNKEY_ROOT_KEY": ROOT_KEY}
        command = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        found = re.match(r"unkey is listening on (http:\S+)", line)
        assert found, (data.parent / "server.log").read_text()
        self.url = found[1]

    def cli(self, *arguments):
        command = [BINARY, *arguments, "--data-dir", str(self.data)]
        environment = {"PATH": os.environ["PATH"]}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0
        self.log.close()


class Caller:
    """Calls a method of the client in one of its two styles.

    `call.keys.get_key(...)` is the sync method, or its `_async` twin run to its end.
    """

    def __init__(self, client, style, path=()):
        self.client, self.style, self.path = client, style, path

    def __getattr__(self, name):
        return Caller(self.client, self.style, (*self.path, name))

    def __call__(self, *args, **kwargs):
        *group, name = self.path
        target = self.client
        for part in group:
            target = getattr(target, part)
        if self.style == "sync":
            return getattr(target, name)(*args, **kwargs)
        return asyncio.run(self.once(getattr(target, name + "_async"), *args, **kwargs))

    async def once(self, method, *args, **kwargs):
        try:
            return await method(*args, **kwargs)
        finally:
            # Connections belong to this event loop, which ends here.
            client = self.client.sdk_configuration.async_client
            await client.aclose()
            self.client.sdk_configuration.async_client = type(client)(follow_redirects=True)
