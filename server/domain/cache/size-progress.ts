import type { Engine, ProgressStep } from "../../contract/index.ts";
import { allNodes, type CacheModel, nodesWanted } from "./model.ts";
import { engineTitle, isOtherEngine, isOtherSize, isOutOfZone } from "./node-kind.ts";
import { nodeNames } from "./node-label.ts";
import { gatewaysKnow, isSized, isStopping, lackOf, membersOf } from "./plan-size.ts";
import { advance, pendingStep } from "./progress.ts";

export const PLACE = "Place new nodes";
export const COPY = "Copy the data to new replicas";
export const START = "Start new nodes";
export const ANNOUNCE = "Route clients to new nodes";
export const WITHDRAW = "Route clients away from nodes";
export const REMOVE = "Remove nodes";
export const RESIZE = "Change the node type";
export const UPGRADE = "Change the engine";
export const REZONE = "Move nodes to their zones";

/** Whether a step is over; steps of a change of size are in this order. */
const IS_DONE: Readonly<Record<string, (cache: CacheModel) => boolean>> = {
	[PLACE]: (cache) => lackOf(cache) === 0,
	[COPY]: hasJoined,
	[START]: hasJoined,
	[ANNOUNCE]: (cache) => hasJoined(cache) && gatewaysKnow(cache),
	[WITHDRAW]: (cache) => !hasSurplus(cache) && gatewaysKnow(cache),
	[REMOVE]: (cache) => hasJoined(cache) && !hasSurplus(cache) && isEmptied(cache),
	[RESIZE]: (cache) => allNodes(cache).every((node) => !isOtherSize(cache, node)),
	[REZONE]: (cache) => allNodes(cache).every((node) => !isOutOfZone(cache, node)),
	[UPGRADE]: (cache) => allNodes(cache).every((node) => !isOtherEngine(cache, node)),
};

/** The steps of a change of the node type, the zones or the engine. */
export function kindSteps(change: {
	size: boolean;
	engine: boolean;
	zones: boolean;
}): ProgressStep[] {
	const names = [
		...(change.size ? [RESIZE] : []),
		...(change.zones ? [REZONE] : []),
		...(change.engine ? [UPGRADE] : []),
	];
	return names.map((name) => pendingStep(name));
}

/** The steps of a change of size: upwards, or downwards. */
export function sizeSteps(engine: Engine, direction: "up" | "down"): ProgressStep[] {
	const names =
		direction === "up"
			? [PLACE, engine === "memcached" ? START : COPY, ANNOUNCE]
			: [WITHDRAW, REMOVE];
	return names.map((name) => pendingStep(name));
}

/** Advances the steps of a change of size as far as it has come; others stay as they are. `now` is ISO 8601. */
export function advanceSize(cache: CacheModel, steps: ProgressStep[], now: string): ProgressStep[] {
	const own = steps.filter(isSizeStep);
	if (own.every(({ state }) => state === "done")) return steps;
	const open = cache.resizing ? own.findIndex(({ step }) => IS_DONE[step]?.(cache) !== true) : -1;
	const advanced = advance(own, open === -1 ? own.length : open, "running", now);
	return steps.map((step) => advanced[own.indexOf(step)] ?? step);
}

export function isSizeStep({ step, node }: ProgressStep): boolean {
	return node === null && step in IS_DONE;
}

/** Whether the step adds or removes nodes. */
export function isCountStep({ step }: ProgressStep): boolean {
	return [PLACE, WITHDRAW].includes(step);
}

function hasJoined(cache: CacheModel): boolean {
	return lackOf(cache) === 0 && allNodes(cache).every((node) => !node.joining);
}

function hasSurplus(cache: CacheModel): boolean {
	return cache.shards.some((shard) => membersOf(shard).length > nodesWanted(cache, shard));
}

/** What a change of size does now, in a sentence; null if none is under way. */
export function describeResize(cache: CacheModel): string | null {
	if (!cache.resizing || isSized(cache)) return null;
	const nodes = allNodes(cache);
	const joining = nodes.filter((node) => node.joining && node.leavingAt === null);
	if (joining.length > 0) {
		const copying =
			cache.engine === "memcached"
				? ""
				: " Larder routes clients to new replicas once they are in sync.";
		return `Adding ${nodeNames(joining)}.${copying}`;
	}
	const leaving = [
		...nodes.filter((node) => node.leavingAt !== null),
		...cache.shards.flatMap((shard) => shard.leaving.filter(isStopping)),
	];
	if (leaving.length > 0) {
		const isNoticed = nodes.some(({ leavingAt }) => leavingAt !== null);
		const waits =
			cache.engine === "memcached" && isNoticed ? " Clients get a minute to notice." : "";
		return `Removing ${nodeNames(leaving)}.${waits}`;
	}
	const kind = describeKind(cache);
	const waits = describeBlocks(cache);
	const lacks = lackOf(cache);
	if (lacks === 0 && kind !== null) return [kind, ...waits].join(" ");
	if (lacks > 0)
		return `Adding ${lacks} node${lacks === 1 ? "" : "s"} once no other change is in progress.`;
	return hasSurplus(cache)
		? "Removing nodes once no other change is in progress."
		: "Telling all gateways about the new size.";
}

function describeKind(cache: CacheModel): string | null {
	const nodes = allNodes(cache);
	const others = nodes.filter((node) => isOtherEngine(cache, node));
	if (others.length > 0) {
		const title = engineTitle(cache.engine, cache.engineVersion);
		return `Changing the engine to ${title}. Still to change: ${nodeNames(others)}.`;
	}
	const away = nodes.filter((node) => isOutOfZone(cache, node));
	if (away.length > 0) {
		return `Moving nodes to ${cache.zones?.join(", ")}. Still elsewhere: ${nodeNames(away)}.`;
	}
	const resizing = nodes.filter((node) => isOtherSize(cache, node));
	return resizing.length === 0
		? null
		: `Changing the node type to ${cache.nodeType}. Still to change: ${nodeNames(resizing)}.`;
}

/** Why nodes can't get their new kind now: for each reason, one of the nodes that wait. */
function describeBlocks(cache: CacheModel): string[] {
	const reasons = new Map<string, string>();
	for (const { step, nodeId, reason } of cache.blocks) {
		const node = allNodes(cache).find(({ id }) => id === nodeId);
		const waits = node !== undefined && step === "add-replacement" && !reasons.has(reason);
		if (waits) reasons.set(reason, `${node.name} waits. ${reason}`);
	}
	return [...reasons.values()];
}

/** No node is leaving or about to stop. */
function isEmptied(cache: CacheModel): boolean {
	return cache.shards.every(
		(shard) =>
			!shard.leaving.some(isStopping) && shard.nodes.every(({ leavingAt }) => leavingAt === null),
	);
}
