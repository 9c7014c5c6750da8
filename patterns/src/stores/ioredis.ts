import { CacheUnavailableError, type Store, type TrackingListener } from "../store.ts";
import { hashSlot, readByGroup } from "./hash-slot.ts";
import { runSwap } from "./swap-script.ts";

const CHANGES = "__redis__:invalidate";
const PING_MS = 1_000;

/** What the store uses of ioredis's `Redis` and `Cluster`. */
export interface IoredisClient {
	readonly isCluster?: boolean;
	get(key: string): Promise<string | null>;
	mget(...keys: string[]): Promise<(string | null)[]>;
	evalsha(sha1: string, keys: number, ...args: string[]): Promise<unknown>;
	eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
	wait?(replicas: number, timeoutMs: number): Promise<number>;
}

export interface IoredisStoreOptions {
	/**
	 * How many replicas must have each change before it counts (WAIT), so that the guarantees survive the loss of the primary;
	 * a change that they don't get in time counts as a failure of the cache. 0 by default. Not with `Cluster`. Hits cost nothing more.
	 */
	readonly replicas?: number;
	/** How long replicas may take. Milliseconds, 100 by default; must be less than the breaker's `operationTimeoutMs`. */
	readonly replicaTimeoutMs?: number;
}

/** What tracking uses of a connection of its own. */
interface TrackingConnection {
	call(command: string, ...args: string[]): Promise<unknown>;
	subscribe(channel: string): Promise<unknown>;
	ping(): Promise<unknown>;
	disconnect(reconnect?: boolean): void;
	on(event: string, listener: (...args: never[]) => void): unknown;
}

/** A cache by ioredis. With `Cluster`, leave `scaleReads` at "master": replicas answer with older values. */
export function ioredisStore(
	client: IoredisClient,
	{ replicas = 0, replicaTimeoutMs = 100 }: IoredisStoreOptions = {},
): Store {
	const isCluster = client.isCluster === true;
	if (isCluster && replicas > 0) {
		throw new RangeError("ioredisStore: replicas can't be waited for with Cluster");
	}
	const waitForReplicas = async () => {
		const have = await client.wait?.(replicas, replicaTimeoutMs);
		if ((have ?? 0) < replicas) {
			throw new CacheUnavailableError(`${have} of ${replicas} replicas have the change`);
		}
	};
	return {
		get: (key) => client.get(key),
		getMany: (keys) =>
			isCluster
				? readByGroup(keys, hashSlot, (group) => client.mget(...group))
				: client.mget(...keys),
		async swap(key, expected, next, ttlMs) {
			const isDone = await runSwap(
				(command, script, place, args) =>
					command === "EVAL"
						? client.eval(script, 1, place, ...args)
						: client.evalsha(script, 1, place, ...args),
				...([key, expected, next, ttlMs] as const),
			);
			if (isDone && replicas > 0) await waitForReplicas();
			return isDone;
		},
		...(!isCluster &&
			canDuplicate(client) && { track: (prefix, listener) => track(client, prefix, listener) }),
	};
}

interface Duplicating {
	duplicate(options: object): TrackingConnection;
}

function canDuplicate(client: object): client is Duplicating {
	return "duplicate" in client && typeof client.duplicate === "function";
}

/**
 * A connection of its own that the engine tells of each change of a key with the prefix. It speaks RESP2, because ioredis
 * passes on what arrives as a message, and drops RESP3's pushes.
 */
async function track(
	client: Duplicating,
	prefix: string,
	listener: TrackingListener,
): Promise<() => Promise<void>> {
	const connection = client.duplicate({
		...{ protocol: 2, autoResubscribe: false, lazyConnect: false, enableReadyCheck: true },
		...{ maxRetriesPerRequest: null, enableOfflineQueue: true },
	});
	let isClosed = false;
	let isAnswered = true;
	const begin = async () => {
		const id = String(await connection.call("CLIENT", "ID"));
		await connection.call(
			...(["CLIENT", "TRACKING", "ON", "REDIRECT", id, "BCAST", "PREFIX", prefix] as const),
		);
		await connection.subscribe(CHANGES);
		isAnswered = true;
		listener.tracking(true);
	};
	connection.on("close", () => listener.tracking(false));
	connection.on("error", () => undefined);
	connection.on("messageBuffer", (_channel: Buffer, keys: unknown) => {
		if (!Array.isArray(keys)) listener.changed(null);
		else for (const key of keys) listener.changed(String(key));
	});
	// A connection that died without a word would leave old values for as long as it takes to notice.
	const pings = setInterval(() => {
		if (!isAnswered) connection.disconnect(true);
		isAnswered = false;
		connection.ping().then(
			() => {
				isAnswered = true;
			},
			() => undefined,
		);
	}, PING_MS);
	pings.unref();
	await new Promise<void>((resolve, reject) => {
		connection.on("ready", () => {
			begin().then(resolve, (error) => {
				reject(error);
				if (!isClosed) connection.disconnect(true);
			});
		});
	});
	return async () => {
		isClosed = true;
		clearInterval(pings);
		connection.disconnect();
	};
}
