import { readFile, statfs } from "node:fs/promises";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { MIB } from "../../server/contract/limits.ts";
import { openFilesOf } from "./open-files.ts";

/**
 * Properties of a machine that decide how well it serves caches. Null if they can't be read, as in some
 * containers.
 */
export interface MachineFacts {
	/** What this agent and the engines that it starts may open. */
	readonly openFiles: number | null;
	/** The longest queue of connections that wait to be accepted (net.core.somaxconn). */
	readonly queueMax: number | null;
	/** The longest queue that a node here asks for. */
	readonly queueWanted: number;
	/** vm.overcommit_memory */
	readonly overcommit: number | null;
	readonly hugePages: "always" | "madvise" | "never" | null;
	/** The file system that holds the agent's home. */
	readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | null;
}

export async function readMachineFacts(
	homeDir: string,
	assignments: readonly Assignment[],
): Promise<MachineFacts> {
	const [somaxconn, overcommit, hugePages, disk] = await Promise.all([
		readKernelFile("/proc/sys/net/core/somaxconn"),
		readKernelFile("/proc/sys/vm/overcommit_memory"),
		readKernelFile("/sys/kernel/mm/transparent_hugepage/enabled"),
		readDisk(homeDir),
	]);
	return {
		openFiles: readOpenFiles(),
		queueMax: somaxconn === null ? null : Number(somaxconn),
		queueWanted: Math.max(QUEUES.valkey, ...assignments.map(wantedQueue)),
		overcommit: overcommit === null ? null : Number(overcommit),
		hugePages: parseHugePages(hugePages ?? ""),
		disk,
	};
}

async function readDisk(directory: string): Promise<MachineFacts["disk"]> {
	const found = await statfs(directory).catch(() => null);
	return (
		found && {
			freeBytes: found.bavail * found.bsize,
			totalBytes: found.blocks * found.bsize,
		}
	);
}

/** With less than this, a starting node may find no room for its own files. */
const DISK_FULL_BYTES = 16 * MIB;

export function isFull({ freeBytes, totalBytes }: NonNullable<MachineFacts["disk"]>): boolean {
	return totalBytes > 0 && freeBytes < DISK_FULL_BYTES;
}

/** Whether the disk that holds a directory is full. If that can't be read: no. */
export async function isDiskFull(directory: string): Promise<boolean> {
	const disk = await readDisk(directory);
	return disk !== null && isFull(disk);
}

function readOpenFiles(): number | null {
	try {
		return openFilesOf().hard;
	} catch {
		return null;
	}
}

async function readKernelFile(path: string): Promise<string | null> {
	return await readFile(path, "utf8").then(
		(text) => text.trim(),
		() => null,
	);
}

/** Such as "always [madvise] never": the brackets mark the active one. */
export function parseHugePages(text: string): MachineFacts["hugePages"] {
	const [, chosen] = /\[(always|madvise|never)\]/.exec(text) ?? [];
	return chosen === "always" || chosen === "madvise" || chosen === "never" ? chosen : null;
}

/** Each engine's default. */
const QUEUES = { valkey: 511, redis: 511, memcached: 1_024 } as const;
const QUEUE_PARAMETERS: readonly string[] = [
	...["tcp-backlog", "backlog_queue_limit", "listen-backlog"],
];

export function wantedQueue({
	engine,
	parameters,
}: Pick<Assignment, "engine" | "parameters">): number {
	const chosen = parameters.find(({ name }) => QUEUE_PARAMETERS.includes(name));
	const length = Number(chosen?.value);
	return Number.isInteger(length) ? length : QUEUES[engine];
}
