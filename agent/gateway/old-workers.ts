import { identifyProcess, signalProcess } from "../../platform/process-identity.ts";
import { askHaproxy, parseOldWorkers, parseSessions } from "./haproxy-socket.ts";

/**
 * Workers of earlier configurations live on for the connections that they hold, and end with the last of them. So many
 * may live at once, at some 10 MiB each (docs/decisions/0011).
 */
export const OLD_WORKERS_MAX = 16;

/** A worker that is about to end may never answer, and nothing may wait for that. */
const ANSWER_TIMEOUT_MS = 500;

export async function listOldWorkers(masterSocket: string): Promise<number[]> {
	return parseOldWorkers(await askHaproxy(masterSocket, "show proc"));
}

/** HAProxy takes 16 KiB of commands at a time. */
const SESSIONS_PER_COMMAND = 100;

/**
 * Cuts connections to servers (`backend/server`) that old workers still hold, since those no longer check servers. One
 * by one: in a worker that is ending, `shutdown sessions server` is refused.
 */
export async function endSessionsInOldWorkers(
	masterSocket: string,
	workers: readonly number[],
	servers: ReadonlySet<string>,
): Promise<void> {
	if (servers.size === 0) return;
	for (const pid of workers) {
		// One that ended meanwhile has no connections to lose.
		const list = await askHaproxy(masterSocket, `@!${pid} show sess`, ANSWER_TIMEOUT_MS).catch(
			() => "",
		);
		const sessions = parseSessions(list).filter(({ server }) => servers.has(server));
		for (let at = 0; at < sessions.length; at += SESSIONS_PER_COMMAND) {
			const some = sessions.slice(at, at + SESSIONS_PER_COMMAND);
			const commands = some.map(({ id }) => `@!${pid} shutdown session ${id}`);
			await askHaproxy(masterSocket, commands.join(";"), ANSWER_TIMEOUT_MS).catch(() => "");
		}
	}
}

/** Ends the old workers above the limit: those with the fewest connections. Answers how many those lose. */
export async function limitOldWorkers(
	masterSocket: string,
	workers: readonly number[],
	most = OLD_WORKERS_MAX,
): Promise<number> {
	if (workers.length <= most) return 0;
	const asked = await Promise.all(
		workers.map(async (pid) => {
			const identity = identifyProcess(pid);
			const command = `@!${pid} show info`;
			const info = await askHaproxy(masterSocket, command, ANSWER_TIMEOUT_MS).catch(() => "");
			return { identity, connections: Number(/^CurrConns: (\d+)$/m.exec(info)?.[1] ?? 0) };
		}),
	);
	const found = asked.flatMap(({ identity, connections }) =>
		identity === null ? [] : [{ identity, connections }],
	);
	found.sort((a, b) => a.connections - b.connections);
	const ended = found.slice(0, Math.max(0, found.length - most));
	for (const { identity } of ended) signalProcess(identity, "SIGTERM");
	return ended.reduce((sum, { connections }) => sum + connections, 0);
}
