// The reading page: slides, tools, the AI's findings and annotations, all by keyboard too.
import { isTyping } from "/static/keys.js";
import { area, areaText, corners, length, lengthText } from "/static/marks.js";
import { Pane } from "/static/pane.js";

const page = /** @type {HTMLElement} */ (document.querySelector("[data-viewer]"));
const said = document.getElementById("said");
const shown = await (await fetch(page.dataset.viewer)).json();
const text = (key, values = {}) => Object.entries(values).reduce((all, [name, value]) => all.replace(`{${name}}`, value), shown.texts[key]);
const say = (words) => (said.textContent = words);

const told = { language: shown.language, changed: () => follow(), failed: () => say(text("failed")) };
const panes = [...document.querySelectorAll(".pane")].map((host) => new Pane(host, told));
const state = {
  active: 0,
  tool: /** @type {string | null} */ (null),
  points: /** @type {[number, number][]} */ ([]),
  measures: /** @type {{kind: string, slide: string, points: [number, number][], closed: boolean, text: string}[]} */ ([]),
  annotations: /** @type {Record<string, any[]>} */ ({}),
  unsaved: new Set(),
  finding: -1,
  side: false,
  following: false,
};
const pane = () => panes[state.active];
const button = (tool) => document.querySelector(`[data-tool="${tool}"]`);
const press = (tool, pressed) => button(tool)?.setAttribute("aria-pressed", String(pressed));

// Slides.

function open(name, at = state.active) {
  const slide = shown.slides.find((one) => one.slide === name);
  if (!slide) return;
  if (!slide.levels.length) return say(text("unshown"));
  panes[at].show(slide);
  panes[at].shapes = () => shapesOf(slide, panes[at]);
  mark();
  load(slide);
}

function mark() {
  for (const tab of document.querySelectorAll("[data-slide-tab]")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.slideTab === pane().slide?.slide));
  }
  document.querySelector("[data-download]").href = `${pane().slide.annotations}?download=1`;
  list();
}

async function load(slide) {
  if (state.annotations[slide.slide]) return;
  const answer = await fetch(slide.annotations);
  state.annotations[slide.slide] ??= answer.ok ? (await answer.json()).features : [];
  list();
  redraw();
}

function redraw() {
  for (const one of panes) one.redraw();
}

function shapesOf(slide, on) {
  const current = order()[state.finding]?.id;
  const findings = (slide.ai?.findings ?? []).map((finding) => ({
    kind: "finding",
    closed: true,
    current: finding.id === current,
    points: corners(on.boxOf(finding)),
    text: finding.id === current ? text("finding", { n: state.finding + 1 }) : "",
  }));
  const annotations = (state.annotations[slide.slide] ?? []).map((feature) => ({
    kind: "annotation",
    closed: feature.geometry.type === "Polygon",
    points: { Polygon: (c) => c[0].slice(0, -1), LineString: (c) => c, Point: (c) => [c] }[feature.geometry.type](feature.geometry.coordinates),
    text: feature.properties.name ?? "",
  }));
  const measures = state.measures.filter((one) => one.slide === slide.slide);
  const drawing = state.points.length && on === pane() ? [{ kind: "drawing", points: state.points, text: progress() }] : [];
  return [...findings, ...annotations, ...measures, ...drawing];
}

// Findings.

/** The listed findings, in the order of the list. */
function order() {
  return [...document.querySelectorAll("li[data-finding]")].map((line) => ({ id: line.dataset.finding, slide: line.dataset.slide, line }));
}

function goTo(at) {
  const all = order();
  if (!all.length) return say(text("no_finding"));
  state.finding = (at + all.length) % all.length;
  const { id, slide, line } = all[state.finding];
  for (const one of all) one.line.toggleAttribute("data-current", one.id === id);
  line.scrollIntoView({ block: "nearest" });
  const show = () => pane().goTo(pane().boxOf(pane().slide.ai.findings.find((finding) => finding.id === id)));
  if (pane().slide.slide === slide) show();
  else {
    pane().viewer.addOnceHandler("open", show);
    open(slide);
  }
  redraw();
  say(line.querySelector("[data-goto]").textContent);
}

function decide(verdict) {
  const line = order()[state.finding]?.line;
  line?.querySelector(verdict === "corrected" ? "[data-correct]" : `button[value="${verdict}"]`)?.click();
}

// The list is answered anew after each decision: the place in it is kept.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "findings") return;
  order()[state.finding]?.line.toggleAttribute("data-current", true);
});

// Measuring and drawing.

function choose(tool) {
  const left = state.tool === tool || tool === null;
  state.tool = left ? null : tool;
  state.points = [];
  for (const name of ["distance", "area", "region", "box"]) press(name, name === state.tool);
  for (const one of panes) one.viewer.setMouseNavEnabled(state.tool === null);
  page.classList.toggle("drawing", state.tool !== null);
  if (state.tool) pane().viewer.element.focus();
  say(state.tool === null ? "" : text(["distance", "area"].includes(state.tool) ? "measuring" : "drawing"));
  redraw();
}

function point(place) {
  if (!state.tool) return;
  state.points.push(place);
  if (state.tool === "box" && state.points.length === 2) finish();
  else say(progress());
  redraw();
}

function progress() {
  const microns = pane().slide.micronsPerPixel;
  if (state.tool === "distance") return text("distance", { value: lengthText(length(state.points) * microns, shown.language) });
  if (state.tool === "area") return text("area", { value: areaText(area(state.points) * microns ** 2, shown.language) });
  return "";
}

function finish() {
  const { tool, points } = state;
  const closed = tool !== "distance";
  if (points.length < (tool === "distance" || tool === "box" ? 2 : 3)) return choose(null);
  const slide = pane().slide.slide;
  const words = progress();
  if (tool === "distance" || tool === "area") state.measures.push({ kind: "measure", slide, points, closed, text: words });
  else annotate(slide, tool === "box" ? corners(spanned(points)) : points);
  choose(null);
  say(words || text("unsaved"));
}

function spanned([[x, y], [toX, toY]]) {
  return { x: Math.min(x, toX), y: Math.min(y, toY), width: Math.abs(toX - x), height: Math.abs(toY - y) };
}

function annotate(slide, points) {
  const rounded = points.map(([x, y]) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10]);
  (state.annotations[slide] ??= []).push({
    type: "Feature",
    id: crypto.randomUUID(),
    geometry: { type: "Polygon", coordinates: [[...rounded, rounded[0]]] },
    properties: { objectType: "annotation", name: "", author: shown.user },
  });
  changed(slide);
  document.querySelector("#annotations li:last-child input")?.focus();
}

function changed(slide) {
  state.unsaved.add(slide);
  list();
  redraw();
}

/** The annotations of the slide that is shown; one's own can be named and removed. */
function list() {
  const slide = pane().slide?.slide;
  const place = document.getElementById("annotations");
  place.replaceChildren(
    ...(state.annotations[slide] ?? []).map((feature) => {
      const line = document.createElement("li");
      if (feature.properties.author !== shown.user) {
        line.textContent = `${feature.properties.name || "—"} (${feature.properties.author})`;
        return line;
      }
      const name = Object.assign(document.createElement("input"), { value: feature.properties.name ?? "", maxLength: 100 });
      name.setAttribute("aria-label", text("name_annotation"));
      name.addEventListener("input", () => {
        feature.properties.name = name.value;
        feature.properties.classification = name.value ? { name: name.value, color: [200, 0, 160] } : undefined;
        state.unsaved.add(slide);
        save.disabled = false;
        redraw();
      });
      const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      remove.setAttribute("aria-label", `× ${feature.properties.name ?? ""}`);
      remove.addEventListener("click", () => {
        state.annotations[slide] = state.annotations[slide].filter((one) => one !== feature);
        changed(slide);
      });
      line.append(name, remove);
      return line;
    }),
  );
  save.disabled = !state.unsaved.size;
}

async function keep() {
  for (const slide of [...state.unsaved]) {
    const own = state.annotations[slide].filter((feature) => feature.properties.author === shown.user);
    const address = shown.slides.find((one) => one.slide === slide).annotations;
    const body = JSON.stringify({ type: "FeatureCollection", features: own });
    const headers = { "Content-Type": "application/geo+json", "X-Act": crypto.randomUUID() };
    const answer = await fetch(address, { method: "POST", headers, body }).catch(() => null);
    if (!answer?.ok) return say(text("not_saved"));
    state.unsaved.delete(slide);
  }
  save.disabled = true;
  say(text("saved"));
}

const save = /** @type {HTMLButtonElement} */ (document.querySelector("[data-save]"));
save.addEventListener("click", keep);
addEventListener("beforeunload", (event) => {
  if (state.unsaved.size) event.preventDefault();
});

// Two slides.

let anchors = /** @type {[number, number][]} */ ([]);

function sideBySide(on) {
  state.side = on;
  panes[1].host.hidden = !on;
  press("side", on);
  if (!on) {
    state.active = 0;
    return mark();
  }
  const other = shown.slides.find((one) => one.slide !== panes[0].slide.slide) ?? panes[0].slide;
  panes[1].viewer.addOnceHandler("open", () => {
    anchors = panes.map((one) => one.centre());
    follow(panes[0]);
  });
  open(other.slide, 1);
}

/** The other pane shows the same magnification, and moves by the same way in micrometres. */
function follow(leader = pane()) {
  if (!state.side || state.following || anchors.length < 2) return;
  state.following = true;
  const [from, to] = leader === panes[0] ? [0, 1] : [1, 0];
  const other = panes[to];
  if (other.image && leader.image) {
    const scale = leader.slide.micronsPerPixel / other.slide.micronsPerPixel;
    const [x, y] = leader.centre();
    const place = [anchors[to][0] + (x - anchors[from][0]) * scale, anchors[to][1] + (y - anchors[from][1]) * scale];
    const { viewport } = other.viewer;
    viewport.zoomTo(other.image.imageToViewportZoom(leader.magnification() / scale), null, true);
    viewport.panTo(other.image.imageToViewportCoordinates(place[0], place[1]), true);
    viewport.setRotation(leader.viewer.viewport.getRotation(), true);
  }
  state.following = false;
}

// Tools and keys.

const opacity = /** @type {HTMLInputElement} */ (document.querySelector("[data-opacity]"));
const heatmap = (on, by = 0) => {
  opacity.value = String(Number(opacity.value) + by);
  for (const one of panes) one.showHeatmap(on, Number(opacity.value) / 100);
  press("heatmap", on);
};
opacity.addEventListener("input", () => heatmap(true));

const tools = {
  home: () => pane().viewer.viewport.goHome(),
  "zoom-in": () => pane().zoom(1.5),
  "zoom-out": () => pane().zoom(1 / 1.5),
  rotate: () => pane().viewer.viewport.setRotation((pane().viewer.viewport.getRotation() + 90) % 360),
  heatmap: () => heatmap(!pane().heatmapShown),
  side: () => sideBySide(!state.side),
  colour: () => {
    const managed = !pane().managed;
    for (const one of panes) if (one.slide) one.colours(managed);
    press("colour", managed);
  },
  distance: () => choose("distance"),
  area: () => choose("area"),
  region: () => choose("region"),
  box: () => choose("box"),
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
  n: () => goTo(state.finding + 1),
  p: () => goTo(state.finding - 1),
  a: () => decide("accepted"),
  x: () => decide("rejected"),
  c: () => decide("corrected"),
  h: tools.heatmap,
  "[": () => heatmap(true, -10),
  "]": () => heatmap(true, 10),
  r: tools.rotate,
  s: tools.side,
  d: tools.distance,
  m: tools.area,
  g: tools.region,
  b: tools.box,
  o: () => (pane().viewer.navigator.element.hidden = !pane().viewer.navigator.element.hidden),
  t: () => document.getElementById("report-text")?.focus(),
  " ": () => point(pane().centre()),
  Enter: () => state.tool && finish(),
  Escape: () => {
    if (!state.tool) state.measures = [];
    choose(null);
  },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement?.closest("textarea, input")) return pane().viewer.element.focus();
  if (isTyping(event)) return;
  const slide = shown.slides[Number(event.key) - 1];
  const act = slide ? () => open(slide.slide) : keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

for (const [name, act] of Object.entries(tools)) button(name)?.addEventListener("click", act);
for (const tab of document.querySelectorAll("[data-slide-tab]")) tab.addEventListener("click", () => open(tab.dataset.slideTab));
document.addEventListener("click", (event) => {
  const wanted = event.target.closest("[data-goto]");
  if (wanted) goTo(order().findIndex((one) => one.id === wanted.dataset.goto));
});
panes.forEach((one, at) => {
  one.viewer.element.addEventListener("pointerdown", () => {
    if (state.active !== at) {
      state.active = at;
      mark();
    }
  }, { capture: true });
  one.viewer.addHandler("canvas-click", (event) => {
    if (!event.quick || !state.tool) return;
    point(one.onSlide(event.position.x, event.position.y));
  });
  one.viewer.addHandler("canvas-double-click", () => state.tool && finish());
});

if (shown.slides.length) open(shown.slides[0].slide);
