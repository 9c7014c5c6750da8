import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findEngine } from "../../../agent/bundles/index.ts";
import { markdownTable } from "../../../platform/testing/figures.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";
import type { Installation } from "../../fixtures/installation.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";

const CLIENTS = 50;
const SECONDS = 8;
const LEAST_REQUESTS = 3_000;
/** Requests of the runs that nothing throttles. */
const FREE_REQUESTS = 60_000;
const FAR = 15_000_000;

/** How exactly clients are held to an ECPU maximum, how long they wait, and what a maximum costs that nobody reaches. */
export async function benchThrottle(larder: Installation): Promise<void> {
	const name = "throttle";
	const body = { kind: "serverless", name, protocol: "standard", auth: "none" };
	await larder.createCache(body);
	const cache = await larder.waitForStatus(name, "available");
	const engine = await findEngine({ engine: "valkey", version: "9" });
	if (engine === null) throw new Error("no Valkey is installed");
	const program = join(dirname(engine.server), "valkey-benchmark");
	const { host, port } = requireEndpoint(cache, "primary");
	const load = async (requests: number, pipeline: number) => {
		const { stdout } = await promisify(execFile)(program, [
			...["-h", host, "-p", `${port}`, "-c", `${CLIENTS}`, "-P", `${pipeline}`],
			...["-n", `${requests}`, "-t", "set", "-d", "64", "--csv"],
		]);
		const cells = (stdout.trim().split("\n").at(-1) ?? "").replaceAll('"', "").split(",");
		return { perSecond: Number(cells[1]), p50: cells[4] ?? "", p99: cells[6] ?? "" };
	};
	const limitTo = async (max: number) => {
		const { status } = await larder.rest("PATCH", `/caches/${name}`, {
			body: { limits: { ecpuPerSecond: { max } } },
		});
		if (status >= 300) throw new Error(`PATCH: ${status}`);
		await waitUntil("the maximum to be in force", async () => {
			const seen = await larder.getCache(name);
			return seen?.status === "available" && (seen.limits?.ecpuPerSecond.max ?? 0) === max;
		});
	};
	const rows: string[][] = [
		["maximum", "pipeline", "requests a second", "of the maximum", "p50 ms", "p99 ms"],
	];
	const add = async (label: string, max: number | null, requests: number, pipeline: number) => {
		const { perSecond, p50, p99 } = await load(requests, pipeline);
		const share = max === null ? "" : `${((perSecond / max) * 100).toFixed(1)}%`;
		rows.push([label, `${pipeline}`, perSecond.toFixed(0), share, p50, p99]);
	};
	for (const pipeline of [1, 16]) {
		await add("none", null, FREE_REQUESTS * pipeline, pipeline);
		await limitTo(FAR);
		await add("never reached", null, FREE_REQUESTS * pipeline, pipeline);
		for (const max of [1_000, 5_000, 20_000]) {
			await limitTo(max);
			// A burst that is over before the agent looks says nothing.
			const requests = Math.max(max * SECONDS, LEAST_REQUESTS * (pipeline - 1));
			await add(max.toLocaleString("en-US"), max, requests, pipeline);
		}
		await limitTo(FAR);
	}
	console.log(`\nECPU maximum, ${CLIENTS} clients`);
	console.log(markdownTable(rows));
	await larder.deleteCache(name);
}
