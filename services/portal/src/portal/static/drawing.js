// Measuring, and annotating: points on the slide that shows in the active pane, by mouse or at its centre by key.
import { area, areaText, corners, length, lengthText } from "./marks.js";

const MEASURES = ["distance", "area"];
const TOOLS = [...MEASURES, "region", "box"];

export class Drawing {
  /**
   * @param {{pane: () => import("./pane.js").Pane, say: (words: string) => void, text: (key: string, values?: object) => string,
   *   language: string, chosen: (tool: string | null) => void, annotated: (slide: string, points: [number, number][]) => void,
   *   redraw: () => void}} page
   */
  constructor(page) {
    this.page = page;
    this.tool = null;
    this.points = [];
    this.measures = [];
  }

  static tools = TOOLS;

  /** Take a tool up, or lay it down where it is in hand already. */
  choose(tool) {
    this.tool = this.tool === tool ? null : tool;
    this.points = [];
    this.page.chosen(this.tool);
    this.page.say(this.tool ? this.page.text(MEASURES.includes(this.tool) ? "measuring" : "drawing") : "");
    this.page.redraw();
  }

  /** Leave the tool; without one, take measures away. */
  leave() {
    if (!this.tool) this.measures = [];
    this.tool = null;
    this.choose(null);
  }

  point(place) {
    if (!this.tool) return;
    this.points.push(place);
    if (this.tool === "box" && this.points.length === 2) this.finish();
    else this.page.say(this.measured());
    this.page.redraw();
  }

  finish() {
    const { tool, points } = this;
    const least = tool === "distance" || tool === "box" ? 2 : 3;
    const slide = this.page.pane().slide.slide;
    const words = this.measured();
    this.leave();
    if (points.length < least) return;
    if (MEASURES.includes(tool)) {
      this.measures.push({ kind: "measure", slide, points, closed: tool === "area", text: words });
      this.page.say(words);
    } else this.page.annotated(slide, tool === "box" ? corners(spanned(points)) : points);
    this.page.redraw();
  }

  /** What the points measure so far, in words. */
  measured() {
    const { text, language } = this.page;
    const microns = this.page.pane().slide.micronsPerPixel;
    if (this.tool === "distance") return text("distance", { value: lengthText(length(this.points) * microns, language) });
    if (this.tool === "area") return text("area", { value: areaText(area(this.points) * microns ** 2, language) });
    return "";
  }

  /** What is drawn over a slide; `active` where the tool is in hand. */
  shapes(slide, active) {
    const kept = this.measures.filter((one) => one.slide === slide);
    return active && this.points.length ? [...kept, { kind: "drawing", points: this.points, text: this.measured() }] : kept;
  }
}

function spanned([[x, y], [toX, toY]]) {
  return { x: Math.min(x, toX), y: Math.min(y, toY), width: Math.abs(toX - x), height: Math.abs(toY - y) };
}
