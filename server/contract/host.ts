import { z } from "zod";
import { hostStatusSchema } from "./enums.ts";
import { cursorSchema, limitSchema, pageOf } from "./pagination.ts";

const label = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

export const hostNameSchema = z
	.string()
	.min(1)
	.max(63)
	.regex(label, "a host name holds lower-case letters, digits, dots and hyphens");

export const zoneSchema = z
	.string()
	.min(1)
	.max(63)
	.regex(label, "a zone holds lower-case letters, digits, dots and hyphens");

export const hostEngineSchema = z.object({
	engine: z.string(),
	version: z.string(),
	source: z.enum(["bundle", "path"]),
});

export const hostSchema = z.object({
	id: z.string(),
	name: z.string(),
	zone: z.string(),
	address: z.string().describe("what clients are given"),
	status: hostStatusSchema,
	statusReason: z
		.string()
		.nullable()
		.describe("of a drain or a loss: what is being done about its nodes, or keeps them there"),
	lastSeenAt: z.string().nullable(),
	joinedAt: z.string(),
	agentVersion: z.string(),
	cpus: z.number(),
	memoryBytes: z.number().describe("memory that the agent offers to nodes"),
	memoryAssignedBytes: z.number(),
	cpuMillisAssigned: z.number().describe("thousandths of a processor that its nodes count for"),
	limits: z
		.enum(["cgroup-v2", "none"])
		.describe("whether the kernel holds nodes to their memory and processors"),
	gateway: z.object({
		status: z.enum(["off", "starting", "running", "failed", "unknown"]),
		reason: z.string().nullable(),
	}),
	sentinel: z.object({
		status: z.enum(["off", "starting", "running", "failed", "unknown"]),
		reason: z.string().nullable(),
	}),
	cordoned: z.boolean().describe("takes no new nodes"),
	draining: z.boolean().describe("its nodes are being moved to other hosts"),
	lost: z
		.boolean()
		.describe("silent for so long, or declared lost, that others take its nodes' places"),
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

export const hostRefSchema = z.strictObject({ name: hostNameSchema });

export const removeHostInputSchema = hostRefSchema.extend({
	lost: z
		.stringbool()
		.or(z.boolean())
		.default(false)
		.describe("it won't come back: what only it holds is given up"),
});

export const createJoinTokenInputSchema = z.strictObject({
	expiresInHours: z.coerce.number().int().min(1).max(720).default(24),
});
export const joinTokenSchema = z.object({
	token: z.string().describe("shown once"),
	expiresAt: z.string(),
	command: z.string().describe("what to run on the new host"),
});
