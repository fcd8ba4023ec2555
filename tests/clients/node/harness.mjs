// A server, and official clients of v2 that know nothing but its address.
import { Unkey } from "@unkey/api";
import { Server as Process } from "../server.mjs";

export class Server extends Process {
  constructor(...started) {
    super(...started);
    this.unkey = this.client(this.rootKey);
  }

  client(key) {
    return new Unkey({ rootKey: key, serverURL: this.url });
  }

  async api(name = "payments") {
    return (await this.unkey.apis.createApi({ name })).data.apiId;
  }

  async key(options = {}) {
    const apiId = options.apiId ?? (await this.api());
    return (await this.unkey.keys.createKey({ ...options, apiId })).data;
  }

  async verify(key, options = {}) {
    return (await this.unkey.keys.verifyKey({ key, ...options })).data;
  }

  /** A request without an SDK, for what SDKs refuse to send. */
  raw(path, body, headers = {}) {
    return this.send("POST", path, body, headers);
  }
}
