// Looking at slides: the panes, tools and keys of every page that shows any. A page adds its own to them.
import { Drawing } from "./drawing.js";
import { isTyping } from "./keys.js";
import { Pane } from "./pane.js";
import { SideBySide } from "./side.js";

const button = (tool) => document.querySelector(`[data-tool="${tool}"]`);

export class Looking {
  /** @param {{slides: any[], texts: Record<string, string>, language: string}} shown */
  constructor({ slides, texts, language }) {
    this.slides = slides;
    this.active = 0;
    this.said = document.getElementById("said");
    this.text = (key, values = {}) =>
      Object.entries(values).reduce((all, [name, value]) => all.replace(`{${name}}`, value), texts[key]);
    this.say = (words) => (this.said.textContent = words);
    this.redraw = () => this.panes.forEach((one) => one.redraw());
    // What a page adds: shapes over a pane, what happens when a slide is attended to, and where a region that was drawn goes.
    this.overlays = (_pane) => [];
    this.attended = (_slide) => {};
    this.annotated = (_slide, _points) => {};
    const told = { language, changed: (one) => this.side.follow(one), failed: () => this.say(this.text("failed")) };
    this.panes = [...document.querySelectorAll(".pane")].map((host) => new Pane(host, told));
    this.side = new SideBySide(this.panes);
    this.drawing = new Drawing({
      pane: () => this.pane,
      say: this.say,
      text: this.text,
      language,
      redraw: this.redraw,
      chosen: (tool) => this.chosen(tool),
      annotated: (slide, points) => this.annotated(slide, points),
    });
    for (const one of this.panes) {
      one.shapes = () => [...this.overlays(one), ...this.drawing.shapes(one.slide.slide, one === this.pane)];
    }
  }

  get pane() {
    return this.panes[this.active];
  }

  press(tool, pressed) {
    button(tool)?.setAttribute("aria-pressed", String(pressed));
  }

  chosen(tool) {
    for (const name of Drawing.tools) this.press(name, name === tool);
    for (const one of this.panes) one.viewer.setMouseNavEnabled(tool === null);
    document.querySelector("[data-viewer]").classList.toggle("drawing", tool !== null);
    if (tool) this.pane.viewer.element.focus();
  }

  open(name) {
    const slide = this.slides.find((one) => one.slide === name);
    if (!slide.levels.length) return this.say(this.text("unshown"));
    this.pane.show(slide);
    this.attend();
  }

  /** What belongs to the slide in the active pane. */
  attend() {
    const { slide } = this.pane;
    for (const tab of document.querySelectorAll("[data-slide-tab]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.slideTab === slide.slide));
    }
    this.attended(slide);
  }

  colour() {
    const managed = !this.pane.managed;
    for (const one of this.panes) if (one.slide) one.colours(managed);
    this.press("colour", managed);
  }

  sideBySide() {
    this.press("side", !this.side.on);
    if (this.side.on) {
      this.active = 0;
      this.side.hide();
      return this.attend();
    }
    const [{ slide }] = this.panes;
    this.side.show(this.slides.find((one) => one.slide !== slide.slide && one.levels.length) ?? slide);
  }

  overview() {
    const { element: shown } = this.pane.viewer.navigator;
    shown.hidden = !shown.hidden;
  }

  /** Listen, and show the first slide. Tools are buttons by name, keys are what is pressed; the page's own come first. */
  begin({ tools = {}, keys = {} } = {}) {
    const viewport = () => this.pane.viewer.viewport;
    const every = {
      home: () => viewport().goHome(),
      "zoom-in": () => this.pane.zoom(1.5),
      "zoom-out": () => this.pane.zoom(1 / 1.5),
      rotate: () => viewport().setRotation((viewport().getRotation() + 90) % 360),
      side: () => this.sideBySide(),
      colour: () => this.colour(),
      ...Object.fromEntries(Drawing.tools.map((tool) => [tool, () => this.drawing.choose(tool)])),
      ...tools,
    };
    const pressed = {
      0: every.home,
      "+": every["zoom-in"],
      "=": every["zoom-in"],
      "-": every["zoom-out"],
      ArrowLeft: () => this.pane.pan(-1, 0),
      ArrowRight: () => this.pane.pan(1, 0),
      ArrowUp: () => this.pane.pan(0, -1),
      ArrowDown: () => this.pane.pan(0, 1),
      r: every.rotate,
      s: every.side,
      d: every.distance,
      m: every.area,
      o: () => this.overview(),
      " ": () => this.drawing.point(this.pane.centre()),
      Enter: () => this.drawing.tool && this.drawing.finish(),
      Escape: () => this.drawing.leave(),
      ...keys,
    };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && document.activeElement?.closest("textarea, input")) return this.pane.viewer.element.focus();
      if (isTyping(event)) return;
      const slide = this.slides[Number(event.key) - 1];
      const act = slide ? () => this.open(slide.slide) : pressed[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    for (const [name, act] of Object.entries(every)) button(name)?.addEventListener("click", act);
    for (const tab of document.querySelectorAll("[data-slide-tab]")) {
      tab.addEventListener("click", () => this.open(tab.dataset.slideTab));
    }
    this.panes.forEach((one, at) => this.listen(one, at));
    this.open(this.slides[0].slide);
  }

  listen(one, at) {
    one.viewer.element.addEventListener("pointerdown", () => {
      if (this.active === at) return;
      this.active = at;
      this.attend();
    }, { capture: true });
    one.viewer.addHandler("canvas-click", (event) => {
      if (event.quick) this.drawing.point(one.onSlide(event.position.x, event.position.y));
    });
    one.viewer.addHandler("canvas-double-click", () => this.drawing.tool && this.drawing.finish());
  }
}
