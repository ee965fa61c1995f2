/** Programs that ask the server, ready to be copied. */

export type SnippetKind = 'curl' | 'python' | 'javascript' | 'ollama';

export interface SnippetFor {
  /** Such as `http://127.0.0.1:1234`. */
  address: string;
  /** The key of a model. */
  model: string;
}

const QUESTION = 'Why is the sky blue?';

/** One snippet; a token stands in it by name where one is needed, never by value. */
export function snippet(kind: SnippetKind, { address, model }: SnippetFor): string {
  switch (kind) {
    case 'curl':
      return `curl ${address}/v1/chat/completions \\
  -H 'Content-Type: application/json' \\
  -H "Authorization: Bearer $SIROCCO_TOKEN" \\
  -d '${JSON.stringify({ model, messages: [{ role: 'user', content: QUESTION }] })}'`;
    case 'python':
      return `from openai import OpenAI

client = OpenAI(base_url="${address}/v1", api_key="unused on this computer")
stream = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "${QUESTION}"}],
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)`;
    case 'javascript':
      return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${address}/v1', apiKey: 'unused on this computer' });
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '${QUESTION}' }],
});
console.log(answer.choices[0].message.content);`;
    case 'ollama':
      return `OLLAMA_HOST=${address} ollama run ${model} '${QUESTION}'`;
  }
}
