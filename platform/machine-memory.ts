import { totalmem } from "node:os";

/**
 * The share of the machine's memory that agents offer to caches; the rest is for the system and Larder
 * itself.
 */
const OFFERED_SHARE = 0.9;
const PAGE_BYTES = 4_096;

/** What each of this many agents on the machine offers to caches, a whole number of pages. */
export function offeredMemoryBytes(agents: number): number {
	return Math.floor((machineMemoryBytes() * OFFERED_SHARE) / agents / PAGE_BYTES) * PAGE_BYTES;
}

/** What this process may use: a container's limit if there is one. */
function machineMemoryBytes(): number {
	const limit = process.constrainedMemory();
	return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
