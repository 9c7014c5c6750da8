import { z } from "zod";
import type { ClusterMode } from "../contract/enums.ts";
import { type ParameterFamily, parameterFamilySchema } from "../contract/parameter-group.ts";
import { parseDefaultGroupName } from "../domain/parameters/index.ts";
import type { Transaction } from "./database.ts";

const parametersColumn = z.record(z.string(), z.string());

export interface StoredParameterGroup {
	name: string;
	family: ParameterFamily;
	/** The value of cluster-enabled; null for Memcached. */
	clusterMode: ClusterMode | null;
	/** Values by name; parameters that are absent have the family's default. */
	overrides: Record<string, string>;
	isDefault: boolean;
	description: string;
}

/** A default group, which has no row, or a custom one; null if there is no such group. */
export async function findParameterGroup(
	tx: Transaction,
	name: string,
): Promise<StoredParameterGroup | null> {
	return (await findParameterGroups(tx, [name])).get(name) ?? null;
}

/** The groups that exist, with at most one database query. */
export async function findParameterGroups(
	tx: Transaction,
	names: Iterable<string>,
): Promise<Map<string, StoredParameterGroup>> {
	const found = new Map<string, StoredParameterGroup>();
	const unknown = new Set<string>();
	for (const name of names) {
		const group = defaultParameterGroup(name);
		if (group === null) unknown.add(name);
		else found.set(name, group);
	}
	if (unknown.size === 0) return found;
	const rows = await tx.parameterGroup.findMany({ where: { name: { in: [...unknown] } } });
	for (const row of rows) found.set(row.name, toParameterGroup(row));
	return found;
}

/** Null if the name isn't a default group's. */
export function defaultParameterGroup(name: string): StoredParameterGroup | null {
	const known = parseDefaultGroupName(name);
	if (known === null) return null;
	const { family, clusterMode } = known;
	return {
		name,
		family,
		clusterMode: family === "memcached1.6" ? null : clusterMode,
		overrides: clusterMode === "enabled" ? { "cluster-enabled": "yes" } : {},
		isDefault: true,
		description: `Defaults of ${family}${clusterMode === "enabled" ? " with cluster mode on" : ""}.`,
	};
}

export function toParameterGroup(row: {
	name: string;
	family: string;
	description: string;
	parameters: unknown;
}): StoredParameterGroup {
	const family = parameterFamilySchema.parse(row.family);
	const overrides = parametersColumn.parse(row.parameters);
	return {
		name: row.name,
		family,
		clusterMode: clusterModeOf(family, overrides),
		overrides,
		isDefault: false,
		description: row.description,
	};
}

export function clusterModeOf(
	family: ParameterFamily,
	overrides: Readonly<Record<string, string>>,
): ClusterMode | null {
	if (family === "memcached1.6") return null;
	return overrides["cluster-enabled"] === "yes" ? "enabled" : "disabled";
}
