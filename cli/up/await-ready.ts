import { setTimeout as delay } from "node:timers/promises";
import { hostPageSchema } from "../../server/contract/host.ts";
import type { ApiClient } from "../api/client.ts";
import { CliError } from "../exit-codes.ts";
import { HealthPatience } from "./health-patience.ts";
import type { KeptProcess } from "./kept-process.ts";
import { readLogTail } from "./log-file.ts";

const POLL_MS = 30;
const HEALTH_CHECK_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;
/** The first start creates the database, which may take a while on a slow disk. */
const SERVER_TIMEOUT_MS = 180_000;
const SHOWN_LOG_LINES = 12;

/**
 * Waits until the control plane answers. If it ends before that, throws a CliError with the end of what it logged
 * (from `fromByte` on), and doesn't wait for a restart.
 */
export async function awaitControlPlane(
	server: KeptProcess,
	url: string,
	log: { path: string; fromByte: number },
	signal: AbortSignal,
): Promise<void> {
	const deadline = performance.now() + SERVER_TIMEOUT_MS;
	while (!(await isHealthy(url))) {
		signal.throwIfAborted();
		if (server.failures > 0) {
			throw new CliError("The control plane didn't start.", undefined, [
				readLogTail(log.path, SHOWN_LOG_LINES, log.fromByte),
				`The whole log: ${log.path}`,
			]);
		}
		if (performance.now() > deadline) {
			throw new CliError(
				`The control plane hasn't answered at ${url} after ${SERVER_TIMEOUT_MS / 1_000} s.`,
				undefined,
				[`Its log: ${log.path}`],
			);
		}
		await delay(POLL_MS);
	}
}

async function isHealthy(url: string): Promise<boolean> {
	try {
		const response = await fetch(`${url}/healthz`, {
			signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
		});
		await response.body?.cancel();
		return response.status === 200;
	} catch {
		// Not listening yet.
		return false;
	}
}

/**
 * Restarts a running control plane if it or its database hasn't answered for too long. Checks until `signal`
 * aborts.
 */
export async function watchControlPlane(
	server: KeptProcess,
	url: string,
	signal: AbortSignal,
	onRestart: () => void,
): Promise<void> {
	const patience = new HealthPatience();
	while (!signal.aborted) {
		const { pid } = server;
		const healthy = await isHealthy(url);
		if (signal.aborted) return;
		if (patience.look({ pid, healthy, nowMs: performance.now() })) {
			onRestart();
			server.restart();
		}
		await delay(HEALTH_CHECK_MS, undefined, { signal }).catch(() => undefined);
	}
}

/** Waits until all have reported after `since`. Returns the names of those that haven't when the time is up. */
export async function awaitHosts(
	api: ApiClient,
	names: readonly string[],
	since: Date,
	timeoutMs: number,
	signal: AbortSignal,
): Promise<string[]> {
	const deadline = performance.now() + timeoutMs;
	for (;;) {
		const page = hostPageSchema.parse(
			await api.call({ method: "GET", path: "/hosts", query: { limit: 100 } }),
		);
		// A host counts as online for a while after its agent's last report.
		const online = page.items.filter(
			({ status, lastSeenAt }) =>
				status === "online" && lastSeenAt !== null && new Date(lastSeenAt) >= since,
		);
		const missing = names.filter((name) => !online.some((host) => host.name === name));
		if (missing.length === 0 || performance.now() > deadline) return missing;
		signal.throwIfAborted();
		await delay(POLL_MS);
	}
}
