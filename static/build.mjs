// Makes dist/ of js/ and css/: bundles with hashed names, the icon sprite, manifest.json, and .gz and .br beside each file.
import * as esbuild from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = import.meta.dirname;
const watching = process.argv.includes("--watch");
const dist = path.join(here, watching ? "dist" : `dist.${process.pid}`); // takes the place of dist/ when it is whole
const WORTH_COMPRESSING = 300; // bytes

// xterm.js makes <style> elements and style attributes, which our policy does not allow: the document it sees allows for it.
const terminal = {
  name: "terminal",
  setup(build) {
    build.onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, (file) => ({
      contents: `import { terminalDocument as document } from ${JSON.stringify(path.join(here, "js/terminal-document.js"))};\n${readFileSync(file.path, "utf8").replaceAll("window.document", "document")}`,
    }));
  },
};

// What js/icons.js knows without asking: the icons of levels and platforms, of which a list shows hundreds.
const cellIcons = {
  name: "cell-icons",
  setup(build) {
    build.onResolve({ filter: /^cell-icons$/ }, () => ({ path: "cell-icons", namespace: "icons" }));
    build.onLoad({ filter: /./, namespace: "icons" }, () => ({ contents: sprite(Object.keys(iconNames().aliases)), loader: "text" }));
  },
};

const options = {
  plugins: [terminal, cellIcons],
  absWorkingDir: here,
  entryPoints: ["js/app.js", "js/tab.js", "css/app.css", "icon.svg"],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox121", "safari17.5"],
  minify: !watching,
  sourcemap: watching,
  metafile: true,
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "copy" },
  logLevel: "warning",
};

/** One file with every icon that icons.json names; an alias is the same icon under a name of ours. */
function sprite(only = null) {
  const { icons, aliases } = iconNames();
  const names = [...icons.map((name) => [name, name]), ...Object.entries(aliases)];
  const symbols = names.filter(([id]) => !only || only.includes(id)).map(([id, name]) => `<symbol id="i-${id}" viewBox="0 0 24 24">${shapes(name)}</symbol>`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

function iconNames() {
  return JSON.parse(readFileSync(path.join(here, "icons.json"), "utf8"));
}

function shapes(name) {
  const svg = readFileSync(path.join(here, "node_modules/lucide-static/icons", `${name}.svg`), "utf8");
  return svg.replace(/<!--.*?-->/gs, "").replace(/^.*?<svg[^>]*>|<\/svg>\s*$/gs, "").replace(/\s+/g, " ").trim();
}

/** What the templates ask for by a plain name, and the file it is in. */
function manifest(outputs) {
  const names = {};
  let parts = []; // what app.js imports, so that the page can ask for all of it at once
  for (const [file, output] of Object.entries(outputs)) {
    const name = path.basename(file);
    if (output.entryPoint) names[path.basename(output.entryPoint)] = name;
    if (output.entryPoint === "js/app.js") parts = output.imports.filter(({ kind }) => kind === "import-statement").map((one) => path.basename(one.path));
    if (name.endsWith(".woff2")) names[name.replace(/-[A-Z0-9]{8}\.woff2$/, ".woff2")] = name;
  }
  const svg = sprite();
  names["icons.svg"] = `icons-${createHash("sha256").update(svg).digest("hex").slice(0, 8)}.svg`;
  writeFileSync(path.join(dist, names["icons.svg"]), svg);
  return { names, parts };
}

function compress() {
  for (const name of readdirSync(dist)) {
    const file = path.join(dist, name);
    if (!/\.(js|css|svg)$/.test(name) || statSync(file).size < WORTH_COMPRESSING) continue;
    const data = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(data, { level: 9 }));
    writeFileSync(`${file}.br`, brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  }
}

function finish({ metafile }) {
  if (!metafile) return;
  const made = manifest(metafile.outputs);
  if (!watching) compress();
  writeFileSync(path.join(dist, "manifest.json"), `${JSON.stringify(made, null, 2)}\n`);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
if (watching) {
  const plugin = { name: "manifest", setup: (build) => build.onEnd(finish) };
  const context = await esbuild.context({ ...options, plugins: [terminal, cellIcons, plugin] });
  await context.watch();
} else {
  finish(await esbuild.build(options));
  rmSync(path.join(here, "dist"), { recursive: true, force: true });
  renameSync(dist, path.join(here, "dist"));
}
