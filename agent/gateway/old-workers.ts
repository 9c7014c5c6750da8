import { identifyProcess, signalProcess } from "../../platform/process-identity.ts";
import { askHaproxy, parseOldWorkers } from "./haproxy-socket.ts";

/**
 * Workers of earlier configurations live on for the connections that they hold, and end with the last of them. So many
 * may live at once; they are cheap, and idle but for what they carry (docs/decisions/0011).
 */
export const OLD_WORKERS_MAX = 32;

export async function listOldWorkers(masterSocket: string): Promise<number[]> {
	return parseOldWorkers(await askHaproxy(masterSocket, "show proc"));
}

/** Cuts connections to a server that old workers still hold: they no longer check servers themselves. */
export async function endSessionsInOldWorkers(
	masterSocket: string,
	workers: readonly number[],
	servers: readonly string[],
): Promise<void> {
	for (const pid of workers) {
		const commands = servers.map((server) => `@!${pid} shutdown sessions server ${server}`);
		if (commands.length > 0) await askHaproxy(masterSocket, commands.join(";"));
	}
}

/** Ends the old workers above the limit: those with the fewest connections. Answers how many those lose. */
export async function limitOldWorkers(
	masterSocket: string,
	workers: readonly number[],
	most = OLD_WORKERS_MAX,
): Promise<number> {
	if (workers.length <= most) return 0;
	const found = [];
	for (const pid of workers) {
		const identity = identifyProcess(pid);
		const info = await askHaproxy(masterSocket, `@!${pid} show info`).catch(() => "");
		const connections = Number(/^CurrConns: (\d+)$/m.exec(info)?.[1] ?? 0);
		if (identity !== null) found.push({ identity, connections });
	}
	found.sort((a, b) => a.connections - b.connections);
	const ended = found.slice(0, Math.max(0, found.length - most));
	for (const { identity } of ended) signalProcess(identity, "SIGTERM");
	return ended.reduce((sum, { connections }) => sum + connections, 0);
}
