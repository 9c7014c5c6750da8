import type { EngineParameter } from "../../contract/desired-state.ts";
import type { ClusterMode } from "../../contract/enums.ts";
import type { ParameterFamily } from "../../contract/parameter-group.ts";
import { parameterDefinitions } from "./catalog.ts";
import { canonicalValue } from "./check-overrides.ts";
import type { ParameterDefinition } from "./definition.ts";
import { isolationDefaults } from "./isolation-defaults.ts";
import { memcachedOptions } from "./memcached-options.ts";

type Overrides = Readonly<Record<string, string>>;

/**
 * The parameters for the agent, with the engine's own names and notation, so that text can be compared.
 * Valkey and Redis get everything that can be changed: only then does a value that was reset, or belongs to a
 * group that the cache no longer has, leave a running node. Memcached forgets everything at its restart, so
 * it gets only what differs.
 */
export function resolveParameters(options: {
	family: ParameterFamily;
	clusterMode: ClusterMode;
	/** The wanted number, not the present one: 0 for Memcached. */
	replicasPerShard: number;
	overrides: Overrides;
}): EngineParameter[] {
	const { family, clusterMode, replicasPerShard, overrides } = options;
	if (family === "memcached1.6") return memcachedOptions(overrides);
	const sent = parameterDefinitions(family).filter(
		(definition) =>
			(definition.clusterMode ?? clusterMode) === clusterMode && isSent(definition, overrides),
	);
	const wanted: Overrides = { ...isolationDefaults(replicasPerShard), ...overrides };
	return [
		...sent.map((definition) => ({
			name: definition.name,
			value: engineForm(definition, wanted[definition.name] ?? definition.defaultValue),
			live: definition.apply === "immediate",
		})),
		outputBufferLimits(family, overrides),
	];
}

function isSent({ name, sent, modifiable }: ParameterDefinition, overrides: Overrides): boolean {
	if (!modifiable) return false;
	return sent === "always" || (sent === "when-set" && overrides[name] !== undefined);
}

function engineForm(definition: ParameterDefinition, value: string): string {
	if (definition.name === "notify-keyspace-events") return keyspaceEvents(value);
	return canonicalValue(definition, value);
}

const EVENT_CLASSES = "g$lshzxetd";

/** The engine shows the flags in its own order, and all classes as A. */
function keyspaceEvents(value: string): string {
	const has = (flag: string) => value.includes(flag) || (value.includes("A") && flag !== "m");
	const classes = [...EVENT_CLASSES].filter(has).join("");
	const where = [..."KEm"].filter((flag) => value.includes(flag)).join("");
	return `${classes === EVENT_CLASSES ? "A" : classes}${where}`;
}

function outputBufferLimits(family: ParameterFamily, overrides: Overrides): EngineParameter {
	const definitions = parameterDefinitions(family);
	const limit = (kind: string, part: string) => {
		const name = `client-output-buffer-limit-${kind}-${part}`;
		const definition = definitions.find((candidate) => candidate.name === name);
		return Number(overrides[name] ?? definition?.defaultValue ?? 0);
	};
	const limits = [
		["normal", "normal"],
		["slave", "replica"],
		["pubsub", "pubsub"],
	].map(([engineKind, kind = ""]) =>
		[
			engineKind,
			limit(kind, "hard-limit"),
			limit(kind, "soft-limit"),
			limit(kind, "soft-seconds"),
		].join(" "),
	);
	return { name: "client-output-buffer-limit", value: limits.join(" "), live: true };
}
