// What the page Query gains with script: names are completed while somebody types. Which
// there are is read from the page, where they stand for everybody. The list is a popup of
// the editor, which keeps the focus. A field of several lines must not be a combobox nor say
// that it is expanded: that the list is there is told by a status, and which name is chosen
// by the active descendant.
"use strict";
(() => {
  // What people read.
  const TEXTS = {
    names: "Names",
    table: "table",
    ofFunction: "function",
    offered: (count) => (count === 1 ? "1 name" : `${count} names`),
  };
  const editor = document.querySelector("form.sql textarea");
  if (!editor) return;
  const SHOWN = 12;
  const cells = (row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent.trim());
  const tables = new Map(
    [...document.querySelectorAll("[data-columns]")].map((table) => [
      table.dataset.columns,
      [...table.querySelectorAll("tbody tr")].map(cells).map(([name, note]) => ({ name, note })),
    ]),
  );
  const functions = (document.querySelector("[data-functions]")?.textContent ?? "").split(", ").filter(Boolean);
  // Enter after one of these is a new line.
  const KEYWORDS = new Set(
    ("select from where group by order having limit offset as and or not in on using join left right inner outer full cross " +
      "asc desc with union all except intersect distinct case when then else end between like is null interval fill step to").split(" "),
  );

  const list = Object.assign(document.createElement("ul"), { id: "completions", className: "popover", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", TEXTS.names);
  const place = editor.parentElement;
  place.style.position = "relative";
  const told = Object.assign(document.createElement("span"), { className: "sr" });
  told.setAttribute("role", "status");
  place.append(list, told);
  editor.setAttribute("aria-autocomplete", "list");
  editor.setAttribute("aria-controls", list.id);
  editor.setAttribute("aria-haspopup", "listbox");
  let [offers, chosen, wasMoved, word] = [[], 0, false, ""];

  // The text before the caret, without what is in quotes or a comment; nothing inside of one.
  function codeBefore() {
    const code = editor.value.slice(0, editor.selectionStart).replace(/'(?:[^'\\]|\\.|'')*'|--[^\n]*\n|\/\*[\s\S]*?\*\//g, " ");
    return /'|--|\/\*/.test(code) ? undefined : code;
  }

  const isTable = (before) => /\b(from|join)\s+$/i.test(before);

  // Columns of the tables that the query names, or of all.
  function columns() {
    const named = [...tables.keys()].filter((name) => new RegExp(`\\b${name}\\b`, "i").test(editor.value));
    const found = new Map();
    for (const name of named.length ? named : tables.keys()) {
      for (const column of tables.get(name)) found.set(column.name, column);
    }
    return [...found.values()];
  }

  function candidates(before) {
    const ofTables = [...tables.keys()].map((name) => ({ name, note: TEXTS.table }));
    if (isTable(before)) return ofTables;
    if (before.endsWith(".")) return columns();
    return [...columns(), ...functions.map((name) => ({ name, note: TEXTS.ofFunction, more: "(" })), ...ofTables];
  }

  // What begins with the word, then what has a part that does.
  function matching(before) {
    const sought = word.toLowerCase();
    const [begin, hold] = [[], []];
    for (const one of candidates(before)) {
      const name = one.name.toLowerCase();
      if (name.startsWith(sought)) begin.push(one);
      else if (name.includes(`_${sought}`)) hold.push(one);
    }
    return [...begin, ...hold].slice(0, SHOWN);
  }

  function close() {
    offers = [];
    list.hidden = true;
    told.textContent = "";
    editor.removeAttribute("aria-activedescendant");
  }

  function choose(at) {
    chosen = (at + offers.length) % offers.length;
    for (const [index, one] of [...list.children].entries()) one.setAttribute("aria-selected", String(index === chosen));
    list.children[chosen].scrollIntoView({ block: "nearest" });
    editor.setAttribute("aria-activedescendant", `completion-${chosen}`);
  }

  // Below the line where the word begins: a copy of the text is as tall and as wide.
  function put() {
    const style = getComputedStyle(editor);
    const copy = document.createElement("div");
    const kept = ["font", "letterSpacing", "lineHeight", "padding", "borderWidth", "borderStyle", "boxSizing", "tabSize"];
    for (const name of kept) copy.style[name] = style[name];
    Object.assign(copy.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word", width: `${editor.clientWidth}px` });
    copy.textContent = editor.value.slice(0, editor.selectionStart - word.length);
    const end = copy.appendChild(Object.assign(document.createElement("span"), { textContent: "." }));
    place.append(copy);
    const left = Math.min(end.offsetLeft, editor.clientWidth - list.offsetWidth);
    list.style.left = `${editor.offsetLeft + Math.max(left, 0)}px`;
    list.style.top = `${editor.offsetTop + end.offsetTop + end.offsetHeight - editor.scrollTop + 4}px`;
    list.style.maxHeight = "15rem";
    copy.remove();
  }

  function option({ name, note }, index) {
    const one = Object.assign(document.createElement("li"), { id: `completion-${index}`, textContent: name });
    one.setAttribute("role", "option");
    one.append(" ", Object.assign(document.createElement("span"), { className: "note", textContent: note }));
    one.addEventListener("click", () => accept(index));
    return one;
  }

  // `isAsked` opens the list without a word.
  function update(isAsked) {
    const code = editor.selectionStart === editor.selectionEnd ? codeBefore() : undefined;
    if (code === undefined) return close();
    word = /(?:^|[^\w])([a-z_]\w*)$/i.exec(code)?.[1] ?? "";
    const before = code.slice(0, code.length - word.length);
    const isEnough = isAsked || isTable(before) || before.endsWith(".") || word.length > 1;
    if (!isEnough || /\d$/.test(before) || KEYWORDS.has(word.toLowerCase())) return close();
    offers = matching(before);
    if (!offers.length || (offers.length === 1 && offers[0].name === word)) return close();
    list.replaceChildren(...offers.map(option));
    wasMoved = false;
    list.hidden = false;
    told.textContent = TEXTS.offered(offers.length);
    put();
    choose(0);
  }

  function accept(index) {
    const { name, more = "" } = offers[index];
    const after = editor.value[editor.selectionStart];
    close();
    editor.setSelectionRange(editor.selectionStart - word.length, editor.selectionStart);
    const text = name + (after === more ? "" : more);
    // As if it was typed, so that it can be taken back.
    if (!document.execCommand("insertText", false, text)) editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "end");
    close();
  }

  editor.addEventListener("input", (event) => event.isComposing || update(false));
  editor.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === " " && event.ctrlKey) update(true);
    else if (list.hidden || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      wasMoved = true;
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !wasMoved && offers[0].name === word) return close();
    else if (event.key === "Enter" || event.key === "Tab") accept(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // The caret goes elsewhere.
  for (const event of ["blur", "scroll", "click"]) editor.addEventListener(event, close);
  editor.addEventListener("keyup", ({ key }) => ["ArrowLeft", "ArrowRight", "Home", "End"].includes(key) && close());
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("mousedown", (event) => event.preventDefault());

  // Enter in the name saves, and does not run.
  const save = document.querySelector("[data-save]");
  save.form.elements.name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    save.form.requestSubmit(save);
  });
})();
