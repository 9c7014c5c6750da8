import { z } from "zod";
import { hostEngineSchema, hostNameSchema, zoneSchema } from "./host.ts";
import { LIMITS } from "./limits.ts";

/**
 * The agent protocol: the agent calls, with POST at /api/agent/… and tRPC's wire format.
 *
 *   enrol(join token)            once; safe to repeat with the same agentId and credential
 *   watch(revision, notice)      the host's whole desired state once it passes `revision`, changes of its routes after
 *                                the revision given, and notices after the one given, whichever comes first; held
 *                                for up to 25 s
 *   report(batch)                what the host sees; acknowledged after it is stored, resent until then
 *   alert(ended, orders)         what can't wait for a report in progress. Kept only in memory: the next report
 *                                repeats it
 *
 * Counters, process ids and ports are whole numbers of 32 bits, like the database's columns.
 *
 * `watch`, `report` and `alert` carry `Authorization: Bearer <credential>`. A 401 means that this control
 * plane doesn't know the host: the agent leaves its engines alone and keeps trying.
 *
 * Agents send their version of the protocol. A control plane speaks with agents of its own version and of the
 * one before (docs/decisions/0035-two-protocol-versions.md): what a version adds is optional on the wire, and
 * its absence means what it meant before. Agents of other versions get a 422 about the field `protocol` with
 * protocolRefusalSchema as its details. They keep their engines and keep asking, which renews their lease.
 */
export const AGENT_PROTOCOL_VERSION = 7;
export const AGENT_PROTOCOLS = [6, AGENT_PROTOCOL_VERSION] as const;

/** Whether this control plane speaks a version of the protocol. */
export function isSpoken(version: number): boolean {
	return AGENT_PROTOCOLS.some((each) => each === version);
}

/** The version that an agent sends, one of those that this control plane speaks. */
export const agentProtocolSchema = z.literal(AGENT_PROTOCOLS);

/** The versions that a control plane speaks, in its refusal of an agent with another version. */
export const protocolRefusalSchema = z.object({ oldest: z.int32(), newest: z.int32() });

/** Agents from this version on move slots. */
export const SLOT_MOVES_SINCE = 7;

export const hostFactsSchema = z.strictObject({
	agentVersion: z.string().max(64),
	bindAddress: z.ipv4().describe("engines listen here"),
	advertisedAddress: z
		.string()
		.min(1)
		.max(253)
		.describe("the address that clients and other hosts use"),
	cpus: z.int32().min(1).max(LIMITS.hostCpusMax),
	memoryBytes: z.int().min(0).max(LIMITS.hostMemoryBytesMax).describe("offered to nodes"),
	bootId: z.string().max(64),
	engines: z
		.array(hostEngineSchema)
		.max(100)
		.describe("programs that can be started, haproxy for the gateway among them"),
	limits: z
		.enum(["cgroup-v2", "cgroup-v1", "none"])
		.describe(
			"how the kernel limits nodes to their size: cgroup-v2 limits memory and processors, cgroup-v1 only memory",
		),
});
export type HostFacts = z.infer<typeof hostFactsSchema>;

export const enrollInputSchema = z.strictObject({
	protocol: agentProtocolSchema,
	joinToken: z.string().min(1).max(200),
	agentId: z.uuid().describe("made and stored by the agent before its first call"),
	credential: z
		.string()
		.min(40)
		.max(100)
		.describe("made and stored by the agent; the control plane keeps a hash"),
	name: hostNameSchema,
	zone: zoneSchema,
	facts: hostFactsSchema,
});
export const enrollResultSchema = z.object({ hostId: z.string() });
