/** The one chat session of a window, shared by list, page and inspector. */

import { sirocco, type Sirocco } from '$/lib/state';
import { ChatSession } from './state/session.svelte';
import type { Turn } from './state/turn.svelte';
import { chatStrings } from './strings.en';

const sessions = new WeakMap<Sirocco, ChatSession>();

/** Call while a component is being made. */
export const chatSession = (): ChatSession => sessionOf(sirocco());

export function sessionOf(state: Sirocco): ChatSession {
  let session = sessions.get(state);
  if (!session) {
    session = new ChatSession(state, announcement);
    session.start();
    sessions.set(state, session);
  }
  return session;
}

/** What a screen reader is told about a finished turn: that it ended, and how it begins. */
function announcement(turn: Turn): string {
  const strings = chatStrings.transcript;
  const { run } = turn;
  if (run?.state === 'failed') return strings.failedAnswer(run.error?.message ?? '');
  if (run?.state === 'stopped') return strings.stopped;
  return strings.finished(turn.content.replace(/[#*_`>|]/g, '').replace(/\s+/g, ' ').slice(0, 200));
}
