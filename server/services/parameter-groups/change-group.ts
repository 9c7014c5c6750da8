import { AppError } from "../../contract/index.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import type { Transaction } from "../../data/database.ts";
import { clusterModeOf, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { recordEvent } from "../../data/record-event.ts";
import { lockCaches } from "../../data/row-locks.ts";
import { engineOf } from "../../domain/parameters/index.ts";
import { bumpHosts, bumpRoutes, wakeGateways, wakeHosts } from "../bump-hosts.ts";
import type { Caller, Resources } from "../context.ts";
import { usesGroup } from "./find-group.ts";

/** Parameters that can't change while caches use the group. */
export const FIXED_IN_USE: ReadonlySet<string> = new Set(["cluster-enabled"]);

type Overrides = Readonly<Record<string, string>>;

/**
 * Writes a group's overrides, and in the same transaction raises the revisions of the hosts of all caches that use it.
 * Running nodes take the values that can change live; the others wait for a reboot. Throws `conflict` if
 * cluster-enabled would change under a cache.
 */
export async function writeOverrides(
	resources: Resources,
	caller: Caller,
	tx: Transaction,
	after: (commit: () => void) => void,
	change: { group: StoredParameterGroup; overrides: Overrides },
): Promise<StoredParameterGroup> {
	const { group, overrides } = change;
	const changed: StoredParameterGroup = {
		...group,
		overrides: { ...overrides },
		clusterMode: clusterModeOf(group.family, overrides),
	};
	const caches = await tx.cache.findMany({
		where: usesGroup(group.name),
		select: { id: true, name: true },
		orderBy: { name: "asc" },
	});
	if (changed.clusterMode !== group.clusterMode && caches.length > 0) {
		throw new AppError(
			"conflict",
			`cluster-enabled can't change while caches use the parameter group ${group.name}: ${namesOf(caches.map((cache) => cache.name))}. Create another group for new caches.`,
			{ field: "parameters.cluster-enabled" },
		);
	}
	await tx.parameterGroup.update({
		where: { name: group.name },
		data: { parameters: changed.overrides },
	});
	const names = changedNames(group.overrides, overrides);
	if (names.length === 0) return changed;
	for (const cache of caches) {
		await recordEvent(tx, resources.clock, {
			severity: "info",
			type: "cache.parameters-changed",
			message: `Parameter group ${group.name} changed by ${caller.name}: ${names.join(", ")}.`,
			cacheName: cache.name,
		});
	}
	const cacheIds = caches.map(({ id }) => id);
	const hostIds = await updateNodes(tx, changed, cacheIds);
	// Gateways follow this parameter as well.
	const concernsGateways = names.includes("tcp-keepalive");
	if (concernsGateways) await bumpRoutes(tx, cacheIds);
	after(() => {
		wakeHosts(resources, hostIds);
		if (concernsGateways) wakeGateways(resources);
		for (const cache of caches) resources.wakeCache(cache.id);
	});
	return changed;
}

/** Raises the generation of every node that uses the group, and sets the memory that the group now leaves for data. */
async function updateNodes(
	tx: Transaction,
	group: StoredParameterGroup,
	cacheIds: readonly string[],
): Promise<Set<string>> {
	const users = {
		cacheId: { in: [...cacheIds] },
		parameterGroup: group.name,
		removedAtRevision: null,
	};
	const hosts = await tx.node.findMany({ where: users, select: { hostId: true } });
	const hostIds = new Set(hosts.map(({ hostId }) => hostId));
	await bumpHosts(tx, hostIds);
	await lockCaches(tx, cacheIds);
	const sizes = await tx.node.groupBy({ by: ["memoryBytes"], where: users });
	for (const { memoryBytes } of sizes) {
		const usable = usableMemoryBytes({
			engine: engineOf(group.family),
			memoryBytes: Number(memoryBytes),
			overrides: group.overrides,
		});
		await tx.node.updateMany({
			where: { ...users, memoryBytes },
			data: { maxmemoryBytes: BigInt(usable), generation: { increment: 1 } },
		});
	}
	return hostIds;
}

function changedNames(before: Overrides, after: Overrides): string[] {
	const names = new Set([...Object.keys(before), ...Object.keys(after)]);
	return [...names].filter((name) => before[name] !== after[name]).sort();
}

const NAMES_SHOWN = 5;

/** For sentences: the first few names, and the number of the others. */
export function namesOf(caches: readonly string[]): string {
	const shown = caches.slice(0, NAMES_SHOWN);
	const more = caches.length - shown.length;
	return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
