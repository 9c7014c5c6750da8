import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import type { ReportMessage } from "../contract/host-report.ts";
import { enrollTestHost, type TestHost } from "../testing/test-host.ts";
import { openTestResources } from "../testing/test-resources.ts";
import { startTestServer, TEST_MACHINE_TOKEN, type TestServer } from "../testing/test-server.ts";

let server: TestServer;
let host: TestHost;
/** Targets of requests that reached the console. */
const rendered: (string | undefined)[] = [];
beforeAll(async () => {
	const test = await openTestResources();
	server = await startTestServer(test, {
		pages: async (request, response) => {
			rendered.push(request.url);
			response.end();
		},
	});
	host = await enrollTestHost(test, "h1", "a");
});
afterAll(() => server?.close());

const NUL = "\0";
const HALF = "\ud800";

interface Sent {
	method?: string;
	body?: unknown;
	/** Sent unchanged, in place of a JSON body. */
	text?: string;
	headers?: Record<string, string>;
	/** Defaults to the machine's own token. */
	token?: string | null;
}

async function send(path: string, { method, body, text, headers, token }: Sent) {
	const bearer = token === undefined ? TEST_MACHINE_TOKEN : token;
	const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
	const answer = await fetch(`${server.url}${path}`, {
		method: method ?? (payload === undefined ? "GET" : "POST"),
		headers: {
			...(bearer !== null && { authorization: `Bearer ${bearer}` }),
			...(payload !== undefined && { "content-type": "application/json" }),
			...headers,
		},
		...(payload !== undefined && { body: payload }),
	});
	return { status: answer.status, body: await answer.text() };
}

/** JSON.stringify writes lone surrogates and NUL as escapes, so these bodies are valid JSON. */
const REST: [string, string, Sent, string?][] = [
	["NUL in a path", "/api/v1/tokens/%00", { method: "DELETE" }, "id"],
	["NUL in a search", "/api/v1/caches?search=%00", {}, "search"],
	["NUL in a name", "/api/v1/tokens", { body: { name: `a${NUL}` } }, "name"],
	[
		"half a surrogate pair in a tag",
		"/api/v1/caches",
		{ body: { name: "a", tags: { team: HALF } } },
		"tags.team",
	],
	[
		"half a surrogate pair in a tag's key",
		"/api/v1/caches",
		{ body: { name: "a", tags: { [HALF]: "" } } },
		"tags",
	],
	["half a surrogate pair in a path", "/api/v1/caches/%ED%A0%80", {}],
	["half an escape in a path", "/api/v1/caches/%", {}],
	[
		"a huge number",
		"/api/v1/node-types",
		{ body: { name: "own.big", vcpus: 1e300, memoryMib: 64 } },
		"vcpus",
	],
	[
		"a number too large for the column",
		"/api/v1/node-types",
		{ body: { name: "own.big", vcpus: 2 ** 40, memoryMib: 64 } },
		"vcpus",
	],
	[
		"a cursor with NUL",
		`/api/v1/events?cursor=${cursor("2026-01-01T00:00:00Z", NUL)}`,
		{},
		"cursor",
	],
	[
		"a cursor from the year 0",
		`/api/v1/tokens?cursor=${cursor("0000-01-01T00:00:00Z", "a")}`,
		{},
		"cursor",
	],
	[
		"deep nesting",
		"/api/v1/caches",
		{ text: `{"name":${"[".repeat(50_000)}${"]".repeat(50_000)}}` },
	],
	["a body that isn't JSON", "/api/v1/caches", { text: "{" }],
	["a body that isn't an object", "/api/v1/caches", { text: "[]" }],
	["a prototype in the body", "/api/v1/caches", { text: '{"__proto__":{"a":1}}' }],
	[
		"a form",
		"/api/v1/caches",
		{ text: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
	],
	[
		"an idempotency key that is too long",
		"/api/v1/tokens",
		{ body: { name: "a" }, headers: { "idempotency-key": "k".repeat(256) } },
	],
];

const TRPC: [string, string, Sent, string?][] = [
	["NUL in an input", "/api/trpc/tokens.create", { body: { name: NUL } }, "name"],
	[
		"half a surrogate pair in a tag",
		"/api/trpc/caches.create",
		{ body: { name: "a", tags: { a: HALF } } },
		"tags.a",
	],
	[
		"NUL in a batched query",
		`/api/trpc/caches.get?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { name: NUL } }))}`,
		{},
	],
	[
		"NUL in the setup form",
		"/api/trpc/account.createAdministrator",
		{ token: null, body: { setupToken: NUL } },
		"setupToken",
	],
	[
		"a multipart form",
		"/api/trpc/tokens.create",
		{ text: "--x\r\n\r\n--x--", headers: { "content-type": "multipart/form-data; boundary=x" } },
	],
	[
		"bytes",
		"/api/trpc/tokens.create",
		{ text: "a", headers: { "content-type": "application/octet-stream" } },
	],
	["a body that isn't JSON", "/api/trpc/tokens.create", { text: "{" }],
	["input that isn't JSON", "/api/trpc/caches.get?input={", {}],
	["a batch that isn't an object", "/api/trpc/tokens.create?batch=1", { text: "[]" }],
	["a procedure that isn't there", "/api/trpc/caches.steal", {}],
	["another method", "/api/trpc/caches.get", { method: "PUT", body: {} }],
	["a query as a mutation", "/api/trpc/caches.get", { body: { name: "a" } }],
];

const SESSIONS: [string, string, Sent, string?][] = [
	["the callback of a provider", "/api/auth/callback/google?state=%00&code=x", { token: null }],
	[
		"NUL in an address",
		"/api/auth/sign-in/email",
		{ token: null, body: { email: `a${NUL}@example.com`, password: "a long password" } },
		"email",
	],
	[
		"half a surrogate pair in a password",
		"/api/auth/sign-in/email",
		{ token: null, body: { email: "a@example.com", password: HALF } },
		"password",
	],
	["a body that isn't an object", "/api/auth/sign-in/email", { token: null, text: "null" }],
	[
		"plain text",
		"/api/auth/sign-in/email",
		{ token: null, text: "a", headers: { "content-type": "text/plain" } },
	],
	["a route that isn't used", "/api/auth/reset-password/%00?callbackURL=x", { token: null }],
];

const report = (overrides: Partial<ReportMessage>): ReportMessage => ({
	...{ protocol: AGENT_PROTOCOL_VERSION, epoch: 1, revision: -1, facts: null, observations: null },
	...{ setAside: [], gateway: null, sentinel: null, warnings: null },
	...{ orders: [], events: [], metrics: [], usage: [] },
	...{ clock: "2026-01-01T00:00:00Z", ...overrides },
});
const event = (overrides: Partial<ReportMessage["events"][number]>) => ({
	...{ id: crypto.randomUUID(), ageMs: 0, severity: "info" as const, type: "a", message: "" },
	...{ assignmentId: null, ...overrides },
});
const sample = (ageMs: number, opsPerSecond: number) => ({
	...{ assignmentId: "a", ageMs },
	metrics: {
		...{ memoryUsedBytes: 1, memoryMaxBytes: 1, clients: 1, opsPerSecond, hitsPerSecond: 1 },
		...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
		replicationLagBytes: null,
	},
});
const facts = (overrides: object) => ({ ...host.enrollment.facts, ...overrides });

/** Bodies are made late, because some need the host. */
const AGENT: [string, string, () => Sent, string?][] = [
	["a body that isn't JSON", "report", () => ({ text: "{" })],
	["an empty body", "report", () => ({ text: "" })],
	[
		"NUL in a line of a log",
		"report",
		() => ({ body: report({ events: [event({ message: NUL })] }) }),
		"events.0.message",
	],
	[
		"half a surrogate pair in a line of a log",
		"report",
		() => ({ body: report({ events: [event({ message: HALF })] }) }),
		"events.0.message",
	],
	[
		"a revision too large for the column",
		"report",
		() => ({ body: report({ revision: 2 ** 31, observations: [] }) }),
		"revision",
	],
	[
		"a clock from the year 0",
		"report",
		() => ({ body: report({ clock: "0000-01-01T00:00:00Z" }) }),
		"clock",
	],
	[
		"an event from the future",
		"report",
		() => ({ body: report({ events: [event({ ageMs: -1 })] }) }),
		"events.0.ageMs",
	],
	[
		"a sample that is too old",
		"report",
		() => ({ body: report({ metrics: [sample(2 ** 52, 1)] }) }),
		"metrics.0.ageMs",
	],
	[
		"a huge sample",
		"report",
		() => ({ body: report({ metrics: [sample(0, 1e300)] }) }),
		"metrics.0.metrics.opsPerSecond",
	],
	[
		"too many processors",
		"report",
		() => ({ body: report({ facts: facts({ cpus: 2 ** 40 }) }) }),
		"facts.cpus",
	],
	[
		"too much memory",
		"report",
		() => ({ body: report({ facts: facts({ memoryBytes: 2 ** 53 }) }) }),
		"facts.memoryBytes",
	],
	[
		"NUL in an address",
		"report",
		() => ({ body: report({ facts: facts({ advertisedAddress: NUL }) }) }),
		"facts.advertisedAddress",
	],
	[
		"too many processors at enrollment",
		"enrol",
		() => ({ body: { ...host.enrollment, facts: facts({ cpus: 2 ** 40 }) } }),
		"facts.cpus",
	],
	[
		"a join token with NUL",
		"enrol",
		() => ({ body: { ...host.enrollment, joinToken: NUL } }),
		"joinToken",
	],
	[
		"a multipart form",
		"report",
		() => ({ text: "--x--", headers: { "content-type": "multipart/form-data; boundary=x" } }),
	],
	["another method", "watch", () => ({ method: "DELETE" })],
];

function cursor(at: string, id: string): string {
	return Buffer.from(JSON.stringify([at, id])).toString("base64url");
}

function expectRefusal({ status, body }: { status: number; body: string }, field?: string): void {
	expect(status, body).toBeGreaterThanOrEqual(400);
	expect(status, body).toBeLessThan(500);
	expect(JSON.parse(body), body).toBeTruthy();
	if (field !== undefined) expect(body).toContain(`"field":${JSON.stringify(field)}`);
}

describe("invalid input is refused with the name of its field, and is never an internal error", () => {
	it.each(REST)("REST: %s", async (_what, path, sent, field) => {
		expectRefusal(await send(path, sent), field);
	});
	it.each(TRPC)("tRPC: %s", async (_what, path, sent, field) => {
		expectRefusal(await send(path, sent), field);
	});
	it.each(SESSIONS)("sign-in: %s", async (_what, path, sent, field) => {
		expectRefusal(await send(path, sent), field);
	});
	it.each(AGENT)("agents: %s", async (_what, procedure, sent, field) => {
		const token = host.enrollment.credential;
		expectRefusal(
			await send(`/api/agent/${procedure}`, { method: "POST", token, ...sent() }),
			field,
		);
	});
	it.each([
		["a b", "/api/auth/get-session"],
		["a b", "/api/trpc/account.setupStatus"],
		["a b", "/api/v1/me"],
		["a b", "/"],
		["a/b", "/api/auth/get-session"],
		["a@b", "/api/v1/me"],
		["[", "/api/trpc/account.setupStatus"],
	])("Host: %s, for %s", async (name, path) => {
		const request = `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
		expectRefusal(await server.raw(request), "Host");
	});
	it.each(["*", "http://elsewhere.example/", "http://elsewhere.example/caches/"])(
		"the console isn't asked for %s",
		async (target) => {
			const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
			expectRefusal(await server.raw(request));
			expect(rendered).toEqual([]);
		},
	);
});

it("the server works as usual afterward", async () => {
	const health = await fetch(`${server.url}/healthz`);
	expect(health.status).toBe(200);
	expect((await send("/api/v1/caches", {})).status).toBe(200);
	expect((await send("/api/v1/events", {})).status).toBe(200);
	expect((await send("/api/trpc/account.setupStatus", { token: null })).body).toContain("true");
	const token = host.enrollment.credential;
	expect((await send("/api/agent/report", { token, body: report({}) })).status).toBe(200);
	// Monitors that speak HTTP/1.0 send no Host.
	expect((await server.raw("GET /healthz HTTP/1.0\r\n\r\n")).status).toBe(200);
	await fetch(`${server.url}/caches`);
	expect(rendered).toEqual(["/caches"]);
});
