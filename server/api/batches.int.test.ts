import { afterAll, beforeAll, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import type { ReportMessage } from "../contract/host-report.ts";
import { enrollTestHost, type TestHost } from "../testing/test-host.ts";
import { openTestResources } from "../testing/test-resources.ts";
import { startTestServer, TEST_MACHINE_TOKEN, type TestServer } from "../testing/test-server.ts";

let server: TestServer;
let host: TestHost;
beforeAll(async () => {
	const test = await openTestResources();
	server = await startTestServer(test);
	host = await enrollTestHost(test, "h1", "a");
});
afterAll(() => server?.close());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
	const answer = await fetch(`${server.url}${path}`, {
		method: "POST",
		headers: {
			"content-type": "application/json",
			authorization: `Bearer ${TEST_MACHINE_TOKEN}`,
			...headers,
		},
		body: JSON.stringify(body),
	});
	return { status: answer.status, body: await answer.text() };
}

const setupStatuses = (calls: number) =>
	fetch(
		`${server.url}/api/trpc/${Array(calls).fill("account.setupStatus").join(",")}?batch=1&input=${encodeURIComponent("{}")}`,
	);

it("mutations of one batch share its Idempotency-Key, and each is done once", async () => {
	const create = () =>
		post(
			"/api/trpc/tokens.create,tokens.create?batch=1",
			{ 0: { name: "first" }, 1: { name: "second" } },
			{ "idempotency-key": "a-batch" },
		);
	const made = await create();
	expect(made.status, made.body).toBe(200);
	expect(await create()).toEqual(made);
	const list = await fetch(`${server.url}/api/v1/tokens`, {
		headers: { authorization: `Bearer ${TEST_MACHINE_TOKEN}` },
	});
	const { items } = (await list.json()) as { items: { name: string }[] };
	expect(items.map(({ name }) => name).sort()).toEqual(["first", "second"]);
});

it("a batch has at most 20 calls", async () => {
	expect((await setupStatuses(20)).status).toBe(200);
	const refused = await setupStatuses(21);
	expect(refused.status).toBe(400);
	expect(await refused.text()).toContain("20 calls");
});

it("a heartbeat doesn't wait for all the calls that came before it", async () => {
	const batches = 40;
	let answered = 0;
	const load = Array.from({ length: batches }, async () => {
		const answer = await setupStatuses(20);
		await answer.text();
		answered += 1;
		return answer.status;
	});
	const report = await post(
		"/api/agent/report",
		{
			...{ protocol: AGENT_PROTOCOL_VERSION, epoch: 1, revision: -1, facts: null },
			...{ observations: null, setAside: [], gateway: null, sentinel: null, warnings: null },
			...{ orders: [], events: [], metrics: [], usage: [], clock: "2026-01-01T00:00:00Z" },
		} satisfies ReportMessage,
		{ authorization: `Bearer ${host.enrollment.credential}` },
	);
	expect(report.status).toBe(200);
	expect(answered).toBeLessThan(batches / 2);
	expect(new Set(await Promise.all(load))).toEqual(new Set([200]));
});
