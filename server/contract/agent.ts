import { z } from "zod";
import { engineSchema, nodeRoleSchema, severitySchema } from "./enums.ts";
import { hostEngineSchema, hostNameSchema, zoneSchema } from "./host.ts";
import { nodeMetricsSchema } from "./metrics.ts";

/**
 * The agent protocol: the agent calls, over tRPC at /api/agent.
 *
 *   enrol(join token)            once; safe to repeat with the same agentId and credential
 *   watch(revision)              the host's whole desired state once it passes `revision`; held up to 25 s
 *   report(batch)                what the host sees; acknowledged after it is stored, resent until then
 *
 * `watch` and `report` carry `Authorization: Bearer <credential>`. An answer of 401 means that this control plane
 * doesn't know the host: the agent leaves its engines as they are and keeps trying.
 */
export const AGENT_PROTOCOL_VERSION = 1;

export const hostFactsSchema = z.strictObject({
	agentVersion: z.string().max(64),
	bindAddress: z.ipv4().describe("engines listen here"),
	advertisedAddress: z.string().min(1).max(253).describe("what clients and other hosts are given"),
	cpus: z.int().min(1),
	memoryBytes: z.int().min(0).describe("offered to nodes"),
	bootId: z.string().max(64),
	engines: z.array(hostEngineSchema).max(100),
});
export type HostFacts = z.infer<typeof hostFactsSchema>;

export const enrolInputSchema = z.strictObject({
	protocol: z.literal(AGENT_PROTOCOL_VERSION),
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
export const enrolResultSchema = z.object({ hostId: z.string() });

/**
 * One engine process that the host should run.
 * `generation` rises with every change; an observation echoes the one it has converged to.
 *
 * Starting: an instance that has never run is started at once. One that ran and exited is started again
 *   - by the agent alone, with back-off, when `onExit` is `restart`;
 *   - only when `launchPermit` passes the permit it was last started under, when `onExit` is `report`
 *     (a primary whose replicas may hold the data: the control plane decides who leads first).
 */
export const assignmentSchema = z.object({
	id: z.string(),
	generation: z.int(),
	cacheName: z.string(),
	nodeName: z.string(),
	engine: engineSchema,
	engineVersion: z.string().describe("prefix: 9, 9.1 or 9.1.2; the newest that fits is run"),
	port: z.int(),
	role: z.discriminatedUnion("kind", [
		z.object({ kind: z.literal("primary") }),
		z.object({ kind: z.literal("replica"), of: z.object({ host: z.string(), port: z.int() }) }),
	]),
	onExit: z.enum(["restart", "report"]),
	launchPermit: z.int(),
	maxmemoryBytes: z.int(),
	auth: z.object({
		clientPasswordSha256: z
			.string()
			.nullable()
			.describe("hex; null lets clients in without a password"),
		systemUsername: z.string(),
		systemPassword: z.string().describe("the agent's and the replicas' own user"),
	}),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const desiredStateSchema = z.object({
	revision: z.int(),
	epoch: z.int().describe("rises with each control plane that takes over; older ones are refused"),
	hostId: z.string(),
	assignments: z.array(assignmentSchema),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const watchInputSchema = z.strictObject({
	protocol: z.literal(AGENT_PROTOCOL_VERSION),
	revision: z.int().min(-1).describe("the newest held; -1 for none"),
	epoch: z.int().min(-1),
});
/** `null` when nothing changed within the long poll. */
export const watchResultSchema = desiredStateSchema.nullable();

export const instancePhaseSchema = z.enum([
	"waiting", // not started: `reason` names the cause; tried again by itself
	"starting", // spawned, doesn't answer yet
	"running", // answers; `engineState` holds what it says
	"exited", // ended and not (yet) to be started again
	"stopping",
]);
export type InstancePhase = z.infer<typeof instancePhaseSchema>;

export const instanceReasonSchema = z.object({
	code: z.enum(["port-taken", "engine-missing", "launch-failed", "exited", "unreachable", "disk"]),
	message: z.string().max(2_000).describe("a sentence for people, with what to do"),
});

export const engineStateSchema = z.object({
	version: z.string(),
	role: nodeRoleSchema,
	loading: z.boolean(),
	/** A replica's: whom it follows. */
	primaryHost: z.string().nullable(),
	primaryPort: z.int().nullable(),
	/** A replica's: link up and first sync done. Always true of a primary. */
	linkUp: z.boolean(),
	offset: z.number(),
	/** A primary's: replicas that it lists as online. */
	onlineReplicas: z.int(),
});

export const observationSchema = z.object({
	assignmentId: z.string(),
	generation: z.int().describe("newest generation that the instance has converged to; -1 for none"),
	phase: instancePhaseSchema,
	reason: instanceReasonSchema.nullable(),
	pid: z.int().nullable(),
	startedAt: z.iso.datetime().nullable(),
	launchPermit: z.int().describe("permit under which it was last started; -1 for never"),
	restarts: z.int(),
	engineState: engineStateSchema.nullable(),
});
export type Observation = z.infer<typeof observationSchema>;

export const hostEventSchema = z.object({
	id: z.uuid().describe("made by the agent; a resent event is stored once"),
	at: z.iso.datetime(),
	severity: severitySchema,
	type: z.string().max(64),
	message: z.string().max(2_000),
	assignmentId: z.string().nullable(),
});

export const metricsSampleSchema = z.object({
	assignmentId: z.string(),
	at: z.iso.datetime(),
	metrics: nodeMetricsSchema,
});

export const reportInputSchema = z.strictObject({
	protocol: z.literal(AGENT_PROTOCOL_VERSION),
	epoch: z.int().describe("of the newest desired state held; -1 for none"),
	revision: z
		.int()
		.describe(
			"of the desired state that was in force when `observations` were read; -1 for none. " +
				"An instance absent from a report of the revision that removed it, or a later one, is gone",
		),
	facts: hostFactsSchema.nullable().describe("when changed, and first after a start"),
	observations: z
		.array(observationSchema)
		.max(2_000)
		.nullable()
		.describe(
			"of all instances, those being removed too; null when unchanged since the last report",
		),
	events: z.array(hostEventSchema).max(500),
	metrics: z.array(metricsSampleSchema).max(2_000),
});
export type ReportInput = z.infer<typeof reportInputSchema>;

export const reportResultSchema = z.object({ accepted: z.literal(true) });
