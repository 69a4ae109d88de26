// Annotations of the slides: everybody's are shown, one's own can be named, removed and saved (GeoJSON as QuPath has it).

const COLOUR = [160, 19, 142];

export class Annotations {
  /** @param {{user: string, slides: any[], text: (key: string) => string, say: (words: string) => void, redraw: () => void}} page */
  constructor(page) {
    this.page = page;
    this.features = {};
    this.loading = {};
    this.loaded = new Set();
    this.unsaved = new Set();
    this.slide = null;
    this.place = document.getElementById("annotations");
    this.button = /** @type {HTMLButtonElement} */ (document.querySelector("[data-save]"));
    this.button.addEventListener("click", () => this.save());
    addEventListener("beforeunload", (event) => {
      if (this.unsaved.size) event.preventDefault();
    });
  }

  async show(slide) {
    this.slide = slide.slide;
    document.querySelector("[data-download]").href = `${slide.annotations}?download=1`;
    this.loading[slide.slide] ??= this.load(slide);
    await this.loading[slide.slide];
    this.list();
    this.page.redraw();
  }

  async load(slide) {
    const answer = await fetch(slide.annotations).catch(() => null);
    if (!answer?.ok) return this.page.say(this.page.text("failed"));
    const kept = (await answer.json()).features;
    // What was drawn while they were on their way comes after them.
    this.features[slide.slide] = [...kept, ...(this.features[slide.slide] ?? [])];
    this.loaded.add(slide.slide);
  }

  add(slide, points) {
    const rounded = points.map((point) => point.map((value) => Math.round(value * 10) / 10));
    (this.features[slide] ??= []).push({
      type: "Feature",
      id: crypto.randomUUID(),
      geometry: { type: "Polygon", coordinates: [[...rounded, rounded[0]]] },
      properties: { objectType: "annotation", name: "", author: this.page.user },
    });
    this.changed(slide);
    this.page.say(this.page.text("unsaved"));
    /** @type {HTMLElement} */ (this.place.querySelector("li:last-child input"))?.focus();
  }

  changed(slide) {
    this.unsaved.add(slide);
    this.list();
    this.page.redraw();
  }

  list() {
    // Somebody may be typing a name while the saved ones arrive.
    const named = document.activeElement?.closest("#annotations li")?.dataset.feature;
    this.place.replaceChildren(...(this.features[this.slide] ?? []).map((feature) => this.line(this.slide, feature)));
    if (named) this.place.querySelector(`li[data-feature="${CSS.escape(named)}"] input`)?.focus();
    this.button.disabled = !this.unsaved.size;
  }

  line(slide, feature) {
    const line = document.createElement("li");
    line.dataset.feature = feature.id ?? "";
    const said = feature.properties;
    if (said.author !== this.page.user) {
      line.textContent = `${said.name || "—"} (${said.author})`;
      return line;
    }
    const name = Object.assign(document.createElement("input"), { value: said.name ?? "", maxLength: 100 });
    name.setAttribute("aria-label", this.page.text("name_annotation"));
    name.addEventListener("input", () => {
      said.name = name.value;
      said.classification = name.value ? { name: name.value, color: COLOUR } : undefined;
      this.unsaved.add(slide);
      this.button.disabled = false;
      this.page.redraw();
    });
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.setAttribute("aria-label", `${this.page.text("remove_annotation")} ${said.name ?? ""}`);
    remove.addEventListener("click", () => {
      this.features[slide] = this.features[slide].filter((one) => one !== feature);
      this.changed(slide);
    });
    line.append(name, remove);
    return line;
  }

  async save() {
    for (const slide of [...this.unsaved]) {
      // What could not be loaded would be overwritten.
      if (!this.loaded.has(slide)) return this.page.say(this.page.text("not_saved"));
      const own = this.features[slide].filter((feature) => feature.properties.author === this.page.user);
      const body = JSON.stringify({ type: "FeatureCollection", features: own });
      const headers = { "Content-Type": "application/geo+json", "X-Act": crypto.randomUUID() };
      const address = this.page.slides.find((one) => one.slide === slide).annotations;
      const answer = await fetch(address, { method: "POST", headers, body }).catch(() => null);
      if (!answer?.ok) return this.page.say(this.page.text("not_saved"));
      this.unsaved.delete(slide);
    }
    this.list();
    this.page.say(this.page.text("saved"));
  }

  shapes(slide) {
    const points = { Polygon: (rings) => rings[0].slice(0, -1), LineString: (line) => line, Point: (place) => [place] };
    return (this.features[slide] ?? []).map(({ geometry, properties }) => ({
      kind: "annotation",
      closed: geometry.type === "Polygon",
      points: points[geometry.type](geometry.coordinates),
      text: properties.name ?? "",
    }));
  }
}
