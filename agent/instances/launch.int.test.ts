import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureEngine } from "../bundles/index.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});

beforeEach(async () => {
	host = new TestHost("127.0.1.13");
	await host.plane.start();
});
afterEach(() => host.dispose());

test("an unavailable engine is reported with what to do, and used once it is there", async () => {
	const path = process.env.PATH;
	const empty = join(host.homeDir, "no-programs");
	const { server } = await ensureEngine({ engine: "valkey", version: "9" });
	try {
		process.env.PATH = empty;
		const assignment = await host.assign();
		host.startAgent({ engineStoreDir: join(host.homeDir, "store") });
		const waiting = await host.plane.until("the missing engine is reported", () => {
			const { reason } = host.plane.observationOf(assignment.id) ?? {};
			return reason?.code === "engine-missing" && reason.message.includes("install") && reason;
		});
		expect(waiting.message).toContain("on PATH");
		process.env.PATH = join(server, "..");
		await host.untilRunning(assignment);
	} finally {
		process.env.PATH = path;
	}
});

test("a launch that failed before the process started is repeated without a permit", async () => {
	const assignment = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const directory = join(host.homeDir, "instances", assignment.id);
	mkdirSync(directory, { recursive: true });
	// What the disk looks like if the agent dies between writing its intent and starting the process.
	const record = {
		...{ format: 1, assignmentId: assignment.id, hostId: host.plane.hostId, engine: "valkey" },
		...{ history: "unknown", launchPermit: 0, launches: 1, restarts: 0, identity: null },
		...{ startedAt: new Date().toISOString(), generation: 1 },
	};
	writeFileSync(join(directory, "state.json"), JSON.stringify(record));
	host.plane.setAssignments([assignment]);
	host.startAgent();
	await host.untilRunning(assignment);
});

test("files that can't be written are named, and the launch is tried again", async () => {
	const assignment = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const directory = join(host.homeDir, "instances", assignment.id);
	// A directory is in the place of a file that must be written.
	mkdirSync(join(directory, "data", "dump.rdb"), { recursive: true });
	host.plane.setAssignments([assignment]);
	host.startAgent();
	const failed = await host.plane.until("the failure is reported", () => {
		const { reason } = host.plane.observationOf(assignment.id) ?? {};
		return reason?.code === "launch-failed" && reason;
	});
	expect(failed.message).toContain("dump.rdb");
	rmSync(join(directory, "data", "dump.rdb"), { recursive: true });
	await host.untilRunning(assignment);
});

test("an engine that ends as it starts is tried again, and its own output says why", async () => {
	const path = process.env.PATH;
	const programs = join(host.homeDir, "programs");
	const { server } = await ensureEngine({ engine: "valkey", version: "9" });
	const program = (otherwise: string) =>
		`#!/bin/sh\nif [ "$1" = --version ]; then echo "Valkey server v=9.9.9"; else ${otherwise}; fi\n`;
	const install = (text: string) => {
		writeFileSync(join(programs, "new"), text, { mode: 0o755 });
		renameSync(join(programs, "new"), join(programs, "valkey-server"));
	};
	mkdirSync(programs);
	install(program("echo no such luck; exit 7"));
	try {
		process.env.PATH = `${programs}:${path}`;
		const assignment = await host.assign({ onExit: "report" });
		host.startAgent({ engineStoreDir: join(host.homeDir, "store") });
		const failed = await host.plane.until("the failure is reported", () => {
			const { reason } = host.plane.observationOf(assignment.id) ?? {};
			return reason?.code === "launch-failed" && reason.message.includes("luck") && reason;
		});
		expect(failed.message).toMatch(/before it could serve.*no such luck/);
		install(program(`exec ${server} "$@"`));
		await host.untilRunning(assignment);
	} finally {
		process.env.PATH = path;
	}
});
