// `huggingface_hub` for Python: its command line and its exceptions.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProgram } from "./programs.mjs";

const script = fileURLToPath(new URL("ask.py", import.meta.url));

/** A user with a cache folder of their own, who knows one hub. */
export class PythonUser {
  constructor(endpoint, cache, token) {
    this.environment = {
      HF_ENDPOINT: endpoint,
      HF_HOME: cache,
      HF_HUB_DISABLE_TELEMETRY: "1",
      HF_HUB_DISABLE_UPDATE_CHECK: "1",
      HF_HUB_DISABLE_PROGRESS_BARS: "1",
      HF_HUB_DISABLE_IMPLICIT_TOKEN: token ? "" : "1",
      ...(token && { HF_TOKEN: token }),
    };
  }

  /** The `hf` command; its output is JSON if it ended well and `--format json` was given. */
  async hf(...args) {
    return runProgram(join(process.env.SIROCCO_JUDGES, "hf"), args, this.environment);
  }

  /** The library: the result of a question in `ask.py`, or the class of the exception. */
  async ask(question, ...args) {
    const python = join(process.env.SIROCCO_JUDGES, "python");
    const { code, stdout, stderr } = await runProgram(python, [script, question, ...args], this.environment);
    if (code !== 0) throw new Error(`ask.py ${question} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }
}

export const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** What git calls a file with these bytes. */
export function gitObject(path) {
  const bytes = readFileSync(path);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
