import { readdirSync, readlinkSync } from "node:fs";
import { basename, sep } from "node:path";
import type { LarderHome } from "../../platform/home.ts";
import { identifyProcess, type ProcessIdentity } from "../../platform/process-identity.ts";

const ENGINE_PROGRAM = /^(valkey|redis)-(server|check-rdb)$/;

/**
 * The engines that agents of this home have started and that live. The kernel is asked, not the agents' notes: an
 * engine works in its instance's directory, and one that a crash kept from being written down counts as well.
 */
export function findEngineProcesses(home: LarderHome): ProcessIdentity[] {
	return readdirSync("/proc").flatMap((name) => {
		const pid = Number(name);
		if (!Number.isInteger(pid) || !isEngineOf(pid, `${home.agentsDir}${sep}`)) return [];
		return identifyProcess(pid) ?? [];
	});
}

function isEngineOf(pid: number, agentsDir: string): boolean {
	try {
		const cwd = readlinkSync(`/proc/${pid}/cwd`);
		const program = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
		return cwd.startsWith(agentsDir) && ENGINE_PROGRAM.test(program);
	} catch {
		// It ended meanwhile, or belongs to another user.
		return false;
	}
}
