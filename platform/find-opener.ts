import { readdirSync, statSync } from "node:fs";
import { identifyProcess, type ProcessIdentity } from "./process-identity.ts";

/** Another process of this user that has the file open; null for none. Looks through all of /proc, which takes a while. */
export function findOpener(path: string): ProcessIdentity | null {
	const { dev, ino } = statSync(path);
	for (const name of readdirSync("/proc")) {
		const pid = Number(name);
		if (!Number.isInteger(pid) || pid === process.pid) continue;
		try {
			const open = readdirSync(`/proc/${pid}/fd`).some((fd) => {
				const found = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
				return found?.ino === ino && found.dev === dev;
			});
			if (open) return identifyProcess(pid);
		} catch {
			// It ended meanwhile, or belongs to another user.
		}
	}
	return null;
}
