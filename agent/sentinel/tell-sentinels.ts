import type { NodeAddress } from "../drivers/replication-convergence.ts";
import { SentinelLink } from "./sentinel-link.ts";

/**
 * Tells the Sentinels of other hosts at once who leads, for whoever has just made it so. Without a word they would hold
 * to the dead primary, and two seconds later elect another replica. Their own agents tell them as well, but only by what
 * the control plane says, which may die before it does. Those that don't answer are left out. Never throws.
 */
export async function tellSentinels(options: {
	sentinels: readonly NodeAddress[];
	/** Of the Sentinels' own doors. */
	password: string;
	cacheId: string;
	primary: NodeAddress;
}): Promise<void> {
	const { sentinels, password, cacheId, primary } = options;
	const found = await Promise.all(
		sentinels.map(async (address) => {
			const link = await SentinelLink.open(address, password).catch(() => null);
			const held = (await link?.cache(cacheId).catch(() => null)) ?? null;
			return { link, held };
		}),
	);
	// Newer than what any of them knows, so that none brings an older word.
	const epoch = 1 + Math.max(0, ...found.map(({ held }) => held?.configEpoch ?? 0));
	await Promise.all(
		found.map(async ({ link, held }) => {
			if (held !== null && !held.failoverUnderWay) {
				await link?.announce(cacheId, primary, epoch).catch(() => false);
			}
			link?.close();
		}),
	);
}
