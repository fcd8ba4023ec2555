// What the dashboard gains with script: copying, keys, live rows, dragging over
// charts. Every page works without it. No framework, no build, no inline code.
"use strict";
(() => {
  // What people read and no page says; what pages say is in web/src/texts.
  const TEXTS = {
    language: "en",
    copied: "Copied",
    show: "Show",
    hide: "Hide",
    chosen: (count) => `${count} chosen`,
    palette: "Commands",
    ask: "Search, go to, do",
    found: "What was found",
    exactly: "Exactly this",
    here: "On this page",
    goTo: "Go to",
    copy: (what) => `Copy ${what}`,
    typed: "What you had typed is here again. It was not sent.",
    noPreview: "The server did not say what this would make.",
    justNow: "just now",
  };

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (target) => target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");

  // A word at the foot of the page, spoken by screen readers too.
  let said;
  function say(text) {
    said?.remove();
    said = Object.assign(document.createElement("div"), { className: "said", textContent: text });
    said.setAttribute("role", "status");
    document.body.append(said);
    const own = said;
    setTimeout(() => own.remove(), 2500);
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // Without the clipboard API (plain HTTP) the selection is copied instead.
      const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
      button.after(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    kept = true;
    say(TEXTS.copied);
  }

  // A secret is shown once: leaving before it was copied asks first.
  const secret = document.querySelector("[data-secret]");
  let kept = !secret;
  addEventListener("beforeunload", (event) => {
    if (!kept) event.preventDefault();
  });
  if (secret) {
    const field = secret.querySelector("[data-secret-value]");
    field.addEventListener("focus", () => field.select());
    field.addEventListener("copy", () => (kept = true));
  }
  function mask(button) {
    const field = secret.querySelector("[data-secret-value]");
    const hide = field.type === "text";
    field.type = hide ? "password" : "text";
    button.textContent = hide ? TEXTS.show : TEXTS.hide;
    button.setAttribute("aria-pressed", String(hide));
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-copy], [data-mask], [data-choose-all], [data-leaves], [data-shortcuts]");
    for (const open of all("details.menu[open], details.chips[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
    if (!target) return;
    if (target.dataset.copy !== undefined) copy(target);
    else if (target.dataset.mask !== undefined) mask(target);
    else if (target.dataset.leaves !== undefined) kept = true;
    else if (target.dataset.shortcuts !== undefined) {
      if (event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      cheatSheet(target.href);
    }
  });

  // Choosing rows: all of them, or a run of them with shift.
  let lastChosen;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches("input[type=checkbox]")) return;
    const boxes = all("tbody .choose input", box.closest("table") ?? document.createElement("table"));
    if (box.dataset.chooseAll !== undefined) for (const one of boxes) one.checked = box.checked;
    else if (event.shiftKey && boxes.includes(lastChosen) && boxes.includes(box)) {
      const [from, to] = [boxes.indexOf(lastChosen), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
    }
    if (boxes.includes(box)) lastChosen = box;
    const text = document.querySelector("[data-chosen]");
    if (text) {
      const count = all("tbody .choose input:checked").length;
      text.textContent = TEXTS.chosen(count);
    }
  });

  // A group of permissions: all, some or none.
  function whole(group) {
    const box = group.querySelector("[data-whole]");
    const parts = all("li input:enabled", group);
    const ticked = parts.filter((part) => part.checked).length;
    box.checked = ticked > 0 && ticked === parts.length;
    box.indeterminate = ticked > 0 && ticked < parts.length;
  }
  for (const group of all("[data-group]")) {
    whole(group);
    group.addEventListener("change", (event) => {
      if (event.target.dataset.whole !== undefined) {
        for (const part of all("li input:enabled", group)) part.checked = event.target.checked;
      }
      whole(group);
    });
  }

  // The cheat sheet is a page; here it opens as a dialog.
  async function cheatSheet(href) {
    const open = document.querySelector("dialog.cheat");
    if (open) return open.close();
    const page = new DOMParser().parseFromString(await (await fetch(href)).text(), "text/html");
    const dialog = Object.assign(document.createElement("dialog"), { className: "cheat" });
    dialog.setAttribute("aria-label", page.querySelector("h1")?.textContent);
    dialog.append(...all("main .card", page));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
  }

  // Everything there is to find and to do, without leaving the keyboard: what the page
  // offers, the places of the sidebar, and what the search over everything finds.
  const OFFERED = 20;
  function palette() {
    const search = document.querySelector("[data-search]")?.form;
    if (!search || document.querySelector("dialog[open]")) return search?.querySelector("[data-search]").focus();
    const dialog = Object.assign(document.createElement("dialog"), { className: "cheat palette" });
    const field = Object.assign(document.createElement("input"), { type: "text", autocomplete: "off", placeholder: TEXTS.ask });
    const list = Object.assign(document.createElement("ul"), { id: "palette-list" });
    const attributes = { role: "combobox", "aria-expanded": "true", "aria-controls": list.id, "aria-label": TEXTS.ask, spellcheck: "false" };
    for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", TEXTS.found);
    dialog.setAttribute("aria-label", TEXTS.palette);
    // Links are followed. What changes something is only shown: pressing it is another key.
    const act = (words, control, kind) => ({
      words: words.trim(),
      kind,
      run() {
        dialog.close();
        if (control.matches("a, [data-copy]")) return control.click();
        control.closest("details")?.setAttribute("open", "");
        control.focus();
      },
    });
    const offers = [
      ...all("main .page-actions a, main .page-actions button").map((one) => act(one.textContent, one, TEXTS.here)),
      ...all("main .page-title [data-copy]").map((one) => act(TEXTS.copy(one.dataset.copy), one, TEXTS.here)),
      ...all("[data-go]").map((one) => act(one.textContent, one, TEXTS.goTo)),
    ].filter(({ words }) => words);
    const link = (words, href, kind) => ({ words, kind, run: () => location.assign(href) });
    let [shown, chosen, timer, asked] = [[], 0, 0, undefined];
    function choose(at) {
      chosen = Math.min(Math.max(at, 0), Math.max(shown.length - 1, 0));
      for (const [index, one] of [...list.children].entries()) one.setAttribute("aria-selected", String(index === chosen));
      list.children[chosen]?.scrollIntoView({ block: "nearest" });
      if (shown.length) field.setAttribute("aria-activedescendant", `palette-${chosen}`);
      else field.removeAttribute("aria-activedescendant");
    }
    // What is found comes below what is offered, so that nothing moves away from under a key.
    function show(found) {
      const sought = field.value.toLowerCase().split(/\s+/);
      const matching = offers.filter(({ words }) => sought.every((word) => words.toLowerCase().includes(word)));
      shown = [...matching.slice(0, OFFERED), ...found.slice(0, OFFERED)];
      list.replaceChildren(...shown.map(({ words, kind, run }, index) => {
        const one = Object.assign(document.createElement("li"), { id: `palette-${index}`, textContent: words });
        one.setAttribute("role", "option");
        one.append(Object.assign(document.createElement("span"), { className: "note", textContent: kind }));
        one.addEventListener("click", run);
        return one;
      }));
      choose(found.length ? chosen : 0);
    }
    function stop() {
      clearTimeout(timer);
      asked?.abort();
    }
    async function find() {
      asked = new AbortController();
      // By POST, because a secret may be pasted here.
      const body = new URLSearchParams(new FormData(search));
      body.set("q", field.value);
      try {
        const answer = await fetch(search.action, { method: "POST", body, signal: asked.signal });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!answer.ok) return;
        if (new URL(answer.url).pathname === "/login") return location.assign(answer.url);
        if (answer.redirected) return show([link(page.querySelector("h1")?.textContent ?? answer.url, answer.url, TEXTS.exactly)]);
        const kind = (hit) => hit.closest("section").querySelector("h2").textContent;
        show(all(".hits li", page).map((hit) => link(hit.querySelector("a").textContent, hit.querySelector("a").href, kind(hit))));
      } catch {
        // Somebody typed on, or the server is away: what was offered is still there.
      }
    }
    field.addEventListener("input", () => {
      stop();
      show([]);
      if (field.value.trim().length > 1) timer = setTimeout(find, 150);
    });
    dialog.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const steps = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 };
      if (event.key in steps) choose(steps[event.key]);
      else if (event.key === "Enter") shown[chosen]?.run();
      else return;
      event.preventDefault();
    });
    dialog.addEventListener("close", () => (stop(), dialog.remove()));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.append(field, list);
    document.body.append(dialog);
    dialog.showModal();
    show([]);
  }

  // Keys. Letters do nothing while somebody types.
  let at = -1;
  let going = 0;
  function move(step) {
    const rows = all("main [data-row]");
    if (!rows.length) return;
    rows[at]?.classList.remove("at");
    at = Math.min(Math.max(at + step, 0), rows.length - 1);
    rows[at].classList.add("at");
    rows[at].scrollIntoView({ block: "nearest" });
    rows[at].querySelector("a")?.focus({ preventScroll: true });
  }
  const row = () => all("main [data-row]")[at];

  // What the page of a row says, beside the list: opened again, it is the page itself.
  async function peek(row) {
    const link = row?.querySelector("a[href^='/']");
    if (!link) return;
    const answer = await fetch(link.href).catch(() => undefined);
    if (!answer?.ok || answer.redirected) return location.assign(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const dialog = Object.assign(document.createElement("dialog"), { className: "cheat peek" });
    const whole = Object.assign(document.createElement("a"), { href: link.href, textContent: page.querySelector("h1")?.textContent });
    const parts = all("main .verdict-line, main .card, .split-main > .code", page).filter((part) => !part.querySelector("form, input, svg.bars, .card"));
    if (!parts.length) return location.assign(link.href);
    if (document.querySelector("dialog[open]")) return;
    dialog.setAttribute("aria-label", whole.textContent);
    dialog.append(Object.assign(document.createElement("h2"), {}), ...parts);
    dialog.firstChild.append(whole);
    dialog.addEventListener("close", () => (dialog.remove(), link.focus()));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
  }
  document.addEventListener("dblclick", ({ target }) => {
    const chosen = target.closest("main [data-row]");
    if (chosen && !target.closest("a, button, input, summary")) peek(chosen);
  });
  const keys = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => cheatSheet(document.querySelector("[data-shortcuts]")?.href ?? "/shortcuts"),
    f: () => document.querySelector("[data-filter]")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    p: () => peek(row()),
    x: () => row()?.querySelector(".choose input")?.click(),
    g: () => (going = Date.now()),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      return palette();
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) return event.target.form.requestSubmit();
    if (event.key === "Escape") {
      tip.hidden = true;
      const open = document.querySelector("details.menu[open], details.chips[open]");
      if (open) {
        open.open = false;
        return open.querySelector("summary").focus();
      }
      if (typing(event.target)) return event.target.blur();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    if (Date.now() - going < 1200) {
      going = 0;
      const link = all("[data-go]").find((link) => link.dataset.go === event.key);
      if (link) {
        event.preventDefault();
        return link.click();
      }
    }
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // Where a session ends while somebody fills in a long form, what was typed comes back after
  // signing in again: kept by the browser for this tab and person. What is hidden in a form is
  // never kept, and no other form asks for a secret.
  const DRAFT = "draft";
  const owner = document.querySelector(".own .who")?.firstChild.textContent;
  const typed = (form) => [...form.elements].filter((control) => control.name && !["hidden", "submit", "password", "file"].includes(control.type));
  document.addEventListener("submit", ({ target: form }) => {
    if (!form.matches("main form.sections")) return;
    const fields = typed(form).map(({ name, type, value, checked }) => ({ name, type, value, checked }));
    sessionStorage.setItem(DRAFT, JSON.stringify({ owner, page: location.pathname, action: form.getAttribute("action"), fields }));
  });
  function refill(form, fields) {
    for (const [index, control] of typed(form).entries()) {
      const { name, type, value, checked } = fields[index] ?? {};
      if (name !== control.name) return;
      control.value = value;
      if (type === "checkbox" || type === "radio") control.checked = checked;
    }
  }
  const isSigningIn = document.querySelector("form[action^='/login']") !== null;
  const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "null");
  if (draft && !isSigningIn) {
    sessionStorage.removeItem(DRAFT);
    const form = draft.wasSignedOut && draft.owner === owner && draft.page === location.pathname
      && all("main form.sections").find((form) => form.getAttribute("action") === draft.action);
    if (form) {
      refill(form, draft.fields);
      say(TEXTS.typed);
    }
  } else if (draft && new URLSearchParams(location.search).has("ended")) {
    sessionStorage.setItem(DRAFT, JSON.stringify({ ...draft, wasSignedOut: true }));
  }

  // On a phone the way around is a strip: where one is should be in sight.
  const strip = document.querySelector(".sidebar");
  if (strip && strip.scrollWidth > strip.clientWidth) {
    const current = strip.querySelector("[aria-current]");
    if (current) strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
  }

  // What a form would make, told by the server again after each pause in typing.
  for (const shown of all("[data-preview]")) {
    const form = document.querySelector("form.sections");
    let [timer, asked] = [0, undefined];
    async function follow() {
      const own = (asked = new AbortController());
      const body = new URLSearchParams(new FormData(form));
      body.set("preview", "on");
      const answer = await fetch(form.action, { method: "POST", body, signal: own.signal }).catch(() => undefined);
      if (own.signal.aborted) return;
      const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-preview]");
      if (!fresh) return (shown.textContent = TEXTS.noPreview);
      const open = all("details", shown).findIndex((one) => one.open);
      for (const [index, one] of all("details", fresh).entries()) one.open = index === Math.max(open, 0);
      shown.replaceChildren(...fresh.childNodes);
    }
    const wait = () => {
      clearTimeout(timer);
      asked?.abort();
      timer = setTimeout(follow, 300);
    };
    form.addEventListener("input", wait);
    // A browser that goes back fills in what was typed before.
    addEventListener("pageshow", wait);
    // What is of one key stays when the rest is taken from a preset.
    document.addEventListener("click", ({ target }) => {
      if (target.dataset.preset === undefined) return;
      const address = new URL(target.href);
      for (const name of ["name", "external_id"]) if (form.elements[name].value) address.searchParams.set(name, form.elements[name].value);
      target.href = address;
    });
  }

  // Live rows: the server sends finished <tr> elements, newest last.
  const KEEP_ROWS = 200;
  for (const body of all("tbody[data-live]")) {
    const source = new EventSource(body.dataset.live);
    source.addEventListener("message", (event) => {
      const template = document.createElement("template");
      template.innerHTML = event.data;
      for (const fresh of template.content.querySelectorAll("tr")) fresh.classList.add("fresh");
      body.prepend(template.content);
      while (body.rows.length > KEEP_ROWS) body.deleteRow(-1);
    });
    addEventListener("pagehide", () => source.close());
  }

  // Pages that wait for something look again by themselves.
  const again = document.querySelector("[data-reload]:not([data-reload=''])");
  const waiting = document.querySelector("a[data-wait]");
  if (again || waiting) {
    const page = waiting ? waiting.href : location.href;
    const timer = setInterval(async () => {
      if (document.hidden) return;
      const answer = await fetch(page).catch(() => undefined);
      if (!answer?.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (waiting && next.querySelector("a[data-wait]")) return;
      if (waiting) {
        kept = true;
        return location.assign(page);
      }
      document.querySelector("main").replaceWith(next.querySelector("main"));
      if (!document.querySelector("[data-reload]:not([data-reload=''])")) clearInterval(timer);
    }, 3000);
  }

  // What a column of a chart stands for, beside the pointer, and beside the focus of one that
  // leads somewhere. The browser's own words for it come late and never by keyboard.
  const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
  document.body.append(tip);
  for (const chart of all("svg.bars, svg.lines")) {
    for (const column of all("a, g", chart)) {
      const title = column.querySelector(":scope > title");
      if (!title) continue;
      const words = title.textContent;
      if (column.localName === "a") column.setAttribute("aria-label", words);
      title.remove();
      const show = () => {
        tip.textContent = words.replaceAll(", ", "\n");
        tip.hidden = false;
        const place = column.querySelector(".hit").getBoundingClientRect();
        const middle = place.left + place.width / 2 - tip.offsetWidth / 2;
        tip.style.left = `${scrollX + Math.min(Math.max(middle, 8), innerWidth - tip.offsetWidth - 8)}px`;
        tip.style.top = `${scrollY + Math.max(place.top - tip.offsetHeight - 8, 8)}px`;
      };
      column.addEventListener("pointerenter", show);
      column.addEventListener("focus", show);
    }
    for (const end of ["pointerleave", "focusout"]) chart.addEventListener(end, () => (tip.hidden = true));
  }

  // Dragging over a chart chooses its span.
  for (const chart of all("svg[data-zoom]")) {
    let from;
    const bucket = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-start]");
    const span = (to) => [from, to].sort((a, b) => a.dataset.start - b.dataset.start);
    chart.addEventListener("dragstart", (event) => event.preventDefault());
    chart.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse") from = bucket(event);
    });
    chart.addEventListener("pointermove", (event) => {
      const to = from && bucket(event);
      if (!to || !chart.contains(to)) return;
      const [first, last] = span(to);
      for (const one of all("[data-start]", chart)) {
        const inside = +one.dataset.start >= +first.dataset.start && +one.dataset.start <= +last.dataset.start;
        one.classList.toggle("dragged", inside && first !== last);
      }
    });
    addEventListener("pointerup", (event) => {
      const to = from && bucket(event);
      if (to && to !== from && chart.contains(to)) {
        const [first, last] = span(to);
        const address = new URL(location.href);
        for (const name of ["since", "cursor"]) address.searchParams.delete(name);
        address.searchParams.set("from", first.dataset.start);
        address.searchParams.set("to", last.dataset.end);
        location.assign(address);
      }
      from = undefined;
    });
  }

  // Relative times stay true while a page is open.
  const units = [["year", 31536e6], ["month", 2592e6], ["day", 864e5], ["hour", 36e5], ["minute", 6e4], ["second", 1e3]];
  const words = new Intl.RelativeTimeFormat(TEXTS.language, { numeric: "always" });
  setInterval(() => {
    const now = Date.now();
    for (const time of all("time[data-ms]")) {
      const distance = time.dataset.ms - now;
      const [unit, size] = units.find(([, size]) => Math.abs(distance) >= size) ?? units[5];
      const text = Math.abs(distance) < 5e3 ? TEXTS.justNow : words.format(Math.trunc(distance / size), unit);
      if (time.textContent !== text) time.textContent = text;
    }
  }, 30000);
})();
