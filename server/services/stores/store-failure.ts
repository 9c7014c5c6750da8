import { StoreError, type StoreFault } from "../../../platform/stores/store-error.ts";
import { AppError, type ErrorCode } from "../../contract/errors.ts";

const CODES: Readonly<Record<StoreFault, ErrorCode>> = {
	away: "unavailable",
	full: "unavailable",
	incomplete: "unavailable",
	refused: "conflict",
	missing: "not_found",
	damaged: "conflict",
	conflict: "conflict",
};

/** A store's failure as callers of the API see it; other errors stay as they are. */
export function storeFailure(error: unknown): unknown {
	if (!(error instanceof StoreError)) return error;
	const { fault, retry, received } = error;
	return new AppError(CODES[fault], error.message, {
		details: { fault, retry, ...(received !== undefined && { offset: received }) },
		cause: error,
	});
}
