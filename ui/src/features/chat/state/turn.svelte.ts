/** One message as it is shown, and what its run tells while it is being written. */

import type { Message, Run, RunState } from '$/gen/protocol';

/** What a run does before it writes. */
export type Progress =
  | { type: 'waiting'; load_progress: number | null; ahead: number }
  | { type: 'prefill'; done: number; total: number }
  | { type: 'summarising'; message_count: number };

const TERMINAL: ReadonlySet<RunState> = new Set(['completed', 'stopped', 'failed', 'interrupted']);

export function isLive(run: Run | null): boolean {
  return run !== null && !TERMINAL.has(run.state);
}

/** Words are kept apart from the message, so that a delta changes one string and nothing else. */
export class Turn {
  readonly id: string;
  message = $state.raw<Message>() as Message;
  content = $state('');
  reasoning = $state('');
  progress = $state.raw<Progress | null>(null);
  /** How long the model thought: as it is kept, or as we watch it. */
  thought_ms = $state<number | null>(null);
  #thinkingSince = $state<number | null>(null);

  constructor(message: Message) {
    this.id = message.id;
    this.replace(message);
  }

  get run(): Run | null {
    return this.message.run;
  }

  get live(): boolean {
    return isLive(this.run);
  }

  /** Takes the message as saved. */
  replace(message: Message): void {
    this.message = message;
    this.content = message.content;
    this.reasoning = message.reasoning ?? '';
    this.thought_ms = message.run?.statistics?.reasoning_ms ?? this.thought_ms;
    if (!isLive(message.run)) this.progress = null;
  }

  /** Takes what a page says, but not its words while we hold newer ones. */
  refresh(message: Message, following: boolean): void {
    if (following && isLive(message.run)) this.message = message;
    else this.replace(message);
  }

  append(content: string, reasoning: string, now_ms: number): void {
    this.progress = null;
    if (reasoning !== '') {
      this.#thinkingSince ??= now_ms;
      this.reasoning += reasoning;
    }
    if (content !== '') {
      this.stopThinking(now_ms);
      this.content += content;
    }
  }

  stopThinking(now_ms: number): void {
    if (this.#thinkingSince === null) return;
    this.thought_ms = (this.thought_ms ?? 0) + now_ms - this.#thinkingSince;
    this.#thinkingSince = null;
  }

  /** How long it has thought by now, if we watch it. */
  thoughtBy(now_ms: number): number | null {
    return this.#thinkingSince === null ? this.thought_ms : (this.thought_ms ?? 0) + Math.max(0, now_ms - this.#thinkingSince);
  }

  /** It thinks and has not begun to answer. */
  get thinking(): boolean {
    return this.live && this.reasoning !== '' && this.content === '';
  }
}
