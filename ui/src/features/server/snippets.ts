/** Programs that ask the server, ready to be copied. */
import type { ServerSend } from '$/gen/protocol';

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

export type RequestKind = Exclude<SnippetKind, 'ollama'>;

/** A program that sends this very request, with nothing that its language does not bring. */
export function program(kind: RequestKind, address: string, { method, path, body }: ServerSend): string {
  const url = `${address}${path}`;
  const hasBody = body !== '';
  switch (kind) {
    case 'curl': {
      const lines = [`curl -X ${method} ${url}`, `  -H "Authorization: Bearer $SIROCCO_TOKEN"`];
      if (hasBody) lines.push(`  -H 'Content-Type: application/json'`, `  -d ${inShell(body)}`);
      return lines.join(' \\\n');
    }
    case 'python':
      return `import os
import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(url)},
    method="${method}",
    headers={"Authorization": f"Bearer {os.environ.get('SIROCCO_TOKEN', '')}", "Content-Type": "application/json"},${hasBody ? `\n    data=${inPython(body)}.encode(),` : ''}
)
with urllib.request.urlopen(request) as answer:
    for line in answer:
        print(line.decode(), end="", flush=True)`;
    case 'javascript':
      return `const answer = await fetch(${JSON.stringify(url)}, {
  method: '${method}',
  headers: { Authorization: \`Bearer \${process.env.SIROCCO_TOKEN}\`, 'Content-Type': 'application/json' },${hasBody ? `\n  body: ${JSON.stringify(body)},` : ''}
});
for await (const part of answer.body.pipeThrough(new TextDecoderStream())) process.stdout.write(part);`;
  }
}

/** One word of a POSIX shell. */
function inShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** JSON's strings are Python's, but for halves of characters, which a body in UTF-8 has not. */
function inPython(text: string): string {
  return JSON.stringify(text);
}
