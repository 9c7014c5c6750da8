import { AppError } from "../contract/errors.ts";
import { findUnstorable } from "../contract/storable.ts";

/** Every door passes its decoded input through this before anything else looks at it. */
export function refuseUnstorable(input: unknown): void {
	const problem = findUnstorable(input);
	if (problem === null) return;
	throw new AppError("malformed_request", problem.message, {
		...(problem.field !== "" && { field: problem.field }),
	});
}
