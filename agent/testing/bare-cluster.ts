import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { evenSlots } from "../../server/contract/slots.ts";
import { eventually } from "./agent-fixture.ts";
import { type BareEngine, startBareEngine } from "./bare-engine.ts";

/** Primaries with their slots evenly spread, which nobody manages. */
export async function startBareCluster(
	engine: "valkey" | "redis",
	version: string,
	directory: string,
	shards: number,
): Promise<BareEngine[]> {
	const started: BareEngine[] = [];
	for (let index = 0; index < shards; index += 1) {
		const own = join(directory, `node-${index}`);
		mkdirSync(own);
		const settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
		started.push(await startBareEngine(engine, version, own, settings));
	}
	for (const [index, { client }] of started.entries()) {
		const { first, last } = evenSlots(shards, index);
		await client.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
		await client.call("CLUSTER", "ADDSLOTSRANGE", first, last);
		const seed = started[0];
		if (index > 0 && seed !== undefined) {
			await client.call("CLUSTER", "MEET", "127.0.0.1", seed.port);
		}
	}
	await eventually("the cluster is whole", async () => {
		const infos = await Promise.all(started.map(({ client }) => client.call("CLUSTER", "INFO")));
		return infos.every(
			(info) =>
				String(info).includes("cluster_state:ok") &&
				String(info).includes(`cluster_known_nodes:${shards}`),
		);
	});
	return started;
}
