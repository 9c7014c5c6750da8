import { operationKindSchema } from "../contract/operation.ts";
import {
	type OperationModel,
	operationCursorSchema,
	operationInputSchema,
} from "../domain/operation/operation.ts";
import type { OperationRow } from "./database.ts";

/** The rows that concern a cache now: one at most. */
export const OPEN_OPERATION = { where: { endedAt: null } } as const;

export function toOperationModel(row: OperationRow | undefined): OperationModel | null {
	if (row === undefined) return null;
	return {
		id: row.id,
		kind: operationKindSchema.parse(row.kind),
		input: operationInputSchema.parse(row.input),
		cursor: operationCursorSchema.parse(row.cursor),
		cancelAsked: row.cancelAsked,
		error: row.error,
		startedAt: row.startedAt,
	};
}
