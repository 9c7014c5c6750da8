import { setTimeout as pause } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import { z } from "zod";
import type { Logger } from "../../platform/logger.ts";
import type { AcceleratorSettings } from "../../server/contract/accelerator-process.ts";
import { SCRIPTS, type ScriptName } from "./scripts.ts";

type CacheSettings = AcceleratorSettings["cache"];
type Client = Redis | Cluster;

const CONNECT_MS = 1_000;
const COMMAND_MS = 1_000;
/** Of a cluster too, whose nodes are all connected to. */
const CONNECTED_MS = 3_000;
const RETRY_MS = { first: 20, most: 500 } as const;
/** How often the primaries are looked at: a failover that kept this connection open is noticed after so long. */
const GENERATION_MS = 1_000;
const VOID_WITHIN_MS = 60_000;

const scriptAnswer = z.union([z.number(), z.array(z.union([z.string(), z.number()]))]);
const slotsAnswer = z.array(
	z
		.tuple([
			z.number(),
			z.number(),
			z.tuple([z.string(), z.number(), z.string()]).rest(z.unknown()),
		])
		.rest(z.unknown()),
);

/** The cache can't be used now. */
export class CacheAwayError extends Error {
	constructor(message: string, options: { cause?: unknown } = {}) {
		super(message, options);
		this.name = "CacheAwayError";
	}
}

/**
 * The connection to the cache, and the generation of entries that may be trusted:
 *
 *   away ──connected, generation read──> usable ──connection lost, or an unusable answer──> away
 *
 * Each new connection compares the cache's primaries with those that the entries were stored on. If they differ, all
 * instances turn to a new generation, because a failover may have lost the newest writes of the primary before.
 */
export class CacheLink {
	#settings: CacheSettings;
	readonly #prefix: string;
	readonly #logger: Logger;
	#client: Client | null = null;
	#connectedTo = "";
	#generation = 0;
	#waiting = new Set<() => void>();
	#stopped = false;
	#lastError = "not connected yet";
	#running: Promise<void> = Promise.resolve();
	#wakeLoop: () => void = () => undefined;

	constructor(settings: CacheSettings, prefix: string, logger: Logger) {
		this.#settings = settings;
		this.#prefix = prefix;
		this.#logger = logger;
	}

	start(): void {
		this.#running = this.#run();
	}

	/** From the next connection on; a present one stays if it is still one of these. */
	use(settings: CacheSettings): void {
		const { password, clusterMode } = this.#settings;
		const at = this.#connectedTo;
		const stays =
			settings.password === password &&
			settings.clusterMode === clusterMode &&
			settings.endpoints.some(({ host, port }) => `${host}:${port}` === at);
		this.#settings = settings;
		if (!stays && this.#client !== null)
			this.#lose(this.#client, "the cache's endpoint has changed");
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		this.#drop(this.#client);
		this.#wakeLoop();
		await this.#running;
	}

	get isUsable(): boolean {
		return this.#client !== null;
	}

	/** Why it isn't usable, for people. */
	get lastError(): string {
		return this.#lastError;
	}

	/** Part of every key: entries of earlier generations are out of reach. */
	get generation(): number {
		return this.#generation;
	}

	/** Reads the generation that counts now, as another instance may have left it. */
	async refreshGeneration(): Promise<void> {
		const number = await this.#ask((client) => client.hget(`${this.#prefix}generation`, "number"));
		if (number !== null) this.#generation = Number(number);
	}

	/** Voids everything in the cache. If the cache is away now, it is done once it is back. */
	async startGeneration(): Promise<void> {
		const deadline = performance.now() + VOID_WITHIN_MS;
		while (performance.now() < deadline && !this.#stopped) {
			try {
				const key = `${this.#prefix}generation`;
				this.#generation = await this.#ask((client) => client.hincrby(key, "number", 1));
				return;
			} catch (error) {
				if (!(error instanceof CacheAwayError)) throw error;
				// A full cache is usable, and refuses.
				await pause(RETRY_MS.first);
				await this.usableWithin(GENERATION_MS);
			}
		}
		this.#logger.error("the cache wasn't voided in time: it may serve old items until they expire");
	}

	/** Resolves once the cache is usable; false if it isn't within the time. */
	async usableWithin(ms: number): Promise<boolean> {
		if (this.isUsable) return true;
		return await new Promise((resolve) => {
			const settle = (usable: boolean) => {
				clearTimeout(timer);
				this.#waiting.delete(onUsable);
				resolve(usable);
			};
			const onUsable = () => settle(true);
			const timer = setTimeout(() => settle(this.isUsable), ms);
			this.#waiting.add(onUsable);
		});
	}

	get(key: string): Promise<string | null> {
		return this.#ask((client) => client.get(key));
	}

	async set(key: string, value: string, ttlMs: number): Promise<void> {
		await this.#ask((client) => client.set(key, value, "PX", ttlMs));
	}

	async run(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]) {
		const answer = await this.#ask((client) => {
			const command: unknown = Reflect.get(client, name);
			if (typeof command !== "function") throw new Error(`the client lacks ${name}`);
			return Promise.resolve(command.call(client, ...keys, ...args.map(String)));
		});
		return scriptAnswer.parse(answer);
	}

	/** Throws CacheAwayError for all that may pass once the cache is back. */
	async #ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
		const client = this.#client;
		if (client === null) throw new CacheAwayError(this.#lastError);
		try {
			return await command(client);
		} catch (error) {
			const message = error instanceof Error ? error.message : String(error);
			// Full caches refuse entries, and nothing is wrong with the connection.
			if (!message.startsWith("OOM")) this.#lose(client, message);
			throw new CacheAwayError(message, { cause: error });
		}
	}

	#lose(client: Client, message: string): void {
		if (this.#client !== client) return;
		this.#lastError = message;
		this.#logger.warn({ reason: message }, "the cache is away; reads go to the upstream");
		this.#drop(client);
		this.#wakeLoop();
	}

	#drop(client: Client | null): void {
		if (client === this.#client) this.#client = null;
		client?.disconnect();
	}

	async #run(): Promise<void> {
		let attempt = 0;
		while (!this.#stopped) {
			if (this.#client !== null) {
				await this.#sleep(GENERATION_MS);
				await this.#readGeneration(this.#client);
				continue;
			}
			const client = this.#makeClient(attempt);
			if (await this.#connect(client)) {
				attempt = 0;
				continue;
			}
			client.disconnect();
			attempt++;
			await this.#sleep(Math.min(RETRY_MS.first * 2 ** Math.min(attempt, 10), RETRY_MS.most));
		}
	}

	async #connect(client: Client): Promise<boolean> {
		try {
			await within(CONNECTED_MS, client.connect());
			client.on("close", () => this.#lose(client, "the connection to the cache was closed"));
			const generation = await this.#generationOf(client);
			if (this.#stopped || (client.status !== "ready" && client.status !== "connect")) return false;
			this.#generation = generation;
			this.#client = client;
			for (const onUsable of [...this.#waiting]) onUsable();
			this.#logger.info({ generation }, "the cache is usable");
			return true;
		} catch (error) {
			this.#lastError = error instanceof Error ? error.message : String(error);
			return false;
		}
	}

	async #readGeneration(client: Client | null): Promise<void> {
		if (client === null) return;
		try {
			this.#generation = await this.#generationOf(client);
		} catch (error) {
			this.#lose(client, error instanceof Error ? error.message : String(error));
		}
	}

	async #generationOf(client: Client): Promise<number> {
		const command: unknown = Reflect.get(client, "larderGeneration");
		if (typeof command !== "function") throw new Error("the client lacks larderGeneration");
		const primaries = await primariesOf(client);
		return z.number().parse(await command.call(client, `${this.#prefix}generation`, primaries));
	}

	#makeClient(attempt: number): Client {
		const { endpoints, password, clusterMode } = this.#settings;
		const options = {
			...(password !== null && { password }),
			...{ connectTimeout: CONNECT_MS, commandTimeout: COMMAND_MS, maxRetriesPerRequest: 0 },
			...{ enableOfflineQueue: false, retryStrategy: () => null },
		};
		const start = attempt % endpoints.length;
		const inTurn = [...endpoints.slice(start), ...endpoints.slice(0, start)];
		const common = { scripts: SCRIPTS, lazyConnect: true, enableAutoPipelining: true };
		const [first = { host: "127.0.0.1", port: 1 }] = inTurn;
		this.#connectedTo = `${first.host}:${first.port}`;
		const client = clusterMode
			? new Cluster(inTurn, {
					...common,
					...{ redisOptions: options, clusterRetryStrategy: () => null },
					...{ enableOfflineQueue: false, slotsRefreshTimeout: CONNECT_MS },
				})
			: new Redis({ ...common, ...options, ...first });
		client.on("error", (error) =>
			this.#logger.debug({ err: error }, "the cache's connection failed"),
		);
		return client;
	}

	async #sleep(ms: number): Promise<void> {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.#wakeLoop = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`the cache didn't answer within ${ms} ms`)), ms);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}

/** What tells the primaries that answer now from others. */
async function primariesOf(client: Client): Promise<string> {
	if (client instanceof Redis) {
		const info = await client.info("server");
		return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
	}
	const slots = slotsAnswer.parse(await client.cluster("SLOTS"));
	return [...new Set(slots.map(([, , [, , id]]) => id))].sort().join(",");
}
