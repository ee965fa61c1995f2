/** The lines of the map of a conversation: its forks indented, and what runs between them without one folded away. */
import type { MessageId, MessageOutline, OutlineMessage } from '$/gen/protocol';

interface Line {
  /** How many forks it stands behind, and in a fold that is open. */
  depth: number;
  /** It is on the branch that is shown now. */
  shown: boolean;
}

export interface MessageLine extends Line {
  type: 'message';
  message: OutlineMessage;
  /** Which version it is, from 1, and of how many. */
  version: number;
  versions: number;
}

/** Messages that follow each other, none with another version beside it. */
export interface FoldLine extends Line {
  type: 'fold';
  /** The first message in it. */
  first: MessageId;
  count: number;
  open: boolean;
}

export type MapLine = MessageLine | FoldLine;

/** Fewer messages take no more room than the line that would stand for them. */
const LEAST_FOLDED = 2;

export const keyOf = (line: MapLine): string => (line.type === 'fold' ? `fold ${line.first}` : line.message.id);

/**
 * Branches that fork from a message are one step deeper than it, one after the other, so a long conversation is as deep
 * as it has forks and not as it has messages. Between two forks the first and the last message are shown.
 */
export function linesOf({ head, messages }: MessageOutline, open: ReadonlySet<MessageId>): MapLine[] {
  const below = new Map<MessageId | null, OutlineMessage[]>();
  for (const message of messages) {
    const beside = below.get(message.parent_id);
    if (beside) beside.push(message);
    else below.set(message.parent_id, [message]);
  }
  const after = (id: MessageId | null) => below.get(id) ?? [];
  const shown = branchTo(head, messages);

  const lines: MapLine[] = [];
  // What is still to be drawn, the next at the end; a conversation may have more forks than calls fit in each other.
  const waiting: Omit<MessageLine, 'type' | 'shown'>[] = [];
  const fork = (id: MessageId | null, depth: number) => {
    const versions = after(id);
    for (const [at, message] of [...versions.entries()].reverse()) waiting.push({ message, depth, version: at + 1, versions: versions.length });
  };
  const add = (one: (typeof waiting)[number]) => void lines.push({ type: 'message', ...one, shown: shown.has(one.message.id) });
  const addAlone = (message: OutlineMessage, depth: number) => add({ message, depth, version: 1, versions: 1 });

  fork(null, 0);
  for (let next; (next = waiting.pop()); ) {
    const { depth } = next;
    add(next);
    const chain: OutlineMessage[] = [];
    let last = next.message;
    for (let only = after(last.id); only.length === 1 && only[0]; only = after(last.id)) {
      last = only[0];
      chain.push(last);
    }
    const end = chain.pop();
    const [first] = chain;
    if (first && chain.length >= LEAST_FOLDED) {
      const isOpen = open.has(first.id);
      lines.push({ type: 'fold', first: first.id, count: chain.length, open: isOpen, depth, shown: shown.has(first.id) });
      if (isOpen) for (const message of chain) addAlone(message, depth + 1);
    } else {
      for (const message of chain) addAlone(message, depth);
    }
    if (end) addAlone(end, depth);
    fork(last.id, depth + 1);
  }
  return lines;
}

function branchTo(head: MessageId | null, messages: readonly OutlineMessage[]): ReadonlySet<MessageId> {
  const parents = new Map(messages.map((message) => [message.id, message.parent_id]));
  const branch = new Set<MessageId>();
  for (let id = head; id !== null && parents.has(id); id = parents.get(id) ?? null) branch.add(id);
  return branch;
}
