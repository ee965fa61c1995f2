/** Words of the window for a quick question, in French. */
import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

export const quickStrings: Translation<typeof en.quickStrings> = {
  title: 'Question rapide',
  lead: 'Posez une question. Rien n’en est conservé si vous ne le dites pas ; Échap cache cette fenêtre.',
  turns: 'Question et réponse',
  keep: 'Conserver',
  another: 'Autre question',
  noModel: 'Aucun modèle ne peut encore répondre. Ajoutez-en un dans la fenêtre principale.',
};
