// The reading page: slides with the AI's findings, annotations and the heatmap, and a key for each.
import { Annotations } from "./annotations.js";
import { Findings } from "./findings.js";
import { Looking } from "./looking.js";

const element = /** @type {HTMLElement} */ (document.querySelector("[data-viewer]"));
const { user, ...shown } = await (await fetch(element.dataset.viewer)).json();

const looking = new Looking(shown);
const { say, text, redraw, drawing } = looking;
const annotations = new Annotations({ user, slides: shown.slides, text, say, redraw });
const findings = new Findings({
  say, text, redraw,
  show: (slide, place) => {
    const go = () => looking.pane.goTo(place(looking.pane));
    if (looking.pane.slide.slide === slide) return go();
    looking.pane.viewer.addOnceHandler("open", go);
    looking.open(slide);
  },
});
looking.overlays = (pane) => [...findings.shapes(pane), ...annotations.shapes(pane.slide.slide)];
looking.attended = (slide) => annotations.show(slide);
looking.annotated = (slide, points) => annotations.add(slide, points);

const opacity = /** @type {HTMLInputElement} */ (document.querySelector("[data-opacity]"));

function heatmap(on, by = 0) {
  opacity.value = String(Number(opacity.value) + by);
  for (const one of looking.panes) one.showHeatmap(on, Number(opacity.value) / 100);
  looking.press("heatmap", on);
}

const toggleHeatmap = () => heatmap(!looking.pane.heatmapShown);
opacity.addEventListener("input", () => heatmap(true));
looking.begin({
  tools: { heatmap: toggleHeatmap },
  keys: {
    n: () => findings.step(1),
    p: () => findings.step(-1),
    a: () => findings.decide("accepted"),
    x: () => findings.decide("rejected"),
    c: () => findings.decide("corrected"),
    h: toggleHeatmap,
    "[": () => heatmap(true, -10),
    "]": () => heatmap(true, 10),
    g: () => drawing.choose("region"),
    b: () => drawing.choose("box"),
    t: () => document.getElementById("report-text")?.focus(),
  },
});
