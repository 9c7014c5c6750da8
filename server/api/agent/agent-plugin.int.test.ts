import { EventEmitter, once } from "node:events";
import Fastify from "fastify";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
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
import { Gate } from "../gate.ts";
import { agentPlugin } from "./agent-plugin.ts";

let test: TestResources;
let server: TestServer;
let host: TestHost;
beforeAll(async () => {
	test = await openTestResources();
	server = await startTestServer(test);
	host = await enrollTestHost(test, "h1", "a");
});
afterEach(() => {
	vi.restoreAllMocks();
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

/** The waits for news from now on. */
function watchWaits() {
	const { signals } = test.resources;
	const waits: { ended: Promise<void>; abort: AbortSignal | undefined }[] = [];
	const subscribe = signals.subscribe.bind(signals);
	vi.spyOn(signals, "subscribe").mockImplementation((...keys) => {
		const waiter = subscribe(...keys);
		// It ends as soon as what may be new has been read.
		if (keys.some((key) => key.startsWith("orders:"))) return waiter;
		const wait: typeof waiter.wait = (timeoutMs, abort) => {
			const ended = waiter.wait(timeoutMs, abort);
			waits.push({ ended, abort });
			return ended;
		};
		return { ...waiter, wait };
	});
	return waits;
}

/** What an agent says that knows of everything. */
async function newest() {
	const held = { ...HOLDS_NOTHING, epoch: TEST_EPOCH, notice: -1 };
	const { body } = await call("watch", held);
	const { revision, routeTable } = await host.state();
	expect(body).toMatchObject({ result: { data: { desired: { revision } } } });
	return { ...held, revision, routeRevision: routeTable?.revision ?? -1 };
}

it("stops waiting for news when the agent hangs up", async () => {
	const held = await newest();
	const waits = watchWaits();
	const abort = new AbortController();
	const answer = call("watch", held, { signal: abort.signal });
	await expect.poll(() => waits.length).toBe(1);
	abort.abort();
	await expect(answer).rejects.toThrow();
	await expect.poll(() => waits[0]?.abort?.aborted).toBe(true);
	await waits[0]?.ended;
});

it("doesn't wait for news if the agent hung up before it was identified", async () => {
	const held = await newest();
	const waits = watchWaits();
	const moments = new EventEmitter();
	const [asked, gone] = [once(moments, "asked"), once(moments, "gone")];
	const gate = new Gate({ places: 1, waitingMax: 1 });
	vi.spyOn(gate, "pass").mockImplementation(async (work) => {
		moments.emit("asked");
		await gone;
		return await work();
	});
	const app = Fastify({ forceCloseConnections: true });
	app.addHook("onRequest", async (_, reply) => {
		reply.raw.once("close", () => moments.emit("gone"));
	});
	await app.register(agentPlugin, { resources: test.resources, epoch: TEST_EPOCH, gate });
	vi.spyOn(test.resources.fleet.credentials, "holderOf").mockReturnValueOnce(null);
	const abort = new AbortController();
	const answer = fetch(`${await app.listen({ host: "127.0.0.1", port: 0 })}/watch`, {
		method: "POST",
		headers: {
			"content-type": "application/json",
			authorization: `Bearer ${host.enrollment.credential}`,
		},
		body: JSON.stringify(held),
		signal: abort.signal,
	});
	await asked;
	abort.abort();
	await expect(answer).rejects.toThrow();
	await expect.poll(() => waits.length).toBe(1);
	expect(waits[0]?.abort?.aborted).toBe(true);
	await app.close();
});
