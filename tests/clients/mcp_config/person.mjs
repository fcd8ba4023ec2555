// A person with a browser, as far as signing in a program takes one: cookies,
// redirects, and the forms of pages that are sent as they stand but for some fields.
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"' };
const text = (html) => html.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
  if (hex || decimal) return String.fromCodePoint(parseInt(hex ?? decimal, hex ? 16 : 10));
  return ENTITIES[name] ?? whole;
});
const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found && text(found[1]);
};

export class Person {
  cookies = new Map();

  constructor(server, email, password) {
    Object.assign(this, { server, email, password });
  }

  /** Opens an address, signing in if asked to; answers with the page. */
  async open(url) {
    const page = await this.#send(url);
    const { pathname } = new URL(page.url);
    return pathname === "/login" ? this.submit(page, "/login", { email: this.email, password: this.password }) : page;
  }

  /** Sends the form to this path whose fields hold what `having` holds. */
  async submit(page, path, changes, having = {}) {
    const form = forms(page).find(({ action, fields }) =>
      new URL(action, page.url).pathname === path && Object.entries(having).every(([name, value]) => fields.get(name) === value));
    if (!form) throw new Error(`${page.url} has no form to ${path}:\n${page.html}`);
    for (const [name, value] of Object.entries(changes)) form.fields.set(name, value);
    return this.#send(new URL(form.action, page.url), form.fields);
  }

  async #send(url, form) {
    let [method, body] = form ? ["POST", form] : ["GET", undefined];
    for (let hops = 0; hops < 10; hops += 1) {
      const isOurs = new URL(url).origin === this.server.url;
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(url, { method, body, redirect: "manual", headers: isOurs ? { cookie } : {} });
      if (isOurs) this.#keep(response);
      const to = response.headers.get("location");
      if (!to) return { url: String(url), status: response.status, html: await response.text() };
      [url, method, body] = [new URL(to, url), "GET", undefined];
    }
    throw new Error(`redirects without end at ${url}`);
  }

  #keep(response) {
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** The forms of a page, with what a browser would send of them. */
function forms(page) {
  return [...page.html.matchAll(/<form\s[^>]*>([\s\S]*?)<\/form>/g)].map(([whole, inner]) => {
    const fields = new URLSearchParams();
    for (const [tag] of inner.matchAll(/<input\s[^>]*>/g)) {
      const [name, type] = [attribute(tag, "name"), attribute(tag, "type")];
      const isSent = type !== "submit" && (!["checkbox", "radio"].includes(type) || /\schecked/.test(tag));
      if (name && isSent) fields.append(name, attribute(tag, "value") ?? "");
    }
    for (const [, tag, options] of inner.matchAll(/(<select\s[^>]*>)([\s\S]*?)<\/select>/g)) {
      const all = [...options.matchAll(/<option[^>]*>/g)].map(([option]) => option);
      const chosen = all.find((option) => /\sselected/.test(option)) ?? all[0];
      if (chosen) fields.append(attribute(tag, "name"), attribute(chosen, "value") ?? "");
    }
    return { action: attribute(whole, "action"), fields };
  });
}

/** The blocks of a page that can be copied, by what they are. */
export function blocks(page) {
  const figures = page.html.matchAll(/<section class="card">[\s\S]*?<h2>(.*?)<\/h2>([\s\S]*?)<\/section>/g);
  return [...figures].flatMap(([, title, body]) => {
    const found = body.matchAll(/<figcaption><span>(.*?)<\/span>[\s\S]*?<code>([\s\S]*?)<\/code>/g);
    return [...found].map(([, name, code]) => ({ title: text(title), name: text(name), code: text(code) }));
  });
}
