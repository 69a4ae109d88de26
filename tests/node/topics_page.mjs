// Reads an AsyncAPI document and writes it as one page, with AsyncAPI's own component in it: it opens without a network.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Parser, stringify } from "@asyncapi/parser";

const { resolve } = createRequire(import.meta.url);
const part = (name) => readFileSync(resolve(`@asyncapi/react-component/${name}`), "utf8");
const { document } = await new Parser().parse(readFileSync(0, "utf8"));
const given = JSON.stringify(stringify(document)).replaceAll("<", "\\u003c");
const component = part("browser/standalone/without-parser.js").replaceAll("</script", "<\\/script");
const show = `AsyncApiStandalone.render({ schema: JSON.parse(${given}), config: { show: { errors: false } } }, document.getElementById("topics"));`;
console.log(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>casepath: topics</title>
<style>${part("styles/default.min.css")}</style>
</head>
<body>
<main id="topics"></main>
<script>${component}</script>
<script>${show}</script>
</body>
</html>`);
