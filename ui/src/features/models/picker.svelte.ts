/** What the open picker shows: the search, the highlighted row, and the model whose options are open. */
import type { Model, ModelId } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { BackendError } from '$/lib/backend';
import { refusalOf } from '$/lib/importing';
import { matching } from './matching';

export class PickerState {
  query = $state('');
  /** Row that the arrow keys stand on. */
  highlighted = $state(0);
  optionsFor = $state<ModelId | null>(null);
  readonly #state: Sirocco;
  /** What runs stands before what does not; within both, most recently used first. What only embeds is none to choose. */
  readonly shown: Model[] = $derived.by(() => {
    const writers = this.#state.models.models.filter((model) => model.verdict.type !== 'embeds');
    const found = matching(writers, this.query);
    return [...found.filter((model) => !refusalOf(model)), ...found.filter((model) => refusalOf(model))];
  });

  constructor(state: Sirocco) {
    this.#state = state;
  }

  /** As it opens: nothing searched for, the present model highlighted. */
  reset(modelId: ModelId | null): void {
    this.query = '';
    this.optionsFor = null;
    this.highlighted = Math.max(
      0,
      this.shown.findIndex((model) => model.id === modelId),
    );
  }

  search(query: string): void {
    this.query = query;
    this.highlighted = 0;
  }

  /** Moves the highlight, round at both ends. */
  move(by: number): void {
    const count = this.shown.length;
    if (count > 0) this.highlighted = (this.highlighted + by + count) % count;
  }

  /**
   * Loads a chosen model unless it is there already. A model that does not fit opens its options,
   * where the way out is; answers whether the picker may close.
   */
  async load(model: Model): Promise<boolean> {
    const { models, toasts } = this.#state;
    const standing = models.loadedState(model.id)?.state.type;
    if (standing === 'ready' || standing === 'loading') return true;
    try {
      await models.loadModel(model.id);
      return true;
    } catch (thrown) {
      if (BackendError.from(thrown).code === 'does_not_fit') {
        this.optionsFor = model.id;
        return false;
      }
      toasts.error(thrown);
      return true;
    }
  }
}
