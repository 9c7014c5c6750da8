import type { Operation } from "../../contract/operation.ts";
import type { CacheModel, NodeKind } from "./model.ts";
import { primaryOf } from "./model.ts";
import { resizeEnd, resizePercent, type UsedBytes } from "./resize-estimate.ts";
import { isSizeStep } from "./size-progress.ts";

/** The change of nodes that is under way, as it was when it began. */
export interface Resize {
	id: string;
	startedAt: string;
	/** What the nodes were; null if only their number changes. */
	formerKind: Pick<NodeKind, "engine" | "engineVersion"> | null;
	/** It takes back another change. */
	canceling: boolean;
}

/** A change of nodes as the API shows it. */
export function resizeView(
	cache: CacheModel,
	{ id, startedAt, formerKind, canceling }: Resize,
	usedBytes: UsedBytes,
	now: Date,
): Operation {
	const steps = cache.progress.filter(isSizeStep);
	return {
		...{ id, kind: "modify", state: canceling ? "canceling" : "running" },
		steps: steps.map(({ step, state, startedAt: since, finishedAt }) => ({
			...{ step, state, startedAt: since, finishedAt },
		})),
		percent: resizePercent(cache, steps),
		...{ slots: null, moves: [], data: null, problem: cache.blocks[0]?.reason ?? null },
		startedAt,
		estimatedEndAt: resizeEnd(cache, steps, usedBytes, now)?.toISOString() ?? null,
		cancellable: !canceling && !isIrreversible(cache, formerKind),
	};
}

/** A primary already runs the later engine. */
function isIrreversible(cache: CacheModel, formerKind: Resize["formerKind"]): boolean {
	const { engine, engineVersion } = cache;
	if (formerKind === null) return false;
	if (formerKind.engine === engine && formerKind.engineVersion === engineVersion) return false;
	return cache.shards.some((shard) => {
		const kind = primaryOf(shard)?.kind;
		return kind?.engine === engine && kind.engineVersion === engineVersion;
	});
}
