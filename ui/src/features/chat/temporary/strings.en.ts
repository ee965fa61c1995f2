/** Words of temporary chats. */
export const temporaryStrings = {
  begin: 'Temporary chat',
  mark: 'Temporary',
  markText: 'Nothing of this chat is written to the disk.',
  keep: 'Keep',
  keepText: 'Keep this chat as a conversation',
  kept: 'The chat is kept',
  emptyTitle: 'Temporary chat',
  emptyText: 'Nothing of it is written to the disk: not your words, not the answers, no file. It is gone when you leave it, unless you keep it.',
  leaveTitle: 'Leave the temporary chat?',
  leaveText: 'It is kept nowhere. Once you leave it, it is gone.',
  stay: 'Stay',
  keepAndLeave: 'Keep it',
  discard: 'Leave and delete',
};
