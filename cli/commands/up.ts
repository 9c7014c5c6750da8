import { join } from "node:path";
import { Command } from "commander";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { LarderHome } from "../../platform/home.ts";
import { acquireLock, LockHeldError, readLock } from "../../platform/process-lock.ts";
import { createApiClient } from "../api/client.ts";
import { print } from "../command-context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { findAgentProcesses } from "../installation/agent-processes.ts";
import { builtProgram, currentHome } from "../installation/checkout.ts";
import { endProcess } from "../installation/end-process.ts";
import { findEngineProcesses } from "../installation/engine-processes.ts";
import { readServerSettings, type ServerSettings } from "../installation/settings.ts";
import { formatDuration, plural } from "../terminal/format.ts";
import { awaitControlPlane, awaitHosts, watchControlPlane } from "../up/await-ready.ts";
import { type KeptProcess, keepProcess } from "../up/kept-process.ts";
import { agentEnvironment, joinTokenFor, planLocalAgents } from "../up/local-agents.ts";
import { logLength } from "../up/log-file.ts";
import { findPortOwner, isPortTaken } from "../up/port-owner.ts";

const HOSTS_ONLINE_TIMEOUT_MS = 15_000;
const AGENT_GRACE_MS = 10_000;
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface UpOptions {
	agents: boolean;
}

export function upCommand(): Command {
	return new Command("up")
		.summary("run Larder on this machine (same as npm start)")
		.description(
			"Run the control plane, its console and three local agents until Ctrl-C. Caches keep serving after that.",
		)
		.option("--no-agents", "the control plane alone; hosts elsewhere join it")
		.addHelpText(
			"after",
			`
Environment:
  PORT          port of console and API (3000)
  LARDER_BIND   address they listen on (127.0.0.1)
  LARDER_HOME   where everything is kept (.larder in the checkout)
  DATABASE_URL  a PostgreSQL server instead of the embedded database`,
		)
		.action(run);
}

async function run(options: UpOptions): Promise<void> {
	const startedAt = performance.now();
	const home = currentHome();
	const settings = readServerSettings();
	const lock = lockHome(home, settings);
	const stop = new AbortController();
	const kept: KeptProcess[] = [];
	let signals = 0;
	const onSignal = () => {
		signals += 1;
		stop.abort();
		// Interrupted twice: don't wait any longer.
		if (signals > 1) for (const each of kept) each.kill();
	};
	for (const name of STOP_SIGNALS) process.on(name, onSignal);
	try {
		refuseOrphan(home);
		await requireFreePort(settings);
		await stopLeftAgents(home);
		await start(home, settings, options, kept, stop.signal, startedAt);
		await new Promise<void>((resolve) => {
			if (stop.signal.aborted) resolve();
			else stop.signal.addEventListener("abort", () => resolve(), { once: true });
		});
	} catch (error) {
		if (!stop.signal.aborted) throw error;
	} finally {
		await stopAll(kept);
		lock.release();
	}
	printWhatKeepsRunning(home);
}

async function start(
	home: LarderHome,
	settings: ServerSettings,
	options: UpOptions,
	kept: KeptProcess[],
	signal: AbortSignal,
	startedAt: number,
): Promise<void> {
	const environment: NodeJS.ProcessEnv = {
		...process.env,
		LARDER_HOME: home.root,
		NODE_ENV: "production",
	};
	const onEnd = (title: string, how: string, restartInMs: number) =>
		print(
			`The ${title} ended (${how}); restarting it in ${formatDuration(restartInMs)}. Log: ${home.logsDir}`,
		);
	const serverLog = join(home.logsDir, "control-plane.log");
	const loggedBefore = logLength(serverLog);
	let announced = false;
	const server = keepProcess({
		title: "control plane",
		script: builtProgram("server"),
		env: { ...environment, PORT: String(settings.port), LARDER_BIND: settings.bind },
		log: serverLog,
		onEnd: (...args) => {
			if (announced) onEnd(...args);
		},
	});
	kept.push(server);
	const log = { path: serverLog, fromByte: loggedBefore };
	await awaitControlPlane(server, settings.url, log, signal);
	announced = true;
	void watchControlPlane(server, settings.url, signal, () =>
		print(
			`The control plane or its database no longer answers; restarting it. Caches keep serving. Log: ${serverLog}`,
		),
	);
	print(`Control plane answers (${formatDuration(performance.now() - startedAt)})`);

	const token = (await readFileIfExists(home.adminTokenFile))?.trim() ?? "";
	const api = createApiClient({ url: settings.url, token });
	const agents = options.agents ? await planLocalAgents(home) : [];
	if (agents.length > 0) {
		const joinToken = await joinTokenFor(agents, api);
		const startingAt = new Date();
		signal.throwIfAborted();
		for (const agent of agents) {
			kept.push(
				keepProcess({
					title: `agent ${agent.name}`,
					script: builtProgram("agent"),
					env: agentEnvironment(agent, settings.url, joinToken, environment),
					log: join(home.logsDir, `agent-${agent.name}.log`),
					onEnd,
				}),
			);
		}
		const names = agents.map((agent) => agent.name);
		const missing = await awaitHosts(api, names, startingAt, HOSTS_ONLINE_TIMEOUT_MS, signal);
		for (const name of names) {
			if (!missing.includes(name)) continue;
			print(`Host ${name} isn't online yet; see ${join(home.logsDir, `agent-${name}.log`)}`);
		}
		if (missing.length === 0) print(`Hosts online: ${names.join(", ")}`);
	}
	const link = (await readFileIfExists(join(home.runDir, "setup-link")))?.trim();
	print(`
Larder runs at ${settings.url} (ready after ${formatDuration(performance.now() - startedAt)})
${link ? `\n  Create the administrator with this link; it works once:\n  ${link}\n` : ""}
  Logs   ${home.logsDir}
  Stop   Ctrl-C stops control plane and agents; caches keep serving.
         npm stop stops everything, caches included.
`);
}

function lockHome(home: LarderHome, settings: ServerSettings): { release(): void } {
	try {
		return acquireLock(home.upLock, settings.url);
	} catch (error) {
		if (!(error instanceof LockHeldError)) throw error;
		throw new CliError(
			`Larder already runs in ${home.root}: ${error.holder.note}, process ${error.holder.identity.pid}.`,
			EXIT.conflict,
			["Use that one, stop it with npm stop, or set LARDER_HOME to another directory."],
		);
	}
}

/** Throws if a control plane already runs here: its `up` was killed, or `larder server` started it. */
function refuseOrphan(home: LarderHome): void {
	const holder = readLock(home.controlPlaneLock);
	if (holder === null) return;
	throw new CliError(
		`A control plane already runs in ${home.root}: ${holder.note}, process ${holder.identity.pid}.`,
		EXIT.conflict,
		[
			`Stop it with: kill ${holder.identity.pid} (caches keep serving), or npm stop (caches stop as well).`,
			"Or set LARDER_HOME to another directory.",
		],
	);
}

/** Stops agents whose `up` was killed, because ours would find their homes locked. Caches don't notice the change. */
async function stopLeftAgents(home: LarderHome): Promise<void> {
	const names = (await planLocalAgents(home)).map((agent) => agent.home);
	const left = findAgentProcesses(home, names);
	await Promise.all(left.map((agent) => endProcess(agent, AGENT_GRACE_MS)));
	if (left.length > 0)
		print(`Stopped ${plural(left.length, "agent")} that an earlier run left behind`);
}

async function requireFreePort({ port, bind }: ServerSettings): Promise<void> {
	if (!(await isPortTaken(port, bind))) return;
	const owner = findPortOwner(port);
	const who = owner === null ? "another program" : `${owner.command}, process ${owner.pid}`;
	throw new CliError(`Port ${port} on ${bind} is in use by ${who}.`, EXIT.conflict, [
		`Stop it, or choose another port: PORT=${port + 1} npm start`,
	]);
}

async function stopAll(kept: readonly KeptProcess[]): Promise<void> {
	if (kept.length === 0) return;
	print("\nStopping control plane and agents …");
	await Promise.all(kept.map((each) => each.stop()));
}

function printWhatKeepsRunning(home: LarderHome): void {
	const count = findEngineProcesses(home).length;
	print(
		count === 0
			? "Stopped. No cache runs on this machine."
			: `Stopped. ${count} cache ${count === 1 ? "node keeps" : "nodes keep"} serving; npm start manages ${count === 1 ? "it" : "them"} again, npm stop stops ${count === 1 ? "it" : "them"}.`,
	);
}
