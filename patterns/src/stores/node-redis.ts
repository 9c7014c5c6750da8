import type { Store, TrackingListener } from "../store.ts";
import { hashSlot, readByGroup } from "./hash-slot.ts";
import { runSwap } from "./swap-script.ts";

/** What the store uses of node-redis's clients, made by `createClient`, `createClientPool` or `createCluster`. */
export interface NodeRedisClient {
	get(key: string): Promise<unknown>;
	mGet(keys: string[]): Promise<readonly unknown[]>;
	evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
	eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

interface TrackedClient {
	readonly options: { readonly emitInvalidate?: boolean };
	readonly isReady: boolean;
	on(event: string, listener: (...args: never[]) => void): unknown;
	off(event: string, listener: (...args: never[]) => void): unknown;
}

/** A cache by node-redis. It can track if the client was made with `RESP: 3` and `emitInvalidate: true`. */
export function nodeRedisStore(client: NodeRedisClient): Store {
	const isCluster = "masters" in client;
	const readMany = async (keys: readonly string[]) =>
		(await client.mGet([...keys])).map(textOrNull);
	return {
		get: (key) => client.get(key).then(textOrNull),
		getMany: (keys) => (isCluster ? readByGroup(keys, hashSlot, readMany) : readMany(keys)),
		swap: (key, expected, next, ttlMs) =>
			runSwap(
				(command, script, place, args) => {
					const options = { keys: [place], arguments: args };
					return command === "EVAL"
						? client.eval(script, options)
						: client.evalSha(script, options);
				},
				...[key, expected, next, ttlMs],
			),
		...(isTracked(client) && { track: (prefix, listener) => track(client, prefix, listener) }),
	};
}

function textOrNull(content: unknown): string | null {
	if (typeof content === "string") return content;
	return content === null || content === undefined ? null : String(content);
}

function isTracked(client: object): client is TrackedClient {
	if (!("options" in client) || typeof client.options !== "object") return false;
	return (
		client.options !== null &&
		"emitInvalidate" in client.options &&
		client.options.emitInvalidate === true
	);
}

/** The engine remembers what this connection has read, and reports when it changes, in order with the connection's answers. */
async function track(
	client: TrackedClient,
	prefix: string,
	listener: TrackingListener,
): Promise<() => Promise<void>> {
	const changed = (key: unknown) => {
		if (key === null || key === undefined) return listener.changed(null);
		const name = String(key);
		if (name.startsWith(prefix)) listener.changed(name);
	};
	const on = () => listener.tracking(true);
	const off = () => listener.tracking(false);
	const handlers = { invalidate: changed, ready: on, reconnecting: off, error: off, end: off };
	for (const [event, handler] of Object.entries(handlers)) client.on(event, handler);
	if (client.isReady) on();
	return async () => {
		for (const [event, handler] of Object.entries(handlers)) client.off(event, handler);
	};
}
