import { AppError, type Cache, engineSchema, type ModifyCacheInput } from "../../contract/index.ts";
import { familyOf } from "../../contract/offered-versions.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import { allNodeRows, type FullCache } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { recordEvent } from "../../data/record-event.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { changeShape } from "./change-shape.ts";
import { findCache, findStayingCache, lockStayingCache } from "./find-cache.ts";
import { moveNodes, resolveMoves } from "./move-nodes.ts";
import { orderReboots } from "./order-reboots.ts";
import { nodesToRestart } from "./pending-reboots.ts";
import { reshard, SEPARATELY } from "./reshard-cache.ts";

/**
 * Changes a running cache. A new parameter group's values are applied to running nodes if possible; others
 * wait for a reboot, unless `applyPending` asks for one. The reconciler carries out what concerns nodes
 * (change-shape.ts, move-nodes.ts). Throws `conflict` while the cache is being deleted, `invalid_argument` for a group that doesn't match the cache.
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
			const { parameterGroup, engine, engineVersion } = input;
			const tellsHosts = [parameterGroup, engine, engineVersion].some(
				(value) => value !== undefined,
			);
			const before = await lockStayingCache(tx, input.name, { tellsHosts });
			await changeShape(resources, caller, tx, before, input, after);
			const row = await findStayingCache(tx, input.name);
			await changeShards(resources, caller, tx, row, { ...input, before });
			const { moves, problems } = await resolveMoves(resources, tx, row, input.moves);
			const [problem] = problems;
			if (problem !== undefined) {
				throw new AppError(problem.code, problem.message, { field: problem.field });
			}
			await moveNodes(resources, caller, tx, row, moves);
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
				after(() => {
					wakeHosts(resources, hostIds);
					wakeGateways(resources);
				});
			}
			if (input.applyPending === true) {
				const pending = await nodesToRestart(resources, tx, row, group);
				const now = await findStayingCache(tx, input.name);
				if (pending.length > 0) await orderReboots(resources, caller, tx, now, pending);
			}
			const changed = whatChanged(input);
			if (changed !== "") {
				await recordEvent(tx, resources.clock, {
					severity: "info",
					type: "cache.modified",
					message: `${changed} of cache ${row.name} changed by ${caller.name}.`,
					cacheName: row.name,
				});
			}
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}

/** Slots move by themselves: no other change of the nodes in the same request. */
async function changeShards(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	row: FullCache,
	{ shards, before }: Pick<ModifyCacheInput, "shards"> & { before: FullCache },
): Promise<void> {
	if (shards === undefined) return;
	if (before.replicasPerShard !== row.replicasPerShard) {
		throw new AppError("invalid_argument", SEPARATELY, { field: "shards" });
	}
	await reshard(resources, caller, tx, row, { shards });
}

/** Null if the group doesn't change. */
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
	// Nodes whose engine is still to change keep the group of its family until then.
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
	// Gateways keep connections alive like the nodes, by one of these parameters.
	await bumpRoutes(tx, [row.id]);
	return hostIds;
}

function whatChanged(input: ModifyCacheInput): string {
	const words = [
		...(input.description === undefined ? [] : ["description"]),
		...(input.tags === undefined ? [] : ["tags"]),
		...(input.deletionProtection === undefined ? [] : ["deletion protection"]),
		...(input.parameterGroup === undefined ? [] : ["parameter group"]),
		...(input.multiAz === undefined ? [] : ["Multi-AZ"]),
		...(input.automaticFailover === undefined ? [] : ["automatic failover"]),
	];
	const text = words.join(", ");
	return text.charAt(0).toUpperCase() + text.slice(1);
}
