/** The files that go with the message being written: read by the backend as they are added, kept with the conversation, and while another chat is open. */

import type { Attachment, AttachmentId, ConversationId, PathHandle } from '$/gen/protocol';
import type { Backend } from '$/lib/backend';
import { base64 } from './base64';

/** A text this long is pasted as a file. */
export const LONG_PASTE = 4000;

/** A file that is being read. */
export interface Reading {
  key: number;
  name: string;
}

export class DraftAttachments {
  items = $state.raw<Attachment[]>([]);
  reading = $state.raw<Reading[]>([]);
  readonly #backend: Backend;
  readonly #onError: (thrown: unknown) => void;
  /** What is on its way to the backend, one after the other: the last change is the one that stays. */
  #saving: Promise<unknown> = Promise.resolve();
  readonly #kept = new Map<ConversationId | null, Attachment[]>();
  #of: ConversationId | null = null;
  #next = 0;

  constructor(backend: Backend, onError: (thrown: unknown) => void) {
    this.#backend = backend;
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.items.length === 0 && this.reading.length === 0;
  }

  get ids(): AttachmentId[] {
    return this.items.map((item) => item.id);
  }

  /** Shows those of another chat; null is the new one. */
  open(id: ConversationId | null): void {
    this.#kept.set(this.#of, this.items);
    this.#of = id;
    this.items = this.#kept.get(id) ?? [];
  }

  /** The new chat is a conversation now. */
  become(id: ConversationId): void {
    this.#kept.delete(this.#of);
    this.#of = id;
    if (!this.isEmpty) this.#keep(id, this.items);
  }

  /** Shows those that a conversation has kept, as after a restart, unless some were added since. */
  take(id: ConversationId, kept: Attachment[]): void {
    if (id === this.#of && this.isEmpty) this.items = kept;
  }

  /** Waits until what was changed is kept. */
  async flush(): Promise<void> {
    await this.#saving;
  }

  async addPath(handle: PathHandle, path: string): Promise<void> {
    const name = path.split(/[/\\]/).pop() || path;
    await this.#add(name, (conversation_id) => this.#backend.call('attachment_add', { handle, conversation_id }));
  }

  async addFile(file: File): Promise<void> {
    await this.#add(file.name, async (conversation_id) => {
      const content_base64 = base64(new Uint8Array(await file.arrayBuffer()));
      return this.#backend.call('attachment_give', { name: file.name, content_base64, conversation_id });
    });
  }

  async addText(name: string, text: string): Promise<void> {
    const content_base64 = base64(new TextEncoder().encode(text));
    await this.#add(name, (conversation_id) => this.#backend.call('attachment_give', { name, content_base64, conversation_id }));
  }

  remove(id: AttachmentId): void {
    this.items = this.items.filter((item) => item.id !== id);
    this.#keep(this.#of, this.items);
  }

  /** Has these go with the draft, and no others. */
  put(items: Attachment[]): void {
    this.items = items;
    this.#keep(this.#of, items);
  }

  /** These were sent in a chat, which may not be the one that is shown any more. What was added meanwhile stays. */
  sent(of: ConversationId | null, ids: AttachmentId[]): void {
    const items = of === this.#of ? this.items : (this.#kept.get(of) ?? []);
    const left = items.filter((item) => !ids.includes(item.id));
    if (of === this.#of) this.items = left;
    else this.#kept.set(of, left);
    if (left.length > 0) this.#keep(of, left);
  }

  /** Nothing goes with the draft any more. */
  clear(): void {
    this.items = [];
  }

  /** A new chat keeps nothing. What could not be kept is still shown, and tried again with the next change. */
  #keep(id: ConversationId | null, items: Attachment[]): void {
    if (!id) return;
    const draft_attachments = items.map((item) => item.id);
    const keep = () => this.#backend.call('conversation_update', { id, draft_attachments });
    this.#saving = this.#saving.then(keep).catch(() => undefined);
  }

  /** One after the other would make a slow file hold up the rest; where they go is known from the start. */
  async #add(name: string, read: (conversation_id: ConversationId | null) => Promise<Attachment>): Promise<void> {
    const key = this.#next++;
    const of = this.#of;
    this.reading = [...this.reading, { key, name }];
    try {
      const item = await read(of);
      const items = [...(of === this.#of ? this.items : (this.#kept.get(of) ?? [])), item];
      if (of === this.#of) this.items = items;
      else this.#kept.set(of, items);
      this.#keep(of, items);
    } catch (thrown) {
      this.#onError(thrown);
    } finally {
      this.reading = this.reading.filter((one) => one.key !== key);
    }
  }
}
