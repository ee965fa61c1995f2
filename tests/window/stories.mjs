// The real window, driven over the W3C WebDriver protocol by WebKitWebDriver, with the real worker and model.
//
// SIROCCO_DESKTOP, SIROCCO_WORKER_DIR and SIROCCO_TEST_MODEL are set by `cargo xtask test`.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE = 240_000;
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const home = mkdtempSync(join(tmpdir(), "sirocco-window-"));
const environment = { ...process.env, SIROCCO_HOME: home, WEBKIT_DISABLE_DMABUF_RENDERER: "1" };
let driver;
let base;
let session;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ask(method, path, body) {
  const response = await fetch(`${base}${path}`, { method, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
  return value;
}

/** Asks again until the answer is truthy; the window has no event that would say so. */
async function eventually(what, question, patience = 60_000) {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await question().catch(() => undefined);
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${patience / 1000} s`);
    await pause(200);
  }
}

const script = (text) => ask("POST", `/session/${session}/execute/sync`, { script: text, args: [] });

async function type(selector, text) {
  const find = () => ask("POST", `/session/${session}/element`, { using: "css selector", value: selector });
  const element = await eventually(`a ${selector}`, find);
  await ask("POST", `/session/${session}/element/${element[ELEMENT]}/value`, { text });
}

async function open() {
  const options = { binary: process.env.SIROCCO_DESKTOP, args: [] };
  const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
  session = (await ask("POST", "/session", { capabilities })).sessionId;
}

async function close() {
  await ask("DELETE", `/session/${session}`);
  await eventually("letting go of the data folder", async () => !existsSync(join(home, "owner.json")), 20_000);
}

before(async () => {
  mkdirSync(join(home, "models"));
  const own = join(home, "models", basename(process.env.SIROCCO_TEST_MODEL));
  try {
    linkSync(process.env.SIROCCO_TEST_MODEL, own);
  } catch {
    copyFileSync(process.env.SIROCCO_TEST_MODEL, own);
  }
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  driver = spawn("WebKitWebDriver", [`--port=${port}`], { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  await eventually("an answer of the driver", async () => (await ask("GET", "/status")).ready);
  await open();
});

after(() => {
  driver?.kill();
  rmSync(home, { recursive: true, force: true });
});

test("the window answers with the real model", async () => {
  await type('textarea[aria-label="Message"]', "What is the capital of France? Answer in one short sentence.\uE007");
  const answer = "return document.querySelector('article.model')?.innerText ?? ''";
  const text = await eventually("an answer", async () => {
    const written = await script(answer);
    return written.includes("tok/s") && written;
  }, PATIENCE);
  assert.match(text, /Paris/);
});

test("the page has no way to the files of the machine", async () => {
  const reached = await script("return Object.keys(window.__TAURI__ ?? {}).length");
  assert.equal(reached, 0);
});

test("a second launch ends at once and leaves the first one running", async () => {
  const second = spawn(process.env.SIROCCO_DESKTOP, [], { env: environment, stdio: "inherit" });
  const code = await new Promise((resolve) => second.once("exit", resolve));
  assert.equal(code, 0);
  assert.ok(JSON.parse(readFileSync(join(home, "owner.json"), "utf8")).pid !== second.pid);
});

test("the conversation is still there in the next window", async () => {
  await eventually("the end of the window", async () => {
    await close();
    return true;
  });
  await open();
  await eventually("the conversation in the list", () =>
    script("return document.body.innerText.includes('What is the capital of France')"),
  );
  await close();
});
