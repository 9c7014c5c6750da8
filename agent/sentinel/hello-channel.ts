/** Prefix of the channels that Sentinels talk on. */
export const SENTINEL_CHANNELS = "__sentinel__:";
/**
 * Sentinels tell each other here which node is primary, through the engines that they watch. They believe
 * anyone who publishes, so on every engine only their own user may. A Sentinel also accepts it directly.
 */
export const HELLO_CHANNEL = `${SENTINEL_CHANNELS}hello`;
