// The desktop of the tests' session bus: its tray, in which the program shows itself, and its notifications.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 60_000;
/** For a long answer on a busy machine. */
const LONG_PATIENCE_MS = 240_000;

export class Tray {
  #process = spawn(process.env.SIROCCO_TEST_TRAY, [], { stdio: ["pipe", "pipe", "inherit"] });
  #lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();

  /** Before the program starts: it looks for a tray once. */
  async open() {
    await this.#line();
  }

  /** Waits until the menu has an entry whose label this matches, and answers that label. */
  async until(pattern) {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const labels = await this.#ask("menu");
      const found = labels?.find((label) => pattern.test(label));
      if (found) return found;
      if (performance.now() > deadline) throw new Error(`the tray says ${JSON.stringify(labels)}, not ${pattern}`);
      await pause(100);
    }
  }

  /** Chooses the entry with this label. */
  async choose(label) {
    await this.#ask(`choose ${label}`);
  }

  /** Waits until a notification has this title, and answers its text. */
  async notice(pattern) {
    const deadline = performance.now() + LONG_PATIENCE_MS;
    for (;;) {
      const notices = await this.#ask("notices");
      const found = notices.find(([title]) => pattern.test(title));
      if (found) return found[1];
      if (performance.now() > deadline) throw new Error(`the desktop was told ${JSON.stringify(notices)}, not ${pattern}`);
      await pause(100);
    }
  }

  /** Clicks the last notification. */
  async clickNotice() {
    await this.#ask("click");
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin.end();
    await ended;
  }

  async #ask(line) {
    this.#process.stdin.write(`${line}\n`);
    return JSON.parse(await this.#line());
  }

  async #line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the tray has ended");
    return value;
  }
}
