import { createHash } from "node:crypto";
import { eventPageSchema } from "../../../server/contract/event.ts";
import type { Snapshot } from "../../../server/contract/snapshot.ts";
import { findDifference, readContent } from "../../fixtures/cache-content.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { runLarder } from "../../fixtures/larder-command.ts";
import {
	getSnapshot,
	removeSnapshot,
	requestSnapshot,
	untilTaken,
} from "../../fixtures/snapshots.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { Violation } from "../scenario.ts";
import type { MortalStore } from "./stores.ts";

const PATIENCE_MS = 180_000;
export const SOURCE = "orders";
const RESTORED = "restored";
/** Of what a snapshot of unchanged data may differ: keys that have expired, and are saved or not. */
const EXPIRING_KEYS = 2;
/** What a restore makes of three shards, in turn. */
const SHAPES = [
	{ replicasPerShard: 1 },
	{ shards: 2, replicasPerShard: 0 },
	{ clusterMode: "disabled", replicasPerShard: 1 },
	{ shards: 4, replicasPerShard: 0 },
] as const;

/** What the works begin with. */
export interface Ground {
	readonly larder: Installation;
	readonly stores: readonly [MortalStore, MortalStore];
	/** What the cache and every restore hold, by key. */
	readonly expected: ReadonlyMap<string, string>;
	/** A snapshot of it, by the name of its store. */
	readonly bases: ReadonlyMap<string, Snapshot>;
	/** The same as files, one for each shard. */
	readonly files: readonly string[];
}

/** Null if all went well, or why it failed. */
export type Outcome = string | null;

/** Something that is killed while it is under way. `round` chooses among its kinds. */
export interface Work {
	/** The cache whose engines it needs. */
	readonly cache: string;
	begin(ground: Ground, round: number): Promise<void>;
	/** Waits for its end, and throws a Violation if it is neither whole nor clearly failed. */
	end(ground: Ground, round: number): Promise<Outcome>;
	/** Removes what it made. */
	clear(ground: Ground): Promise<void>;
	/** Whether its engines are clients' already: one that is killed then has lost what it alone had. */
	isOver?(ground: Ground): Promise<boolean>;
	/** Whether it was over when the control plane learned that an engine had died. */
	endedBeforeDeath?(ground: Ground): Promise<boolean>;
}

export const storeOf = ({ stores }: Ground, round: number): MortalStore =>
	stores[round % 2] ?? stores[0];

const RESULT = "result";
const clear = async ({ larder }: Ground) => {
	if ((await getSnapshot(larder, RESULT)) !== null) await removeSnapshot(larder, RESULT);
};

const snapshot: Work = {
	cache: SOURCE,
	async begin({ larder, ...ground }, round) {
		await larder.waitForStatus(SOURCE, "available", PATIENCE_MS);
		await requestSnapshot(larder, RESULT, SOURCE, storeOf({ larder, ...ground }, round).name);
	},
	async end(ground) {
		return await requireWhole(ground, ({ keys }, base) => {
			const difference = Math.abs((keys ?? 0) - (base.keys ?? 0));
			return difference <= EXPIRING_KEYS ? null : `${keys} keys instead of ${base.keys}`;
		});
	},
	clear,
};

const restore: Work = {
	cache: RESTORED,
	async begin({ larder, ...ground }, round) {
		const from = `base-${storeOf({ larder, ...ground }, round).name}`;
		const shape = SHAPES[round % SHAPES.length];
		await larder.createCache({ name: RESTORED, snapshot: from, auth: "none", ...shape });
	},
	async end({ larder, expected }) {
		const restored = await larder
			.waitForStatus(RESTORED, "available", PATIENCE_MS)
			.catch(async () => {
				const cache = await larder.getCache(RESTORED);
				throw new Violation(
					`the restore is ${cache?.status}: ${cache?.statusReason ?? "no reason"}`,
				);
			});
		const { keys } = await waitUntil("the restored cache to be read", () => readContent(restored));
		const difference = findDifference(expected, keys);
		if (difference !== null) throw new Violation(`the restored cache: ${difference}`);
		return null;
	},
	async clear({ larder }) {
		if ((await larder.getCache(RESTORED)) !== null) await larder.deleteCache(RESTORED);
	},
	async isOver({ larder }) {
		return (await happenedTo(larder, RESTORED)).includes("cache.restored");
	},
	async endedBeforeDeath({ larder }) {
		const types = await happenedTo(larder, RESTORED);
		const death = types.lastIndexOf("node.exited");
		return death !== -1 && types.lastIndexOf("cache.restored", death) !== -1;
	},
};

/** The types of the events since the cache's creation, oldest first. Earlier caches had the same name. */
async function happenedTo(larder: Installation, name: string): Promise<string[]> {
	const { body } = await larder.rest("GET", `/events?cache=${name}&limit=100`);
	const types = eventPageSchema.parse(body).items.map(({ type }) => type);
	const creation = types.indexOf("cache.creating");
	return types.slice(0, creation === -1 ? types.length : creation).reverse();
}

/** Within a store, or into the other one. */
const copy: Work = {
	cache: SOURCE,
	async begin({ larder, ...ground }, round) {
		const from = storeOf({ larder, ...ground }, round).name;
		const store = storeOf({ larder, ...ground }, round >> 1).name;
		const body = { target: RESULT, store };
		await requireAccepted(larder, `/snapshots/base-${from}/copy`, body);
	},
	end: (ground) => requireWhole(ground, differenceOfFiles),
	clear,
};

/** By an upload, or from a store. */
const importing: Work = {
	cache: SOURCE,
	async begin({ larder, bases, ...ground }, round) {
		const store = storeOf({ larder, bases, ...ground }, round).name;
		if (isUpload(round)) {
			await requireAccepted(larder, "/snapshots/import", {
				...{ name: RESULT, store, files: ground.files.length },
			});
			return;
		}
		const [from] = [...bases.values()].filter((base) => base.store !== store);
		const keys = from?.shards.map(
			(_, index) => `${from.directory}${String(index + 1).padStart(4, "0")}-0.rdb`,
		);
		const body = { name: RESULT, store, from: { store: from?.store, keys } };
		await requireAccepted(larder, "/snapshots/import", body);
	},
	async end(ground, round) {
		if (isUpload(round)) await upload(ground, storeOf(ground, round).name);
		return await requireWhole(ground, differenceOfFiles);
	},
	clear,
};

export const WORKS = { snapshot, restore, copy, import: importing } as const;

const isUpload = (round: number) => round % 4 < 2;

/** With the command that people would repeat until it has done its work. */
async function upload({ larder, files }: Ground, store: string): Promise<void> {
	const args = ["snapshots", "import", RESULT, "--store", store];
	for (const file of files) args.push("--file", file);
	const environment = {
		...{ LARDER_URL: larder.url, LARDER_TOKEN: larder.adminToken, LARDER_HOME: larder.home.root },
	};
	const deadline = performance.now() + PATIENCE_MS;
	for (;;) {
		const { exitCode, stderr } = await runLarder(args, environment);
		if (exitCode === 0) return;
		const state = await getSnapshot(larder, RESULT).catch(() => null);
		if (state !== null && state.status !== "creating") return;
		if (performance.now() > deadline) throw new Violation(`the upload never ended: ${stderr}`);
	}
}

async function requireAccepted(larder: Installation, path: string, body: object): Promise<void> {
	const answer = await larder.rest("POST", path, { body });
	if (answer.status !== 202) throw new Error(`POST ${path}: ${JSON.stringify(answer.body)}`);
}

/** The result is available with what it says in its files, and `differs` finds nothing; or it failed with a reason. */
async function requireWhole(
	{ larder, bases }: Ground,
	differs: (result: Snapshot, base: Snapshot) => string | null,
): Promise<Outcome> {
	const result = await untilTaken(larder, RESULT, PATIENCE_MS);
	if (result.status === "failed") {
		if (result.statusReason === null) throw new Violation("it failed without a reason");
		return result.statusReason;
	}
	const [base] = bases.values();
	const difference = base === undefined ? "there is no base" : differs(result, base);
	if (difference !== null) throw new Violation(`the result has ${difference}`);
	for (const [index, { sha256 }] of result.shards.entries()) {
		// The store, or the control plane, may still be away.
		const found = await waitUntil("the download", () => downloadedSha256(larder, index + 1));
		if (found !== sha256)
			throw new Violation(`file ${index + 1} has ${found} instead of ${sha256}`);
	}
	return null;
}

function differenceOfFiles(result: Snapshot, base: Snapshot): string | null {
	const sums = ({ shards }: Snapshot) => shards.map(({ sha256 }) => sha256).join(" ");
	if (sums(result) === sums(base)) return null;
	return `other files: ${sums(result)} instead of ${sums(base)}`;
}

async function downloadedSha256(larder: Installation, shard: number): Promise<string> {
	const path = `/api/v1/snapshots/${RESULT}/download?shard=${shard}`;
	const headers = { authorization: `Bearer ${larder.adminToken}` };
	const answer = await fetch(`${larder.url}${path}`, { headers });
	if (!answer.ok || answer.body === null) throw new Error(`GET ${path}: ${answer.status}`);
	const hash = createHash("sha256");
	for await (const chunk of answer.body) hash.update(chunk);
	return hash.digest("hex");
}
