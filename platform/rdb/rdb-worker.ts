import { parentPort, workerData } from "node:worker_threads";
import { filterRdb } from "./filter-rdb.ts";
import { checkRdbChecksum } from "./rdb-checksum.ts";
import { RdbError } from "./rdb-error.ts";
import { StreamProgress } from "./rdb-stream.ts";
import type { RdbAnswer, RdbPiece, RdbTask } from "./rdb-tasks.ts";
import { translateRdb } from "./rdb-to-commands.ts";
import { walkRdb } from "./walk-rdb.ts";

function carryOut(task: RdbTask): RdbAnswer {
	try {
		switch (task.kind) {
			case "verify":
				checkRdbChecksum(task.path);
				return { content: walkRdb(task.path) };
			case "walk":
				return { content: walkRdb(task.path) };
			case "stream":
				return { content: stream(task) };
			case "filter":
				return filterRdb(task.sources, task.slots, task.target);
		}
	} catch (error) {
		// Of an error, only its text would arrive.
		if (error instanceof RdbError) return { damage: error.message };
		throw error;
	}
}

function stream({ path, slots, libraries, progress }: Extract<RdbTask, { kind: "stream" }>) {
	const shared = new StreamProgress(progress);
	return translateRdb(path, {
		...{ slots, libraries },
		awaitMore: (position) => shared.awaitBytes(position),
		onPiece: (piece, commands, keys) => {
			shared.awaitTurn();
			const message: RdbPiece = { piece, commands, keys };
			parentPort?.postMessage(message, [piece.buffer as ArrayBuffer]);
		},
	});
}

parentPort?.postMessage(carryOut(workerData as RdbTask));
