import { AppError, type Cache, engineSchema, type ModifyCacheInput } from "../../contract/index.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { recordEvent } from "../../data/record-event.ts";
import { familyOf } from "../../domain/parameters/index.ts";
import { bumpHosts, wakeHosts } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { findCache } from "./find-cache.ts";

/**
 * Changes what can be changed of a cache without moving data. A new parameter group's values are applied to running
 * nodes where they can be; others wait for a reboot. `conflict` while the cache is being deleted, `invalid_argument`
 * for a group that doesn't go with the cache.
 */
export async function modifyCache(
	resources: Resources,
	caller: Caller,
	input: ModifyCacheInput,
): Promise<Cache> {
	return mutate(resources, caller, {
		action: "cache.modify",
		target: input.name,
		input,
		run: async (tx, after) => {
			const row = await findCache(tx, input.name);
			if (row.deletingAt !== null) {
				throw new AppError("conflict", `Cache ${row.name} is being deleted.`);
			}
			const group = await newGroup(tx, row, input.parameterGroup);
			await tx.cache.update({
				where: { id: row.id },
				data: {
					...(input.description !== undefined && { description: input.description }),
					...(input.tags !== undefined && { tags: input.tags }),
					...(input.deletionProtection !== undefined && {
						deletionProtection: input.deletionProtection,
					}),
					...(group !== null && { parameterGroup: group.name }),
				},
			});
			if (group !== null) {
				const hostIds = await applyGroup(tx, row, group);
				after(() => wakeHosts(resources, hostIds));
			}
			await recordEvent(tx, resources.clock, {
				severity: "info",
				type: "cache.modified",
				message: `${whatChanged(input)} of cache ${row.name} changed by ${caller.name}.`,
				cacheName: row.name,
			});
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}

/** Null when the group stays what it is. */
async function newGroup(
	tx: Transaction,
	row: FullCache,
	name: string | undefined,
): Promise<StoredParameterGroup | null> {
	if (name === undefined || name === row.parameterGroup) return null;
	const field = { field: "parameterGroup" };
	const group = await findParameterGroup(tx, name);
	if (group === null) {
		throw new AppError("invalid_argument", `Parameter group ${name} not found`, field);
	}
	const family = familyOf(engineSchema.parse(row.engine), row.engineVersion);
	if (group.family !== family) {
		throw new AppError(
			"invalid_argument",
			`Expected a parameter group of family ${family} but found one of family ${group.family}`,
			field,
		);
	}
	if (group.clusterMode !== null && group.clusterMode !== row.clusterMode) {
		throw new AppError(
			"invalid_argument",
			`Parameter group ${name} is for cluster mode ${group.clusterMode}; cache ${row.name} has it ${row.clusterMode}, which can't be changed`,
			field,
		);
	}
	return group;
}

async function applyGroup(
	tx: Transaction,
	row: FullCache,
	group: StoredParameterGroup,
): Promise<Set<string>> {
	const engine = engineSchema.parse(row.engine);
	for (const node of allNodeRows(row)) {
		const memoryBytes = Number(node.memoryBytes);
		const usable = usableMemoryBytes({ engine, memoryBytes, overrides: group.overrides });
		await tx.node.update({
			where: { id: node.id },
			data: { maxmemoryBytes: BigInt(usable), generation: { increment: 1 } },
		});
	}
	const hostIds = new Set(allNodeRows(row).map((node) => node.hostId));
	await bumpHosts(tx, hostIds);
	return hostIds;
}

function whatChanged(input: ModifyCacheInput): string {
	const words = [
		...(input.description === undefined ? [] : ["description"]),
		...(input.tags === undefined ? [] : ["tags"]),
		...(input.deletionProtection === undefined ? [] : ["deletion protection"]),
		...(input.parameterGroup === undefined ? [] : ["parameter group"]),
	];
	const text = words.join(", ");
	return text.charAt(0).toUpperCase() + text.slice(1);
}
