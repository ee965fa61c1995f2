// Asks our server through the official clients, and compares what they found with the table in README.md.
//
//     npm ci && node run.mjs [--write]
//
// SIROCCO_TEST_SERVER may name the `scripted-server` program, with `scripted-worker` beside it; both are built if not.
// `--write` puts the table into README.md. Python packages go into a virtual environment in the target folder.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installJudges } from "../hub/judges.mjs";
import { buildProgram, plainEnvironment } from "../hub/programs.mjs";
import { table } from "./table.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What a client printed, a line each. */
async function checks(program, args) {
  const child = spawn(program, args, { env: plainEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const found = [];
  for await (const line of createInterface(child.stdout)) found.push(JSON.parse(line));
  const [code] = await ended;
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
  return found;
}

const python = join(installJudges(here("requirements.txt")), "python");
const program = process.env.SIROCCO_TEST_SERVER ?? build();

function build() {
  buildProgram("sirocco-tests", "scripted-worker");
  return buildProgram("sirocco-tests", "scripted-server");
}

const server = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
try {
  const [line] = await once(createInterface(server.stdout), "line");
  const { address } = JSON.parse(line);
  const found = [
    ...(await checks(python, [here("ask.py"), address])),
    ...(await checks(process.execPath, [here("ask.mjs"), address])),
  ];
  const faults = found.filter(({ fault }) => fault !== null);
  for (const { client, route, field, mode, fault } of faults) console.error(`${client}: ${route}, ${field}, ${mode}: ${fault}`);
  const readme = readFileSync(here("README.md"), "utf8");
  const [before] = readme.split("\n| Route |");
  const wanted = `${before}\n${table(found)}`;
  if (process.argv.includes("--write")) writeFileSync(here("README.md"), wanted);
  else if (readme !== wanted) console.error("the table in tests/clients/README.md is stale: run `node run.mjs --write` there");
  console.log(`${found.length - faults.length} passed, ${faults.length} failed`);
  const isStale = !process.argv.includes("--write") && readme !== wanted;
  process.exitCode = faults.length === 0 && found.length > 0 && !isStale ? 0 : 1;
} finally {
  server.stdin.end();
}
