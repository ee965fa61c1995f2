// What the scripts of this folder share: their lines, commands, and a display with a look at what is on it.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** For an answer of the model on a busy machine. */
const PATIENCE_MS = 240_000;

/** Prints one measured value. Without a bar it informs. */
export function line(name, value, unit = "", bar = null, ok = true) {
  console.log(JSON.stringify({ name, value, unit, bar, ok }));
}

/** Prints that something is as it has to be, or says on standard error how it was. */
export function check(name, holds, seen = "") {
  if (!holds) console.error(`${name}: ${seen}`);
  line(name, holds ? 1 : 0, "", 1, holds);
}

/** Runs a command to its end and answers its exit code, all that it printed, and what of it went to standard output. */
export function run(command, words, options = {}) {
  const done = spawnSync(command, words, { encoding: "utf8", maxBuffer: 1 << 28, timeout: PATIENCE_MS * 4, ...options });
  if (done.error) throw done.error;
  return { code: done.status, text: `${done.stdout}${done.stderr}`, out: done.stdout };
}

/** Runs a command that has to succeed and answers what it printed. */
export function must(command, words, options) {
  const { code, text } = run(command, words, options);
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${code}: ${text.slice(-2000)}`);
  return text;
}

/** The finished package with this ending, and this beginning. */
export function packageOf(ending, beginning = "") {
  const folder = process.env.SIROCCO_PACKAGES;
  const name = readdirSync(folder).find((file) => file.endsWith(ending) && file.startsWith(beginning));
  if (!name) throw new Error(`there is no ${beginning}…${ending} in ${folder}`);
  return join(folder, name);
}

/** A folder that is gone when the work is done. */
export async function inFolder(name, work) {
  const folder = mkdtempSync(join(tmpdir(), `sirocco ${name} `));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks again and again until the answer is one. */
export async function eventually(what, ask) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(20);
  }
}

/** A display without a window manager, for as long as the work takes. */
export async function onDisplay(work) {
  return inFolder("display", async (folder) => {
    // It finds a free number itself and tells it.
    const server = spawn("Xvfb", ["-displayfd", "3", "-ac", "-screen", "0", "1280x900x24", "-fbdir", folder], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    let number = "";
    server.stdio[3].on("data", (bytes) => (number += bytes));
    try {
      await eventually("the display", () => number.endsWith("\n"));
      return await work({ name: `:${number.trim()}`, colours: () => coloursOf(join(folder, "Xvfb_screen0")) });
    } finally {
      server.kill();
    }
  });
}

/** How many colours the pixels of a picture in the format of xwd have. A seventh of them is enough to find text. */
function coloursOf(path) {
  const picture = readFileSync(path);
  const [header, colours] = [picture.readUInt32BE(0), picture.readUInt32BE(76)];
  const pixels = picture.subarray(header + colours * 12);
  const seen = new Set();
  for (let at = 0; at + 4 <= pixels.length; at += 28) seen.add(pixels.readUInt32LE(at) & 0xffffff);
  return seen.size;
}

/**
 * Starts a window, waits until a page is drawn, does the work with the process's id, and closes it as a click on its
 * cross does. Answers the milliseconds to the page and the exit code.
 */
export async function withWindow(display, command, words, options, work) {
  const begun = performance.now();
  const window = spawn(command, words, { stdio: ["ignore", "ignore", "inherit"], ...options });
  const ended = new Promise((resolve) => window.once("exit", (code) => resolve(code)));
  try {
    // An empty page has one colour; text has many.
    await eventually("the page", () => display.colours() > 20);
    const drawn_ms = performance.now() - begun;
    await work(window.pid);
    const closing = join(import.meta.dirname, "../window/close_window.py");
    must("python3", [closing, String(window.pid)], { env: { ...process.env, DISPLAY: display.name } });
    const code = await Promise.race([ended, pause(60_000, "did not end", { ref: false })]);
    return { drawn_ms, code };
  } finally {
    window.kill("SIGKILL");
  }
}
