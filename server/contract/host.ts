import { z } from "zod";
import { hostStatusSchema, nodeRoleSchema, severitySchema } from "./enums.ts";
import { LIMITS } from "./limits.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";

const label = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

export const hostNameSchema = z
	.string()
	.min(1)
	.max(63)
	.regex(
		label,
		"a host name holds only lowercase letters, digits, dots and hyphens, and begins and ends with a letter or digit",
	);

export const zoneSchema = z
	.string()
	.min(1)
	.max(63)
	.regex(
		label,
		"a zone holds only lowercase letters, digits, dots and hyphens, and begins and ends with a letter or digit",
	);

export const hostEngineSchema = z.object({
	engine: z.string(),
	version: z.string(),
	source: z.enum(["bundle", "path"]),
});

/** What forwards connections to endpoints on a host. */
export const forwardingSchema = z.object({
	by: z
		.enum(["kernel", "haproxy"])
		.describe("kernel: the kernel forwards what it can, and HAProxy forwards the rest"),
	note: z
		.string()
		.max(2_000)
		.nullable()
		.describe(
			"why HAProxy forwards some or all endpoints; null if the kernel forwards all of them, or isn't meant to",
		),
});
export type Forwarding = z.infer<typeof forwardingSchema>;

/** Whether the cluster bus of a host's nodes is closed to machines that have no member of the cluster. */
export const clusterBusGuardSchema = z.object({
	closed: z.boolean(),
	note: z.string().max(2_000).nullable().describe("why it is open; null if it is closed"),
});
export type ClusterBusGuard = z.infer<typeof clusterBusGuardSchema>;

/** Something about a machine or its agent that people should change. It disappears once they have. */
export const hostWarningSchema = z.object({
	code: z.string().max(64).describe("such as disk-full or agent-upgrade"),
	severity: severitySchema,
	title: z.string().max(64).describe("a short form for lists"),
	message: z.string().max(2_000).describe("what it means for the caches on this host"),
	remedy: z.string().max(2_000).describe("what to do"),
	command: z.string().max(500).nullable().describe("a command that fixes it until the next boot"),
});
export type HostWarning = z.infer<typeof hostWarningSchema>;

export const hostSchema = z.object({
	id: z.string(),
	name: z.string(),
	zone: z.string(),
	address: z.string().describe("the address that clients use"),
	status: hostStatusSchema,
	statusReason: z
		.string()
		.nullable()
		.describe(
			"during a drain or after a loss: what Larder is doing with its nodes, or why they can't leave",
		),
	lastSeenAt: z.string().nullable(),
	clockAheadMs: z
		.number()
		.nullable()
		.describe(
			"how far its clock is ahead of the control plane's; negative if behind, null while the host is offline",
		),
	clockWarning: z.string().nullable().describe("what a wrong clock means, and what to do"),
	warnings: z
		.array(hostWarningSchema)
		.describe(
			"warnings about its machine and its agent's version; empty while the host is offline",
		),
	joinedAt: z.string(),
	agentVersion: z.string(),
	cpus: z.number(),
	memoryBytes: z.number().describe("memory that the agent offers to nodes"),
	memoryAssignedBytes: z.number(),
	cpuMillisAssigned: z.number().describe("thousandths of a processor that its nodes take up"),
	limits: z
		.enum(["cgroup-v2", "cgroup-v1", "none"])
		.describe(
			"how the kernel limits nodes to their size: cgroup-v2 limits memory and processors, cgroup-v1 only memory",
		),
	gateway: z.object({
		status: z.enum(["off", "starting", "running", "failed", "unknown"]),
		reason: z.string().nullable(),
		forwarding: forwardingSchema.nullable().describe("null while unknown"),
	}),
	sentinel: z.object({
		status: z.enum(["off", "starting", "running", "failed", "unknown"]),
		reason: z.string().nullable(),
	}),
	clusterBus: clusterBusGuardSchema
		.nullable()
		.describe("null while it isn't known, and without a node of a cluster"),
	cordoned: z.boolean().describe("Larder places no new nodes on it"),
	draining: z.boolean().describe("Larder is moving its nodes to other hosts"),
	stuckNodes: z
		.array(z.object({ node: z.string(), reason: z.string() }))
		.describe(
			"during a drain or after a loss: nodes that no other host could take at the last attempt",
		),
	lost: z
		.boolean()
		.describe("silent for too long, or declared lost: Larder replaces its nodes on other hosts"),
	nodeCount: z.number(),
	engines: z.array(hostEngineSchema),
});
export type Host = z.infer<typeof hostSchema>;

export const listHostsInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
	zone: zoneSchema.optional(),
	status: hostStatusSchema.optional(),
});
export const hostPageSchema = pageOf(hostSchema).extend({ total: z.number() });

export const drainPreviewSchema = z.object({
	host: z.string(),
	nodes: z
		.array(
			z.object({
				cache: z.string(),
				node: z.string().describe("member name, such as orders-001"),
				role: nodeRoleSchema,
				to: z.string().nullable().describe("host that it would move to now; null if there is none"),
				reason: z.string().nullable().describe("why no host can take it; null if one can"),
				remedy: z.string().nullable().describe("what would let it move; null if it can"),
				losesData: z.boolean().describe("it starts empty there, as Memcached does"),
			}),
		)
		.describe("nodes that a drain would move"),
});
export type DrainPreview = z.infer<typeof drainPreviewSchema>;

export const hostRefSchema = z.strictObject({ name: hostNameSchema });

export const removeHostInputSchema = hostRefSchema.extend({
	lost: z
		.stringbool()
		.or(z.boolean())
		.default(false)
		.describe("the host won't come back: Larder gives up the data that only it holds"),
});

export const createJoinTokenInputSchema = z.strictObject({
	expiresInHours: z.coerce
		.number()
		.int()
		.min(1, `expiresInHours must be 1 to ${LIMITS.joinTokenHoursMax}`)
		.max(LIMITS.joinTokenHoursMax, `expiresInHours must be 1 to ${LIMITS.joinTokenHoursMax}`)
		.default(1),
	uses: z.coerce
		.number()
		.int()
		.min(1, `uses must be 1 to ${LIMITS.joinTokenUsesMax}`)
		.max(LIMITS.joinTokenUsesMax, `uses must be 1 to ${LIMITS.joinTokenUsesMax}`)
		.default(1)
		.describe("how many hosts may join with it"),
});
export const joinTokenSchema = z.object({
	id: z.string(),
	prefix: z.string().describe("first characters, to tell tokens apart"),
	status: z
		.enum(["active", "used", "expired", "revoked"])
		.describe("used: as many hosts as allowed have joined with it"),
	uses: z.number().describe("hosts that have joined with it"),
	maxUses: z.number(),
	hosts: z
		.array(z.string())
		.describe("names of hosts that joined with it and are still in the fleet"),
	createdAt: z.string(),
	createdBy: z.string(),
	expiresAt: z.string(),
	revokedAt: z.string().nullable(),
});
export type JoinToken = z.infer<typeof joinTokenSchema>;
export const createdJoinTokenSchema = joinTokenSchema.extend({
	token: z.string().describe("shown once"),
	command: z.string().describe("what to run on the new host"),
	steps: z
		.array(z.object({ text: z.string(), command: z.string().nullable() }))
		.describe("every step on a fresh machine; the last one is the command above"),
	reachWarning: z
		.string()
		.nullable()
		.describe("why another machine can't use the address in the command, and what to do"),
});
export type CreatedJoinToken = z.infer<typeof createdJoinTokenSchema>;

export const listJoinTokensInputSchema = z.strictObject({
	limit: limitSchema,
	cursor: cursorSchema.optional(),
});
export const joinTokenPageSchema = pageOf(joinTokenSchema);

export const joinTokenRefSchema = z.strictObject({ id: z.string().min(1).max(64) });
