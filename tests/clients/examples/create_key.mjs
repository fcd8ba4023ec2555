import { Unkey } from "@unkey/api";

const unkey = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY, serverURL: "http://unkey.test" });
const { data } = await unkey.keys.createKey({
  apiId: "api_example",
  byteLength: 32,
  credits: { refill: { amount: 900, interval: "monthly", refillDay: 31 }, remaining: 1000 },
  enabled: false,
  expires: Date.now() + 30 * 24 * 60 * 60 * 1000,
  externalId: "user_1",
  meta: { "a b": [1, -2.5, null, true, {}], c: { d: "it's \"e\"", f: [[]] } },
  name: "it's \"q\" \\ $(x) `y` ${z} </code>\u2028\u202e\ufeff 🔑",
  permissions: ["doc.*"],
  prefix: "live",
  ratelimits: [{ autoApply: true, duration: 90000, limit: 100, name: "requests" }],
  roles: ["admin", "it's one"],
});
console.log(data.keyId);
