import { parentPort, workerData } from "node:worker_threads";
import { filterRdb } from "./filter-rdb.ts";
import { checkRdbChecksum } from "./rdb-checksum.ts";
import { RdbError } from "./rdb-error.ts";
import type { RdbAnswer, RdbTask } from "./rdb-tasks.ts";
import { writeCommands } from "./rdb-to-commands.ts";
import { walkRdb } from "./walk-rdb.ts";

function carryOut(task: RdbTask): RdbAnswer {
	try {
		switch (task.kind) {
			case "verify":
				checkRdbChecksum(task.path);
				return { content: walkRdb(task.path) };
			case "walk":
				return { content: walkRdb(task.path) };
			case "commands":
				return { written: writeCommands(task.path, task.target) };
			case "filter":
				return filterRdb(task.sources, task.slots, task.target);
		}
	} catch (error) {
		// Of an error, only its text would arrive.
		if (error instanceof RdbError) return { damage: error.message };
		throw error;
	}
}

parentPort?.postMessage(carryOut(workerData as RdbTask));
