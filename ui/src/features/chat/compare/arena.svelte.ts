/** The comparisons of a window: who is to answer, the answers side by side, and the vote on them. */
import type { Comparison, Contestant, ConversationId, Event, MessageId, Rating, Verdict } from '$/gen/protocol';
import { sirocco, type Sirocco } from '$/lib/state';
import { hasImage } from '../attachments/images';
import { sessionOf } from '../session';
import { PAGE } from '../state/conversation.svelte';
import { PAGE_TIME, RunFollow } from '../state/runFollow';
import { isLive, Turn } from '../state/turn.svelte';
import type { PresetShelf } from '../presets/shelf.svelte';

export const FEWEST = 2;
export const MOST = 4;
const LARGEST_SEED = 2 ** 32 - 1;

/** `A`, `B`, …: what a column is called while its name is hidden. */
export const letterOf = (place: number): string => String.fromCharCode(65 + place);

/** What a seed field holds: a number, none for an empty one, or no seed at all. */
export function seedOf(text: string): number | null | 'invalid' {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return /^\d{1,10}$/.test(trimmed) && Number(trimmed) <= LARGEST_SEED ? Number(trimmed) : 'invalid';
}

export class Arena {
  /** Chosen by the person; empty until then. */
  #chosen = $state.raw<Contestant[]>([]);
  isBlind = $state(false);
  seed = $state('');
  question = $state('');
  /** The comparison shown, and the turns of its answers in the same order. */
  comparison = $state.raw<Comparison | null>(null);
  turns = $state.raw<Turn[]>([]);
  /** There are images among the latest messages of the conversation. */
  #hasImages = $state(false);
  /** The answer that the conversation goes on from. */
  kept = $state<MessageId | null>(null);
  /** A question is on its way to the backend. */
  asking = $state(false);
  ratings = $state.raw<Rating[] | null>(null);
  readonly presets: PresetShelf;

  readonly #sirocco: Sirocco;
  #follows: RunFollow[] = [];
  /** Answers of an older choice are dropped. */
  #opened = 0;

  constructor(state: Sirocco) {
    this.#sirocco = state;
    this.presets = sessionOf(state).presets;
  }

  /** Who answers: the choice, or the two models used last. */
  get contestants(): Contestant[] {
    if (this.#chosen.length > 0) return this.#chosen;
    const models = this.runnable;
    const [first] = models;
    if (!first) return [];
    const second = models[1] ?? first;
    return [first, second].map((model) => ({ model_id: model.id, preset_id: null }));
  }

  set contestants(chosen: Contestant[]) {
    this.#chosen = chosen;
  }

  get runnable() {
    return this.#sirocco.models.models.filter((model) => model.verdict.type === 'runs');
  }

  /** Whether two of them are the same. */
  get hasTwins(): boolean {
    const keys = this.contestants.map((one) => `${one.model_id} ${one.preset_id ?? ''}`);
    return new Set(keys).size < keys.length;
  }

  get running(): boolean {
    return this.turns.some((turn) => turn.live);
  }

  /** Names, order and figures are kept from the person. */
  get hides(): boolean {
    return this.comparison !== null && this.comparison.is_blind && this.comparison.verdict === null;
  }

  get canAsk(): boolean {
    return (
      this.question.trim() !== '' &&
      !this.asking &&
      !this.running &&
      this.contestants.length >= FEWEST &&
      !this.hasTwins &&
      seedOf(this.seed) !== 'invalid'
    );
  }

  /** Names of those who answer without the images of the conversation that is gone on with. */
  get unseeing(): string[] {
    if (!this.#hasImages) return [];
    const blind = this.runnable.filter((model) => !model.sees_images && this.contestants.some((one) => one.model_id === model.id));
    return blind.map((model) => model.name);
  }

  /** What a contestant, or a column, is called. */
  nameOf(place: number): string | null {
    const contestant = this.comparison?.answers[place]?.contestant;
    if (!contestant) return null;
    return contestant.preset_name ? `${contestant.model_name} · ${contestant.preset_name}` : contestant.model_name;
  }

  add(): void {
    const { contestants, runnable } = this;
    const free = runnable.find((model) => !contestants.some((one) => one.model_id === model.id)) ?? runnable[0];
    if (free && contestants.length < MOST) this.contestants = [...contestants, { model_id: free.id, preset_id: null }];
  }

  remove(place: number): void {
    if (this.contestants.length > FEWEST) this.contestants = this.contestants.filter((_, index) => index !== place);
  }

  change(place: number, changes: Partial<Contestant>): void {
    this.contestants = this.contestants.map((one, index) => (index === place ? { ...one, ...changes } : one));
  }

  /** Shows the latest comparison of a conversation; nothing for a new one. */
  async open(id: ConversationId | null): Promise<void> {
    if (id !== null && id === this.comparison?.conversation_id) return this.#learnKept();
    const opened = ++this.#opened;
    this.#show(null);
    this.#hasImages = false;
    if (id === null) return;
    const { backend } = this.#sirocco;
    const [latest, page] = await Promise.all([
      backend.call('comparison_latest', { conversation_id: id }),
      backend.call('message_page', { conversation_id: id, place: null, limit: PAGE }),
    ]);
    if (opened !== this.#opened) return;
    this.#hasImages = page.messages.some((message) => hasImage(message.attachments));
    this.#show(latest);
    await this.#learnKept();
  }

  /** Asks all of them. Answers the conversation it was asked in. */
  async ask(conversation_id: ConversationId | null): Promise<ConversationId | null> {
    const seed = seedOf(this.seed);
    if (!this.canAsk || seed === 'invalid') return null;
    this.asking = true;
    try {
      const comparison = await this.#sirocco.backend.call('comparison_start', {
        conversation_id,
        content: this.question,
        contestants: this.contestants,
        is_blind: this.isBlind,
        seed,
      });
      this.#opened += 1;
      this.question = '';
      this.#show(comparison);
      this.kept = comparison.answers[0]?.message.id ?? null;
      return comparison.conversation_id;
    } finally {
      this.asking = false;
    }
  }

  async stop(): Promise<void> {
    const live = this.turns.filter((turn) => turn.live);
    await Promise.all(live.map((turn) => turn.run && this.#sirocco.backend.call('run_stop', { id: turn.run.id })));
  }

  async vote(verdict: Verdict): Promise<void> {
    if (!this.comparison) return;
    const voted = await this.#sirocco.backend.call('comparison_vote', { id: this.comparison.id, verdict });
    this.#take(voted);
    if (verdict.type === 'best') this.kept = verdict.message_id;
    await this.rate();
  }

  /** Goes on from this answer. */
  async keep(message_id: MessageId): Promise<void> {
    if (!this.comparison) return;
    await this.#sirocco.backend.call('comparison_keep', { id: this.comparison.id, message_id });
    this.kept = message_id;
  }

  async rate(): Promise<void> {
    this.ratings = await this.#sirocco.backend.call('rating_list', {});
  }

  handle(event: Event): void {
    if (event.type === 'comparison_changed') this.#take(event.comparison);
    if (event.type === 'lagged' && this.comparison) void this.#refresh();
  }

  #show(comparison: Comparison | null): void {
    for (const follow of this.#follows) follow.close();
    this.comparison = comparison;
    this.kept = null;
    this.turns = (comparison?.answers ?? []).map((answer) => new Turn(answer.message));
    this.#follows = this.turns.filter((turn) => turn.live).map((turn) => this.#follow(turn));
  }

  #follow(turn: Turn): RunFollow {
    const follow = new RunFollow(this.#sirocco.backend, turn, { ...PAGE_TIME, onEnd: () => void this.#refresh() });
    if (turn.run) void follow.read(turn.run.id);
    return follow;
  }

  /** Asks for what an ended answer has besides its words. */
  async #refresh(): Promise<void> {
    const { comparison } = this;
    if (!comparison) return;
    try {
      this.#take(await this.#sirocco.backend.call('comparison_get', { id: comparison.id }));
    } catch {
      // What is shown stays; it is asked again with the next answer that ends.
    }
  }

  /** Takes what is newer about the comparison shown. */
  #take(comparison: Comparison): void {
    if (comparison.id !== this.comparison?.id) return;
    this.comparison = comparison;
    for (const { message } of comparison.answers) {
      const turn = this.turns.find((one) => one.id === message.id);
      // The stream of a live one is ahead of what was saved.
      if (turn && !(turn.live && isLive(message.run))) turn.replace(message);
    }
  }

  /** Which of the answers the conversation goes on from, if it ends there. */
  async #learnKept(): Promise<void> {
    const { comparison } = this;
    if (!comparison) return;
    const { head } = await this.#sirocco.backend.call('conversation_get', { id: comparison.conversation_id });
    if (comparison.id !== this.comparison?.id) return;
    this.kept = comparison.answers.some(({ message }) => message.id === head) ? head : null;
  }
}

const arenas = new WeakMap<Sirocco, Arena>();

/** The one arena of a window; what was asked stays while its page is closed. Call while a component is being made. */
export function arena(): Arena {
  const state = sirocco();
  let made = arenas.get(state);
  if (!made) {
    made = new Arena(state);
    const listening = made;
    state.backend.events((event) => listening.handle(event));
    arenas.set(state, made);
  }
  return made;
}
