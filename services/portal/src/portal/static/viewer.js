// The reading page: puts slides, findings, drawing and annotations together, and gives each a key.
import { Annotations } from "./annotations.js";
import { Drawing } from "./drawing.js";
import { Findings } from "./findings.js";
import { isTyping } from "./keys.js";
import { Pane } from "./pane.js";
import { SideBySide } from "./side.js";

const element = /** @type {HTMLElement} */ (document.querySelector("[data-viewer]"));
const said = document.getElementById("said");
const { slides, texts, language, user } = await (await fetch(element.dataset.viewer)).json();

const say = (words) => (said.textContent = words);
const text = (key, values = {}) => Object.entries(values).reduce((all, [name, value]) => all.replace(`{${name}}`, value), texts[key]);
const button = (tool) => document.querySelector(`[data-tool="${tool}"]`);
const press = (tool, pressed) => button(tool)?.setAttribute("aria-pressed", String(pressed));

let active = 0;
const pane = () => panes[active];
const redraw = () => panes.forEach((one) => one.redraw());
const told = { language, changed: (one) => side.follow(one), failed: () => say(text("failed")) };
const panes = [...document.querySelectorAll(".pane")].map((host) => new Pane(host, told));
const side = new SideBySide(panes);
const annotations = new Annotations({ user, slides, text, say, redraw });
const drawing = new Drawing({
  pane, say, text, language, redraw,
  chosen: (tool) => {
    for (const name of Drawing.tools) press(name, name === tool);
    for (const one of panes) one.viewer.setMouseNavEnabled(tool === null);
    element.classList.toggle("drawing", tool !== null);
    if (tool) pane().viewer.element.focus();
  },
  annotated: (slide, points) => annotations.add(slide, points),
});
const findings = new Findings({
  say, text, redraw,
  show: (slide, place) => {
    const go = () => pane().goTo(place(pane()));
    if (pane().slide.slide === slide) return go();
    pane().viewer.addOnceHandler("open", go);
    open(slide);
  },
});

function open(name) {
  const slide = slides.find((one) => one.slide === name);
  if (!slide.levels.length) return say(text("unshown"));
  pane().show(slide);
  attend();
}

/** What belongs to the slide in the active pane. */
function attend() {
  const { slide } = pane();
  for (const tab of document.querySelectorAll("[data-slide-tab]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.slideTab === slide.slide));
  }
  annotations.show(slide);
}

for (const one of panes) {
  one.shapes = () => [
    ...findings.shapes(one),
    ...annotations.shapes(one.slide.slide),
    ...drawing.shapes(one.slide.slide, one === pane()),
  ];
}

const opacity = /** @type {HTMLInputElement} */ (document.querySelector("[data-opacity]"));

function heatmap(on, by = 0) {
  opacity.value = String(Number(opacity.value) + by);
  for (const one of panes) one.showHeatmap(on, Number(opacity.value) / 100);
  press("heatmap", on);
}

function colour() {
  const managed = !pane().managed;
  for (const one of panes) if (one.slide) one.colours(managed);
  press("colour", managed);
}

function sideBySide() {
  press("side", !side.on);
  if (side.on) {
    active = 0;
    side.hide();
    return attend();
  }
  side.show(slides.find((one) => one.slide !== panes[0].slide.slide && one.levels.length) ?? panes[0].slide);
}

function overview() {
  const { element: shown } = pane().viewer.navigator;
  shown.hidden = !shown.hidden;
}

const tools = {
  home: () => pane().viewer.viewport.goHome(),
  "zoom-in": () => pane().zoom(1.5),
  "zoom-out": () => pane().zoom(1 / 1.5),
  rotate: () => pane().viewer.viewport.setRotation((pane().viewer.viewport.getRotation() + 90) % 360),
  heatmap: () => heatmap(!pane().heatmapShown),
  side: sideBySide,
  colour,
  ...Object.fromEntries(Drawing.tools.map((tool) => [tool, () => drawing.choose(tool)])),
};
const keys = {
  0: tools.home,
  "+": tools["zoom-in"],
  "=": tools["zoom-in"],
  "-": tools["zoom-out"],
  ArrowLeft: () => pane().pan(-1, 0),
  ArrowRight: () => pane().pan(1, 0),
  ArrowUp: () => pane().pan(0, -1),
  ArrowDown: () => pane().pan(0, 1),
  n: () => findings.step(1),
  p: () => findings.step(-1),
  a: () => findings.decide("accepted"),
  x: () => findings.decide("rejected"),
  c: () => findings.decide("corrected"),
  h: tools.heatmap,
  "[": () => heatmap(true, -10),
  "]": () => heatmap(true, 10),
  r: tools.rotate,
  s: sideBySide,
  d: tools.distance,
  m: tools.area,
  g: tools.region,
  b: tools.box,
  o: overview,
  t: () => document.getElementById("report-text")?.focus(),
  " ": () => drawing.point(pane().centre()),
  Enter: () => drawing.tool && drawing.finish(),
  Escape: () => drawing.leave(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement?.closest("textarea, input")) return pane().viewer.element.focus();
  if (isTyping(event)) return;
  const slide = slides[Number(event.key) - 1];
  const act = slide ? () => open(slide.slide) : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

for (const [name, act] of Object.entries(tools)) button(name)?.addEventListener("click", act);
for (const tab of document.querySelectorAll("[data-slide-tab]")) tab.addEventListener("click", () => open(tab.dataset.slideTab));
opacity.addEventListener("input", () => heatmap(true));
panes.forEach((one, at) => {
  one.viewer.element.addEventListener("pointerdown", () => {
    if (active === at) return;
    active = at;
    attend();
  }, { capture: true });
  one.viewer.addHandler("canvas-click", (event) => {
    if (event.quick) drawing.point(one.onSlide(event.position.x, event.position.y));
  });
  one.viewer.addHandler("canvas-double-click", () => drawing.tool && drawing.finish());
});

open(slides[0].slide);
