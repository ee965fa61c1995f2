// Our own client: against the scripted hub, through a proxy of other people, and against their mirror, which is a
// server that nobody here wrote and that ignores ranges.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeRepository, startMirror, startProxy } from "./olah.mjs";
import { buildProgram, ending, freePort, plainEnvironment, runProgram, startHub, startServer, temporaryFolder } from "./programs.mjs";
import { sha256 } from "./python.mjs";

const atEnd = ending(after);
const folder = temporaryFolder(atEnd);
let program;
let hub;
let proxy;

before(async () => {
  program = process.env.SIROCCO_CLI ?? buildProgram("sirocco-cli", "sirocco");
  hub = await startHub(atEnd);
  proxy = await startProxy(atEnd, join(folder, "olah"), hub);
});

/** A data folder of its own, and one hub that is known. */
class Person {
  constructor(name, endpoint) {
    this.home = join(folder, name);
    this.environment = { HF_ENDPOINT: endpoint, XDG_CACHE_HOME: join(folder, "cache") };
    mkdirSync(this.home);
  }

  sirocco(...args) {
    return runProgram(program, ["--home", this.home, ...args], this.environment);
  }

  async get(model) {
    const { code, stdout, stderr } = await this.sirocco("get", "--yes", model);
    assert.equal(code, 0, stdout + stderr);
  }

  /** Paths of the model files below the data folder; what is unfinished counts, too. */
  files() {
    const models = join(this.home, "models");
    if (!existsSync(models)) return [];
    const entries = readdirSync(models, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && entry.name.includes(".gguf")).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  }
}

/** What the hub says the hash of a file is. */
async function hashOf(repository, path) {
  const answer = await fetch(`${hub.hub}/api/models/${repository}/tree/main?recursive=true`);
  return (await answer.json()).find((file) => file.path === path).lfs.oid;
}

test("a model comes from the hub and is in the library", async () => {
  const person = new Person("direct", hub.hub);
  await person.get("sample/tiny-GGUF/tiny-Q8_0.gguf");
  const [file, ...others] = person.files();
  assert.deepEqual(others, []);
  assert.equal(sha256(file), await hashOf("sample/tiny-GGUF", "tiny-Q8_0.gguf"));
  assert.match((await person.sirocco("models")).stdout, /tiny/i);
});

test("a system without certificates reaches the hub, and the program that owns the data", async () => {
  const person = new Person("untrusting", hub.hub);
  const nobody = join(folder, "nobody");
  mkdirSync(nobody);
  writeFileSync(`${nobody}.pem`, "");
  Object.assign(person.environment, { SSL_CERT_DIR: nobody, SSL_CERT_FILE: `${nobody}.pem` });
  await person.get("sample/tiny-GGUF/tiny-Q8_0.gguf");
  const port = await freePort();
  const owner = ["--home", person.home, "serve-ui", "--port", String(port)];
  const env = { ...plainEnvironment(), ...person.environment };
  await startServer(atEnd, program, owner, { env }, `http://127.0.0.1:${port}`);
  const { code, stdout, stderr } = await person.sirocco("models");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /tiny/i);
});

test("a large model comes whole although its transfer is cut twice", async () => {
  for (const after_bytes of [20_000_000, 5_000_000]) {
    const on = { origin: "cdn", method: "GET", path: "large", times: 1 };
    await hub.tell("POST", "/faults", { on, fault: { cut: { after_bytes } } });
  }
  const person = new Person("cut", hub.hub);
  await person.get("sample/large-GGUF/large-Q8_0.gguf");
  assert.equal(sha256(person.files()[0]), await hashOf("sample/large-GGUF", "large-Q8_0.gguf"));
});

test("spoiled bytes are never in the library", async () => {
  const on = { origin: "cdn", method: "GET", path: "tiny-Q4_K_M", times: null };
  await hub.tell("POST", "/faults", { on, fault: { wrong_byte: { at: 50_000 } } });
  const person = new Person("spoiled", hub.hub);
  const { code, stderr } = await person.sirocco("get", "--yes", "sample/tiny-GGUF/tiny-Q4_K_M.gguf");
  assert.notEqual(code, 0);
  assert.match(stderr, /sha256/);
  assert.doesNotMatch((await person.sirocco("models")).stdout, /tiny/i);
  await hub.tell("DELETE", "/faults");
});

test("a model comes through olah", async () => {
  const person = new Person("proxied", proxy);
  await person.get("sample/large-GGUF/large-Q8_0.gguf");
  assert.equal(sha256(person.files()[0]), await hashOf("sample/large-GGUF", "large-Q8_0.gguf"));
});

test("a model comes from a mirror that ignores ranges", async () => {
  const answer = await fetch(`${hub.hub}/sample/tiny-GGUF/resolve/main/tiny-Q8_0.gguf`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const files = { "README.md": "# Tiny\n", "tiny-Q8_0.gguf": bytes };
  const mirrors = join(folder, "mirrors");
  makeRepository(files, join(mirrors, "models", "sample", "tiny-GGUF"));
  const mirror = await startMirror(atEnd, join(folder, "mirror"), mirrors);
  const url = `${mirror}/sample/tiny-GGUF/resolve/main/tiny-Q8_0.gguf`;
  assert.equal((await fetch(url, { headers: { range: "bytes=10-" } })).status, 200, "the mirror knows ranges");
  const person = new Person("mirrored", mirror);
  await person.get("sample/tiny-GGUF/tiny-Q8_0.gguf");
  assert.equal(sha256(person.files()[0]), await hashOf("sample/tiny-GGUF", "tiny-Q8_0.gguf"));
});
