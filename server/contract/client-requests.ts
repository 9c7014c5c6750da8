import { z } from "zod";

/**
 * Commands that a primary carries out for its clients and passes on to its replicas. The engines count them alike on
 * both sides, and a replica takes none from clients.
 */
const replicableCountersSchema = z.object({
	commands: z.number(),
	/** PUBLISH commands from clients and Sentinels. */
	publishes: z.number(),
	/** How many Sentinels watch the node. */
	sentinels: z.number(),
	leads: z.boolean(),
	/** Position in the stream of writes. */
	offset: z.number(),
	/** Where in it the node last got or lost the lead; null when it never did, or has copied another node's data since. */
	turnedAt: z.number().nullable(),
	/** Where the part that the node still holds begins: for a new process, where it joined. Null when it holds none. */
	heldFrom: z.number().nullable(),
});
export type ReplicableCounters = Readonly<z.infer<typeof replicableCountersSchema>>;

/** What an engine has carried out since its process started, and the counters that show who asked for it. */
export const requestCountersSchema = z.object({
	/** For clients, whatever the node's role. */
	direct: z.number(),
	/** Null for an engine that doesn't replicate. */
	replicable: replicableCountersSchema.nullable(),
});
export type RequestCounters = Readonly<z.infer<typeof requestCountersSchema>>;

/** How often each Sentinel publishes, on every node, which primary it believes in. */
const SENTINEL_HELLO_SECONDS = 2;

/** What clients asked for between two readings of one process, or since its start when there is no earlier reading. */
export function requestsBetween(
	before: RequestCounters | null,
	after: RequestCounters,
	seconds: number,
): number {
	const direct = increase(before?.direct ?? 0, after.direct);
	const now = after.replicable;
	if (now === null) return direct;
	const then = before?.replicable ?? null;
	// Those that have left, as before a sleep, have published too.
	const sentinels = Math.max(now.sentinels, then?.sentinels ?? 0);
	// A replica counts those that its primary passes on as well.
	const nodes = hasTurned(then, now) ? 2 : 1;
	const hellos = nodes * sentinels * (Math.floor(seconds / SENTINEL_HELLO_SECONDS) + 1);
	// At most this many come from Sentinels: an idle cache must show none.
	const publishes = Math.max(0, increase(then?.publishes ?? 0, now.publishes) - hellos);
	return direct + (increase(then?.commands ?? 0, now.commands) + publishes) * shareLed(then, now);
}

/** A counter that fell belongs to a new process, which has counted from zero. */
export function increase(before: number, after: number): number {
	return after >= before ? after - before : after;
}

/** Whether the node got or lost the lead between two readings, or since its process started when there is no earlier one. */
export function hasTurned(before: ReplicableCounters | null, after: ReplicableCounters): boolean {
	// A new process that leads and whose role has never changed has led since it started.
	if (before === null) return after.leads && after.turnedAt !== null;
	return before.leads !== after.leads;
}

/** The offset of a replica that has never synced. */
const NOT_SYNCED = 1;

/** How much of the stream of writes between two readings the node took from clients, from 0 to 1. */
export function shareLed(before: ReplicableCounters | null, after: ReplicableCounters): number {
	const { turnedAt } = after;
	if (!hasTurned(before, after)) return after.leads ? 1 : 0;
	const joined = before === null || before.offset <= NOT_SYNCED;
	const from = joined ? after.heldFrom : before.offset;
	if (from === null) return after.leads ? 1 : 0;
	const length = after.offset - from;
	// A node that lost the lead and then copied everything again has another stream: its share isn't known.
	if (turnedAt === null || length <= 0) return 0;
	const led = after.leads ? after.offset - turnedAt : turnedAt - from;
	return Math.min(1, Math.max(0, led / length));
}
