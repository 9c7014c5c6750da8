import {
	type BareEngine,
	launchBareCluster,
	launchBareEngine,
} from "../../platform/testing/bare-engine.ts";
import { findEngine } from "../bundles/index.ts";
import { freePort } from "./agent-fixture.ts";

export type { BareEngine } from "../../platform/testing/bare-engine.ts";

/** Starts one in a directory, from the `dump.rdb` in it if there is one. Throws if it ends instead of serving. */
export async function startBareEngine(
	engine: "valkey" | "redis",
	version: string,
	directory: string,
	settings: readonly string[] = [],
): Promise<BareEngine> {
	const found = await findEngine({ engine, version });
	if (found === null) throw new Error(`${engine} ${version} isn't installed`);
	const port = await freePort();
	return await launchBareEngine({ server: found.server, port, directory, settings });
}

/** A cluster of primaries that nobody manages. */
export async function startBareCluster(
	engine: "valkey" | "redis",
	version: string,
	directory: string,
	shards: number,
): Promise<BareEngine[]> {
	return await launchBareCluster({
		...{ shards, directory, freePort },
		launch: (own, settings) => startBareEngine(engine, version, own, settings),
	});
}
