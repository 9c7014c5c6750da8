import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PERSISTENCES } from "../../../../server/contract/choices.ts";
import { createCacheInputSchema } from "../../../../server/contract/create-cache.ts";
import {
	cacheKindSchema,
	engineSchema,
	evictionPolicySchema,
	protocolSchema,
} from "../../../../server/contract/enums.ts";
import { exampleSnapshot } from "../../../../server/contract/testing/examples.ts";
import { issuesByPath } from "../../../_lib/form-issues.ts";
import { tagProblem } from "../tags.ts";
import { toCliCommand, toCliWords, toCurlCommand } from "./as-code.ts";
import { describeChoice } from "./describe-choice.ts";
import {
	type Draft,
	EMPTY_DRAFT,
	type FleetFacts,
	failoverLock,
	hasMultiAz,
	multiAzObstacle,
	toRequest,
} from "./draft.ts";
import { applyPurpose, PURPOSE_LIST, readStart, withKind } from "./purposes.ts";
import { restoreDraft } from "./restore-draft.ts";
import { draftFieldAt } from "./use-create-rules.ts";

const FLEET: FleetFacts = { onlineZones: ["a", "b", "c"] };
const draftOf = (change: Partial<Draft>): Draft => ({ ...EMPTY_DRAFT, name: "Orders", ...change });
const requestOf = (change: Partial<Draft>, fleet = FLEET) => toRequest(draftOf(change), fleet);
const tag = (key: string, value: string) => ({ id: key + value, key, value });
const faultsOf = (change: Partial<Draft>) =>
	createCacheInputSchema.safeParse(requestOf(change)).error?.issues.map(({ path }) => path[0]);

/** Anything that can be reached by clicks, with text that a shell could stumble over. */
const arbitraryDraft: fc.Arbitrary<Draft> = fc
	.record({
		kind: fc.constantFrom(...cacheKindSchema.options),
		protocol: fc.constantFrom(...protocolSchema.options),
		evictionPolicy: fc.constantFrom(...evictionPolicySchema.options),
		storageMin: fc.constantFrom("", "1"),
		storageMax: fc.constantFrom("", "0", "5,000"),
		ecpuMin: fc.constantFrom("", "1000"),
		ecpuMax: fc.constantFrom("", "15 000 000"),
		engine: fc.constantFrom(...engineSchema.options),
		clusterMode: fc.constantFrom("disabled" as const, "enabled" as const),
		shards: fc.integer({ min: 1, max: 500 }),
		replicas: fc.integer({ min: 0, max: 5 }),
		nodes: fc.integer({ min: 2, max: 40 }),
		zones: fc.subarray(["a", "b"]),
		multiAz: fc.boolean(),
		automaticFailover: fc.boolean(),
		auth: fc.constantFrom("password" as const, "none" as const),
		port: fc.constantFrom("", "7000"),
		parameterGroup: fc.constantFrom("", "own.group"),
		snapshot: fc.constantFrom("", "before-release"),
		retentionDays: fc.constantFrom("", "0", "7"),
		snapshotWindow: fc.constantFrom("", "23:30-00:30"),
		persistence: fc.constantFrom(...PERSISTENCES),
		deletionProtection: fc.boolean(),
		description: fc.constantFrom("", "it's $HOME `id`", "two words"),
		tags: fc.constantFrom([], [tag("team", "it's ours"), tag("cost", "a=b")]),
	})
	// Where a snapshot is restored, Memcached can't be chosen.
	.map((change) => (change.engine === "memcached" ? { ...change, snapshot: "" } : change))
	.map((change) => withKind(draftOf(change), change.kind));

describe("a draft", () => {
	it("with a purpose and a name is a request that the contract accepts", () => {
		for (const { id } of PURPOSE_LIST) {
			const draft = applyPurpose(draftOf({}), readStart(null, id));
			expect(createCacheInputSchema.safeParse(toRequest(draft, FLEET)).error, id).toBeUndefined();
		}
	});

	it("is valid whatever is clicked, because choices that exclude each other give way", () => {
		fc.assert(
			fc.property(arbitraryDraft, (draft) => {
				const parsed = createCacheInputSchema.safeParse(toRequest(draft, FLEET));
				expect(parsed.error?.issues).toBeUndefined();
			}),
		);
	});

	it("doesn't request Multi-AZ where it isn't available, and says why", () => {
		expect(requestOf({ replicas: 0 }).multiAz).toBeUndefined();
		expect(multiAzObstacle(draftOf({ replicas: 0 }), FLEET)).toContain("replica");
		expect(multiAzObstacle(draftOf({}), { onlineZones: ["a"] })).toContain("only one zone");
		expect(multiAzObstacle(draftOf({ zones: ["b"] }), FLEET)).toContain("only b");
		expect(multiAzObstacle(draftOf({ engine: "memcached", nodes: 1 }), FLEET)).toContain("nodes");
		expect(hasMultiAz(draftOf({}), FLEET)).toBe(true);
	});

	it("can't turn automatic failover off in cluster mode, nor on for Memcached", () => {
		expect(failoverLock(draftOf({ clusterMode: "enabled" }), FLEET)?.isOn).toBe(true);
		expect(failoverLock(draftOf({ engine: "memcached" }), FLEET)?.isOn).toBe(false);
		expect(failoverLock(draftOf({ multiAz: false }), FLEET)).toBeNull();
		const byHand = requestOf({ multiAz: false, automaticFailover: false });
		expect(byHand.automaticFailover).toBe(false);
		expect(
			requestOf({ clusterMode: "enabled", automaticFailover: false }).automaticFailover,
		).toBeUndefined();
	});

	it("mentions no shards, replicas or passwords for Memcached", () => {
		const request = requestOf({ engine: "memcached", slots: "0-16383", auth: "password" });
		expect(request).toEqual({
			name: "Orders",
			engine: "memcached",
			nodeType: "cache.t4g.micro",
			nodes: 2,
			multiAz: true,
		});
	});

	it("says nothing of node types, shards or replicas for a serverless cache", () => {
		const serverless = (change: Partial<Draft>) =>
			toRequest(withKind(draftOf(change), "serverless"), FLEET);
		const plain = { name: "Orders", kind: "serverless", engine: "valkey" };
		expect(serverless({ parameterGroup: "own.group", zones: ["a"], slots: "0-16383" })).toEqual(
			plain,
		);
		expect(serverless({ engine: "memcached", evictionPolicy: "noeviction" })).toEqual({
			...plain,
			engine: "memcached",
		});
		const options = {
			protocol: "standard",
			evictionPolicy: "noeviction",
			auth: "none",
			...{ storageMin: "1", storageMax: "1,000", ecpuMax: "0" },
		} as const;
		expect(serverless(options)).toEqual({
			...{ ...plain, protocol: "standard", evictionPolicy: "noeviction", auth: "none" },
			limits: { dataStorageGb: { min: 1, max: 1_000 } },
		});
	});

	it("made of a snapshot asks for the same cache again, whatever parameter groups and defaults say", () => {
		const snapshot = exampleSnapshot({
			...{ engineVersion: "8.1.4", nodeType: "cache.t4g.small", replicasPerShard: 2 },
			shards: [{ slots: null, keys: 1, bytes: 1, sha256: "ab", takenAt: null }],
		});
		expect(toRequest({ ...restoreDraft(snapshot), name: "again" }, FLEET)).toEqual({
			...{ name: "again", engine: "valkey", clusterMode: "disabled", replicasPerShard: 2 },
			...{ nodeType: "cache.t4g.small", multiAz: true, snapshot: "before-release" },
			persistence: "none",
		});
		const standard = exampleSnapshot({ cacheKind: "serverless", nodeType: "serverless" });
		expect(toRequest({ ...restoreDraft(standard), name: "again" }, FLEET)).toEqual({
			...{ name: "again", kind: "serverless", engine: "valkey", protocol: "standard" },
			snapshot: "before-release",
		});
	});

	it.each(["36", "-1", "a week"])(
		"with %j days of daily snapshots is refused there",
		(retentionDays) => {
			expect(faultsOf({ retentionDays })).toEqual(["snapshotRetentionDays"]);
		},
	);

	it.each([
		["storageMax", { storageMax: "5001" }],
		["storageMin", { storageMin: "1.5" }],
		["ecpuMin", { ecpuMin: "999" }],
		["ecpuMax", { ecpuMax: "many" }],
		["storageMax", { storageMin: "3", storageMax: "2" }],
	])("with a limit out of range is refused at %s", (field, change) => {
		const { error } = createCacheInputSchema.safeParse(
			requestOf({ kind: "serverless", ...change }),
		);
		const faults = [...issuesByPath(error).keys()].map(draftFieldAt);
		expect(faults).toEqual([field]);
	});

	it.each(["80", "abc", "6379.5", "-1"])("with port %j is refused at the port", (port) => {
		expect(faultsOf({ port })).toEqual(["port"]);
	});

	it("with slots that leave a gap is refused at the slots", () => {
		const slots = "0-5460\n5461-10000\n10923-16383";
		expect(faultsOf({ clusterMode: "enabled", shards: 3, slots })).toEqual(["slots"]);
		expect(faultsOf({ clusterMode: "enabled", shards: 1, slots: " 0-16383 \n" })).toBeUndefined();
	});

	it("reports tags that appear twice or lack a key", () => {
		expect(tagProblem([tag("team", "a"), tag("team ", "b")])).toContain("twice");
		expect(tagProblem([tag("", "b")])).toContain("needs a key");
		expect(tagProblem([tag("", ""), tag("team", "a")])).toBeNull();
	});

	it("is described in a sentence", () => {
		expect(describeChoice(draftOf({ clusterMode: "enabled" }), FLEET)).toBe(
			"Valkey: cluster mode on, 3 shards, each with 1 replica spread over zones, automatic failover, on cache.t4g.micro, with a password.",
		);
		expect(describeChoice(draftOf({ engine: "memcached" }), FLEET)).toBe(
			"Memcached with 2 nodes spread over zones, on cache.t4g.micro.",
		);
	});
});

describe("an address", () => {
	it.each([
		[null, null, { purpose: "database-cache", engine: "valkey" }],
		["redis", "leaderboard", { purpose: "leaderboard", engine: "redis" }],
		["redis", null, { purpose: "database-cache", engine: "redis" }],
		["memcached", null, { purpose: "key-value", engine: "memcached" }],
		["memcached", "leaderboard", { purpose: "key-value", engine: "memcached" }],
		["valkey", "key-value", { purpose: "database-cache", engine: "valkey" }],
		["oracle", "toString", { purpose: "database-cache", engine: "valkey" }],
	])("with engine %j and purpose %j begins with %j", (engine, purpose, start) => {
		expect(readStart(engine, purpose)).toEqual(start);
	});
});

/** What the CLI makes of the command's words, by the flags that it documents. */
function readCliWords(words: readonly string[][]): Record<string, unknown> {
	const request: Record<string, unknown> = {};
	const append = (key: string, value: string) => {
		const before = request[key];
		request[key] = [...(Array.isArray(before) ? before : []), value];
	};
	const limit = (name: string, bound: string, value: string) => {
		const limits = (request.limits ?? {}) as Record<string, object>;
		request.limits = { ...limits, [name]: { ...limits[name], [bound]: Number(value) } };
	};
	for (const [flag = "", value = "", , name] of words) {
		if (flag === "larder") request.name = name;
		else if (flag === "--cluster-mode")
			request.clusterMode = value === "on" ? "enabled" : "disabled";
		else if (flag === "--shards") request.shards = Number(value);
		else if (flag === "--replicas") request.replicasPerShard = Number(value);
		else if (flag === "--nodes") request.nodes = Number(value);
		else if (flag === "--port") request.port = Number(value);
		else if (flag === "--slots") append("slots", value);
		else if (flag === "--zone") append("zones", value);
		else if (flag === "--from-snapshot") request.snapshot = value;
		else if (flag === "--snapshot-retention") request.snapshotRetentionDays = Number(value);
		else if (flag === "--multi-az") request.multiAz = true;
		else if (flag === "--no-automatic-failover") request.automaticFailover = false;
		else if (flag.startsWith("--storage-")) limit("dataStorageGb", flag.slice(10), value);
		else if (flag.startsWith("--ecpu-")) limit("ecpuPerSecond", flag.slice(7), value);
		else if (flag === "--deletion-protection") request.deletionProtection = true;
		else if (flag === "--tag") {
			const at = value.indexOf("=");
			const tags = (request.tags ?? {}) as Record<string, string>;
			request.tags = { ...tags, [value.slice(0, at)]: value.slice(at + 1) };
		} else {
			const camel = flag.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
			request[camel] = value;
		}
	}
	return request;
}

describe("as code", () => {
	it("CLI and REST both say what the form submits", () => {
		fc.assert(
			fc.property(arbitraryDraft, (draft) => {
				const request = toRequest(draft, FLEET);
				const submitted = { ...request, name: request.name.toLowerCase() };
				expect(readCliWords(toCliWords(request))).toEqual(submitted);
				const body = /-d '([\s\S]*)'$/.exec(toCurlCommand(request, "http://larder"))?.[1] ?? "";
				expect(JSON.parse(body.replaceAll(String.raw`'\''`, "'"))).toEqual(submitted);
			}),
		);
	});

	it("is a command of the CLI, quoted for a shell", () => {
		const request = requestOf({
			clusterMode: "enabled",
			zones: ["a", "b"],
			deletionProtection: true,
			tags: [tag("team", "it's ours")],
		});
		expect(toCliCommand(request)).toBe(
			[
				"larder caches create orders",
				"--engine valkey",
				"--node-type cache.t4g.micro",
				"--cluster-mode on",
				"--shards 3",
				"--replicas 1",
				"--zone a",
				"--zone b",
				"--multi-az",
				"--deletion-protection",
				String.raw`--tag 'team=it'\''s ours'`,
			].join(" \\\n  "),
		);
	});

	it("is a call to the REST API without a secret in it", () => {
		const command = toCurlCommand(requestOf({ replicas: 2 }), "http://127.0.0.1:3000");
		expect(command).toContain("curl -X POST http://127.0.0.1:3000/api/v1/caches");
		expect(command).toContain("$LARDER_TOKEN");
		expect(command).toContain('"replicasPerShard": 2');
	});
});
