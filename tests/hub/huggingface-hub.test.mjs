// The scripted hub judged by the Python package `huggingface_hub`: command line, exceptions, hashes.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ending, startHub, temporaryFolder } from "./programs.mjs";
import { gitObject, PythonUser, sha256 } from "./python.mjs";

const atEnd = ending(after);
const folder = temporaryFolder(atEnd);
let hub;
let anybody;
let friend;
let stranger;

before(async () => {
  hub = await startHub(atEnd);
  anybody = new PythonUser(hub.hub, join(folder, "anybody"));
  friend = new PythonUser(hub.hub, join(folder, "friend"), "hf_friend");
  stranger = new PythonUser(hub.hub, join(folder, "stranger"), "hf_stranger");
});

async function json(user, ...args) {
  const { code, stdout, stderr } = await user.hf(...args, "--format", "json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test("hf finds models", async () => {
  const found = await json(anybody, "models", "list", "--search", "tiny", "--filter", "gguf");
  assert.deepEqual(found.map((model) => model.id), ["sample/tiny-GGUF"]);
  const best = await json(anybody, "models", "list", "--filter", "gguf", "--sort", "downloads", "--limit", "3");
  assert.deepEqual(best.map((model) => model.downloads), [100_000, 90_000, 80_000]);
  const wide = await json(anybody, "models", "list", "--num-parameters", "min:20B,max:30B");
  assert.deepEqual(wide.map((model) => model.id).sort(), ["invented/jetty-24B-GGUF", "invented/lagoon-20B-GGUF"]);
});

test("hf describes a model", async () => {
  const model = await json(anybody, "models", "info", "sample/tiny-GGUF");
  assert.equal(model.gguf.architecture, "llama");
  assert.equal(model.card_data.license, "apache-2.0");
  assert.match(model.sha, /^[0-9a-f]{40}$/);
});

test("hf knows who it is", async () => {
  const { stdout } = await friend.hf("auth", "whoami");
  assert.match(stdout, /friend/);
  const { code } = await new PythonUser(hub.hub, join(folder, "forger"), "hf_forged").hf("auth", "whoami");
  assert.notEqual(code, 0);
});

test("hf downloads a repository and finds every hash right", async () => {
  const place = join(folder, "place");
  const got = await anybody.hf("download", "sample/tiny-GGUF", "--local-dir", place);
  assert.equal(got.code, 0, got.stderr);
  const tree = await anybody.ask("tree", "sample/tiny-GGUF");
  assert.deepEqual(Object.keys(tree).length, 5);
  for (const [path, file] of Object.entries(tree)) {
    const local = join(place, path);
    if (file.sha256) assert.equal(sha256(local), file.sha256, path);
    else assert.equal(gitObject(local), file.oid, path);
    assert.equal(file.safe, true);
  }
  assert.equal((await anybody.hf("download", "sample/tiny-GGUF")).code, 0);
  const verified = await anybody.hf("cache", "verify", "sample/tiny-GGUF");
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test("hf sees bytes that the hub spoils on purpose", async () => {
  const on = { origin: "cdn", method: "GET", path: "large-Q8_0", times: 1 };
  await hub.tell("POST", "/faults", { on, fault: { wrong_byte: { at: 5_000_000 } } });
  const got = await anybody.hf("download", "sample/large-GGUF", "large-Q8_0.gguf");
  assert.equal(got.code, 0, got.stderr);
  assert.equal((await anybody.hf("cache", "verify", "sample/large-GGUF")).code, 1);
  const again = await anybody.hf("download", "sample/large-GGUF", "large-Q8_0.gguf", "--force-download");
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await anybody.hf("cache", "verify", "sample/large-GGUF")).code, 0);
});

test("refusals are the exceptions that they should be", async () => {
  const exceptions = [
    [anybody, "download", ["sample/gated-GGUF", "gated-Q8_0.gguf"], "GatedRepoError"],
    [stranger, "download", ["sample/gated-GGUF", "gated-Q8_0.gguf"], "GatedRepoError"],
    [anybody, "info", ["sample/none"], "RepositoryNotFoundError"],
    [stranger, "info", ["sample/private-GGUF"], "RepositoryNotFoundError"],
    [anybody, "info", ["sample/tiny-GGUF", "none"], "RevisionNotFoundError"],
    [anybody, "download", ["sample/tiny-GGUF", "README.md", "none"], "RevisionNotFoundError"],
    [anybody, "download", ["sample/tiny-GGUF", "none"], "RemoteEntryNotFoundError"],
  ];
  for (const [user, question, args, exception] of exceptions) {
    assert.deepEqual(await user.ask(question, ...args), { exception }, `${question} ${args}`);
  }
  assert.equal(await friend.ask("info", "sample/private-GGUF"), "sample/private-GGUF");
  const got = await friend.hf("download", "sample/gated-GGUF", "gated-Q8_0.gguf");
  assert.equal(got.code, 0, got.stderr);
});

test("lists carry the gguf block over several pages", async () => {
  await hub.tell("POST", "/page-cap", 4);
  const models = await anybody.ask("search", "gguf");
  assert.equal(models.length, 16);
  assert.ok(models.every((model) => model.gguf.architecture && model.gguf.total > 0));
  const downloads = models.map((model) => model.downloads);
  assert.deepEqual(downloads, downloads.toSorted((a, b) => b - a));
  const pages = (await hub.log()).filter((request) => request.query.includes("cursor="));
  assert.equal(pages.length, 3);
});

test("paths and limits are understood", async () => {
  const paths = await anybody.ask("paths", "sample/tiny-GGUF", "README.md", "notes", "none");
  assert.deepEqual(paths, ["README.md", "notes"]);
  assert.deepEqual(await anybody.ask("limits"), ["api", 500, 300]);
});

test("no token reached the other origin", async () => {
  const requests = await hub.log();
  const cdn = requests.filter((request) => request.origin === "cdn");
  assert.ok(cdn.length > 0 && requests.some((request) => request.authorized));
  assert.ok(cdn.every((request) => !request.authorized));
});
