import { increase } from "../../server/contract/client-requests.ts";
import { countRequests, type InfoFields, infoNumber } from "../drivers/valkey-info.ts";

/** What an engine process has counted since it started, as far as it shows what clients use. */
export interface EcpuReading {
	readonly leads: boolean;
	/** Commands of clients. On a replica, these are only those that read. */
	readonly requests: number;
	/** How long those commands took, in microseconds, apart from GET, SET and those that wait. */
	readonly workUsec: number;
	/** Calls of those commands. */
	readonly workCalls: number;
	/** GET and SET: the measure of all others. */
	readonly simple: { readonly calls: number; readonly usec: number };
	/** In and out, without replication. */
	readonly bytes: number;
	/** A replica that hasn't carried out all that it has received from its primary. */
	readonly isBehind: boolean;
}

/** The sections of INFO that a reading needs. */
export const READING_SECTIONS = ["stats", "replication", "commandstats"] as const;

const BYTES_PER_ECPU = 1_024;
/** How long a GET or SET takes, until a process has carried out enough of them to tell. */
const SIMPLE_USEC_DEFAULT = 2;
const SIMPLE_CALLS_ENOUGH = 1_000;
const SIMPLE: ReadonlySet<string> = new Set(["get", "set"]);
/** Their time isn't their own: it includes a wait, or commands that are counted themselves. */
const TIMELESS: ReadonlySet<string> = new Set([
	...["blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin"],
	...["exec", "wait", "waitaof", "xread", "xreadgroup"],
]);
/** Not a client's: most come from agents, replicas and gateways (valkey-info.ts). */
const INTERNAL = /^(acl|auth|client|cluster|config|hello|info|ping|psync|replconf|role|sync)\b/;

export function readEcpus(fields: InfoFields, writes: ReadonlySet<string>): EcpuReading {
	const leads = fields.get("role") !== "slave";
	const { direct, commands, publishes } = countRequests(fields, writes);
	const simple = { calls: 0, usec: 0 };
	const work = { calls: 0, usec: 0 };
	for (const [name, value] of fields) {
		const command = /^cmdstat_(.+)/.exec(name)?.[1];
		if (command === undefined || TIMELESS.has(command) || INTERNAL.test(command)) continue;
		// What a replica writes, its primary's clients asked for.
		if (!leads && writes.has(command)) continue;
		const sum = SIMPLE.has(command) ? simple : work;
		sum.calls += Number(/\bcalls=(\d+)/.exec(value)?.[1] ?? 0);
		sum.usec += Number(/\busec=(\d+)/.exec(value)?.[1] ?? 0);
	}
	const net = (kind: string) =>
		infoNumber(fields, `total_net_${kind}put_bytes`) -
		infoNumber(fields, `total_net_repl_${kind}put_bytes`);
	return {
		leads,
		requests: direct + (leads ? commands + publishes : 0),
		...{ workUsec: work.usec, workCalls: work.calls, simple },
		bytes: Math.max(0, net("in") + net("out")),
		isBehind:
			infoNumber(fields, "slave_read_repl_offset") > infoNumber(fields, "slave_repl_offset"),
	};
}

/**
 * The ECPUs that clients used between two readings of a process: one a command or one a KB, whichever is more, and for
 * commands that take longer than a GET or SET, as many as those would need for that time. `ownBytes` is what the
 * reader itself has moved. Metering counts in the same way, more slowly.
 */
export function ecpusBetween(before: EcpuReading, after: EcpuReading, ownBytes: number): number {
	// A replica that leads now counts all that it was sent before.
	if (before.leads !== after.leads) return 0;
	const requests = increase(before.requests, after.requests);
	const bytes = Math.max(0, increase(before.bytes, after.bytes) - ownBytes);
	const { calls, usec } = after.simple;
	const simpleUsec = calls >= SIMPLE_CALLS_ENOUGH ? usec / calls : SIMPLE_USEC_DEFAULT;
	const workCalls = increase(before.workCalls, after.workCalls);
	const workUsec = increase(before.workUsec, after.workUsec);
	const extra = Math.max(0, workUsec / Math.max(simpleUsec, 0.5) - workCalls);
	return Math.max(requests + extra, bytes / BYTES_PER_ECPU);
}
