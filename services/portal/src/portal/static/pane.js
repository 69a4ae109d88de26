// One view of one slide: deep zoom, scale bar, heatmap, and what is drawn over it.
/* global OpenSeadragon */
import { Marks, corners, lengthText } from "./marks.js";
import { tileSource } from "./pyramid.js";

const BAR_PIXELS = 150;

export class Pane {
  /** @param {HTMLElement} host @param {{language: string, changed: (pane: Pane) => void, failed: () => void}} told */
  constructor(host, told) {
    this.host = host;
    this.told = told;
    this.slide = null;
    this.managed = true;
    this.heatmap = null;
    this.heatmapOpacity = 0.6;
    this.heatmapShown = false;
    this.shapes = () => [];
    this.viewer = new OpenSeadragon.Viewer({
      element: host.querySelector(".slide"),
      drawer: "canvas",
      prefixUrl: "",
      showNavigationControl: false,
      showNavigator: true,
      navigatorPosition: "BOTTOM_RIGHT",
      animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.4,
      maxZoomPixelRatio: 4,
      minZoomImageRatio: 0.5,
      visibilityRatio: 0.3,
      gestureSettingsMouse: { clickToZoom: false },
      imageLoaderLimit: 8,
      timeout: 30000,
    });
    // OpenSeadragon's own keys would move the slide twice.
    this.viewer.innerTracker.keyHandler = null;
    this.viewer.innerTracker.keyDownHandler = null;
    this.marks = new Marks(host.querySelector(".slide"), (point) => this.onPane(point));
    this.viewer.addHandler("update-viewport", () => this.moved());
    this.viewer.addHandler("tile-load-failed", () => told.failed());
    this.viewer.addHandler("open", () => this.opened());
  }

  get image() {
    return this.viewer.world.getItemAt(0);
  }

  show(slide) {
    this.slide = slide;
    this.viewer.open(tileSource(slide, this.managed));
  }

  colours(managed) {
    this.managed = managed;
    const { viewport } = this.viewer;
    const place = { zoom: viewport.getZoom(), center: viewport.getCenter(), rotation: viewport.getRotation() };
    this.viewer.addOnceHandler("open", () => {
      viewport.zoomTo(place.zoom, null, true);
      viewport.panTo(place.center, true);
      viewport.setRotation(place.rotation, true);
    });
    this.show(this.slide);
  }

  opened() {
    this.heatmap = null;
    const ai = this.slide.ai;
    if (ai) {
      this.viewer.addSimpleImage({
        url: ai.heatmap,
        x: 0,
        y: 0,
        width: (ai.columns * ai.tileMicrons) / (this.slide.micronsPerPixel * this.slide.width),
        opacity: this.heatmapShown ? this.heatmapOpacity : 0,
        success: ({ item }) => (this.heatmap = item),
      });
    }
    this.redraw();
  }

  showHeatmap(shown, opacity = this.heatmapOpacity) {
    this.heatmapShown = shown;
    this.heatmapOpacity = opacity;
    this.heatmap?.setOpacity(shown ? opacity : 0);
  }

  /** From pixels of the slide to pixels of the pane. */
  onPane([x, y]) {
    const placed = this.image.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y));
    return [placed.x, placed.y];
  }

  /** From pixels of the pane to pixels of the slide. */
  onSlide(x, y) {
    const placed = this.image.viewerElementToImageCoordinates(new OpenSeadragon.Point(x, y));
    return [placed.x, placed.y];
  }

  /** The pixel of the slide at the centre of the pane, once a movement under way has ended. */
  centre() {
    const { x, y } = this.image.viewportToImageCoordinates(this.viewer.viewport.getCenter(false));
    return [x, y];
  }

  /** Pixels of the screen for one of the slide. */
  magnification() {
    return this.image ? this.image.viewportToImageZoom(this.viewer.viewport.getZoom(true)) : 1;
  }

  goTo({ x, y, width, height }) {
    const wide = Math.max(width * 0.7, 300), high = Math.max(height * 0.7, 300);
    const place = this.image.imageToViewportRectangle(x + width / 2 - wide, y + height / 2 - high, wide * 2, high * 2);
    this.viewer.viewport.fitBounds(place);
  }

  pan(across, down) {
    const { viewport } = this.viewer;
    const step = viewport.deltaPointsFromPixels(new OpenSeadragon.Point(across * 120, down * 120));
    viewport.panBy(step.rotate(-viewport.getRotation()));
    viewport.applyConstraints();
  }

  zoom(factor) {
    this.viewer.viewport.zoomBy(factor);
    this.viewer.viewport.applyConstraints();
  }

  moved() {
    if (!this.image) return;
    this.redraw();
    this.scale();
    this.told.changed(this);
  }

  scale() {
    const micronsPerScreenPixel = this.slide.micronsPerPixel / this.magnification();
    const most = BAR_PIXELS * micronsPerScreenPixel;
    const power = 10 ** Math.floor(Math.log10(most));
    const microns = [5, 2, 1].map((step) => step * power).find((length) => length <= most) ?? power;
    const bar = /** @type {HTMLElement} */ (this.host.querySelector(".scalebar span"));
    bar.style.width = `${microns / micronsPerScreenPixel}px`;
    bar.textContent = lengthText(microns, this.told.language);
  }

  redraw() {
    if (!this.image) return;
    const ai = this.slide.ai;
    const side = ai ? ai.tileMicrons / this.slide.micronsPerPixel : 0;
    const failed = (ai?.failed ?? []).map(([column, row]) => ({
      kind: "failed",
      closed: true,
      points: corners({ x: column * side, y: row * side, width: side, height: side }),
    }));
    this.marks.draw([...failed, ...this.shapes()]);
  }

  /** A finding's box in pixels of the slide. */
  boxOf({ x, y, width, height }) {
    const scale = 1 / this.slide.micronsPerPixel;
    return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
  }
}
