/** Requests to begin with. */
import type { ServerSend } from '$/gen/protocol';

const QUESTION = 'Why is the sky blue?';
const messages = [{ role: 'user', content: QUESTION }];
const short = { max_tokens: 200 };

type Example = [route: string, body: ((model: string) => object) | null];

/** By route; the body is for a model. */
const EXAMPLES: Example[] = [
  ['POST /v1/chat/completions', (model) => ({ model, messages, ...short })],
  ['POST /v1/responses', (model) => ({ model, input: QUESTION, max_output_tokens: 200 })],
  ['POST /v1/completions', (model) => ({ model, prompt: 'The sky is blue because', ...short })],
  ['POST /v1/embeddings', (model) => ({ model, input: QUESTION })],
  ['GET /v1/models', null],
  ['POST /v1/messages', (model) => ({ model, messages, ...short })],
  ['POST /v1/messages/count_tokens', (model) => ({ model, messages })],
  ['POST /api/chat', (model) => ({ model, messages, options: { num_predict: 200 } })],
  ['POST /api/generate', (model) => ({ model, prompt: QUESTION, options: { num_predict: 200 } })],
  ['POST /api/show', (model) => ({ model })],
  ['GET /api/tags', null],
  ['GET /api/ps', null],
  ['POST /api/v0/chat/completions', (model) => ({ model, messages, ...short })],
  ['POST /api/v1/chat', (model) => ({ model, input: QUESTION, max_output_tokens: 200 })],
  ['POST /api/v1/models/load', (model) => ({ model })],
  ['GET /api/v1/models', null],
  ['GET /openapi.json', null],
];

export const ROUTES: string[] = EXAMPLES.map(([route]) => route);

/** The request of that route, whose parts stand as a person would write them. */
export function example(route: string, model: string): ServerSend {
  const body = EXAMPLES.find(([known]) => known === route)?.[1] ?? null;
  return { ...parts(route), body: body ? JSON.stringify(body(model), null, 2) : '' };
}

/** Method and path. */
export function parts(route: string): { method: string; path: string } {
  const [method = '', path = ''] = route.split(' ');
  return { method, path };
}

/** JSON on several lines; what is none stays as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The body with another model; what is no object stays as it is. */
export function withModel(body: string, model: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return body;
    return JSON.stringify({ ...value, model }, null, 2);
  } catch {
    return body;
  }
}
