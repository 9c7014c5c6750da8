import type { AcceleratorView } from "../accelerator.ts";
import type { Cache, CacheNode, Failover } from "../cache-view.ts";
import type { Host } from "../host.ts";
import type { Snapshot } from "../snapshot.ts";

/** Complete API answers; a test overrides what matters to it. */

export function exampleHost(overrides: Partial<Host> = {}): Host {
	return {
		id: "1",
		name: "h1",
		zone: "a",
		address: "127.0.0.1",
		status: "online",
		statusReason: null,
		lastSeenAt: null,
		clockAheadMs: 0,
		clockWarning: null,
		warnings: [],
		joinedAt: "2026-01-01T00:00:00.000Z",
		agentVersion: "1",
		cpus: 2,
		memoryBytes: 1,
		memoryAssignedBytes: 0,
		cpuMillisAssigned: 0,
		limits: "none",
		gateway: { status: "running", reason: null, forwarding: { by: "kernel", note: null } },
		sentinel: { status: "off", reason: null },
		clusterBus: null,
		cordoned: false,
		draining: false,
		stuckNodes: [],
		lost: false,
		nodeCount: 2,
		engines: [],
		...overrides,
	};
}

export function exampleNode(id: string, overrides: Partial<CacheNode> = {}): CacheNode {
	return {
		id,
		role: "primary",
		zone: "a",
		host: "h1",
		address: "127.0.0.1",
		port: 17_000,
		pid: 10,
		status: "available",
		statusReason: null,
		inSync: true,
		pendingParameters: [],
		move: null,
		clientLimit: null,
		metrics: null,
		...overrides,
	};
}

export function exampleCache(overrides: Partial<Cache> = {}): Cache {
	return {
		name: "orders",
		kind: "provisioned",
		engine: "valkey",
		engineVersion: "9.1.2",
		status: "available",
		statusReason: null,
		progress: [],
		operation: null,
		pendingChanges: null,
		maintenanceWindow: "sun:05:00-sun:06:00",
		nodeType: "cache.t4g.micro",
		clusterMode: "disabled",
		shardCount: 1,
		replicasPerShard: 1,
		nodeCount: 2,
		zones: null,
		multiAz: false,
		multiAzStatus: "disabled",
		multiAzReason: null,
		automaticFailover: true,
		lastFailover: null,
		port: 6379,
		endpoints: {
			primary: { host: "127.0.0.1", port: 6379 },
			reader: { host: "127.0.0.1", port: 6380 },
			configuration: null,
			gateways: ["127.0.0.1"],
			nodes: [],
			names: null,
		},
		shards: [{ id: "0001", slots: null, replicas: 0, nodes: [exampleNode("orders-001")] }],
		auth: { mode: "password", username: "default" },
		parameterGroup: { name: "default.valkey9", status: "in-sync" },
		protocol: null,
		limits: null,
		usage: null,
		capacity: null,
		evictionPolicy: null,
		scaleToZero: null,
		sleep: null,
		deletionProtection: true,
		finalSnapshotRequired: false,
		snapshotRetentionDays: 0,
		snapshotWindow: "03:00-04:00",
		persistence: "none",
		hourlyCost: 0.0158,
		tags: {},
		description: "",
		createdAt: "2026-01-01T00:00:00.000Z",
		availableAt: null,
		...overrides,
	};
}

export function exampleFailover(overrides: Partial<Failover> = {}): Failover {
	return {
		at: "2026-01-01T00:00:01.000Z",
		kind: "planned",
		shard: "0001",
		from: "orders-001",
		to: "orders-002",
		fromHost: "h1",
		toHost: "h2",
		by: "control-plane",
		cause: "requested",
		writesUnavailableMs: 12,
		...overrides,
	};
}

export function exampleSnapshot(overrides: Partial<Snapshot> = {}): Snapshot {
	return {
		name: "before-release",
		kind: "manual",
		cache: "orders",
		status: "available",
		statusReason: null,
		percent: 100,
		progress: null,
		awaitsUpload: false,
		store: "local",
		directory: "snapshots/1",
		engine: "valkey",
		engineVersion: "8.1.4",
		cacheKind: "provisioned",
		clusterMode: "disabled",
		nodeType: "cache.t4g.micro",
		replicasPerShard: 1,
		parameterGroup: "default.valkey8",
		parameters: {},
		persistence: "none",
		shards: [],
		keys: 0,
		bytes: 0,
		spreadMs: 0,
		dataBytes: null,
		tags: {},
		createdAt: "2026-01-01T00:00:00.000Z",
		availableAt: "2026-01-01T00:00:01.000Z",
		expiresAt: null,
		...overrides,
	};
}

export function exampleAccelerator(overrides: Partial<AcceleratorView> = {}): AcceleratorView {
	return {
		name: "shop",
		cache: "orders",
		upstream: { endpoint: "http://127.0.0.1:8000", region: "us-east-1", accessKeyId: null },
		itemTtlSeconds: 300,
		queryTtlSeconds: 60,
		status: "available",
		statusReason: null,
		endpoint: { host: "10.0.0.1", port: 6400 },
		alternateHosts: [],
		instancesWanted: 2,
		instances: [],
		metrics: {
			...{ itemHits: 0, itemMisses: 0, queryHits: 0, queryMisses: 0, hitRate: null },
			...{ writes: 0, passed: 0, failed: 0, upstreamCalls: 0, upstreamCallsSaved: 0 },
			...{ readUnitsSaved: 0, moneySaved: 0, currency: "USD" },
			latencyMs: { hit: null, miss: null, write: null },
		},
		createdAt: "2026-01-01T00:00:00.000Z",
		...overrides,
	};
}
