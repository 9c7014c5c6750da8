import { Redis } from "ioredis";
import { percentile } from "../../../platform/testing/figures.ts";
import type { Cache, Endpoint } from "../../../server/contract/cache-view.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { nextPrimary, primaryOf } from "../stories/act.ts";
import { ImpatientClient } from "./impatient-client.ts";

const NAME = "handed";
const HAND_OVERS = 100;
const HAND_OVER_MS = 20_000;
const ATTEMPTS = 3;
const SINGLE = 40;
const PIPELINED = 4;
const PIPELINE = 20;
const WAITING = 3;

export const handOvers: Scenario = {
	name: "hand-overs",
	description: "no client of an endpoint meets a node that isn't primary in 100 planned failovers",
	run: (options) => withInstallation({}, (larder) => play(larder, options)),
};

async function play(larder: Installation, options: ScenarioOptions): Promise<string> {
	const rounds = options.kills ?? HAND_OVERS;
	await larder.createCache({ name: NAME, auth: "none", replicasPerShard: 2 });
	const cache = await larder.waitForStatus(NAME, "available");
	const writers = openClients(cache, SINGLE, ["INCR", "single"], 1);
	writers.push(...openClients(cache, PIPELINED, ["INCR", "many"], PIPELINE));
	const consumers = openClients(cache, WAITING, ["BLPOP", "empty", "0"], 1);
	const readers = openClients(cache, WAITING, ["XREAD", "BLOCK", "0", "STREAMS", "none", "0"], 1);
	const clients = [...writers, ...consumers, ...readers];
	const stock = new StockClient(requireEndpoint(cache, "primary"));
	const stallsMs: number[] = [];
	try {
		for (let round = 0; round < rounds; round += 1) {
			for (const writer of writers) writer.takeLongestMs();
			await handOver(larder);
			await Promise.all(writers.map((writer) => writer.goesOn()));
			stallsMs.push(...writers.map((writer) => writer.takeLongestMs()));
			if (round % 10 === 9) options.log(`${round + 1}: ${troublesOf(clients)}`);
		}
		await stock.hears();
	} finally {
		await Promise.all(clients.map((client) => client.stop()));
		await stock.stop();
	}
	await requireReplicaBehindReader(cache);
	await larder.deleteCache(NAME);
	return judge([...writers, ...consumers], readers, stock, stallsMs);
}

/** Spread over two gateways, at least one of them on a host that doesn't carry out the order. */
function openClients(cache: Cache, count: number, command: readonly string[], atOnce: number) {
	const { port } = requireEndpoint(cache, "primary");
	const [first, second] = cache.endpoints.gateways;
	return Array.from({ length: count }, (_, index) => {
		const host = (index % 2 === 0 ? first : second) ?? "";
		return new ImpatientClient({ host, port }, command, atOnce);
	});
}

async function handOver(larder: Installation): Promise<void> {
	const before = await primaryOf(larder, NAME);
	for (let attempt = 1; ; attempt += 1) {
		const answer = await larder.rest("POST", `/caches/${NAME}/failover`, { body: {} });
		if (answer.status !== 202) throw new Error(JSON.stringify(answer));
		try {
			await nextPrimary({ primaryOf: () => primaryOf(larder, NAME) }, before, HAND_OVER_MS);
			return;
		} catch (error) {
			// The failover is rightly refused if a busy machine keeps a node from answering in time.
			if (attempt === ATTEMPTS) throw error;
		}
	}
}

/** An application with ioredis defaults: it writes, and listens to a channel, through the endpoint. */
class StockClient {
	/** Errors that reached the application. */
	readonly errors: string[] = [];
	private readonly client: Redis;
	private readonly listener: Redis;
	private readonly running: Promise<void>;
	private heard = 0;
	private stopped = false;

	constructor(endpoint: Endpoint) {
		this.client = new Redis(endpoint);
		this.listener = new Redis(endpoint);
		for (const each of [this.client, this.listener]) each.on("error", () => {});
		this.listener.on("message", () => {
			this.heard += 1;
		});
		this.running = this.run();
	}

	/** Checks that its subscription has survived everything. */
	async hears(): Promise<void> {
		const before = this.heard;
		await waitUntil("the subscriber to hear a message", async () => {
			await this.client.publish("news", "one");
			return this.heard > before;
		});
	}

	async stop(): Promise<void> {
		this.stopped = true;
		await this.running;
		this.client.disconnect();
		this.listener.disconnect();
	}

	private async run(): Promise<void> {
		await this.listener.subscribe("news");
		while (!this.stopped) {
			await this.client.incr("stock").catch((error: Error) => this.errors.push(error.message));
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}
}

async function requireReplicaBehindReader(cache: Cache): Promise<void> {
	const endpoint = requireEndpoint(cache, "reader");
	await waitUntil("the reader endpoint to lead to a replica", async () => {
		const client = new Redis({ ...endpoint, lazyConnect: true });
		client.on("error", () => {});
		try {
			await client.connect();
			return (await client.info("replication")).includes("role:slave");
		} finally {
			client.disconnect();
		}
	});
}

function troublesOf(clients: readonly ImpatientClient[]): string {
	const sums = new Map<string, number>();
	for (const { troubles } of clients) {
		for (const [kind, count] of troubles) sums.set(kind, (sums.get(kind) ?? 0) + count);
	}
	return [...sums].map(([kind, count]) => `${count} ${kind}`).join(", ") || "nothing";
}

/** Readers may get `UNBLOCKED` now and then: no pause holds up a command that only reads (decision 25). */
function judge(
	takers: readonly ImpatientClient[],
	readers: readonly ImpatientClient[],
	stock: StockClient,
	stallsMs: readonly number[],
): string {
	const at = (share: number) => percentile(stallsMs, share).toFixed(0);
	const stall = `stall ${at(50)} ms (median), ${at(95)} (p95), ${at(100)} at most`;
	const clients = [...takers, ...readers];
	const found = `${clients.length} clients met ${troublesOf(clients)}; ${stall}`;
	if (!metOnly(takers, ["closed", "refused"])) throw new Violation(found);
	if (!metOnly(readers, ["closed", "refused", "UNBLOCKED"])) throw new Violation(found);
	if (stock.errors.length > 0) throw new Violation(`ioredis failed: ${stock.errors.join("; ")}`);
	return `${found}; ioredis with its defaults passed no error on, and its subscription survived`;
}

function metOnly(clients: readonly ImpatientClient[], kinds: readonly string[]): boolean {
	return clients.every(({ troubles }) =>
		[...troubles.keys()].every((kind) => kinds.includes(kind)),
	);
}
