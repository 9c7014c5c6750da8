import { chmod, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { proxyProgram } from "./memcached-proxy-program.ts";

const POLL_MS = 20;
const IN_FORCE_WITHIN_MS = 2_000;

/** Where the items of a node are: its own port, or another one if its proxy has that. */
export function storagePort({ port, proxy }: Pick<Assignment, "port" | "proxy">): number {
	return proxy === undefined ? port : port + CLUSTER_BUS_OFFSET;
}

/**
 * Writes the program that a process begins with. It leads to no node: the proxy would try before it listens itself, and
 * again only a second later.
 */
export async function writeFirstProxy(path: string, { proxy }: Assignment): Promise<void> {
	if (proxy !== undefined) await write(path, proxyProgram({ nodes: [], count: 0 }, null).text);
}

/** Into the same file, because a running engine may have it open (`proxyFile`). It is read only when the engine is told to. */
async function write(path: string, text: string): Promise<void> {
	await writeFile(path, text);
	// Whatever the umask: it has no secrets, and its directory is private.
	await chmod(path, 0o644);
}

/**
 * The name by which the engine reads the program. An engine that root starts continues as a user who can't enter the
 * node's directory, so it inherits the file.
 */
export function proxyFile(path: string, isRoot: boolean): string {
	return isRoot ? "/proc/self/fd/0" : path;
}

/** What the session with an engine lends. */
export interface ProxyEngine {
	readonly path: string;
	stats(report: string): Promise<ReadonlyMap<string, string>>;
	/** Tells the process to read the program again. */
	reload(): void;
}

/**
 * Brings the program into force that the assignment asks for. Connections of clients stay. Returns whether it was, or now
 * is; false if it isn't yet.
 */
export async function applyProxy(
	engine: ProxyEngine,
	{ proxy, elastic }: Assignment,
): Promise<"was" | "is" | false> {
	if (proxy === undefined) return "was";
	const { text, threads } = proxyProgram(proxy, elastic?.ecpuPerSecond ?? null);
	const all = (await engine.stats("")).get("threads");
	const isInForce = async () => (await engine.stats("proxyfuncs")).get(threads) === all;
	if (await isInForce()) return "was";
	await write(engine.path, text);
	engine.reload();
	const until = performance.now() + IN_FORCE_WITHIN_MS;
	while (performance.now() < until) {
		await pause(POLL_MS, undefined, { ref: false });
		if (await isInForce()) return "is";
	}
	return false;
}
