// The documentation at /docs. Pages are whole without it: it adds a button for copying to blocks
// of code, and the key "/" for the search.
"use strict";

// What people read.
const TEXTS = { copy: "Copy", copied: "Copied", copyByHand: "Select and copy by hand" };

/** What a reader would paste: of a session in a shell the commands, without what they print. */
function pasted(code) {
  const text = code.textContent.replace(/\n$/, "");
  if (!code.classList.contains("language-console")) return text;
  const lines = [];
  let goesOn = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("$ ")) lines.push(line.slice(2));
    else if (goesOn) lines.push(line);
    else continue;
    goesOn = line.endsWith("\\");
  }
  return lines.join("\n");
}

/** Without HTTPS a page may not write to the clipboard, but copy what is selected. */
async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

for (const code of document.querySelectorAll("main pre > code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = TEXTS.copy;
  button.addEventListener("click", async () => {
    const done = await copy(pasted(code)).catch(() => false);
    button.textContent = done ? TEXTS.copied : TEXTS.copyByHand;
    setTimeout(() => (button.textContent = TEXTS.copy), 2000);
    button.focus();
  });
  const block = code.parentElement;
  const frame = document.createElement("div");
  frame.className = "code";
  block.replaceWith(frame);
  frame.append(block, button);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.querySelector("form[role=search] input").focus();
});
