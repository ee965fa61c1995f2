/** The chat: its list, its page and its inspector. They share one session (`session.ts`). */
export { attachPaths } from './attachments/attach';
export { chatActions, chooseModel } from './chatActions';
export { default as ChatInspector } from './ChatInspector.svelte';
export { default as ChatPage } from './ChatPage.svelte';
export { default as ComparePage } from './compare/ComparePage.svelte';
export { default as ConversationColumn } from './ConversationColumn.svelte';
export { default as QuickAsk } from './quick/QuickAsk.svelte';
export { default as TemporaryDialog } from './temporary/TemporaryDialog.svelte';
