/** Prefix of the channels that Sentinels talk on. */
export const SENTINEL_CHANNELS = "__sentinel__:";
/**
 * Sentinels tell each other here which node is primary, through the engines that they watch. They believe
 * anyone who publishes, so on every engine only the Sentinels' own user may publish here. A Sentinel also
 * accepts such a message directly.
 */
export const HELLO_CHANNEL = `${SENTINEL_CHANNELS}hello`;
