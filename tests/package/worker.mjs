// A worker as the app drives it: frames of JSON behind their length, on its standard input and output.

import { spawn } from "node:child_process";
import { once } from "node:events";

export class Worker {
  #child;
  #bytes = Buffer.alloc(0);
  #frames = [];
  #wake = () => {};

  constructor(program, threads) {
    const env = { ...process.env, RAYON_NUM_THREADS: String(threads) };
    this.#child = spawn(program, [], { env, stdio: ["pipe", "pipe", "ignore"] });
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.on("data", (bytes) => this.#take(bytes));
    this.#child.on("exit", (code, signal) => this.#add({ type: "ended", code, signal }));
    this.threads = threads;
  }

  #take(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUInt32LE(0)) {
      const end = 4 + this.#bytes.readUInt32LE(0);
      this.#add(JSON.parse(this.#bytes.subarray(4, end)));
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  #add(frame) {
    this.#frames.push(frame);
    this.#wake();
  }

  send(frame) {
    const body = Buffer.from(JSON.stringify(frame));
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(body.length);
    this.#child.stdin.write(Buffer.concat([prefix, body]));
  }

  /** The next frame of a kind; an end or a failure before it is an error. */
  async next(type) {
    for (;;) {
      while (this.#frames.length > 0) {
        const frame = this.#frames.shift();
        if (frame.type === type) return frame;
        if (["ended", "failed", "load_failed"].includes(frame.type)) throw new Error(JSON.stringify(frame));
      }
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  async load(model, context_length, scratch_folder) {
    await this.next("hello");
    this.send({ type: "load", files: [model], context_length, threads: this.threads, scratch_folder });
    await this.next("loaded");
  }

  /** Writes some tokens after a text: tokens a second of reading it, and of writing. */
  async speed(text, max_tokens) {
    const prompt = { type: "text", text };
    this.send({ type: "generate", id: 1, prompt, sampling: { temperature: 0 }, max_tokens });
    const { usage } = await this.next("finished");
    return {
      reading: ((usage.prompt_tokens - usage.cached_tokens) * 1e3) / usage.time_to_first_token_ms,
      writing: ((usage.completion_tokens - 1) * 1e3) / usage.decode_ms,
    };
  }

  async end() {
    const exit = once(this.#child, "exit");
    this.send({ type: "shutdown" });
    await exit;
  }
}
