import type { Parameter } from "../../../server/contract/parameter-group.ts";
import { plural } from "../../_lib/format/count.ts";

/** The parameter that decides between taking every write and keeping every write. */
export const WRITE_GUARD_PARAMETER = "min-replicas-to-write";

/** With two replicas, one may be away while the other is still in reach, so writes continue. */
const ON_FROM_REPLICAS = 2;
const WHEN_ON: Readonly<Record<string, string>> = {
	[WRITE_GUARD_PARAMETER]: "1",
	"min-replicas-max-lag": "3",
};

/** The value that nodes run with where the group keeps a parameter's default. */
export function valueInForce({ name, value, source }: Parameter, replicasPerShard: number): string {
	if (source === "user" || replicasPerShard < ON_FROM_REPLICAS) return value;
	return WHEN_ON[name] ?? value;
}

interface WriteGuard {
	/** Replicas that must be in reach for the primary to accept a write; 0 accepts all writes. */
	replicas: number;
	/** True if a parameter group sets it. */
	isSet: boolean;
}

/** `parameters` are those of the cache's group; null for a default group, which sets nothing. */
export function writeGuardOf(
	replicasPerShard: number,
	parameters: readonly Parameter[] | null,
): WriteGuard {
	const own = parameters?.find(({ name }) => name === WRITE_GUARD_PARAMETER);
	if (own !== undefined) {
		const replicas = Number(valueInForce(own, replicasPerShard));
		return { replicas, isSet: own.source === "user" };
	}
	return { replicas: replicasPerShard >= ON_FROM_REPLICAS ? 1 : 0, isSet: false };
}

/** What the setting protects and what it costs. */
export function writeGuardWords({ replicas }: WriteGuard, replicasPerShard: number): string {
	if (replicas === 0) {
		return "If the primary is cut off from its replicas while clients can still reach it, it keeps accepting writes. Those writes are lost when a replica takes over. Writes never wait for a replica.";
	}
	if (replicas > replicasPerShard) {
		return `Writes need ${plural(replicas, "replica")} that the primary can reach, but the shard has only ${replicasPerShard}, so it accepts no writes. Set a lower value.`;
	}
	const spare = replicasPerShard - replicas;
	return `If the primary is cut off from its replicas, it stops accepting writes within seconds. Only writes made in those seconds are lost when a replica takes over. Reads continue. ${
		spare === 0
			? "Writes also stop while a replica is unavailable."
			: `${spare === 1 ? "One replica" : `${spare} replicas`} can be unavailable without affecting writes.`
	}`;
}
