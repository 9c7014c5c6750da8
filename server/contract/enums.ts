import { z } from "zod";
import {
	CACHE_KINDS,
	CACHE_STATUSES,
	ENGINES,
	EVICTION_POLICIES,
	PROTOCOLS,
	SCALING_TRIGGERS,
	SEVERITIES,
} from "./choices.ts";

export const engineSchema = z.enum(ENGINES);
export type Engine = z.infer<typeof engineSchema>;

export const cacheKindSchema = z.enum(CACHE_KINDS);
export type CacheKind = z.infer<typeof cacheKindSchema>;
export const protocolSchema = z.enum(PROTOCOLS);
export type Protocol = z.infer<typeof protocolSchema>;
export const evictionPolicySchema = z.enum(EVICTION_POLICIES);
export type EvictionPolicy = z.infer<typeof evictionPolicySchema>;
export const scalingTriggerSchema = z.enum(SCALING_TRIGGERS);
export type ScalingTrigger = z.infer<typeof scalingTriggerSchema>;
export const clusterModeSchema = z.enum(["disabled", "enabled"]);
export type ClusterMode = z.infer<typeof clusterModeSchema>;
export const authModeSchema = z.enum(["password", "none"]);

export const cacheStatusSchema = z.enum(CACHE_STATUSES);
export type CacheStatus = z.infer<typeof cacheStatusSchema>;

export const nodeStatusSchema = z.enum([
	"creating",
	"available",
	"syncing",
	"rebooting",
	"restarting",
	"asleep",
	"failed",
	"deleting",
	"unknown",
]);
export type NodeStatus = z.infer<typeof nodeStatusSchema>;

/** `node`: Memcached has neither primaries nor replicas. */
export const nodeRoleSchema = z.enum(["primary", "replica", "node"]);
export type NodeRole = z.infer<typeof nodeRoleSchema>;

/** `waiting` means blocked by the cause in `statusReason`; the step continues by itself once that is gone. */
export const stepStateSchema = z.enum(["pending", "running", "waiting", "done"]);
export type StepState = z.infer<typeof stepStateSchema>;

export const hostStatusSchema = z.enum(["online", "offline"]);
export type HostStatus = z.infer<typeof hostStatusSchema>;

export const severitySchema = z.enum(SEVERITIES);
export type Severity = z.infer<typeof severitySchema>;
