// Slides of a study of research: looked at and measured, with what models pointed at and what was said of it.
import { Looking } from "./looking.js";
import { corners } from "./marks.js";

const element = /** @type {HTMLElement} */ (document.querySelector("[data-viewer]"));
const looking = new Looking(await (await fetch(element.dataset.viewer)).json());
let shown = true;

looking.overlays = (pane) =>
  shown
    ? pane.slide.findings.map((one) => ({ kind: "finding", closed: true, points: corners(pane.boxOf(one)), text: one.text }))
    : [];

function toggle() {
  shown = !shown;
  looking.press("findings", shown);
  looking.redraw();
}

looking.begin({ tools: { findings: toggle }, keys: { f: toggle } });
