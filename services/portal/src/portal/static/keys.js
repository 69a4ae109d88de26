// Keyboard: one place that knows when a key is typing, and the dialog that lists the keys.

/** Whether a key belongs to a field, a button's own Space or Enter, or a browser's shortcut. */
export function isTyping(/** @type {KeyboardEvent} */ event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=range])")) return true;
  if (target.closest("input[type=range]")) return event.key.startsWith("Arrow");
  return (event.key === " " || event.key === "Enter") && target.closest("button, a, input, summary") !== null;
}

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("keys"));

function toggle() {
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

document.querySelector("[data-keys-help]")?.addEventListener("click", toggle);
document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  if (event.key === "?") toggle();
  else if (dialog.open) event.stopImmediatePropagation();
}, { capture: true });
