// How evenly the window draws while an answer streams in: the same answer, at 100 tokens a second, into a conversation of 10
// turns and into one of 2,000, in turns. One JSON line each, as `cargo xtask bench chat` reads them; the distribution of frame
// times goes to standard error. Then what the window costs while nothing happens, and whether its memory stays over minutes.
//
// The worker follows a script, so the model takes no processor. SIROCCO_MINUTES shortens the last part.

import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runProgram, startHub, temporaryFolder } from "../hub/programs.mjs";
import { cpuPercent, memoryOf } from "../package/processes.mjs";
import { line } from "../package/trying.mjs";
import { Desktop } from "./desktop.mjs";

const LONG = 2_000;
const SHORT = 10;
const ROUNDS = 3;
const TOKENS_A_SECOND = 100;
const WARM_UP_MS = 3_000;
const MEASURED_MS = 15_000;
const IDLE_S = 30;
const MINUTES = Number(process.env.SIROCCO_MINUTES ?? 10);

const RATIO_BAR = 1.2;
const FRAME_BAR_MS = 100;
const OPEN_BAR_MS = 300;
const IDLE_BAR_PERCENT = 1;
/** What allocators keep of what was freed differs by so much from minute to minute. */
const MEMORY_BAR = 1.1;

const SETTLING_MS = 5_000;

const PARAGRAPH = "A sirocco comes from the **south**: dry over the desert, damp by the time it has crossed the sea. It carries dust.";
/** Text as models write it, for about 20 seconds. */
const ANSWER = Array.from({ length: 12 }, (_, at) =>
  [`## Wind ${at + 1}`, PARAGRAPH, "- It is warm.\n- It is `dry`.\n- It lasts three days.", PARAGRAPH, "```python\ndef wind(day):\n    return day % 3\n```"].join("\n\n"),
).join("\n\n");

const titled = (turns) => `${turns} turns`;
const below = (name, value, unit, bar) => line(name, value, unit, bar, value <= bar);

const acts = [];
const atEnd = (act) => acts.push(act);
try {
  await measure();
} finally {
  for (const act of acts.reverse()) await act();
}

async function measure() {
  const desktop = await prepare();
  await desktop.open();
  const { page } = desktop;
  await page.resize(1280, 800);
  await page.until("both conversations", () => document.querySelectorAll("[data-row]").length === 2);
  await prepareAnswers(page);

  const frames = { [SHORT]: [], [LONG]: [] };
  const openings = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const turns of [SHORT, LONG]) {
      const opened = await open(page, turns);
      // The first time, code of the interface is read that is there later.
      if (turns === LONG && round > 0) openings.push(opened);
      await ask(page);
      await pause(WARM_UP_MS);
      frames[turns].push(...(await framesOf(page, MEASURED_MS)));
      await ended(page);
    }
  }
  for (const turns of [SHORT, LONG]) console.error(`frames while an answer streams into ${turns} turns:\n${histogram(frames[turns])}`);
  for (const [name, share] of [["median", 0.5], ["95th percentile", 0.95]]) {
    const [short, long] = [SHORT, LONG].map((turns) => quantile(frames[turns], share));
    line(`${name} of frame times, ${SHORT} turns`, short, "ms");
    line(`${name} of frame times, ${LONG} turns`, long, "ms");
    below(`${name} of frame times, ratio`, long / short, "x", RATIO_BAR);
  }
  for (const turns of [SHORT, LONG]) below(`longest frame, ${turns} turns`, Math.max(...frames[turns]), "ms", FRAME_BAR_MS);
  below(`opening ${LONG} turns`, quantile(openings, 0.5), "ms", OPEN_BAR_MS);

  await pause(SETTLING_MS);
  below("processor while idle with a model loaded", await cpuPercent(desktop.pid, IDLE_S), "%", IDLE_BAR_PERCENT);

  const { early, late } = await streamFor(desktop, MINUTES * 60_000);
  line("memory after the first fifth of the streaming", early, "MB");
  below("memory at its end, ratio", late / early, "x", MEMORY_BAR);
}

/** A data folder with the two conversations, and a model whose worker follows the script. */
async function prepare() {
  const folder = temporaryFolder(atEnd);
  const { hub } = await startHub(atEnd);
  const sirocco = async (home, ...words) => {
    const { code, stdout, stderr } = await runProgram(process.env.SIROCCO_CLI, ["--home", home, ...words], { HF_ENDPOINT: hub });
    if (code !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
    return stdout;
  };
  const shelf = join(folder, "shelf");
  await sirocco(shelf, "get", "sample/tiny-GGUF:Q8_0");
  const [{ path }] = JSON.parse(await sirocco(shelf, "ls", "--json"));
  const model = join(folder, "tiny.gguf");
  linkSync(path, model);

  const workers = join(folder, "workers");
  mkdirSync(workers);
  symlinkSync(process.env.SIROCCO_TEST_WORKER, join(workers, "sirocco-worker-mistralrs-cpu-baseline"));
  Object.assign(process.env, { SIROCCO_TEST_MODEL: model, SIROCCO_WORKER_DIR: workers });
  const desktop = new Desktop();
  atEnd(() => desktop.remove());
  desktop.put("models/tiny.gguf.script.json", JSON.stringify({ answer: ANSWER, token_ms: 1_000 / TOKENS_A_SECOND }));
  const chats = join(folder, "conversations.json");
  writeFileSync(chats, JSON.stringify([LONG, SHORT].map(conversation)));
  await sirocco(desktop.home, "import-chats", chats);
  return desktop;
}

/** As ChatGPT writes them out: so many questions, each with its answer. */
function conversation(turns) {
  const mapping = {};
  let parent = null;
  for (let at = 0; at < 2 * turns; at++) {
    const [role, text] = at % 2 === 0 ? ["user", `Question ${at / 2}: which wind blows here?`] : ["assistant", PARAGRAPH];
    const id = `m${at}`;
    mapping[id] = { id, parent, children: [], message: { id, author: { role }, content: { content_type: "text", parts: [text] }, create_time: 1.7e9 + at } };
    if (parent) mapping[parent].children = [id];
    parent = id;
  }
  return { id: titled(turns), title: titled(turns), create_time: 1.7e9, update_time: 1.7e9 + turns, current_node: parent, mapping };
}

/** What does not fit into the context is left out, and no title is written. */
function prepareAnswers(page) {
  return page.run(async () => {
    const call = (command, payload) => window.__TAURI_INTERNALS__.invoke("rpc", { command, payload });
    const settings = await call("settings_get", {});
    Object.assign(settings, { titles: "off", notify_answers: false });
    settings.default_parameters.context_overflow = "drop_oldest";
    await call("settings_set", { settings });
  });
}

/** Opens a conversation from the list; answers the milliseconds until its end has been drawn. */
async function open(page, turns) {
  await page.run((title) => {
    const row = [...document.querySelectorAll("[data-row]")].find((row) => row.innerText.includes(title));
    const begun = performance.now();
    delete document.body.dataset.opened;
    row.click();
    const look = () => {
      const log = document.querySelector('[role="log"]');
      const isAtEnd = log && log.scrollHeight - log.clientHeight - log.scrollTop < 10;
      const isIt = document.title.includes(title) && document.querySelector("article.model") !== null;
      if (!isAtEnd || !isIt) return requestAnimationFrame(look);
      // The frame is over when the task after its painting runs.
      requestAnimationFrame(() => setTimeout(() => (document.body.dataset.opened = performance.now() - begun)));
    };
    look();
  }, titled(turns));
  return Number(await page.until("the end of the conversation", () => document.body.dataset.opened));
}

async function ask(page) {
  await page.click('textarea[aria-label="Message"]');
  await page.type("Go on.");
  await page.press("Enter");
  await page.until("an answer that grows", () => document.querySelector('[role="log"]')?.ariaBusy === "true");
}

function ended(page) {
  return page.until("the end of the answer", () => document.querySelector('[role="log"]')?.ariaBusy === "false");
}

/** Milliseconds from each frame to the next, as long as this. */
async function framesOf(page, duration) {
  await page.run((duration) => {
    delete document.body.dataset.frames;
    const times = [];
    const note = (now) => {
      times.push(now);
      if (now - times[0] < duration) return requestAnimationFrame(note);
      document.body.dataset.frames = JSON.stringify(times);
    };
    requestAnimationFrame(note);
  }, duration);
  const times = JSON.parse(await page.until("the frames", () => document.body.dataset.frames));
  return times.slice(1).map((time, at) => time - times[at]);
}

/** One answer after another in a new conversation. Answers the middle memory of the second fifth of the time and of the last. */
async function streamFor(desktop, duration) {
  const { page } = desktop;
  await page.press("Control+N");
  const begun = performance.now();
  const samples = [];
  for (let passed = 0; passed < duration; passed = performance.now() - begun) {
    const busy = await page.run(() => document.querySelector('[role="log"]')?.ariaBusy === "true");
    if (!busy) await ask(page);
    const used = memoryOf(desktop.pid);
    if (samples.length % 20 === 0) console.error(`memory after ${Math.round(passed / 1_000)} s: ${used.map(({ name, mb }) => `${name} ${Math.round(mb)}`).join(", ")} MB`);
    samples.push([passed / duration, used.reduce((sum, { mb }) => sum + mb, 0)]);
    await pause(duration / 120);
  }
  const middle = (from, to) => quantile(samples.filter(([share]) => share >= from && share < to).map(([, used]) => used), 0.5);
  return { early: middle(0.2, 0.4), late: middle(0.8, 1) };
}

function quantile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function histogram(times) {
  const edges = [8, 12, 17, 25, 34, 50, 67, 100, Infinity];
  return edges
    .map((edge, at) => {
      const count = times.filter((time) => time <= edge && time > (edges[at - 1] ?? 0)).length;
      return `  up to ${String(edge).padStart(8)} ms ${String(count).padStart(6)}  ${"#".repeat(Math.round((60 * count) / times.length))}`;
    })
    .join("\n");
}
