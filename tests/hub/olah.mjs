// `olah`, a mirror of the Hub by other people: as a caching proxy in front of a hub, or over git repositories.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort, plainEnvironment, startServer } from "./programs.mjs";

/** Starts olah in front of a hub and answers its address. */
export function startProxy(atEnd, folder, hub) {
  const host = (address) => new URL(address).host;
  return start(atEnd, folder, {
    "hf-scheme": "http",
    "hf-netloc": host(hub.hub),
    "hf-lfs-netloc": host(hub.cdn),
  });
}

/** Starts olah over git repositories, `models/owner/name` below `mirrors`, and answers its address. */
export function startMirror(atEnd, folder, mirrors) {
  return start(atEnd, folder, { "mirrors-path": [mirrors] }, ["[accessibility]", "offline = true"]);
}

async function start(atEnd, folder, settings, more = []) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const basic = { host: "127.0.0.1", port, "mirror-netloc": `127.0.0.1:${port}`, "repos-path": join(folder, "repos") };
  const lines = Object.entries({ ...basic, ...settings }).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const configuration = join(folder, "olah.toml");
  writeFileSync(configuration, ["[basic]", ...lines, ...more, ""].join("\n"));
  const args = ["--config", configuration, "--log-path", join(folder, "logs")];
  const address = `http://127.0.0.1:${port}`;
  const program = join(process.env.SIROCCO_JUDGES, "olah-cli");
  await startServer(atEnd, program, args, { cwd: folder, env: plainEnvironment() }, address);
  return address;
}

/** Makes a git repository of files that lie in a folder; models become large files, as git-lfs keeps them. */
export function makeRepository(files, repository) {
  mkdirSync(repository, { recursive: true });
  const git = (...args) => {
    const who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false"];
    execFileSync("git", [...who, ...args], { cwd: repository, stdio: ["ignore", "ignore", "inherit"] });
  };
  git("init", "--quiet", "--initial-branch", "main");
  for (const [path, bytes] of Object.entries(files)) {
    const place = join(repository, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, path.endsWith(".gguf") ? pointer(bytes, repository) : bytes);
  }
  git("add", "--all");
  git("commit", "--quiet", "--message", "Upload");
}

function pointer(bytes, repository) {
  const oid = createHash("sha256").update(bytes).digest("hex");
  const object = join(repository, ".git/lfs/objects", oid.slice(0, 2), oid.slice(2, 4), oid);
  mkdirSync(dirname(object), { recursive: true });
  writeFileSync(object, bytes);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
}
