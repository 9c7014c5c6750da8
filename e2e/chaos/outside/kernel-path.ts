import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findEngine } from "../../../agent/bundles/index.ts";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { inlineCommand } from "../../bench/inline-command.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import type { AgentName, Installation } from "../../fixtures/installation.ts";
import { KERNEL_FORWARDS, waitForKernel, whyNoKernel } from "../../fixtures/kernel-forwarding.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";
import { withInstallation } from "../keep-evidence.ts";
import { type Scenario, type ScenarioOptions, Violation } from "../scenario.ts";
import { startSteadyClient } from "../steady-client.ts";
import { primaryOf } from "../stories/act.ts";
import { ImpatientClient } from "./impatient-client.ts";

const ROUNDS = 50;
const CLIENTS_EACH = 6;
const MOVING = "moving";
const STEADY = "steady";
const REST_MS = 2;
/** Stands in for the rules of another program. */
const STRANGER = `stranger_of_larder_${process.pid}`;

export const kernelPath: Scenario = {
	name: "kernel-path",
	description:
		"50 failovers, creations and killed agents under load: the kernel leads no client to a demoted primary, and touches no other client or rule",
	whyNot: whyNoKernel,
	run: (options) =>
		withInstallation({ environment: KERNEL_FORWARDS }, (larder) => play(larder, options)),
};

async function play(larder: Installation, options: ScenarioOptions): Promise<string> {
	const nft = (await findEngine({ engine: "nftables" }))?.server;
	if (nft === undefined) throw new Error("nftables isn't in the store");
	await promisify(execFile)(nft, [`add table ip ${STRANGER}; add chain ip ${STRANGER} empty`]);
	try {
		const before = await otherRules(nft);
		const found = await underLoad(larder, options);
		if ((await otherRules(nft)) !== before) throw new Violation("rules of others were changed");
		return found;
	} finally {
		// Adding it first makes the removal succeed in any case: its failure would hide what was found.
		await promisify(execFile)(nft, [`add table ip ${STRANGER}; delete table ip ${STRANGER}`]);
	}
}

/** Tables of Larder's agents, and of other runs of this scenario. */
const LARDER = /^table ip (larder_[0-9a-f]{16}|stranger_of_larder_\d+) /;

/** Everything else in the kernel, and this run's own table. */
async function otherRules(nft: string): Promise<string> {
	const { stdout } = await promisify(execFile)(nft, ["list", "ruleset"]);
	return stdout
		.split(/^(?=table )/m)
		.filter((table) => table.startsWith(`table ip ${STRANGER} `) || !LARDER.test(table))
		.join("");
}

async function underLoad(larder: Installation, options: ScenarioOptions): Promise<string> {
	const rounds = options.kills ?? ROUNDS;
	await larder.createCache({ name: MOVING, auth: "none", replicasPerShard: 2 });
	await larder.createCache({ name: STEADY, auth: "none" });
	const moving = await larder.waitForStatus(MOVING, "available");
	const steady = await larder.waitForStatus(STEADY, "available");
	await waitForKernel(larder);
	const bystander = startSteadyClient(requireEndpoint(steady, "primary"), REST_MS);
	const { port } = requireEndpoint(moving, "primary");
	const writers = moving.endpoints.gateways.flatMap((host) =>
		Array.from({ length: CLIENTS_EACH }, () => new ImpatientClient({ host, port }, ["INCR", "n"])),
	);
	try {
		for (let round = 0; round < rounds; round += 1) {
			await Promise.all([failOver(larder), createAndDelete(larder, `born-${round}`)]);
			await Promise.all(writers.map((writer) => writer.goesOn()));
			const agent = larder.agentNames[options.random(larder.agentNames.length)] as AgentName;
			await larder.killAgent(agent);
			await larder.startAgent(agent);
			if (round % 10 === 9) options.log(`${round + 1} rounds`);
		}
		await waitForKernel(larder);
	} finally {
		await Promise.all(writers.map((writer) => writer.stop()));
	}
	const { errors, operations } = await bystander.stop();
	if (errors.length > 0) throw new Violation(`a client of another cache met ${errors.join("; ")}`);
	const troubles = new Set(writers.flatMap((writer) => [...writer.troubles.keys()]));
	const wrong = [...troubles].filter((kind) => kind !== "closed" && kind !== "refused");
	if (wrong.length > 0) {
		const met = writers.flatMap(({ firstMet }) =>
			wrong.flatMap((kind) => firstMet.get(kind) ?? []),
		);
		throw new Violation(`clients of the endpoint met ${met.join(", ")}`);
	}
	return `${rounds} rounds; ${writers.length} clients met ${[...troubles].join(", ")} and went on; another cache's client met no error in ${operations} operations`;
}

async function failOver(larder: Installation): Promise<void> {
	const before = await primaryOf(larder, MOVING);
	await waitUntil(
		"another node to lead",
		async () => {
			if ((await primaryOf(larder, MOVING)).id !== before.id) return true;
			// Larder refuses this while a killed agent hasn't reported yet, or a replica is slow to answer.
			await larder.rest("POST", `/caches/${MOVING}/failover`, { body: {} });
			return false;
		},
		60_000,
	);
}

/** A new endpoint answers on every host as soon as its cache is available. */
async function createAndDelete(larder: Installation, name: string): Promise<void> {
	await larder.createCache({ name, auth: "none" });
	const cache: Cache = await larder.waitForStatus(name, "available", 60_000);
	const { port } = requireEndpoint(cache, "primary");
	for (const host of cache.endpoints.gateways) {
		const answer = await inlineCommand(host, port, "PING");
		if (answer !== "+PONG\r\n") throw new Violation(`${name} on ${host} answered ${answer}`);
	}
	await larder.deleteCache(name);
}
