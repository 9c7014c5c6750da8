import { AppError, type ErrorCode } from "../../contract/errors.ts";

/** Why a change is refused: the field at fault, and what to do. */
export interface ChangeProblem {
	code: ErrorCode;
	field: string;
	message: string;
}

export function throwFirst([problem]: readonly ChangeProblem[]): void {
	if (problem === undefined) return;
	throw new AppError(problem.code, problem.message, { field: problem.field });
}
