import type { CacheSize, FormerShape, FullCache } from "../../data/cache-mapping.ts";
import { shardName } from "../../data/cache-view.ts";
import { engineTitle } from "../../domain/cache/node-kind.ts";

/** What differs between two shapes, in words: first as it is in one, then as in the other. */
export function describeDifference(
	row: FullCache,
	a: FormerShape,
	b: FormerShape,
): [string, string] {
	const parts: [string, string][] = [];
	const sizes = [describeSize(row, a), describeSize(row, b)] as const;
	if (sizes[0] !== sizes[1]) parts.push([...sizes]);
	const [from, to] = [a.kind, b.kind];
	if (from !== undefined && to !== undefined) {
		if (from.nodeType !== to.nodeType) parts.push([from.nodeType, to.nodeType]);
		const titles = [from, to].map(({ engine, engineVersion }) =>
			engineTitle(engine, engineVersion),
		);
		if (titles[0] !== titles[1]) parts.push([titles[0] ?? "", titles[1] ?? ""]);
	}
	const [here, there] = [a.zones, b.zones].map((zones) => zones?.join(", ") ?? "any zone");
	if (here !== there) parts.push([here ?? "", there ?? ""]);
	if (parts.length === 0) return [...sizes];
	return [parts.map(([left]) => left).join(" and "), parts.map(([, right]) => right).join(" and ")];
}

function describeSize(row: FullCache, size: CacheSize): string {
	const some = (count: number, thing: string) => `${count} ${thing}${count === 1 ? "" : "s"}`;
	if (size.nodes !== null) return some(size.nodes, "node");
	const own = row.shards.flatMap(({ id, index }) => {
		const count = size.shardReplicas?.[id];
		return count === undefined ? [] : [`${count} in shard ${shardName(index)}`];
	});
	const exceptions = own.length === 0 ? "" : ` (${own.join(", ")})`;
	return `${some(size.replicasPerShard, "replica")} per shard${exceptions}`;
}
