/** How many hosts serve a cache's endpoints. A cache whose nodes are on more hosts is served by all of those. */
export const SERVING_HOSTS = 10;

interface Candidate {
	readonly id: string;
	readonly zone: string;
	/** Hash of the id, for ranks. */
	readonly hash: number;
}

export interface ServingCandidates {
	readonly byId: ReadonlyMap<string, Candidate>;
	readonly byZone: ReadonlyMap<string, readonly Candidate[]>;
}

/** Prepares hosts for `servingHosts`, once for any number of caches. */
export function servingCandidates(
	hosts: readonly { id: string; zone: string }[],
): ServingCandidates {
	const byId = new Map<string, Candidate>();
	const byZone = new Map<string, Candidate[]>();
	for (const { id, zone } of hosts) {
		const candidate = { id, zone, hash: hashOf(id) };
		byId.set(id, candidate);
		const others = byZone.get(zone);
		if (others === undefined) byZone.set(zone, [candidate]);
		else others.push(candidate);
	}
	return { byId, byZone };
}

/**
 * The hosts whose gateways serve a cache: its own first, and others by rendezvous hashing, from each zone in
 * turn. A host that comes or goes changes at most one of the others.
 */
export function servingHosts(options: {
	cacheId: string;
	/** Ids of the hosts that the cache's nodes are on. */
	own: readonly string[];
	candidates: ServingCandidates;
}): { id: string; zone: string }[] {
	const { cacheId, candidates } = options;
	const own = new Set(options.own.toSorted());
	const chosen = [...own].flatMap((id) => candidates.byId.get(id) ?? []);
	const count = (zone: string) => chosen.filter((host) => host.zone === zone).length;
	const rivals = bestOfZones(cacheId, own, candidates, SERVING_HOSTS - chosen.length);
	while (chosen.length < SERVING_HOSTS) {
		const [next] = rivals
			.flatMap(([best]) => best ?? [])
			.sort((a, b) => count(a.host.zone) - count(b.host.zone) || byRank(a, b));
		if (next === undefined) break;
		chosen.push(next.host);
		rivals.find(([best]) => best === next)?.shift();
	}
	return chosen;
}

interface Ranked {
	readonly host: Candidate;
	readonly rank: number;
}

function byRank(a: Ranked, b: Ranked): number {
	return b.rank - a.rank || (a.host.id < b.host.id ? -1 : 1);
}

/** The best `most` hosts of each zone for a cache, best first, without its own. */
function bestOfZones(
	cacheId: string,
	own: ReadonlySet<string>,
	{ byZone }: ServingCandidates,
	most: number,
): Ranked[][] {
	if (most <= 0) return [];
	const cacheHash = hashOf(cacheId);
	return [...byZone.values()].map((hosts) => {
		const best: Ranked[] = [];
		let worst = -1;
		for (const host of hosts) {
			const rank = mix(cacheHash ^ host.hash);
			// Most hosts of a large fleet are skipped here.
			if (rank < worst || own.has(host.id)) continue;
			const ranked = { host, rank };
			const place = best.findIndex((each) => byRank(ranked, each) < 0);
			best.splice(place < 0 ? best.length : place, 0, ranked);
			best.splice(most);
			worst = best[most - 1]?.rank ?? -1;
		}
		return best;
	});
}

/** FNV-1a: equal for equal texts. */
function hashOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index++) {
		hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	}
	return hash;
}

/** MurmurHash3's last step: each bit of the result depends on every bit of the input. */
function mix(value: number): number {
	let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return (hash ^ (hash >>> 16)) >>> 0;
}
