import { readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";

/** Lets the children that an engine has forked to save or send its data go after what serves clients on this host. */
export function yieldChildren(pid: number): void {
	for (const child of childrenOf(pid)) {
		try {
			setPriority(child, constants.priority.PRIORITY_BELOW_NORMAL);
		} catch {
			// It has ended, or belongs to another user.
		}
	}
}

function childrenOf(pid: number): number[] {
	try {
		const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
		return text.split(" ").filter(Boolean).map(Number);
	} catch {
		// Not every kernel says.
		return [];
	}
}
