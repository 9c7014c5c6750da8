import { z } from "zod";

export const engineSchema = z.enum(["valkey", "redis", "memcached"]);
export type Engine = z.infer<typeof engineSchema>;

export const cacheKindSchema = z.enum(["provisioned"]);
export const clusterModeSchema = z.enum(["disabled", "enabled"]);
export type ClusterMode = z.infer<typeof clusterModeSchema>;
export const authModeSchema = z.enum(["password", "none"]);

/**
 *   creating ──> available <──> modifying <──> degraded <──> unavailable
 *      └──────────────┴─────────────┴────────────┴──────────────┴──> deleting ──> (gone)
 *
 * modifying: a change that somebody asked for is being carried out (reboots, parameters).
 * degraded: the primary serves, but a replica is missing or out of sync.
 * unavailable: no primary serves.
 */
export const cacheStatusSchema = z.enum([
	"creating",
	"available",
	"modifying",
	"degraded",
	"unavailable",
	"deleting",
]);
export type CacheStatus = z.infer<typeof cacheStatusSchema>;

export const nodeStatusSchema = z.enum([
	"creating",
	"available",
	"syncing",
	"rebooting",
	"restarting",
	"failed",
	"deleting",
	"unknown",
]);
export type NodeStatus = z.infer<typeof nodeStatusSchema>;

/** `node`: Memcached has neither primaries nor replicas. */
export const nodeRoleSchema = z.enum(["primary", "replica", "node"]);
export type NodeRole = z.infer<typeof nodeRoleSchema>;

/** `waiting` means blocked on a cause that `statusReason` names; the step goes on by itself once it is gone. */
export const stepStateSchema = z.enum(["pending", "running", "waiting", "done"]);
export type StepState = z.infer<typeof stepStateSchema>;

export const hostStatusSchema = z.enum(["online", "offline"]);
export type HostStatus = z.infer<typeof hostStatusSchema>;

export const severitySchema = z.enum(["info", "warning", "error"]);
export type Severity = z.infer<typeof severitySchema>;
