import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Caller, Resources } from "../services/context.ts";
import { mutate } from "../services/mutation.ts";
import { writeDump } from "./write-dump.ts";

const CHUNK_LENGTH = 65_536;

/**
 * A dump of the database (dump-lines.ts), without the key that opens its secrets. It is written to disk
 * first, so that a slow reader doesn't hold the database's one connection; the file has no name, and
 * disappears with the stream.
 */
export async function spoolDump(
	resources: Resources,
	caller: Caller,
	input: { withMetrics: boolean },
): Promise<Readable> {
	// Before the dump, which then includes the audit row about itself.
	await mutate(resources, caller, {
		action: "control-plane.backup",
		target: "control plane",
		input,
		run: async () => ({}),
	});
	const directory = await mkdtemp(join(tmpdir(), "larder-dump-"));
	const file = await open(join(directory, "dump"), "wx+", 0o600).finally(() =>
		rm(directory, { recursive: true }),
	);
	try {
		let waiting = "";
		await writeDump(resources.db, {
			withMetrics: input.withMetrics,
			version: resources.version,
			now: resources.clock.now(),
			async write(line) {
				waiting += line;
				if (waiting.length < CHUNK_LENGTH) return;
				await file.writeFile(waiting);
				waiting = "";
			},
		});
		await file.writeFile(waiting);
		return file.createReadStream({ start: 0 });
	} catch (error) {
		await file.close();
		throw error;
	}
}
