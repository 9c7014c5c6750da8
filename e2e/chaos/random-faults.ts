import { markdownTable, median } from "../../platform/testing/figures.ts";
import { whyNoSmallDisk } from "../../platform/testing/small-disk.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { AGENT_NAMES, type Installation } from "../fixtures/installation.ts";
import { FAULTS, type Fault, type Scene, type Struck } from "./faults.ts";
import { withInstallation } from "./keep-evidence.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { type Losses, WatchedCache } from "./watched-cache.ts";

const FAULTS_BY_DEFAULT = 72;
const SMALL_DISK = "local-d";
const SMALL_DISK_MIB = 96;
const CACHES = [
	{ name: "alone" },
	{ name: "pair", replicasPerShard: 1 },
	{ name: "three", replicasPerShard: 2 },
	{ name: "cluster", clusterMode: "enabled", shards: 3, replicasPerShard: 1 },
	{ name: "small-cluster", clusterMode: "enabled", shards: 1, replicasPerShard: 1 },
	{ name: "memcached", engine: "memcached", nodes: 3 },
] as const;

const COUNTS = ["plain", "waitOne", "base"] as const;

interface Outcome {
	fault: Fault;
	/** The longest time that a client of any cache waited for a write. */
	unavailableMs: number;
	losses: Losses;
}

export const randomFaults: Scenario = {
	name: "random-faults",
	description:
		"after any fault, and any two in different zones: healthy again by itself, one primary a shard, no emptied cache",
	async run(options) {
		const noDisk = whyNoSmallDisk();
		if (noDisk !== null) options.log(`no fault "disk full": ${noDisk}`);
		return await withInstallation(
			{
				agents: AGENT_NAMES,
				smallDisks: noDisk === null ? { [SMALL_DISK]: SMALL_DISK_MIB } : {},
			},
			(larder) => strikeAgainAndAgain(larder, noDisk === null, options),
		);
	},
};

async function strikeAgainAndAgain(
	larder: Installation,
	hasSmallDisk: boolean,
	options: ScenarioOptions,
): Promise<string> {
	const { log, random } = options;
	const watched: WatchedCache[] = [];
	const outcomes: Outcome[] = [];
	try {
		for (const body of CACHES) watched.push(await WatchedCache.create(larder, body));
		for (const fault of shuffledFaults(options)) {
			const caches = await Promise.all(watched.map((each) => each.whole()));
			const scene: Scene = {
				...{ larder, caches, random, hosts: larder.agentNames },
				smallDisk: hasSmallDisk ? SMALL_DISK : null,
			};
			const outcome = await strikeOnce(scene, watched, fault, log);
			if (outcome !== null) outcomes.push(outcome);
		}
		const table = outcomeTable(outcomes);
		const broken = outcomes.flatMap(describeViolation);
		if (broken.length > 0) throw new Violation(`${broken.join("\n")}\n\n${table}`);
		return `${outcomes.length} faults\n\n${table}`;
	} catch (error) {
		log(`so far:\n${outcomeTable(outcomes)}`);
		throw error;
	} finally {
		await Promise.all(watched.map((each) => each.stop()));
	}
}

/** Each kind once a round, in a random order. */
function* shuffledFaults({ random, faults = FAULTS_BY_DEFAULT, kind = "" }: ScenarioOptions) {
	const kinds = FAULTS.filter((fault) => fault.kind.includes(kind));
	if (kinds.length === 0) throw new Error(`no kind of fault has "${kind}" in its name`);
	let left: Fault[] = [];
	for (let count = 0; count < faults; count += 1) {
		if (left.length === 0) left = [...kinds];
		const [fault] = left.splice(random(left.length), 1);
		if (fault !== undefined) yield fault;
	}
}

async function strikeOnce(
	scene: Scene,
	watched: readonly WatchedCache[],
	fault: Fault,
	log: ScenarioOptions["log"],
): Promise<Outcome | null> {
	const since = performance.now();
	const struck = await fault.strike(scene);
	if (struck === null) return null;
	log(`${fault.kind}: ${struck.what}`);
	for (const each of watched) await each.whole();
	for (const each of watched) await each.writesAgain();
	await requireNothingStray(
		scene.larder,
		watched.map(({ name }) => name),
	);
	const unavailableMs = Math.max(...watched.map((each) => each.longestGapMs(since)));
	const losses = await countLosses(scene, watched, struck);
	log(
		`  ${unavailableMs.toFixed(0)} ms, lost ${losses.plain} (WAIT 1: ${losses.waitOne}, base: ${losses.base}), healthy after ${(performance.now() - since).toFixed(0)} ms`,
	);
	for (const trace of losses.traces) log(`    ${trace}`);
	return { fault, unavailableMs, losses };
}

async function countLosses(
	{ caches }: Scene,
	watched: readonly WatchedCache[],
	struck: Struck,
): Promise<Losses> {
	const sum: Losses = { plain: 0, waitOne: 0, base: 0, traces: [] };
	for (const each of watched) {
		const before = caches.find(({ name }) => name === each.name);
		for (const shard of before?.shards ?? []) {
			if (isEmptied(shard, struck)) await each.beginAnew(shard.id);
		}
		const losses = await each.findLosses();
		for (const key of COUNTS) sum[key] += losses[key];
		sum.traces.push(...losses.traces);
	}
	return sum;
}

function isEmptied(shard: Cache["shards"][number], struck: Struck): boolean {
	return shard.nodes.every(({ id }) => struck.emptied.includes(id));
}

function describeViolation({ fault, losses }: Outcome): string[] {
	const found: string[] = [];
	if (losses.base > 0)
		found.push(`${fault.kind}: ${losses.base} keys written at the start are gone`);
	if (losses.waitOne > 0) {
		found.push(`${fault.kind}: ${losses.waitOne} writes that a replica acknowledged are gone`);
	}
	if (fault.mayLose === "none" && losses.plain > 0) {
		found.push(`${fault.kind}: ${losses.plain} acknowledged writes are gone`);
	}
	return found;
}

function outcomeTable(outcomes: readonly Outcome[]): string {
	const head = ["fault", "count", "median ms", "longest ms", "lost", "lost with WAIT 1"];
	const rows = FAULTS.map((fault) => {
		const own = outcomes.filter((outcome) => outcome.fault === fault);
		const gaps = own.map((outcome) => outcome.unavailableMs);
		const sum = (key: (typeof COUNTS)[number]) =>
			own.reduce((total, { losses }) => total + losses[key], 0);
		if (own.length === 0) return [fault.kind, "0", "", "", "", ""];
		return [
			...[fault.kind, String(own.length)],
			...[median(gaps).toFixed(0), Math.max(...gaps).toFixed(0)],
			...[String(sum("plain")), String(sum("waitOne"))],
		];
	});
	return markdownTable([head, ...rows]);
}
