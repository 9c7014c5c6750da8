import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { eventually, freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { makeCluster } from "../testing/clusters.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.31");
	await host.plane.start();
	host.startAgent();
});
afterEach(() => host.dispose());

async function pair(): Promise<Assignment[]> {
	const primary = makeAssignment({ port: await freePort(host.address), onExit: "report" });
	const role = { kind: "replica", of: { host: host.address, port: primary.port } } as const;
	const ports = [await freePort(host.address), await freePort(host.address)];
	return [primary, ...ports.map((port) => makeAssignment({ port, role }))];
}

const cluster = () =>
	makeCluster({
		...{ host: host.address, shards: 1, replicas: 2 },
		...{ engine: "redis", engineVersion: "7" },
	});

/** Errors of no special kind that an engine has answered with. */
async function countRefusals(connection: Awaited<ReturnType<TestHost["connect"]>>) {
	const info = await connection.command(["INFO", "errorstats"], 2_000);
	return Number(/^errorstat_ERR:count=(\d+)/m.exec(String(info))?.[1] ?? 0);
}

const linkOf = ({ id }: Assignment) => host.plane.observationOf(id)?.engineState?.linkUp;

test.each([
	["without cluster mode", pair],
	["of a cluster", cluster],
])(
	"a replica %s that leaves acknowledges nothing more, and stays until the other has all that it has",
	async (_, make) => {
		const [primary, leaver, other] = await make();
		if (primary === undefined || leaver === undefined || other === undefined) throw new Error();
		host.plane.setAssignments([primary, leaver, other]);
		for (const each of [primary, leaver, other]) await host.untilRunning(each);
		for (const each of [leaver, other]) await host.plane.until("it is in sync", () => linkOf(each));
		const writer = await host.connect(primary.port, "larder");
		await eventually("both replicas acknowledge", async () => {
			await writer.command(["SET", "a", "1"], 2_000);
			return (await writer.command(["WAIT", "2", "100"], 2_000)) === 2;
		});

		const engine = host.engineProcess(other.id);
		if (engine === null) throw new Error("no engine");
		signalProcess(engine, "SIGSTOP");
		await writer.command(["SET", "b", "1"], 2_000);
		expect(await writer.command(["WAIT", "1", "2000"], 3_000)).toBe(1);
		const refusals = await countRefusals(writer);
		const others = [{ host: host.address, port: other.port }];
		const detached: Assignment = { ...leaver, generation: 2, detached: { others } };
		host.plane.setAssignments([primary, detached, other]);
		await host.plane.until("its link has ended", () => linkOf(detached) === false);
		await writer.command(["SET", "c", "1"], 2_000);
		expect(await writer.command(["WAIT", "1", "50"], 2_000)).toBe(0);
		expect(host.plane.observationOf(leaver.id)?.generation).toBe(1);
		await eventually("its attempts to come back are refused", async () => {
			return (await countRefusals(writer)) > refusals;
		});
		expect(await writer.command(["ACL", "LOG"], 2_000)).toEqual([]);

		signalProcess(engine, "SIGCONT");
		await host.untilRunning(detached);
		expect(linkOf(detached)).toBe(false);
		expect(await writer.command(["WAIT", "2", "1500"], 2_000)).toBe(1);
		// It is wanted again, and gets what it has missed.
		const attached: Assignment = { ...leaver, generation: 3 };
		host.plane.setAssignments([primary, attached, other]);
		await eventually("both acknowledge again", async () => {
			return (await writer.command(["WAIT", "2", "100"], 2_000)) === 2;
		});
		writer.close();
	},
);
