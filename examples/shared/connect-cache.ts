import { Redis } from "ioredis";

const RETRY_MS = 50;

/**
 * A client of the cache that the environment names: CACHE_HOST, CACHE_PORT, CACHE_USERNAME and CACHE_PASSWORD, as
 * `larder caches connect <name>` prints them. Through a failover it connects again and sends its commands again, so an
 * application's commands must bear being carried out twice.
 */
export function connectCache(): Redis {
	const { CACHE_HOST, CACHE_PORT, CACHE_USERNAME, CACHE_PASSWORD } = process.env;
	const port = Number(CACHE_PORT ?? 6379);
	if (!Number.isInteger(port) || port < 1 || port > 65_535) {
		throw new Error(`CACHE_PORT must be a port, not ${CACHE_PORT}`);
	}
	const client = new Redis({
		...{ host: CACHE_HOST ?? "127.0.0.1", port },
		...(CACHE_USERNAME && { username: CACHE_USERNAME }),
		...(CACHE_PASSWORD && { password: CACHE_PASSWORD }),
		retryStrategy: () => RETRY_MS,
		maxRetriesPerRequest: null,
		// A primary that became a replica refuses writes: connect again, and send the command again.
		reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? 2 : false),
	});
	let isLost = false;
	client.on("error", (error) => {
		if (!isLost) console.error(`The cache is away: ${error.message}`);
		isLost = true;
	});
	client.on("ready", () => {
		if (isLost) console.log("The cache is back.");
		isLost = false;
	});
	return client;
}

/**
 * Waits until as many replicas as CACHE_REPLICAS says (none by default) have what this client wrote, so that it survives
 * the loss of the primary. Throws if they don't within a second.
 */
export async function waitForReplicas(client: Redis): Promise<void> {
	const wanted = Number(process.env.CACHE_REPLICAS ?? 0);
	if (wanted === 0) return;
	const have = await client.wait(wanted, 1_000);
	if (have < wanted) throw new Error(`${have} of ${wanted} replicas have the write`);
}
