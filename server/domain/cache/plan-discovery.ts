import type { CacheModel, NodeModel, PlanAction } from "./model.ts";
import { allNodes } from "./model.ts";
import { isConverged, isServing } from "./node-health.ts";

/**
 * Memcached: auto discovery names a node while it is ready, so clients never learn of one that isn't. A
 * replacement isn't named before it takes over, because clients spread their keys over all nodes that are named.
 */
export function planDiscovery(cache: CacheModel): PlanAction[] {
	if (cache.engine !== "memcached") return [];
	const candidates = allNodes(cache).filter(
		(node) => !node.removed && node.replacesNodeId === null,
	);
	const members = candidates.filter((node) => !node.joining && node.leavingAt === null);
	const nodeIds = hasPlaces(cache)
		? placesOf(cache, candidates)
		: members.filter(isServing).map(({ id }) => id);
	const same = JSON.stringify(nodeIds) === JSON.stringify(cache.discoveryNodeIds);
	return same ? [] : [{ kind: "publish-discovery", nodeIds }];
}

/**
 * Whether its nodes have places, because it is a serverless Memcached cache. Each node passes requests on to the key's
 * node, and which that is depends on the order of the nodes and on how many of them count:
 *
 *   joining     at the end of the list, not counted        every proxy deletes there what it writes elsewhere
 *   member      counted, once all proxies know it          proxies begin to lead there, each at its time
 *   leaving     not counted any more, but still listed     as when joining
 *   ·           not listed, once all proxies know that     no proxy knows it: it can stop
 */
export function hasPlaces({ engine, elastic }: CacheModel): boolean {
	return engine === "memcached" && elastic !== null;
}

/** All proxies follow the newest list. */
export function areProxiesTold(cache: CacheModel): boolean {
	return allNodes(cache).every((node) => node.removed || node.host.lost || isConverged(node));
}

/**
 * A node keeps its place while it belongs to the cache, even if it doesn't serve: otherwise keys of others would move. A
 * successor takes its predecessor's place, and others join and leave at the end.
 */
function placesOf(cache: CacheModel, candidates: readonly NodeModel[]): string[] {
	const { everAvailable, discoveryNodeIds: listed } = cache;
	// All at once at first, so that no key moves.
	if (!everAvailable && !candidates.every(isServing)) return [...listed];
	const stay = candidates.filter(
		({ id, leavingAt }) => leavingAt === null || (listed.includes(id) && !areProxiesTold(cache)),
	);
	const ids = stay.map(({ id }) => id);
	const successors = stay.filter(({ id, joining }) => !joining && !listed.includes(id));
	const arrived = stay.filter((node) => !listed.includes(node.id) && isServing(node));
	const places = listed.map((id) => (ids.includes(id) ? id : successors.shift()?.id));
	const dropEnd = () => {
		while (places.length > 0 && places.at(-1) === undefined) places.pop();
	};
	dropEnd();
	// Where nobody comes for a place, the last one moves there, and only its keys move.
	for (const [index, id] of [...places].entries()) {
		if (id !== undefined || index >= places.length) continue;
		places[index] = places.pop();
		dropEnd();
	}
	const kept = places.filter((id) => id !== undefined);
	return [...kept, ...arrived.flatMap(({ id }) => (kept.includes(id) ? [] : [id]))];
}
