import { readFileSync } from "node:fs";
import type { Logger } from "../../platform/logger.ts";
import { runCommand } from "../bundles/run-command.ts";

/** Enough for the most connections of a gateway, at three descriptors each, and for any engine. */
export const WANTED_OPEN_FILES = 100_000;
const PRLIMIT_TIMEOUT_MS = 5_000;

/** How many files a process may open. It may raise `soft` to `hard` by itself; raising `hard` takes a privilege. */
export interface OpenFiles {
	readonly soft: number;
	readonly hard: number;
}

/** Reads /proc/<pid>/limits. A missing or unlimited value is infinite. */
export function parseOpenFiles(limits: string): OpenFiles {
	const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
	return { soft: countOf(soft), hard: countOf(hard) };
}

function countOf(text: string | undefined): number {
	const count = Number(text);
	return Number.isInteger(count) ? count : Number.POSITIVE_INFINITY;
}

/** The limits of this process or of another one. Throws if the process is gone. */
export function openFilesOf(pid: number | "self" = "self"): OpenFiles {
	return parseOpenFiles(readFileSync(`/proc/${pid}/limits`, "utf8"));
}

/**
 * The limit to request from the kernel; null if nothing should be raised. `ceiling` is the kernel's own limit
 * (fs.nr_open).
 */
export function raisedOpenFiles(
	{ soft, hard }: OpenFiles,
	options: { privileged: boolean; ceiling: number },
): OpenFiles | null {
	const wanted = Math.min(WANTED_OPEN_FILES, options.ceiling);
	const raised = options.privileged ? Math.max(hard, wanted) : hard;
	const enough = Math.max(soft, Math.min(raised, wanted));
	return raised === hard && enough === soft ? null : { soft: enough, hard: raised };
}

/**
 * Raises the limit of a process as far as useful and allowed. Engines inherit the agent's own limit; an engine
 * that an earlier agent started has that agent's. Never fails: a limit that stays too low becomes a warning
 * of the host (machine-warnings.ts).
 */
export async function raiseOpenFiles(pid: number | "self", logger: Logger): Promise<void> {
	try {
		const ceiling = Number(readFileSync("/proc/sys/fs/nr_open", "utf8"));
		const privileged = process.getuid?.() === 0;
		// Root in a container may lack the privilege. Its soft limit can still be raised.
		if (privileged && (await raise(pid, { privileged, ceiling }))) return;
		await raise(pid, { privileged: false, ceiling });
	} catch (error) {
		logger.debug({ err: error, pid }, "couldn't raise the limit on open files");
	}
}

/** False if the kernel refuses. */
async function raise(
	pid: number | "self",
	options: { privileged: boolean; ceiling: number },
): Promise<boolean> {
	const target = raisedOpenFiles(openFilesOf(pid), options);
	if (target === null) return true;
	const number = pid === "self" ? process.pid : pid;
	const limits = `--nofile=${words(target.soft)}:${words(target.hard)}`;
	try {
		await runCommand("prlimit", ["--pid", String(number), limits], {
			timeoutMs: PRLIMIT_TIMEOUT_MS,
		});
		return true;
	} catch (error) {
		if (!options.privileged) throw error;
		return false;
	}
}

function words(count: number): string {
	return count === Number.POSITIVE_INFINITY ? "unlimited" : String(count);
}
