import { increase, requestsBetween, shareLed } from "../../contract/client-requests.ts";
import type { UsageCounters } from "../../contract/usage-reading.ts";

/** What is known of an engine's process from its newest reading. */
export interface MeteredProcess {
	readonly at: Date;
	readonly counters: UsageCounters;
	/** Bytes a second of health checks and Sentinels, as seen while no client asked; null before that. */
	readonly ownBytesPerSecond: number | null;
}

/** What clients used between two readings. */
export interface UsageBetween {
	readonly from: Date;
	readonly to: Date;
	readonly ecpus: number;
	/** How many requests took these. */
	readonly requests: number;
}

export const BYTES_PER_ECPU = 1_024;
/** What a node of a small fleet moves in a second while nobody uses its cache: with its agent, or for gateways and each Sentinel. */
const OWN_BYTES_DEFAULT = { withAgent: 8_192, gateways: 1_024, sentinel: 1_300 } as const;
/** While a process starts, agents and gateways of other hosts ask it many times a second. */
const STARTUP_BYTES = 65_536;
/** Anything beyond is a client's, even if it asks for nothing, such as a subscriber. */
const OWN_BYTES_MAX = 65_536;
/** Shorter readings say too little about what happens every few seconds. */
const LEARN_SECONDS = 15;
/** How long a GET or SET takes, until a process has carried out enough of them to tell. */
const SIMPLE_USEC_DEFAULT = 2;
const SIMPLE_CALLS_ENOUGH = 1_000;
const SIMPLE_USEC = { least: 0.5, most: 20 } as const;

/**
 * Whether a reading of the same process is newer than the last one: one that comes twice, or late, changes nothing.
 * Both measures rise with every reading, unless the host's clock is set back or someone resets the engine's counters.
 */
export function isNewer(before: UsageCounters, after: UsageCounters): boolean {
	return after.bytes.total > before.bytes.total || after.uptimeSeconds > before.uptimeSeconds;
}

/**
 * What clients used since the last reading of this process, or since it started if `before` is null. Counters that
 * fell were reset, and have counted from zero. `usualOwnBytes` is what another process of the same cache moves in a second
 * while nobody uses it; null for unknown.
 */
export function usageBetween(
	before: MeteredProcess | null,
	after: { readonly at: Date; readonly counters: UsageCounters },
	usualOwnBytes: number | null,
): { usage: UsageBetween; process: MeteredProcess } {
	const { at, counters } = after;
	const from = before?.at ?? new Date(at.getTime() - counters.uptimeSeconds * 1_000);
	const seconds = Math.max(0, (at.getTime() - from.getTime()) / 1_000);
	const held =
		before === null || wasReset(before.counters, counters)
			? null
			: countedAlike(before.counters, counters);
	const asked = requestsBetween(held?.requests ?? null, counters.requests, seconds);
	const moved = increase(held?.bytes.clients ?? 0, counters.bytes.clients);
	const bytes = Math.max(0, moved - movedByAgent(before?.counters ?? null, counters));
	const known = before?.ownBytesPerSecond ?? null;
	const own =
		(known ?? usualOwnBytes ?? usuallyOwn(counters)) * seconds +
		(before === null ? STARTUP_BYTES : 0);
	const isIdle = asked < 1 && bytes <= OWN_BYTES_MAX * seconds;
	const learned = isIdle && seconds >= LEARN_SECONDS ? bytes / seconds : null;
	const work = asked + extraWork(held, counters);
	return {
		usage: {
			from: new Date(Math.min(from.getTime(), at.getTime())),
			to: at,
			ecpus: isIdle ? 0 : Math.max(work, (bytes - own) / BYTES_PER_ECPU),
			requests: asked,
		},
		process: {
			at,
			counters,
			ownBytesPerSecond: learned === null ? known : recentHigh(known, learned),
		},
	};
}

function usuallyOwn({ bytes, requests }: UsageCounters): number {
	const { withAgent, gateways, sentinel } = OWN_BYTES_DEFAULT;
	if (bytes.own === undefined) return withAgent;
	return gateways + sentinel * (requests.replicable?.sentinels ?? 0);
}

/**
 * Rises at once and falls slowly: while gateways look for a primary, they check all nodes more often, and a client must not
 * pay for that.
 */
function recentHigh(known: number | null, learned: number): number {
	return known === null ? learned : Math.max(learned, (known + learned) / 2);
}

/**
 * What the host's agents have moved themselves. A count goes on when an agent is killed, but may have lost the last packets of that
 * agent. Agents of earlier versions begin a new count when they start.
 */
function movedByAgent(before: UsageCounters | null, { bytes: { own } }: UsageCounters): number {
	if (own === undefined) return 0;
	const counted = before?.bytes.own;
	return counted?.run === own.run ? Math.max(0, own.bytes - counted.bytes) : own.bytes;
}

function wasReset(before: UsageCounters, after: UsageCounters): boolean {
	return after.bytes.total < before.bytes.total;
}

/**
 * The earlier counters of a process, but none above the later ones: an agent of another version may leave out commands that
 * the one before counted as clients'. What it counts less must not look like a process that has counted from zero.
 */
function countedAlike(before: UsageCounters, after: UsageCounters): UsageCounters {
	const then = before.requests.replicable;
	const now = after.requests.replicable;
	const work = (earlier: Work, later: Work) => ({
		calls: Math.min(earlier.calls, later.calls),
		usec: Math.min(earlier.usec, later.usec),
	});
	return {
		...before,
		requests: {
			direct: Math.min(before.requests.direct, after.requests.direct),
			replicable: then &&
				now && {
					...then,
					commands: Math.min(then.commands, now.commands),
					publishes: Math.min(then.publishes, now.publishes),
				},
		},
		heavy: {
			direct: work(before.heavy.direct, after.heavy.direct),
			replicable: work(before.heavy.replicable, after.heavy.replicable),
		},
	};
}

/** ECPUs beyond one a command: how many GETs' time the other commands took. */
function extraWork(before: UsageCounters | null, after: UsageCounters): number {
	const { requests, heavy, simple } = after;
	const simpleUsec =
		simple.calls >= SIMPLE_CALLS_ENOUGH
			? Math.min(SIMPLE_USEC.most, Math.max(SIMPLE_USEC.least, simple.usec / simple.calls))
			: SIMPLE_USEC_DEFAULT;
	const share =
		requests.replicable === null
			? 0
			: shareLed(before?.requests.replicable ?? null, requests.replicable);
	const direct = extraOf(before?.heavy.direct, heavy.direct, simpleUsec);
	const replicable = share * extraOf(before?.heavy.replicable, heavy.replicable, simpleUsec);
	// The engine's own times include those in which another process had the processor.
	const possible = increase(before?.cpuUsec ?? 0, after.cpuUsec) / simpleUsec;
	return Math.min(direct + replicable, possible);
}

type Work = UsageCounters["heavy"]["direct"];

function extraOf(before: Work | undefined, after: Work, simpleUsec: number): number {
	const calls = increase(before?.calls ?? 0, after.calls);
	const usec = increase(before?.usec ?? 0, after.usec);
	return Math.max(0, usec / simpleUsec - calls);
}
