import type { TrackingListener } from "../store.ts";

const CHANGES = "__redis__:invalidate";
const PING_MS = 1_000;
const LONGEST_RETRY_MS = 2_000;

/** What tracking uses of a connection of its own. */
interface TrackingConnection {
	call(command: string, ...args: string[]): Promise<unknown>;
	subscribe(channel: string): Promise<unknown>;
	ping(): Promise<unknown>;
	disconnect(reconnect?: boolean): void;
	on(event: string, listener: (...args: never[]) => void): unknown;
}

interface Duplicating {
	duplicate(options: object): TrackingConnection;
}

/** ioredis's `Cluster`. */
interface TrackableCluster {
	readonly isCluster: true;
	readonly status: string;
	nodes(role: "all"): Duplicating[];
	on(event: string, listener: (node: Duplicating) => void): unknown;
	once(event: string, listener: () => void): unknown;
	off(event: string, listener: (node: Duplicating) => void): unknown;
}

export function canDuplicate(client: object): client is Duplicating {
	return "duplicate" in client && typeof client.duplicate === "function";
}

export function isTrackableCluster(client: object): client is TrackableCluster {
	return "isCluster" in client && client.isCluster === true && "nodes" in client;
}

export async function trackServer(
	client: Duplicating,
	prefix: string,
	listener: TrackingListener,
): Promise<() => Promise<void>> {
	const { begun, stop } = follow(client, prefix, listener);
	await begun;
	return async () => stop();
}

/**
 * Each node reports the changes of the keys that it has, so each needs a connection of its own: replicas too, because any of
 * them may be promoted. While a node that the client knows isn't followed, nothing is tracked. A node that the client learns
 * about, such as by a redirection, counts as such at once, so what was read there isn't kept before the node is followed.
 */
export async function trackCluster(
	cluster: TrackableCluster,
	prefix: string,
	listener: TrackingListener,
): Promise<() => Promise<void>> {
	const followed = new Map<Duplicating, { state: { isOn: boolean }; stop(): void }>();
	let isTracking = false;
	const settle = () => {
		const isOn = followed.size > 0 && [...followed.values()].every(({ state }) => state.isOn);
		if (isOn === isTracking) return;
		isTracking = isOn;
		listener.tracking(isOn);
	};
	const add = (node: Duplicating): Promise<void> => {
		const state = { isOn: false };
		const { begun, stop } = follow(node, prefix, {
			changed: (key) => listener.changed(key),
			tracking(isOn) {
				// What it was asked for while it couldn't report may have changed.
				listener.changed(null);
				state.isOn = isOn;
				settle();
			},
		});
		followed.set(node, { state, stop });
		settle();
		return begun;
	};
	const added = (node: Duplicating) => {
		add(node).catch(() => undefined);
	};
	const removed = (node: Duplicating) => {
		followed.get(node)?.stop();
		followed.delete(node);
		listener.changed(null);
		settle();
	};
	const stop = async () => {
		cluster.off("+node", added);
		cluster.off("-node", removed);
		for (const node of followed.values()) node.stop();
		followed.clear();
		settle();
	};
	if (cluster.status !== "ready") {
		await new Promise<void>((resolve) => cluster.once("ready", resolve));
	}
	cluster.on("+node", added);
	cluster.on("-node", removed);
	try {
		await Promise.any(cluster.nodes("all").map(add));
	} catch (error) {
		await stop();
		throw error instanceof AggregateError ? error.errors[0] : error;
	}
	return stop;
}

/**
 * A connection of its own that the engine tells of each change of a key with the prefix. It speaks RESP2, because ioredis
 * passes on what arrives as a message, and drops RESP3's pushes. `begun` is rejected if the engine refuses.
 */
function follow(
	client: Duplicating,
	prefix: string,
	listener: TrackingListener,
): { begun: Promise<void>; stop(): void } {
	const connection = client.duplicate({
		...{ protocol: 2, autoResubscribe: false, lazyConnect: false, enableReadyCheck: true },
		...{ maxRetriesPerRequest: null, enableOfflineQueue: true, readOnly: false },
		// The connections of a cluster don't come back by themselves.
		retryStrategy: (times: number) => Math.min(50 * times, LONGEST_RETRY_MS),
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
		if (!isClosed) listener.tracking(true);
	};
	connection.on("close", () => {
		if (!isClosed) listener.tracking(false);
	});
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
	const begun = new Promise<void>((resolve, reject) => {
		connection.on("ready", () => {
			begin().then(resolve, (error) => {
				reject(error);
				if (!isClosed) connection.disconnect(true);
			});
		});
	});
	return {
		begun,
		stop() {
			isClosed = true;
			clearInterval(pings);
			connection.disconnect();
		},
	};
}
