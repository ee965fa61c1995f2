/** Importing conversations: what was chosen, what is in it, how far it is, what came of it. One dialog of the frame shows it. */
import type { Event, ExchangePreview, ExchangeReport, PickedPath, PickKind } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';

export type ExchangeStage =
  | { type: 'choosing'; error: BackendError | null }
  | { type: 'reading' }
  | { type: 'preview'; paths: PickedPath[]; preview: ExchangePreview }
  | { type: 'importing'; done: number; total: number }
  | { type: 'finished'; report: ExchangeReport };

/** Whether a dropped or picked path is an export rather than a model. */
export function isExchangeFile(path: PickedPath): boolean {
  return !path.is_folder && /\.(json|jsonl|zip)$/i.test(path.path);
}

export class ConversationExchange {
  /** The dialog is shown. An import goes on without it. */
  shown = $state(false);
  stage = $state.raw<ExchangeStage>({ type: 'choosing', error: null });

  readonly #backend: Backend;
  /** Answers of an older choice are dropped. */
  #asked = 0;
  /** Conversations of the paths that are through. */
  #before = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Shows the dialog: where to choose, or the import that still goes on. */
  open(): void {
    if (this.stage.type !== 'importing') this.restart();
    this.shown = true;
  }

  /** Back to choosing. */
  restart(): void {
    this.#asked += 1;
    this.stage = { type: 'choosing', error: null };
  }

  close(): void {
    this.shown = false;
  }

  /** Opens the native dialog and shows what is in what was picked. */
  async pick(kind: PickKind): Promise<void> {
    try {
      const picked = await this.#backend.call('path_pick', { kind });
      if (picked.length > 0) await this.read(picked);
    } catch (thrown) {
      this.stage = { type: 'choosing', error: BackendError.from(thrown) };
    }
  }

  /** Shows what is in a typed path. Rejects if there is no such path. */
  async type(path: string): Promise<void> {
    const typed = await this.#backend.call('path_type', { path });
    await this.read([typed]);
  }

  /** Shows what is in these paths, unless an import still goes on. */
  async read(paths: PickedPath[]): Promise<void> {
    this.shown = true;
    if (this.stage.type === 'importing') return;
    const asked = ++this.#asked;
    this.stage = { type: 'reading' };
    try {
      let preview: ExchangePreview | null = null;
      for (const { handle } of paths) {
        const found = await this.#backend.call('exchange_preview', { handle });
        preview = preview ? together(preview, found) : found;
      }
      if (asked === this.#asked && preview) this.stage = { type: 'preview', paths, preview };
    } catch (thrown) {
      if (asked === this.#asked) this.stage = { type: 'choosing', error: BackendError.from(thrown) };
    }
  }

  /** Imports what the preview shows. Answers the report, or nothing when it failed. */
  async import(): Promise<ExchangeReport | null> {
    if (this.stage.type !== 'preview') return null;
    const { paths, preview } = this.stage;
    const report: ExchangeReport = { added: [], restored: [], known_count: 0, refused: [] };
    this.#before = 0;
    this.stage = { type: 'importing', done: 0, total: preview.conversation_count };
    try {
      for (const { handle } of paths) {
        const one = await this.#backend.call('exchange_import', { handle });
        report.added.push(...one.added);
        report.restored.push(...one.restored);
        report.known_count += one.known_count;
        report.refused.push(...one.refused);
        this.#before += one.added.length + one.restored.length + one.known_count;
      }
      this.stage = { type: 'finished', report };
      return report;
    } catch (thrown) {
      this.stage = { type: 'choosing', error: BackendError.from(thrown) };
      return null;
    }
  }

  handle(event: Event): void {
    if (event.type !== 'exchange_moved' || this.stage.type !== 'importing') return;
    this.stage = { ...this.stage, done: this.#before + event.done_count };
  }
}

/** What two files hold together. */
function together(one: ExchangePreview, other: ExchangePreview): ExchangePreview {
  const counts = new Map(one.left_out.map(({ kind, count }) => [kind, count]));
  for (const { kind, count } of other.left_out) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return {
    formats: [...new Set([...one.formats, ...other.formats])],
    conversation_count: one.conversation_count + other.conversation_count,
    known_count: one.known_count + other.known_count,
    trashed_count: one.trashed_count + other.trashed_count,
    message_count: one.message_count + other.message_count,
    branch_count: one.branch_count + other.branch_count,
    left_out: [...counts].map(([kind, count]) => ({ kind, count })),
    refused: [...one.refused, ...other.refused],
  };
}
