// node bundle.mjs ENTRY OUTFILE: one module of an entry and all that it imports, for node. A warning is an error.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const webroot = join(dirname(fileURLToPath(import.meta.url)), "../webroot");
const { build } = createRequire(join(webroot, "package.json"))("esbuild");

const [entry, outfile] = process.argv.slice(2);
const { warnings } = await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node18",
  sourcemap: "inline",
  nodePaths: [join(webroot, "node_modules")],
  tsconfigRaw: "{}",
  logLevel: "warning",
});
if (warnings.length > 0) process.exit(1);
