import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { followFile } from "../files/growing-file.ts";
import { hashing } from "../files/hashing.ts";
import { yieldToOthers } from "../files/thread.ts";
import { filterRdb } from "./filter-rdb.ts";
import { checkRdbChecksum } from "./rdb-checksum.ts";
import { PassingRdbError, RdbError } from "./rdb-error.ts";
import { StreamProgress } from "./rdb-stream.ts";
import type { RdbAnswer, RdbPiece, RdbTask } from "./rdb-tasks.ts";
import { translateRdb } from "./rdb-to-commands.ts";
import { walkContent, walkRdb } from "./walk-rdb.ts";

function carryOut(task: RdbTask): RdbAnswer {
	try {
		switch (task.kind) {
			case "verify":
				checkRdbChecksum(task.path);
				return { content: walkRdb(task.path) };
			case "follow":
				return follow(task);
			case "stream":
				return { content: stream(task) };
			case "filter":
				return filterRdb(task.sources, task.slots, task.target);
		}
	} catch (error) {
		// Of an error, only its text would arrive.
		if (error instanceof RdbError) {
			return { damage: error.message, passes: error instanceof PassingRdbError };
		}
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

function follow({ path, shared }: Extract<RdbTask, { kind: "follow" }>): RdbAnswer {
	const fd = openSync(path, "r");
	try {
		const hash = createHash("sha256");
		const content = walkContent(hashing(followFile(fd, shared), hash));
		return { content, sha256: hash.digest("hex") };
	} finally {
		closeSync(fd);
	}
}

const task = workerData as RdbTask;
// Moving in is what its user waits for.
if (task.kind !== "stream") yieldToOthers();
parentPort?.postMessage(carryOut(task));
