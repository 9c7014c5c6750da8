import { z } from "zod";
import { engineSchema } from "./enums.ts";

/**
 * A cache's stable endpoints, as the gateways of the hosts that serve it open them. Ports are the same on all hosts; null
 * where the cache has no such endpoint.
 */
export const routeSchema = z.object({
	cacheId: z.string(),
	cacheName: z.string(),
	engine: engineSchema,
	ports: z.object({
		primary: z.int32().nullable(),
		reader: z.int32().nullable(),
		configuration: z.int32().nullable(),
	}),
	servers: z.array(
		z.object({
			nodeId: z.string(),
			host: z.string(),
			port: z.int32(),
			/** As far as the control plane knows. The gateway asks the engines all the same. */
			leads: z.boolean(),
			/** False: clients that any node can serve are sent to other nodes. */
			reads: z.boolean().optional(),
			/** A replica that copies its data. Once it is in sync, which the gateway's checks notice, it will read. */
			arrives: z.boolean().optional(),
		}),
	),
	/**
	 * Seconds of silence after which a connection's other end is probed, on both sides of the gateway; 0 for
	 * never.
	 */
	tcpKeepaliveSeconds: z.int32().min(0).default(300),
	/** The cache may sleep: clients that find no node are kept waiting, and the control plane hears of them. */
	wakes: z.boolean().optional(),
	/** It sleeps now. */
	asleep: z.boolean().optional(),
	/** An accelerator's: its servers speak HTTP. Agents make such routes; control planes send endpoints instead. */
	http: z.boolean().optional(),
	/** The gateway's login for asking nodes for their roles; null for Memcached. */
	check: z.object({ username: z.string(), password: z.string() }).nullable(),
	/** Memcached's auto discovery: nodes that are ready, in the order of their names. */
	discovery: z
		.object({
			version: z.int32(),
			nodes: z.array(z.object({ host: z.string(), port: z.int32() })),
		})
		.nullable(),
	/**
	 * The backstop of a cache with replicas and without cluster mode; null for others. The Sentinels of these
	 * hosts (ids) watch the primary, and fail over once `quorum` of them agree that it is gone.
	 */
	sentinel: z
		.object({
			hosts: z.array(z.string()),
			quorum: z.int32(),
			username: z.string(),
			password: z.string(),
		})
		.nullable(),
});
export type Route = z.infer<typeof routeSchema>;

export const routeTableSchema = z.object({
	revision: z.int32(),
	routes: z.array(routeSchema),
	sentinelPassword: z.string().describe("of the Sentinels' own ports, the same on all hosts"),
});
export type RouteTable = z.infer<typeof routeTableSchema>;

/** What differs from the routes that the agent said it holds. */
export const routeChangesSchema = z.object({
	revision: z.int32().describe("of the routes with these changes"),
	whole: z.boolean().describe("these are all routes of the host: it drops what it holds"),
	routes: z.array(routeSchema).describe("new or changed"),
	gone: z.array(z.string()).describe("ids of caches that the host no longer serves"),
	sentinelPassword: z.string().describe("as in the route table"),
});
export type RouteChanges = z.infer<typeof routeChangesSchema>;
