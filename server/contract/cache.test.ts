import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCacheInputSchema } from "./create-cache.ts";

const fieldsAtFault = (input: unknown) => {
	const result = createCacheInputSchema.safeParse(input);
	return result.success ? [] : result.error.issues.map((issue) => issue.path.join("."));
};

describe("a create request", () => {
	it("needs no more than a name", () => {
		expect(createCacheInputSchema.parse({ name: "Orders" })).toEqual({
			name: "orders",
			kind: "provisioned",
			engine: "valkey",
			nodeType: "cache.t4g.micro",
			shards: 1,
			replicasPerShard: 0,
			nodes: null,
			multiAz: false,
			protocol: null,
			limits: null,
			evictionPolicy: null,
			deletionProtection: false,
			snapshotRetentionDays: 0,
			persistence: "none",
			asked: {},
			auth: "password",
			tags: {},
			description: "",
		});
	});

	it("takes Memcached's nodes in place of shards and replicas, and no password", () => {
		const spec = createCacheInputSchema.parse({ name: "a", engine: "memcached", nodes: 3 });
		expect(spec).toMatchObject({ nodes: 3, shards: 1, replicasPerShard: 0, auth: "none" });
	});

	it.each(["", "1a", "-a", "a-", "a--b", "a_b", "ä", "a b", "a".repeat(41), "a\n", 5, null])(
		"refuses the name %j",
		(name) => {
			expect(fieldsAtFault({ name })).toContain("name");
		},
	);

	it.each([
		[{ multiAz: true }, "multiAz"],
		[{ automaticFailover: true }, "automaticFailover"],
		[{ multiAz: true, replicasPerShard: 1, automaticFailover: false }, "automaticFailover"],
		[{ replicasPerShard: 6 }, "replicasPerShard"],
		[{ shards: 2 }, "shards"],
		[{ port: 80 }, "port"],
		[{ engineVersion: "latest" }, "engineVersion"],
		[{ nodeType: "huge" }, "nodeType"],
		[{ clusterMode: "enabled", shards: 501 }, "shards"],
		[{ clusterMode: "disabled", shards: 2 }, "shards"],
		[{ clusterMode: "enabled", automaticFailover: false }, "automaticFailover"],
		[{ clusterMode: "enabled", shards: 2, slots: ["0-16383"] }, "slots"],
		[{ clusterMode: "enabled", shards: 2, slots: ["0-99", "101-16383"] }, "slots"],
		[{ clusterMode: "enabled", shards: 2, slots: ["0-100", "100-16383"] }, "slots"],
		[{ clusterMode: "enabled", slots: ["0-16384"] }, "slots"],
		[{ nodes: 2 }, "nodes"],
		[{ engine: "memcached", shards: 1 }, "shards"],
		[{ engine: "memcached", replicasPerShard: 1 }, "replicasPerShard"],
		[{ engine: "memcached", clusterMode: "enabled" }, "clusterMode"],
		[{ engine: "memcached", automaticFailover: true }, "automaticFailover"],
		[{ engine: "memcached", auth: "password" }, "auth"],
		[{ engine: "memcached", multiAz: true }, "multiAz"],
		[{ engine: "memcached", nodes: 41 }, "nodes"],
		[{ engine: "memcached", nodes: 2, multiAz: true, zones: ["a"] }, "zones"],
		[{ multiAz: true, replicasPerShard: 1, zones: ["a", "a"] }, "zones"],
		[{ tags: { "": "x" } }, "tags."],
		[{ description: "x".repeat(256) }, "description"],
	])("names the field at fault in %j", (extra, field) => {
		expect(fieldsAtFault({ name: "a", ...extra })).toContain(field);
	});

	it("takes a name and a kind for a serverless cache, and leaves its size to Larder", () => {
		const spec = createCacheInputSchema.parse({ name: "a", kind: "serverless" });
		expect(spec).toMatchObject({
			...{ protocol: "cluster", clusterMode: "enabled", evictionPolicy: "volatile-lru" },
			...{ shards: 1, replicasPerShard: 1, automaticFailover: true, nodeType: "serverless" },
			limits: { dataStorageGb: { min: null, max: null }, ecpuPerSecond: { min: null, max: null } },
		});
		const standard = { name: "a", kind: "serverless", protocol: "standard" };
		expect(createCacheInputSchema.parse(standard)).toMatchObject({ clusterMode: "disabled" });
	});

	it.each([
		[{ nodeType: "cache.m7g.large" }, "nodeType"],
		[{ shards: 1 }, "shards"],
		[{ replicasPerShard: 1 }, "replicasPerShard"],
		[{ slots: ["0-16383"] }, "slots"],
		[{ nodes: 1 }, "nodes"],
		[{ clusterMode: "enabled" }, "clusterMode"],
		[{ multiAz: true }, "multiAz"],
		[{ automaticFailover: true }, "automaticFailover"],
		[{ parameterGroup: "default.valkey9" }, "parameterGroup"],
		[{ engine: "memcached", protocol: "standard" }, "protocol"],
		[{ engine: "memcached", evictionPolicy: "allkeys-lru" }, "evictionPolicy"],
		[{ engine: "memcached", nodes: 3 }, "nodes"],
		[{ evictionPolicy: "newest" }, "evictionPolicy"],
		[{ protocol: "resp" }, "protocol"],
		[{ limits: { dataStorageGb: { max: 5_001 } } }, "limits.dataStorageGb.max"],
		[{ limits: { dataStorageGb: { min: 1.5 } } }, "limits.dataStorageGb.min"],
		[{ limits: { dataStorageGb: { min: 3, max: 2 } } }, "limits.dataStorageGb"],
		[{ limits: { ecpuPerSecond: { max: 999 } } }, "limits.ecpuPerSecond.max"],
	])("names the field of a serverless cache at fault in %j", (extra, field) => {
		expect(fieldsAtFault({ name: "a", kind: "serverless", ...extra })).toContain(field);
	});

	it("gives a provisioned cache nothing of a serverless one", () => {
		const extra = { protocol: "standard", limits: {}, evictionPolicy: "noeviction" };
		expect(fieldsAtFault({ name: "a", ...extra })).toEqual(Object.keys(extra));
	});

	it("refuses a limit with ElastiCache's message, and takes 0 for none", () => {
		const limits = (max: number) => ({
			...{ name: "a", kind: "serverless", limits: { ecpuPerSecond: { max } } },
		});
		const result = createCacheInputSchema.safeParse(limits(5));
		expect(result.error?.issues[0]?.message).toBe(
			"Invalid value for ECPUPerSecond limit. Must be between 1000 and 15000000. You can set the value to zero to remove the limit.",
		);
		expect(createCacheInputSchema.parse(limits(0)).limits?.ecpuPerSecond.max).toBeNull();
	});

	it("refuses fields that it doesn't know", () => {
		expect(createCacheInputSchema.safeParse({ name: "a", replicas: 2 }).success).toBe(false);
	});

	it("never throws, whatever it is given", () => {
		fc.assert(
			fc.property(fc.anything(), (input) => {
				createCacheInputSchema.safeParse(input);
			}),
			{ numRuns: 2_000 },
		);
	});
});
