/** Words of temporary chats, in French. */
import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

export const temporaryStrings: Translation<typeof en.temporaryStrings> = {
  begin: 'Discussion temporaire',
  mark: 'Temporaire',
  markText: 'Rien de cette discussion n’est écrit sur le disque.',
  keep: 'Conserver',
  keepText: 'Conserver cette discussion comme conversation',
  kept: 'La discussion est conservée',
  emptyTitle: 'Discussion temporaire',
  emptyText:
    'Rien n’en est écrit sur le disque : ni vos mots, ni les réponses, ni un fichier. Elle disparaît quand vous la quittez, sauf si vous la conservez.',
  leaveTitle: 'Quitter la discussion temporaire ?',
  leaveText: 'Elle n’est conservée nulle part. Une fois quittée, elle est perdue.',
  stay: 'Rester',
  keepAndLeave: 'La conserver',
  discard: 'Quitter et supprimer',
};
