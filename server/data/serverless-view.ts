import { type Cache, evictionPolicySchema } from "../contract/index.ts";
import { shardBytesOf } from "../domain/serverless/capacity.ts";
import type { Clock } from "../platform/clock.ts";
import { allNodeRows, type FullCache, holdersOf } from "./cache-mapping.ts";
import type { FleetState } from "./fleet-state.ts";
import { modeChangeOf } from "./mode-change-column.ts";
import { isServerless, limitsOf, partsWanted, protocolOf } from "./serverless-rows.ts";
import { sleepOf } from "./sleep-column.ts";

type ServerlessView = Pick<
	Cache,
	"protocol" | "limits" | "usage" | "capacity" | "evictionPolicy" | "scaleToZero" | "sleep"
>;

/** What only a serverless cache has; null for others. */
export function serverlessView(
	row: FullCache,
	{ fleet, clock }: { fleet: FleetState; clock: Clock },
): ServerlessView {
	if (!isServerless(row)) {
		return {
			...{ protocol: null, limits: null, usage: null, capacity: null, evictionPolicy: null },
			...{ scaleToZero: null, sleep: null },
		};
	}
	// Nodes that end for a change of the cluster mode don't sleep.
	const sleep = modeChangeOf(row) === null ? sleepOf(row) : null;
	return {
		protocol: protocolOf(row),
		limits: limitsOf(row),
		usage: usageOf(row, fleet, clock.now().getTime()),
		capacity: { memoryBytes: memoryForData(row), shards: partsWanted(row) },
		evictionPolicy: evictionPolicySchema.nullable().parse(row.evictionPolicy),
		scaleToZero: row.sleepAfterMinutes === null ? null : { afterMinutes: row.sleepAfterMinutes },
		sleep: sleep && { state: sleep.state, since: sleep.since },
	};
}

/** What its primaries, or Memcached nodes, have now, or what they will have once they are placed. */
function memoryForData(row: FullCache): number {
	const placed = holdersOf(row);
	if (placed.length > 0) {
		return placed.reduce((sum, { maxmemoryBytes }) => sum + Number(maxmemoryBytes), 0);
	}
	return partsWanted(row) * shardBytesOf(Number(row.nodeMemoryBytes));
}

function usageOf(row: FullCache, { elastic }: FleetState, now: number): ServerlessView["usage"] {
	const loads = holdersOf(row).map(({ id }) => elastic.load(id, now));
	const known = loads.filter((load) => load !== null);
	const isKnown = known.length > 0 && known.length === loads.length;
	// Clients may read from replicas too.
	const ecpus = allNodeRows(row).flatMap(({ id }) => elastic.load(id, now)?.ecpuPerSecond ?? []);
	const throttled = allNodeRows(row).flatMap(({ id }) => elastic.throttledPercent(id, now) ?? []);
	return {
		dataStorageBytes: isKnown ? known.reduce((sum, { usedBytes }) => sum + usedBytes, 0) : null,
		ecpuPerSecond: ecpus.length === 0 ? null : ecpus.reduce((sum, each) => sum + each, 0),
		throttledPercent: throttled.length === 0 ? null : Math.max(...throttled),
	};
}
