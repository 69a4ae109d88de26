// Acts: each form that is an act carries an id, so that sent twice it is one event; a refusal is shown where it arose.
import { isTyping } from "./keys.js";

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.matches("[data-act]") || form.querySelector("input[name=act]")) return;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: newId() }));
}, { capture: true });

document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status < 400) return;
  const form = event.detail.requestConfig.elt.closest("[data-refusal]");
  const place = form ? document.querySelector(form.dataset.refusal) : document.getElementById("said");
  if (!place) return;
  place.innerHTML = event.detail.xhr.responseText;
  // What was refused may be sent again, and is then another act.
  form?.querySelector("input[name=act]")?.remove();
  event.detail.shouldSwap = false;
});

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-correct]");
  if (!button) return;
  const correction = button.closest("li").querySelector(".correction");
  correction.hidden = !correction.hidden;
  if (!correction.hidden) correction.querySelector("input[name=correction]").focus();
});

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || document.querySelector("[data-viewer]")) return;
  if (event.key === "r") /** @type {HTMLElement} */ (document.querySelector("[data-read]"))?.click();
  if (event.key === "w") location.assign("/");
});
