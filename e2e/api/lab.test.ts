import { readdirSync } from "node:fs";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { auditPageSchema } from "../../server/contract/audit.ts";
import { labRunSchema } from "../../server/contract/lab.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
let client: Redis;
beforeAll(async () => {
	larder = await startInstallation({ agents: ["local-a"] });
	await larder.createCache({ name: "hot", replicasPerShard: 0, multiAz: false });
	const { endpoints } = await larder.waitForStatus("hot", "available");
	const { body } = await larder.rest("GET", "/caches/hot/credentials");
	const { username, password } = body as { username: string; password: string };
	client = new Redis({ ...endpoints.primary, username, password });
	await client.set("order:1", "an application's");
});
afterAll(async () => {
	client?.disconnect();
	await larder?.stop();
});

async function run(
	...args: string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
	return await runLarder(["lab", ...args], { LARDER_HOME: larder.home.root });
}

const WORKLOAD = { keys: 1_000, ttlSeconds: 5, operationsPerSecond: 400, clients: 8 };

async function begin(durationSeconds: number) {
	const body = { cache: "hot", workload: { ...WORKLOAD, durationSeconds } };
	const answer = await larder.rest("POST", "/lab-runs", { body });
	expect(answer.status, JSON.stringify(answer.body)).toBe(202);
	return labRunSchema.parse(answer.body);
}

async function get(id: string) {
	return labRunSchema.parse((await larder.rest("GET", `/lab-runs/${id}`)).body);
}

async function requireNothingLeft(): Promise<void> {
	expect(await client.keys("*")).toEqual(["order:1"]);
	expect(readdirSync(larder.home.runDir).filter((name) => name.startsWith("lab-"))).toEqual([]);
}

it("a run through the CLI ends with a report, and leaves the cache as it was", async () => {
	const options = ["--cache", "hot", "--duration", "3", "--keys", "500", "--rate", "300"];
	const { exitCode, stdout, stderr } = await run("run", ...options, "--json");
	expect(exitCode, stderr).toBe(0);
	const report = labRunSchema.parse(JSON.parse(stdout));
	expect(report).toMatchObject({ status: "completed", cache: "hot", statusReason: null });
	expect(report.results.map(({ strategy }) => strategy)).toEqual(report.strategies);
	expect(report.samples.length).toBeGreaterThanOrEqual(2);
	const markdown = await run("show", report.id, "--format", "markdown");
	for (const { findings } of report.results) expect(markdown.stdout).toContain(findings[0]);
	expect((await run("list")).stdout).toContain(report.id);
	await requireNothingLeft();
	expect((await run("delete", report.id)).exitCode).toBe(0);
	expect((await larder.rest("GET", `/lab-runs/${report.id}`)).status).toBe(404);
});

it("one run at a time; a run is stopped, with what it measured as its result", async () => {
	const { id } = await begin(120);
	await waitUntil("a sample", async () => (await get(id)).samples.length > 0);
	const second = await larder.rest("POST", "/lab-runs", { body: { cache: "hot" } });
	expect(second).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
	const stopped = await run("stop", id, "--json");
	expect(stopped.exitCode, stopped.stderr).toBe(0);
	const report = await get(id);
	expect(report).toMatchObject({
		status: "stopped",
		statusReason: expect.stringMatching(/^Stopped/),
	});
	expect(report.results).toHaveLength(3);
	await requireNothingLeft();
	const audit = JSON.stringify((await larder.rest("GET", "/audit")).body);
	for (const action of ["lab-run.create", "lab-run.stop"]) expect(audit).toContain(action);
});

it("deleting a run that is under way stops it, and the audit log has both", async () => {
	const { id } = await begin(120);
	await waitUntil("a sample", async () => (await get(id)).samples.length > 0);
	expect((await larder.rest("DELETE", `/lab-runs/${id}`)).status).toBe(200);
	expect((await larder.rest("GET", `/lab-runs/${id}`)).status).toBe(404);
	await requireNothingLeft();
	const { items } = auditPageSchema.parse((await larder.rest("GET", "/audit")).body);
	const actions = items.filter(({ target }) => target === id).map(({ action }) => action);
	expect(actions.toReversed()).toEqual(["lab-run.create", "lab-run.stop", "lab-run.delete"]);
});

it("a killed control plane cleans up when it is back, and the run has failed", async () => {
	const { id } = await begin(120);
	await waitUntil("keys of the run", async () => (await client.dbsize()) > 1);
	await larder.killControlPlane();
	await larder.startControlPlane();
	await waitUntil("the run to have failed", async () => (await get(id)).status === "failed");
	await waitUntil("its keys to be gone", async () => (await client.dbsize()) === 1);
	await waitUntil("it to be deleted", async () => {
		return (await larder.rest("DELETE", `/lab-runs/${id}`)).status === 200;
	});
	await requireNothingLeft();
});

it("bad requests name the field", async () => {
	const answers = await Promise.all(
		[
			{ cache: "none" },
			{ cache: "hot", strategies: ["write-back"] },
			{ cache: "hot", workload: { durationSeconds: 121 } },
			{ cache: "hot", workload: { keys: 1_000_000, itemBytes: 1_000 } },
		].map((body) => larder.rest("POST", "/lab-runs", { body })),
	);
	expect(answers.map(({ status }) => status)).toEqual([404, 422, 422, 422]);
});
