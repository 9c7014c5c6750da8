import { shardRefusals } from "../../contract/cache-shape.ts";
import {
	AppError,
	type ClusterMode,
	type CreateCacheSpec,
	evenSlots,
	formatSlots,
	type NodeTypeSize,
	parseSlots,
} from "../../contract/index.ts";
import { familyOf, newestOffered, versionProblem } from "../../contract/offered-versions.ts";
import type { Transaction } from "../../data/database.ts";
import { findNodeType } from "../../data/node-types.ts";
import { findParameterGroup, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { minorVersion } from "../../domain/engines/versions.ts";
import { defaultGroupName } from "../../domain/parameters/index.ts";
import { initialSize } from "../../domain/serverless/capacity.ts";
import { availableEngineVersions } from "../engine-versions.ts";

/** A request, with everything that it left open decided. */
export interface ResolvedCacheSpec {
	engineVersion: string;
	size: NodeTypeSize;
	clusterMode: ClusterMode;
	multiAz: boolean;
	automaticFailover: boolean;
	parameterGroup: string;
	/** By shard; null without cluster mode. */
	slots: (string | null)[];
}

/**
 * Fills in what the hosts, the node types and the parameter group decide. `invalid_argument` names the field
 * that conflicts with them.
 */
export async function resolveCacheSpec(
	tx: Transaction,
	spec: CreateCacheSpec,
): Promise<ResolvedCacheSpec> {
	const engineVersion = spec.engineVersion ?? (await defaultVersion(tx, spec.engine));
	requireOffered(spec.engine, engineVersion);
	const size = await decideSize(tx, spec);
	const family = familyOf(spec.engine, engineVersion);
	const group = await requestedGroup(tx, spec, family);
	const clusterMode = decideClusterMode(spec, group);
	checkShape(spec, clusterMode);
	return {
		engineVersion,
		size,
		clusterMode,
		multiAz: await decideMultiAz(tx, spec),
		automaticFailover: decideFailover(spec, clusterMode),
		parameterGroup: group?.name ?? defaultGroupName(family, clusterMode),
		slots: decideSlots(spec, clusterMode),
	};
}

async function decideSize(tx: Transaction, spec: CreateCacheSpec): Promise<NodeTypeSize> {
	if (spec.limits !== null) return initialSize(spec.limits, spec.nodes ?? spec.shards);
	const size = await findNodeType(tx, spec.nodeType);
	if (size === null) {
		throw invalid("nodeType", `${spec.nodeType} isn't a node type; see GET /api/v1/node-types`);
	}
	return size;
}

/** A serverless cache keeps its replicas in another zone, if there is one that it may use. */
async function decideMultiAz(tx: Transaction, spec: CreateCacheSpec): Promise<boolean> {
	if (spec.kind !== "serverless") return spec.multiAz;
	const hosts = await tx.host.findMany({
		where: { online: true, ...(spec.zones !== undefined && { zone: { in: spec.zones } }) },
		distinct: ["zone"],
		select: { zone: true },
	});
	return hosts.length > 1;
}

function invalid(field: keyof CreateCacheSpec, message: string): AppError {
	return new AppError("invalid_argument", message, { field });
}

function requireOffered(engine: CreateCacheSpec["engine"], version: string): void {
	const problem = versionProblem(engine, version);
	if (problem !== null) throw invalid("engineVersion", problem);
}

async function requestedGroup(
	tx: Transaction,
	spec: CreateCacheSpec,
	family: StoredParameterGroup["family"],
): Promise<StoredParameterGroup | null> {
	if (spec.parameterGroup === undefined) return null;
	const group = await findParameterGroup(tx, spec.parameterGroup);
	if (group === null) {
		throw invalid("parameterGroup", `Parameter group ${spec.parameterGroup} not found`);
	}
	if (group.family !== family) {
		throw invalid(
			"parameterGroup",
			`Expected a parameter group of family ${family} but found one of family ${group.family}`,
		);
	}
	return group;
}

function decideClusterMode(spec: CreateCacheSpec, group: StoredParameterGroup | null): ClusterMode {
	const given = group?.clusterMode ?? null;
	if (given !== null && spec.clusterMode !== undefined && spec.clusterMode !== given) {
		throw invalid(
			"parameterGroup",
			`Parameter group ${group?.name} has cluster-enabled=${given === "enabled" ? "yes" : "no"}, which contradicts clusterMode ${spec.clusterMode}`,
		);
	}
	return spec.clusterMode ?? given ?? "disabled";
}

/** Checks what the schema left open while the parameter group could still decide the cluster mode. */
function checkShape(spec: CreateCacheSpec, clusterMode: ClusterMode): void {
	if (spec.engine === "memcached") return;
	const [refusal] = shardRefusals(spec, clusterMode);
	if (refusal !== undefined) throw invalid(refusal.field, refusal.message);
}

function decideFailover(spec: CreateCacheSpec, clusterMode: ClusterMode): boolean {
	if (spec.engine === "memcached") return false;
	if (clusterMode === "enabled") return true;
	return spec.automaticFailover ?? spec.replicasPerShard > 0;
}

function decideSlots(spec: CreateCacheSpec, clusterMode: ClusterMode): (string | null)[] {
	return Array.from({ length: spec.shards }, (_, index) => {
		if (clusterMode === "disabled") return null;
		const asked = parseSlots(spec.slots?.[index] ?? "");
		return formatSlots(asked ?? [evenSlots(spec.shards, index)]);
	});
}

async function defaultVersion(tx: Transaction, engine: CreateCacheSpec["engine"]): Promise<string> {
	const newest = (await availableEngineVersions(tx)).find((entry) => entry.engine === engine);
	return newest === undefined ? newestOffered(engine) : minorVersion(newest.version);
}
