import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { AppError } from "../contract/errors.ts";
import { failoverCache } from "../services/caches/failover-cache.ts";
import { modifyCache } from "../services/caches/modify-cache.ts";
import { rebootCache } from "../services/caches/reboot-cache.ts";
import { drainHost, uncordonHost } from "../services/hosts/change-host.ts";
import { createParameterGroup } from "../services/parameter-groups/create-parameter-group.ts";
import { modifyParameterGroup } from "../services/parameter-groups/modify-parameter-group.ts";
import { settleRoutes } from "../services/route-hosts.ts";
import { TestFleet } from "../testing/test-fleet.ts";

const ROUNDS = 8;
const CACHES = ["a", "b", "c"];

it("transactions of every kind run at the same time without a deadlock", async () => {
	const fleet = await TestFleet.open();
	const { resources } = fleet.test;
	const { db } = resources;
	const group = "keepalive";
	await createParameterGroup(resources, fleet.caller, {
		...{ name: group, family: "valkey9", description: "", parameters: {} },
	});
	for (const name of CACHES) await fleet.create({ name, replicasPerShard: 2 });
	const cacheIds = (await db.cache.findMany({ select: { id: true } })).map(({ id }) => id);

	const outcomes = new Map<string, { done: number; refused: number }>();
	const repeat = async (what: string, work: (round: number) => Promise<unknown>) => {
		const outcome = { done: 0, refused: 0 };
		outcomes.set(what, outcome);
		for (let round = 0; round < ROUNDS; round++) {
			try {
				await work(round);
				outcome.done += 1;
			} catch (error) {
				// A refusal means that two people want different things. Anything else, such as a deadlock, is a fault.
				if (!(error instanceof AppError)) throw error;
				outcome.refused += 1;
			}
		}
	};
	const name = (round: number) => CACHES[round % CACHES.length] ?? "";
	const caller = () => ({ ...fleet.caller, idempotencyKey: randomUUID() });
	const host = (round: number) => fleet.hosts[round % fleet.hosts.length];
	await Promise.all([
		...cacheIds.map((id, index) => repeat(`reconcile ${index}`, () => fleet.pass(id))),
		repeat("obey", () => fleet.obey()),
		repeat("report", async (round) => host(round)?.converge()),
		repeat("move", async (round) => {
			const facts = host(round)?.enrollment.facts;
			if (facts === undefined) return;
			const advertisedAddress = `127.0.1.${round + 1}`;
			await host(round)?.report({ facts: { ...facts, advertisedAddress } });
		}),
		repeat("group", (round) =>
			modifyParameterGroup(resources, caller(), {
				name: group,
				parameters: { "tcp-keepalive": String(100 + round) },
			}),
		),
		repeat("modify", (round) =>
			modifyCache(resources, caller(), {
				name: name(round),
				parameterGroup: round % 2 === 0 ? group : "default.valkey9",
			}),
		),
		repeat("resize", (round) =>
			modifyCache(resources, caller(), { name: name(round), replicasPerShard: 1 + (round % 2) }),
		),
		repeat("switch", (round) =>
			modifyCache(resources, caller(), { name: name(round + 1), multiAz: round % 2 === 0 }),
		),
		repeat("reboot", (round) => rebootCache(resources, caller(), { name: name(round) })),
		repeat("failover", (round) => failoverCache(resources, caller(), { name: name(round) })),
		repeat("drain", async (round) => {
			const target = { name: host(Math.floor(round / 2))?.enrollment.name ?? "" };
			await (round % 2 === 0 ? drainHost : uncordonHost)(resources, caller(), target);
		}),
		repeat("routes", () => settleRoutes(resources)),
	]);
	// Whether a cache can do these depends on what the others have just done to it.
	const mayAllBeRefused = ["failover", "reboot", "resize"];
	for (const [what, { done }] of outcomes) {
		if (!mayAllBeRefused.includes(what)) expect(done, what).toBeGreaterThan(0);
	}
	const [stats] = await db.$queryRaw<{ deadlocks: number }[]>`
		SELECT "deadlocks"::int FROM pg_stat_database WHERE "datname" = current_database()`;
	expect(stats?.deadlocks).toBe(0);
});
