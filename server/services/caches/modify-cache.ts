import { AppError, type Cache, type ModifyCacheInput } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import type { Transaction } from "../../data/database.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import { changeNodes, noteModified } from "./change-nodes.ts";
import { changePersistence } from "./change-persistence.ts";
import { changeServerless } from "./change-serverless.ts";
import { findCache, findStayingCache, lockStayingCache } from "./find-cache.ts";
import { putOff, supersede } from "./put-off.ts";

/** Fields that nodes learn of in the same transaction. */
const TELLS_HOSTS = [
	...(["parameterGroup", "engine", "engineVersion"] as const),
	...(["limits", "evictionPolicy", "persistence"] as const),
];

/**
 * Changes a running cache. A new parameter group's values are applied to running nodes if possible; others
 * wait for a reboot, unless `applyPending` asks for one. The reconciler carries out what concerns nodes
 * (change-nodes.ts), now or in the maintenance window. Throws `conflict` while the cache is being deleted,
 * `invalid_argument` for a group that doesn't match the cache.
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
			const tellsHosts = TELLS_HOSTS.some((field) => input[field] !== undefined);
			const before = await lockStayingCache(tx, input.name, { tellsHosts });
			const words = [
				...(await changeServerless(resources, caller, tx, before, input, after)),
				...(await changePersistence(resources, tx, before, input, after)),
			];
			await noteModified(resources, caller, tx, before.name, words);
			await changeRecord(resources, caller, tx, before, input);
			const row = await findStayingCache(tx, input.name);
			if (input.apply === "window") await putOff(resources, caller, tx, row, input);
			else {
				await changeNodes(resources, caller, tx, row, input, after);
				await supersede(tx, input);
			}
			after(() => resources.wakeCache(row.id));
			return toCacheView(await findCache(tx, input.name), resources);
		},
	});
}

/** What concerns no node changes at once. */
async function changeRecord(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
): Promise<void> {
	const { description, tags, deletionProtection, maintenanceWindow } = input;
	const { snapshotRetentionDays, snapshotWindow } = input;
	if ((snapshotRetentionDays ?? 0) > 0) await keepFor(tx, row, snapshotRetentionDays ?? 0);
	const data = {
		...(snapshotRetentionDays !== undefined && { snapshotRetentionDays }),
		...(snapshotWindow !== undefined && { snapshotWindow }),
		...(description !== undefined && { description }),
		...(tags !== undefined && { tags }),
		...(deletionProtection !== undefined && { deletionProtection }),
		...(maintenanceWindow !== undefined && { maintenanceWindow }),
	};
	if (Object.keys(data).length === 0) return;
	const isUnprotected = deletionProtection === false && row.deletionProtection;
	const protection = isUnprotected ? { protectionEndedAt: resources.clock.now() } : {};
	await tx.cache.update({ where: { id: row.id }, data: { ...data, ...protection } });
	const words = Object.keys(data).map((field) =>
		field.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`),
	);
	await noteModified(resources, caller, tx, row.name, words);
}

/** Automatic snapshots that exist are kept as long as new ones. */
async function keepFor(tx: Transaction, { id, name, engine }: FullCache, days: number) {
	if (engine === "memcached") {
		throw new AppError(
			"invalid_argument",
			`Cache ${name} can't have snapshots: Memcached has no command that saves its data. Leave snapshotRetentionDays out.`,
			{ field: "snapshotRetentionDays" },
		);
	}
	await tx.$executeRaw`
		UPDATE "Snapshot" SET "expiresAt" = "createdAt" + ${days} * interval '1 day'
		WHERE "cacheId" = ${id} AND "kind" = 'automatic'`;
}
