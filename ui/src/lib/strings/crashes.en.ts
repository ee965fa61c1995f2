import type { WorkerDeed } from '$/gen/protocol';

export const crashStrings = {
  title: 'Crash reports',
  text: 'What broke, kept on this machine and never sent. A report holds no conversation and no token; the newest 20 are kept.',
  back: 'Settings',
  none: 'No crash is on record',
  noneText: 'When a model or Sirocco itself stops unexpectedly, a report of it shows here.',
  notRead: 'The reports could not be read',
  tryAgain: 'Try again',
  panic: (program: string) => `Error in ${program}`,
  worker: {
    loading: (model: string) => `${model} stopped while it was loaded`,
    answering: (model: string) => `${model} stopped while it answered`,
    waiting: (model: string) => `${model} stopped while nobody asked it`,
  } satisfies Record<WorkerDeed, (model: string) => string>,
  unclosed: 'Sirocco was not closed',
  copy: 'Copy',
  copied: 'Copied',
  reveal: 'Show in folder',
  delete: 'Delete',
  deleteAll: 'Delete all',
  deleteAllTitle: 'Delete all crash reports?',
  deleteAllText: 'Nothing else changes.',
  lastPanic: 'Sirocco stopped unexpectedly the last time',
  lastUnclosed: 'Sirocco did not close properly last time',
  lastText: 'A report is kept on this machine. Nothing is sent.',
  show: 'Show report',
};
