/** What clients of one node use of the cache's ECPU maximum. */
export interface EcpuUse {
	readonly perSecond: number;
	/** They would use more, if they could. */
	readonly isThrottled: boolean;
}

/** Of an equal part: even a node that nobody uses can serve a client that comes, until its share follows. */
const LEAST_SHARE = 0.05;
/** A node that isn't throttled may use so much more, until its share follows. */
const ROOM = 1.25;

/**
 * Divides the ECPU maximum of a cache over its nodes, primaries and replicas, by what their clients use: each gets what it
 * asks for if there is enough; otherwise those that ask for more than others get equally much. Together they have exactly
 * the maximum.
 */
export function shareEcpus(max: number, nodes: readonly EcpuUse[]): number[] {
	const least = (LEAST_SHARE * max) / nodes.length;
	const shares = nodes.map(() => least);
	const wishes = nodes.map(({ perSecond, isThrottled }, index) => {
		const wanted = isThrottled ? max : Math.min(max, perSecond * ROOM);
		return { index, more: Math.max(0, wanted - least) };
	});
	let left = max - least * nodes.length;
	let asking = nodes.length;
	for (const { index, more } of wishes.sort((a, b) => a.more - b.more)) {
		const given = Math.min(more, left / asking);
		shares[index] = least + given;
		left -= given;
		asking -= 1;
	}
	return shares.map((share) => share + left / nodes.length);
}
