import type { Block, CacheModel, NodeModel, PlanAction, PlanEvent } from "./model.ts";
import { allNodes } from "./model.ts";
import { isOtherEngine, isOtherSize, isOutOfZone } from "./node-kind.ts";
import { cantLeave } from "./node-label.ts";
import { mustGo } from "./plan-replacements.ts";

/** The node that the action concerns; null for the whole cache. */
function nodeOf(action: PlanAction): string | null {
	return "nodeId" in action ? action.nodeId : null;
}

function isOf(action: PlanAction): (block: Block) => boolean {
	return ({ step, nodeId }) => step === action.kind && nodeId === nodeOf(action);
}

/**
 * The blocks that still apply when the plan is made: those of its own actions, which are tried again, and those of
 * moves that wait for their turn. A block vanishes with the need for its step.
 */
export function standingBlocks(cache: CacheModel, actions: readonly PlanAction[]): Block[] {
	const isMoving = actions.some(({ kind }) => kind === "add-replacement");
	const waits = ({ step, nodeId }: Block) => {
		if (step !== "add-replacement") return false;
		const node = allNodes(cache).find(({ id }) => id === nodeId);
		return node !== undefined && (isMoving || shouldMove(cache, node));
	};
	return cache.blocks.filter(
		(block) => waits(block) || actions.some((action) => isOf(action)(block)),
	);
}

function shouldMove(cache: CacheModel, node: NodeModel): boolean {
	const isOther = isOtherEngine(cache, node) || isOtherSize(cache, node);
	return mustGo(cache, node) || isOther || isOutOfZone(cache, node) || node.moveTo !== null;
}

/** The blocks after an action was tried: `reason` says why it couldn't be done; null if it was done. */
export function afterAttempt(
	blocks: readonly Block[],
	action: PlanAction,
	reason: string | null,
): Block[] {
	const isOwn = isOf(action);
	if (reason === null) return blocks.filter((block) => !isOwn(block));
	const found = { step: action.kind, nodeId: nodeOf(action), reason };
	// The block keeps its place: a reason that is found again isn't a change.
	return blocks.some(isOwn)
		? blocks.map((block) => (isOwn(block) ? found : block))
		: [...blocks, found];
}

/** While a change waits for its window, the cache serves as it should, so its status doesn't mention the wait. */
function isWaitedFor(action: PlanAction): boolean {
	if (action.kind === "start-pending") return action.when === "next";
	return action.kind !== "add-replacement";
}

/** Why the cache waits, in a sentence; null if no step that it waits for is blocked. Moves have their own sentences. */
export function blockedReason(cache: CacheModel, actions: readonly PlanAction[]): string | null {
	const own = actions.filter(isWaitedFor);
	const [first] = own.flatMap((action) => cache.blocks.filter(isOf(action)));
	return first?.reason ?? null;
}

/**
 * Reports each block once: when it is new, or when its reason has changed. An optional move isn't reported, because
 * the node may stay.
 */
export function blockEvents(
	cache: CacheModel,
	actions: readonly PlanAction[],
	found: readonly Block[],
): PlanEvent[] {
	return actions.flatMap((action): PlanEvent[] => {
		const block = found.find(isOf(action));
		const before = cache.blocks.find(isOf(action));
		if (block === undefined || block.reason === before?.reason) return [];
		if (action.kind !== "add-replacement") {
			const message = `Cache ${cache.name}: ${block.reason}`;
			return [{ severity: "warning", type: "cache.waiting", message }];
		}
		const node = allNodes(cache).find(({ id }) => id === action.nodeId);
		if (node === undefined || action.optional) return [];
		const message = cantLeave(node.name, node.host.name, block.reason);
		return [
			{
				...{ severity: "warning", type: "node.move-waiting", message },
				...{ nodeName: node.name, hostName: node.host.name },
			},
		];
	});
}
