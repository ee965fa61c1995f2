/**
 * What can be done with the chat by name. What the page on show does with its own buttons, it does here too:
 * it hands its deeds to the session while it is there.
 */
import type { ModelId } from '$/gen/protocol';
import { copyAsMarkdown, EXPORT_CHOICES, exportConversations, printConversation } from '$/lib/exporting';
import { copyText } from '$/lib/markdown';
import { splitBlocks } from '$/lib/markdown/blocks';
import { sirocco, type Sirocco } from '$/lib/state';
import type { Action } from '$/lib/state/actions.svelte';
import { actionStrings as s, exchangeStrings } from '$/lib/strings.en';
import { archive, duplicate } from './organising';
import { removeConversation } from './removal';
import { chatSession } from './session';
import { INSPECTOR_PANELS, type ChatSession } from './state/session.svelte';
import { chatStrings } from './strings.en';

/** `showInspector` has the frame show what stands beside the chat. Call while a component is being made. */
export function chatActions(showInspector: () => void): Action[] {
  return actionsOf(chatSession(), sirocco(), showInspector);
}

/** Answers what chooses the model of the chat. Call while a component is being made. */
export function chooseModel(): (id: ModelId) => void {
  const chat = chatSession();
  const { toasts } = sirocco();
  return (id) => void chat.chooseModel(id).catch((thrown: unknown) => toasts.error(thrown));
}

export function actionsOf(chat: ChatSession, state: Sirocco, showInspector: () => void): Action[] {
  const { app, conversations, navigation, toasts } = state;
  const shown = () => chat.page !== null;
  const row = () => conversations.row(chat.current.id);
  /** The open conversation as the list has it, or would: a long list does not hold its row. */
  const summary = () => row() ?? (chat.temporary.shown ? null : (chat.current.conversation?.summary ?? null));
  const lastAnswer = () => chat.current.turns.findLast((turn) => turn.message.role === 'assistant') ?? null;
  /** The answer that ends the conversation, once it is whole. */
  const ended = () => {
    const { last } = chat.current;
    return last && last.message.role === 'assistant' && !last.live ? last : null;
  };
  const lastCode = () => {
    const block = splitBlocks(lastAnswer()?.content ?? '').findLast((one) => one.kind === 'code');
    return block?.text ?? null;
  };
  const copy = async (text: string) => {
    if (await copyText(text)) toasts.show(s.copied, { duration_ms: 2000 });
    else toasts.show(chatStrings.turn.copyFailed, { tone: 'danger' });
  };
  /** Opens the conversation so many places further down the list. */
  const step = (by: number) => {
    const at = conversations.items.findIndex((one) => one.id === navigation.conversationId);
    const next = conversations.items[at < 0 ? 0 : at + by];
    if (next) navigation.openConversation(next.id);
  };
  const group = 'chat';
  return [
    { group, id: 'chat.new', label: s.newChat, keys: ['Mod+N', 'Mod+Shift+O'], run: () => navigation.newChat() },
    { group, id: 'chat.temporary', label: s.newTemporary, words: s.newTemporaryWords, run: () => chat.temporary.begin() },
    {
      group,
      id: 'chat.keep',
      label: s.keepTemporary,
      available: () => shown() && chat.temporary.shown && !chat.current.liveTurn,
      run: () => void chat.temporary.keep().catch((thrown: unknown) => toasts.error(thrown)),
    },
    {
      group,
      id: 'chat.focus',
      label: s.focusComposer,
      words: s.focusComposerWords,
      keys: ['Shift+Escape'],
      run: () => {
        navigation.openChat();
        navigation.composerFocus += 1;
      },
    },
    { group, id: 'chat.compare', label: s.compare, words: s.compareWords, available: () => !chat.temporary.shown, run: () => navigation.openComparison() },
    { group, id: 'chat.ratings', label: s.ratings, words: s.ratingsWords, run: () => navigation.openComparison('ratings') },
    {
      group,
      id: 'chat.send',
      label: s.send,
      get fixed() {
        return (app.settings?.enter_sends ?? true) ? 'Enter' : 'Mod+Enter';
      },
      available: () => shown() && chat.draft.text.trim() !== '',
      run: () => chat.page?.send(),
    },
    { group, id: 'chat.stop', label: s.stop, fixed: 'Escape', available: () => shown() && chat.current.liveTurn !== null, run: () => chat.page?.stop() },
    {
      group,
      id: 'chat.regenerate',
      label: s.regenerate,
      available: () => shown() && ended() !== null,
      run: () => {
        const turn = ended();
        if (turn) chat.page?.regenerate(turn);
      },
    },
    {
      group,
      id: 'chat.continue',
      label: s.continue,
      available: () => shown() && ended() !== null && ended()?.content !== '',
      run: () => {
        const turn = ended();
        if (turn) chat.page?.continue(turn);
      },
    },
    {
      group,
      id: 'chat.editLast',
      label: s.editLast,
      fixed: 'ArrowUp',
      available: () => shown() && chat.current.turns.length > 0 && !chat.current.liveTurn,
      run: () => chat.page?.editLast(),
    },
    {
      group,
      id: 'chat.copyAnswer',
      label: s.copyAnswer,
      keys: ['Mod+Shift+C'],
      available: () => shown() && lastAnswer() !== null,
      run: () => void copy(lastAnswer()?.content ?? ''),
    },
    {
      group,
      id: 'chat.copyCode',
      label: s.copyCode,
      keys: ['Mod+Shift+;'],
      available: () => shown() && lastCode() !== null,
      run: () => void copy(lastCode() ?? ''),
    },
    {
      group,
      id: 'chat.find',
      label: s.findHere,
      keys: ['Mod+F'],
      available: () => shown() && chat.current.turns.length > 0,
      run: () => chat.find.start(),
    },
    {
      group,
      id: 'chat.map',
      label: s.showMap,
      words: s.showMapWords,
      available: () => shown() && chat.current.id !== null && chat.current.turns.length > 0,
      run: () => chat.page?.showMap(),
    },
    { group, id: 'chat.end', label: s.toEnd, available: () => shown() && chat.current.turns.length > 0, run: () => chat.page?.toEnd() },
    { group, id: 'chat.rename', label: s.rename, keys: ['F2'], available: () => shown() && chat.current.id !== null, run: () => chat.page?.rename() },
    {
      group,
      id: 'chat.window',
      label: s.openWindow,
      words: s.openWindowWords,
      keys: ['Mod+Shift+N'],
      available: () => shown() && chat.current.id !== null && !chat.temporary.shown,
      run: () => {
        const { id } = chat.current;
        if (id) void state.backend.openWindow(id).catch((thrown: unknown) => toasts.error(thrown));
      },
    },
    {
      group,
      id: 'chat.print',
      label: s.print,
      words: s.printWords,
      available: () => shown() && chat.current.id !== null && chat.current.turns.length > 0,
      run: () => {
        const { id } = chat.current;
        if (id) void printConversation(state, id);
      },
    },
    {
      group,
      id: 'chat.pin',
      get label() {
        return row()?.pinned ? s.unpin : s.pin;
      },
      available: () => shown() && row() !== null,
      run: () => {
        const one = row();
        if (one) void conversations.pin(one.id, !one.pinned).catch((thrown: unknown) => toasts.error(thrown));
      },
    },
    {
      group,
      id: 'chat.duplicate',
      label: s.duplicate,
      available: () => shown() && summary() !== null,
      run: () => {
        const one = summary();
        if (one) void duplicate(state, one);
      },
    },
    {
      group,
      id: 'chat.archive',
      get label() {
        return summary()?.archived ? s.unarchive : s.archive;
      },
      available: () => shown() && summary() !== null,
      run: () => {
        const one = summary();
        if (one) void archive(state, [one], !one.archived);
      },
    },
    {
      group,
      id: 'chat.move',
      label: s.move,
      words: s.moveWords,
      available: () => shown() && summary() !== null && chat.organiser.folders.all.length > 0,
      run: () => chat.page?.chooseFolder(),
    },
    ...EXPORT_CHOICES.map(
      (format): Action => ({
        group,
        id: `chat.export.${format}`,
        label: s.exportAs(exchangeStrings.formats[format]),
        words: s.exportWords,
        available: () => shown() && chat.current.id !== null,
        run: () => {
          const { id } = chat.current;
          if (id) void exportConversations(state, { type: 'conversations', ids: [id] }, format);
        },
      }),
    ),
    {
      group,
      id: 'chat.copyAll',
      label: s.copyAll,
      available: () => shown() && chat.current.id !== null,
      run: () => {
        const { id } = chat.current;
        if (id) void copyAsMarkdown(state, id);
      },
    },
    { group, id: 'chat.attach', label: s.attach, words: s.attachWords, available: shown, run: () => chat.page?.attach() },
    { group, id: 'chat.prompts', label: s.prompts, words: s.promptsWords, available: shown, run: () => chat.page?.showPrompts('library') },
    { group, id: 'chat.builder', label: s.builder, words: s.promptsWords, available: shown, run: () => chat.page?.showPrompts('builder') },
    ...INSPECTOR_PANELS.map(
      (panel): Action => ({
        group,
        id: `chat.panel.${panel}`,
        label: s.panels[panel],
        available: shown,
        run: () => {
          chat.showPanel(panel);
          showInspector();
        },
      }),
    ),
    {
      group,
      id: 'chat.delete',
      label: s.delete,
      keys: ['Mod+Shift+Backspace'],
      available: () => shown() && row() !== null,
      run: () => {
        const one = row();
        if (one) void removeConversation(state, one);
      },
    },
    { group, id: 'chat.previous', label: s.previous, keys: ['Mod+Shift+['], available: () => conversations.items.length > 0, run: () => step(-1) },
    { group, id: 'chat.next', label: s.next, keys: ['Mod+Shift+]'], available: () => conversations.items.length > 0, run: () => step(1) },
  ];
}
