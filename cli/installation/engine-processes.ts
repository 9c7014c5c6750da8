import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, sep } from "node:path";
import type { LarderHome } from "../../platform/home.ts";
import { identifyProcess, type ProcessIdentity } from "../../platform/process-identity.ts";

const ENGINE_PROGRAM = /^((valkey|redis)-(server|check-rdb)|memcached|haproxy)$/;

/**
 * The engines, gateways included, that agents of this home have started and that live. The kernel is asked, not the
 * agents' notes: an engine works in its instance's directory, and one that a crash kept from being written down counts
 * as well. Children of engines (HAProxy's workers, a process that writes a snapshot) end with their parent and are left
 * out, unless it has died.
 */
export function findEngineProcesses(home: LarderHome): ProcessIdentity[] {
	const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
	const engines = new Set(pids.filter((pid) => isEngineOf(pid, `${home.agentsDir}${sep}`)));
	return [...engines].flatMap((pid) => {
		const parent = parentOf(pid);
		if (parent === null || engines.has(parent)) return [];
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

function parentOf(pid: number): number | null {
	try {
		const parent = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
		return parent === undefined ? null : Number(parent);
	} catch {
		// It ended meanwhile.
		return null;
	}
}
