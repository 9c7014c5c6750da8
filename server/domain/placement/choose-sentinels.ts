/** More don't make it safer, and each keeps two connections to every node. */
const SENTINELS_MAX = 5;

/**
 * Which of the hosts that serve a cache watch it with their Sentinels: all if there are few; otherwise those
 * with its nodes, those that already watch it, and others so that zones are covered evenly. A choice that is
 * still possible stays.
 */
export function chooseSentinels(options: {
	/** The hosts that serve the cache, the preferred first. */
	serving: readonly { id: string; zone: string }[];
	/** Ids of the hosts that the cache's nodes are on. */
	own: readonly string[];
	/** Ids of the hosts that have watched it so far. */
	held: readonly string[];
}): string[] {
	const [own, held] = [new Set(options.own), new Set(options.held)];
	const priority = ({ id }: { id: string }) => (own.has(id) ? 2 : 0) + (held.has(id) ? 1 : 0);
	const others = options.serving.toSorted((a, b) => priority(b) - priority(a));
	const chosen = others
		.splice(0, others.filter((host) => priority(host) > 0).length)
		.slice(0, SENTINELS_MAX);
	while (chosen.length < SENTINELS_MAX && others.length > 0) {
		const count = (zone: string) => chosen.filter((host) => host.zone === zone).length;
		const fewest = Math.min(...others.map((host) => count(host.zone)));
		const next = others.findIndex((host) => count(host.zone) === fewest);
		chosen.push(...others.splice(next, 1));
	}
	return chosen.map((host) => host.id).sort();
}

/** How many of a cache's Sentinels must agree that its primary is gone. */
export function sentinelQuorum(sentinels: number): number {
	return Math.floor(sentinels / 2) + 1;
}
