import type { ProgressStep } from "../../contract/index.ts";
import type { Operation } from "../../contract/operation.ts";
import { copySeconds, moveSeconds } from "../cache/expected-time.ts";
import type { CacheModel } from "../cache/model.ts";
import { advance, pendingStep } from "../cache/progress.ts";
import { movedData } from "./moved-data.ts";
import { movedShare, movedSlots } from "./moved-slots.ts";
import { leaversOf, type OperationInput, type OperationModel } from "./operation.ts";
import { shardMoves } from "./shard-moves.ts";

const ADD = "Add shards";
const MOVE = "Move slots";
const REMOVE = "Remove empty shards";
const SETTLE = "Check that all nodes agree";
const STEPS = [ADD, MOVE, REMOVE, SETTLE];

/** The steps of an operation; `input` says whether shards come or go. */
export function operationSteps(
	{ added, removed }: OperationInput,
	canceled: boolean,
): ProgressStep[] {
	const goes = canceled ? added : removed;
	return [
		...(added.length > 0 && !canceled ? [ADD] : []),
		MOVE,
		...(goes.length > 0 ? [REMOVE] : []),
		SETTLE,
	].map((name) => pendingStep(name));
}

export function isOperationStep({ step, node }: ProgressStep): boolean {
	return node === null && STEPS.includes(step);
}

/** Advances the steps as far as the operation has come; others stay as they are. `now` is ISO 8601. */
export function advanceOperationSteps(
	cache: CacheModel,
	steps: ProgressStep[],
	now: string,
): ProgressStep[] {
	const own = steps.filter(isOperationStep);
	if (own.length === 0 || own.every(({ state }) => state === "done")) return steps;
	const { operation } = cache;
	const current =
		operation === null ? -1 : own.findIndex(({ step }) => step === stepOf(cache, operation));
	const advanced = advance(
		own,
		current === -1 ? own.length : current,
		operation?.error == null ? "running" : "waiting",
		now,
	);
	return steps.map((step) => advanced[own.indexOf(step)] ?? step);
}

function stepOf(cache: CacheModel, operation: OperationModel): string {
	switch (operation.cursor.phase) {
		case "add":
			return operation.cancelAsked ? MOVE : ADD;
		case "move":
			return MOVE;
		case "settle":
			return hasLeavers(cache, operation) ? REMOVE : SETTLE;
	}
}

function hasLeavers(cache: CacheModel, operation: OperationModel): boolean {
	return cache.shards.some(({ id }) => leaversOf(operation).includes(id));
}

/** Until the next pass has seen which slots must move back. */
export const CANCELING = "Canceling the change: slots that have moved move back.";

/** What the operation does now, in a sentence; null if none is under way. */
export function describeOperation(cache: CacheModel): string | null {
	const { operation } = cache;
	if (operation === null) return null;
	const back = operation.cancelAsked ? " back, because the change was canceled" : "";
	const problem = operation.error === null ? "" : ` The last attempt failed: ${operation.error}.`;
	const count = operation.input.added.length;
	switch (operation.cursor.phase) {
		case "add":
			if (operation.cancelAsked) return CANCELING;
			return count === 0 ? "Moving slots." : `Adding ${count} shard${count === 1 ? "" : "s"}.`;
		case "move": {
			const { moved, total } = movedSlots(cache, operation);
			const sofar = total === 0 ? "" : `: ${moved} of ${total} have moved`;
			return `Moving slots${back}${sofar}.${problem}`;
		}
		case "settle":
			return hasLeavers(cache, operation)
				? "Removing empty shards."
				: "Waiting until all nodes agree on which node serves which slots.";
	}
}

/** The operation as the API shows it; null for none. */
export function operationView(
	cache: CacheModel,
	steps: readonly ProgressStep[],
	now: Date,
	nameOf: (shardIndex: number) => string,
): Operation | null {
	const { operation } = cache;
	if (operation === null) return null;
	const { cancelAsked, cursor } = operation;
	return {
		id: operation.id,
		kind: operation.kind,
		state: cancelAsked ? "canceling" : "running",
		steps: steps
			.filter(isOperationStep)
			.map(({ step, state, startedAt, finishedAt }) => ({ step, state, startedAt, finishedAt })),
		percent: cursor.percent,
		slots: movedSlots(cache, operation),
		moves: shardMoves(cache, operation, nameOf),
		data: movedData(operation.input, cache.shards),
		problem: operation.error,
		startedAt: operation.startedAt.toISOString(),
		estimatedEndAt: estimateEnd(cache, operation, now),
		cancellable: !cancelAsked && cursor.phase !== "settle",
	};
}

/**
 * Estimated from how fast slots have moved so far or, before any has moved, from how long others took. Null if it is
 * overdue.
 */
function estimateEnd(cache: CacheModel, operation: OperationModel, now: Date): string | null {
	const { cursor, input, startedAt } = operation;
	const share = movedShare(cache, operation);
	const bytes = movedData(input, cache.shards)?.bytes ?? 0;
	const { total } = movedSlots(cache, operation);
	const moving = moveSeconds(cache.engine, cache.engineVersion, total, bytes);
	switch (cursor.phase) {
		case "add":
			return expectedEnd(startedAt, copySeconds(input.added.map(() => 0)) + moving, now);
		case "move": {
			const since = cursor.movingSince === null ? startedAt : new Date(cursor.movingSince);
			if (share === 0) return expectedEnd(since, moving, now);
			const tookMs = now.getTime() - since.getTime();
			return new Date(now.getTime() + (tookMs / share) * (1 - share)).toISOString();
		}
		case "settle":
			return null;
	}
}

function expectedEnd(since: Date, seconds: number, now: Date): string | null {
	const end = new Date(since.getTime() + seconds * 1_000);
	return end < now ? null : end.toISOString();
}
