// The scripted hub judged by `olah`, which reads it by its own idea of the protocol and serves it by its own.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startProxy } from "./olah.mjs";
import { ending, startHub, temporaryFolder } from "./programs.mjs";
import { gitObject, PythonUser, sha256 } from "./python.mjs";

const atEnd = ending(after);
const folder = temporaryFolder(atEnd);
let hub;
let proxy;
let user;

before(async () => {
  hub = await startHub(atEnd);
  proxy = await startProxy(atEnd, join(folder, "olah"), hub);
  user = new PythonUser(proxy, join(folder, "user"));
});

test("hf downloads a repository through olah", async () => {
  const place = join(folder, "place");
  const got = await user.hf("download", "sample/tiny-GGUF", "--local-dir", place);
  assert.equal(got.code, 0, got.stderr);
  const direct = new PythonUser(hub.hub, join(folder, "direct"));
  for (const [path, file] of Object.entries(await direct.ask("tree", "sample/tiny-GGUF"))) {
    const local = join(place, path);
    if (file.sha256) assert.equal(sha256(local), file.sha256, path);
    else assert.equal(gitObject(local), file.oid, path);
  }
});

test("a large file keeps its bytes, and is fetched once", async () => {
  const fetched = async () => {
    const requests = (await hub.log()).filter((request) => request.origin === "cdn" && request.path.includes("large"));
    return requests.reduce((bytes, request) => bytes + request.sent_bytes, 0);
  };
  const path = join(folder, "large", "large-Q8_0.gguf");
  const args = ["download", "sample/large-GGUF", "large-Q8_0.gguf", "--local-dir"];
  const got = await user.hf(...args, join(folder, "large"));
  assert.equal(got.code, 0, got.stderr);
  const { "large-Q8_0.gguf": file } = await user.ask("tree", "sample/large-GGUF");
  assert.equal(sha256(path), file.sha256);
  const before = await fetched();
  assert.ok(before >= file.size);
  const again = await user.hf(...args, join(folder, "again"), "--force-download");
  assert.equal(again.code, 0, again.stderr);
  assert.equal(await fetched(), before);
});

test("a part is answered with the part", async () => {
  const url = `${proxy}/sample/large-GGUF/resolve/main/large-Q8_0.gguf`;
  const answer = await fetch(url, { headers: { range: "bytes=100-199" } });
  assert.equal(answer.status, 206);
  assert.equal(answer.headers.get("content-range"), "bytes 100-199/67108864");
});

test("refusals come through", async () => {
  assert.deepEqual(await user.ask("download", "sample/gated-GGUF", "gated-Q8_0.gguf"), { exception: "GatedRepoError" });
  const friend = new PythonUser(proxy, join(folder, "friend"), "hf_friend");
  const got = await friend.hf("download", "sample/gated-GGUF", "gated-Q8_0.gguf");
  assert.equal(got.code, 0, got.stderr);
});
