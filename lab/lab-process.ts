/**
 * The process in which the strategy lab runs, so that the control plane isn't held up. It gets one task from its parent,
 * answers with samples and then with `done`, and ends. "stop" ends a run early. When its parent dies, it cleans up and ends.
 */
import { constants, setPriority } from "node:os";
import { type LabMessage, type LabTask, labTaskSchema } from "../server/contract/lab.ts";
import { cleanUp, runLab } from "./run-lab.ts";

const ended = new AbortController();

async function perform(task: LabTask): Promise<void> {
	let answer: Extract<LabMessage, { kind: "done" }>;
	try {
		if (task.kind === "clean") await cleanUp(task);
		const done =
			task.kind === "clean"
				? { results: [], isClean: true }
				: await runLab(task, {
						signal: ended.signal,
						onSample: (sample) => send({ kind: "sample", sample }),
					});
		answer = { kind: "done", ...done, failure: null };
	} catch (error) {
		const failure = error instanceof Error ? error.message : String(error);
		// What is left is removed by another process.
		answer = { kind: "done", results: [], failure, isClean: false };
	}
	send(answer, () => process.exit(0));
}

function send(message: LabMessage, sent: () => void = () => undefined): void {
	if (process.connected && process.send !== undefined) {
		process.send(message, undefined, undefined, sent);
	} else sent();
}

function lowerPriority(): void {
	try {
		setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
	} catch {
		// Some containers forbid it; then the run competes with the control plane on equal terms.
	}
}

lowerPriority();
process.on("message", (message) => {
	if (message === "stop") ended.abort();
	else void perform(labTaskSchema.parse(message));
});
process.on("disconnect", () => ended.abort());
// The parent decides: Ctrl-C in its terminal reaches this process too.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => ended.abort());
