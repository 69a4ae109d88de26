// Slides of a study of research: looked at and measured, and nothing else.
import { Looking } from "./looking.js";

const element = /** @type {HTMLElement} */ (document.querySelector("[data-viewer]"));
new Looking(await (await fetch(element.dataset.viewer)).json()).begin();
