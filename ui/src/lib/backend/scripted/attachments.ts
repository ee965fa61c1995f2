/** Attached files in the scripted backend: images are those whose name says so, everything else is text. */
import type { Attachment } from '$/gen/protocol';
import { entry, refusal, type Handlers, type ScriptedHost } from './host';

const IMAGE = /\.(png|jpe?g|webp|gif)$/i;
/** A picture of a coast, drawn so that it takes few bytes. */
const PICTURE = btoa(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1024 768"><rect width="1024" height="768" fill="#f4c58a"/><circle cx="700" cy="260" r="90" fill="#fff2cc"/><path d="M0 470q256-60 512 0t512 0v298H0z" fill="#3a7ca5"/><path d="M0 560q256-50 512 0t512 0v208H0z" fill="#2f6690"/><path d="M0 700 260 420l180 180 120-90 240 258H0z" fill="#81523f"/></svg>',
);
const CONTENT = 'wind,from\nsirocco,south\n';

export function attachmentHandlers(host: ScriptedHost): Pick<Handlers, 'attachment_add' | 'attachment_give' | 'attachment_image' | 'attachment_text'> {
  const keep = (name: string, text: string): Attachment => {
    const kind = /\.csv$/i.test(name) ? 'csv' : /\.pdf$/i.test(name) ? 'pdf' : 'text';
    const attachment: Attachment = { id: host.id('att'), name, kind, size_bytes: text.length, characters: text.length };
    host.attached.set(attachment.id, { attachment, text });
    return attachment;
  };

  const keepImage = (name: string, content_base64: string): Attachment => {
    const attachment: Attachment = {
      id: host.id('att'), name, kind: 'image', size_bytes: Math.ceil(content_base64.length * 0.75), characters: 0, pixels: { width: 1024, height: 768 },
    };
    host.attached.set(attachment.id, { attachment, text: content_base64 });
    return attachment;
  };

  return {
    attachment_add: ({ handle }) => {
      const name = handle.split('/').pop() || 'file.txt';
      return IMAGE.test(name) ? keepImage(name, PICTURE) : keep(name, CONTENT);
    },
    attachment_give: ({ name, content_base64 }) => {
      if (/broken/i.test(name)) throw refusal('file_problem', `could not read \`${name}\`: it is damaged`);
      if (IMAGE.test(name)) return keepImage(name, content_base64);
      const bytes = Uint8Array.from(atob(content_base64), (one) => one.charCodeAt(0));
      return keep(name, new TextDecoder().decode(bytes));
    },
    attachment_image: ({ id }) => {
      const content_base64 = entry(host.attached, id, 'attachment').text;
      return { media_type: content_base64.startsWith('PHN2Zy') ? 'image/svg+xml' : 'image/png', content_base64 };
    },
    attachment_text: ({ id }) => entry(host.attached, id, 'attachment').text,
  };
}
