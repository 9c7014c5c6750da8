import { spawnSync } from "node:child_process";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureEngine } from "../bundles/index.ts";
import { killChild, TestHost } from "../testing/agent-fixture.ts";
import { openFilesOf } from "./open-files.ts";

const LIMIT = ["prlimit", "--nofile=1024:1024"];
/** Without this capability root may not raise the limit again. */
const NO_RAISING = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"];
const isRoot = process.getuid?.() === 0;
const under = [...(isRoot ? NO_RAISING : []), ...LIMIT];
const [program = "", ...args] = under;
const canLimit = spawnSync(program, [...args, "true"]).status === 0;
/** Root in a container may lack it from the start. */
const mayRaise = isRoot && spawnSync("prlimit", ["--nofile=1048576", "true"]).status === 0;

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.44");
	await host.plane.start();
});
afterEach(() => host.dispose());

test.skipIf(!canLimit)(
	"a node that can open too few files reports how many clients it serves, until it can open more",
	async () => {
		const assignment = await host.assign();
		const agent = host.spawnAgent(under);
		const { pid } = await host.untilRunning(assignment);
		const limit = () => host.plane.observationOf(assignment.id)?.clientLimit;
		await host.plane.until("it reports how few", () => limit() != null);
		expect(limit()).toEqual({ actual: 992, wanted: 10_000 });
		const reported = () => host.plane.events.filter(({ type }) => type === "node.few-clients");
		await host.plane.until("an event reports it", () => reported().length > 0);
		expect(reported()).toHaveLength(1);
		expect(reported()[0]?.assignmentId).toBe(assignment.id);
		expect(reported()[0]?.message).toMatch(
			/at most 992 clients .* instead of 10,000, .*LimitNOFILE=/,
		);
		const codes = host.plane.reports
			.flatMap(({ warnings }) => warnings ?? [])
			.map(({ code }) => code);
		expect(codes).toContain("open-files");
		await killChild(agent);
		if (!mayRaise) return;
		// The next agent may raise limits, and does so for engines that it adopts.
		host.plane.observations = null;
		host.startAgent();
		const adopted = await host.untilRunning(assignment);
		expect(adopted).toMatchObject({ pid, clientLimit: null });
		expect(openFilesOf(pid ?? 0).hard).toBeGreaterThan(10_000);
		const client = await host.connect(assignment.port, "larder");
		const answer = await client.command(["CONFIG", "GET", "maxclients"], 20_000);
		expect(answer).toEqual(["maxclients", "10000"]);
		client.close();
		const newest = host.plane.reports.findLast(({ warnings }) => warnings !== null)?.warnings;
		expect(newest?.map(({ code }) => code)).not.toContain("open-files");
	},
);

test("an engine that was started with a lower client limit gets the full one once its host allows it", async () => {
	const assignment = await host.assign();
	const stop = host.startAgent();
	const { pid } = await host.untilRunning(assignment);
	await stop();
	const client = await host.connect(assignment.port, "larder");
	await client.command(["CONFIG", "SET", "maxclients", "992"], 20_000);
	host.plane.observations = null;
	host.startAgent();
	expect(await host.untilRunning(assignment)).toMatchObject({ pid, clientLimit: null });
	const answer = await client.command(["CONFIG", "GET", "maxclients"], 20_000);
	expect(answer).toEqual(["maxclients", "10000"]);
	expect(host.plane.events).toEqual([]);
	client.close();
});
