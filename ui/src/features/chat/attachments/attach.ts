/** Ways in which files come to the message being written. */

import type { PickedPath } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { sessionOf } from '../session';
import { attachmentStrings as strings } from './strings.en';
import { LONG_PASTE, type DraftAttachments } from './draftAttachments.svelte';

/** Opens the native dialog. */
export async function pickAttachments({ backend }: Sirocco, attachments: DraftAttachments): Promise<void> {
  const paths = await backend.call('path_pick', { kind: 'attachments' });
  await Promise.all(paths.map((path) => attachments.addPath(path.handle, path.path)));
}

/** Files dropped onto the window, for the chat that is shown. */
export function attachPaths(state: Sirocco, paths: PickedPath[]): void {
  const { attachments } = sessionOf(state);
  for (const path of paths) void attachments.addPath(path.handle, path.path);
}

export function attachFiles(attachments: DraftAttachments, files: Iterable<File>): void {
  for (const file of files) void attachments.addFile(file);
}

/** Takes files and long texts of a paste; answers whether there were any, and the field is to do nothing then. */
export function attachPasted(attachments: DraftAttachments, pasted: DataTransfer | null): boolean {
  if (!pasted) return false;
  const text = pasted.getData('text/plain');
  // What was copied from a table or a page often brings a picture of itself.
  if (pasted.files.length > 0 && text === '') {
    attachFiles(attachments, pasted.files);
    return true;
  }
  if (text.length <= LONG_PASTE) return false;
  void attachments.addText(strings.pastedName, text);
  return true;
}
