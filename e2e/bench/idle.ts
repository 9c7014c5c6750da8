/** `npm run bench:idle`: memory and CPU time of control plane, agents, engines and gateways after a minute with nothing to do. */
import { setTimeout as delay } from "node:timers/promises";
import { markdownTable } from "../../platform/testing/figures.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { type AgentName, type Installation, startInstallation } from "../fixtures/installation.ts";
import { processesOf } from "../fixtures/processes-of.ts";
import { cpuSeconds, mebibytes } from "./process-usage.ts";

await cleanUpWhenCutShort();

const IDLE_MS = 60_000;
const AGENTS: readonly AgentName[] = ["local-a", "local-b", "local-c"];

const larder = await startInstallation({ console: true });
try {
	await delay(IDLE_MS);
	console.log("### without caches\n");
	console.log(`${measure(larder)}\n`);
	await larder.createCache({ name: "idle", replicasPerShard: 2 });
	await larder.waitForStatus("idle", "available");
	await delay(IDLE_MS);
	console.log("### with one cache of three nodes\n");
	console.log(measure(larder));
} finally {
	await larder.stop();
}

function measure({ home, controlPlane, agent, engines }: Installation): string {
	const rows = [
		["control plane (console, API, embedded database)", controlPlane().pid] as const,
		...AGENTS.map((name) => [`agent ${name}`, agent(name).pid] as const),
		...engines().map((engine) => ["engine", engine.pid] as const),
		...processesOf(home.root)
			.filter(({ command }) => /\/haproxy\b/.test(command))
			.map(({ pid }) => ["gateway (HAProxy's master or worker)", pid] as const),
	];
	return markdownTable([
		["process", "RSS MiB", "PSS MiB", "CPU s"],
		...rows.map(([title, pid]) => [
			title,
			mebibytes(pid, "status", "VmRSS").toFixed(0),
			mebibytes(pid, "smaps_rollup", "Pss").toFixed(0),
			cpuSeconds(pid).toFixed(1),
		]),
	]);
}
