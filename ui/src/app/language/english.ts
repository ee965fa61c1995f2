/** Every table of texts of the page, by name; the tables are the ones that all read. */
import * as chat from '$/features/chat/strings.en';
import * as attachments from '$/features/chat/attachments/strings.en';
import * as branches from '$/features/chat/branches/strings.en';
import * as compare from '$/features/chat/compare/strings.en';
import * as presets from '$/features/chat/presets/strings.en';
import * as prompts from '$/features/chat/prompts/strings.en';
import * as quick from '$/features/chat/quick/strings.en';
import * as temporary from '$/features/chat/temporary/strings.en';
import * as server from '$/features/server/strings.en';
import * as format from '$/lib/format/strings.en';
import * as markdown from '$/lib/markdown/strings.en';
import * as common from '$/lib/strings.en';

export const ENGLISH = { ...common, ...format, ...markdown, ...chat, ...branches, ...compare, ...presets, ...prompts, ...attachments, ...temporary, ...quick, ...server };
