import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { InstallationOptions } from "../fixtures/installation.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";

const WANTED = /\.(log|json|conf|cfg|map)(\.\d)?$/;

/** Runs `use` on its own installation. If that fails, it keeps logs, records and events, and says where. */
export async function withInstallation<T>(
	options: InstallationOptions,
	use: (larder: Installation) => Promise<T>,
): Promise<T> {
	const larder = await startInstallation(options);
	try {
		return await use(larder);
	} catch (error) {
		const place = await keepEvidence(larder);
		throw new Error(
			`${error instanceof Error ? error.message : String(error)}\nLogs and events: ${place}`,
			{ cause: error },
		);
	} finally {
		await larder.stop();
	}
}

/** Copies logs and records, and the newest events. Returns where. */
export async function keepEvidence(larder: Installation): Promise<string> {
	const place = mkdtempSync(join(tmpdir(), "larder-chaos-"));
	cpSync(larder.home.root, place, {
		recursive: true,
		filter: (source) => {
			const name = basename(source);
			if (source.startsWith(larder.home.databaseDir)) return false;
			return WANTED.test(name) || !name.includes(".");
		},
	});
	const events = await larder.rest("GET", "/events?limit=100").catch((error) => ({ body: error }));
	writeFileSync(join(place, "events.json"), JSON.stringify(events.body, null, "\t"));
	return place;
}
