/** Words of attachments, in French. */
import type { AttachmentKind } from '$/gen/protocol';
import { plural } from '$/lib/format';
import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

const KINDS: Record<AttachmentKind, string> = {
  text: 'Texte',
  markdown: 'Markdown',
  code: 'Code',
  csv: 'Tableau',
  html: 'Page web',
  pdf: 'PDF',
  docx: 'Document Word',
  xlsx: 'Classeur',
  image: 'Image',
};

export const attachmentStrings: Translation<typeof en.attachmentStrings> = {
  label: 'Fichiers joints',
  attach: 'Joindre des fichiers',
  choose: 'Fichiers à joindre',
  reading: (name) => `Lecture de ${name}`,
  open: (name) => `Ouvrir ${name}`,
  remove: (name) => `Retirer ${name}`,
  kind: (kind) => KINDS[kind],
  tokens: (count) => plural(count, 'token'),
  pastedName: 'Texte collé.txt',
  about: (kind, size, characters) => `${KINDS[kind]}, ${size}. Le modèle reçoit ce texte de ${plural(characters, 'caractère')}.`,
  pixels: (width, height) => `${width} × ${height}`,
  aboutImage: (size, pixels) => `Image, ${size}. Le modèle la reçoit en ${pixels} pixels.`,
  unseen: (model) => `${model} ne voit pas les images. Retirez-les, ou choisissez un modèle qui les voit.`,
  thisModel: 'Ce modèle',
  unseenBefore: (model) => `${model} ne voit pas les images : celles du dessus sont laissées de côté.`,
  loading: 'Chargement du texte',
  loadingImage: 'Chargement de l’image',
  text: 'Texte du fichier',
  copy: 'Copier',
};
