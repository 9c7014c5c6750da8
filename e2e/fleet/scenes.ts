import { setTimeout as delay } from "node:timers/promises";
import { median, percentile } from "../../platform/testing/figures.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import {
	countAvailable,
	createCache,
	deleteCache,
	keepAsking,
	NODES_PER_CACHE,
	untilAllAvailable,
	untilAvailable,
} from "./api.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { FleetLink } from "./fleet-link.ts";
import { type JournalEntry, momentNow } from "./journal.ts";

/** As when many clients create caches at the same time. */
const CREATIONS_AT_ONCE = 16;
/** Rows of so many caches are written at a time. Hosts take their nodes before the next ones are written. */
const COPIED_AT_ONCE = 1_000;
/** How often each of them asks whether its cache is available. */
const FILL_POLL_MS = 500;
/** A whole minute, because usage is metered once a minute. */
const REST_MS = 60_000;
const CHANGES = 20;
const CHURN_MS = 20_000;
const CHURNING = 2;
/** By then, everything that follows a change has been sent. */
const QUIET_MS = 1_500;
const REPAIR_TIMEOUT_MS = 10 * 60_000;
const POLL_MS = 100;

/** What the scenes play on. */
export interface Stage {
	readonly controlPlane: ControlPlane;
	readonly fleet: FleetLink;
	readonly hosts: number;
	/** How many caches there are, with three nodes each. */
	readonly caches: number;
	/** How many of them are created through the API. The others begin as rows. */
	readonly created: number;
	/** Hosts that have been lost on purpose. */
	readonly gone: Set<string>;
}

/** Labels and what was measured. */
export type Figures = Record<string, string>;

export async function fill({ controlPlane, fleet, caches, created }: Stage): Promise<Figures> {
	const { rest } = controlPlane;
	const figures: Figures = {};
	const names = Array.from({ length: caches }, (_, index) => `fleet-${index}`);
	const copied = names.splice(1, caches - created);
	if (copied.length > 0) {
		const [model = ""] = names.splice(0, 1);
		await createCache(rest, model);
		await untilAvailable(rest, model, FILL_POLL_MS);
		const copiedAt = performance.now();
		for (let first = 0; first < copied.length; first += COPIED_AT_ONCE) {
			const some = copied.slice(first, first + COPIED_AT_ONCE);
			await fleet.takeJournal();
			await controlPlane.copyCaches(model, some);
			await untilTaken(fleet, some.length * NODES_PER_CACHE);
			await untilAllAvailable(rest, 1 + first + some.length, REPAIR_TIMEOUT_MS);
		}
		const seconds = (performance.now() - copiedAt) / 1_000;
		figures[`${copied.length} caches written as rows: all taken by their hosts after, s`] =
			seconds.toFixed(0);
	}
	const startedAt = performance.now();
	const cpuBefore = controlPlane.cpuSeconds();
	const count = names.length;
	const createSome = async () => {
		for (let name = names.shift(); name !== undefined; name = names.shift()) {
			await createCache(rest, name);
			await untilAvailable(rest, name, FILL_POLL_MS);
		}
	};
	await Promise.all(Array.from({ length: CREATIONS_AT_ONCE }, createSome));
	const seconds = (performance.now() - startedAt) / 1_000;
	return {
		...figures,
		[`caches made a second, ${CREATIONS_AT_ONCE} at once`]: (count / seconds).toFixed(1),
		"meanwhile: cores, control plane": ((controlPlane.cpuSeconds() - cpuBefore) / seconds).toFixed(
			2,
		),
	};
}

/** Nothing is asked of the control plane. */
export async function rest({ controlPlane, fleet }: Stage): Promise<Figures> {
	await delay(QUIET_MS * 4);
	await fleet.takeTraffic();
	const before = await usageOf(controlPlane);
	await delay(REST_MS);
	const after = await usageOf(controlPlane);
	const traffic = await fleet.takeTraffic();
	const seconds = (after.at - before.at) / 1_000;
	const perSecond = (pick: (usage: Usage) => number) => (pick(after) - pick(before)) / seconds;
	return {
		"at rest: cores, control plane": perSecond((usage) => usage.cpu).toFixed(3),
		"at rest: cores, PostgreSQL": perSecond((usage) => usage.databaseCpu).toFixed(3),
		"at rest: RSS of the control plane, MiB": controlPlane.rssMib().toFixed(0),
		"at rest: reports a second": (traffic.reports / seconds).toFixed(1),
		"at rest: rows of metrics written a second": perSecond((usage) => usage.metrics).toFixed(1),
		"at rest: rows of metering written a second": perSecond((usage) => usage.metering).toFixed(1),
		"at rest: other rows written a second": perSecond((usage) => usage.others).toFixed(2),
	};
}

interface Usage {
	at: number;
	cpu: number;
	databaseCpu: number;
	metrics: number;
	metering: number;
	others: number;
}

async function usageOf(controlPlane: ControlPlane): Promise<Usage> {
	return {
		at: performance.now(),
		cpu: controlPlane.cpuSeconds(),
		databaseCpu: controlPlane.databaseCpuSeconds(),
		...(await controlPlane.writes()),
	};
}

/** One cache after another is made and deleted, with nothing else going on. */
export async function changes({ controlPlane: { rest }, fleet, hosts }: Stage): Promise<Figures> {
	const answered: number[] = [];
	const assigned: number[] = [];
	const available: number[] = [];
	const answers: number[] = [];
	const bytes: number[] = [];
	for (let round = 0; round < CHANGES; round++) {
		const name = `change-${round}`;
		await delay(QUIET_MS);
		await Promise.all([fleet.takeJournal(), fleet.takeTraffic()]);
		const startedAt = momentNow();
		await createCache(rest, name);
		answered.push(momentNow() - startedAt);
		await untilAvailable(rest, name);
		available.push(momentNow() - startedAt);
		const entries = await untilAssigned(fleet, name);
		assigned.push(Math.max(...entries.map(({ at }) => at)) - startedAt);
		await delay(QUIET_MS);
		const traffic = await fleet.takeTraffic();
		answers.push(traffic.watchAnswers);
		bytes.push(traffic.watchBytes);
		await deleteCache(rest, name);
	}
	const shown = (values: number[]) =>
		`${median(values).toFixed(0)} (${percentile(values, 99).toFixed(0)})`;
	return {
		"POST answered, ms: median (p99)": shown(answered),
		"POST → its three hosts have it, ms": shown(assigned),
		"POST → available, ms": shown(available),
		"answers sent to all hosts for one creation": median(answers).toFixed(0),
		"… bytes an answer": (median(bytes) / Math.max(1, median(answers))).toFixed(0),
		"… bytes a host of the fleet": (median(bytes) / hosts).toFixed(0),
	};
}

async function untilTaken(fleet: FleetLink, nodes: number): Promise<void> {
	let taken = 0;
	await waitUntil(
		`hosts to take ${nodes} nodes`,
		async () => {
			taken += (await fleet.takeJournal()).filter(({ what }) => what === "assigned").length;
			return taken >= nodes;
		},
		REPAIR_TIMEOUT_MS,
	);
}

async function untilAssigned(fleet: FleetLink, cacheName: string): Promise<JournalEntry[]> {
	const entries: JournalEntry[] = [];
	return await waitUntil("the hosts to be given the cache", async () => {
		const news = await fleet.takeJournal();
		entries.push(...news.filter((entry) => entry.cacheName === cacheName));
		return entries.length >= NODES_PER_CACHE && entries;
	});
}

/** Caches come and go all the time. */
export async function churn(stage: Stage): Promise<Figures> {
	const { controlPlane, caches } = stage;
	const { rest } = controlPlane;
	const asking = keepAsking(rest, "fleet-0");
	const before = controlPlane.cpuSeconds();
	const startedAt = performance.now();
	const creations: number[] = [];
	const turn = async (which: number) => {
		for (let round = 0; performance.now() - startedAt < CHURN_MS; round++) {
			const name = `churn-${which}-${round}`;
			const calledAt = performance.now();
			await createCache(rest, name);
			creations.push(performance.now() - calledAt);
			await untilAvailable(rest, name);
			await deleteCache(rest, name);
		}
	};
	await Promise.all(Array.from({ length: CHURNING }, (_, which) => turn(which)));
	const seconds = (performance.now() - startedAt) / 1_000;
	const cores = (controlPlane.cpuSeconds() - before) / seconds;
	const { list, get } = await asking.stop();
	await untilAllAvailable(rest, caches, REPAIR_TIMEOUT_MS);
	const p99 = (values: number[]) => percentile(values, 99).toFixed(0);
	return {
		"churn: caches made and deleted a second": (creations.length / seconds).toFixed(1),
		"churn: cores, control plane": cores.toFixed(2),
		"churn: p99 of list / get / create, ms": `${p99(list)} / ${p99(get)} / ${p99(creations)}`,
	};
}

/** Those hosts fall silent at the same time, for good. */
export async function loss(
	{ controlPlane: { rest, primariesOn, countedLost }, fleet, caches, gone }: Stage,
	title: string,
	names: readonly string[],
	patienceMs: number,
): Promise<Figures> {
	const asking = keepAsking(rest, "fleet-0");
	await delay(QUIET_MS);
	await fleet.takeJournal();
	const lostAt = momentNow();
	const leaderless = new Set(await fleet.lose(names));
	for (const name of names) gone.add(name);
	const led = leaderless.size;
	let lastOrderAt = lostAt;
	let lastPlacedAt = lostAt;
	const read = async () => {
		for (const { what, at, cacheName } of await fleet.takeJournal()) {
			if (what === "ordered" && leaderless.delete(cacheName)) lastOrderAt = at;
			if (what === "assigned") lastPlacedAt = at;
		}
	};
	await waitUntil(
		"every lost primary to be replaced",
		async () => {
			await read();
			return leaderless.size === 0;
		},
		REPAIR_TIMEOUT_MS,
	);
	await waitUntil(
		"every new primary to be recorded",
		async () => {
			await read();
			return (await primariesOn(names)) === 0;
		},
		REPAIR_TIMEOUT_MS,
	);
	const recordedAt = momentNow();
	const patience = performance.now() + patienceMs;
	let available = await countAvailable(rest);
	while (available < caches && performance.now() < patience) {
		await read();
		await delay(POLL_MS);
		available = await countAvailable(rest);
	}
	const wholeAt = momentNow();
	const { list, get } = await asking.stop();
	const since = (at: number) => ((at - lostAt) / 1_000).toFixed(1);
	return {
		[`${title}: primaries on it`]: String(led),
		[`${title}: last failover ordered after, s`]: since(lastOrderAt),
		[`${title}: last new primary recorded after, s`]: since(recordedAt),
		...(available === caches
			? {
					[`${title}: last replacement given to a host after, s`]: since(lastPlacedAt),
					[`${title}: all available after, s`]: since(wholeAt),
				}
			: { [`${title}: caches available after ${since(wholeAt)} s`]: `${available} of ${caches}` }),
		[`${title}: slowest API call meanwhile, ms`]: Math.max(...list, ...get).toFixed(0),
		[`${title}: living hosts counted as lost`]: String(await countedLost([...gone])),
	};
}
