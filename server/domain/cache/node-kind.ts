import type { Engine } from "../../contract/index.ts";
import { formatGib } from "../../contract/units.ts";
import { versionFits } from "../engines/versions.ts";
import type { CacheModel, HostModel, NodeModel } from "./model.ts";
import { allNodes } from "./model.ts";
import type { FleetRoom } from "./zone-spread.ts";

const TITLES: Readonly<Record<Engine, string>> = {
	valkey: "Valkey",
	redis: "Redis OSS",
	memcached: "Memcached",
};

/** Such as Valkey 9. */
export function engineTitle(engine: Engine, version: string): string {
	return `${TITLES[engine]} ${version}`;
}

/** It doesn't run the engine that the cache wants. */
export function isOtherEngine(cache: CacheModel, { kind }: NodeModel): boolean {
	return kind.engine !== cache.engine || kind.engineVersion !== cache.engineVersion;
}

/** It isn't of the node type that the cache wants, or doesn't have the memory that a serverless cache wants. */
export function isOtherSize({ nodeType, elastic }: CacheModel, node: NodeModel): boolean {
	if (elastic === null) return node.kind.nodeType !== nodeType;
	return node.memoryBytes !== elastic.memoryBytes || node.dataBytes !== elastic.dataBytes;
}

/** The cache wants its nodes in other zones, and no person put it there. */
export function isOutOfZone(
	{ zones }: Pick<CacheModel, "zones">,
	{ host, placedByHand }: { host: Pick<HostModel, "zone">; placedByHand: boolean },
): boolean {
	return zones !== null && !zones.includes(host.zone) && !placedByHand;
}

/** Every node is what the cache wants, where the cache wants it. */
export function areAllOfKind(cache: CacheModel): boolean {
	return allNodes(cache).every(
		(node) => !isOtherEngine(cache, node) && !isOtherSize(cache, node) && !isOutOfZone(cache, node),
	);
}

/** Why another node must take its place, as a clause without a period; null if it can stay or be changed in place. */
export function whyReplaced(cache: CacheModel, node: NodeModel, room: FleetRoom): string | null {
	const { host, moveTo } = node;
	if (moveTo !== null && !isWhereAsked(node, host)) return "a user requested it";
	if (isOtherEngine(cache, node)) {
		return `the cache changes to ${engineTitle(cache.engine, cache.engineVersion)}`;
	}
	if (isOutOfZone(cache, node)) return `the cache's nodes should be in ${cache.zones?.join(", ")}`;
	// A serverless Memcached cache gets more nodes instead: a successor would begin without the data.
	if (cache.elastic !== null && cache.engine === "memcached") return null;
	return isOtherSize(cache, node) && room.tight.has(node.id)
		? `${host.name} has no room for ${sizeTitle(cache)}`
		: null;
}

function sizeTitle({ nodeType, elastic }: CacheModel): string {
	return elastic === null ? nodeType : `a node of ${formatGib(elastic.memoryBytes)}`;
}

/** Whether that host is where a person asked the node to move. */
export function isWhereAsked(
	{ moveTo }: NodeModel,
	{ id, zone }: { id: string; zone: string },
): boolean {
	if (moveTo === null) return false;
	return moveTo.hostId === null ? moveTo.zone === zone : moveTo.hostId === id;
}

/** Its host has a version of the engine that the cache wants. */
export function hasWantedEngine(cache: CacheModel, { host }: NodeModel): boolean {
	return host.engines.some(
		({ engine, version }) => engine === cache.engine && versionFits(version, cache.engineVersion),
	);
}
