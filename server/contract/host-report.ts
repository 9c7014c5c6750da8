import { z } from "zod";
import { acceleratorStateSchema } from "./accelerator-process.ts";
import { agentProtocolSchema, hostFactsSchema } from "./agent.ts";
import { clusterNodeIdSchema } from "./desired-state.ts";
import { nodeRoleSchema, severitySchema } from "./enums.ts";
import { clusterBusGuardSchema, forwardingSchema, hostWarningSchema } from "./host.ts";
import { instantSchema } from "./instant.ts";
import { AGENT_TIMING, LIMITS } from "./limits.ts";
import { nodeMetricsSchema } from "./metrics.ts";
import { migrationReportSchema } from "./migration.ts";
import { restoreReportSchema, snapshotReportSchema } from "./snapshot.ts";
import { type UsageReading, usageReadingSchema } from "./usage-reading.ts";

export const instancePhaseSchema = z.enum([
	"waiting", // not started: `reason` names the cause; tried again by itself
	"starting", // spawned, doesn't answer yet
	"rebooting", // stopped with its data kept, about to start again
	"running", // answers; `engineState` holds what it says
	"exited", // ended and not (yet) to be started again
	"stopping",
]);
export type InstancePhase = z.infer<typeof instancePhaseSchema>;

export const instanceReasonSchema = z.object({
	code: z.enum([
		"port-taken",
		"engine-missing",
		"launch-failed",
		// A new primary waits for the data of a snapshot.
		"restoring",
		"exited",
		"unreachable",
		"disk",
		// Its files are gone, and with them its identity in its cluster: another node must replace it.
		"identity-lost",
		// It ends within seconds, however often it is started.
		"keeps-ending",
		// It ended in order to start in cluster mode, but has keys in databases other than 0.
		"other-databases",
	]),
	message: z.string().max(2_000).describe("a sentence for people, with what to do"),
});

export const engineStateSchema = z.object({
	version: z.string(),
	role: nodeRoleSchema,
	loading: z.boolean(),
	/** For a replica: the primary that it follows. */
	primaryHost: z.string().nullable(),
	primaryPort: z.int32().nullable(),
	/** For a replica: link up and first sync done. Always true for a primary. */
	linkUp: z.boolean(),
	/** Whether this process has ever completed a sync with a primary, or is primary: only such a process may lead. */
	synced: z.boolean().default(false),
	offset: z.number(),
	/** For a primary: replicas that it lists as online. */
	onlineReplicas: z.int32(),
	/** Keys that it read from its file when it started, among them those that it dropped because they had expired. */
	loadedKeys: z.int().optional(),
	additions: z
		.object({
			modules: z.array(z.string().max(200)).max(100),
			users: z.array(z.string().max(200)).max(100),
		})
		.optional()
		.describe("what Larder hasn't put into it: modules, and users in its ACL"),
	/** What the engine itself shows of its cluster; null with cluster mode disabled. */
	cluster: z
		.object({
			nodeId: clusterNodeIdSchema,
			ok: z.boolean().describe("the engine says that reachable nodes serve all slots"),
			view: z.string().max(64).describe("sha256 of clusterViewText of CLUSTER SLOTS, in hex"),
			primaryNodeId: clusterNodeIdSchema.nullable().describe("a replica's primary"),
			slots: z.string().describe("own slots, such as 0-5460; empty for none"),
			keys: z.number().optional().describe("of a primary that owns no slots"),
			moves: z
				.array(
					z.object({
						id: z.string().max(128),
						problem: z.string().max(500).nullable().describe("why its last attempt failed"),
					}),
				)
				.max(1_000)
				.optional()
				.describe("slot moves that it hasn't finished"),
		})
		.nullable(),
});

/** A node serves fewer clients at a time than it should, because its process isn't allowed to open enough files. */
export const clientLimitSchema = z.object({ actual: z.int32(), wanted: z.int32() });
export type ClientLimit = z.infer<typeof clientLimitSchema>;

/** How long ago something happened, in milliseconds by a monotonic clock. Clocks of hosts may be hours apart. */
const ageSchema = z.number().min(0).max(LIMITS.ageMsMax);

/** What the agent reads from an elastic node more often than its metrics. */
export const elasticStateSchema = z.object({
	usedBytes: z.number().describe("used_memory"),
	throttledMs: z
		.number()
		.describe(
			"how long clients have waited because of the ECPU maximum, in all, since the agent or the engine started",
		),
	ecpuPerSecond: z
		.number()
		.optional()
		.describe("what clients have used lately; only of a node with an ECPU maximum"),
	idleMs: ageSchema
		.optional()
		.describe(
			"how long no client has been connected or asked for anything, in coarse steps; 0 while one is. Absent while it isn't known",
		),
	otherDatabases: z
		.boolean()
		.optional()
		.describe("it has keys in databases other than 0, which clusters don't have"),
});
export type ElasticState = z.infer<typeof elasticStateSchema>;

export const reportedObservationSchema = z.object({
	assignmentId: z.string(),
	generation: z
		.int32()
		.describe("newest generation that the instance has converged to; -1 for none"),
	phase: instancePhaseSchema,
	reason: instanceReasonSchema.nullable(),
	pid: z.int32().nullable(),
	startedAt: instantSchema
		.nullable()
		.describe(
			"by the host's clock: tells processes with the same pid apart, and is compared with no other clock",
		),
	silentForMs: ageSchema
		.nullable()
		.describe(
			"how long its process has been running without answering; null while it answers or doesn't run",
		),
	busy: z
		.boolean()
		.describe(
			"it is silent because it is working on a command, possibly for some time yet: it isn't hung",
		),
	launchPermit: z.int32().describe("permit under which it was last started; -1 for never"),
	restarts: z.int32(),
	port: z.int32().describe("that it listens on, or is about to as far as the agent knows"),
	reboot: z.int32().describe("newest reboot that was carried out; -1 for never started"),
	/** Parameters whose wanted value the running engine doesn't have, by name: they wait for a reboot. */
	pendingParameters: z.array(z.string()).max(500),
	/** It is rebooting with, or its process started with, the data of a predecessor that had synced. */
	keptData: z.boolean().default(false),
	persisted: z
		.boolean()
		.optional()
		.describe("its files hold all that its newest process has acknowledged: a start loads that"),
	asleep: z
		.boolean()
		.optional()
		.describe(
			"it has ended, its data is saved and has been verified, and it stays so until it is woken",
		),
	fitsCluster: z.boolean().optional().describe("it is asleep, and all its keys are in database 0"),
	clientLimit: clientLimitSchema.nullable().default(null).describe("null for as many as it should"),
	engineState: engineStateSchema.nullable(),
	elastic: elasticStateSchema.optional().describe("of a node whose assignment is elastic"),
	snapshot: snapshotReportSchema.optional().describe("of the snapshot in its assignment"),
	migration: migrationReportSchema.optional().describe("of the migration in its assignment"),
	restore: restoreReportSchema.optional().describe("of the restore in its assignment"),
});
export type ReportedObservation = z.infer<typeof reportedObservationSchema>;

/** An observation after it has arrived: with times by the control plane's clock (fleet/arrival-times.ts). */
export const observationSchema = reportedObservationSchema
	.omit({ silentForMs: true })
	.extend({ silentSince: z.string().nullable() });
export type Observation = z.infer<typeof observationSchema>;

/**
 * An instance that a host runs and leaves alone, because a control plane restored from a backup doesn't know it.
 */
export const setAsideSchema = z.object({
	assignmentId: z.string(),
	directory: z.string().max(4_096),
	pid: z.int32().nullable(),
	/** What it was when it was last known; null after a restart of the agent. */
	was: z
		.object({
			cacheId: z.string(),
			nodeName: z.string(),
			port: z.int32(),
			proof: z.string().max(64).describe("sha256 of setAsideProofText, in hex"),
		})
		.nullable(),
});
export type SetAside = z.infer<typeof setAsideSchema>;

/**
 * Proves that a host was once given the node that it has set aside: only the hosts of a cache's nodes have
 * learned its system password. A host can't claim a node of another cache this way, or present another host's
 * proof as its own.
 */
export function setAsideProofText(assignmentId: string, systemPassword: string): string {
	return `set aside ${assignmentId} ${systemPassword}`;
}

export const hostEventSchema = z.object({
	id: z.uuid().describe("made by the agent; a resent event is stored once"),
	ageMs: ageSchema,
	severity: severitySchema,
	type: z.string().max(64),
	message: z.string().max(2_000),
	assignmentId: z.string().nullable(),
});

export type HostEvent = z.infer<typeof hostEventSchema>;

export const metricsSampleSchema = z.object({
	assignmentId: z.string(),
	ageMs: z
		.number()
		.min(-AGENT_TIMING.metricsIntervalMs)
		.max(LIMITS.ageMsMax)
		.describe("of the reading; less than 0 for the last one of an engine that has ended"),
	metrics: nodeMetricsSchema,
});
export type MetricsSample = z.infer<typeof metricsSampleSchema>;

/** State of the host's gateway. `off`: no HAProxy is available here; `reason` says why. */
export const gatewayObservationSchema = z.object({
	phase: z.enum(["off", "starting", "running", "failed"]),
	version: z.string().max(64).nullable(),
	reason: z.string().max(2_000).nullable(),
	routeRevision: z.int32().describe("of the route table that `routes` are about; -1 for none"),
	forwarding: forwardingSchema.optional(),
	clusterBus: clusterBusGuardSchema.optional().describe("absent without a node of a cluster"),
	routes: z
		.array(
			z.object({
				cacheId: z.string(),
				/** Each endpoint of the cache leads to an engine that answers as it should. */
				ready: z.boolean(),
				problem: z
					.object({
						code: z.enum(["port-taken", "failed"]),
						message: z.string().max(500),
						port: z.int32().nullable().describe("that another program holds; null otherwise"),
					})
					.nullable(),
			}),
		)
		.max(10_000),
});
export type GatewayObservation = z.infer<typeof gatewayObservationSchema>;

/**
 * State of the host's Sentinel. `off`: it has nothing to watch, or isn't available here, as `reason` says.
 */
export const sentinelObservationSchema = z.object({
	phase: z.enum(["off", "starting", "running", "failed"]),
	version: z.string().max(64).nullable(),
	reason: z.string().max(2_000).nullable(),
	port: z.int32().nullable(),
	caches: z
		.array(
			z.object({
				cacheId: z.string(),
				primary: z
					.object({ host: z.string(), port: z.int32() })
					.describe("the node that it considers the primary"),
				peers: z.int32().describe("other Sentinels that it knows to watch the cache"),
				failoverUnderWay: z.boolean(),
			}),
		)
		.max(10_000),
});
export type SentinelObservation = z.infer<typeof sentinelObservationSchema>;

/** What a host says about its instances of accelerators, and about the endpoints of accelerators that it serves. */
export const acceleratorReportSchema = z.object({
	instances: z
		.array(
			z.object({
				id: z.string().max(64),
				phase: z.enum(["starting", "running", "failed"]),
				reason: z.string().max(500).nullable(),
				port: z.int32().nullable(),
				state: acceleratorStateSchema.nullable().describe("null until it has answered"),
			}),
		)
		.max(1_000),
	endpoints: z
		.array(
			z.object({
				acceleratorId: z.string().max(64),
				ready: z.boolean(),
				problem: z.string().max(500).nullable(),
			}),
		)
		.max(1_000),
});
export type AcceleratorReport = z.infer<typeof acceleratorReportSchema>;

/**
 * The result of a failover order.
 *   done     `leaderNodeId` is primary, whether or not this order promoted it
 *   refused  not carried out, for a reason that may go away: `from` answers, or a Sentinel is failing over
 *   failed   started but not finished
 */
export const orderResultSchema = z.object({
	id: z.uuid(),
	outcome: z.enum(["done", "refused", "failed"]),
	message: z.string().max(2_000).describe("a sentence for people; empty when done"),
	leaderNodeId: z.string().nullable(),
	writesUnavailableMs: z
		.number()
		.nullable()
		.describe("planned: from the pause of writes to the new primary; null otherwise"),
});
export type OrderResult = z.infer<typeof orderResultSchema>;

export const reportMessageSchema = z.strictObject({
	protocol: agentProtocolSchema,
	clock: instantSchema.describe("the host's own, only to show how far off it is"),
	epoch: z.int32().describe("of the newest desired state held; -1 for none"),
	revision: z
		.int32()
		.describe(
			"of the desired state that was in force when `observations` were read; -1 for none. " +
				"An instance absent from a report of the revision that removed it, or a later one, is gone",
		),
	facts: hostFactsSchema.nullable().describe("when changed, and in the first report after a start"),
	observations: z
		.array(reportedObservationSchema)
		.max(2_000)
		.nullable()
		.describe(
			"of all instances, those being removed too; null when unchanged since the last report",
		),
	setAside: z.array(setAsideSchema).max(2_000).describe("whether changed or not"),
	gateway: gatewayObservationSchema
		.nullable()
		.describe("null when unchanged since the last report"),
	sentinel: sentinelObservationSchema
		.nullable()
		.describe("null when unchanged since the last report"),
	warnings: z
		.array(hostWarningSchema)
		.max(20)
		.nullable()
		.default(null)
		.describe("about the machine; null when unchanged since the last report"),
	accelerators: acceleratorReportSchema
		.nullish()
		.describe("null or absent when unchanged since the last report"),
	orders: z.array(orderResultSchema).max(100).describe("that have ended since the last report"),
	events: z.array(hostEventSchema).max(500),
	metrics: z.array(metricsSampleSchema).max(2_000),
	usage: z
		.array(usageReadingSchema)
		.max(2_000)
		.default([])
		.describe("absent from agents that don't meter usage"),
});
export type ReportMessage = z.infer<typeof reportMessageSchema>;

/** A report after it has arrived: with times by the control plane's clock. */
export interface ReportInput
	extends Omit<ReportMessage, "clock" | "observations" | "events" | "metrics" | "usage"> {
	/** How far the host's clock is ahead, minus the time that the report traveled. */
	clockAheadMs: number;
	observations: Observation[] | null;
	events: (Omit<HostEvent, "ageMs"> & { at: string })[];
	metrics: (Omit<MetricsSample, "ageMs"> & { at: string })[];
	usage: (Omit<UsageReading, "ageMs"> & { at: string })[];
}

export type EcpuShare = { readonly assignmentId: string; readonly perSecond: number };

export const reportResultSchema = z.object({
	accepted: z.literal(true),
	heartbeatMs: z
		.int32()
		.min(100)
		.describe("until the next report, if there is no news before then"),
	readingsStored: z
		.boolean()
		.optional()
		.describe("false: the database can't keep up; `metrics` and `usage` must be sent again, later"),
	ecpuShares: z
		.array(z.object({ assignmentId: z.string(), perSecond: z.number() }))
		.optional()
		.describe(
			"how much of its cache's ECPU maximum each node's clients may use now: it follows their use, and is in force until the next one comes or the assignment has another maximum",
		),
});
