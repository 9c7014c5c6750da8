import { randomUUID } from "node:crypto";
import type { Cache, CreateCacheSpec } from "../../contract/index.ts";
import { AppError, windowFor } from "../../contract/index.ts";
import type { FullCache } from "../../data/cache-mapping.ts";
import { toCacheView } from "../../data/cache-view.ts";
import { isUniqueViolation, Prisma, type Transaction } from "../../data/database.ts";
import { recordEvent } from "../../data/record-event.ts";
import { creationSteps } from "../../domain/cache/progress.ts";
import { randomSecret, type SecretBox } from "../../platform/secrets.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";
import {
	findOrigin,
	likeOrigin,
	requireRestorable,
	restoresOf,
} from "../snapshots/restore-into.ts";
import { resolveCacheSpec } from "./resolve-cache-spec.ts";

/**
 * Stores the wanted state and returns at once; the reconciler does the rest. `already_exists` if the name is
 * taken.
 */
export async function createCache(
	resources: Resources,
	caller: Caller,
	spec: CreateCacheSpec,
): Promise<Cache> {
	const id = randomUUID();
	try {
		return await mutate(resources, caller, {
			action: "cache.create",
			target: spec.name,
			input: spec,
			run: async (tx, after) => {
				const row = await insertCache(resources, tx, id, spec);
				await recordEvent(tx, resources.clock, {
					severity: "info",
					type: "cache.creating",
					message: `Creation of cache ${spec.name} requested by ${caller.name}.`,
					cacheName: spec.name,
				});
				after(() => resources.wakeCache(id));
				return toCacheView(row, resources);
			},
		});
	} catch (error) {
		if (!isUniqueViolation(error)) throw error;
		await refusePort(resources, spec);
		throw new AppError(
			"already_exists",
			`Cache ${spec.name} already exists. Choose another name, or delete that cache first.`,
			{ field: "name", cause: error },
		);
	}
}

/** Throws if another cache has the port. */
async function refusePort({ db }: Resources, { name, port }: CreateCacheSpec): Promise<void> {
	if (port === undefined) return;
	const owner = await db.cache.findFirst({
		where: { name: { not: name }, OR: [{ port }, { readerPort: port }] },
		select: { name: true },
	});
	if (owner === null) return;
	throw new AppError(
		"already_exists",
		`Port ${port} belongs to cache ${owner.name}. Choose another port, or leave it out.`,
		{ field: "port" },
	);
}

async function insertCache(
	{ secrets, clock }: Resources,
	tx: Transaction,
	id: string,
	asked: CreateCacheSpec,
): Promise<FullCache> {
	const now = clock.now();
	const origin = await findOrigin(tx, asked);
	const spec = origin === null ? asked : await likeOrigin(tx, asked, origin);
	const possible = await resolveCacheSpec(tx, spec);
	const resolved = origin === null ? possible : await requireRestorable(tx, spec, possible, origin);
	const { clusterMode, size } = resolved;
	const restores = origin === null ? [] : restoresOf(origin, resolved.slots);
	const shards = resolved.slots.map((slots, index) => ({
		...{ id: randomUUID(), cacheId: id, index, slots, primaryNodeId: null },
		restore: restores[index] ?? null,
	}));
	const row = await tx.cache.create({
		data: {
			id,
			name: spec.name,
			kind: spec.kind,
			engine: spec.engine,
			engineVersion: resolved.engineVersion,
			nodeType: spec.nodeType,
			nodeMemoryBytes: BigInt(size.memoryBytes),
			nodeVcpus: size.vcpus,
			nodeCpuMillis: size.cpuMillis,
			clusterMode,
			shardCount: spec.shards,
			replicasPerShard: spec.replicasPerShard,
			nodeCount: spec.nodes,
			...(spec.zones !== undefined && { zones: spec.zones }),
			multiAz: resolved.multiAz,
			evictionPolicy: spec.evictionPolicy,
			sleepAfterMinutes: spec.scaleToZero?.afterMinutes || null,
			...(spec.limits !== null && { limits: spec.limits }),
			automaticFailover: resolved.automaticFailover,
			authMode: spec.auth,
			clientPassword: spec.auth === "password" ? sealNewSecret(secrets, id, "client") : null,
			systemPassword: sealNewSecret(secrets, id, "system"),
			port: spec.port ?? null,
			portRequested: spec.port !== undefined,
			parameterGroup: resolved.parameterGroup,
			deletionProtection: spec.deletionProtection,
			tags: spec.tags,
			description: spec.description,
			maintenanceWindow: spec.maintenanceWindow ?? windowFor(id),
			snapshotRetentionDays: spec.snapshotRetentionDays,
			persistence: spec.persistence,
			...(spec.snapshotWindow !== undefined && { snapshotWindow: spec.snapshotWindow }),
			status: "creating",
			progress: creationSteps({ ...spec, clusterMode }, now.toISOString()),
			createdAt: now,
		},
	});
	await tx.shard.createMany({
		data: shards.map(({ restore, ...shard }) => ({ ...shard, restore: restore ?? Prisma.DbNull })),
	});
	return {
		...row,
		shards: shards.map((shard) => ({
			...shard,
			replicas: null,
			failoverRequestedAt: null,
			failoverToNodeId: null,
			failoverCause: null,
			nodes: [],
		})),
		operations: [],
	};
}

function sealNewSecret(secrets: SecretBox, cacheId: string, user: string): string {
	return secrets.seal(randomSecret(), `cache:${cacheId}:${user}`);
}
