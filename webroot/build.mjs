// Builds the app into dist/ (or --outdir=DIR). `--dev` keeps names of symbols and adds source maps, `--watch` builds again
// whenever a source changes. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import * as esbuild from "esbuild";

const ROOT = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    outdir: { type: "string", default: join(ROOT, "dist") },
    dev: { type: "boolean", default: false },
    watch: { type: "boolean", default: false },
  },
});

options.outdir = resolve(options.outdir);

// Where the server mounts the files of dist/, relative to <base>.
const MOUNT = "static/";
const BASE = '<base href="/">';
const HASHED = /-[A-Z0-9]{8}\.[a-z0-9]+$/;
const COMPRESSED = new Set([".js", ".css", ".html", ".json", ".svg"]);
const COMPLETED_BY_SERVER = new Set(["build.json", "index.html", "service-worker.js"]);

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  logLevel: "warning",
  minify: !options.dev,
  sourcemap: options.dev ? "linked" : false,
  target: ["chrome111", "firefox114", "safari16.4"],
  metafile: true,
};

/** The packages whose code is in the bundles. */
const bundled = new Set();

/** A warning stops the build, like an error. */
async function bundle(settings) {
  const { metafile, warnings } = await esbuild.build({ ...common, ...settings });
  if (warnings.length > 0) throw new Error("the sources have warnings");
  for (const input of Object.keys(metafile.inputs)) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (name) bundled.add(name);
  }
  return metafile.outputs;
}

/**
 * The app and the plugins' sdk, sharing chunks, so that there is one Lit.
 * The app sees SOUNDWAVE_LOCALES: {"en": "static/locales/en-HASH.json", ...}, relative to <base>.
 */
async function buildApp(outdir, locales) {
  const addresses = Object.fromEntries(Object.entries(locales).map(([language, path]) => [language, MOUNT + path]));
  const outputs = await bundle({
    define: { ...common.define, SOUNDWAVE_LOCALES: JSON.stringify(addresses) },
    entryPoints: { main: "src/main.ts", sdk: "src/sdk.ts" },
    outdir,
    format: "esm",
    splitting: true,
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    assetNames: "assets/[name]-[hash]",
  });
  const entry = outputOf(outputs, "src/main.ts", outdir);
  const sdk = outputOf(outputs, "src/sdk.ts", outdir);
  // Plugins import ../../sdk.js; nothing of ours imports the file by its hashed name.
  await rename(join(outdir, sdk), join(outdir, "sdk.js"));
  return entry;
}

async function buildStyles(outdir) {
  const outputs = await bundle({
    entryPoints: { main: "src/styles/main.css" },
    outdir,
    entryNames: "[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
  });
  return outputOf(outputs, "src/styles/main.css", outdir);
}

/** A classic script: the server puts the list of files to precache in front of it. */
async function buildWorker(outdir) {
  await bundle({
    entryPoints: ["src/worker/service-worker.ts"],
    outfile: join(outdir, "service-worker.js"),
    tsconfig: "tsconfig.worker.json",
    format: "iife",
  });
}

function outputOf(outputs, source, outdir) {
  const [path] = Object.entries(outputs).find(([, output]) => output.entryPoint === source);
  return toUrl(relative(outdir, join(ROOT, path)));
}

/** Returns {"en": "locales/en-HASH.json", ...}. */
async function copyLocales(outdir) {
  const locales = {};
  for (const name of await listFiles(join(ROOT, "locales"))) {
    if (extname(name) !== ".json") continue;
    const text = JSON.stringify(JSON.parse(await readFile(join(ROOT, "locales", name), "utf8")));
    const language = name.slice(0, -".json".length);
    const target = `locales/${language}-${sha256(text).slice(0, 8).toUpperCase()}.json`;
    await mkdir(join(outdir, "locales"), { recursive: true });
    await writeFile(join(outdir, target), text);
    locales[language] = target;
  }
  return locales;
}

async function copyIcons(outdir) {
  for (const name of await listFiles(join(ROOT, "icons"))) {
    if (![".svg", ".png", ".ico"].includes(extname(name))) continue;
    await cp(join(ROOT, "icons", name), join(outdir, "icons", name));
  }
}

/** Fills {{main}} and {{styles}}; the server puts its own base in place of the one that is there. */
async function writePage(outdir, names) {
  const page = await readFile(join(ROOT, "index.html"), "utf8");
  const filled = page
    .replace(/\{\{(main|styles)\}\}/g, (_, name) => MOUNT + names[name])
    .replace(/\s*\/>/g, ">")
    .replace(/\n\s*/g, "\n");
  if (!filled.includes(BASE)) throw new Error(`index.html must have ${BASE}`);
  await writeFile(join(outdir, "index.html"), filled);
}

/** THIRD-PARTY.txt: whose code is in the bundles, and under which terms. */
async function writeNotices(outdir) {
  const names = [...bundled].sort();
  const parts = await Promise.all(
    names.map(async (name) => {
      const folder = join(ROOT, "node_modules", name);
      const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
      const terms = file ? (await readFile(join(folder, file), "utf8")).trim() : "";
      return `${name} ${version} (${license})\n\n${terms}`.trim();
    }),
  );
  await writeFile(join(outdir, "THIRD-PARTY.txt"), parts.join("\n\n----\n\n") + "\n");
}

/** build.json: what the server serves and precaches. Paths are relative to dist/. */
async function writeManifest(outdir, entry, locales) {
  const files = [];
  for (const path of await listFiles(outdir)) {
    const content = await readFile(join(outdir, path));
    files.push({
      path,
      revision: sha256(content).slice(0, 32),
      size: content.length,
      is_immutable: HASHED.test(path),
    });
  }
  await writeFile(join(outdir, "build.json"), JSON.stringify({ entry, locales, files }, null, 1) + "\n");
}

/** Writes NAME.gz and NAME.br beside each text file that gets smaller by it, but for those that the server completes. */
async function compress(outdir) {
  const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  for (const path of await listFiles(outdir)) {
    if (!COMPRESSED.has(extname(path)) || COMPLETED_BY_SERVER.has(path)) continue;
    const content = await readFile(join(outdir, path));
    for (const [suffix, packed] of [
      [".gz", await promisify(gzip)(content, { level: 9 })],
      [".br", await promisify(brotliCompress)(content, brotliOptions)],
    ]) {
      if (packed.length < content.length) await writeFile(join(outdir, path + suffix), packed);
    }
  }
}

/** The files below a folder, sorted, with forward slashes; none where there is no such folder. */
async function listFiles(folder, below = "") {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
  const lists = entries.map((entry) =>
    entry.isDirectory() ? listFiles(folder, `${below}${entry.name}/`) : [below + entry.name],
  );
  return (await Promise.all(lists)).flat().sort();
}

const toUrl = (path) => path.split(sep).join("/");
const sha256 = (content) => createHash("sha256").update(content).digest("hex");

/** Builds beside the old files and swaps, so that a running server never sees half a build. */
async function build() {
  const started = performance.now();
  await mkdir(dirname(options.outdir), { recursive: true });
  const outdir = await mkdtemp(join(dirname(options.outdir), ".dist-"));
  try {
    await fill(outdir);
    await rm(options.outdir, { recursive: true, force: true });
    await rename(outdir, options.outdir);
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
  console.log(`built ${relative(process.cwd(), options.outdir)} in ${Math.round(performance.now() - started)} ms`);
}

async function fill(outdir) {
  await chmod(outdir, 0o755);
  const locales = await copyLocales(outdir);
  const main = await buildApp(outdir, locales);
  const styles = await buildStyles(outdir);
  await buildWorker(outdir);
  await copyIcons(outdir);
  await writePage(outdir, { main, styles });
  const entry = { main, styles, sdk: "sdk.js", page: "index.html", worker: "service-worker.js" };
  await writeNotices(outdir);
  await writeManifest(outdir, entry, locales);
  await compress(outdir);
}

async function watchSources() {
  let timer;
  let last = Promise.resolve();
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      last = last.then(build).catch((error) => console.error(error.message));
    }, 100);
  };
  for (const folder of ["src", "icons", "locales"]) watch(join(ROOT, folder), { recursive: true }, again);
  watch(join(ROOT, "index.html"), again);
}

await build().catch((error) => {
  console.error(error.message);
  if (!options.watch) process.exit(1);
});
if (options.watch) await watchSources();
