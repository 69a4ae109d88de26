// Acts: each form that is an act carries an id, so that sent twice it is one event; a refusal is shown where it arose.
import { isTyping } from "/static/keys.js";

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function actOf(/** @type {HTMLElement} */ form) {
  form.dataset.actId ||= newId();
  return form.dataset.actId;
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.matches("[data-act]:not([hx-post])") || form.querySelector("input[name=act]")) return;
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: actOf(form) });
  form.append(field);
}, { capture: true });

document.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt.closest("[data-act]");
  if (form) event.detail.parameters.act = actOf(form);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status < 400) return;
  const form = event.detail.requestConfig.elt.closest("[data-refusal]");
  const place = form ? document.querySelector(form.dataset.refusal) : document.getElementById("said");
  if (!place) return;
  place.innerHTML = event.detail.xhr.responseText;
  // What was refused may be sent again, and is then another act.
  if (form) delete form.dataset.actId;
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
