/** How many models a menu of the chat offers, the last ones used: among more of them a menu is no help. */
export const MOST_MODELS = 40;
