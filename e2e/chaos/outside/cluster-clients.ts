import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { median } from "../../../platform/testing/figures.ts";
import type { Cache, CacheNode } from "../../../server/contract/cache-view.ts";
import { inlineCommand } from "../../bench/inline-command.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import { findPrimary, requireWhole } from "../../fixtures/engine-truth.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { tagInSlots } from "../../fixtures/slot-tags.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { killNode } from "../stories/act.ts";
import {
	type ClusterClient,
	type ClusterLibrary,
	findClusterLibraries,
} from "./cluster-libraries.ts";

const NAME = "watched";
const KILLS = 10;
const REST_MS = 10;
const WHOLE_TIMEOUT_MS = 120_000;
const LOOK_EVERY_MS = 5;
const GOES_ON_WITHIN_MS = 10_000;

export const clusterClients: Scenario = {
	name: "cluster-clients",
	description:
		"client libraries with default settings continue soon after a cluster's primary is killed",
	run: (options) => withInstallation({}, (larder) => play(larder, options)),
};

async function play(larder: Installation, options: ScenarioOptions): Promise<string> {
	await larder.createCache({
		...{ name: NAME, auth: "none", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
	});
	const cache = await whole(larder);
	const tag = tagInSlots(cache.shards[0]?.slots ?? "");
	const libraries = await findClusterLibraries(process.env.LARDER_CHAOS_CLIENTS ?? null);
	const writers: LibraryWriter[] = [];
	for (const library of libraries) writers.push(await LibraryWriter.start(library, cache, tag));
	const namedMs: number[] = [];
	const backMs: number[] = [];
	try {
		for (let round = 0; round < (options.kills ?? KILLS); round += 1) {
			const before = await whole(larder);
			for (const writer of writers) await writer.goesOn();
			for (const writer of writers) writer.takeLongestMs();
			const primary = await findPrimary(shardOf(before), null);
			const views = await openViews(before, primary);
			const killedAt = performance.now();
			killNode(primary);
			const back = untilItRedirects(primary, tag, killedAt);
			namedMs.push(await untilNamed(views, shardOf(before), primary, killedAt));
			backMs.push(await back);
			for (const writer of writers) await writer.goesOn();
			await whole(larder);
			for (const writer of writers) writer.endRound();
			const gaps = writers.map(({ name, gapsMs }) => `${name} ${gapsMs.at(-1)?.toFixed(0)}`);
			options.log(
				`named after ${namedMs.at(-1)?.toFixed(0)} ms, back after ${backMs.at(-1)?.toFixed(0)}; ${gaps.join(", ")}`,
			);
		}
	} finally {
		for (const writer of writers) await writer.stop();
	}
	await larder.deleteCache(NAME);
	const named = `all nodes name the new primary after ${spread(namedMs)}, and the dead one is back and redirects after ${spread(backMs)}`;
	const gaps = writers.map(
		({ name, gapsMs, errors }) => `${name} ${spread(gapsMs)}${kindsOf(errors)}`,
	);
	return `${named}; longest without a write: ${gaps.join("; ")}`;
}

async function whole(larder: Installation): Promise<Cache> {
	return await waitUntil(
		`${NAME} to be healthy`,
		async () => {
			const cache = await larder.getCache(NAME);
			if (cache === null) return null;
			await requireWhole(cache, null);
			return cache;
		},
		WHOLE_TIMEOUT_MS,
	);
}

function shardOf({ shards }: Cache): Cache["shards"][number] {
	const [shard] = shards;
	if (shard === undefined) throw new Error(`${NAME} has no shard`);
	return shard;
}

/** Connections to all nodes but the one that will die. */
async function openViews({ shards }: Cache, without: CacheNode): Promise<Redis[]> {
	const nodes = shards.flatMap((shard) => shard.nodes).filter(({ id }) => id !== without.id);
	const views = nodes.map(({ address, port }) => {
		const view = new Redis({ host: address, port, lazyConnect: true });
		view.on("error", () => {});
		return view;
	});
	await Promise.all(views.map((view) => view.connect()));
	return views;
}

/** Milliseconds until the last node names another primary for the shard's slots in CLUSTER SLOTS. */
async function untilNamed(
	views: readonly Redis[],
	{ slots }: Cache["shards"][number],
	dead: CacheNode,
	killedAt: number,
): Promise<number> {
	const first = Number((slots ?? "").split("-")[0]);
	const named = views.map(async (view) => {
		for (;;) {
			const ranges = (await view.call("CLUSTER", "SLOTS")) as [number, number, [string, number]][];
			const [, , primary] = ranges.find(([from]) => from === first) ?? [];
			const [host, port] = primary ?? [];
			if (port !== undefined && (host !== dead.address || port !== dead.port)) return;
			if (performance.now() - killedAt > GOES_ON_WITHIN_MS) throw new Violation("never named");
			await delay(LOOK_EVERY_MS);
		}
	});
	try {
		await Promise.all(named);
		return performance.now() - killedAt;
	} finally {
		for (const view of views) view.disconnect();
	}
}

/** Milliseconds until the dead node, once it is back, redirects clients to the new primary. */
async function untilItRedirects(
	{ address, port }: CacheNode,
	tag: string,
	killedAt: number,
): Promise<number> {
	const command = `SET {${tag}}:redirected value`;
	for (;;) {
		const answer = await inlineCommand(address, port, command);
		if (answer?.startsWith("-MOVED")) return performance.now() - killedAt;
		if (performance.now() - killedAt > WHOLE_TIMEOUT_MS) throw new Violation("never redirected");
		await delay(LOOK_EVERY_MS);
	}
}

/** Writes the same key again and again through a library, and records how long it can't. */
class LibraryWriter {
	readonly name: string;
	readonly gapsMs: number[] = [];
	readonly errors = new Map<string, number>();
	private readonly client: ClusterClient;
	private readonly key: string;
	private readonly running: Promise<void>;
	private writtenAt = performance.now();
	private longestMs = 0;
	private stopped = false;

	private constructor(name: string, client: ClusterClient, key: string) {
		this.name = name;
		this.client = client;
		this.key = key;
		this.running = this.run();
	}

	static async start(library: ClusterLibrary, cache: Cache, tag: string): Promise<LibraryWriter> {
		const client = await library.open(requireEndpoint(cache, "configuration"));
		return new LibraryWriter(library.name, client, `{${tag}}:${library.name}`);
	}

	takeLongestMs(): number {
		const longest = this.longestMs;
		this.longestMs = 0;
		return longest;
	}

	endRound(): void {
		this.gapsMs.push(this.takeLongestMs());
	}

	async goesOn(): Promise<void> {
		const since = performance.now();
		await waitUntil(`${this.name} to go on`, async () => this.writtenAt > since);
	}

	async stop(): Promise<void> {
		this.stopped = true;
		await this.running;
		this.client.close();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			try {
				await this.client.set(this.key, "value");
				const now = performance.now();
				this.longestMs = Math.max(this.longestMs, now - this.writtenAt);
				this.writtenAt = now;
			} catch (error) {
				const kind = error instanceof Error ? error.message.slice(0, 40) : String(error);
				this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
			}
			await delay(REST_MS);
		}
	}
}

function spread(values: readonly number[]): string {
	return `${median(values).toFixed(0)} ms (${Math.max(...values).toFixed(0)} at most)`;
}

function kindsOf(errors: ReadonlyMap<string, number>): string {
	if (errors.size === 0) return "";
	return ` with ${[...errors].map(([kind, count]) => `${count} × ${kind}`).join(", ")}`;
}
