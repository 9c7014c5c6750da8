/** How many of the newest join tokens the hosts page shows. */
export const JOIN_TOKENS_SHOWN = 20;
