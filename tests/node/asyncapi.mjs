// Reads an AsyncAPI document and writes what AsyncAPI's own parser finds wrong with it, as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const wrong = diagnostics.filter((one) => one.severity === 0).map((one) => `${one.path.join(".")}: ${one.message}`);
console.log(JSON.stringify({ wrong, channels: document ? document.allChannels().length : 0 }));
