// The worklist: moving by keys, and refreshing when something changed, without losing one's place.
import { isTyping } from "./keys.js";

const filters = /** @type {HTMLFormElement} */ (document.getElementById("filters"));
const KEPT = ["state", "whose", "sort"];

function lines() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("tr[data-case] a")]);
}

function move(step) {
  const all = lines();
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target === document.getElementById("search")) {
    // The browser would clear the search, and the lines found would be gone.
    event.preventDefault();
    return move(0);
  }
  if (isTyping(event)) return;
  const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
  if (event.key in steps) {
    event.preventDefault();
    move(steps[event.key]);
  } else if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search").focus();
  }
});

// What is chosen is remembered for the way back; what is searched for may be a name, and is not.
function remember() {
  const data = new FormData(filters);
  sessionStorage.setItem("worklist", JSON.stringify(KEPT.map((name) => [name, data.getAll(name)])));
}

function recall() {
  const kept = JSON.parse(sessionStorage.getItem("worklist") ?? "[]");
  for (const [name, values] of kept) {
    for (const field of filters.querySelectorAll(`[name=${name}]`)) {
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
    }
  }
  return kept.some(([, values]) => values.length);
}

filters.addEventListener("change", remember);
filters.addEventListener("submit", (event) => event.preventDefault());

let focused = null;
let shown = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  // Drawn anew between pressing and letting go, a line would not hear of a click. What was loaded below may be others' by now.
  if (event.detail.target.id === "rows" && event.detail.serverResponse === shown) {
    event.detail.shouldSwap = false;
    return;
  }
  shown = event.detail.target.id === "rows" ? event.detail.serverResponse : "";
  // Nothing has the focus between two swaps that follow each other at once: the first one's line still waits for it.
  if (event.detail.target.id !== "rows" || document.activeElement === document.body) return;
  focused = document.activeElement?.closest("tr[data-case]")?.dataset.case ?? null;
});
document.addEventListener("htmx:afterSettle", () => {
  // A line that is gone leaves its place to the first.
  if (focused) (document.querySelector(`tr[data-case="${focused}"] a`) ?? lines()[0])?.focus({ preventScroll: true });
  focused = null;
  const counts = document.getElementById("counts");
  for (const place of document.querySelectorAll("[data-count]")) {
    const count = counts?.getAttribute(`data-${place.dataset.count.replaceAll("_", "-")}`);
    if (count) place.textContent = count;
  }
});

function refresh() {
  filters.dispatchEvent(new Event("refresh"));
}

let first = true;
const changes = new EventSource("/worklist/events");
changes.addEventListener("changed", () => {
  // The first says where we are; a list that was paged further is not pulled from under its reader.
  if (!first && lines().length <= 50) refresh();
  first = false;
});

// By then htmx listens.
document.addEventListener("DOMContentLoaded", () => {
  if (recall()) refresh();
});
