/** Every table in French, fetched when French is shown. */
import * as chat from '$/features/chat/strings.fr';
import * as attachments from '$/features/chat/attachments/strings.fr';
import * as branches from '$/features/chat/branches/strings.fr';
import * as compare from '$/features/chat/compare/strings.fr';
import * as presets from '$/features/chat/presets/strings.fr';
import * as prompts from '$/features/chat/prompts/strings.fr';
import * as quick from '$/features/chat/quick/strings.fr';
import * as temporary from '$/features/chat/temporary/strings.fr';
import * as server from '$/features/server/strings.fr';
import * as format from '$/lib/format/strings.fr';
import type { Translation } from '$/lib/language';
import * as markdown from '$/lib/markdown/strings.fr';
import * as common from '$/lib/strings.fr';
import type { ENGLISH } from './english';

export const FRENCH: Translation<typeof ENGLISH> = { ...common, ...format, ...markdown, ...chat, ...branches, ...compare, ...presets, ...prompts, ...attachments, ...temporary, ...quick, ...server };
