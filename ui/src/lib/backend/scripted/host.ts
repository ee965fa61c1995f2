/** What the parts of the scripted backend share: its tables, its events and its clock. */
import type { Attachment, Commands, Conversation, Download, ErrorCode, Event, Folder, LoadedModel, LoginStart, Model, ModelDefaults, ModelRoot, Opening, QuickAsk, RuntimeName, Settings, Started } from '$/gen/protocol';
import { BackendError } from '../error';
import type { Stored } from './conversations';

/** Commands that answer when what they do is done. */
type Lasting = 'model_measure';
type Answer<C extends keyof Commands> = C extends Lasting ? Promise<Commands[C]['response']> : Commands[C]['response'];

export type Handlers = { [C in keyof Commands]: (request: Commands[C]['request']) => Answer<C> };

export interface ScriptedHost {
  readonly installed: RuntimeName[];
  readonly models: Map<string, Model>;
  readonly modelDefaults: Map<string, ModelDefaults>;
  readonly loaded: Map<string, LoadedModel>;
  readonly downloads: Map<string, Download>;
  readonly stored: Map<string, Stored>;
  /** Conversations in the trash. */
  readonly deleted: Map<string, Stored>;
  readonly folders: Map<string, Folder>;
  readonly attached: Map<string, { attachment: Attachment; text: string }>;
  /** What the system asked to open. */
  readonly openings: Opening[];
  loginStart: LoginStart;
  quickAsk: QuickAsk;
  readonly windows: string[];
  roots: ModelRoot[];
  settings: Settings;
  /** Pause between steps of what takes time; 0: nothing happens by itself. */
  readonly tick_ms: number;
  emit(event: Event): void;
  pause(ms: number): Promise<void>;
  /** A new question at the end of the branch, and its answer, which is being written from now on. */
  ask(conversation_id: string, content: string, attachments: string[]): Started;
  /** A new answer, which is being written from now on. */
  answer(conversation: Conversation, parent_id: string | null): Started;
  presetName(id: string | null): string | null;
  /** A new id. */
  id(prefix: string): string;
}

/** An error as the backend would answer it. */
export function refusal(code: ErrorCode, message: string, hint: string | null = null): BackendError {
  return new BackendError({ code, message, hint, trace_id: 'trace-1' });
}

export function missing(what: string): BackendError {
  return refusal('not_found', `the ${what} is not there any more`);
}

/** The entry of a table, or the error that it is not there. */
export function entry<T>(table: ReadonlyMap<string, T>, id: string, what: string): T {
  const found = table.get(id);
  if (found === undefined) throw missing(what);
  return found;
}
