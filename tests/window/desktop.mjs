// The program with its window on the display of the tests: opened, closed, killed, and the processes around it.

import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isReady, Page } from "./webdriver.mjs";

/** For an answer of the model on a busy machine. */
const PATIENCE_MS = 240_000;
/** For everything that takes no model. */
const SHORT_PATIENCE_MS = 60_000;

/** A data folder of its own, with the test's model in it, and the window that is open on it. */
export class Desktop {
  /** What the window shows, while one is open. */
  page;
  /** Holds the data folder, and whatever else the program writes. */
  folder = mkdtempSync(join(tmpdir(), "sirocco-window-"));
  /** The data folder. */
  home = join(this.folder, "home");
  #driver;
  /** Started without one. */
  #isAlone = false;

  constructor() {
    const model = process.env.SIROCCO_TEST_MODEL;
    const models = join(this.home, "models");
    mkdirSync(models, { recursive: true });
    const own = join(models, basename(model));
    try {
      linkSync(model, own);
    } catch {
      copyFileSync(model, own);
    }
  }

  /** Puts a file into the data folder. */
  put(path, text) {
    writeFileSync(join(this.home, path), text);
  }

  /** Starts the program and waits for its window. */
  async open(more = {}) {
    const [port, nativePort] = await freePorts(2);
    const ports = ["--port", port, "--native-port", nativePort].map(String);
    this.#driver = spawn(process.env.SIROCCO_TAURI_DRIVER, ports, {
      env: { ...this.#environment(), ...more },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const base = `http://127.0.0.1:${port}`;
    await eventually("the driver is ready", () => isReady(base).catch(() => false));
    this.page = await Page.open(base, process.env.SIROCCO_DESKTOP, PATIENCE_MS);
  }

  /** Starts the program without a driver, and waits for its window: with one, web views open no dialog of the system. */
  async openAlone() {
    this.#isAlone = true;
    const program = spawn(process.env.SIROCCO_DESKTOP, [], {
      cwd: this.folder,
      env: { ...this.#environment(), HOME: this.folder },
      stdio: ["ignore", "ignore", "inherit"],
    });
    program.once("exit", () => (this.#isAlone = false));
    await eventually("a window", () => windowNames().includes("Sirocco"));
  }

  /** The id of the process that owns the data folder. */
  get pid() {
    return JSON.parse(readFileSync(join(this.home, "owner.json"), "utf8")).pid;
  }

  /** Processes that run inside the data folder: each worker has a folder there. */
  workers() {
    return readdirSync("/proc").filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(this.home);
      } catch {
        return false;
      }
    });
  }

  /** Clicks the cross of the window, and waits until nothing of the program is left. */
  async close() {
    await this.endAfter(() => python("close_window.py", String(this.pid)));
  }

  /** Presses keys while the program need not have the focus; the names are those of X. */
  pressAnywhere(...names) {
    python("press_keys.py", ...names);
  }

  /** Goes on to another program, whose windows are in front from here on. */
  leave() {
    python("take_focus.py");
  }

  /** Waits for another window than those there were, goes on in it, and answers its name. */
  async otherWindow(before) {
    let other;
    await eventually("another window", async () => {
      other = (await this.page.windows()).find((handle) => !before.includes(handle));
      return other;
    });
    await this.page.switchTo(other);
    return other;
  }

  /** What the program keeps of its main window. */
  place() {
    return JSON.parse(readFileSync(join(this.home, "window.json"), "utf8"));
  }

  /** If SIROCCO_SCREENSHOTS names a folder, a picture of the page goes into it. */
  async photograph(name) {
    const folder = process.env.SIROCCO_SCREENSHOTS;
    if (!folder || !this.page) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.png`), await this.page.picture());
  }

  /** Ends the program as `kill -9` does, and waits until nothing of it is left. */
  async kill() {
    await this.endAfter(() => process.kill(this.pid, "SIGKILL"));
  }

  /** Does what ends the program, and waits until nothing of it is left. */
  async endAfter(act) {
    const { pid } = this;
    await act();
    await this.#ended(pid);
  }

  /** Starts the program once more beside the open window, and answers its exit code. */
  async launchAgain() {
    const second = spawn(process.env.SIROCCO_DESKTOP, [], { env: this.#environment(), stdio: "inherit" });
    return new Promise((resolve, reject) => second.once("exit", resolve).once("error", reject));
  }

  /** Leaves nothing behind, however the stories ended. */
  async remove() {
    if (this.#driver || this.#isAlone) await this.kill().catch(() => this.#endDriver());
    // The web view's processes write into its cache until they have ended.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #environment() {
    // The web view's own files belong to the test too.
    const folder = (name) => join(this.folder, name);
    return {
      ...process.env,
      SIROCCO_HOME: this.home,
      XDG_DATA_HOME: folder("data"),
      XDG_CACHE_HOME: folder("cache"),
      XDG_CONFIG_HOME: folder("config"),
    };
  }

  async #ended(pid) {
    await eventually("the program has ended", () => !runs(pid));
    await eventually("its workers have ended", () => this.workers().length === 0);
    await this.#endDriver();
  }

  /** A driver keeps the session of a window that is gone, so each window has a driver of its own. */
  async #endDriver() {
    if (!this.#driver) return;
    const ended = new Promise((resolve) => this.#driver.once("exit", resolve));
    this.#driver.kill();
    await ended;
    this.#driver = this.page = undefined;
  }
}

/** The names of the windows that are shown, dialogs of the system too. */
export const windowNames = () => python("window_names.py").split("\n");

/** Does with the display what no driver does, and answers what is to be said of it. */
function python(script, ...words) {
  const { status, stdout } = spawnSync("python3", [join(import.meta.dirname, script), ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${script} ${words.join(" ")} ended with ${status}`);
  return stdout;
}

/** Whether a process runs; one that has ended and that nobody has asked about yet does not. */
function runs(pid) {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

/** Asks about something outside the page, which has no event for it, until the answer is true. */
export async function eventually(what, question) {
  const deadline = performance.now() + SHORT_PATIENCE_MS;
  while (!(await question())) {
    if (performance.now() > deadline) throw new Error(`waited for this: ${what}`);
    await pause(50);
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once("listening", resolve))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
