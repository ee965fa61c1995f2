/** Attached files in the scripted backend: every file is text. */
import type { Attachment } from '$/gen/protocol';
import { entry, refusal, type Handlers, type ScriptedHost } from './host';

const CONTENT = 'wind,from\nsirocco,south\n';

export function attachmentHandlers(host: ScriptedHost): Pick<Handlers, 'attachment_add' | 'attachment_give' | 'attachment_text'> {
  const keep = (name: string, text: string): Attachment => {
    const kind = /\.csv$/i.test(name) ? 'csv' : /\.pdf$/i.test(name) ? 'pdf' : 'text';
    const attachment: Attachment = { id: host.id('att'), name, kind, size_bytes: text.length, characters: text.length };
    host.attached.set(attachment.id, { attachment, text });
    return attachment;
  };

  return {
    attachment_add: ({ handle }) => keep(handle.split('/').pop() || 'file.txt', CONTENT),
    attachment_give: ({ name, content_base64 }) => {
      if (/\.png$/i.test(name)) throw refusal('file_problem', `could not read \`${name}\`: it is not text, and not a PDF, DOCX or XLSX document`);
      const bytes = Uint8Array.from(atob(content_base64), (one) => one.charCodeAt(0));
      return keep(name, new TextDecoder().decode(bytes));
    },
    attachment_text: ({ id }) => entry(host.attached, id, 'attachment').text,
  };
}
