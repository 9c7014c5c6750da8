import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { AGENT_PROTOCOL_VERSION } from "../../server/contract/agent.ts";
import { createdTokenSchema, tokenPageSchema } from "../../server/contract/token.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation({ agents: [] });
});
afterAll(() => larder?.stop());

const openApiSchema = z.object({
	openapi: z.string(),
	paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

it("health needs no sign-in", async () => {
	expect((await fetch(`${larder.url}/healthz`)).status).toBe(200);
});

describe("without a token, with a wrong one, or with a revoked one", () => {
	it("every operation of the API reference is refused", async () => {
		const reference = openApiSchema.parse((await larder.rest("GET", "/openapi.json")).body);
		expect(reference.openapi).toMatch(/^3\.1/);
		const revoked = createdTokenSchema.parse(
			(await larder.rest("POST", "/tokens", { body: { name: "short-lived" } })).body,
		);
		expect((await larder.rest("DELETE", `/tokens/${revoked.id}`)).status).toBe(200);

		const operations = Object.entries(reference.paths).flatMap(([path, methods]) =>
			Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
		);
		expect(operations.length).toBeGreaterThan(10);
		for (const { method, path } of operations) {
			const below = path.replace(/^\/api\/v1/, "").replace(/\{[^}]+\}/g, "x");
			for (const token of [null, "larder_wrong", revoked.token]) {
				const answer = await larder.rest(method, below, {
					token,
					...(method === "POST" && { body: {} }),
				});
				expect.soft(answer.status, `${method} ${path} with token ${token}`).toBe(401);
				expect.soft(answer.body).toMatchObject({ error: { code: "unauthenticated" } });
			}
		}
	});

	it("the console's own API is refused", async () => {
		const answer = await fetch(`${larder.url}/api/trpc/caches.list?input=%7B%7D`);
		expect(answer.status).toBe(401);
	});

	it("an agent with a wrong join token or credential is refused", async () => {
		const enroll = await fetch(`${larder.url}/api/agent/enrol`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({
				protocol: AGENT_PROTOCOL_VERSION,
				joinToken: "larder_join_wrong",
				agentId: "7e57ab1e-0000-4000-8000-000000000000",
				credential: "x".repeat(43),
				name: "intruder",
				zone: "z",
				facts: {
					agentVersion: "0",
					bindAddress: "127.0.0.1",
					advertisedAddress: "127.0.0.1",
					cpus: 1,
					memoryBytes: 1,
					bootId: "x",
					engines: [],
					limits: "none",
				},
			}),
		});
		expect(enroll.status).toBe(401);
		const report = await fetch(`${larder.url}/api/agent/report`, {
			method: "POST",
			headers: { "content-type": "application/json", authorization: `Bearer ${"x".repeat(43)}` },
			body: JSON.stringify({
				protocol: AGENT_PROTOCOL_VERSION,
				epoch: 1,
				facts: null,
				revision: -1,
				observations: null,
				gateway: null,
				events: [],
				metrics: [],
			}),
		});
		expect(report.status).toBe(401);
	});
});

it("a token made through the API signs in, and is shown only once", async () => {
	const made = createdTokenSchema.parse(
		(await larder.rest("POST", "/tokens", { body: { name: "ci" } })).body,
	);
	expect((await larder.rest("GET", "/caches", { token: made.token })).status).toBe(200);
	const page = await larder.rest("GET", "/tokens");
	expect(JSON.stringify(page.body)).not.toContain(made.token);
	expect(made.scope).toBe("read-only");
	const lifeMs = Date.parse(made.expiresAt ?? "") - Date.parse(made.createdAt);
	expect(lifeMs).toBe(90 * 86_400_000);
	expect(tokenPageSchema.parse(page.body).items.map((token) => token.name)).toContain("ci");
});

it("a read-only token reads, and neither changes anything nor reveals a password, at any door", async () => {
	const { token } = createdTokenSchema.parse(
		(await larder.rest("POST", "/tokens", { body: { name: "dashboard" } })).body,
	);
	const reference = openApiSchema.parse((await larder.rest("GET", "/openapi.json")).body);
	for (const [path, methods] of Object.entries(reference.paths)) {
		for (const [method, operation] of Object.entries(methods)) {
			const below = path.replace(/^\/api\/v1/, "").replace(/\{[^}]+\}/g, "x");
			const answer = await larder.rest(method.toUpperCase(), below, {
				token,
				...(/post|patch/.test(method) && { body: {} }),
			});
			const scope = z
				.object({ security: z.tuple([z.object({ bearer: z.tuple([z.string()]) })]) })
				.parse(operation).security[0].bearer[0];
			if (scope.endsWith(":read")) {
				// A preview and a replay have a body and change nothing.
				expect.soft(/\/(preview|replay)$/.test(path) ? "get" : method, path).toBe("get");
				expect.soft(JSON.stringify(answer.body), path).not.toContain(scope);
			} else {
				expect.soft(answer.status, `${method} ${path}`).toBe(403);
				expect.soft(JSON.stringify(answer.body)).toContain(`needs the scope ${scope}`);
			}
		}
	}
	const trpc = await fetch(`${larder.url}/api/trpc/caches.delete`, {
		method: "POST",
		headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
		body: JSON.stringify({ name: "orders" }),
	});
	expect(trpc.status).toBe(403);
	const cli = await runLarder(["caches", "create", "orders"], {
		LARDER_URL: larder.url,
		LARDER_TOKEN: token,
	});
	expect(cli.exitCode).toBe(4);
	expect(cli.stderr).toContain("larder tokens create <name> --scope full");
});

it("sign-in attempts are limited", async () => {
	const attempt = () =>
		fetch(`${larder.url}/api/auth/sign-in/email`, {
			method: "POST",
			headers: { "content-type": "application/json", origin: larder.url },
			body: JSON.stringify({ email: "someone@example.com", password: "wrong password" }),
		});
	const statuses: number[] = [];
	for (let count = 0; count < 30 && !statuses.includes(429); count += 1) {
		statuses.push((await attempt()).status);
	}
	expect(statuses[0]).toBe(401);
	expect(statuses.at(-1)).toBe(429);
});
