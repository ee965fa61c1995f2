// What the browser tests start: Chromium, and `sirocco serve-ui` (the program is that of SIROCCO_CLI).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { plainEnvironment } from "../hub/programs.mjs";

export async function openBrowser(atEnd) {
  const browser = await chromium.launch({
    executablePath: process.env.SIROCCO_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  atEnd(() => browser.close());
  return browser;
}

/** Serves the interface over the data folder `home` and answers its address; at the end it is closed in order. */
export async function serveInterface(atEnd, home, environment = {}) {
  const child = spawn(process.env.SIROCCO_CLI, ["--home", home, "serve-ui"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...plainEnvironment(), ...environment },
  });
  const exit = once(child, "exit");
  atEnd(async () => {
    child.kill("SIGTERM");
    await exit;
  });
  const [address] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exit.then(([code]) => [`the server ended with ${code}`]),
  ]);
  return address.trim();
}
