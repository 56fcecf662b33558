// The form of a record rule shows the object names that its templates come to
// while they are typed.
const form = document.getElementById("rule-form");
const waiting = new Map(); // timers by fieldset

async function preview(fieldset) {
  const format = fieldset.dataset.format;
  const field = (name) => form.elements[name]?.value ?? "";
  const query = new URLSearchParams({
    format,
    app: field("app"),
    stream: field("stream"),
    cycle: field(`${format}.cycle`),
    object: field(`${format}.object`),
    slice_object: field(`${format}.slice_object`),
  });
  const answer = await fetch(`${form.dataset.names}?${query}`);
  if (!answer.ok || answer.redirected) return; // the session is over
  const { object, slice, problem } = await answer.json();
  fieldset.querySelector("[data-preview]").textContent = problem ?? [object, slice].filter(Boolean).join(" · ");
}

form.addEventListener("input", (event) => {
  const own = event.target.closest("fieldset[data-format]");
  for (const fieldset of own ? [own] : form.querySelectorAll("fieldset[data-format]")) {
    clearTimeout(waiting.get(fieldset));
    waiting.set(fieldset, setTimeout(preview, 250, fieldset));
  }
});
