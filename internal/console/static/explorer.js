// Request, signature and code follow the form while one types.
const form = document.getElementById("explorer");
const lost = document.getElementById("stale");
let latest = 0;

async function show(submitter) {
  const turn = ++latest;
  const body = new URLSearchParams(new FormData(form, submitter));
  if (!submitter) body.set("do", "build");
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    lost.hidden = true;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const result = page.getElementById("result");
    if (turn !== latest) return;
    if (!answer.ok || !result) { // the session is over: the server keeps what was typed
      form.submit();
      return;
    }
    const language = document.activeElement?.name === "language";
    document.getElementById("result").replaceWith(document.importNode(result, true));
    if (language) document.querySelector("#result select[name=language]").focus();
  } catch { // the server does not answer
    lost.hidden = false;
  } finally {
    if (turn === latest) form.removeAttribute("aria-busy");
  }
}

let typing;
form.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => show(), event.target.matches("select, [type=radio]") ? 0 : 300);
});
form.addEventListener("submit", (event) => {
  const wanted = event.submitter?.value;
  if (event.defaultPrevented || (wanted !== "call" && wanted !== "build")) return; // lists change the form itself
  event.preventDefault();
  clearTimeout(typing);
  show(event.submitter);
});
