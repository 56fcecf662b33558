// What the pages do beyond HTML. Everything works without it.

// Moments are written in UTC; show them as the visitor's clock does.
const full = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }); // as ISO 8601 has it
function localise(root) {
  for (const e of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(e.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    e.title = e.textContent;
    e.textContent = full.format(at);
    e.dataset.local = "";
  }
}

// What is the same before and after stays in place, so that what somebody is
// about to click, has selected or hears is not taken away.
function replaceContent(region, html) {
  const after = document.createElement("template");
  after.innerHTML = html;
  mendChildren(region, after.content);
}
function mendChildren(parent, after) {
  const fresh = [...after.childNodes];
  const present = [...parent.childNodes];
  for (const [i, node] of fresh.entries()) {
    if (i >= present.length) parent.append(node);
    else mend(present[i], node);
  }
  for (const node of present.slice(fresh.length)) node.remove();
}
function mend(node, after) {
  if (node.isEqualNode(after)) return;
  const same = node.nodeName === after.nodeName && node.id === after.id;
  if (!same) node.replaceWith(after);
  else if (node.nodeType !== Node.ELEMENT_NODE) node.data = after.data;
  else {
    for (const { name } of [...node.attributes]) if (!after.hasAttribute(name)) node.removeAttribute(name);
    for (const { name, value } of after.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    mendChildren(node, after);
  }
}

// Regions of the page are replaced as the server sends them. The element that
// has the focus keeps it, if the new content has one of the same id.
function watch() {
  if (!document.querySelector("[data-region]")) return;
  const source = new EventSource(location.href);
  source.addEventListener("region", (event) => {
    const { id, html } = JSON.parse(event.data);
    const region = document.getElementById(id);
    if (!region || region.innerHTML === html) return;
    const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
    const open = new Set([...region.querySelectorAll("details[open][id]")].map((e) => e.id));
    replaceContent(region, html);
    for (const name of open) document.getElementById(name)?.setAttribute("open", "");
    localise(region);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    region.dispatchEvent(new CustomEvent("region", { bubbles: true }));
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again
    setTimeout(watch, 5000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

// A form or button with data-confirm asks first.
addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// A button with data-copy copies the text of the element of that id.
addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  event.preventDefault();
  const from = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(from.value ?? from.textContent);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
});

// A form with data-auto is sent when a choice in it changes.
addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form && event.target.matches("select, input[type=checkbox], input[type=radio]")) form.requestSubmit();
});

// The menu of narrow screens closes with Escape.
addEventListener("keydown", (event) => {
  const menu = document.getElementById("menu");
  if (event.key === "Escape" && menu?.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

localise(document);
watch();
