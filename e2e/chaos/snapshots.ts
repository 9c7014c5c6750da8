import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { percentile } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { fillRichly, loadLibrary } from "../../platform/testing/rich-data.ts";
import { MIB } from "../../server/contract/limits.ts";
import type { Snapshot } from "../../server/contract/snapshot.ts";
import { readContent } from "../fixtures/cache-content.ts";
import { openClusterClient, requireEndpoint } from "../fixtures/engine-clients.ts";
import type { Installation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { passingFiles, requestSnapshot, untilTaken } from "../fixtures/snapshots.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { VICTIMS as PROGRAMS, strikeVictim } from "./serverless/strike-victim.ts";
import { withStores } from "./snapshots/stores.ts";
import { type Ground, SOURCE, storeOf, WORKS, type Work } from "./snapshots/works.ts";

const VICTIMS = [...PROGRAMS, "store"] as const;
const KILLS = 1;
const PATIENCE_MS = 180_000;
const DATA_BYTES = 64 * MIB;
const VALUE_BYTES = 16 * 1024;
/** Longer than the work takes: some kills come when it has just ended. */
const WITHIN = 1.2;
/** Some come too late to count. */
const ROUNDS_A_KILL = 3;

export const snapshots: Scenario = {
	name: "snapshots",
	description:
		"control plane, agent, engine and store killed amid snapshots, restores, copies and imports (16), --kills times each; --kind store/copy for some: whole or failed with a reason, and no file is left over",
	run: (options) =>
		withInstallation({}, (larder) =>
			withStores(larder, (stores) =>
				withGround({ larder, stores }, (all) => killAll(all, options)),
			),
		),
};

/** What happened to one kind of victim amid one kind of work. */
interface Cell {
	readonly name: string;
	readonly tookMs: number[];
	readonly failures: string[];
}

async function killAll(ground: Ground, options: ScenarioOptions): Promise<string> {
	const { kills = KILLS, kind = "", log } = options;
	const cells: Cell[] = [];
	for (const [workName, work] of Object.entries(WORKS)) {
		const victims = VICTIMS.filter((victim) =>
			["", victim, workName, `${victim}/${workName}`].includes(kind),
		);
		if (victims.length === 0) continue;
		const usualMs = await runUndisturbed(ground, work);
		log(`${workName}: ${usualMs.toFixed(0)} ms without a kill`);
		for (const victim of victims) {
			const cell: Cell = { name: `${victim}/${workName}`, tookMs: [], failures: [] };
			cells.push(cell);
			for (let round = 0; cell.tookMs.length < kills && round < ROUNDS_A_KILL * kills; round++) {
				await killOnce(ground, { work, victim, round, withinMs: WITHIN * usualMs, cell }, options);
			}
			log(rowOf(cell));
		}
	}
	await requireNothingStray(ground.larder, [SOURCE]);
	for (const line of tableOf(cells)) log(line);
	const failures = cells.flatMap((cell) => cell.failures).length;
	return `${kills} kills of each kind; ${failures} failed with a reason, all others were whole; nothing was left over`;
}

/** Returns how long it takes, in milliseconds. */
async function runUndisturbed(ground: Ground, work: Work): Promise<number> {
	const startedAt = performance.now();
	await work.begin(ground, 0);
	const failure = await work.end(ground, 0);
	if (failure !== null) throw new Violation(`without any kill: ${failure}`);
	const tookMs = performance.now() - startedAt;
	await work.clear(ground);
	await requireNothingLeft(ground);
	return tookMs;
}

async function killOnce(
	ground: Ground,
	kill: {
		work: Work;
		victim: (typeof VICTIMS)[number];
		round: number;
		withinMs: number;
		cell: Cell;
	},
	{ random, log }: ScenarioOptions,
): Promise<void> {
	const { work, victim, round, withinMs, cell } = kill;
	const startedAt = performance.now();
	const moment = random(Math.ceil(withinMs));
	try {
		await work.begin(ground, round);
		const ended = work.end(ground, round);
		// Reported where it is awaited.
		ended.catch(() => undefined);
		await delay(moment);
		const isOver = victim === "engine" && (await work.isOver?.(ground)) === true;
		if (victim === "store") await storeOf(ground, round).strike(random);
		else if (!isOver) await strikeVictim(victim, ground.larder, work.cache, random);
		const [failure, violation] = await ended.then(
			(outcome) => [outcome, null] as const,
			(error: unknown) => [null, error] as const,
		);
		// It may also have ended between the question and the kill.
		const isTooLate =
			isOver || (victim === "engine" && (await work.endedBeforeDeath?.(ground)) === true);
		if (violation !== null && !isTooLate) throw violation;
		if (isTooLate) log(`${cell.name} ${round}: the kill came too late to count`);
		else cell.tookMs.push(performance.now() - startedAt);
		if (failure !== null) {
			cell.failures.push(failure);
			log(`${cell.name} ${round}: failed: ${failure}`);
		}
		await work.clear(ground);
		await requireNothingLeft(ground);
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		throw new Violation(`${cell.name} ${round}, killed after ${moment} ms: ${message}`);
	}
}

/** Stores have what they began with, and hosts nothing. */
async function requireNothingLeft({ larder, stores, bases }: Ground): Promise<void> {
	await waitUntil("no file to be left", () => {
		const known = [...bases.values()].map(({ directory }) => directory.replace(/\/$/, ""));
		const left = [...stores.flatMap((store) => store.held()), ...passingFiles(larder)].filter(
			(path) => !known.some((directory) => path.includes(directory)),
		);
		if (left.length > 0) throw new Error(left.join("\n"));
		return true;
	});
}

const HEADING = ["killed amid", "kills", "whole", "failed", "median s", "longest s"];

function columnsOf({ name, tookMs, failures }: Cell): string[] {
	const seconds = (ms: number) => (ms / 1_000).toFixed(1);
	const whole = tookMs.length - failures.length;
	const times = [percentile(tookMs, 50), Math.max(...tookMs)].map(seconds);
	return [name, String(tookMs.length), String(whole), String(failures.length), ...times];
}

const rowOf = (cell: Cell) => `| ${columnsOf(cell).join(" | ")} |`;

function tableOf(cells: readonly Cell[]): string[] {
	return [`| ${HEADING.join(" | ")} |`, `|${" --- |".repeat(HEADING.length)}`, ...cells.map(rowOf)];
}

/** A cache with data, a snapshot of it in each store, and the same as files. */
async function withGround<T>(
	{ larder, stores }: Pick<Ground, "larder" | "stores">,
	use: (ground: Ground) => Promise<T>,
): Promise<T> {
	const expected = await fill(larder);
	const bases = new Map<string, Snapshot>();
	const directory = makeOwnedDirectory("larder-files-");
	try {
		const [first, second] = stores;
		await requestSnapshot(larder, `base-${first.name}`, SOURCE, first.name);
		bases.set(first.name, await requireTaken(larder, `base-${first.name}`));
		const body = { target: `base-${second.name}`, store: second.name };
		const { status } = await larder.rest("POST", `/snapshots/base-${first.name}/copy`, { body });
		if (status !== 202) throw new Error(`the copy is refused with ${status}`);
		bases.set(second.name, await requireTaken(larder, `base-${second.name}`));
		await download(larder, `base-${first.name}`, directory);
		const files = readdirSync(directory)
			.filter((name) => name.endsWith(".rdb"))
			.sort()
			.map((name) => join(directory, name));
		return await use({ larder, stores, expected, bases, files });
	} finally {
		rmSync(directory, { recursive: true });
	}
}

async function requireTaken(larder: Installation, name: string): Promise<Snapshot> {
	const snapshot = await untilTaken(larder, name, PATIENCE_MS);
	if (snapshot.status === "available") return snapshot;
	throw new Error(`${name} is ${snapshot.status}: ${snapshot.statusReason}`);
}

async function download(larder: Installation, name: string, directory: string): Promise<void> {
	const { exitCode, stderr } = await runLarder(["snapshots", "download", name, "--to", directory], {
		...{ LARDER_URL: larder.url, LARDER_TOKEN: larder.adminToken, LARDER_HOME: larder.home.root },
	});
	if (exitCode !== 0) throw new Error(`the download failed: ${stderr}`);
}

/** Returns what the cache holds, by key. Nothing writes to it from then on. */
async function fill(larder: Installation): Promise<Map<string, string>> {
	await larder.createCache({
		...{ name: SOURCE, clusterMode: "enabled", shards: 3, replicasPerShard: 1, auth: "none" },
	});
	const cache = await larder.waitForStatus(SOURCE, "available", PATIENCE_MS);
	const client = openClusterClient(requireEndpoint(cache, "configuration"), null);
	await fillRichly(client, 1_000);
	const value = "v".repeat(VALUE_BYTES);
	for (let n = 0; n < DATA_BYTES / VALUE_BYTES; n += 1) await client.set(`large:${n}`, value);
	client.disconnect();
	for (const node of cache.shards.flatMap((shard) => shard.nodes)) {
		if (node.role !== "primary") continue;
		const primary = new Redis(node.port, node.address);
		await loadLibrary(primary);
		primary.disconnect();
	}
	return (await readContent(cache)).keys;
}
