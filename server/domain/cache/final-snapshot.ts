/** How long after its deletion protection was turned off a cache can't be deleted without a final snapshot. */
export const PROTECTION_LINGERS_MS = 3_600_000;

/**
 * Whether the data of a cache is still protected although the cache isn't: turning protection off doesn't make data less
 * worth keeping. A cache that has never served has none, and Memcached can't save any.
 */
export function requiresFinalSnapshot(
	cache: {
		readonly engine: string;
		readonly deletionProtection: boolean;
		readonly protectionEndedAt: Date | null;
		readonly availableAt: Date | null;
	},
	now: Date,
): boolean {
	const { engine, deletionProtection, protectionEndedAt, availableAt } = cache;
	if (engine === "memcached" || availableAt === null) return false;
	if (deletionProtection) return true;
	if (protectionEndedAt === null) return false;
	return now.getTime() - protectionEndedAt.getTime() < PROTECTION_LINGERS_MS;
}
