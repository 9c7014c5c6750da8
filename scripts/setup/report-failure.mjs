import process from "node:process";
import { StageError } from "./stage-error.mjs";

/** Says on stderr why a stage failed and what to do. A defect in Larder is shown with its stack. */
export function reportFailure(error) {
	if (!(error instanceof StageError)) {
		console.error(error);
		return;
	}
	const parts = [error.output.trimEnd(), error.message, error.remedy];
	process.stderr.write(`\n${parts.filter((part) => part !== "").join("\n")}\n`);
}
