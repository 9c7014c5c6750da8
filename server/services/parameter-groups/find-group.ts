import { AppError } from "../../contract/index.ts";
import type { Database, Prisma, Transaction } from "../../data/database.ts";
import {
	findParameterGroup,
	type StoredParameterGroup,
	toParameterGroup,
} from "../../data/parameter-groups.ts";
import { parseDefaultGroupName } from "../../domain/parameters/index.ts";

/** The group, or `not_found`. */
export async function requireGroup(tx: Transaction, name: string): Promise<StoredParameterGroup> {
	const group = await findParameterGroup(tx, name);
	if (group === null) throw groupNotFound(name);
	return group;
}

/**
 * A group that can be changed, locked against other changes until the transaction ends. Throws `conflict` for
 * a default group.
 */
export async function lockOwnGroup(tx: Transaction, name: string): Promise<StoredParameterGroup> {
	if (parseDefaultGroupName(name) !== null) {
		throw new AppError(
			"conflict",
			`Parameter group ${name} is a default group, which can't be changed or deleted. Create a group of your own and use it for the cache.`,
			{ field: "name" },
		);
	}
	// A write that changes nothing takes the row's lock and reads what is committed.
	const [row] = await tx.parameterGroup.updateManyAndReturn({ where: { name }, data: { name } });
	if (row === undefined) throw groupNotFound(name);
	return toParameterGroup(row);
}

function groupNotFound(name: string): AppError {
	return new AppError(
		"not_found",
		`Parameter group ${name} not found. List the parameter groups to see what exists.`,
		{ field: "name" },
	);
}

/** Caches that use the group, including those being deleted or leaving it for another engine. */
export function usesGroup(groupName: string): Prisma.CacheWhereInput {
	return {
		OR: [
			{ parameterGroup: groupName },
			{ nodes: { some: { parameterGroup: groupName, removedAtRevision: null } } },
		],
	};
}

/** Names of the caches that use it. */
export async function cachesUsing(tx: Transaction, groupName: string): Promise<string[]> {
	const rows = await tx.cache.findMany({
		where: usesGroup(groupName),
		select: { name: true },
		orderBy: { name: "asc" },
	});
	return rows.map((row) => row.name);
}

/** Names of the caches that use each group, in order. Groups without any are absent. */
export async function cachesByGroup(db: Database): Promise<Map<string, string[]>> {
	const [caches, nodes] = await Promise.all([
		db.cache.findMany({
			select: { id: true, name: true, parameterGroup: true },
			orderBy: { name: "asc" },
		}),
		db.node.groupBy({ by: ["cacheId", "parameterGroup"], where: { removedAtRevision: null } }),
	]);
	const byGroup = new Map<string, string[]>();
	for (const { id, name, parameterGroup } of caches) {
		const ofNodes = nodes
			.filter(({ cacheId }) => cacheId === id)
			.map((node) => node.parameterGroup);
		for (const group of new Set([parameterGroup, ...ofNodes])) {
			byGroup.set(group, [...(byGroup.get(group) ?? []), name]);
		}
	}
	return byGroup;
}
