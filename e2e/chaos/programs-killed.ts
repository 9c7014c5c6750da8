import { readFileSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { percentile } from "../../platform/testing/figures.ts";
import { hostPids } from "../fixtures/host-processes.ts";
import type { AgentName, Installation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { withInstallation } from "./keep-evidence.ts";
import { killProgram } from "./kill-program.ts";
import { requireNothingStray } from "./nothing-stray.ts";
import { type Scenario, type ScenarioOptions, Violation } from "./scenario.ts";
import { type ClientReport, startSteadyClient } from "./steady-client.ts";

const CACHES = ["steady-a", "steady-b", "steady-c"];
const SECONDS = 300;
const KILL_EVERY_MS = 2_000;
const KILLS = 500;
const ADOPT_WITHIN_MS = 1_000;
/**
 * Like the writers of the failover measurements. Without a pause, three clients would leave no processor time for an
 * agent that starts.
 */
const REST_MS = 2;
const logLineSchema = z.object({ time: z.number(), msg: z.string() });

/** Larder's own programs are killed all the time; clients see none of it. */
export const programsKilled: Scenario = {
	name: "programs-killed",
	description: "an agent or the control plane killed every 2 s: no client sees an error",
	run: (options) =>
		withInstallation({}, (larder) => killPrograms(larder, options.seconds ?? SECONDS, options)),
};

/** Agents are killed and immediately started again; each must find its engines again, and start none of them twice. */
export const agentsKilled: Scenario = {
	name: "agents-killed",
	description:
		"agents killed again and again: the same engines, none started twice, adopted within 1 s",
	run: (options) =>
		withInstallation({}, (larder) => killAgents(larder, options.kills ?? KILLS, options)),
};

async function killPrograms(
	larder: Installation,
	seconds: number,
	{ random }: ScenarioOptions,
): Promise<string> {
	return await underSteadyClients(larder, 0, async () => {
		const until = performance.now() + seconds * 1_000;
		let kills = 0;
		while (performance.now() < until) {
			const next = delay(KILL_EVERY_MS);
			await killProgram(larder, random);
			kills += 1;
			await next;
		}
		return `${kills} kills`;
	});
}

async function killAgents(
	larder: Installation,
	kills: number,
	{ random, log }: ScenarioOptions,
): Promise<string> {
	return await underSteadyClients(larder, REST_MS, async () => {
		const adoptions: number[] = [];
		for (let kill = 0; kill < kills; kill += 1) {
			const agent = larder.agentNames[random(larder.agentNames.length)] as AgentName;
			await larder.killAgent(agent);
			const adoptionMs = await timeAdoption(larder, agent);
			adoptions.push(adoptionMs);
			if (adoptionMs > ADOPT_WITHIN_MS) log(`kill ${kill + 1}: adopted after ${adoptionMs} ms`);
			await requireSameHost(larder, agent);
			if (kill % 50 === 49) log(`${kill + 1} kills`);
		}
		const late = adoptions.filter((ms) => ms > ADOPT_WITHIN_MS);
		const summary = `adopted after ${percentile(adoptions, 50).toFixed(0)} ms (median), ${Math.max(...adoptions).toFixed(0)} ms (longest)`;
		if (late.length > 0)
			throw new Violation(`${late.length} of ${kills} took over 1 s: ${summary}`);
		return `${kills} kills of agents, ${summary}`;
	});
}

/**
 * How long an agent takes from its start until it has all its engines again. Its own log has the times: polling the API
 * would slow it down.
 */
async function timeAdoption(larder: Installation, agent: AgentName): Promise<number> {
	const engines = hostPids(larder, agent, "engine").length;
	const { log } = larder.agent(agent);
	const before = statSync(log).size;
	const startedAt = Date.now();
	larder.spawnAgent(agent);
	const times = await waitUntil(`the engines of ${agent} to be adopted`, () => {
		const lines = readFileSync(log).subarray(before).toString().split("\n").filter(Boolean);
		const adoptions = lines
			.map((line) => logLineSchema.parse(JSON.parse(line)))
			.filter(({ msg }) => msg === "engine adopted");
		return adoptions.length >= engines && adoptions.map(({ time }) => time);
	});
	return Math.max(...times) - startedAt;
}

/** Checks that the control plane shows running processes for all nodes of the host. */
async function requireSameHost(larder: Installation, agent: AgentName): Promise<void> {
	const running = new Set(larder.engines().map(({ pid }) => pid));
	for (const name of CACHES) {
		const cache = await larder.getCache(name);
		const nodes = cache?.shards.flatMap((shard) => shard.nodes) ?? [];
		const lost = nodes.find((node) => node.host === agent && !running.has(node.pid ?? 0));
		if (lost !== undefined) throw new Violation(`${lost.id} isn't process ${lost.pid} any more`);
	}
}

async function underSteadyClients(
	larder: Installation,
	restMs: number,
	kill: () => Promise<string>,
): Promise<string> {
	const clients: { stop(): Promise<ClientReport> }[] = [];
	for (const name of CACHES) {
		await larder.createCache({ name, auth: "none", replicasPerShard: 2 });
		const { endpoints } = await larder.waitForStatus(name, "available");
		if (endpoints.primary === null) throw new Error(`${name} has no primary endpoint`);
		clients.push(startSteadyClient(endpoints.primary, restMs));
	}
	const before = enginePids(larder);
	const what = await kill();
	for (const name of CACHES) {
		await waitUntil(`${name} to be healthy`, async () => {
			const cache = await larder.getCache(name);
			const nodes = cache?.shards.flatMap((shard) => shard.nodes) ?? [];
			return cache?.status === "available" && nodes.every((node) => node.status === "available");
		});
	}
	await requireNothingStray(larder, CACHES);
	const reports = await Promise.all(clients.map((client) => client.stop()));
	const after = enginePids(larder);
	if (before !== after) throw new Violation(`engines changed: ${before} to ${after}`);
	const errors = reports.flatMap((report) => report.errors);
	if (errors.length > 0) throw new Violation(`clients saw ${errors.length} errors: ${errors[0]}`);
	const operations = reports.reduce((sum, report) => sum + report.operations, 0);
	const slowestMs = Math.max(...reports.map((report) => report.slowestMs));
	return `${what}; ${operations} operations without an error (slowest ${slowestMs.toFixed(0)} ms), the same engines`;
}

function enginePids(larder: Installation): string {
	return larder
		.engines()
		.map(({ pid }) => pid)
		.sort((a, b) => a - b)
		.join(" ");
}
