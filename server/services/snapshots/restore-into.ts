import { randomUUID } from "node:crypto";
import { AppError } from "../../contract/errors.ts";
import { type CreateCacheSpec, SERVERLESS_NODE_TYPE } from "../../contract/index.ts";
import { versionProblem } from "../../contract/offered-versions.ts";
import { snapshotSourceSchema } from "../../contract/snapshot.ts";
import { formatGib } from "../../contract/units.ts";
import { usableMemoryBytes } from "../../contract/usable-memory.ts";
import type { Transaction } from "../../data/database.ts";
import { findParameterGroup } from "../../data/parameter-groups.ts";
import type { Restore } from "../../data/restore-column.ts";
import { contentOf, type FullSnapshot } from "../../data/snapshot-view.ts";
import { minorVersion } from "../../domain/engines/versions.ts";
import {
	boundsOf,
	nodeBytesOf,
	roomyBytes,
	SHARD_BYTES_MAX,
} from "../../domain/serverless/capacity.ts";
import { planFiles, restoreProblem } from "../../domain/snapshot/plan-files.ts";
import type { ResolvedCacheSpec } from "../caches/resolve-cache-spec.ts";
import { findAvailable } from "./find-snapshot.ts";

/** The snapshot that a new cache begins with; null for an empty cache. */
export async function findOrigin(
	tx: Transaction,
	{ snapshot }: CreateCacheSpec,
): Promise<FullSnapshot | null> {
	return snapshot === undefined ? null : await findAvailable(tx, snapshot, "snapshot");
}

/** The request, with what it leaves out as the snapshot's cache had it. */
export async function likeOrigin(
	tx: Transaction,
	spec: CreateCacheSpec,
	origin: FullSnapshot,
): Promise<CreateCacheSpec> {
	const source = snapshotSourceSchema.parse(origin.source);
	const { asked } = spec;
	const engine = asked.engine ?? source.engine;
	const version = minorVersion(source.engineVersion);
	const isOffered = engine === source.engine && versionProblem(engine, version) === null;
	const like: CreateCacheSpec = {
		...spec,
		engine,
		...(isOffered && spec.engineVersion === undefined && { engineVersion: version }),
	};
	if (spec.kind === "serverless") return withShards(like, dataBytesOf(origin));
	const group = await findParameterGroup(tx, source.parameterGroup);
	const isSame = engine === source.engine && spec.engineVersion === undefined;
	const clusterMode = asked.clusterMode ?? (asked.parameterGroup ? undefined : source.clusterMode);
	const shards = clusterMode === "disabled" ? 1 : origin.shards.length;
	const hasOwnGroup =
		isSame &&
		group !== null &&
		!group.name.startsWith("default.") &&
		clusterMode === source.clusterMode;
	const layout = origin.shards.flatMap((shard) => shard.slots ?? []);
	const isSameLayout =
		clusterMode === "enabled" &&
		layout.length === (asked.shards ?? shards) &&
		spec.slots === undefined;
	const isServerlessType = source.nodeType === SERVERLESS_NODE_TYPE;
	return {
		...like,
		...(clusterMode !== undefined && { clusterMode }),
		shards: asked.shards ?? shards,
		...(isSameLayout && { slots: layout }),
		replicasPerShard: asked.replicasPerShard ?? source.replicasPerShard,
		persistence: asked.persistence ?? source.persistence,
		nodeType: asked.nodeType ?? (isServerlessType ? spec.nodeType : source.nodeType),
		...(asked.parameterGroup === undefined && hasOwnGroup && { parameterGroup: group.name }),
	};
}

/** A serverless cache begins with as many shards as its data needs. */
function withShards(spec: CreateCacheSpec, bytes: number): CreateCacheSpec {
	if (spec.protocol !== "cluster") return spec;
	return { ...spec, shards: Math.max(spec.shards, Math.ceil(roomyBytes(bytes) / SHARD_BYTES_MAX)) };
}

/** Memory that the data needs, as far as known: as much as it took in the cache. */
function dataBytesOf({ source, shards }: FullSnapshot): number {
	const { dataBytes } = snapshotSourceSchema.parse(source);
	return dataBytes ?? shards.reduce((sum, { bytes }) => sum + Number(bytes), 0);
}

/** The same size of nodes, or larger ones for a serverless cache. Throws if the data can't be restored into the cache. */
export async function requireRestorable(
	tx: Transaction,
	spec: CreateCacheSpec,
	resolved: ResolvedCacheSpec,
	origin: FullSnapshot,
): Promise<ResolvedCacheSpec> {
	const group = await findParameterGroup(tx, resolved.parameterGroup);
	const overrides = group?.overrides ?? {};
	const { clusterMode, engineVersion, slots } = resolved;
	const databases =
		clusterMode === "enabled"
			? Number(overrides["cluster-databases"] ?? 1)
			: Number(overrides.databases ?? 16);
	const target = { engine: spec.engine, engineVersion, clusterMode, databases };
	const problem = restoreProblem(filesOf(origin), target);
	if (problem !== null) throw refusal(problem.field, problem.message);
	const perShard = dataBytesOf(origin) / slots.length;
	if (spec.limits !== null) {
		const { minBytes, maxBytes } = boundsOf(spec.limits, slots.length);
		if (perShard > maxBytes)
			throw refusal("limits", misfit(perShard, maxBytes, "its limits allow"));
		const shardBytes = Math.min(maxBytes, Math.max(minBytes, roomyBytes(perShard)));
		return { ...resolved, size: { ...resolved.size, memoryBytes: nodeBytesOf(shardBytes) } };
	}
	const { memoryBytes } = resolved.size;
	const usable = usableMemoryBytes({ engine: spec.engine, memoryBytes, overrides });
	if (perShard > usable)
		throw refusal("nodeType", misfit(perShard, usable, `${spec.nodeType} has`));
	return resolved;
}

function misfit(needed: number, available: number, who: string): string {
	return `The snapshot's data needs about ${formatGib(needed)} a shard, but ${who} only ${formatGib(available)} for data. Choose a larger node type, or more shards.`;
}

function refusal(field: string, message: string): AppError {
	return new AppError("invalid_argument", message, { field });
}

function filesOf(origin: FullSnapshot) {
	return origin.shards.flatMap((shard) => {
		const content = contentOf(shard);
		return content === null ? [] : [{ ...shard, content }];
	});
}

/** What the primary of each new shard loads. */
export function restoresOf(origin: FullSnapshot, slots: readonly (string | null)[]): Restore[] {
	const totalKeys = origin.shards.reduce((sum, { keys }) => sum + Number(keys), 0);
	return planFiles(filesOf(origin), slots).map(({ files, selects }) => ({
		...{ id: randomUUID(), snapshotId: origin.id, snapshotName: origin.name },
		...{ storeId: origin.storeId, selects, totalKeys, fetching: null },
		files: files.map(({ key, bytes, sha256, keys }) => ({
			...{ key, bytes: Number(bytes), sha256: sha256 ?? "", keys: Number(keys) },
		})),
	}));
}
