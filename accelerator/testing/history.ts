/** Something that a client did to one item, with the times between which it took effect, and the item's value. */
export interface Deed {
	readonly kind: "write" | "read";
	readonly key: string;
	readonly client: number;
	readonly start: number;
	readonly end: number;
	/** Unique among the writes of a key; null for an item that isn't there. */
	readonly value: number | null;
}

/** What DynamoDB could not have answered, as sentences for people. */
export function findImpossible(deeds: readonly Deed[]): string[] {
	return [...groupBy(deeds, ({ key }) => key)].flatMap(([key, ofKey]) => {
		const deletes = ofKey.some(({ kind, value }) => kind === "write" && value === null);
		return [...findStale(key, ofKey), ...(deletes ? [] : findInversions(key, ofKey))];
	});
}

/**
 * A read may return what a write has written that began before the read ended, unless another write came wholly between
 * that one and the read. The item isn't there until the first write.
 */
function findStale(key: string, deeds: readonly Deed[]): string[] {
	const first: Deed = { kind: "write", key, client: -1, start: -2, end: -1, value: null };
	const writes = [first, ...deeds.filter(({ kind }) => kind === "write")];
	return deeds.flatMap((read) => {
		if (read.kind !== "read") return [];
		const sources = writes.filter(({ value, start }) => value === read.value && start < read.end);
		const isPossible = sources.some(
			(source) => !writes.some((later) => source.end < later.start && later.end < read.start),
		);
		return isPossible
			? []
			: [describe(key, read, "returned what had been overwritten, or was never written")];
	});
}

/**
 * Gibbons and Korach: with unique values, a register's history is linearizable if the zones of its values don't get in each
 * other's way. A value's zone spans from its first end to its last start, of its write and its reads. Zones that run
 * forward mustn't overlap, and none that runs backward may lie within one.
 */
function findInversions(key: string, deeds: readonly Deed[]): string[] {
	const written = deeds.filter(({ value }) => value !== null);
	const zones = [...groupBy(written, ({ value }) => value)].map(([value, ofValue]) => {
		const firstEnd = Math.min(...ofValue.map(({ end }) => end));
		const lastStart = Math.max(...ofValue.map(({ start }) => start));
		const from = Math.min(firstEnd, lastStart);
		return { value, from, to: Math.max(firstEnd, lastStart), forward: firstEnd < lastStart };
	});
	return zones
		.filter(({ forward }) => forward)
		.flatMap((zone) =>
			zones
				.filter((other) => other !== zone && crosses(zone, other))
				.map(({ value }) => `${key}: values ${zone.value} and ${value} were seen in both orders`),
		);
}

interface Zone {
	readonly from: number;
	readonly to: number;
	readonly forward: boolean;
}

function crosses(zone: Zone, other: Zone): boolean {
	if (other.forward) return zone.from < other.to && other.from < zone.to;
	return zone.from < other.from && other.to < zone.to;
}

function describe(key: string, { client, value, start, end }: Deed, what: string): string {
	return `${key}: client ${client} read ${value} from ${start.toFixed(2)} to ${end.toFixed(2)} ms, which ${what}`;
}

function groupBy<K>(deeds: readonly Deed[], keyOf: (deed: Deed) => K): Map<K, Deed[]> {
	const groups = new Map<K, Deed[]>();
	for (const deed of deeds) {
		const key = keyOf(deed);
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [deed]);
		else group.push(deed);
	}
	return groups;
}
