// What is drawn over a slide: the AI's findings, tiles it could not examine, measures and annotations.
// Shapes are kept in pixels of the finest level, and drawn anew at each move.

const SVG = "http://www.w3.org/2000/svg";
const MOST_FAILED = 2000;

/** Shapes of one pane. */
export class Marks {
  /** @param {HTMLElement} host @param {(point: [number, number]) => [number, number]} place from the slide to the pane */
  constructor(host, place) {
    this.place = place;
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.classList.add("marks");
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.innerHTML =
      '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
      '<rect width="8" height="8" class="hatch-ground"/><rect width="3" height="8" class="hatch-line"/></pattern></defs>';
    this.layer = this.svg.appendChild(document.createElementNS(SVG, "g"));
    host.append(this.svg);
  }

  /** @param {{kind: string, points: [number, number][], closed?: boolean, text?: string, current?: boolean}[]} shapes */
  draw(shapes) {
    const failed = shapes.filter((shape) => shape.kind === "failed").length;
    const shown = failed > MOST_FAILED ? shapes.filter((shape) => shape.kind !== "failed") : shapes;
    this.layer.replaceChildren(...shown.flatMap((shape) => this.drawn(shape)));
  }

  drawn({ kind, points, closed = false, text = "", current = false }) {
    const placed = points.map(this.place);
    const line = document.createElementNS(SVG, closed ? "polygon" : "polyline");
    line.setAttribute("points", placed.map((point) => point.join(",")).join(" "));
    line.setAttribute("class", `${kind}${current ? " current" : ""}`);
    const found = [line];
    if (!closed) {
      for (const [x, y] of placed) {
        const dot = document.createElementNS(SVG, "circle");
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", y);
        dot.setAttribute("r", 4);
        dot.setAttribute("class", kind);
        found.push(dot);
      }
    }
    if (text && placed.length) {
      const label = document.createElementNS(SVG, "text");
      const top = placed.reduce((least, point) => (point[1] < least[1] ? point : least));
      label.setAttribute("x", top[0] + 6);
      label.setAttribute("y", top[1] - 6);
      label.setAttribute("class", kind);
      label.textContent = text;
      found.push(label);
    }
    return found;
  }
}

/** A rectangle's corners. */
export function corners({ x, y, width, height }) {
  return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
}

/** Length of a line in pixels. */
export function length(points) {
  return points.slice(1).reduce((sum, [x, y], at) => sum + Math.hypot(x - points[at][0], y - points[at][1]), 0);
}

/** Area of a polygon in square pixels (the shoelace formula). */
export function area(points) {
  const twice = points.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** Micrometres as a person reads them. */
export function lengthText(microns, language) {
  const format = (value, digits) => value.toLocaleString(language, { maximumFractionDigits: digits });
  return microns < 1000 ? `${format(microns, 1)} µm` : `${format(microns / 1000, 2)} mm`;
}

/** Square micrometres as a person reads them. */
export function areaText(microns, language) {
  const format = (value, digits) => value.toLocaleString(language, { maximumFractionDigits: digits });
  return microns < 100_000 ? `${format(microns, 0)} µm²` : `${format(microns / 1e6, 3)} mm²`;
}
