// The scripted hub judged by the npm packages `@huggingface/hub` and `@huggingface/gguf`.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { gguf, ggufAllShards } from "@huggingface/gguf";
import { downloadFile, fileDownloadInfo, listFiles, listModels, modelInfo, whoAmI } from "@huggingface/hub";
import { ending, startHub } from "./programs.mjs";

const repo = "sample/tiny-GGUF";
const path = "tiny-Q8_0.gguf";
const atEnd = ending(after);
let hub;
let hubUrl;

before(async () => {
  hub = await startHub(atEnd);
  hubUrl = hub.hub;
});

const all = (items) => Array.fromAsync?.(items) ?? collect(items);

// Node 20 has no `Array.fromAsync`.
async function collect(items) {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

test("models are listed over several pages", async () => {
  await hub.tell("POST", "/page-cap", 5);
  const search = { tags: ["gguf"], task: "text-generation" };
  const models = await all(listModels({ hubUrl, search, sort: "likes", additionalFields: ["tags", "filePaths"] }));
  assert.equal(models.length, 16);
  assert.ok(models.every((model) => model.tags.includes("gguf") && model.filePaths.length > 0));
  assert.deepEqual(models.find((model) => model.name === "sample/gated-GGUF").gated, "manual");
  const owned = await all(listModels({ hubUrl, search: { owner: "sample", query: "tiny" } }));
  assert.deepEqual(owned.map((model) => model.name), [repo]);
});

test("files are listed with their hashes", async () => {
  const files = await all(listFiles({ hubUrl, repo, recursive: true, expand: true }));
  const folders = files.filter((file) => file.type === "directory").map((file) => file.path);
  assert.deepEqual(folders, ["notes"]);
  const model = files.find((file) => file.path === path);
  assert.match(model.lfs.oid, /^[0-9a-f]{64}$/);
  assert.equal(model.lfs.size, model.size);
  assert.equal(model.securityFileStatus.status, "safe");
});

test("a model is described by branch and by commit", async () => {
  const newest = await modelInfo({ hubUrl, name: repo, additionalFields: ["sha", "cardData"] });
  assert.equal(newest.cardData.license, "apache-2.0");
  const pinned = await modelInfo({ hubUrl, name: repo, revision: newest.sha, additionalFields: ["sha"] });
  assert.equal(pinned.sha, newest.sha);
});

test("size and tag of a file are told by one request for its first byte", async () => {
  const told = await fileDownloadInfo({ hubUrl, repo, path });
  const small = await fileDownloadInfo({ hubUrl, repo, path: "README.md" });
  const { size } = (await all(listFiles({ hubUrl, repo }))).find((file) => file.path === path);
  assert.equal(told.size, size);
  assert.match(small.etag, /^"[0-9a-f]{40}"$/);
  assert.equal(await fileDownloadInfo({ hubUrl, repo, path: "none" }), null);
});

test("a downloaded file has the hash that was told", async () => {
  const file = (await all(listFiles({ hubUrl, repo }))).find((file) => file.path === path);
  const bytes = Buffer.from(await (await downloadFile({ hubUrl, repo, path })).arrayBuffer());
  assert.equal(createHash("sha256").update(bytes).digest("hex"), file.lfs.oid);
  const spaced = await downloadFile({ hubUrl, repo, path: "notes/read me first.txt" });
  assert.match(await spaced.text(), /nothing to it/);
});

test("tokens open doors", async () => {
  const gated = { hubUrl, repo: "sample/gated-GGUF", path: "gated-Q8_0.gguf" };
  await assert.rejects(fileDownloadInfo(gated), { statusCode: 401 });
  await assert.rejects(fileDownloadInfo({ ...gated, accessToken: "hf_stranger" }), { statusCode: 403 });
  assert.ok(await fileDownloadInfo({ ...gated, accessToken: "hf_friend" }));
  const account = await whoAmI({ hubUrl, accessToken: "hf_friend" });
  assert.deepEqual([account.type, account.name], ["user", "friend"]);
  await assert.rejects(whoAmI({ hubUrl, accessToken: "hf_forged" }), { statusCode: 401 });
});

test("the header of a large model is read by ranges", async () => {
  const { metadata, tensorInfos } = await gguf(`${hubUrl}/sample/large-GGUF/resolve/main/large-Q8_0.gguf`);
  assert.equal(metadata["general.architecture"], "llama");
  assert.equal(tensorInfos.length, 21);
  const requests = (await hub.log()).filter((request) => request.origin === "cdn" && request.path.includes("large"));
  assert.ok(requests.every((request) => request.status === 206 && request.range));
  const sent = requests.reduce((bytes, request) => bytes + request.sent_bytes, 0);
  assert.ok(sent < 8_000_000, `${sent} bytes for a header`);
});

test("all shards of a model are found", async () => {
  const first = `${hubUrl}/sample/sharded-GGUF/resolve/main/Q8_0/sharded-Q8_0-00001-of-00003.gguf`;
  const { shards } = await ggufAllShards(first);
  assert.equal(shards.length, 3);
});

test("no token reached the other origin", async () => {
  const requests = await hub.log();
  assert.ok(requests.some((request) => request.origin === "hub" && request.authorized));
  assert.ok(requests.every((request) => request.origin === "hub" || !request.authorized));
});
