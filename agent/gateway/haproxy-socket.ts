import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const ANSWER_TIMEOUT_MS = 5_000;
const WORKER_TIMEOUT_MS = 1_000;
const ROOM_RETRY_MS = 5;
/** HAProxy accepts 16 KiB at a time. */
const COMMANDS_AT_ONCE = 40;

/** It runs, or seems to, but doesn't answer. */
export class HaproxySilentError extends Error {
	constructor(timeoutMs: number) {
		super(`HAProxy didn't answer within ${timeoutMs} ms`);
		this.name = "HaproxySilentError";
	}
}

/**
 * Sends commands to the worker that serves now. Uses that worker's own socket, because the master refuses
 * connections for half of the time that a reload takes; during a reload it reaches the worker that gets new
 * clients.
 */
export async function tellWorker(statsSocket: string, commands: readonly string[]): Promise<void> {
	for (let at = 0; at < commands.length; at += COMMANDS_AT_ONCE) {
		const some = commands.slice(at, at + COMMANDS_AT_ONCE);
		await askHaproxy(statsSocket, some.join(";"), WORKER_TIMEOUT_MS);
	}
}

/**
 * HAProxy's answer to commands sent over one of its sockets. Throws if none arrives. While too many others wait
 * for the socket, the kernel refuses to connect (EAGAIN); a moment later there is room.
 */
export async function askHaproxy(
	socketPath: string,
	command: string,
	timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<string> {
	const startedAt = performance.now();
	for (;;) {
		try {
			const leftMs = timeoutMs - (performance.now() - startedAt);
			return await askOnce(socketPath, command, leftMs);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
			if (performance.now() - startedAt + ROOM_RETRY_MS >= timeoutMs)
				throw new HaproxySilentError(timeoutMs);
			await pause(ROOM_RETRY_MS);
		}
	}
}

function askOnce(socketPath: string, command: string, timeoutMs: number): Promise<string> {
	return new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		// HAProxy closes it once the sending side is closed and everything is answered.
		const socket = connect({ path: socketPath, allowHalfOpen: true });
		const timer = setTimeout(() => {
			// If the agent itself was held up, the answer may be waiting.
			setImmediate(() => socket.destroy(new HaproxySilentError(timeoutMs)));
		}, timeoutMs);
		socket.on("data", (chunk) => chunks.push(chunk));
		socket.once("error", reject);
		socket.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
		socket.once("close", () => {
			clearTimeout(timer);
			reject(new Error("HAProxy closed the connection without an answer"));
		});
		socket.end(`${command}\n`);
	});
}

export type ReloadResult =
	| { readonly kind: "done" }
	| { readonly kind: "refused"; readonly message: string };

/** The answer to `reload` on the master's socket: whether the new worker runs, or the errors that prevented it. */
export function parseReload(answer: string): ReloadResult {
	if (/^Success=1$/m.test(answer)) return { kind: "done" };
	return { kind: "refused", message: alertsIn(answer) };
}

/** The errors in HAProxy's output, without decoration. */
export function alertsIn(text: string): string {
	const alerts = [...text.matchAll(/^\[ALERT\]\s+\(\d+\) : (.*)$/gm)].map(
		(match) => match[1] ?? "",
	);
	return [...new Set(alerts)].join(" | ").slice(0, 450) || "HAProxy gave no reason";
}

/** HAProxy's servers, and which of them get clients now. */
export interface ServerStates {
	readonly backends: ReadonlySet<string>;
	/** `backend/server` */
	readonly servers: ReadonlySet<string>;
	readonly usable: ReadonlySet<string>;
	/** Alive, but too busy or too full to say what they are (health-checks.ts). */
	readonly occupied: ReadonlySet<string>;
	/** Backends with a usable server. */
	readonly usableIn: ReadonlySet<string>;
}

export const NO_SERVER_STATES: ServerStates = {
	backends: new Set(),
	servers: new Set(),
	usable: new Set(),
	occupied: new Set(),
	usableIn: new Set(),
};

const RUNNING = "2";
/** The server passed its check with a condition, which HAProxy shows as a server that is stopping. */
const STOPPING = "3";

/** Reads `show servers state`, format 1. Throws on anything else. */
export function parseServerStates(text: string): ServerStates {
	const [format, , ...lines] = text.split("\n");
	if (format?.trim() !== "1") throw new Error(`can't read HAProxy's server states: ${format}`);
	const backends = new Set<string>();
	const servers = new Set<string>();
	const usable = new Set<string>();
	const occupied = new Set<string>();
	const usableIn = new Set<string>();
	for (const line of lines) {
		const [, backend, , server, , operational, administrative] = line.split(" ");
		if (backend === undefined || server === undefined) continue;
		backends.add(backend);
		servers.add(`${backend}/${server}`);
		if (administrative !== "0") continue;
		if (operational === STOPPING) occupied.add(`${backend}/${server}`);
		if (operational !== RUNNING) continue;
		usable.add(`${backend}/${server}`);
		usableIn.add(backend);
	}
	return { backends, servers, usable, occupied, usableIn };
}

/** Workers of earlier configurations that still have connections, from `show proc`; newest first. */
export function parseOldWorkers(text: string): number[] {
	const [, old = ""] = text.split("# old workers");
	return [...old.matchAll(/^(\d+)\s+worker\s/gm)].map((match) => Number(match[1]));
}

/** Connections and their servers, as `backend/server`, from `show sess`. */
export function parseSessions(text: string): { id: string; server: string }[] {
	return [...text.matchAll(/^(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) /gm)].map(
		([, id = "", backend, server]) => ({ id, server: `${backend}/${server}` }),
	);
}
