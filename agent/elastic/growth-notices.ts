import { MIB } from "../../server/contract/limits.ts";

/** Growth since the last notice that is worth another one. */
const FURTHER_BYTES = 4 * MIB;
const FURTHER_AFTER_MS = 100;
/** The control plane may not have heard the last one. */
const AGAIN_AFTER_MS = 5_000;

/** What an engine uses at one moment, and the assignment that is in force. */
export interface MemoryUse {
	readonly at: number;
	readonly usedBytes: number;
	readonly reportAboveBytes: number;
	readonly generation: number;
}

/**
 * Decides when the control plane should hear that an engine has passed `reportAboveBytes`: at once, again with each
 * further growth while no new assignment has come, and now and then while it stays above.
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
	if (use.usedBytes - last.usedBytes >= FURTHER_BYTES) return sinceMs >= FURTHER_AFTER_MS;
	return sinceMs >= AGAIN_AFTER_MS;
}
