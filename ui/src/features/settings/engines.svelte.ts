/** The engines on other machines, and what is being done about them. */
import type { EngineId, RemoteEngine } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { sentence } from '$/lib/format';

/** Stands for the engine that is being added. */
export const NEW = 'new';

export interface Typed {
  name: string;
  address: string;
  token: string;
}

export class RemoteEngines {
  /** `null` until they are known. */
  engines = $state.raw<RemoteEngine[] | null>(null);
  /** What is being waited for: one of those there are, or `NEW`. */
  busy = $state<EngineId | null>(null);
  /** What was wrong last, and with which. */
  problem = $state.raw<{ about: EngineId; text: string } | null>(null);
  /** The engine that has answered last. */
  answered = $state<EngineId | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async load(): Promise<void> {
    await this.#during(NEW, async () => {
      this.engines = await this.#backend.call('engine_list', {});
    });
  }

  /** Answers whether it was added. */
  add({ name, address, token }: Typed): Promise<boolean> {
    return this.#during(NEW, async () => {
      const added = await this.#backend.call('engine_add', { name: name.trim(), address: address.trim(), token: token.trim() });
      this.#take(added);
    });
  }

  /** Asks one for its models again. */
  test(id: EngineId): Promise<boolean> {
    return this.#during(id, async () => this.#take(await this.#backend.call('engine_test', { id })));
  }

  remove(id: EngineId): Promise<boolean> {
    return this.#during(id, async () => {
      await this.#backend.call('engine_remove', { id });
      this.engines = (this.engines ?? []).filter((engine) => engine.id !== id);
    });
  }

  /** The problem with one of them, or with the new one, `NEW`. */
  problemOf(about: EngineId): string | null {
    return this.problem?.about === about ? this.problem.text : null;
  }

  #take(engine: RemoteEngine): void {
    const others = this.engines ?? [];
    const known = others.some((one) => one.id === engine.id);
    this.engines = known ? others.map((one) => (one.id === engine.id ? engine : one)) : [...others, engine];
    this.answered = engine.id;
  }

  async #during(about: EngineId, work: () => Promise<void>): Promise<boolean> {
    this.busy = about;
    this.problem = null;
    this.answered = null;
    try {
      await work();
      return true;
    } catch (thrown) {
      const error = BackendError.from(thrown);
      const text = [error.message, error.hint].filter((part) => part !== null).map(sentence).join(' ');
      this.problem = { about, text };
      return false;
    } finally {
      this.busy = null;
    }
  }
}
