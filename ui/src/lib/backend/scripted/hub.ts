/** The Hub of the scripted backend. */
import { missing, type Handlers } from './host';

export type HubCommand = 'hub_search' | 'hub_model' | 'hub_card' | 'hub_header' | 'hub_fit' | 'hub_catalogue';

export function hubHandlers(): Pick<Handlers, HubCommand> {
  const nothing = () => {
    throw missing('repository');
  };
  return {
    hub_search: () => ({ results: [], next: null, from_cache: false }),
    hub_model: nothing,
    hub_card: nothing,
    hub_header: nothing,
    hub_fit: nothing,
    hub_catalogue: () => [],
  };
}
