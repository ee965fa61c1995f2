/** A backend for one conversation whose run stream the test speaks itself. */

import type { Commands, Event, Message, Run, RunUpdate } from '$/gen/protocol';
import { BackendError, type Backend, type StreamHandle } from '$/lib/backend';

type Answers = { [C in keyof Commands]?: (request: Commands[C]['request']) => Commands[C]['response'] | Promise<Commands[C]['response']> };

/** One opened stream. */
export class OpenStream {
  readonly run_id: string;
  closed = false;
  readonly tell: (update: RunUpdate) => void;
  end!: () => void;
  fail!: (error: BackendError) => void;

  constructor(run_id: string, tell: (update: RunUpdate) => void) {
    this.run_id = run_id;
    this.tell = tell;
  }
}

export class Double implements Backend {
  readonly streams: OpenStream[] = [];
  readonly calls: [keyof Commands, unknown][] = [];
  readonly answers: Answers;

  constructor(answers: Answers) {
    this.answers = answers;
  }

  async call<C extends keyof Commands>(command: C, request: Commands[C]['request']): Promise<Commands[C]['response']> {
    this.calls.push([command, request]);
    const answer = this.answers[command];
    if (!answer) throw new BackendError({ code: 'internal', message: `${command} is not scripted`, hint: null, trace_id: '' });
    return answer(request);
  }

  stream(_name: 'run_follow', request: { id: string }, onMessage: (update: RunUpdate) => void): StreamHandle {
    const stream = new OpenStream(request.id, onMessage);
    const done = new Promise<void>((resolve, reject) => {
      stream.end = resolve;
      stream.fail = reject;
    });
    this.streams.push(stream);
    return {
      done,
      close: () => {
        stream.closed = true;
        stream.end();
      },
    };
  }

  events(_onEvent: (event: Event) => void): () => void {
    return () => undefined;
  }

  async openWindow(): Promise<void> {}

  connection(): () => void {
    return () => undefined;
  }
}

export function run(id: string, message_id: string, state: Run['state'] = 'generating'): Run {
  return { id, conversation_id: 'c', message_id, model_id: 'm', state, started_at_ms: 1, ended_at_ms: null, statistics: null, error: null, structured_output: null };
}

export function message(id: string, parent_id: string | null, content: string, of: Run | null = null): Message {
  const role = of ? 'assistant' : 'user';
  return { id, conversation_id: 'c', parent_id, role, content, reasoning: null, created_at_ms: 1, model_name: null, run: of, versions: [id], left_out: false, good: false, attachments: [], summary: null };
}

/** Lets everything that was promised happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
