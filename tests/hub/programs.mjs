// Our programs, and how all programs here are run.

import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Only a broken program takes longer for anything that is waited for. */
const PATIENCE_MS = 60_000;

export const targetFolder = () => resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** Builds a program of the workspace and answers its path. */
export function buildProgram(packageName, name) {
  const args = ["build", "--quiet", "--package", packageName, "--bin", name, "--message-format", "json"];
  const lines = execFileSync("cargo", args, { cwd: root, maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
  const messages = lines.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return messages.findLast((message) => message.executable && message.target.name === name).executable;
}

/** What to do after all tests of a file, the last first. `after` is the hook of the test runner. */
export function ending(after) {
  const acts = [];
  after(async () => {
    for (const act of acts.reverse()) await act();
  });
  return (act) => acts.push(act);
}

/** A folder that goes with the tests of a file. */
export function temporaryFolder(atEnd) {
  const folder = mkdtempSync(join(tmpdir(), "sirocco-judges-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program to its end: exit code and what it printed. It sees no proxy and no network beyond loopback. */
export function runProgram(program, args, environment = {}) {
  const { promise, resolve: end } = Promise.withResolvers?.() ?? deferred();
  const options = { env: { ...plainEnvironment(), ...environment }, maxBuffer: 1 << 26, timeout: PATIENCE_MS };
  execFile(program, args, options, (error, stdout, stderr) => {
    end({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr });
  });
  return promise;
}

// Node 20 has no `Promise.withResolvers`.
function deferred() {
  let resolve;
  const promise = new Promise((given) => (resolve = given));
  return { promise, resolve };
}

/** The environment without what would lead a client elsewhere. */
export function plainEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(HF_|HUGGING|SIROCCO_HOME)|proxy$/i.test(name));
  return { ...Object.fromEntries(kept), NO_PROXY: "127.0.0.1,localhost" };
}

/** The scripted hub: its addresses, its log, and what it can be told. */
export async function startHub(atEnd, args = []) {
  const child = spawn(process.env.SIROCCO_TEST_HUB, ["--end-with-stdin", ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  atEnd(() => stop(child, () => child.stdin.end()));
  const [line] = await once(createInterface(child.stdout), "line");
  const addresses = JSON.parse(line);
  const tell = async (method, path, body) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(addresses.control + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  return { ...addresses, tell, log: async () => (await tell("GET", "/log")).json() };
}

/** Starts a server and waits until it answers at `address`. */
export async function startServer(atEnd, program, args, options, address) {
  let complaints = "";
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  child.stdout.on("data", (text) => (complaints += text));
  child.stderr.on("data", (text) => (complaints += text));
  atEnd(() => stop(child, () => child.kill("SIGTERM")));
  const end = Date.now() + PATIENCE_MS;
  while (child.exitCode === null && Date.now() < end) {
    const answer = await fetch(address).catch(() => undefined);
    if (answer) return;
    // Nothing tells when a foreign server is ready.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${program} does not answer at ${address}: ${complaints.slice(-2000)}`);
}

async function stop(child, ask) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  ask();
  const limit = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(limit);
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
