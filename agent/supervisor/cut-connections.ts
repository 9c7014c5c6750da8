import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Writable } from "node:stream";

const CAP_NET_ADMIN = 12n;
const TIMEOUT_MS = 5_000;
/** Connections in one call of `ss`: the kernel compares every socket of the machine with each of them. */
const ENDED_AT_ONCE = 200;

/**
 * Ends the connections of an engine that has died. The kernel would do so itself, but frees the engine's
 * memory first. That takes a tenth of a second for each GiB, and the node's clients wait for an answer all that
 * time. Requires the capability CAP_NET_ADMIN and the system's `ss`; does nothing without them.
 */
export async function cutConnections(host: string, port: number): Promise<void> {
	if (!mayCutConnections()) return;
	await endSockets([{ local: `${host}:${port}` }]).catch(() => {});
}

/**
 * Ends these connections of the machine, given as `address:port`, with any peer if none is named. Both ends
 * learn of it at once. Throws if `ss` fails.
 */
export async function endSockets(
	sockets: readonly { readonly local: string; readonly peer?: string }[],
): Promise<void> {
	const clauses = sockets.map(({ local, peer }) =>
		peer === undefined ? `( src ${local} )` : `( src ${local} and dst ${peer} )`,
	);
	for (let at = 0; at < clauses.length; at += ENDED_AT_ONCE) {
		// One clause per line: ss can't read long lines.
		await kill(`or ${clauses.slice(at, at + ENDED_AT_ONCE).join("\nor ")}\n`);
	}
}

type Ss = ChildProcessByStdio<Writable, null, null>;

/** Waits for its filter. */
let standby: Ss | null = null;

/**
 * Starts `ss` for the next call of `endSockets`, unless one waits already: on a busy machine, starting it takes ten times
 * as long as what it does. It ends with the agent.
 */
export function prepareToEndSockets(): void {
	if (standby !== null || !mayCutConnections()) return;
	const child = start();
	standby = child;
	const forget = () => {
		if (standby === child) standby = null;
	};
	child.once("error", forget).once("exit", forget);
	// It doesn't keep this process from ending.
	child.unref();
	(child.stdin as Writable & { unref?(): void }).unref?.();
}

/** What `ss` lists, or ends. Its filter begins here and goes on with its input. */
export const SELECTION: readonly string[] = [
	...["--tcp", "--numeric", "--no-header"],
	// On a busy machine, most connections are closed ones.
	...["state", "connected", "exclude", "time-wait", "--filter", "-"],
	// Matches nothing. An empty filter would match every connection of the machine, if the agent died before it wrote one.
	...["(", "src", "127.0.0.1:1", "and", "dst", "127.0.0.1:1", ")"],
];

function start(): Ss {
	const child = spawn("ss", ["--kill", ...SELECTION], { stdio: ["pipe", "ignore", "ignore"] });
	child.stdin.on("error", () => {});
	return child;
}

function kill(filter: string): Promise<void> {
	const child = standby ?? start();
	standby = null;
	child.ref();
	const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
	return new Promise<void>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) =>
			code === 0 ? resolve() : reject(new Error(`ss can't end connections (${code})`)),
		);
		child.stdin.end(filter);
	}).finally(() => clearTimeout(timer));
}

let allowed: boolean | null = null;

export function mayCutConnections(): boolean {
	allowed ??= hasCapability(CAP_NET_ADMIN);
	return allowed;
}

function hasCapability(bit: bigint): boolean {
	try {
		const status = readFileSync("/proc/self/status", "utf8");
		const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
		return effective !== undefined && ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
	} catch {
		return false;
	}
}
