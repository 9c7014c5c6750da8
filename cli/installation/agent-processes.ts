import { readdirSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import type { LarderHome } from "../../platform/home.ts";
import { identifyProcess, type ProcessIdentity } from "../../platform/process-identity.ts";

/** Running agents of this installation, whatever started them; or only those with one of `agentHomes`. */
export function findAgentProcesses(
	home: LarderHome,
	agentHomes?: readonly string[],
): ProcessIdentity[] {
	const variable = "\0LARDER_AGENT_HOME=";
	const marks = agentHomes?.map((each) => `${variable}${each}\0`) ?? [
		`${variable}${home.agentsDir}${sep}`,
	];
	return readdirSync("/proc").flatMap((name) => {
		const pid = Number(name);
		if (!Number.isInteger(pid) || pid === process.pid || !isAgent(pid, marks)) return [];
		return identifyProcess(pid) ?? [];
	});
}

function isAgent(pid: number, marks: readonly string[]): boolean {
	try {
		const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
		const runsAgent =
			/(^|\/)node$/.test(program) && args.some((each) => /\/agent\.mjs$/.test(each));
		if (!runsAgent) return false;
		const environment = `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
		return marks.some((mark) => environment.includes(mark));
	} catch {
		// It ended meanwhile, or belongs to another user.
		return false;
	}
}
