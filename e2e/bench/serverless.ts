/**
 * `npm run bench:serverless [-- --only fill,scale-in,step,saw,ecpu,memcached --protocol cluster --gib 4 --saw-minutes 10 --svg docs/images]`:
 * what a serverless cache without limits does under loads that provisioned caches would have to be sized for.
 *
 *   fill      from 100 KB a second up to all that the machine makes, until `--gib` are stored
 *   scale-in  the same, then all but a few of those keys are deleted: back to the minimum, with the rest there
 *   step      from nothing to all that the machine makes
 *   saw       data comes and goes: no more moves than the policy allows
 *   ecpu      how exactly clients are held to an ECPU maximum, and what that costs
 *   protocol  how long clients wait while a quarter of `--gib` goes from the standard to the cluster protocol
 *   memcached a Memcached cache filled at once with `--gib`: no request fails, nothing is evicted. `memcached-scale-in` and
 *             `memcached-saw` are what `scale-in` and `saw` are for the others
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { markdownTable } from "../../platform/testing/figures.ts";
import type { Cache } from "../../server/contract/cache-view.ts";
import { GIB, MIB } from "../../server/contract/limits.ts";
import { FLOOR_BYTES, SHRINKS_PER_HOUR } from "../../server/contract/serverless.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { readEngineCounters } from "../fixtures/engine-counters.ts";
import { FillLoad } from "../fixtures/fill-load.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { readDecisions, watchCapacity } from "./serverless/capacity-watch.ts";
import { benchMemcachedFill, benchMemcachedSaw } from "./serverless/memcached.ts";
import { drawCapacity } from "./serverless/picture.ts";
import { benchProtocol } from "./serverless/protocol.ts";
import { benchThrottle } from "./serverless/throttle.ts";

await cleanUpWhenCutShort();

const SECTIONS = "fill,scale-in,step,saw,ecpu,protocol,memcached,memcached-scale-in,memcached-saw";

const { values } = parseArgs({
	options: {
		only: { type: "string", default: SECTIONS },
		protocol: { type: "string", default: "cluster" },
		gib: { type: "string", default: "4" },
		"saw-minutes": { type: "string", default: "10" },
		svg: { type: "string" },
	},
});
const sections = values.only.split(",");
const bytes = Number(values.gib) * GIB;

const VALUE_BYTES = 16 * 1_024;
/** Each lasts for a few seconds; the last one for as long as the rest takes. */
const RATES = [0.1, 1, 10, 50].map((mib) => mib * MIB);
const RATE_SECONDS = 8;
/** Keys that stay when the others are deleted. */
const KEPT_KEYS = 2_000;
const SCALE_IN_MS = 25 * 60_000;
const SAW_BYTES = GIB;

const larder = await startInstallation({ console: false });
try {
	if (sections.includes("fill") || sections.includes("scale-in")) await benchFill(larder);
	if (sections.includes("step")) await benchStep(larder);
	if (sections.includes("saw")) await benchSaw(larder);
	if (sections.includes("ecpu")) await benchThrottle(larder);
	if (sections.includes("protocol")) await benchProtocol(larder, bytes / 4);
	const scalesIn = sections.includes("memcached-scale-in");
	if (scalesIn || sections.includes("memcached")) await benchMemcachedFill(larder, bytes, scalesIn);
	if (sections.includes("memcached-saw"))
		await benchMemcachedSaw(larder, Number(values["saw-minutes"]));
} finally {
	await larder.stop();
}

async function benchFill(installation: Installation): Promise<void> {
	const cache = await create(installation, "fill");
	const load = new FillLoad(cache, { prefix: "fill:", valueBytes: VALUE_BYTES });
	const watch = watchCapacity(installation, cache.name, () => load.report.bytes);
	try {
		for (const rate of RATES) {
			await load.write(Math.min(rate * RATE_SECONDS, bytes - load.report.bytes), rate);
		}
		const fastFrom = { at: performance.now(), bytes: load.report.bytes };
		await load.write(bytes - load.report.bytes, Number.POSITIVE_INFINITY);
		const seconds = (performance.now() - fastFrom.at) / 1_000;
		const fastest = (load.report.bytes - fastFrom.bytes) / MIB / seconds;
		await report(installation, cache.name, load, [
			["stored", gib(load.report.bytes)],
			["fastest, MiB a second", fastest.toFixed(0)],
		]);
		if (sections.includes("scale-in")) await benchScaleIn(installation, cache.name, load);
	} finally {
		await watch.stop();
		load.close();
	}
	const [file, title] = sections.includes("scale-in")
		? ["scale-in", "Filled, and emptied again"]
		: ["fill", "Filled"];
	draw(`${file}-${values.protocol}`, title, watch.points);
	await installation.deleteCache(cache.name);
}

async function benchScaleIn(
	installation: Installation,
	name: string,
	load: FillLoad,
): Promise<void> {
	await load.deleteFrom(KEPT_KEYS);
	const startedAt = performance.now();
	await waitUntil(
		`${name} to be at its minimum`,
		async () => {
			const capacity = (await installation.getCache(name))?.capacity;
			return capacity?.memoryBytes === FLOOR_BYTES && capacity.shards === 1;
		},
		SCALE_IN_MS,
	);
	const tookMs = performance.now() - startedAt;
	const present = await load.countPresent(KEPT_KEYS);
	console.log(
		`scale-in: back at ${gib(FLOOR_BYTES)} after ${(tookMs / 1_000).toFixed(0)} s; ${present} of ${KEPT_KEYS} kept keys are there`,
	);
	await printDecisions(installation, name);
}

async function benchStep(installation: Installation): Promise<void> {
	const cache = await create(installation, "step");
	const load = new FillLoad(cache, { prefix: "step:", valueBytes: VALUE_BYTES });
	const watch = watchCapacity(installation, cache.name, () => load.report.bytes);
	try {
		const startedAt = performance.now();
		await load.write(bytes / 2, Number.POSITIVE_INFINITY);
		const seconds = (performance.now() - startedAt) / 1_000;
		const there = watch.points.find(({ capacityBytes }) => capacityBytes >= load.report.bytes);
		await report(installation, cache.name, load, [
			["MiB a second", (load.report.bytes / MIB / seconds).toFixed(0)],
			["seconds of load", seconds.toFixed(1)],
			[
				"seconds until there was capacity for all of it",
				there?.seconds.toFixed(1) ?? "not reached",
			],
		]);
	} finally {
		await watch.stop();
		load.close();
	}
	draw(`step-${values.protocol}`, "From nothing to all at once", watch.points);
	await installation.deleteCache(cache.name);
}

async function benchSaw(installation: Installation): Promise<void> {
	const cache = await create(installation, "saw");
	const load = new FillLoad(cache, { prefix: "saw:", valueBytes: VALUE_BYTES });
	const watch = watchCapacity(installation, cache.name, () => load.report.bytes);
	let teeth = 0;
	try {
		await load.write(KEPT_KEYS * VALUE_BYTES, Number.POSITIVE_INFINITY);
		const until = performance.now() + Number(values["saw-minutes"]) * 60_000;
		while (performance.now() < until) {
			await load.write(SAW_BYTES, 64 * MIB);
			await load.deleteFrom(KEPT_KEYS);
			teeth++;
		}
		const decisions = await readDecisions(installation, cache.name);
		const down = decisions.filter(({ trigger }) => trigger === "idle").length;
		const present = await load.countPresent(KEPT_KEYS);
		await report(installation, cache.name, load, [
			["teeth", String(teeth)],
			["moves up", String(decisions.length - down)],
			[`moves down (at most ${SHRINKS_PER_HOUR} an hour)`, String(down)],
			["kept keys that are there", `${present} of ${KEPT_KEYS}`],
		]);
	} finally {
		await watch.stop();
		load.close();
	}
	draw(`saw-${values.protocol}`, "Data that comes and goes", watch.points);
	await installation.deleteCache(cache.name);
}

async function create(installation: Installation, name: string): Promise<Cache> {
	const { protocol } = values;
	await installation.createCache({ kind: "serverless", name, protocol, auth: "none" });
	return await installation.waitForStatus(name, "available");
}

async function report(
	installation: Installation,
	name: string,
	load: FillLoad,
	rows: readonly (readonly [string, string])[],
): Promise<void> {
	const cache = await installation.getCache(name);
	if (cache === null) throw new Error(`${name} is gone`);
	const engines = await readEngineCounters(cache);
	const { failures, longestStallMs } = load.report;
	const failed = [...failures].map(([message, count]) => `${count} × ${message}`).join("; ");
	console.log(`\n${name}, protocol ${values.protocol}`);
	console.log(
		markdownTable([
			["", ""],
			...rows,
			["capacity", `${gib(cache.capacity?.memoryBytes ?? 0)} in ${cache.capacity?.shards} shards`],
			["keys", String(engines.keys)],
			["failed requests", failed === "" ? "0" : failed],
			["evicted keys", String(engines.evictedKeys)],
			["writes refused for memory", String(engines.refusedForMemory)],
			["longest wait for an answer, ms", longestStallMs.toFixed(0)],
		]),
	);
	await printDecisions(installation, name);
}

async function printDecisions(installation: Installation, name: string): Promise<void> {
	for (const { at, from, to, trigger, reason } of await readDecisions(installation, name)) {
		console.log(
			`  ${at.slice(11, 23)} ${gib(from.memoryBytes)}/${from.shards} → ${gib(to.memoryBytes)}/${to.shards} (${trigger}) ${reason}`,
		);
	}
}

function gib(value: number): string {
	return `${(value / GIB).toFixed(2)} GiB`;
}

function draw(file: string, title: string, points: Parameters<typeof drawCapacity>[1]): void {
	if (values.svg === undefined) return;
	mkdirSync(values.svg, { recursive: true });
	writeFileSync(join(values.svg, `serverless-${file}.svg`), drawCapacity(title, points));
}
