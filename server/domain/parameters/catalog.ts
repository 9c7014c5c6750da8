import type { ParameterFamily } from "../../contract/parameter-group.ts";
import { INT_MAX, integer, type ParameterDefinition, yesOrNo } from "./definition.ts";
import { MEMCACHED_PARAMETERS } from "./memcached-parameters.ts";
import { memoryParameters } from "./memory-parameters.ts";
import { serviceParameters } from "./service-parameters.ts";

/** For parameters that came with Valkey 8.1: an earlier version would refuse to start with them. */
const WHEN_SET = { sent: "when-set", apply: "requires-reboot" } as const;

const VALKEY: readonly ParameterDefinition[] = [
	integer(
		"commandlog-request-larger-than",
		1_048_576,
		[-1, Number.MAX_SAFE_INTEGER],
		"Logs requests of at least this many bytes; -1 logs none.",
		WHEN_SET,
	),
	integer(
		"commandlog-reply-larger-than",
		1_048_576,
		[-1, Number.MAX_SAFE_INTEGER],
		"Logs replies of at least this many bytes; -1 logs none.",
		WHEN_SET,
	),
	integer(
		"commandlog-large-request-max-len",
		128,
		[0, INT_MAX],
		"Entries in the log of large requests.",
		WHEN_SET,
	),
	integer(
		"commandlog-large-reply-max-len",
		128,
		[0, INT_MAX],
		"Entries in the log of large replies.",
		WHEN_SET,
	),
	yesOrNo(
		"extended-redis-compatibility",
		"no",
		"Reports itself as Redis to clients that require it.",
	),
	yesOrNo("hide-user-data-from-log", "yes", "Keeps keys and values out of the engine's log."),
	yesOrNo("cluster-slot-stats-enabled", "no", "Counts keys, CPU time and bytes for each slot.", {
		clusterMode: "enabled",
	}),
];

const VALKEY_9: readonly ParameterDefinition[] = [
	integer("cluster-databases", 1, [1, 10_000], "Databases in cluster mode.", {
		apply: "requires-reboot",
		clusterMode: "enabled",
	}),
];

const CATALOG: Readonly<Record<ParameterFamily, readonly ParameterDefinition[]>> = {
	valkey9: byName([
		...memoryParameters({ lazyFree: "yes", setListpacks: true }),
		...serviceParameters({ backlogBytes: 10_485_760 }),
		...VALKEY,
		...VALKEY_9,
	]),
	valkey8: byName([
		...memoryParameters({ lazyFree: "yes", setListpacks: true }),
		...serviceParameters({ backlogBytes: 10_485_760 }),
		...VALKEY,
	]),
	redis7: byName([
		...memoryParameters({ lazyFree: "no", setListpacks: false }),
		...serviceParameters({ backlogBytes: 1_048_576 }),
	]),
	"memcached1.6": byName(MEMCACHED_PARAMETERS),
};

function byName(definitions: readonly ParameterDefinition[]): readonly ParameterDefinition[] {
	return [...definitions].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All parameters of a family, by name. */
export function parameterDefinitions(family: ParameterFamily): readonly ParameterDefinition[] {
	return CATALOG[family];
}

/** Undefined if the family has no parameter of that name. */
export function parameterDefinition(
	family: ParameterFamily,
	name: string,
): ParameterDefinition | undefined {
	return CATALOG[family].find((definition) => definition.name === name);
}
