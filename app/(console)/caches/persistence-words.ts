import type { Cache } from "../../../server/contract/cache-view.ts";

interface PersistenceWords {
	readonly label: string;
	/** In a sentence or a list of facts. */
	readonly short: string;
	/** What data survives. */
	readonly protects: string;
	/** Measured with SETs by 50 clients (docs/measurements.md). */
	readonly costs: string;
}

export const PERSISTENCE_WORDS: Readonly<Record<Cache["persistence"], PersistenceWords>> = {
	none: {
		label: "Off",
		short: "off",
		protects: "A node that ends starts empty, unless a replica has its data.",
		costs: "Costs nothing.",
	},
	"aof-everysec": {
		label: "Every second",
		short: "on disk every second",
		protects:
			"Survives a crash of the engine. A power cut loses the last second of writes, or two on a slow disk.",
		costs: "Cost too little to measure beside other work.",
	},
	"aof-always": {
		label: "Every write",
		short: "on disk before each answer",
		protects: "Survives a crash and a power cut: what was acknowledged is on disk.",
		costs: "Halved the writes per second, and doubled the slowest percent's wait.",
	},
};

/** Why caches of this kind have no persistence; null if they can have it. */
export function persistenceObstacle({
	kind,
	engine,
}: Pick<Cache, "kind" | "engine">): string | null {
	if (engine === "memcached") return "Memcached keeps data in memory only.";
	if (kind === "serverless") {
		return "The nodes of a serverless cache come and go with the load. Replicas on other hosts keep its data.";
	}
	return null;
}
