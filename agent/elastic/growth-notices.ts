import { MIB } from "../../server/contract/limits.ts";

/** Growth since the last notice that is worth another one. Each costs the control plane a look at the whole cache. */
const FURTHER_BYTES = 4 * MIB;
const FURTHER_AFTER_MS = 1_000;
/** A growth that is so much faster than the last notice said needs another answer. */
const FASTER = 2;
const FASTER_AFTER_MS = 200;
/** The control plane may not have heard the last one. */
const AGAIN_AFTER_MS = 5_000;

/** What an engine uses at one moment, and the assignment that is in force. */
export interface MemoryUse {
	readonly at: number;
	readonly usedBytes: number;
	readonly bytesPerSecond: number;
	readonly reportAboveBytes: number;
	readonly generation: number;
}

/**
 * Decides when the control plane should hear that an engine has passed `reportAboveBytes`: at once, again when it grows
 * further or much faster and no new assignment has come, and now and then while it stays above.
 */
export class GrowthNotices {
	private last: MemoryUse | null = null;

	/** Whether to tell it now. */
	isDue(use: MemoryUse): boolean {
		if (use.usedBytes <= use.reportAboveBytes) {
			this.last = null;
			return false;
		}
		if (!isNews(this.last, use)) return false;
		this.last = use;
		return true;
	}
}

function isNews(last: MemoryUse | null, use: MemoryUse): boolean {
	if (last === null || last.generation !== use.generation) return true;
	const sinceMs = use.at - last.at;
	if (use.usedBytes - last.usedBytes >= FURTHER_BYTES) {
		const isFaster = use.bytesPerSecond > FASTER * last.bytesPerSecond;
		return sinceMs >= (isFaster ? FASTER_AFTER_MS : FURTHER_AFTER_MS);
	}
	return sinceMs >= AGAIN_AFTER_MS;
}
