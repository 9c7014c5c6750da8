import { statfs } from "node:fs/promises";
import { MIB } from "../../server/contract/limits.ts";
import { formatGib } from "../../server/contract/units.ts";

/** A host's disk is for its engines, which end if they can't write: what is copied stops before it fills it. */
const RESERVED_BYTES = 256 * MIB;

/** Throws unless the disk has room for so many bytes beside what engines may need. */
export async function requireRoom(directory: string, bytes = 0): Promise<void> {
	const { bavail, bsize } = await statfs(directory);
	const free = bavail * bsize;
	if (free >= bytes + RESERVED_BYTES) return;
	const needed = bytes === 0 ? "" : `${formatGib(bytes)} and `;
	throw new Error(
		`the disk of the host has ${formatGib(free)} left, but ${needed}a reserve of ${formatGib(RESERVED_BYTES)} for its engines must fit; free some space there`,
	);
}
