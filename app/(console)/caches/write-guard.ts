import type { Parameter } from "../../../server/contract/parameter-group.ts";
import { plural } from "../../_lib/format/count.ts";

/** The parameter that decides between taking every write and keeping every write. */
export const WRITE_GUARD_PARAMETER = "min-replicas-to-write";

/** With two replicas one may be away and the other still be in reach, so writes go on. */
const ON_FROM_REPLICAS = 2;
const WHEN_ON: Readonly<Record<string, string>> = {
	[WRITE_GUARD_PARAMETER]: "1",
	"min-replicas-max-lag": "3",
};

/** What nodes are told of a parameter that the group leaves at its default. */
export function valueInForce({ name, value, source }: Parameter, replicasPerShard: number): string {
	if (source === "user" || replicasPerShard < ON_FROM_REPLICAS) return value;
	return WHEN_ON[name] ?? value;
}

interface WriteGuard {
	/** Replicas that have to be in reach for a write to be taken; 0 takes all. */
	replicas: number;
	/** A parameter group says so. */
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

/** The choice and what it costs, in plain words. */
export function writeGuardWords({ replicas }: WriteGuard, replicasPerShard: number): string {
	if (replicas === 0) {
		return "If the primary is cut off from its replicas while clients still reach it, it goes on taking writes. Those are lost once a replica leads in its place. Writes never wait for a replica.";
	}
	if (replicas > replicasPerShard) {
		return `Writes need ${plural(replicas, "replica")} in reach, and there ${replicasPerShard === 1 ? "is one" : `are ${replicasPerShard}`}: no write is taken. Set a lower value.`;
	}
	const spare = replicasPerShard - replicas;
	return `If the primary is cut off from its replicas, it stops taking writes within seconds, so that none is lost once a replica leads in its place. Reads go on. ${
		spare === 0
			? "Writes also stop while a replica is away."
			: `${spare === 1 ? "One replica" : `${spare} replicas`} can be away without anybody noticing.`
	}`;
}
