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
  image: 'Image',
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
  pixels: (width: number, height: number) => `${width} × ${height}`,
  aboutImage: (size: string, pixels: string) => `Image, ${size}. The model is sent it with ${pixels} pixels.`,
  /** Why an image cannot be sent. */
  unseen: (model: string) => `${model} sees no images. Take them away, or choose a model that sees images.`,
  /** One whose name is not told yet. */
  thisModel: 'This model',
  /** Images of earlier messages. */
  unseenBefore: (model: string) => `${model} sees no images: those above are left out.`,
  loading: 'Loading the text',
  loadingImage: 'Loading the image',
  text: 'Text of the file',
  copy: 'Copy',
};
