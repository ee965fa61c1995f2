/** Words of attachments. */
import type { AttachmentKind } from '$/gen/protocol';
import { plural } from '$/lib/format';

const KINDS: Record<AttachmentKind, string> = {
  text: 'Text',
  markdown: 'Markdown',
  code: 'Code',
  csv: 'Table',
  html: 'Web page',
  pdf: 'PDF',
  docx: 'Word document',
  xlsx: 'Workbook',
};

export const attachmentStrings = {
  label: 'Attached files',
  attach: 'Attach files',
  choose: 'Files to attach',
  reading: (name: string) => `Reading ${name}`,
  open: (name: string) => `Open ${name}`,
  remove: (name: string) => `Remove ${name}`,
  kind: (kind: AttachmentKind) => KINDS[kind],
  tokens: (count: number) => plural(count, 'token'),
  pastedName: 'Pasted text.txt',
  about: (kind: AttachmentKind, size: string, characters: number) => `${KINDS[kind]}, ${size}. The model is sent this text of ${plural(characters, 'character')}.`,
  loading: 'Loading the text',
  text: 'Text of the file',
  copy: 'Copy',
};
