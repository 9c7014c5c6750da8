import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../../contract/agent.ts";
import type { ReportMessage } from "../../contract/host-report.ts";
import {
	enrollTestHost,
	HOLDS_NOTHING,
	TEST_EPOCH,
	type TestHost,
} from "../../testing/test-host.ts";
import { openTestResources, type TestResources } from "../../testing/test-resources.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

let test: TestResources;
let server: TestServer;
let host: TestHost;
beforeAll(async () => {
	test = await openTestResources();
	server = await startTestServer(test);
	host = await enrollTestHost(test, "h1", "a");
});
afterAll(() => server?.close());

const REPORT: ReportMessage = {
	...{ protocol: AGENT_PROTOCOL_VERSION, epoch: TEST_EPOCH, revision: -1, facts: null },
	...{ observations: null, setAside: [], gateway: null, sentinel: null, warnings: null },
	...{ orders: [], events: [], metrics: [], usage: [], clock: "2026-01-01T00:00:00Z" },
};

async function call(
	name: string,
	body: unknown,
	{
		credential = host.enrollment.credential,
		signal,
	}: { credential?: string; signal?: AbortSignal } = {},
) {
	const answer = await fetch(`${server.url}/api/agent/${name}`, {
		method: "POST",
		headers: { "content-type": "application/json", authorization: `Bearer ${credential}` },
		body: JSON.stringify(body),
		...(signal && { signal }),
	});
	return { status: answer.status, body: await answer.json() };
}

it("answers in the wire format of tRPC, which agents of every version read", async () => {
	expect(await call("report", REPORT)).toEqual({
		status: 200,
		body: { result: { data: { accepted: true, heartbeatMs: 750 } } },
	});
	expect(await call("report", { ...REPORT, revision: "new" })).toEqual({
		status: 422,
		body: {
			error: {
				message: expect.stringContaining("revision"),
				data: {
					...{ code: "invalid_argument", httpStatus: 422, field: "revision" },
					...{ details: expect.anything(), requestId: expect.any(String) },
				},
			},
		},
	});
});

it("tells a stranger nothing about what would be valid", async () => {
	const refused = await call("report", {}, { credential: "unknown" });
	expect(refused).toMatchObject({ status: 401, body: { error: { data: { field: null } } } });
});

it("stops waiting for news when the agent hangs up", async () => {
	const { signals } = test.resources;
	const held = { ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice: -1 };
	const { body } = await call("watch", held);
	const { revision, routeTable } = await host.state();
	expect(body).toMatchObject({ result: { data: { desired: { revision } } } });
	const waits: Promise<void>[] = [];
	const subscribe = signals.subscribe.bind(signals);
	vi.spyOn(signals, "subscribe").mockImplementation((...keys) => {
		const waiter = subscribe(...keys);
		const wait: typeof waiter.wait = (timeoutMs, abort) => {
			const ended = waiter.wait(timeoutMs, abort);
			waits.push(ended);
			return ended;
		};
		return { ...waiter, wait };
	});
	const abort = new AbortController();
	const newest = { ...held, revision, routeRevision: routeTable?.revision ?? -1 };
	const answer = call("watch", newest, { signal: abort.signal });
	await expect.poll(() => waits.length).toBe(1);
	abort.abort();
	await expect(answer).rejects.toThrow();
	// Long before the long poll would end.
	await Promise.all(waits);
});
