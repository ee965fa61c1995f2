// The .deb in a Debian 12 that has nothing else: installed by apt, used by a user, upgraded, removed.
//
// Needs root and debootstrap. The display is outside of the tree, so that nothing but the package's own
// dependencies is inside.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { cpuPercent, memoryMb } from "./processes.mjs";
import { check, inFolder, line, must, onDisplay, packageOf, run, withWindow } from "./trying.mjs";

const MODEL = process.env.SIROCCO_TEST_MODEL;
const MIRROR = process.env.SIROCCO_DEBIAN_MIRROR ?? "http://deb.debian.org/debian";
const USER = "ada";
const DATA = `home/${USER}/.local/share/sirocco`;

/** What an app at rest may take, and its start with many conversations. */
const IDLE_PERCENT = 1;
const SETTLING_MS = 20_000;
const RESTING_S = 20;
const WARM_MS = 1000;
const CONVERSATIONS = 10_000;
const WARM_STARTS = 3;

/** Lets the system forget what it has read of files, so that they are read from the disk again. */
const FORGET = `
import os, sys
for place in sys.argv[1:]:
    for folder, _, names in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                file = os.open(path, os.O_RDONLY)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(file)
`;

/** A command inside of the tree, as words for `spawn`. */
function inside(tree, user, words, environment = {}) {
  const variables = Object.entries({ PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: user === "root" ? "/root" : `/home/${user}`, DEBIAN_FRONTEND: "noninteractive", ...environment });
  const script = 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/dev/shm" && user=$2 && cd "$1" && shift 2 && exec chroot --userspec="$user" . "$@"';
  const settings = variables.map(([name, value]) => `${name}=${value}`);
  return ["unshare", ["--mount", "sh", "-c", script, "sh", tree, user, "env", "-i", ...settings, ...words]];
}

const root = (tree, ...words) => must(...inside(tree, "root", words));
const ada = (tree, ...words) => run(...inside(tree, USER, words));
const installed = (tree) => new Set(root(tree, "dpkg-query", "--show", "--showformat", "${Package}\\n").trim().split("\n"));

/** Conversations in the form of ChatGPT's exports. */
function exported(count) {
  const message = (role, text) => ({ author: { role }, content: { content_type: "text", parts: [text] } });
  const conversation = (number) => ({
    id: `conversation-${number}`,
    title: `Sums, number ${number}`,
    create_time: 1_700_000_000 + number,
    current_node: "answer",
    mapping: {
      question: { parent: null, children: ["answer"], message: message("user", `${number} + 1?`) },
      answer: { parent: "question", children: [], message: message("assistant", `${number + 1}.`) },
    },
  });
  return JSON.stringify(Array.from({ length: count }, (_, number) => conversation(number)));
}

/** The package again, as if it were of a later version. */
function later(folder, deb) {
  const content = join(folder, "later");
  must("dpkg-deb", ["--raw-extract", deb, content]);
  const control = join(content, "DEBIAN/control");
  writeFileSync(control, readFileSync(control, "utf8").replace(/^Version: .*$/m, "$&+later"));
  const path = join(folder, "later.deb");
  must("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", content, path]);
  return path;
}

function install(tree, deb) {
  copyFileSync(deb, join(tree, "tmp", basename(deb)));
  return root(tree, "apt-get", "install", "--yes", "--no-install-recommends", `/tmp/${basename(deb)}`);
}

/** A fresh copy of a fresh Debian; made once. */
function tree(folder) {
  const fresh = process.env.SIROCCO_DEBIAN_TREE;
  if (!existsSync(join(fresh, "etc/debian_version"))) {
    mkdirSync(fresh, { recursive: true });
    must("debootstrap", ["--variant=minbase", "bookworm", fresh, MIRROR]);
  }
  const copy = join(folder, "debian");
  must("cp", ["--archive", "--reflink=auto", fresh, copy]);
  copyFileSync("/etc/resolv.conf", join(copy, "etc/resolv.conf"));
  return copy;
}

await inFolder("debian", async (folder) => {
  const debian = tree(folder);
  const deb = packageOf(".deb");
  root(debian, "apt-get", "update");
  root(debian, "useradd", "--create-home", USER);
  const before = installed(debian);
  const begun = performance.now();
  install(debian, deb);
  line("clean Debian: installation with dependencies", Math.round((performance.now() - begun) / 1000), "s");
  line("clean Debian: packages that came with it", installed(debian).size - before.size - 1);
  const programs = ["/usr/bin/sirocco", "/usr/bin/sirocco-desktop", ...readdirSync(join(debian, "usr/lib/sirocco/workers")).map((name) => `/usr/lib/sirocco/workers/${name}`)];
  const linked = root(debian, "ldd", ...programs);
  check("clean Debian: every library is there", !linked.includes("not found"), linked);

  copyFileSync(MODEL, join(debian, "home", USER, basename(MODEL)));
  const added = ada(debian, "sirocco", "add", `/home/${USER}/${basename(MODEL)}`);
  check("clean Debian: the command adds a model", added.code === 0, added.text);
  await onDisplay(async (display) => {
    const window = inside(debian, USER, ["sirocco-desktop"], { DISPLAY: display.name });
    must("sync", []);
    must("python3", ["-c", FORGET, join(debian, "usr")]);
    const { drawn_ms, code } = await withWindow(display, ...window, {}, async (pid) => {
      await pause(SETTLING_MS);
      line("clean Debian: memory at rest, the web view's included", Math.round(memoryMb(pid)), "MB");
      const asked = performance.now();
      const answer = ada(debian, "sirocco", "chat", "What is the capital of France?");
      line("clean Debian: load and answer", Math.round((performance.now() - asked) / 1000), "s");
      check("clean Debian: the real model answers in the window's process", answer.text.includes("Paris"), answer.text);
      await pause(SETTLING_MS);
      const idle_percent = await cpuPercent(pid, RESTING_S);
      line("clean Debian: idle processor with a model loaded, of one core", idle_percent, "%", IDLE_PERCENT, idle_percent <= IDLE_PERCENT);
    });
    line("clean Debian: cold start to the drawn page", Math.round(drawn_ms), "ms");
    check("clean Debian: the window closes in order", code === 0, code);

    writeFileSync(join(debian, "home", USER, "conversations.json"), exported(CONVERSATIONS));
    const imported = ada(debian, "sirocco", "import-chats", `/home/${USER}/conversations.json`);
    check("clean Debian: many conversations are imported", imported.code === 0, imported.text);
    const starts = [];
    for (let start = 0; start < WARM_STARTS; start += 1) {
      starts.push((await withWindow(display, ...window, {}, () => {})).drawn_ms);
    }
    const warm_ms = Math.round(Math.min(...starts));
    line(`clean Debian: warm start to the drawn page, ${CONVERSATIONS} conversations`, warm_ms, "ms", WARM_MS, warm_ms <= WARM_MS);
  });

  const words = () => ada(debian, "sirocco", "export", "capital of France").text;
  const said = words();
  install(debian, later(folder, deb));
  const version = root(debian, "dpkg-query", "--show", "sirocco");
  check("clean Debian: a later version is installed over it", version.includes("+later"), version);
  const kept = words();
  check("clean Debian: an upgrade keeps every word", kept === said && kept.includes("Paris"), kept);

  const removed = root(debian, "apt-get", "remove", "--yes", "sirocco");
  check("clean Debian: removal says where the data is", removed.includes("~/.local/share/sirocco"), removed);
  check("clean Debian: removal leaves the data", existsSync(join(debian, DATA, "sirocco.db")));
  const left = ["usr/bin/sirocco", "usr/bin/sirocco-desktop", "usr/lib/sirocco"].filter((path) => existsSync(join(debian, path)));
  check("clean Debian: removal leaves nothing of the programs", left.length === 0, left);
});
