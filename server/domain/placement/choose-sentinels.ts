/** More don't make it safer, and each keeps two connections to every node. */
const SENTINELS_MAX = 5;

/**
 * Which hosts' Sentinels watch a cache, and how many of them must agree that its primary is gone: most of them. All
 * hosts where there are few; otherwise those of the cache itself, and others by turns of the zones, the same ones every
 * time.
 */
export function chooseSentinels(options: {
	cacheId: string;
	/** Ids of the hosts that the cache's nodes are on. */
	own: readonly string[];
	hosts: readonly { id: string; zone: string }[];
}): { hosts: string[]; quorum: number } {
	const { cacheId, hosts } = options;
	const own = new Set(options.own);
	const ranked = hosts
		.map((host) => ({ ...host, rank: rankOf(`${cacheId} ${host.id}`) }))
		.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
	const chosen = ranked.filter((host) => own.has(host.id)).slice(0, SENTINELS_MAX);
	const others = ranked.filter((host) => !own.has(host.id));
	while (chosen.length < SENTINELS_MAX && others.length > 0) {
		const count = (zone: string) => chosen.filter((host) => host.zone === zone).length;
		const fewest = Math.min(...others.map((host) => count(host.zone)));
		const next = others.findIndex((host) => count(host.zone) === fewest);
		chosen.push(...others.splice(next, 1));
	}
	return {
		hosts: chosen.map((host) => host.id).sort(),
		quorum: Math.floor(chosen.length / 2) + 1,
	};
}

/** The same for the same text, and as good as random over many (FNV-1a). */
function rankOf(text: string): number {
	let hash = 0x811c9dc5;
	for (const character of text) {
		hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
	}
	return hash >>> 0;
}
