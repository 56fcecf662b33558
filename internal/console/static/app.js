// What the pages do beyond HTML. Everything works without it.

// Moments are written in UTC; they are shown, and asked for, as the visitor's clock
// has them.
const full = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" }); // as ISO 8601 has it
const zone = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" }).formatToParts()
  .find((part) => part.type === "timeZoneName").value.replace("GMT", "UTC").replace(/\+0$/, "");
function localise(root) {
  for (const e of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(e.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    e.title = e.textContent;
    e.textContent = full.format(at);
    e.dataset.local = "";
  }
  for (const e of root.querySelectorAll("[data-at]")) { // of the axis of a picture: a time, or a date and a time
    e.textContent = full.format(new Date(e.dataset.at)).slice(e.textContent.length > 5 ? 5 : 11, 16);
  }
  for (const e of root.querySelectorAll("[data-zone]")) e.textContent = zone;
  for (const e of root.querySelectorAll("input[data-utc]")) {
    const utc = e.defaultValue;
    if (utc) e.defaultValue = full.format(new Date(utc + "Z")).replace(" ", "T").slice(0, utc.length);
  }
}
addEventListener("formdata", (event) => {
  for (const e of event.target.querySelectorAll("input[data-utc]")) {
    if (e.value) event.formData.set(e.name, new Date(e.value).toISOString().slice(0, e.value.length));
  }
});

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
function show(event) {
  const { id, html } = JSON.parse(event.data);
  const region = document.getElementById(id);
  if (!region || region.innerHTML === html) return;
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...region.querySelectorAll("details[open][id]")].map((e) => e.id));
  replaceContent(region, html);
  for (const name of open) document.getElementById(name)?.setAttribute("open", "");
  localise(region);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// The server is asked for them while somebody looks: browsers have few connections
// to a server, which the pages of other tabs need. Who looks is told when what he
// sees is no longer kept current.
function watch() {
  if (!document.querySelector("[data-region]")) return;
  let source, timer;
  const rest = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const stop = () => {
    source?.close();
    rest();
  };
  const start = () => {
    stop();
    if (document.hidden) return;
    source = new EventSource(location.href);
    source.addEventListener("region", show);
    source.addEventListener("open", () => {
      rest();
      tell("");
    });
    source.addEventListener("error", async () => {
      if (source.readyState !== EventSource.CLOSED) { // the browser tries again by itself, and again
        timer ??= setTimeout(tell, 5000, "stale");
        return;
      }
      rest();
      const over = await sessionIsOver();
      tell(over ? "over" : "stale");
      if (!over) timer = setTimeout(start, 5000);
    });
  };
  document.addEventListener("visibilitychange", start);
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) start(); });
  start();
}

// Who is not signed in is sent elsewhere.
async function sessionIsOver() {
  try {
    return (await fetch(location.href, { method: "HEAD", redirect: "manual" })).type === "opaqueredirect";
  } catch {
    return false;
  }
}

// tell shows one of the notices of the frame, or none.
function tell(id) {
  for (const notice of document.querySelectorAll(".lost")) notice.hidden = notice.id !== id;
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
  try {
    await navigator.clipboard.writeText(from.textContent);
  } catch { // pages that came by plain HTTP have no clipboard
    getSelection().selectAllChildren(from);
    document.execCommand("copy");
  }
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

// What is newest of a timeline is at its end.
document.querySelector(".timeline")?.parentElement.scrollTo(1e6, 0);

localise(document);
watch();
