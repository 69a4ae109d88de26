// The AI's findings: going through them by key, deciding, and drawing their boxes.
import { corners } from "./marks.js";

export class Findings {
  /** @param {{show: (slide: string, place: (pane: import("./pane.js").Pane) => object) => void, say: (words: string) => void,
   *   text: (key: string, values?: object) => string, redraw: () => void}} page */
  constructor(page) {
    this.page = page;
    this.at = -1;
    document.addEventListener("click", (event) => {
      const wanted = /** @type {Element} */ (event.target).closest("[data-goto]");
      if (wanted) this.goTo(this.listed().findIndex((one) => one.id === wanted.dataset.goto));
    });
    // The list is answered anew after each decision: the place in it is kept, and the focus with it.
    document.addEventListener("htmx:afterSettle", (event) => {
      if (/** @type {Element} */ (event.target).id !== "findings") return;
      const current = this.listed()[this.at]?.line;
      current?.toggleAttribute("data-current", true);
      current?.scrollIntoView({ block: "nearest" });
      if (document.activeElement === document.body) current?.querySelector("[data-goto]").focus();
    });
  }

  /** In the order of the list: the most suspicious first, over all slides. */
  listed() {
    const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("li[data-finding]")]);
    return lines.map((line) => ({ id: line.dataset.finding, slide: line.dataset.slide, line }));
  }

  step(by) {
    this.goTo(this.at + by);
  }

  goTo(at) {
    const all = this.listed();
    if (!all.length) return this.page.say(this.page.text("no_finding"));
    this.at = (at + all.length) % all.length;
    const { id, slide, line } = all[this.at];
    for (const one of all) one.line.toggleAttribute("data-current", one.id === id);
    line.scrollIntoView({ block: "nearest" });
    this.page.show(slide, (pane) => pane.boxOf(pane.slide.ai.findings.find((finding) => finding.id === id)));
    this.page.redraw();
    this.page.say(line.querySelector("[data-goto]").textContent);
  }

  /** By the buttons of the finding that is shown, so that keys and mouse do the same. */
  decide(verdict) {
    const button = verdict === "corrected" ? "[data-correct]" : `button[value="${verdict}"]`;
    /** @type {HTMLElement} */ (this.listed()[this.at]?.line.querySelector(button))?.click();
  }

  shapes(pane) {
    const current = this.listed()[this.at]?.id;
    return (pane.slide.ai?.findings ?? []).map((finding) => ({
      kind: "finding",
      closed: true,
      current: finding.id === current,
      points: corners(pane.boxOf(finding)),
      text: finding.id === current ? this.page.text("finding", { n: this.at + 1 }) : "",
    }));
  }
}
