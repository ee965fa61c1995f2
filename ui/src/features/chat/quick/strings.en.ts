/** Words of the window for a quick question. */
export const quickStrings = {
  title: 'Quick question',
  lead: 'Ask something. Nothing of it is kept unless you say so; Escape hides this window.',
  turns: 'Question and answer',
  keep: 'Keep',
  another: 'Another question',
  noModel: 'No model can answer yet. Add one in the main window.',
};
