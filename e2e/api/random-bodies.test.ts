import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom } from "../chaos/random.ts";
import { requireWell, sendHostileRequests } from "../fixtures/hostile-requests.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";

/** Each run sends different bodies, so that runs add up. */
const BODIES = 1_200;
const AT_ONCE = 20;
/** For ten thousand, on both databases: `npm run chaos -- --only hostile-input,hostile-input-postgres`. */
const HOSTILE_REQUESTS = 800;

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation({ agents: [] });
});
afterAll(() => larder?.stop());

const anyValue = fc.oneof(
	fc.string({ unit: "binary", maxLength: 60 }),
	fc.integer(),
	fc.double(),
	fc.boolean(),
	fc.constant(null),
	fc.array(fc.jsonValue(), { maxLength: 3 }),
	fc.object({ maxDepth: 2 }),
);
const text = (maxLength: number) => fc.string({ maxLength });
const base = {
	name: fc.stringMatching(/^[A-Za-z]([A-Za-z0-9]-?){0,10}[a-z]$/),
	kind: fc.constant("provisioned"),
	nodeType: fc.constantFrom("cache.t4g.micro", "cache.t3.small", "cache.r7g.16xlarge"),
	port: fc.integer({ min: 1024, max: 55_535 }),
	tags: fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), text(10), { maxKeys: 5 }),
	description: text(255),
	deletionProtection: fc.constant(false),
};
const replicated = {
	...base,
	engine: fc.constant("valkey"),
	engineVersion: fc.constantFrom("9", "9.1", "9.1.2", "8", "9.99.99"),
	auth: fc.constantFrom("password", "none"),
	replicasPerShard: fc.integer({ min: 1, max: 5 }),
	multiAz: fc.boolean(),
};
/** Every topology. */
const validBody = fc.oneof(
	fc.record(
		{ ...replicated, clusterMode: fc.constant("disabled"), shards: fc.constant(1) },
		{ requiredKeys: ["name", "replicasPerShard"] },
	),
	fc.record(
		{ ...replicated, clusterMode: fc.constant("enabled"), shards: fc.integer({ min: 1, max: 9 }) },
		{ requiredKeys: ["name", "replicasPerShard", "clusterMode"] },
	),
	fc.record(
		{ ...base, engine: fc.constant("memcached"), nodes: fc.integer({ min: 1, max: 40 }) },
		{ requiredKeys: ["name", "engine"] },
	),
);
const fieldNames = [
	...["name", "kind", "engine", "engineVersion", "nodeType", "clusterMode", "shards", "slots"],
	...["replicasPerShard", "nodes", "zones", "multiAz", "automaticFailover", "auth", "port"],
	...["parameterGroup", "tags", "description", "other"],
];
/**
 * Valid bodies, arbitrary values, and valid bodies with one or two broken fields, so that more than the first check is
 * reached.
 */
const body = fc.oneof(
	{ weight: 1, arbitrary: validBody.map((value) => JSON.stringify(value)) },
	{
		weight: 18,
		arbitrary: fc
			.tuple(
				validBody,
				fc.dictionary(fc.constantFrom(...fieldNames), anyValue, { minKeys: 1, maxKeys: 2 }),
			)
			.map(([valid, wrong]) => JSON.stringify({ ...valid, ...wrong })),
	},
	{ weight: 6, arbitrary: fc.json() },
	{ weight: 3, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 100 }) },
);

it(`${BODIES} random bodies are accepted or refused, and none breaks the control plane`, async () => {
	const seed = Date.now() % 2 ** 31;
	const bodies = fc.sample(body, { numRuns: BODIES, seed });
	const counts = new Map<number, number>();
	const created: string[] = [];
	const takeOne = async () => {
		for (let next = bodies.pop(); next !== undefined; next = bodies.pop()) {
			const answer = await larder.rest("POST", "/caches", { body: next });
			counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
			expect(
				[202, 400, 409, 422],
				`seed ${seed}, body ${next}, answer ${JSON.stringify(answer)}`,
			).toContain(answer.status);
			if (answer.status === 202) created.push((answer.body as { name: string }).name);
			else expect(answer.body).toMatchObject({ error: { code: expect.any(String) } });
			// Deleted in batches, so that the list of caches stays short.
			if (created.length > 50) await drop(created.splice(0));
		}
	};
	const drop = (names: string[]) =>
		Promise.all(
			names.map(async (name) => {
				expect((await larder.rest("DELETE", `/caches/${name}`)).status).toBe(202);
			}),
		);
	await Promise.all(Array.from({ length: AT_ONCE }, takeOne));
	await drop(created);
	// Both outcomes must have occurred, or the bodies prove nothing.
	expect(counts.get(202) ?? 0).toBeGreaterThan(20);
	expect(counts.get(422) ?? 0).toBeGreaterThan(500);
	expect((await fetch(`${larder.url}/healthz`)).status).toBe(200);
});

it(`${HOSTILE_REQUESTS} requests with NUL, surrogates and extreme times and numbers cause no internal error at any door`, async () => {
	const seed = Date.now() % 2 ** 31;
	const options = { count: HOSTILE_REQUESTS, random: createRandom(seed) };
	const result = await sendHostileRequests(larder, options).catch((error: Error) => {
		throw new Error(`seed ${seed}: ${error.message}`);
	});
	await requireWell(larder, result);
	// Each door must have accepted some and refused some, or the requests prove nothing.
	for (const answered of ["REST 200", "REST 422", "tRPC 400", "agent 200", "agent 400"]) {
		expect(result.statuses.get(answered) ?? 0, answered).toBeGreaterThan(0);
	}
});
