import { z } from "zod";
import { engineSchema, nodeRoleSchema, severitySchema } from "./enums.ts";
import { hostEngineSchema, hostNameSchema, zoneSchema } from "./host.ts";
import { nodeMetricsSchema } from "./metrics.ts";

/**
 * The agent protocol: the agent calls, over tRPC at /api/agent.
 *
 *   enrol(join token)            once; safe to repeat with the same agentId and credential
 *   watch(revision, notice)      the host's whole desired state once it passes `revision`, and notices after the one
 *                                given, whichever comes first; held up to 25 s
 *   report(batch)                what the host sees; acknowledged after it is stored, resent until then
 *   alert(ended, orders)         what can't wait for a report that is under way. Kept in memory alone: the next report
 *                                says it again
 *
 * `watch`, `report` and `alert` carry `Authorization: Bearer <credential>`. An answer of 401 means that this control plane
 * doesn't know the host: the agent leaves its engines as they are and keeps trying.
 */
export const AGENT_PROTOCOL_VERSION = 4;

export const hostFactsSchema = z.strictObject({
	agentVersion: z.string().max(64),
	bindAddress: z.ipv4().describe("engines listen here"),
	advertisedAddress: z.string().min(1).max(253).describe("what clients and other hosts are given"),
	cpus: z.int().min(1),
	memoryBytes: z.int().min(0).describe("offered to nodes"),
	bootId: z.string().max(64),
	engines: z
		.array(hostEngineSchema)
		.max(100)
		.describe("programs that can be started, haproxy for the gateway among them"),
	limits: z
		.enum(["cgroup-v2", "none"])
		.describe("whether the kernel holds nodes to their memory and processors"),
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

const clusterNodeIdSchema = z.string().regex(/^[0-9a-f]{40}$/);
const slotRangeSchema = z.object({ first: z.int(), last: z.int() });

/** The whole of a cluster (cluster mode enabled), as each of its nodes is told. */
export const clusterSchema = z.object({
	shards: z.array(
		z.object({
			slots: z.array(slotRangeSchema),
			/** Who is to lead, by the engine's own node id. */
			primary: clusterNodeIdSchema,
			members: z.array(z.object({ nodeId: clusterNodeIdSchema, host: z.string(), port: z.int() })),
		}),
	),
	/** Nodes that were members once: to be forgotten, should one still be known. */
	former: z.array(clusterNodeIdSchema).max(1_000),
});
export type Cluster = z.infer<typeof clusterSchema>;

/** One setting of the engine. `live` ones are applied to a running engine, others at its next start. */
export const engineParameterSchema = z.object({
	name: z.string().max(128),
	value: z.string().max(4_096),
	live: z.boolean(),
});
export type EngineParameter = z.infer<typeof engineParameterSchema>;

/**
 * One engine process that the host should run.
 * `generation` rises with every change; an observation echoes the one it has converged to.
 *
 * `role` is how a process is started, and whom a replica is to follow. It makes no primary of a running replica: only a
 * failover order does, a Sentinel, or the cluster's own vote. And it makes a replica of a running primary, or turns a
 * replica to another primary, only once that other says itself that it is one.
 *
 * Starting: an instance that has never run is started at once. One that ran and exited is started again
 *   - by the agent alone, with back-off, when `onExit` is `restart`;
 *   - only when `launchPermit` passes the permit it was last started under, when `onExit` is `report`
 *     (a primary whose replicas may hold the data: the control plane decides who leads first).
 */
export const assignmentSchema = z.object({
	id: z.string(),
	generation: z.int(),
	cacheId: z.string(),
	cacheName: z.string(),
	nodeName: z.string(),
	engine: engineSchema,
	engineVersion: z.string().describe("prefix: 9, 9.1 or 9.1.2; the newest that fits is run"),
	port: z.int(),
	role: z.discriminatedUnion("kind", [
		z.object({ kind: z.literal("primary") }),
		z.object({ kind: z.literal("replica"), of: z.object({ host: z.string(), port: z.int() }) }),
		z.object({ kind: z.literal("node") }), // Memcached
	]),
	cluster: clusterSchema
		.extend({ nodeId: clusterNodeIdSchema.describe("this node's own") })
		.nullable()
		.describe("null with cluster mode disabled"),
	onExit: z.enum(["restart", "report"]),
	launchPermit: z.int(),
	reboot: z
		.int()
		.describe("rises with every reboot that is asked for; the data of the node outlives it"),
	maxmemoryBytes: z.int().describe("for data"),
	memoryBytes: z.int().describe("of the node type: the limit of the process"),
	vcpus: z.int().describe("of the node type: threads, and the limit of the process"),
	parameters: z.array(engineParameterSchema).max(500),
	auth: z.object({
		clientPasswordSha256: z
			.string()
			.nullable()
			.describe("hex; null lets clients in without a password"),
		systemUsername: z.string(),
		systemPassword: z.string().describe("the agent's and the replicas' own user"),
		gatewayUsername: z.string(),
		gatewayPasswordSha256: z.string().describe("hex; may ask for role and health, nothing else"),
		sentinelUsername: z.string(),
		sentinelPasswordSha256: z.string().describe("hex; may do what a Sentinel needs, nothing else"),
	}),
});
export type Assignment = z.infer<typeof assignmentSchema>;

/**
 * A cache's stable endpoints, as the gateway of every host serves them. Ports are the same on all hosts; null where the
 * cache has no such endpoint.
 */
export const routeSchema = z.object({
	cacheId: z.string(),
	cacheName: z.string(),
	engine: engineSchema,
	ports: z.object({
		primary: z.int().nullable(),
		reader: z.int().nullable(),
		configuration: z.int().nullable(),
	}),
	servers: z.array(
		z.object({
			nodeId: z.string(),
			host: z.string(),
			port: z.int(),
			/** As far as the control plane knows. The gateway asks the engines all the same. */
			leads: z.boolean(),
		}),
	),
	/** What the gateway logs in as to ask for roles; null for Memcached. */
	check: z.object({ username: z.string(), password: z.string() }).nullable(),
	/** Memcached's auto discovery: nodes that are ready, in the order of their names. */
	discovery: z
		.object({
			version: z.int(),
			nodes: z.array(z.object({ host: z.string(), port: z.int() })),
		})
		.nullable(),
	/**
	 * The backstop of a cache with replicas and without cluster mode; null for others. The Sentinels of these hosts (ids)
	 * watch the server that leads, and fail over once `quorum` of them agree that it is gone.
	 */
	sentinel: z
		.object({
			hosts: z.array(z.string()),
			quorum: z.int(),
			username: z.string(),
			password: z.string(),
		})
		.nullable(),
});
export type Route = z.infer<typeof routeSchema>;

export const routeTableSchema = z.object({
	revision: z.int(),
	routes: z.array(routeSchema),
	sentinelPassword: z.string().describe("of the Sentinels' own doors, the same on all hosts"),
});
export type RouteTable = z.infer<typeof routeTableSchema>;

export const desiredStateSchema = z.object({
	revision: z.int(),
	epoch: z.int().describe("rises with each control plane that takes over; older ones are refused"),
	hostId: z.string(),
	assignments: z.array(assignmentSchema),
	unlocated: z
		.array(z.string())
		.describe(
			"assignments of a control plane that was restored from a backup and asks where its nodes are: " +
				"what this host has no trace of isn't started yet",
		),
	/** The whole route table; null when the agent holds the newest. */
	routeTable: routeTableSchema.nullable(),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

const memberSchema = z.object({
	nodeId: z.string(),
	clusterNodeId: clusterNodeIdSchema,
	name: z.string(),
	host: z.string(),
	port: z.int(),
});
export type FailoverMember = z.infer<typeof memberSchema>;

/**
 * Makes another node of a shard lead. Given to the host of the first candidate, whose agent carries it out: it reads the
 * roles and offsets of all candidates, and lets none lead if one already does or a Sentinel is at it.
 *
 *   planned    `from` is alive: it hands over to the first candidate without losing a write
 *   unplanned  `from` is dead or given up, or `silent` (then it must not answer the executing agent, and no candidate may
 *              have heard from it for two seconds): candidates drain, and the one with the best offset leads
 */
export const failoverOrderSchema = z.object({
	id: z.uuid(),
	cacheId: z.string(),
	cacheName: z.string(),
	kind: z.enum(["planned", "unplanned"]),
	clusterMode: z.enum(["disabled", "enabled"]),
	from: memberSchema,
	fromState: z.enum(["alive", "dead", "silent"]),
	candidates: z.array(memberSchema).min(1).max(6).describe("the likeliest first, on this host"),
	takeover: z
		.boolean()
		.describe("cluster mode: without a vote, since no majority of primaries is left to cast one"),
	sentinels: z
		.array(z.object({ host: z.string(), port: z.int() }))
		.describe("that may be failing over by themselves"),
});
export type FailoverOrder = z.infer<typeof failoverOrderSchema>;

/** What can't wait for the desired state. Kept for some seconds in the control plane's memory; safe to be told twice. */
export const noticeSchema = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("failover"), seq: z.int(), order: failoverOrderSchema }),
	/** Gateways: this node leads now. The route table says so a moment later. */
	z.object({
		kind: z.literal("leader"),
		seq: z.int(),
		cacheId: z.string(),
		nodeId: z.string(),
	}),
	/** A primary that doesn't answer, and is to be replaced: kill this very process, so that it can't come back to life. */
	z.object({
		kind: z.literal("end-hung"),
		seq: z.int(),
		assignmentId: z.string(),
		pid: z.int(),
	}),
]);
export type Notice = z.infer<typeof noticeSchema>;

export const watchInputSchema = z.strictObject({
	protocol: z.literal(AGENT_PROTOCOL_VERSION),
	revision: z.int().min(-1).describe("the newest held; -1 for none"),
	epoch: z.int().min(-1),
	routeRevision: z.int().min(-1).describe("of the route table that is held; -1 for none"),
	notice: z.int().min(-1).describe("seq of the newest notice of that epoch; -1 for none"),
});
/** `null` when nothing changed within the long poll. Notices don't wait for a desired state, which is null then. */
export const watchResultSchema = z
	.object({
		epoch: z.int(),
		desired: desiredStateSchema.nullable(),
		notices: z.array(noticeSchema),
	})
	.nullable();
export type WatchResult = z.infer<typeof watchResultSchema>;

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
		"exited",
		"unreachable",
		"disk",
		// Its files are gone, and with them who it is in its cluster: another node has to take its place.
		"identity-lost",
	]),
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
	/** What the engine itself shows of its cluster; null with cluster mode disabled. */
	cluster: z
		.object({
			nodeId: clusterNodeIdSchema,
			ok: z.boolean().describe("the engine's own word: all slots served by nodes in reach"),
			view: z.string().max(64).describe("sha256 of clusterViewText of CLUSTER SLOTS, in hex"),
			primaryNodeId: clusterNodeIdSchema.nullable().describe("a replica's primary"),
			slots: z.string().describe("own slots, such as 0-5460; empty for none"),
		})
		.nullable(),
});

export const observationSchema = z.object({
	assignmentId: z.string(),
	generation: z.int().describe("newest generation that the instance has converged to; -1 for none"),
	phase: instancePhaseSchema,
	reason: instanceReasonSchema.nullable(),
	pid: z.int().nullable(),
	startedAt: z.iso.datetime().nullable(),
	silentSince: z.iso
		.datetime()
		.nullable()
		.describe(
			"since when its process runs without answering; null while it answers or doesn't run",
		),
	launchPermit: z.int().describe("permit under which it was last started; -1 for never"),
	restarts: z.int(),
	port: z.int().describe("that it listens on, or is about to as far as the agent knows"),
	reboot: z.int().describe("newest reboot that was carried out; -1 for never started"),
	/** Parameters whose wanted value the running engine hasn't got, by name: they wait for a reboot. */
	pendingParameters: z.array(z.string()).max(500),
	engineState: engineStateSchema.nullable(),
});
export type Observation = z.infer<typeof observationSchema>;

/** What a host runs, and leaves alone because a control plane that was restored from a backup doesn't know it. */
export const setAsideSchema = z.object({
	assignmentId: z.string(),
	directory: z.string().max(4_096),
	pid: z.int().nullable(),
	/** What it was when somebody knew it; null after a restart of the agent. */
	was: z.object({ cacheId: z.string(), nodeName: z.string(), port: z.int() }).nullable(),
});
export type SetAside = z.infer<typeof setAsideSchema>;

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

/** How the host's gateway is. `off`: no HAProxy can be had here, `reason` says why. */
export const gatewayObservationSchema = z.object({
	phase: z.enum(["off", "starting", "running", "failed"]),
	version: z.string().max(64).nullable(),
	reason: z.string().max(2_000).nullable(),
	routeRevision: z.int().describe("of the route table that is in force; -1 for none"),
	routes: z
		.array(
			z.object({
				cacheId: z.string(),
				/** Each endpoint that the cache has leads to an engine that answers as it should. */
				ready: z.boolean(),
				problem: z
					.object({ code: z.enum(["port-taken", "failed"]), message: z.string().max(500) })
					.nullable(),
			}),
		)
		.max(10_000),
});
export type GatewayObservation = z.infer<typeof gatewayObservationSchema>;

/** How the host's Sentinel is. `off`: it has nothing to watch, or can't be had here, as `reason` says. */
export const sentinelObservationSchema = z.object({
	phase: z.enum(["off", "starting", "running", "failed"]),
	version: z.string().max(64).nullable(),
	reason: z.string().max(2_000).nullable(),
	port: z.int().nullable(),
	caches: z
		.array(
			z.object({
				cacheId: z.string(),
				primary: z.object({ host: z.string(), port: z.int() }).describe("whom it holds to lead"),
				peers: z.int().describe("other Sentinels that it knows to watch the cache"),
				failoverUnderWay: z.boolean(),
			}),
		)
		.max(10_000),
});
export type SentinelObservation = z.infer<typeof sentinelObservationSchema>;

/**
 * What became of a failover order.
 *   done     `leaderNodeId` leads, whether or not this order made it
 *   refused  not carried out, for a reason that may go away: `from` answers, or a Sentinel is at it
 *   failed   begun and not brought to an end
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
	setAside: z.array(setAsideSchema).max(2_000).describe("whether changed or not"),
	gateway: gatewayObservationSchema
		.nullable()
		.describe("null when unchanged since the last report"),
	sentinel: sentinelObservationSchema
		.nullable()
		.describe("null when unchanged since the last report"),
	orders: z.array(orderResultSchema).max(100).describe("that have ended since the last report"),
	events: z.array(hostEventSchema).max(500),
	metrics: z.array(metricsSampleSchema).max(2_000),
});
export type ReportInput = z.infer<typeof reportInputSchema>;

export const alertInputSchema = z.strictObject({
	protocol: z.literal(AGENT_PROTOCOL_VERSION),
	ended: z.array(observationSchema).max(2_000).describe("instances whose process has just ended"),
	orders: z.array(orderResultSchema).max(100),
});
export type AlertInput = z.infer<typeof alertInputSchema>;
export const alertResultSchema = z.object({ accepted: z.literal(true) });

export const reportResultSchema = z.object({
	accepted: z.literal(true),
	heartbeatMs: z.int().min(100).describe("to the next report, if there is no news before"),
});
