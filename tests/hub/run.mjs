// Runs all `*.test.mjs`, or those whose name has one of the given words, and counts.
//
//     npm ci && node run.mjs [word …]
//
// SIROCCO_TEST_HUB may name the `scripted-hub` program and SIROCCO_CLI the `sirocco` program; both are built if not.
// Python packages go into a virtual environment in the target folder.

import { readdirSync } from "node:fs";
import { spec } from "node:test/reporters";
import { run } from "node:test";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { installJudges } from "./judges.mjs";
import { buildProgram } from "./programs.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .map((name) => join(folder, name));

const started = Date.now();
process.env.SIROCCO_JUDGES = installJudges();
process.env.SIROCCO_TEST_HUB ??= buildProgram("sirocco-tests", "scripted-hub");
const prepared = Date.now();

let passed = 0;
let failed = 0;
const tests = run({ files, concurrency: 1, timeout: 300_000 });
const isTest = (data) => data.details.type !== "suite" && !data.file?.endsWith(data.name);
tests.on("test:pass", (data) => (passed += isTest(data)));
tests.on("test:fail", () => (failed += 1));
const report = tests.compose(new spec());
report.on("end", () => {
  const seconds = (from, to) => ((to - from) / 1000).toFixed(1);
  console.log(`prepared in ${seconds(started, prepared)} s, judged in ${seconds(prepared, Date.now())} s`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
});
report.pipe(process.stdout, { end: false });
