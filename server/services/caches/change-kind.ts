import { engineSchema } from "../../contract/enums.ts";
import type { ErrorCode, ModifyCacheInput } from "../../contract/index.ts";
import { familyOf, newestOffered, versionProblem } from "../../contract/offered-versions.ts";
import {
	allNodeRows,
	type CacheKind,
	type FullCache,
	type FullNode,
} from "../../data/cache-mapping.ts";
import type { Transaction } from "../../data/database.ts";
import { findNodeType } from "../../data/node-types.ts";
import { findParameterGroup, type StoredParameterGroup } from "../../data/parameter-groups.ts";
import { engineTitle } from "../../domain/cache/node-kind.ts";
import { compareVersionsDescending, versionFits } from "../../domain/engines/versions.ts";
import { defaultGroupName, parameterDefinition } from "../../domain/parameters/index.ts";
import type { Resources } from "../context.ts";
import { dataMisfit } from "../data-fit.ts";
import { nodeColumns } from "../node-columns.ts";
import { additionProblems } from "./addition-problems.ts";
import { groupProblems } from "./change-group.ts";
import type { ChangeProblem } from "./change-problem.ts";

/** What the nodes of a cache should become. */
export interface KindChange {
	kind: CacheKind;
	/** Running engines must change for it, and can't change back. */
	isUpgrade: boolean;
	problems: ChangeProblem[];
}

/** What the cache wants its nodes to be, before the change. */
export function presentKind(row: FullCache): CacheKind {
	return {
		engine: engineSchema.parse(row.engine),
		...{ engineVersion: row.engineVersion, parameterGroup: row.parameterGroup },
		...{ nodeType: row.nodeType, memoryBytes: Number(row.nodeMemoryBytes) },
		...{ vcpus: row.nodeVcpus, cpuMillis: row.nodeCpuMillis },
	};
}

/** The cache's row, with another kind of nodes. */
export function withKind(row: FullCache, kind: CacheKind): FullCache {
	return {
		...row,
		...{ engine: kind.engine, engineVersion: kind.engineVersion },
		...{ parameterGroup: kind.parameterGroup, nodeType: kind.nodeType },
		...{ nodeMemoryBytes: BigInt(kind.memoryBytes), nodeVcpus: kind.vcpus },
		nodeCpuMillis: kind.cpuMillis,
	};
}

export function isSameKind(a: CacheKind, b: CacheKind): boolean {
	return a.engine === b.engine && a.engineVersion === b.engineVersion && a.nodeType === b.nodeType;
}

/**
 * Decides what a change leaves open: the newest version of a new engine, and the default parameter group of a new
 * family. `former` is the kind before a change that is under way, which an upgrade may go back to while no primary has
 * changed. `dataShare` is how much of its data a node will still have.
 */
export async function resolveKind(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	input: ModifyCacheInput,
	{ former, dataShare }: { former: CacheKind | null; dataShare: number },
): Promise<KindChange> {
	const present = presentKind(row);
	const problems: ChangeProblem[] = [];
	const refuse = (field: string, message: string, code: ErrorCode = "invalid_argument") =>
		problems.push({ code, field, message });
	const kind = { ...present };
	if (input.nodeType !== undefined && input.nodeType !== present.nodeType) {
		const size = await sizeOf(tx, input.nodeType, former);
		if (size === null) {
			refuse("nodeType", `${input.nodeType} isn't a node type; see GET /api/v1/node-types`);
		} else Object.assign(kind, { nodeType: input.nodeType, ...size });
	}
	const isBack =
		former !== null &&
		(input.engine ?? former.engine) === former.engine &&
		(input.engineVersion ?? former.engineVersion) === former.engineVersion &&
		(input.engine !== undefined || input.engineVersion !== undefined);
	const engine = input.engine ?? (isBack ? former.engine : present.engine);
	const version =
		input.engineVersion ??
		(engine === present.engine ? present.engineVersion : newestOffered(engine));
	const isOther = engine !== present.engine || version !== present.engineVersion;
	const problem = isOther
		? engineProblem(resources, row, present, { engine, version }, isBack)
		: null;
	if (problem !== null) problems.push(problem);
	else {
		if (isOther) Object.assign(kind, { engine, engineVersion: version });
		if (isBack && isOther) kind.parameterGroup = former.parameterGroup;
		else problems.push(...(await chooseGroup(tx, row, kind, input.parameterGroup)));
	}
	const isUpgrade =
		isOther && !isBack && allNodeRows(row).some((node) => !runs(resources, node, kind));
	if (isUpgrade) problems.push(...additionProblems(resources, row));
	if (kind.nodeType !== present.nodeType)
		problems.push(...(await misfits(resources, tx, row, kind, dataShare)));
	return { kind, isUpgrade, problems };
}

async function sizeOf(tx: Transaction, nodeType: string, former: CacheKind | null) {
	if (former?.nodeType !== nodeType) return await findNodeType(tx, nodeType);
	const { memoryBytes, vcpus, cpuMillis } = former;
	return { memoryBytes, vcpus, cpuMillis };
}

/** Whether the node's process already runs a version that fits. */
export function runs(
	{ fleet }: Resources,
	node: FullNode,
	{ engine, engineVersion }: Pick<CacheKind, "engine" | "engineVersion">,
): boolean {
	return node.engine === engine && versionFits(versionOf(fleet, node), engineVersion);
}

function versionOf(fleet: Resources["fleet"], node: FullNode): string {
	return fleet.observation(node.id, node.observation)?.engineState?.version ?? node.engineVersion;
}

function engineProblem(
	resources: Resources,
	row: FullCache,
	present: CacheKind,
	{ engine, version }: { engine: CacheKind["engine"]; version: string },
	isBack: boolean,
): ChangeProblem | null {
	const invalid = (field: string, message: string): ChangeProblem => {
		return { code: "invalid_argument", field, message };
	};
	if (isBack) {
		const ahead = row.shards.some(({ primaryNodeId, nodes }) =>
			nodes.some(
				(node) =>
					node.id === primaryNodeId &&
					(node.engine !== engine || node.engineVersion !== version) &&
					!runs(resources, node, { engine, engineVersion: version }),
			),
		);
		if (!ahead) return null;
		const message = `A primary of ${row.name} already runs ${engineTitle(present.engine, present.engineVersion)}, so the change can no longer be undone. Wait until it is done.`;
		return { code: "conflict", field: "engineVersion", message };
	}
	if (engine !== present.engine && !(present.engine === "redis" && engine === "valkey")) {
		return invalid(
			"engine",
			`A ${present.engine} cache can't become a ${engine} cache; only redis can become valkey`,
		);
	}
	const unknown = versionProblem(engine, version);
	if (unknown !== null) return invalid("engineVersion", unknown);
	if (engine !== present.engine) return null;
	const running = allNodeRows(row).map((node) => versionOf(resources.fleet, node));
	const older = running.find(
		(each) => !versionFits(each, version) && compareVersionsDescending(each, version) < 0,
	);
	return older === undefined
		? null
		: invalid(
				"engineVersion",
				`${row.name} runs ${engineTitle(engine, older)}, and a cache can't go back to an earlier version. Create another cache for ${version}.`,
			);
}

/** A new family needs another parameter group: the given one, or its default if no value of the present one is lost. */
async function chooseGroup(
	tx: Transaction,
	row: FullCache,
	kind: CacheKind,
	given: string | undefined,
): Promise<ChangeProblem[]> {
	const family = familyOf(kind.engine, kind.engineVersion);
	const present = await findParameterGroup(tx, row.parameterGroup);
	const isOther = present !== null && present.family !== family;
	if (given !== undefined) {
		const problems = await groupProblems(tx, row, family, given);
		if (isOther && problems.length === 0) kind.parameterGroup = given;
		return problems;
	}
	if (!isOther) return [];
	const own = Object.keys(present.overrides).filter((name) => name !== "cluster-enabled");
	if (!present.isDefault && own.length > 0) {
		const message = `${row.name} uses parameter group ${present.name} of family ${present.family}, which sets ${own.length === 1 ? "one parameter" : `${own.length} parameters`}, but ${engineTitle(kind.engine, kind.engineVersion)} needs a group of family ${family}. For parameterGroup, choose a group with the values that you need, or ${defaultGroupName(family, clusterModeOf(row))}.${goneText(present, family)}`;
		return [{ code: "invalid_argument", field: "parameterGroup", message }];
	}
	kind.parameterGroup = defaultGroupName(family, clusterModeOf(row));
	return [];
}

function clusterModeOf({ clusterMode }: FullCache): "enabled" | "disabled" {
	return clusterMode === "enabled" ? "enabled" : "disabled";
}

function goneText({ overrides }: StoredParameterGroup, family: StoredParameterGroup["family"]) {
	const gone = Object.keys(overrides).filter(
		(name) => parameterDefinition(family, name) === undefined,
	);
	return gone.length === 0 ? "" : ` ${family} no longer has ${gone.join(", ")}.`;
}

/** Why the data doesn't fit into the new node type, with figures. */
async function misfits(
	resources: Resources,
	tx: Transaction,
	row: FullCache,
	kind: CacheKind,
	dataShare: number,
): Promise<ChangeProblem[]> {
	// Memcached's smaller nodes start empty anyway.
	if (kind.engine === "memcached") return [];
	const wanted = await nodeColumns(tx, withKind(row, kind));
	const messages = allNodeRows(row).flatMap(
		(node) => dataMisfit(resources, node, wanted, dataShare) ?? [],
	);
	return messages.map((message) => ({ code: "conflict", field: "nodeType", message }));
}
