import { beforeEach, describe, expect, it } from "vitest";
import { removeHost } from "../services/hosts/remove-host.ts";
import { TestFleet } from "../testing/test-fleet.ts";
import { asRunning, enrollTestHost } from "../testing/test-host.ts";

let fleet: TestFleet;

beforeEach(async () => {
	fleet = await TestFleet.open();
});

describe("a node that keeps exiting", () => {
	it("is replaced in full, keeps its name, and its cache is available again", async () => {
		await fleet.create({ replicasPerShard: 1 });
		const names = await fleet.namesOf();
		const replica = (await fleet.members()).find((node) => node.role === "replica");
		const own = fleet.hosts.find((each) => each.enrollment.name === replica?.host);
		if (own === undefined) throw new Error("no replica");
		const { id: brokenId } = (await own.state()).assignments[0] ?? {};
		const reason = {
			code: "keeps-ending" as const,
			message: "engine process 7 ended (exit code 1)",
		};
		const ended = {
			phase: "exited" as const,
			pid: null,
			startedAt: null,
			engineState: null,
			reason,
		};
		fleet.hosts[fleet.hosts.indexOf(own)] = {
			...own,
			converge: async () => {
				const { assignments, revision } = await own.state();
				const observations = assignments.map((assignment) => ({
					...asRunning(assignment, 4_000),
					...(assignment.id === brokenId ? ended : {}),
				}));
				await own.report({ revision, observations });
			},
		};
		await fleet.converge();
		expect(await fleet.namesOf()).toEqual(names);
		expect(await fleet.orders()).toMatchObject({ status: "available", statusReason: null });
		expect((await fleet.members()).every((node) => node.pid !== null)).toBe(true);
		expect(await fleet.test.resources.db.node.count({ where: { id: brokenId ?? "" } })).toBe(0);
		const moves = await fleet.test.resources.db.event.findMany({
			where: { type: { in: ["node.moving", "node.moved"] } },
			orderBy: { at: "asc" },
		});
		expect(moves.map(({ nodeName }) => nodeName)).toEqual([replica?.id, replica?.id]);
		expect(moves[0]?.message).toMatch(
			/ will .*: its engine keeps exiting within seconds of starting\.$/,
		);
	});
});

it("degraded Multi-AZ is restored once a host in another zone joins", async () => {
	await fleet.create({ replicasPerShard: 1, multiAz: true });
	const replica = (await fleet.members()).find((node) => node.role === "replica");
	const primary = await fleet.leader();
	const spare = ["h1", "h2", "h3"].find((name) => ![replica?.host, primary?.host].includes(name));
	await removeHost(fleet.test.resources, fleet.caller, { name: spare ?? "", lost: false });
	fleet.hosts = fleet.hosts.filter((each) => each.enrollment.name !== spare);
	await fleet.silence([replica?.host ?? ""]);
	expect(await fleet.orders()).toMatchObject({
		multiAzStatus: "degraded",
		multiAzReason: expect.stringContaining(`${replica?.id} on ${replica?.host}`),
	});
	fleet.hosts.push(await enrollTestHost(fleet.test, "h4", primary?.zone ?? ""));
	await fleet.passSeconds(60);
	await fleet.converge();
	expect(await fleet.orders()).toMatchObject({
		status: "available",
		multiAzStatus: "degraded",
		multiAzReason: expect.stringContaining(`All nodes of orders are in zone ${primary?.zone}`),
	});
	fleet.hosts.push(await enrollTestHost(fleet.test, "h5", "d"));
	await fleet.passSeconds(2);
	await fleet.converge();
	expect(await fleet.orders()).toMatchObject({ status: "available", multiAzStatus: "enabled" });
	expect((await fleet.members()).map((node) => node.host).sort()).toEqual(
		[primary?.host, "h5"].sort(),
	);
	expect((await fleet.orders()).lastFailover).toBeNull();
});
