import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
beforeAll(async () => {
	// No hosts, so nothing starts: these tests are only about how the API treats requests.
	larder = await startInstallation({ agents: [] });
});
afterAll(() => larder?.stop());

const post = (body: unknown, headers: Record<string, string> = {}) =>
	larder.rest("POST", "/caches", { body, headers });

describe("a refusal names the code, the field and the request", () => {
	it.each([
		[{}, "name"],
		[{ name: "" }, "name"],
		[{ name: "1st" }, "name"],
		[{ name: "a--b" }, "name"],
		[{ name: "a-" }, "name"],
		[{ name: "a".repeat(41) }, "name"],
		[{ name: "ok", engine: "oracle" }, "engine"],
		[{ name: "ok", engineVersion: "latest" }, "engineVersion"],
		[{ name: "ok", nodeType: "cache.huge" }, "nodeType"],
		[{ name: "ok", replicasPerShard: 6 }, "replicasPerShard"],
		[{ name: "ok", replicasPerShard: -1 }, "replicasPerShard"],
		[{ name: "ok", replicasPerShard: 1.5 }, "replicasPerShard"],
		[{ name: "ok", shards: 2 }, "shards"],
		[{ name: "ok", nodeType: "cache.x9.huge" }, "nodeType"],
		[{ name: "ok", engine: "redis", engineVersion: "8" }, "engineVersion"],
		[{ name: "ok", clusterMode: "enabled", automaticFailover: false }, "automaticFailover"],
		[{ name: "ok", clusterMode: "enabled", shards: 2, slots: ["0-1", "3-16383"] }, "slots"],
		[{ name: "ok", engine: "memcached", replicasPerShard: 1 }, "replicasPerShard"],
		[{ name: "ok", engine: "memcached", auth: "password" }, "auth"],
		[{ name: "ok", parameterGroup: "no-such-group" }, "parameterGroup"],
		[{ name: "ok", parameterGroup: "default.redis7" }, "parameterGroup"],
		[
			{ name: "ok", parameterGroup: "default.valkey9.cluster.on", clusterMode: "disabled" },
			"parameterGroup",
		],
		[{ name: "ok", port: 80 }, "port"],
		[{ name: "ok", auth: "maybe" }, "auth"],
		[{ name: "ok", multiAz: true }, "multiAz"],
		[{ name: "ok", description: "x".repeat(256) }, "description"],
		[{ name: "ok", color: "red" }, "color"],
	])("%j", async (body, field) => {
		const answer = await post(body);
		expect(answer.status).toBe(422);
		expect(answer.body).toMatchObject({
			error: {
				code: "invalid_argument",
				field,
				message: expect.any(String),
				requestId: expect.any(String),
			},
		});
	});

	it("a body that isn't JSON is malformed", async () => {
		const answer = await post("{");
		expect(answer.status).toBe(400);
		expect(answer.body).toMatchObject({ error: { code: "malformed_request" } });
	});

	it("a missing cache is not found, whatever the request", async () => {
		for (const [method, path] of [
			["GET", "/caches/nothing"],
			["DELETE", "/caches/nothing"],
			["GET", "/caches/nothing/credentials"],
		] as const) {
			const answer = await larder.rest(method, path);
			expect(answer.status).toBe(404);
			expect(answer.body).toMatchObject({ error: { code: "not_found" } });
		}
	});

	it("a missing path is not found, in the same shape", async () => {
		const answer = await larder.rest("GET", "/no-such-thing");
		expect(answer.status).toBe(404);
		expect(answer.body).toMatchObject({ error: { code: "not_found" } });
	});

	it("a broken cursor is refused", async () => {
		expect((await larder.rest("GET", "/caches?cursor=nonsense")).status).toBe(422);
		expect((await larder.rest("GET", "/caches?limit=0")).status).toBe(422);
		expect((await larder.rest("GET", "/caches?limit=101")).status).toBe(422);
	});
});

it("a name is taken, in upper or lower case, until its cache is gone", async () => {
	expect((await post({ name: "taken" })).status).toBe(202);
	for (const name of ["taken", "TAKEN"]) {
		const answer = await post({ name });
		expect(answer.status).toBe(409);
		expect(answer.body).toMatchObject({ error: { code: "already_exists", field: "name" } });
	}
	await larder.deleteCache("taken");
	expect((await post({ name: "taken" })).status).toBe(202);
	await larder.deleteCache("taken");
});

it("when twenty requests ask for one name at the same time, one wins", async () => {
	const answers = await Promise.all(Array.from({ length: 20 }, () => post({ name: "race" })));
	const statuses = answers.map((answer) => answer.status).sort();
	expect(statuses).toEqual([202, ...Array.from({ length: 19 }, () => 409)]);
	await larder.deleteCache("race");
});

describe("an idempotency key", () => {
	it("makes a repeated request return the first answer", async () => {
		const headers = { "idempotency-key": randomUUID() };
		const [first, second] = [
			await post({ name: "once" }, headers),
			await post({ name: "once" }, headers),
		];
		expect(first.status).toBe(202);
		expect(second).toEqual(first);
		await larder.deleteCache("once");
	});

	it("makes one cache from requests at the same moment", async () => {
		const headers = { "idempotency-key": randomUUID() };
		const answers = await Promise.all(
			Array.from({ length: 5 }, () => post({ name: "at-once" }, headers)),
		);
		for (const answer of answers) expect([202, 409]).toContain(answer.status);
		expect(answers.some((answer) => answer.status === 202)).toBe(true);
		await larder.deleteCache("at-once");
	});

	it("is refused for another request", async () => {
		const headers = { "idempotency-key": randomUUID() };
		expect((await post({ name: "first" }, headers)).status).toBe(202);
		const answer = await post({ name: "second" }, headers);
		expect(answer.status).toBe(409);
		expect(answer.body).toMatchObject({ error: { code: "idempotency_mismatch" } });
		await larder.deleteCache("first");
	});
});

it("without a host, a cache waits and says why", async () => {
	const answer = await post({ name: "homeless" });
	expect(answer.status).toBe(202);
	expect(answer.body).toMatchObject({ name: "homeless", status: "creating", kind: "provisioned" });
	const reason = await waitUntil(
		"a reason",
		async () => (await larder.getCache("homeless"))?.statusReason,
	);
	expect(reason).toMatch(/no host that accepts nodes is online/i);
	await larder.deleteCache("homeless");
});
