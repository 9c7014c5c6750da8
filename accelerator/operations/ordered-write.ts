import { CacheAwayError } from "../cache/cache-link.ts";
import type { CachedItem, ItemPlace, WriteTicket } from "../cache/item-cache.ts";
import type { Renewal } from "../cache/query-cache.ts";
import { unavailable } from "../dynamodb/errors.ts";
import { toClientError, type UpstreamAnswer, UpstreamAwayError } from "../dynamodb/upstream.ts";
import type { Services } from "./call.ts";

/** How long a write waits for its cache, such as during a failover. */
const CACHE_WAIT_MS = 5_000;
const RETRY_MS = 50;
/** How long an acknowledged write is still made known to a cache that is away; markers protect it meanwhile. */
const REPAIR_MS = 10 * 60_000;

/** What a write knows about an item after it; null if only the table knows. */
export type After = (success: UpstreamAnswer, place: ItemPlace) => CachedItem | null;

/**
 * Carries out a write so that the cache never holds what the table held before it:
 *
 *   begin in the cache ──> the upstream's answer ──> end in the cache ──> the client's answer
 *
 * Nothing is written while the cache can't be told: other instances may still serve from it. A write whose end can't be
 * told has been carried out, and the cache serves none of its items until it counts as dead; the end is repeated.
 */
export async function orderedWrite(
	services: Services,
	places: readonly ItemPlace[],
	send: () => Promise<UpstreamAnswer>,
	after: After,
): Promise<UpstreamAnswer> {
	services.metrics.add("writes");
	const { tickets, renewals } = await beginAll(services, places);
	let answer: UpstreamAnswer;
	try {
		answer = await send();
	} catch (error) {
		if (!(error instanceof UpstreamAwayError)) throw error;
		// One that the upstream may carry out later keeps its markers.
		if (!error.sent) await undoAll(services, tickets, renewals);
		throw toClientError(error, true);
	}
	const isDone = answer.status === 200;
	const ended = await endAll(services, tickets, (place) => (isDone ? after(answer, place) : null));
	if (!ended) void repeatEnd(services, tickets);
	return answer;
}

/** What a write has told the cache before the upstream got it. */
interface Beginning {
	readonly tickets: readonly WriteTicket[];
	readonly renewals: readonly Renewal[];
}

async function beginAll(services: Services, places: readonly ItemPlace[]): Promise<Beginning> {
	const { items, link } = services;
	const deadline = performance.now() + CACHE_WAIT_MS;
	for (;;) {
		const left = deadline - performance.now();
		if (left <= 0 || !(await link.usableWithin(left))) {
			throw unavailable(
				`The accelerator can't reach its cache (${link.lastError}), so it couldn't keep it in step with the table. The write wasn't carried out.`,
			);
		}
		try {
			const [tickets, renewals] = await Promise.all([
				Promise.all(places.map((place) => items.begin(place))),
				renew(services, places),
			]);
			return { tickets, renewals };
		} catch (error) {
			if (!(error instanceof CacheAwayError)) throw error;
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
	}
}

/** A write that the upstream never got leaves the cache as it was. If the cache can't be told, the markers expire. */
async function undoAll(
	{ items, queries }: Services,
	tickets: readonly WriteTicket[],
	renewals: readonly Renewal[],
): Promise<void> {
	try {
		await Promise.all([
			...tickets.map((ticket) => items.undo(ticket)),
			...renewals.map((renewal) => queries.restore(renewal)),
		]);
	} catch (error) {
		if (!(error instanceof CacheAwayError)) throw error;
	}
}

/** Returns whether the cache has been told. */
async function endAll(
	services: Services,
	tickets: readonly WriteTicket[],
	afterOf: (place: ItemPlace) => CachedItem | null,
): Promise<boolean> {
	const { items, link } = services;
	const places = tickets.map(({ place }) => place);
	const generation = link.generation;
	try {
		await Promise.all([
			...tickets.map((ticket) => items.end(ticket, afterOf(ticket.place))),
			renew(services, places),
			link.refreshGeneration(),
		]);
		if (
			tickets.some(({ keys }) => keys.generation !== link.generation) ||
			generation !== link.generation
		) {
			await Promise.all([
				...tickets.map((ticket) => items.settle(ticket)),
				renew(services, places),
			]);
		}
		return true;
	} catch (error) {
		if (error instanceof CacheAwayError) return false;
		throw error;
	}
}

async function repeatEnd(services: Services, tickets: readonly WriteTicket[]): Promise<void> {
	const { link, logger } = services;
	const deadline = performance.now() + REPAIR_MS;
	while (performance.now() < deadline) {
		try {
			if ((await link.usableWithin(RETRY_MS * 20)) && (await endAll(services, tickets, () => null)))
				return;
		} catch (err) {
			logger.error({ err }, "the end of a write can't be told to the cache");
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
	}
	logger.error("the end of a write couldn't be told to the cache");
}

async function renew({ queries }: Services, places: readonly ItemPlace[]): Promise<Renewal[]> {
	const tables = [...byTable(places)];
	return (await Promise.all(tables.map(([table, names]) => queries.renew(table, names)))).flat();
}

function byTable(places: readonly ItemPlace[]): Map<string, Set<string>> {
	const tables = new Map<string, Set<string>>();
	for (const { table, partition } of places) {
		const partitions = tables.get(table) ?? new Set();
		tables.set(table, partitions.add(partition));
	}
	return tables;
}
