import type { HostWarning } from "../../server/contract/host.ts";
import { CLIENTS_MAX_DEFAULT, GIB, MIB } from "../../server/contract/limits.ts";
import { CONNECTIONS_MAX, maxConnections } from "../gateway/max-connections.ts";
import { isFull, type MachineFacts } from "./machine-facts.ts";
import { WANTED_OPEN_FILES } from "./open-files.ts";

/** Files that an engine keeps for itself. */
const RESERVED_FILES = 32;
/** A node that reboots writes its data to disk, and logs take a few MiB each. */
const DISK_LOW_SHARE = 0.05;
const DISK_LOW_MAX_BYTES = 10 * GIB;

/** What people should change on this machine, the most severe first; empty if it is well set up. */
export function machineWarnings(facts: MachineFacts, homeDir: string): HostWarning[] {
	return [
		diskWarning(facts.disk, homeDir),
		openFilesWarning(facts.openFiles),
		queueWarning(facts),
		overcommitWarning(facts.overcommit),
		hugePagesWarning(facts.hugePages),
	].filter((warning) => warning !== null);
}

function diskWarning(disk: MachineFacts["disk"], homeDir: string): HostWarning | null {
	if (disk === null || disk.totalBytes === 0) return null;
	const { freeBytes, totalBytes } = disk;
	const remedy = `Free some space in the file system of ${homeDir}, or enlarge it.`;
	if (isFull(disk)) {
		return {
			...{ code: "disk-full", severity: "error", title: "disk full" },
			message:
				"The disk is full. Running nodes keep running, but a node can't start, reboot or save here until there is space.",
			...{ remedy, command: null },
		};
	}
	if (freeBytes >= Math.min(totalBytes * DISK_LOW_SHARE, DISK_LOW_MAX_BYTES)) return null;
	return {
		...{ code: "disk-nearly-full", severity: "warning", title: "disk nearly full" },
		message: `The disk is nearly full: ${sizeOf(freeBytes)} of ${sizeOf(totalBytes)} is free. Once it is full, no node can start, reboot or save here.`,
		...{ remedy, command: null },
	};
}

function sizeOf(bytes: number): string {
	return bytes < GIB ? `${Math.round(bytes / MIB)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;
}

function openFilesWarning(openFiles: number | null): HostWarning | null {
	if (openFiles === null || openFiles >= WANTED_OPEN_FILES) return null;
	const nodeClients = Math.max(1, openFiles - RESERVED_FILES);
	const limitsNodes = nodeClients < CLIENTS_MAX_DEFAULT;
	const limited = [
		...(limitsNodes ? [servesAtMost("a node", nodeClients, CLIENTS_MAX_DEFAULT)] : []),
		servesAtMost("the gateway", maxConnections(openFiles), CONNECTIONS_MAX),
	];
	const reboot = limitsNodes ? ", and reboot the nodes that run here" : "";
	return {
		...{ code: "open-files", severity: limitsNodes ? "warning" : "info", title: "low file limit" },
		message: `A process may open only ${count(openFiles)} files here: ${limited.join(", and ")}. Further clients are refused or wait.`,
		remedy: `Set LimitNOFILE=${WANTED_OPEN_FILES} in the unit of the agent, or run this command in the shell that starts it. Then restart the agent${reboot}.`,
		command: `ulimit -n ${WANTED_OPEN_FILES}`,
	};
}

function servesAtMost(what: string, clients: number, otherwise: number): string {
	return `${what} serves at most ${count(clients)} clients at a time instead of ${count(otherwise)}`;
}

function count(number: number): string {
	return number.toLocaleString("en-US");
}

function queueWarning({ queueMax, queueWanted }: MachineFacts): HostWarning | null {
	if (queueMax === null || queueMax >= queueWanted) return null;
	return {
		...{ code: "somaxconn", severity: "warning", title: "short queue" },
		message: `net.core.somaxconn is ${queueMax}, but nodes ask for a queue of ${queueWanted} connections. When many clients connect at the same time, some wait for a second or more.`,
		remedy: "Raise it, then reboot the nodes that run here.",
		command: `sudo sysctl -w net.core.somaxconn=${Math.max(4_096, queueWanted)}`,
	};
}

function overcommitWarning(overcommit: number | null): HostWarning | null {
	if (overcommit === null || overcommit === 1) return null;
	const isStrict = overcommit === 2;
	return {
		...{ code: "overcommit-memory", title: "overcommit limited" },
		severity: isStrict ? "warning" : "info",
		message: `vm.overcommit_memory is ${overcommit}, so the kernel may refuse to fork a large node's process, which every sync and save needs. If it refuses during a sync, the replica stays out of sync.`,
		remedy: "Set it to 1.",
		command: "sudo sysctl -w vm.overcommit_memory=1",
	};
}

function hugePagesWarning(hugePages: MachineFacts["hugePages"]): HostWarning | null {
	if (hugePages !== "always") return null;
	return {
		...{ code: "huge-pages", severity: "info", title: "huge pages on" },
		message:
			"The kernel gives transparent huge pages to every process. Valkey and Redis turn them off for themselves; Memcached and the gateway may use more memory and stall now and then.",
		remedy: "Give them only to processes that ask for them.",
		command: "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
	};
}
