import { readdir } from "node:fs/promises";
import { Command } from "commander";
import type { LarderHome } from "../../platform/home.ts";
import { KernelTablesLeftError, removeKernelTables } from "../../platform/kernel-table.ts";
import { readLock } from "../../platform/process-lock.ts";
import { print } from "../command-context.ts";
import { CliError } from "../exit-codes.ts";
import { findAgentProcesses } from "../installation/agent-processes.ts";
import { currentHome } from "../installation/checkout.ts";
import { type EndResult, endProcess } from "../installation/end-process.ts";
import {
	findAcceleratorProcesses,
	findEngineProcesses,
	findGatewayProcesses,
	findSentinelProcesses,
} from "../installation/engine-processes.ts";
import { plural } from "../terminal/format.ts";

/** `up` stops its own children first and gives each 10 s. */
const UP_GRACE_MS = 25_000;
const GRACE_MS = 10_000;

export function stopCommand(): Command {
	return new Command("stop")
		.summary(
			"stop this installation's processes on this machine, caches included (same as npm stop)",
		)
		.description(
			"Stop the control plane, the agents of this home and all their caches. What caches hold in memory is lost. Safe to repeat, and works even if the control plane is dead.",
		)
		.action(async () => stopEverything(currentHome()));
}

/**
 * In this order, nothing is restarted behind our back: supervisors first, then agents and Sentinels, then
 * engines and gateways.
 */
async function stopEverything(home: LarderHome): Promise<void> {
	const up = readLock(home.upLock);
	if (up !== null) report("supervisor (larder up)", [await endProcess(up.identity, UP_GRACE_MS)]);
	const server = readLock(home.controlPlaneLock);
	if (server !== null) report("control plane", [await endProcess(server.identity, GRACE_MS)]);
	const agents = findAgentProcesses(home);
	report("agent", await Promise.all(agents.map((each) => endProcess(each, GRACE_MS))));
	const sentinels = findSentinelProcesses(home);
	report("Sentinel", await Promise.all(sentinels.map((each) => endProcess(each, GRACE_MS))));
	const accelerators = findAcceleratorProcesses(home);
	report("accelerator", await Promise.all(accelerators.map((each) => endProcess(each, GRACE_MS))));
	const engines = findEngineProcesses(home);
	report("cache node", await Promise.all(engines.map((each) => endProcess(each, GRACE_MS))));
	const gateways = findGatewayProcesses(home);
	report("gateway", await Promise.all(gateways.map((each) => endProcess(each, GRACE_MS))));
	await removeKernelRules(home);
	const parts = [agents, sentinels, accelerators, gateways, engines];
	const found = parts.reduce((sum, each) => sum + each.length, 0);
	const nothing = up === null && server === null && found === 0;
	print(nothing ? `Nothing was running in ${home.root}.` : "Stopped everything.");
}

/** Last, because it would cut connections to caches that still run. */
async function removeKernelRules(home: LarderHome): Promise<void> {
	const names = await readdir(home.agentsDir).catch(() => []);
	for (const name of names) {
		await removeKernelTables(home.agentDir(name)).catch((error: unknown) => {
			if (!(error instanceof KernelTablesLeftError)) throw error;
			throw new CliError(
				`Couldn't remove some of the kernel rules that host ${name} created: ${error.message}`,
				undefined,
				["They no longer have any effect. To remove them, run as root:", ...error.commands],
			);
		});
	}
}

function report(what: string, results: readonly EndResult[]): void {
	const many = (count: number) => plural(count, what);
	const count = (wanted: EndResult) => results.filter((result) => result === wanted).length;
	const stopped = count("stopped") + count("was gone");
	if (stopped > 0) print(`Stopped ${many(stopped)}`);
	const killed = count("killed");
	if (killed > 0) print(`Killed ${many(killed)} that didn't stop when asked`);
	const left = count("still there");
	if (left > 0) {
		throw new CliError(`${many(left)} can't be killed, even with SIGKILL.`, undefined, [
			"An unresponsive disk can block a process. Try again later: npm stop",
		]);
	}
}
