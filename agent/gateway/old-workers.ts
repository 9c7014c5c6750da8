import type { Logger } from "../../platform/logger.ts";
import { identifyProcess, signalProcess } from "../../platform/process-identity.ts";
import { readGatewayLoad } from "./gateway-load.ts";
import { askHaproxy, parseOldWorkers, parseSessions } from "./haproxy-socket.ts";

/**
 * Workers of earlier configurations live until their last connection ends. At most this many may live at
 * a time, at about 10 MiB each (docs/decisions/0011).
 */
export const OLD_WORKERS_MAX = 16;

/** A worker that is about to end may never answer, and nothing may wait for it. */
const ANSWER_TIMEOUT_MS = 500;

const TEND_EVERY_MS = 1_000;

/** The workers of earlier configurations that still run, checked now and then. */
export class OldWorkers {
	private readonly masterSocket: string;
	private readonly logger: Logger;
	/** Null until they have been looked for: an adopted HAProxy may have some. */
	private pids: readonly number[] | null = null;
	private tendedAt = Number.NEGATIVE_INFINITY;

	constructor(masterSocket: string, logger: Logger) {
		this.masterSocket = masterSocket;
		this.logger = logger;
	}

	/** Finds them again, for example after a reload, and ends those above the limit. */
	async tend(): Promise<void> {
		this.tendedAt = performance.now();
		this.pids = await listOldWorkers(this.masterSocket);
		const lost = await limitOldWorkers(this.masterSocket, this.pids);
		if (lost > 0) {
			this.logger.warn({ connections: lost }, "the gateway had too many old workers; ended some");
		}
	}

	async tendNowAndThen(): Promise<void> {
		if (this.pids?.length === 0 || performance.now() - this.tendedAt < TEND_EVERY_MS) return;
		await this.tend();
	}

	/** Cuts the connections to these servers (`backend/server`) that they hold. */
	async endSessions(servers: readonly string[]): Promise<void> {
		if (servers.length === 0) return;
		this.pids ??= await listOldWorkers(this.masterSocket);
		await endSessionsInOldWorkers(this.masterSocket, this.pids, new Set(servers));
	}
}

export async function listOldWorkers(masterSocket: string): Promise<number[]> {
	return parseOldWorkers(await askHaproxy(masterSocket, "show proc"));
}

/** HAProxy takes 16 KiB of commands at a time. */
const SESSIONS_PER_COMMAND = 100;

/**
 * Cuts connections to servers (`backend/server`) that old workers still hold, because old workers no longer
 * check servers. One by one: a worker that is ending refuses `shutdown sessions server`.
 */
async function endSessionsInOldWorkers(
	masterSocket: string,
	workers: readonly number[],
	servers: ReadonlySet<string>,
): Promise<void> {
	for (const pid of workers) {
		// A worker that ended meanwhile has no connections left.
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

/**
 * Ends the old workers above the limit, starting with the fewest connections. Returns how many connections
 * that ends.
 */
async function limitOldWorkers(
	masterSocket: string,
	workers: readonly number[],
	most = OLD_WORKERS_MAX,
): Promise<number> {
	if (workers.length <= most) return 0;
	const asked = await Promise.all(
		workers.map(async (pid) => {
			const identity = identifyProcess(pid);
			const load = await readGatewayLoad(masterSocket, `@!${pid} `);
			return { identity, answered: load !== null, connections: load?.connections ?? 0 };
		}),
	);
	// A worker that is only busy must not count as one without connections: ask it again in a second. One that
	// is about to end is gone by then.
	const mayWait = workers.length <= 2 * most;
	if (mayWait && asked.some(({ answered }) => !answered)) return 0;
	const found = asked.flatMap(({ identity, connections }) =>
		identity === null ? [] : [{ identity, connections }],
	);
	found.sort((a, b) => a.connections - b.connections);
	const ended = found.slice(0, Math.max(0, found.length - most));
	for (const { identity } of ended) signalProcess(identity, "SIGTERM");
	return ended.reduce((sum, { connections }) => sum + connections, 0);
}
