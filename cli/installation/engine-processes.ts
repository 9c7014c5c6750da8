import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname, sep } from "node:path";
import type { LarderHome } from "../../platform/home.ts";
import { identifyProcess, type ProcessIdentity } from "../../platform/process-identity.ts";

const ENGINE_PROGRAM = /^((valkey|redis)-(server|check-rdb)|memcached)$/;
const GATEWAY_PROGRAM = /^haproxy$/;
const NODE_PROGRAM = new RegExp(`^(node|${basename(process.execPath)})$`);
const isSentinels = (cwd: string) => basename(cwd) === "sentinel";

/** The running engines that agents of this home have started: one process per node of a cache. */
export function findEngineProcesses(home: LarderHome): ProcessIdentity[] {
	return findProcesses(home, ENGINE_PROGRAM, (cwd) => !isSentinels(cwd));
}

/** The Sentinels of the home's agents. Sentinel is a mode of Valkey's program. */
export function findSentinelProcesses(home: LarderHome): ProcessIdentity[] {
	return findProcesses(home, ENGINE_PROGRAM, isSentinels);
}

/** The HAProxies of the home's agents. */
export function findGatewayProcesses(home: LarderHome): ProcessIdentity[] {
	return findProcesses(home, GATEWAY_PROGRAM);
}

/** The instances of accelerators of the home's agents: Node, in a directory of their own. */
export function findAcceleratorProcesses(home: LarderHome): ProcessIdentity[] {
	return findProcesses(home, NODE_PROGRAM, (cwd) => basename(dirname(cwd)) === "accelerators");
}

/**
 * Asks the kernel, not the agents' records: an engine runs in its instance's directory, and an engine that
 * wasn't recorded because of a crash counts too. Children of the same program (HAProxy's workers, a process
 * that writes a snapshot) end with their parent and are left out, unless the parent has died.
 */
function findProcesses(
	home: LarderHome,
	program: RegExp,
	worksIn: (cwd: string) => boolean = () => true,
): ProcessIdentity[] {
	const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
	const isOurs = (cwd: string) => cwd.startsWith(`${home.agentsDir}${sep}`) && worksIn(cwd);
	const found = new Set(pids.filter((pid) => isProgramOf(pid, isOurs, program)));
	return [...found].flatMap((pid) => {
		const parent = parentOf(pid);
		if (parent === null || found.has(parent)) return [];
		return identifyProcess(pid) ?? [];
	});
}

function isProgramOf(pid: number, isOurs: (cwd: string) => boolean, program: RegExp): boolean {
	try {
		const cwd = readlinkSync(`/proc/${pid}/cwd`);
		const name = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
		return isOurs(cwd) && program.test(name);
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
