// The official JavaScript clients against our server: `ask.mjs ADDRESS` prints one JSON object for each check.

import Anthropic from "@anthropic-ai/sdk";
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import OpenAI from "openai";

const ADDRESS = process.argv[2];
const TALK = "The name of this wind is sirocco.";
const THOUGHT = "It is warm and dry.";
const messages = [{ role: "user", content: "Which wind is this?" }];
const SCHEMA = {
  type: "object",
  properties: { wind: { const: "sirocco" } },
  required: ["wind"],
  additionalProperties: false,
};
const TOOLS = ["wind", "tide"].map((name) => ({ type: "function", function: { name, parameters: SCHEMA } }));

/** A PNG of one red pixel, and how a model that sees it begins. */
const IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const IMAGE_URL = `data:image/png;base64,${IMAGE}`;
const isSeen = (text) => assert.match(text, /^I see \[image of \d+ characters\]/);

const openai = new OpenAI({ baseURL: `${ADDRESS}/v1`, apiKey: "none", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: ADDRESS, apiKey: "none", maxRetries: 0 });
const ollama = new Ollama({ host: ADDRESS });

/** Of the first two the words are the same. */
const TEXTS = ["the wind from the south", "from the south the wind", "words are counted"];
function lieAsTextsDo([same, too, other]) {
  const dot = (left, right) => left.reduce((sum, value, at) => sum + value * right[at], 0);
  assert.ok(Math.abs(dot(same, same) - 1) < 1e-5 && dot(same, too) > dot(same, other));
}

const isWind = (text) => assert.deepEqual(JSON.parse(text), { wind: "sirocco" });
const checks = [];
const of = (client) => (route, field, mode, run) => checks.push({ client, route, field, mode, run });

async function all(stream) {
  const parts = [];
  for await (const part of await stream) parts.push(part);
  return parts;
}

{
  const check = of("openai (JavaScript)");
  const CHAT = "POST /v1/chat/completions";
  const chat = (more = {}) => openai.chat.completions.create({ model: "talker", messages, max_tokens: 300, ...more });
  const whole = async (more) => (await chat(more)).choices[0];
  const streamed = async (more) => {
    const chunks = await all(chat({ stream: true, ...more }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    return { chunks, choices, text: choices.map((choice) => choice.delta.content ?? "").join("") };
  };
  const format = { type: "json_schema", json_schema: { name: "wind", strict: true, schema: SCHEMA } };

  const same = (field, more) => {
    check(CHAT, field, "whole", async () => assert.equal((await whole(more)).message.content, TALK));
    check(CHAT, field, "stream", async () => assert.equal((await streamed(more)).text, TALK));
  };
  same("messages", {});
  same("content parts", { messages: [{ role: "user", content: [{ type: "text", text: "Which?" }] }] });
  const looking = [{ role: "user", content: [{ type: "image_url", image_url: { url: IMAGE_URL } }, { type: "text", text: "Which?" }] }];
  check(CHAT, "image parts", "whole", async () => isSeen((await whole({ model: "seer", messages: looking })).message.content));
  check(CHAT, "image parts", "stream", async () => isSeen((await streamed({ model: "seer", messages: looking })).text));
  same("seed", { seed: 7 });
  same("frequency_penalty, presence_penalty", { frequency_penalty: 0.1, presence_penalty: 0.1 });
  same("temperature, top_p", { temperature: 0.2, top_p: 0.9 });
  same("top_k, min_p, repeat_penalty", { top_k: 5, min_p: 0.1, repeat_penalty: 1.1 });
  same("reasoning_effort", { reasoning_effort: "low" });

  check(CHAT, "stream_options.include_usage", "stream", async () => {
    const { chunks } = await streamed({ stream_options: { include_usage: true } });
    assert.ok(chunks.at(-1).usage.completion_tokens > 3);
  });
  for (const limit of ["max_tokens", "max_completion_tokens"]) {
    const asked = { max_tokens: undefined, [limit]: 2 };
    check(CHAT, limit, "whole", async () => assert.equal((await whole(asked)).finish_reason, "length"));
    check(CHAT, limit, "stream", async () => assert.equal((await streamed(asked)).choices.at(-1).finish_reason, "length"));
  }
  check(CHAT, "stop", "whole", async () => assert.equal((await whole({ stop: [" wind"] })).message.content, "The name of this"));
  check(CHAT, "stop", "stream", async () => assert.equal((await streamed({ stop: " wind" })).text, "The name of this"));
  check(CHAT, "n", "whole", async () => assert.equal((await chat({ n: 2 })).choices.length, 2));
  check(CHAT, "n", "stream", async () => {
    assert.deepEqual(new Set((await streamed({ n: 2 })).choices.map((choice) => choice.index)), new Set([0, 1]));
  });
  check(CHAT, "logprobs, top_logprobs", "whole", async () => {
    const { content } = (await whole({ logprobs: true, top_logprobs: 2 })).logprobs;
    assert.equal(content.map((token) => token.token).join(""), TALK);
    assert.ok(content.every((token) => token.top_logprobs.length === 2));
  });
  check(CHAT, "logprobs, top_logprobs", "stream", async () => {
    const { choices } = await streamed({ logprobs: true, top_logprobs: 1 });
    const tokens = choices.flatMap((choice) => choice.logprobs?.content ?? []);
    assert.equal(tokens.map((token) => token.token).join(""), TALK);
  });
  check(CHAT, "reasoning_content", "whole", async () => {
    assert.equal((await whole({ model: "thinker" })).message.reasoning_content, THOUGHT);
  });
  check(CHAT, "reasoning_content", "stream", async () => {
    const { choices } = await streamed({ model: "thinker" });
    assert.equal(choices.map((choice) => choice.delta.reasoning_content ?? "").join(""), THOUGHT);
  });
  check(CHAT, "assistant prefill", "whole", async () => {
    const begun = [...messages, { role: "assistant", content: "The name" }];
    assert.equal((await whole({ messages: begun })).message.content, " of this wind is sirocco.");
  });
  check(CHAT, "tools, parallel calls", "whole", async () => {
    const { message, finish_reason } = await whole({ model: "caller", tools: TOOLS });
    assert.deepEqual(message.tool_calls.map((call) => call.function.name), ["wind", "tide"]);
    assert.equal(finish_reason, "tool_calls");
  });
  check(CHAT, "tools, parallel calls", "stream", async () => {
    const stream = openai.chat.completions.stream({ model: "caller", messages, tools: TOOLS });
    const { tool_calls } = (await stream.finalChatCompletion()).choices[0].message;
    assert.deepEqual(tool_calls.map((call) => JSON.parse(call.function.arguments)), [{ at: "Tunis" }, {}]);
  });
  check(CHAT, "parallel_tool_calls", "whole", async () => {
    const { message } = await whole({ model: "caller", tools: TOOLS, parallel_tool_calls: false });
    assert.equal(message.tool_calls.length, 1);
  });
  check(CHAT, "tool results", "whole", async () => {
    const { message } = await whole({ model: "caller", tools: TOOLS });
    const results = message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "sirocco" }));
    assert.equal((await whole({ messages: [...messages, message, ...results], tools: TOOLS })).message.content, TALK);
  });
  const choices = { none: "none", auto: "auto", required: "required", named: { type: "function", function: { name: "tide" } } };
  for (const [name, tool_choice] of Object.entries(choices)) {
    const more = { tools: TOOLS, tool_choice, parallel_tool_calls: false, max_tokens: 300 };
    const judge = (message) => {
      if (name === "none" || name === "auto") return assert.equal(message.content, TALK);
      assert.equal(message.tool_calls.length, 1);
      isWind(message.tool_calls[0].function.arguments);
    };
    check(CHAT, `tool_choice ${name}`, "whole", async () => judge((await whole(more)).message));
    check(CHAT, `tool_choice ${name}`, "stream", async () => {
      const stream = openai.chat.completions.stream({ model: "talker", messages, ...more });
      judge((await stream.finalChatCompletion()).choices[0].message);
    });
  }
  check(CHAT, "response_format json_schema", "whole", async () => isWind((await whole({ response_format: format })).message.content));
  check(CHAT, "response_format json_schema", "stream", async () => isWind((await streamed({ response_format: format })).text));
  check(CHAT, "response_format json_object", "whole", async () => {
    const { message } = await whole({ response_format: { type: "json_object" }, seed: 3 });
    assert.match(message.content, /^\s*\{/);
  });
  check(CHAT, "error of an unknown model", "whole", () => assert.rejects(chat({ model: "gpt-4o" }), OpenAI.NotFoundError));

  check("GET /v1/models", "all", "whole", async () => {
    const models = await all(openai.models.list());
    assert.ok(models.some((model) => model.id === "talker"));
  });
  check("GET /v1/models/{id}", "all", "whole", async () => assert.equal((await openai.models.retrieve("talker")).id, "talker"));
  check("POST /v1/completions", "prompt, max_tokens", "whole", async () => {
    assert.equal((await openai.completions.create({ model: "talker", prompt: "a", max_tokens: 3 })).object, "text_completion");
  });
  check("POST /v1/completions", "prompt, max_tokens", "stream", async () => {
    const chunks = await all(openai.completions.create({ model: "talker", prompt: "a", max_tokens: 3, stream: true }));
    assert.ok(chunks.at(-1).choices[0].finish_reason);
  });
  const RESPONSES = "POST /v1/responses";
  check(RESPONSES, "input, store, previous_response_id", "whole", async () => {
    const first = await openai.responses.create({ model: "talker", input: "Which wind?" });
    const second = await openai.responses.create({ model: "talker", input: "Sure?", previous_response_id: first.id });
    assert.deepEqual([first.output_text, second.output_text], [TALK, TALK]);
    assert.equal((await openai.responses.retrieve(first.id)).output_text, TALK);
  });
  check(RESPONSES, "image parts", "whole", async () => {
    const content = [{ type: "input_image", image_url: IMAGE_URL, detail: "auto" }, { type: "input_text", text: "Which?" }];
    isSeen((await openai.responses.create({ model: "seer", input: [{ role: "user", content }] })).output_text);
  });
  check(RESPONSES, "input", "stream", async () => {
    const stream = openai.responses.stream({ model: "talker", input: "Which wind?" });
    assert.equal((await stream.finalResponse()).output_text, TALK);
  });
  check(RESPONSES, "text.format json_schema", "whole", async () => {
    const text = { format: { type: "json_schema", name: "wind", strict: true, schema: SCHEMA } };
    isWind((await openai.responses.create({ model: "talker", input: "Which?", text })).output_text);
  });
  check("POST /v1/embeddings", "the reason for the refusal", "whole", () =>
    assert.rejects(openai.embeddings.create({ model: "talker", input: "a" }), /embed/),
  );
  check("POST /v1/embeddings", "input, usage", "whole", async () => {
    const answer = await openai.embeddings.create({ model: "embedder", input: TEXTS });
    lieAsTextsDo(answer.data.map((one) => one.embedding));
    assert.ok(answer.usage.prompt_tokens > 6);
  });
  check("POST /v1/embeddings", "dimensions, encoding_format", "whole", async () => {
    const body = { model: "embedder", input: "the wind", dimensions: 8 };
    const floats = await openai.embeddings.create({ ...body, encoding_format: "float" });
    // It asks for base64 by itself, and unpacks it.
    const packed = await openai.embeddings.create(body);
    const pairs = floats.data[0].embedding.map((value, at) => [value, packed.data[0].embedding[at]]);
    assert.ok(pairs.length === 8 && pairs.every(([a, b]) => Math.abs(a - b) < 1e-6));
  });
}

{
  const check = of("@anthropic-ai/sdk");
  const MESSAGES = "POST /v1/messages";
  const body = (more) => ({ model: "talker", max_tokens: 300, messages, ...more });
  const ways = {
    whole: (more) => anthropic.messages.create(body(more)),
    stream: (more) => anthropic.messages.stream(body(more)).finalMessage(),
  };
  for (const [mode, ask] of Object.entries(ways)) {
    check(MESSAGES, "messages, system, temperature, top_p, top_k", mode, async () => {
      const answer = await ask({ system: "Be brief.", temperature: 0.5, top_p: 0.9, top_k: 5 });
      assert.deepEqual([answer.content[0].text, answer.stop_reason], [TALK, "end_turn"]);
    });
    check(MESSAGES, "max_tokens", mode, async () => assert.equal((await ask({ max_tokens: 2 })).stop_reason, "max_tokens"));
    check(MESSAGES, "stop_sequences", mode, async () => {
      assert.equal((await ask({ stop_sequences: [" wind"] })).stop_reason, "stop_sequence");
    });
    check(MESSAGES, "tools", mode, async () => {
      const answer = await ask({ model: "caller", tools: [{ name: "wind", input_schema: { type: "object" } }] });
      assert.deepEqual([answer.stop_reason, answer.content[0].input], ["tool_use", { at: "Tunis" }]);
    });
    check(MESSAGES, "tool_choice any, tool", mode, async () => {
      for (const choice of [{ type: "any" }, { type: "tool", name: "tide" }]) {
        const tool_choice = { ...choice, disable_parallel_tool_use: true };
        const answer = await ask({ tools: [{ name: "tide", input_schema: SCHEMA }], tool_choice });
        assert.deepEqual(answer.content[0].input, { wind: "sirocco" });
      }
    });
    check(MESSAGES, "thinking", mode, async () => {
      const thinking = { type: "enabled", budget_tokens: 1024 };
      const answer = await ask({ model: "thinker", max_tokens: 2000, thinking });
      assert.deepEqual(answer.content.map((block) => block.type), ["thinking", "text"]);
    });
    check(MESSAGES, "output_config.format", mode, async () => {
      isWind((await ask({ output_config: { format: { type: "json_schema", schema: SCHEMA } } })).content[0].text);
    });
  }
  check(MESSAGES, "image blocks", "whole", async () => {
    const source = { type: "base64", media_type: "image/png", data: IMAGE };
    const content = [{ type: "image", source }, { type: "text", text: "Which?" }];
    isSeen((await anthropic.messages.create(body({ model: "seer", messages: [{ role: "user", content }] }))).content[0].text);
  });
  check("POST /v1/messages/count_tokens", "messages, system", "whole", async () => {
    assert.ok((await anthropic.messages.countTokens({ model: "talker", messages })).input_tokens > 3);
  });
  check(MESSAGES, "error of an unknown model", "whole", () =>
    assert.rejects(anthropic.messages.create(body({ model: "claude-sonnet-4" })), Anthropic.NotFoundError),
  );
}

{
  const check = of("ollama (JavaScript)");
  const CHAT = "POST /api/chat";
  const GENERATE = "POST /api/generate";
  const ways = {
    whole: {
      say: async (more) => (await ollama.chat({ model: "talker", messages, ...more })).message.content,
      write: async (more) => (await ollama.generate({ model: "talker", prompt: "Which?", ...more })).response,
    },
    stream: {
      say: async (more) => {
        const parts = await all(ollama.chat({ model: "talker", messages, stream: true, ...more }));
        return parts.map((part) => part.message.content).join("");
      },
      write: async (more) => {
        const parts = await all(ollama.generate({ model: "talker", prompt: "Which?", stream: true, ...more }));
        return parts.map((part) => part.response).join("");
      },
    },
  };
  for (const [mode, { say, write }] of Object.entries(ways)) {
    check(CHAT, "messages, options, keep_alive", mode, async () => {
      assert.equal(await say({ options: { temperature: 0.1, seed: 3, num_ctx: 1024 }, keep_alive: "5m" }), TALK);
      assert.equal(await say({ options: { stop: [" wind"] } }), "The name of this");
    });
    check(CHAT, "format", mode, async () => {
      isWind(await say({ format: SCHEMA }));
      assert.match(await say({ format: "json", options: { num_predict: 200, seed: 3 } }), /^\s*\{/);
    });
    check(GENERATE, "prompt, system, options", mode, async () => assert.equal(await write({ system: "Be brief." }), TALK));
    check(GENERATE, "format", mode, async () => isWind(await write({ format: SCHEMA })));
  }
  check(CHAT, "think", "whole", async () => {
    const { message } = await ollama.chat({ model: "thinker", messages, think: true });
    assert.equal(message.thinking, THOUGHT);
  });
  check(CHAT, "think", "stream", async () => {
    const parts = await all(ollama.chat({ model: "thinker", messages, think: true, stream: true }));
    assert.equal(parts.map((part) => part.message.thinking ?? "").join(""), THOUGHT);
  });
  check(CHAT, "images", "whole", async () => {
    isSeen((await ollama.chat({ model: "seer", messages: [{ role: "user", content: "Which?", images: [IMAGE] }] })).message.content);
  });
  check(GENERATE, "images", "whole", async () => isSeen((await ollama.generate({ model: "seer", prompt: "Which?", images: [IMAGE] })).response));
  check(CHAT, "tools", "whole", async () => {
    const { message } = await ollama.chat({ model: "caller", messages, tools: TOOLS });
    assert.deepEqual(message.tool_calls.map((call) => call.function.arguments), [{ at: "Tunis" }, {}]);
  });
  check("GET /api/tags", "all", "whole", async () => {
    assert.ok((await ollama.list()).models.some((model) => model.model.startsWith("talker")));
  });
  check("POST /api/show", "all", "whole", async () => assert.equal((await ollama.show({ model: "talker" })).details.format, "gguf"));
  check("GET /api/ps", "all", "whole", async () => {
    await ollama.chat({ model: "talker", messages });
    assert.ok((await ollama.ps()).models.some((model) => model.model.startsWith("talker")));
  });
  check("GET /api/version", "all", "whole", async () => assert.match((await ollama.version()).version, /^\d/));
  check("POST /api/embed", "the reason for the refusal", "whole", () =>
    assert.rejects(ollama.embed({ model: "talker", input: "a" }), /embed/),
  );
  check("POST /api/embed", "input", "whole", async () => {
    lieAsTextsDo((await ollama.embed({ model: "embedder", input: TEXTS })).embeddings);
  });
  check("POST /api/embeddings", "prompt", "whole", async () => {
    const older = await ollama.embeddings({ model: "embedder", prompt: TEXTS[0] });
    assert.deepEqual(older.embedding, (await ollama.embed({ model: "embedder", input: TEXTS[0] })).embeddings[0]);
  });
  const names = async () => (await ollama.list()).models.map((model) => model.model);
  /** The last status of what may take a while. */
  const lasts = {
    whole: async (call) => (await call(false)).status,
    stream: async (call) => (await all(call(true))).at(-1).status,
  };
  for (const [mode, last] of Object.entries(lasts)) {
    check("POST /api/create", "model, from, system, parameters", mode, async () => {
      const pirate = { model: "pirate", from: "talker", system: "Be brief.", parameters: { stop: [" wind"], top_k: 5 } };
      assert.equal(await last((stream) => ollama.create({ ...pirate, stream })), "success");
      assert.ok((await names()).includes("pirate"));
      assert.equal((await ollama.chat({ model: "pirate", messages })).message.content, "The name of this");
      const { system, parameters } = await ollama.show({ model: "pirate" });
      assert.equal(system, "Be brief.");
      assert.match(parameters, /^stop +" wind"$/m);
      assert.equal((await ollama.delete({ model: "pirate" })).status, "success");
    });
    check("POST /api/pull", "model", mode, async () => {
      const before = await names();
      assert.equal(await last((stream) => ollama.pull({ model: "owner/pulled-GGUF", stream })), "success");
      const pulled = (await names()).filter((name) => !before.includes(name));
      assert.equal(pulled.length, 1);
      await ollama.delete({ model: pulled[0] });
      assert.deepEqual(await names(), before);
    });
  }
  check("POST /api/create", "the reason for the refusal", "whole", () =>
    assert.rejects(ollama.create({ model: "pirate", from: "talker", quantize: "q4_K_M" }), /quantize/),
  );
  check("POST /api/copy", "source, destination", "whole", async () => {
    assert.equal((await ollama.copy({ source: "talker", destination: "speaker" })).status, "success");
    assert.equal((await ollama.chat({ model: "speaker", messages })).message.content, TALK);
    await ollama.delete({ model: "speaker" });
  });
  check("DELETE /api/delete", "model", "whole", async () => {
    await assert.rejects(ollama.delete({ model: "nobody" }), /nobody/);
    await ollama.copy({ source: "talker", destination: "speaker" });
    await ollama.delete({ model: "speaker" });
    assert.ok((await names()).includes("talker") && !(await names()).includes("speaker"));
  });
}

for (const { run, ...check } of checks) {
  const fault = await Promise.resolve()
    .then(run)
    .then(() => null, (error) => String(error));
  console.log(JSON.stringify({ ...check, fault }));
}
