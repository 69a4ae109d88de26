// Two slides side by side: the one that is not moved follows in magnification, rotation, and by the same way in micrometres.
/* global OpenSeadragon */

export class SideBySide {
  /** @param {import("./pane.js").Pane[]} panes */
  constructor(panes) {
    this.panes = panes;
    this.anchors = [];
    this.following = false;
  }

  get on() {
    return !this.panes[1].host.hidden;
  }

  show(slide) {
    this.panes[1].host.hidden = false;
    const { element, viewport } = this.panes[1].viewer;
    // While it was hidden it had no size.
    viewport.resize(new OpenSeadragon.Point(element.clientWidth, element.clientHeight));
    this.panes[1].viewer.addOnceHandler("open", () => {
      this.anchors = this.panes.map((one) => one.centre());
      this.follow(this.panes[0]);
    });
    this.panes[1].show(slide);
  }

  hide() {
    this.panes[1].host.hidden = true;
    this.anchors = [];
  }

  follow(leader) {
    const [from, to] = leader === this.panes[0] ? [0, 1] : [1, 0];
    const other = this.panes[to];
    if (!this.on || this.following || !this.anchors.length || !other.image || !leader.image) return;
    this.following = true;
    const scale = leader.slide.micronsPerPixel / other.slide.micronsPerPixel;
    const way = leader.centre().map((value, axis) => value - this.anchors[from][axis]);
    const [x, y] = this.anchors[to].map((value, axis) => value + way[axis] * scale);
    const { viewport } = other.viewer;
    viewport.setRotation(leader.viewer.viewport.getRotation(), true);
    viewport.zoomTo(other.image.imageToViewportZoom(leader.magnification() / scale), null, true);
    viewport.panTo(other.image.imageToViewportCoordinates(x, y), true);
    this.following = false;
  }
}
