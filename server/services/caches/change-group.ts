import { engineSchema } from "../../contract/index.ts";
import { familyOf } from "../../contract/offered-versions.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { bumpHosts } from "../bump-hosts.ts";
import { type ChangeProblem, throwFirst } from "./change-problem.ts";

/** Null if the group doesn't change. Throws `invalid_argument` for a group that the cache can't have. */
export async function newGroup(
	tx: Transaction,
	row: FullCache,
	name: string | undefined,
): Promise<StoredParameterGroup | null> {
	if (name === undefined || name === row.parameterGroup) return null;
	const family = familyOf(engineSchema.parse(row.engine), row.engineVersion);
	throwFirst(await groupProblems(tx, row, family, name));
	return await findParameterGroup(tx, name);
}

/** Why the cache can't have the group of that name with an engine of that family. */
export async function groupProblems(
	tx: Transaction,
	row: FullCache,
	family: StoredParameterGroup["family"],
	name: string,
): Promise<ChangeProblem[]> {
	const refuse = (message: string): ChangeProblem[] => [
		{ code: "invalid_argument", field: "parameterGroup", message },
	];
	const group = await findParameterGroup(tx, name);
	if (group === null) return refuse(`Parameter group ${name} not found`);
	if (group.family !== family) {
		return refuse(
			`Expected a parameter group of family ${family} but found one of family ${group.family}`,
		);
	}
	if (group.clusterMode !== null && group.clusterMode !== row.clusterMode) {
		return refuse(
			`Parameter group ${name} is for cluster mode ${group.clusterMode}, but cache ${row.name} has cluster mode ${row.clusterMode}`,
		);
	}
	return [];
}

/**
 * Gives the group's values to the nodes. Returns the hosts to wake. The caller must bump the cache's route: gateways
 * follow one of these parameters (tcp-keepalive), as nodes do.
 */
export async function applyGroup(
	tx: Transaction,
	row: FullCache,
	group: StoredParameterGroup,
): Promise<Set<string>> {
	const engine = engineSchema.parse(row.engine);
	// Nodes whose engine must still change keep their present group until then.
	const nodes = allNodeRows(row).filter(
		(node) => node.engine === row.engine && node.engineVersion === row.engineVersion,
	);
	const hostIds = new Set(nodes.map((node) => node.hostId));
	await bumpHosts(tx, hostIds);
	for (const node of nodes) {
		const memoryBytes = Number(node.memoryBytes);
		const usable = usableMemoryBytes({ engine, memoryBytes, overrides: group.overrides });
		await tx.node.update({
			where: { id: node.id },
			data: {
				parameterGroup: group.name,
				maxmemoryBytes: BigInt(usable),
				generation: { increment: 1 },
			},
		});
	}
	return hostIds;
}
