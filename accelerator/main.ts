import { readFile } from "node:fs/promises";
import { createLogger } from "../platform/logger.ts";
import {
	type AcceleratorFile,
	acceleratorFileSchema,
} from "../server/contract/accelerator-process.ts";
import { Accelerator } from "./process/accelerator.ts";
import { HttpDoor } from "./process/http-door.ts";

const DRAIN_MS = 5_000;

async function readSettings(path: string): Promise<AcceleratorFile> {
	return acceleratorFileSchema.parse(JSON.parse(await readFile(path, "utf8")));
}

/**
 * An instance of an accelerator, as an agent starts it: `accelerator <file>`. SIGHUP makes it read again where its cache is
 * and how long it keeps entries. SIGTERM ends it, after calls under way.
 */
const logger = createLogger("accelerator");
try {
	const [path = ""] = process.argv.slice(2);
	const { listen, stateToken, settings } = await readSettings(path);
	const accelerator = new Accelerator(settings, logger);
	const door = new HttpDoor(accelerator, logger, stateToken);
	accelerator.start();
	await door.listen(listen.host, listen.port);
	logger.info({ accelerator: settings.name, ...listen }, "the accelerator serves");
	process.on("SIGHUP", () => {
		readSettings(path).then(
			(file) => accelerator.use(file.settings),
			(err: unknown) => logger.error({ err }, "the settings can't be read"),
		);
	});
	let stopping = false;
	const stop = async () => {
		if (stopping) return;
		stopping = true;
		await door.close(DRAIN_MS);
		await accelerator.stop();
		process.exit(0);
	};
	process.on("SIGTERM", stop);
	process.on("SIGINT", stop);
} catch (error) {
	logger.fatal({ err: error }, "the accelerator can't start");
	process.exit(1);
}
