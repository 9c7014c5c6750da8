import { type ClusterMode, clusterModeSchema, type Engine } from "../../contract/enums.ts";
import { type ParameterFamily, parameterFamilySchema } from "../../contract/parameter-group.ts";

export const PARAMETER_FAMILIES: readonly ParameterFamily[] = parameterFamilySchema.options;

export function engineOf(family: ParameterFamily): Engine {
	switch (family) {
		case "valkey9":
		case "valkey8":
			return "valkey";
		case "redis7":
			return "redis";
		case "memcached1.6":
			return "memcached";
	}
}

/** ElastiCache's names: default.valkey9, default.valkey9.cluster.on. Memcached has only one group. */
export function defaultGroupName(family: ParameterFamily, clusterMode: ClusterMode): string {
	const clustered = clusterMode === "enabled" && family !== "memcached1.6";
	return `default.${family}${clustered ? ".cluster.on" : ""}`;
}

/** The meaning of a default group's name; null for any other name. */
export function parseDefaultGroupName(
	name: string,
): { family: ParameterFamily; clusterMode: ClusterMode } | null {
	for (const family of PARAMETER_FAMILIES) {
		for (const clusterMode of clusterModeSchema.options) {
			if (defaultGroupName(family, clusterMode) !== name) continue;
			return { family, clusterMode: family === "memcached1.6" ? "disabled" : clusterMode };
		}
	}
	return null;
}
